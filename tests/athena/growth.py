"""Measures what a current view costs on Athena's engine with one day of runs and with many.

It writes the same estate night by night, in rolecall's layout, and counts the requests to S3 and the bytes that Trino
reads.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import fixture
import state
from lake import Lake
from layout import Columns, Row, Runs, cell
from servers import Servers

FIRST = date(2026, 1, 1)
TABLE = "ec2_instances"
ACCOUNTS = [f"{number:012}" for number in range(1, 41)]
REGIONS = [f"region-{number}" for number in range(17)]
QUERIES = {
    f"current_{TABLE}": f"select count(distinct state) from current_{TABLE}",
    "current_ledger": "select count(distinct status) from current_ledger",
    "answered_cells": "select count(*) from answered_cells",
}
MOST = 1.5  # times the cost of one day


def night(runs: Runs, day: date) -> None:
    run_id, dt = f"night-{day}", day.isoformat()
    rows: list[Row] = [
        fixture.opening(run_id, account, region, f"i-{account}-{region}-{number}") | {"state": {"Name": "running"}}
        for account in ACCOUNTS
        for region in REGIONS[:3]
        for number in range(5)
    ]
    cells = [cell(run_id, account, region, TABLE, "ok", 5) for account in ACCOUNTS for region in REGIONS]
    written = {TABLE: rows, fixture.LEDGER: cells}
    files = [(table, runs.file(table, dt, f"{run_id}.0.0.0", part), part) for table, part in written.items()]
    runs.commit(run_id, f"{dt}T04:00:00Z", "complete", files)


def measure(servers: Servers, database: str, query: str) -> dict[str, Any]:
    cursor = servers.connect(database).cursor()
    before = len(servers.requests())
    start = time.monotonic()
    cursor.execute(query)
    answer = cursor.fetchall()[0][0]
    seconds = time.monotonic() - start
    time.sleep(1)  # the log of the emulated AWS is buffered for a moment
    requests = len(servers.requests()) - before
    return {"answer": answer, "requests": requests, "bytes": cursor.stats["physicalInputBytes"], "seconds": seconds}


def check(servers: Servers, lake: Lake, parsed: dict, folder: Path, tables: dict[str, Columns], days: int) -> list[str]:
    """Returns what is wrong."""
    runs, prefix, database = Runs(folder, "parquet", tables), "growth", "growth"
    lake.deploy(parsed, database, prefix, (FIRST.isoformat(), (FIRST + timedelta(days=days)).isoformat()))
    found: list[dict[str, dict[str, Any]]] = []
    for kept in (1, days):
        for number in range(len(found) and 1, kept):
            night(runs, FIRST + timedelta(days=number))
            # Each run leaves a state.
            state.write(folder, "parquet")
        lake.upload(folder, prefix)
        found.append({name: measure(servers, database, query) for name, query in QUERIES.items()})
        for name, cost in found[-1].items():
            print(f"  {kept:3} days kept: {name}: {cost['requests']} requests, {cost['bytes']:,} bytes, "
                  f"{cost['seconds']:.1f} s", flush=True)  # fmt: skip
    problems = []
    for name, first in found[0].items():
        last = found[1][name]
        if last["answer"] != first["answer"]:
            problems.append(f"{name}: {first['answer']} with one day, {last['answer']} with {days}")
        for what in ("requests", "bytes"):
            if last[what] > MOST * first[what]:
                problems.append(f"{name}: {first[what]} {what} with one day, {last[what]} with {days}")
    return problems
