"""Runs the built rolecall for its catalogue and its views.

It passes on no settings of the user, so that results do not depend on who runs the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from layout import LEDGER, Columns


class Rolecall:
    def __init__(self, path: Path, environment: dict[str, str] | None = None) -> None:
        self.path = path.resolve()
        self.environment = {"HOME": os.environ.get("HOME", "/"), "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment |= environment or {}

    def run(self, *arguments: str) -> str:
        process = subprocess.run([self.path, *arguments], capture_output=True, text=True, env=self.environment)
        if process.returncode:
            raise SystemExit(f"rolecall {' '.join(arguments)} ended with {process.returncode}: {process.stderr}")
        return process.stdout

    def tables(self) -> dict[str, Columns]:
        """Returns the columns of every table, including the ledger."""
        listed = json.loads(self.run("resources", "--json"))
        found = {table["table"]: {column["name"]: column["type"] for column in table["columns"]} for table in listed}
        return found | {"ledger": LEDGER}

    def duckdb(self, output: str, form: str) -> str:
        return self.run("schema", "duckdb", "--output", output, "--format", form)

    def athena(self) -> str:
        return self.run("schema", "athena")

    def athena_names(self) -> str:
        return self.run("schema", "athena-names")

    def questions(self) -> list[dict[str, Any]]:
        return json.loads(self.run("schema", "questions"))

    def ask(self, question: str, output: str) -> str:
        """Returns the answer to a question as JSON."""
        return self.run("ask", question, "--output", output, "--format", "json")
