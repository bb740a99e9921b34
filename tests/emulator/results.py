"""Reads the Parquet output of a run from a folder: manifest, tables, ledger.

It needs `rolecall resources --json` to know which text columns hold JSON. It loads whole tables into memory, so it
suits runs of the demo's size.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
Nested = dict[str, set[str]]  # per table, the columns that hold JSON, which Parquet stores as text

ANSWERED = ("ok", "empty", "unsupported")
ALL_STATUSES = {
    *ANSWERED, "partial", "denied", "scp_denied", "region_disabled", "throttled", "timed_out", "failed",
    "not_started",
}  # fmt: skip
# The stage's accounts: the third's role trusts a wrong external ID, the fourth's lacks the Route 53 reads.
EXPECTED = {
    "111111111111": "complete",
    "222222222222": "complete",
    "333333333333": "failed",
    "444444444444": "partial",
}


@dataclass
class Run:
    """A committed run in a folder with a copy of the output."""

    folder: Path
    manifest: dict[str, Any]
    nested: Nested

    @classmethod
    def read(cls, folder: Path, run_id: str, nested: Nested) -> Run:
        return cls(folder, json.loads((folder / "runs" / run_id / "manifest.json").read_text()), nested)

    @property
    def run_id(self) -> str:
        return str(self.manifest["run_id"])

    @property
    def status(self) -> str:
        return str(self.manifest["status"])

    def tables(self) -> list[str]:
        return sorted({file["table"] for file in self.manifest["files"]})

    def rows(self, table: str) -> list[Row]:
        rows: list[Row] = []
        for file in self.manifest["files"]:
            if file["table"] == table:
                part = read_parquet(self.folder / file["key"], self.nested.get(table, set()))
                if len(part) != file["rows"]:
                    raise ValueError(f"{file['key']} has {len(part)} rows, the manifest says {file['rows']}")
                rows.extend(part)
        return rows


def read_parquet(file: Path, nested: set[str]) -> list[Row]:
    """Returns the rows, without null values."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        # Through JSON, so that times and maps need no further Python packages.
        found = con.execute("select to_json(r)::varchar from read_parquet(?, hive_partitioning = false) r", [str(file)])
        rows = [json.loads(text).items() for (text,) in found.fetchall()]
    return [
        {key: json.loads(value) if key in nested else value for key, value in row if value is not None} for row in rows
    ]


def nested_columns(catalogue: list[dict[str, Any]]) -> Nested:
    """Extracts the JSON columns from the output of `rolecall resources --json`."""
    return {
        table["table"]: {column["name"] for column in table["columns"] if column["type"] == "json"}
        for table in catalogue
    }


@dataclass
class AccountSummary:
    account: str
    status: str
    cells: int
    records: int
    gaps: Counter[str]


def summarize(ledger: list[Row]) -> list[AccountSummary]:
    """Summarizes each account: complete, partial, or failed if no cell was answered."""
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in ledger:
        by_account[row["account_id"]].append(row)
    summaries = []
    for account, rows in sorted(by_account.items()):
        gaps = Counter(row["status"] for row in rows if row["status"] not in ANSWERED)
        answered = len(rows) - gaps.total()
        status = "complete" if not gaps else "partial" if answered else "failed"
        summaries.append(AccountSummary(account, status, len(rows), sum(row["records"] for row in rows), gaps))
    return summaries


def gaps(ledger: list[Row]) -> list[tuple[str, str, str, list[str], int]]:
    """Groups the unanswered cells: (account, status, error code, tables, number of cells)."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in ledger:
        if row["status"] not in ANSWERED:
            groups[row["account_id"], row["status"], row.get("error_code") or "-"].append(row)
    return [(*key, sorted({row["table"] for row in rows}), len(rows)) for key, rows in sorted(groups.items())]


def differences(run: Run) -> list[str]:
    """Returns the differences from the stage: two accounts complete, one denied, one without Route 53 reads."""
    ledger = run.rows("ledger")
    found = []
    if run.status != "partial":
        found.append(f"the run's status is {run.status}, not partial")
    repeated = [cell for cell, count in Counter(map(cell_of, ledger)).items() if count > 1]
    if repeated:
        found.append(f"{len(repeated)} cells are in the ledger more than once, such as {repeated[0]}")
    unknown = {row["status"] for row in ledger} - ALL_STATUSES
    if unknown:
        found.append(f"the ledger has unknown statuses: {sorted(unknown)}")
    statuses = {summary.account: summary.status for summary in summarize(ledger)}
    for account, status in EXPECTED.items():
        if statuses.get(account) != status:
            found.append(f"account {account} is {statuses.get(account, 'not in the ledger')}, not {status}")
    for row in ledger:
        denied = row["account_id"] == "333333333333" or (
            row["account_id"] == "444444444444" and row["table"].startswith("route53")
        )
        if row["account_id"] in EXPECTED and denied != (row["status"] == "denied"):
            found.append(f"{cell_of(row)} is {row['status']} ({row.get('error_code')})")
    return found


def cell_of(row: Row) -> tuple[str, str, str]:
    return row["account_id"], row["region"], row["table"]
