"""Reads what a run left behind in a folder, as Parquet: manifest, tables, ledger. It depends on the names that the
design fixes, and on `rolecall resources --json` for which texts are JSON. It holds whole tables in memory, so it is for
runs of the demo's size."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
Nested = dict[str, set[str]]  # the columns of each table that hold JSON, which Parquet knows as texts

ANSWERED = ("ok", "empty")
ALL_STATUSES = {
    *ANSWERED, "partial", "denied", "scp_denied", "region_disabled", "unsupported", "throttled", "timed_out", "failed",
    "not_started",
}  # fmt: skip
# As the stage is set: the third trusts a wrong external ID, the fourth has lost its Route 53 reads.
EXPECTED = {
    "111111111111": "complete",
    "222222222222": "complete",
    "333333333333": "failed",
    "444444444444": "partial",
}


@dataclass
class Run:
    """One committed run, read from a folder that holds a copy of the output."""

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
    """The rows, without what is null."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        # By way of JSON, so that times and maps need no packages of Python's.
        found = con.execute("select to_json(r)::varchar from read_parquet(?, hive_partitioning = false) r", [str(file)])
        rows = [json.loads(text).items() for (text,) in found.fetchall()]
    return [
        {key: json.loads(value) if key in nested else value for key, value in row if value is not None} for row in rows
    ]


def nested_columns(catalogue: list[dict[str, Any]]) -> Nested:
    """Out of what `rolecall resources --json` prints."""
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
    """One line an account: complete, partial, or failed where no question was answered."""
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
    """(account, status, error code, tables, cells) of all that was not answered in full, grouped."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in ledger:
        if row["status"] not in ANSWERED:
            groups[row["account_id"], row["status"], row.get("error_code") or "-"].append(row)
    return [(*key, sorted({row["table"] for row in rows}), len(rows)) for key, rows in sorted(groups.items())]


def surprises(run: Run) -> list[str]:
    """What is not as the stage was set: two accounts whole, one refused, one without Route 53."""
    ledger = run.rows("ledger")
    found = []
    if run.status != "partial":
        found.append(f"the run's status is {run.status}, not partial")
    twice = [cell for cell, count in Counter(map(cell_of, ledger)).items() if count > 1]
    if twice:
        found.append(f"{len(twice)} cells are in the ledger more than once, such as {twice[0]}")
    unknown = {row["status"] for row in ledger} - ALL_STATUSES
    if unknown:
        found.append(f"the ledger has statuses that the design does not know: {sorted(unknown)}")
    statuses = {summary.account: summary.status for summary in summarize(ledger)}
    for account, status in EXPECTED.items():
        if statuses.get(account) != status:
            found.append(f"account {account} is {statuses.get(account, 'not in the ledger')}, not {status}")
    for row in ledger:
        refused = row["account_id"] == "333333333333" or (
            row["account_id"] == "444444444444" and row["table"].startswith("route53_")
        )
        if row["account_id"] in EXPECTED and refused != (row["status"] == "denied"):
            found.append(f"{cell_of(row)} is {row['status']} ({row.get('error_code')})")
    return found


def cell_of(row: Row) -> tuple[str, str, str]:
    return row["account_id"], row["region"], row["table"]
