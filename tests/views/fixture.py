"""Writes runs with every case that readers of the layout must handle, and defines the expected results.

The cases: files of dead attempts, a run without a manifest, files of an older and of a newer version, empty files, a
later narrower run, a later run with denied cells, runs with equal start times. The expected results are constants, not
computed by SQL. Of the catalogue it knows three tables, two of which have rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layout import Columns, Row, Runs, cell

FULL = "ec2_fleets"  # this table, OTHER and the ledger have columns of every type
OTHER = "ec2_subnets"
NEVER = "ec2_byoip_cidrs"  # a table that no run writes
LEDGER = "ledger"
TABLES = (FULL, OTHER, NEVER, LEDGER)
NEWEST_COLUMN = "context"  # a column that the oldest file lacks

# The run with the current rows, by account and region. The run ids do not sort in order of time.
CURRENT = {
    FULL: {
        ("1", "eu"): "c", ("1", "us"): "w", ("2", "eu"): "y", ("2", "us"): "y", ("3", "eu"): "w", ("4", "eu"): "e",
        ("4", "us"): "e",
    },
    OTHER: {(account, region): "y" for account in "12" for region in ("eu", "us")},
    NEVER: {},
}  # fmt: skip
# The current run and status, by account, region and table.
CURRENT_LEDGER = {
    ("1", "eu", FULL): ("c", "ok"), ("1", "us", FULL): ("w", "empty"), ("2", "eu", FULL): ("w", "partial"),
    ("2", "us", FULL): ("w", "denied"), ("2", "*", FULL): ("e", "denied"), ("3", "eu", FULL): ("w", "ok"),
    ("3", "us", FULL): ("w", "region_disabled"), ("4", "eu", FULL): ("e", "ok"), ("3", "*", OTHER): ("y", "denied"),
    ("1", "*", FULL): ("c", "denied"), ("4", "us", FULL): ("e", "unsupported"),
    **{(account, region, OTHER): ("y", "ok") for account in "12" for region in ("eu", "us")},
}  # fmt: skip
COMMITTED = ("c", "d", "e", "w", "y")


def opening(run_id: str, account: str, region: str, id: str) -> Row:
    row: Row = {"run_id": run_id, "account_id": account, "account_alias": None, "partition": "aws", "region": region}
    row |= {"id": id, "arn": f"arn:aws:ec2:{region}:{account}:it/{id}", "owner_id": account, "tags": None}
    return row | {"collected_at": "2026-01-01T00:00:01.5Z"}


def fleet(run_id: str, account: str, region: str, n: int, **more: Any) -> Row:
    row = opening(run_id, account, region, f"fleet-{n}")
    row |= {"tags": {"": "", "Name": f'it\'s "{n}" ä🦀'}, "type": f"{run_id} {n}", "fulfilled_capacity": n / 10}
    row |= {"terminate_instances_with_expiration": n % 2 == 0, "valid_from": "2025-12-31T23:59:59.123456Z"}
    return row | {"spot_options": {"A": [{"B": 'é"\\/\n'}], "C": None, "N": 1.5}} | more


def subnet(run_id: str, account: str, region: str, n: int) -> Row:
    own = {"cidr_block": "", "available_ip_address_count": n - 1, "default_for_az": False}
    return opening(run_id, account, region, f"subnet-{n}") | own


def write(folder: Path, form: str, tables: dict[str, Columns]) -> Runs:
    """Writes all cases below the folder."""
    runs = Runs(folder, form, tables)
    write_first(runs)
    write_two_shards(runs)
    write_later(runs)
    # The name of a committed file under another date. rolecall writes none, but views must compare both.
    runs.file(FULL, "2026-01-05", "y.0.aaaaaaaa.0", [fleet("y", "1", "eu", 9)])
    # A run that is planned and written, but not committed.
    uncommitted = [fleet("z", account, "eu", 99) for account in "1234"]
    runs.plan("z", {"run_id": "z"})
    runs.file(FULL, "2026-01-04", "z.0.99999999.0", uncommitted)
    runs.file(LEDGER, "2026-01-04", "z.0.99999999.0", [cell("z", account, "eu", FULL, "ok", 1) for account in "1234"])
    return runs


def write_first(runs: Runs) -> None:
    """Writes run y, of an older version: all cells of accounts 1 and 2 answered, account 3 denied."""
    places = [(account, region) for account in "12" for region in ("eu", "us")]
    fleets = [fleet("y", *place, n) for place in places for n in (1, 2)]
    subnets = [subnet("y", *place, n) for place in places for n in (1, 2, 3)]
    cells = [cell("y", *place, table, "ok", 2) for place in places for table in (FULL, OTHER)]
    cells += [cell("y", "3", "*", table, "denied") for table in (FULL, OTHER)]
    older = {name: kind for name, kind in runs.tables[FULL].items() if name != NEWEST_COLUMN}
    files = [(FULL, runs.file(FULL, "2026-01-01", "y.0.aaaaaaaa.0", fleets, older), fleets)]
    files += [(OTHER, runs.file(OTHER, "2026-01-01", "y.0.aaaaaaaa.0", subnets), subnets)]
    files += [(LEDGER, runs.file(LEDGER, "2026-01-01", "y.0.aaaaaaaa.0", cells), cells)]
    runs.commit("y", "2026-01-01T10:00:00Z", "partial", files)
    # A dead attempt, and one that lost the commit of its shard to another attempt.
    for attempt in ("bbbbbbbb", "cccccccc"):
        for table, dead in ((FULL, fleets), (OTHER, subnets), (LEDGER, cells)):
            runs.file(table, "2026-01-01", f"y.0.{attempt}.0", dead)


def write_two_shards(runs: Runs) -> None:
    """Writes run w: a denied, a disabled, a partial and an empty cell, account 3 answered, one file without rows.

    As texts its start time sorts after that of the next run.
    """
    shard0 = [fleet("w", "1", "eu", n, context=f"L{n}", errors={"L": n}) for n in (1, 3)]
    shard1 = [fleet("w", "2", "eu", 9, errors=[], future=7)]
    shard1 += [fleet("w", "3", "eu", 5, context="", errors="text", aws_extra={"X": "1"})]
    statuses = {("1", "eu"): "ok", ("1", "us"): "empty", ("2", "eu"): "partial", ("2", "us"): "denied"}
    statuses |= {("3", "eu"): "ok", ("3", "us"): "region_disabled"}
    cells = [cell("w", *place, FULL, status, 1) for place, status in statuses.items()]
    newer = {"future": "integer", **runs.tables[FULL]}
    files = [(FULL, runs.file(FULL, "2026-01-02", "w.0.dddddddd.0", shard0), shard0)]
    files += [(FULL, runs.file(FULL, "2026-01-02", "w.1.eeeeeeee.0", shard1, newer), shard1)]
    files += [(OTHER, runs.file(OTHER, "2026-01-02", "w.0.dddddddd.0", []), [])]
    files += [(LEDGER, runs.file(LEDGER, "2026-01-02", "w.0.dddddddd.0", cells), cells)]
    runs.commit("w", "2026-01-02T10:00:00.5Z", "partial", files)


def write_later(runs: Runs) -> None:
    """Writes run c, of one account, region and table, and runs d and e with equal start times.

    Between d and e the run id decides. In both, account 2 is denied. The enabled regions of account 1 are unknown in
    run c, and those of account 4 in run d. In run e one region of account 4 no longer has the operation.
    """
    rows = [fleet("c", "1", "eu", n) for n in (3, 4)]
    cells = [cell("c", "1", "eu", FULL, "ok", 2), cell("c", "1", "*", FULL, "denied")]
    write_small(runs, "c", "2026-01-02T10:00:00.55Z", rows, cells)
    for run_id in ("d", "e"):
        rows = [fleet(run_id, "4", "eu", 1)]
        cells = [cell(run_id, "4", "eu", FULL, "ok", 1), cell(run_id, "2", "*", FULL, "denied")]
        if run_id == "d":
            rows.append(fleet(run_id, "4", "us", 2))
            cells += [cell(run_id, "4", "us", FULL, "ok", 1), cell(run_id, "4", "*", FULL, "denied")]
        else:
            cells.append(cell(run_id, "4", "us", FULL, "unsupported"))
        write_small(runs, run_id, "2026-01-03T00:00:00Z", rows, cells)


def write_small(runs: Runs, run_id: str, started_at: str, rows: list[Row], cells: list[Row]) -> None:
    """Writes a run with one table, in one file, and its ledger."""
    name, written = f"{run_id}.0.12345678.0", {FULL: rows, LEDGER: cells}
    files = [(table, runs.file(table, started_at[:10], name, part), part) for table, part in written.items()]
    runs.commit(run_id, started_at, "partial", files)
