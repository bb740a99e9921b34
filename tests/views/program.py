"""Asks the built rolecall for its catalogue and its views.

It hands no settings on but those it is told, so that nothing depends on who runs the tests; and judges no answer.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from layout import LEDGER, Columns


class Rolecall:
    def __init__(self, path: Path, environment: dict[str, str] | None = None) -> None:
        self.path = path.resolve()
        self.environment = {"HOME": os.environ.get("HOME", "/"), "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment |= environment or {}

    def ask(self, *arguments: str) -> str:
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, env=self.environment)
        if done.returncode:
            raise SystemExit(f"rolecall {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def tables(self) -> dict[str, Columns]:
        """The columns of every table, the ledger's among them."""
        listed = json.loads(self.ask("resources", "--json"))
        found = {table["table"]: {column["name"]: column["type"] for column in table["columns"]} for table in listed}
        return found | {"ledger": LEDGER}

    def duckdb(self, output: str, form: str) -> str:
        return self.ask("schema", "duckdb", "--output", output, "--format", form)

    def athena(self) -> str:
        return self.ask("schema", "athena")
