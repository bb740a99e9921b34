"""Writes runs in rolecall's output layout: files of either format, plans, manifests, lists of files.

DuckDB writes the Parquet files, with the column types that rolecall uses. The end-to-end tests cover files that
rolecall wrote. It does not know the views.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
Columns = dict[str, str]  # column name: type, as in `rolecall resources --json`

COUNTS = "records dropped pages calls retries throttles".split()
# The ledger's columns, which are not part of the catalogue.
LEDGER: Columns = dict.fromkeys("run_id account_id region table operation status".split(), "string")
LEDGER |= dict.fromkeys(COUNTS, "integer") | {"started_at": "timestamp", "duration_ms": "integer"}
LEDGER |= dict.fromkeys("parent error_code error_message request_id".split(), "string")

STORED = {"string": "VARCHAR", "json": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
STORED |= {"timestamp": "TIMESTAMPTZ", "map": "JSON::MAP(VARCHAR, VARCHAR)"}
ENDINGS = {"parquet": "parquet", "ndjson": "ndjson.gz"}


class Runs:
    """Writes runs in one format below one folder, and keeps the committed rows."""

    def __init__(self, folder: Path, form: str, tables: dict[str, Columns]) -> None:
        self.folder, self.form, self.tables = folder, form, tables
        self.committed: dict[str, list[Row]] = {}
        self._con = duckdb.connect()
        self._con.execute("set timezone = 'UTC'")

    def file(self, table: str, dt: str, name: str, rows: list[Row], columns: Columns | None = None) -> str:
        """Writes one file, committed or not, and returns its key."""
        columns = columns or self.tables[table]
        key = f"{self.form}/{table}/dt={dt}/{name}.{ENDINGS[self.form]}"
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.form == "parquet":
            self._parquet(path, rows, columns)
        else:
            # As rolecall writes it: opening columns are always present, other columns only with a value.
            lines = (compact({name: row[name] for name in columns if name in row}) + "\n" for row in rows)
            path.write_bytes(gzip.compress("".join(lines).encode(), 1))
        return key

    def _parquet(self, path: Path, rows: list[Row], columns: Columns) -> None:
        cells = [[stored(row.get(name), kind) for name, kind in columns.items()] for row in rows]
        numbered = enumerate(columns.items(), 1)
        casts = [f'cells[{index}]::{STORED[kind]} as "{name}"' for index, (name, kind) in numbered]
        source = "select unnest($rows::VARCHAR[][]) as cells"
        target = str(path).replace("'", "''")
        statement = f"copy (select {', '.join(casts)} from ({source})) to '{target}' (format parquet, compression zstd)"
        self._con.execute(statement, {"rows": cells})

    def plan(self, run_id: str, plan: dict[str, Any]) -> None:
        self._text(f"runs/{run_id}/plan.json", json.dumps(plan))

    def commit(self, run_id: str, started_at: str, status: str, files: list[tuple[str, str, list[Row]]]) -> None:
        """Writes a run's manifest, and the list of files that Athena reads. `files` are (table, key, rows)."""
        dt = started_at[:10]
        listed = [{"table": table, "key": key, "rows": len(rows)} | self._measured(key) for table, key, rows in files]
        plan = {"run_id": run_id, "started_at": started_at, "dt": dt, "attempt": "00000000", "backend_account_id": ""}
        plan |= {"request": {"accounts": "all"}, "format": self.form, "resources": sorted(self.tables)}
        plan |= {"accounts": [{"account_id": "1" * 12, "regions": {"target": ["*"]}}]}
        accounts = {"planned": 1, "complete": 1, "partial": 0, "failed": 0, "not_started": 0}
        manifest: Row = {
            "version": 1,
            "run_id": run_id,
            "status": status,
            "accounts": accounts,
            "records": {},
            "cells": {},
        }
        manifest |= dict.fromkeys(("calls", "retries", "throttles", "duration_ms"), 0) | {"failures": []}
        manifest |= {"started_at": started_at, "manifest": "", "plan": plan, "files": listed}
        manifest |= {"by_account": [], "attempts": {"0": "00000000"}}
        self.plan(run_id, plan)
        self._text(f"runs/{run_id}/manifest.json", json.dumps(manifest, indent=2))
        members = ("table", "key", "rows", "bytes", "uncompressed_bytes", "sha256")
        run = {"run_id": run_id, "started_at": started_at, "status": status}
        lines = [json.dumps(run | {name: file[name] for name in members}) + "\n" for file in listed]
        self._text(f"committed/dt={dt}/{run_id}.ndjson", "".join(lines))
        for table, _, rows in files:
            self.committed.setdefault(table, []).extend(row | {"dt": dt} for row in rows)

    def _measured(self, key: str) -> Row:
        content = (self.folder / key).read_bytes()
        return {"bytes": len(content), "uncompressed_bytes": 2, "sha256": hashlib.sha256(content).hexdigest()}

    def _text(self, key: str, text: str) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stored(value: Any, kind: str) -> str | None:
    """Returns a value as the text that DuckDB casts to the stored type."""
    if value is None:
        return None
    return compact(value) if kind in ("json", "map", "boolean") else str(value)


def cell(run_id: str, account: str, region: str, table: str, status: str, records: int = 0) -> Row:
    """Returns a row of the ledger."""
    row: Row = dict.fromkeys(LEDGER)
    row |= {"run_id": run_id, "account_id": account, "region": region, "table": table, "operation": "ec2:Describe"}
    row |= {"status": status, "duration_ms": 5} | dict.fromkeys(COUNTS, 0) | {"records": records}
    return row | {"started_at": None if region == "*" else "2026-01-01T00:00:00Z"}
