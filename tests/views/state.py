"""Writes the state after a commit, as rolecall does: by runs, cells and files, in plain Python.

    state.py FOLDER FORMAT [s3://bucket/prefix]

It is a second implementation of the format that infra/OUTPUT.md describes, for fixtures and for the growth check: of
what query engines read. rolecall itself reads the matrices, which this one does not write. It knows neither the views
nor how rolecall computes the state.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

ANSWERS = ("ok", "empty", "unsupported")
TRUST = "trust"
LEDGER = "ledger"
KEPT = timedelta(days=35)  # how long the state lists a merged run
COLUMNS = dict.fromkeys("table account_id region status error_code run_id".split(), "VARCHAR")
COLUMNS |= {"run_started_at": "TIMESTAMPTZ", "run_dt": "VARCHAR", "answered_run_id": "VARCHAR"}
COLUMNS |= {"answered_started_at": "TIMESTAMPTZ", "answered_dt": "VARCHAR", "file_key": "VARCHAR"}
COLUMNS |= {"file_rows": "BIGINT", "file_bytes": "BIGINT"}

Row = dict[str, Any]
Cell = tuple[str, str, str]  # table, account, region


@dataclass(frozen=True, order=True)
class Run:
    started_at: datetime
    run_id: str
    dt: str

    def word(self, prefix: str) -> Row:
        return {f"{prefix}run_id": self.run_id, f"{prefix}started_at": self.started_at, f"{prefix}dt": self.dt}


def committed(folder: Path, form: str, only: Collection[str] | None = None) -> dict[Run, list[Row]]:
    """Returns the files of each committed run, or of those named, the oldest run first."""
    runs: dict[Run, list[Row]] = {}
    for path in folder.glob("committed/dt=*/*.ndjson"):
        for line in path.read_text().splitlines():
            file = json.loads(line)
            if file["key"].startswith(f"{form}/") and (only is None or file["run_id"] in only):
                started_at = datetime.fromisoformat(file["started_at"])
                run = Run(started_at, file["run_id"], path.parent.name.removeprefix("dt="))
                runs.setdefault(run, []).append(file)
    return dict(sorted(runs.items()))


def words(con: duckdb.DuckDBPyConnection, folder: Path, files: list[Row]) -> list[tuple[Cell, str, str]]:
    """Returns the rows of a run's ledger: the cell, its status and its error's code."""
    found = []
    for file in files:
        if file["table"] == LEDGER:
            names = ["table", "account_id", "region", "status", "error_code"]
            reader = "read_parquet($path)"
            if not file["key"].endswith(".parquet"):
                reader = f"read_json($path, format = 'newline_delimited', columns = {dict.fromkeys(names, 'VARCHAR')})"
            listed = ", ".join(f'"{name}"' for name in names)
            rows = con.execute(f"select {listed} from {reader}", {"path": str(folder / file["key"])}).fetchall()
            found += [((row[0], row[1], row[2]), row[3], row[4]) for row in rows]
    return found


def rows_of_state(con: duckdb.DuckDBPyConnection, folder: Path, runs: dict[Run, list[Row]]) -> list[Row]:
    newest: dict[Cell, tuple[Run, str, str]] = {}
    answered: dict[Cell, Run] = {}
    newest_of_account: dict[tuple[str, str], Run] = {}
    for run, files in runs.items():
        for key, status, code in words(con, folder, files):
            newest[key] = (run, status, code)
            newest_of_account[key[:2]] = run
            if status in ANSWERS and key[0] != TRUST:
                answered[key] = run
    for key in [key for key in newest if key[2] == "*"]:
        if newest[key][0] != newest_of_account[key[:2]]:
            # The word is outdated. An answer at `*` stands for no rows.
            del newest[key]
            answered.pop(key, None)
    cells = []
    for key, (run, status, code) in newest.items():
        row = dict(zip(("table", "account_id", "region"), key, strict=True)) | {"status": status, "error_code": code}
        row |= run.word("run_") | {"run_id": run.run_id}
        cells.append(row | (answered[key].word("answered_") if key in answered else {}))
    for row in cells:
        row.pop("run_run_id")
    moment = max(runs).started_at
    merged = [run_row(run) for run in runs if run.started_at >= moment - KEPT]
    return sorted(merged + files_of(runs, newest, answered) + cells, key=place)


def run_row(run: Run) -> Row:
    return {"run_id": run.run_id, "run_started_at": run.started_at, "run_dt": run.dt}


def files_of(runs: dict[Run, list[Row]], newest: dict[Cell, tuple[Run, str, str]], answered: dict[Cell, Run]) -> list:
    """Returns a row for each file with current rows: those of runs that a cell's answer or word comes from."""
    wanted = {(key[0], run) for key, run in answered.items()} | {(LEDGER, word[0]) for word in newest.values()}
    return [
        {"table": file["table"], "file_key": file["key"], "file_rows": file["rows"], "file_bytes": file["bytes"]}
        | run_row(run)
        for run, files in runs.items()
        for file in files
        if file["rows"] and (file["table"], run) in wanted
    ]


def place(row: Row) -> tuple[str, str, str, datetime, str]:
    """Runs come first, then for each table its files and its cells."""
    names = (row.get("table") or "", row.get("account_id") or "", row.get("region") or "")
    return (*names, row["run_started_at"], row.get("file_key") or "")


def write(folder: Path, form: str, address: str = "", only: Collection[str] | None = None) -> str:
    """Writes the state after all runs below a folder, or after those named.

    With the folder's address on S3 it writes the lists of files for Athena too.
    """
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    runs = committed(folder, form, only)
    rows = rows_of_state(con, folder, runs)
    moment = max(runs).started_at
    milliseconds = 9999999999999 - int(moment.timestamp() * 1000)
    key = f"state/{form}/{milliseconds:013}.{9999999999 - len(runs):010}.0.parquet"
    write_rows(
        con, folder / key, rows, {"version": 2, "moment": moment.astimezone(UTC).isoformat(), "total": len(runs)}
    )
    if address and form == "parquet":
        write_lists(folder, address)
    return key


def write_lists(folder: Path, address: str) -> None:
    """Writes the lists of files that Athena reads, as the newest state says."""
    newest = min(folder.glob("state/parquet/*.parquet"))
    con = duckdb.connect()
    select = (
        'select "table", list(file_key order by run_started_at, run_id, file_key) filter (where file_key is not null)'
    )
    tables = con.execute(
        f'{select} from read_parquet($path) where "table" is not null group by 1', {"path": str(newest)}
    )
    for table, keys in [*tables.fetchall()]:
        path = folder / f"symlinks/{table}/files.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        named = [str(newest.relative_to(folder)), *(keys or [])]
        path.write_text("".join(f"{address}/{name}\n" for name in named))


def write_rows(con: duckdb.DuckDBPyConnection, path: Path, rows: list[Row], metadata: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = [[None if row.get(name) is None else str(row[name]) for name in COLUMNS] for row in rows]
    casts = [f'cells[{number}]::{kind} as "{name}"' for number, (name, kind) in enumerate(COLUMNS.items(), 1)]
    target, about = (part.replace("'", "''") for part in (str(path), json.dumps(metadata)))
    con.execute(
        f"copy (select {', '.join(casts)} from (select unnest($rows::VARCHAR[][]) as cells)) to '{target}' "
        f"(format parquet, compression zstd, kv_metadata {{'rolecall.state': '{about}'}})",
        {"rows": text},
    )


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), *sys.argv[2:]))
