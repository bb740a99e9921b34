"""A few runs with every case that readers of the layout must get right, and what they are to find.

The cases: files of dead attempts, a run without a manifest, files of an older and of a newer version, empty files, a
later narrower run, a later run to which cells were denied, runs that begin at the same time. What holds afterwards is
written down here by hand, not worked out by any SQL. Of the catalogue it knows three tables, two of them filled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layout import Columns, Row, Runs, cell

FULL = "ec2_fleets"  # with the ledger and the next one it has columns of every type
OTHER = "ec2_subnets"
NEVER = "ec2_byoip_cidrs"  # no run has written it
LEDGER = "ledger"
TABLES = (FULL, OTHER, NEVER, LEDGER)
NEWEST_COLUMN = "context"  # which the oldest file lacks

CURRENT = {  # the run whose rows hold, by account and region; names of runs sort against time
    FULL: {
        ("1", "eu"): "c", ("1", "us"): "w", ("2", "eu"): "y", ("2", "us"): "y", ("3", "eu"): "w", ("4", "eu"): "e",
    },
    OTHER: {(account, region): "y" for account in "12" for region in ("eu", "us")},
    NEVER: {},
}  # fmt: skip
CURRENT_LEDGER = {  # run and status by account, region and table
    ("1", "eu", FULL): ("c", "ok"), ("1", "us", FULL): ("w", "empty"), ("2", "eu", FULL): ("w", "partial"),
    ("2", "us", FULL): ("w", "denied"), ("2", "*", FULL): ("e", "denied"), ("3", "eu", FULL): ("w", "ok"),
    ("3", "us", FULL): ("w", "region_disabled"), ("4", "eu", FULL): ("e", "ok"), ("3", "*", OTHER): ("y", "denied"),
    **{(account, region, OTHER): ("y", "ok") for account in "12" for region in ("eu", "us")},
}  # fmt: skip
COMMITTED = ("c", "d", "e", "w", "y")


def opening(run_id: str, account: str, region: str, id: str) -> Row:
    row: Row = {"run_id": run_id, "account_id": account, "account_alias": None, "partition": "aws", "region": region}
    row |= {"id": id, "arn": f"arn:aws:ec2:{region}:{account}:it/{id}", "owner_id": account, "tags": None}
    return row | {"collected_at": "2026-01-01T00:00:01.5Z"}


def fleet(run_id: str, account: str, region: str, n: int, **more: Any) -> Row:
    row = opening(run_id, account, region, f"fleet-{n}")
    row |= {"tags": {"": "", "Name": f"it's \"{n}\" ä🦀"}, "type": f"{run_id} {n}", "fulfilled_capacity": n / 10}
    row |= {"terminate_instances_with_expiration": n % 2 == 0, "valid_from": "2025-12-31T23:59:59.123456Z"}
    return row | {"spot_options": {"A": [{"B": 'é"\\/\n'}], "C": None, "N": 1.5}} | more


def subnet(run_id: str, account: str, region: str, n: int) -> Row:
    own = {"cidr_block": "", "available_ip_address_count": n - 1, "default_for_az": False}
    return opening(run_id, account, region, f"subnet-{n}") | own


def write(folder: Path, form: str, tables: dict[str, Columns]) -> Runs:
    """All cases, below the folder."""
    runs = Runs(folder, form, tables)
    first(runs)
    in_two_shards(runs)
    later(runs)
    # Nobody writes a committed file's name under another date; yet readers may go by both.
    runs.file(FULL, "2026-01-05", "y.0.aaaaaaaa.0", [fleet("y", "1", "eu", 9)])
    # Planned, written, never committed.
    lost = [fleet("z", account, "eu", 99) for account in "1234"]
    runs.plan("z", {"run_id": "z"})
    runs.file(FULL, "2026-01-04", "z.0.99999999.0", lost)
    runs.file(LEDGER, "2026-01-04", "z.0.99999999.0", [cell("z", account, "eu", FULL, "ok", 1) for account in "1234"])
    return runs


def first(runs: Runs) -> None:
    """y: everything answered, by an older version; account 3 could not be entered."""
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
    # An attempt at it that died, and one whose shard another attempt had committed before.
    for attempt in ("bbbbbbbb", "cccccccc"):
        for table, dead in ((FULL, fleets), (OTHER, subnets), (LEDGER, cells)):
            runs.file(table, "2026-01-01", f"y.0.{attempt}.0", dead)


def in_two_shards(runs: Runs) -> None:
    """w: of the cells one is denied, one disabled, one answered in part, one now empty; account 3 is entered, and one
    table's file has no rows. Compared as texts, its start would be later than that of the run after it."""
    one = [fleet("w", "1", "eu", n, context=f"L{n}", errors={"L": n}) for n in (1, 3)]
    two = [fleet("w", "2", "eu", 9, errors=[], future=7)]
    two += [fleet("w", "3", "eu", 5, context="", errors="text", aws_extra={"X": "1"})]
    told = {("1", "eu"): "ok", ("1", "us"): "empty", ("2", "eu"): "partial", ("2", "us"): "denied", ("3", "eu"): "ok"}
    told |= {("3", "us"): "region_disabled"}
    cells = [cell("w", *place, FULL, status, 1) for place, status in told.items()]
    newer = {"future": "integer", **runs.tables[FULL]}
    files = [(FULL, runs.file(FULL, "2026-01-02", "w.0.dddddddd.0", one), one)]
    files += [(FULL, runs.file(FULL, "2026-01-02", "w.1.eeeeeeee.0", two, newer), two)]
    files += [(OTHER, runs.file(OTHER, "2026-01-02", "w.0.dddddddd.0", []), [])]
    files += [(LEDGER, runs.file(LEDGER, "2026-01-02", "w.0.dddddddd.0", cells), cells)]
    runs.commit("w", "2026-01-02T10:00:00.5Z", "partial", files)


def later(runs: Runs) -> None:
    """c, a little later, is of one account, region and table. d and e begin at the same time, so that the run's id
    decides; by then nobody may enter account 2 any more."""
    few = [fleet("c", "1", "eu", n) for n in (3, 4)]
    small(runs, "c", "2026-01-02T10:00:00.55Z", few, [cell("c", "1", "eu", FULL, "ok", 2)])
    for run_id in ("d", "e"):
        cells = [cell(run_id, "4", "eu", FULL, "ok", 1), cell(run_id, "2", "*", FULL, "denied")]
        small(runs, run_id, "2026-01-03T00:00:00Z", [fleet(run_id, "4", "eu", 1)], cells)


def small(runs: Runs, run_id: str, started_at: str, rows: list[Row], cells: list[Row]) -> None:
    """A run that has written one table, in one file."""
    name = f"{run_id}.0.12345678.0"
    files = [(table, runs.file(table, started_at[:10], name, of), of) for table, of in ((FULL, rows), (LEDGER, cells))]
    runs.commit(run_id, started_at, "partial", files)
