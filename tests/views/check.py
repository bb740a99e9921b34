"""Holds the views that rolecall generates to what they promise, in DuckDB and, carried over to it, Athena's.

    python tests/views/check.py --rolecall target/debug/rolecall          everything, on the emulated S3 too
    python tests/views/check.py --rolecall target/debug/rolecall --quick  without odd names, prefixes and S3

Prints a line for each thing that held, and ends with 1 and a message at the first that did not. It asks for the views
as a user would and knows nothing of how they are made. Athena itself is not here: that its dialect is DuckDB's after
sqlglot has carried it over is taken for granted.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import check_queries
import fixture
import template
from expect import expect, same
from hold import found, holds
from layout import Columns, Runs, cell
from program import Rolecall

# Names that are patterns, quotes, partitions and spaces to SQL and to DuckDB; and one below the working folder.
ODD = ("o u't/[a]*?{b}", "region=nowhere/out", "./dot/out/")
PREFIXES = ("a/parquet/b", "a/parquet/b/")


def connect(script: str, what: str = "the script") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    try:
        con.execute(script)
    except duckdb.Error as problem:
        raise SystemExit(f"views: DuckDB refuses {what}: {problem}") from None
    return con


def formats(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    rows = []
    for form in ("parquet", "ndjson"):
        runs = fixture.write(folder / form, form, tables)
        con = connect(rolecall.duckdb(str(folder / form), form))
        holds(con, runs)
        rows.append({table: found(con, table, tables[table]) for table in fixture.TABLES})
        say(f"over {form} the views hold: every row of committed runs, and of each cell the newest full answer")
        fresh(con, runs)
        say(f"over {form} a run is seen once it is committed, without making the views again")
    same("the rows of ndjson, beside those of Parquet", rows[1], rows[0])
    say("the formats agree")


def fresh(con: duckdb.DuckDBPyConnection, runs: Runs) -> None:
    """A run that comes after the script."""
    more = Runs(runs.folder, runs.form, runs.tables)
    rows = [fixture.fleet("f", "5", "eu", 1)]
    told = [cell("f", "5", "eu", fixture.FULL, "ok", 1)]
    written = {fixture.FULL: rows, fixture.LEDGER: told}
    files = [(table, more.file(table, "2026-01-05", "f.0.0.0", of), of) for table, of in written.items()]
    count = f"select count(*) from current_{fixture.FULL} where run_id = 'f' and dt = '2026-01-05'"
    same("rows before they are committed", con.execute(count).fetchone(), (0,))
    more.commit("f", "2026-01-05T00:00:00Z", "complete", files)
    same("rows of a run after the script", con.execute(count).fetchone(), (1,))


def odd_names(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    with contextlib.chdir(folder):
        for odd in ODD:
            runs = fixture.write(folder / odd, "parquet", tables)
            holds(connect(rolecall.duckdb(odd if odd.startswith(".") else f"{folder}/{odd}", "parquet")), runs)
            say(f"below {odd} the views hold")


def nothing_committed(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    """Every view is there, and empty."""

    def empty(what: str, form: str) -> None:
        con = connect(rolecall.duckdb(str(folder / form), form), f"the script {what}")
        names = [row[0] for row in con.execute("select view_name from duckdb_views() where not internal").fetchall()]
        same(f"the number of views {what}", len(names), 3 * len(tables) + 3)
        counts = " union all ".join(f"select '{n}', count(*) from {n}" for n in names if not n.startswith("raw_"))
        same(f"views with rows {what}", [row for row in con.execute(counts).fetchall() if row[1]], [])
        say(f"{what} every view is there, and empty")

    empty("before the first run", "parquet")
    runs = Runs(folder / "parquet", "parquet", tables)
    runs.plan("z", {"run_id": "z"})
    runs.file(fixture.LEDGER, "2026-01-04", "z.0.9.0", [cell("z", "1", "eu", fixture.FULL, "ok", 1)])
    runs.file(fixture.FULL, "2026-01-04", "z.0.9.0", [fixture.fleet("z", "1", "eu", 1)])
    empty("where the first run died with its files written", "parquet")


def killed(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    """A killed process leaves a part of a file beside the place where the whole one was to appear."""
    runs = fixture.write(folder, "parquet", tables)
    partial = folder / "parquet" / fixture.NEVER / "dt=2026-01-04" / ".z.0.9.0.parquet.0123.partial"
    partial.parent.mkdir(parents=True)
    partial.touch()
    what = "where a table has no more than a part of a file"
    holds(connect(rolecall.duckdb(str(folder), "parquet"), f"the script {what}"), runs)
    say(f"{what} the views hold")


def athena(text: str, folder: Path, tables: dict[str, Columns], quick: bool, say: Callable[[str], None]) -> Any:
    """Athena's statements, carried over to DuckDB by sqlglot, over what stands for its tables."""
    size, whole = len(text.encode()), template.load(text)
    resources = len(whole["Resources"])
    expect(size <= template.LARGEST, f"the template has {size} bytes, CloudFormation takes {template.LARGEST}")
    expect(resources <= template.MOST_RESOURCES, f"the template has {resources} resources")
    say(f"CloudFormation takes the template: {size} bytes, {resources} resources")
    runs = fixture.write(folder, "parquet", tables)
    for prefix in ("", *(() if quick else PREFIXES)):
        resolved = template.resolve(whole, {"Bucket": "results", "Prefix": prefix})
        con = connect("set timezone = 'UTC'")
        template.carry_over(con, resolved, str(folder), f"s3://results/{prefix}".rstrip("/"))
        holds(con, runs, typed=False)
        say(f"Athena's views hold, carried over, below the prefix '{prefix}'")
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rolecall", required=True, type=Path, help="the built command line")
    parser.add_argument("--quick", action="store_true", help="without odd names, prefixes and S3")
    options = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {line}", flush=True)

    rolecall = Rolecall(options.rolecall)
    tables = rolecall.tables()
    with tempfile.TemporaryDirectory(prefix="rolecall-views-") as name:
        folder = Path(name)
        formats(rolecall, folder / "formats", tables, say)
        whole = athena(rolecall.athena(), folder / "athena", tables, options.quick, say)
        check_queries.check(rolecall, whole, folder / "queries", say)
        if not options.quick:
            import on_s3  # which needs the emulator's packages

            odd_names(rolecall, folder, tables, say)
            on_s3.check(options.rolecall, folder / "s3", say)
        nothing_committed(rolecall, folder / "nothing", tables, say)
        killed(rolecall, folder / "killed", tables, say)


if __name__ == "__main__":
    main()
