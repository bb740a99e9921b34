"""Tests the views that rolecall generates: those for DuckDB, and those for Athena after translation to DuckDB.

    python tests/views/check.py --rolecall target/debug/rolecall          all checks, including the emulated S3
    python tests/views/check.py --rolecall target/debug/rolecall --quick  without odd names, prefixes and S3

It prints a line for each passed check. The first failed check ends it with exit code 1 and a message.

It gets the views from the command line, as a user would, and knows nothing of how they are made. Athena is not
available here: the checks rely on sqlglot to translate Athena's dialect correctly.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import check_queries
import fixture
import state
import template
from expect import expect, same
from hold import check_views, found
from layout import Columns, Runs, cell
from program import Rolecall

# Folder names with glob patterns, quotes, partition names and spaces.
ODD = ("o u't/[a]*?{b}", "region=nowhere/out", "100%/%41$x", "line\n\x1b\u202e/x")
# Ways to write a folder, which DuckDB may write in another way: the folder, and how the output names it.
WAYS = (
    ("plain", "plain"), ("dot/out", "./dot/out/"), ("twice/b", "twice//b"), ("up/b", "up/../up/b"),
    ("here", "../here"), ("linked", "link"), ("linked", "link/../link//"),
)  # fmt: skip
PREFIXES = ("a/parquet/b", "a/parquet/b/")
# The runs of a state: all, the oldest, without two in the middle, without its predecessor.
MERGED = ("cdewy", "y", "ywe", "w")


def connect(script: str, what: str = "the script") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    try:
        con.execute(script)
    except duckdb.Error as problem:
        raise SystemExit(f"views: DuckDB rejects {what}: {problem}") from None
    return con


def check_formats(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    rows = []
    for form in ("parquet", "ndjson"):
        runs = fixture.write(folder / form, form, tables)
        con = connect(rolecall.duckdb(str(folder / form), form))
        check_views(con, runs)
        rows.append({table: found(con, table, tables[table]) for table in fixture.TABLES})
        say(f"{form}: the views have every row of committed runs, and the newest full answer of each cell")
        check_later_run(con, runs)
        say(f"{form}: existing views show a run once it is committed")
    same("the rows of ndjson, compared with Parquet", rows[1], rows[0])
    say("both formats have equal rows")


def check_later_run(con: duckdb.DuckDBPyConnection, runs: Runs) -> None:
    """Checks that existing views show a run that is committed later."""
    later = Runs(runs.folder, runs.form, runs.tables)
    rows = [fixture.fleet("f", "5", "eu", 1)]
    cells = [cell("f", "5", "eu", fixture.FULL, "ok", 1)]
    written = {fixture.FULL: rows, fixture.LEDGER: cells}
    files = [(table, later.file(table, "2026-01-05", "f.0.0.0", part), part) for table, part in written.items()]
    count = f"select count(*) from current_{fixture.FULL} where run_id = 'f' and dt = '2026-01-05'"
    same("the number of rows before the commit", con.execute(count).fetchone(), (0,))
    later.commit("f", "2026-01-05T00:00:00Z", "complete", files)
    same("the number of rows after the commit", con.execute(count).fetchone(), (1,))


def check_states(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    """Checks that the views are correct whichever runs the newest state has."""
    for form in ("parquet", "ndjson"):
        runs = fixture.write(folder / form, form, tables)
        for merged in MERGED:
            # The newest state is the one that counts, so that of an earlier round must be gone.
            shutil.rmtree(folder / form / "state", ignore_errors=True)
            state.write(folder / form, form, only=merged)
            check_views(connect(rolecall.duckdb(str(folder / form), form)), runs)
        say(f"{form}: the views are correct with a state of all runs, of some, or of one")
        state.write(folder / form, form)
        con = connect(rolecall.duckdb(str(folder / form), form))
        check_views(con, runs)
        check_later_run(con, runs)
        state.write(folder / form, form)
        same(
            "the cells of run f", con.execute("select count(*) from answered_cells where run_id = 'f'").fetchone(), (1,)
        )
        say(f"{form}: the views read the newest of two states, and runs that it does not have")


def check_odd_names(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    with contextlib.chdir(folder):
        for odd in ODD:
            runs = fixture.write(folder / odd, "parquet", tables)
            check_views(connect(rolecall.duckdb(f"{folder}/{odd}", "parquet")), runs)
            say(f"the views are correct below {odd!r}")
        check_ways(rolecall, folder / "ways", tables, say)


def check_ways(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    """Checks that it does not matter how an output is named."""
    (folder / "cwd").mkdir(parents=True)
    with contextlib.chdir(folder / "cwd"):
        Path("link").symlink_to("linked")
        for name, way in WAYS:
            place = folder / name if way.startswith("..") else Path(name)
            runs = fixture.write(place, "parquet", tables)
            check_views(connect(rolecall.duckdb(way, "parquet")), runs)
            say(f"the views are correct if the output is {way}")
    with contextlib.chdir(folder / "here"):
        runs = fixture.write(Path(), "ndjson", tables)
        check_views(connect(rolecall.duckdb(".", "ndjson")), runs)
        say("the views are correct if the output is .")


def check_no_commit(rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]) -> None:
    """Checks that every view exists and is empty while no run is committed."""

    def check_empty(what: str, form: str) -> None:
        con = connect(rolecall.duckdb(str(folder / form), form), f"the script {what}")
        names = [row[0] for row in con.execute("select view_name from duckdb_views() where not internal").fetchall()]
        same(f"the number of views {what}", len(names), 3 * len(tables) + 9)
        counts = " union all ".join(f"select '{n}', count(*) from {n}" for n in names if not n.startswith("raw_"))
        same(f"views with rows {what}", [row for row in con.execute(counts).fetchall() if row[1]], [])
        say(f"{what}: every view exists and is empty")

    check_empty("before the first run", "parquet")
    runs = Runs(folder / "parquet", "parquet", tables)
    runs.plan("z", {"run_id": "z"})
    runs.file(fixture.LEDGER, "2026-01-04", "z.0.9.0", [cell("z", "1", "eu", fixture.FULL, "ok", 1)])
    runs.file(fixture.FULL, "2026-01-04", "z.0.9.0", [fixture.fleet("z", "1", "eu", 1)])
    check_empty("after a first run that died before its commit", "parquet")


def check_partial_file(
    rolecall: Rolecall, folder: Path, tables: dict[str, Columns], say: Callable[[str], None]
) -> None:
    """Checks that views ignore the partial file that a killed process leaves in the folder of a table."""
    runs = fixture.write(folder, "parquet", tables)
    partial = folder / "parquet" / fixture.NEVER / "dt=2026-01-04" / ".z.0.9.0.parquet.0123.partial"
    partial.parent.mkdir(parents=True)
    partial.touch()
    what = "with a partial file only in a table"
    check_views(connect(rolecall.duckdb(str(folder), "parquet"), f"the script {what}"), runs)
    say(f"the views are correct {what}")


def check_athena(
    texts: list[str], folder: Path, tables: dict[str, Columns], quick: bool, say: Callable[[str], None]
) -> Any:
    """Checks Athena's views, translated to DuckDB by sqlglot. Returns the first template with the resources of all."""
    templates = [template.load(text) for text in texts]
    for text, one in zip(texts, templates, strict=True):
        size, resources = len(text.encode()), len(one["Resources"])
        expect(
            size <= template.MAX_BYTES, f"a template has {size} bytes, CloudFormation's limit is {template.MAX_BYTES}"
        )
        expect(resources <= template.MAX_RESOURCES, f"a template has {resources} resources")
        say(f"a template is within CloudFormation's limits: {size} bytes, {resources} resources")
    parsed = templates[0]
    for other in templates[1:]:
        parsed["Resources"] |= other["Resources"]
    runs = fixture.write(folder, "parquet", tables)
    for prefix in ("", *(() if quick else PREFIXES)):
        resolved = template.resolve(parsed, {"Bucket": "results", "Prefix": prefix})
        address = f"s3://results/{prefix}".rstrip("/")
        state.write(folder, "parquet", address)
        con = connect("set timezone = 'UTC'")
        template.translate(con, resolved, str(folder), address)
        check_views(con, runs, typed=False)
        say(f"Athena's translated views are correct below the prefix '{prefix}'")
    return parsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rolecall", required=True, type=Path, help="the built command line")
    parser.add_argument("--quick", action="store_true", help="without odd names, prefixes and S3")
    options = parser.parse_args()
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:5.1f} s  {line}", flush=True)

    rolecall = Rolecall(options.rolecall)
    tables = rolecall.tables()
    with tempfile.TemporaryDirectory(prefix="rolecall-views-") as name:
        folder = Path(name)
        check_formats(rolecall, folder / "formats", tables, say)
        check_states(rolecall, folder / "states", tables, say)
        athena = check_athena(
            [rolecall.athena(), rolecall.athena_names()], folder / "athena", tables, options.quick, say
        )
        check_queries.check(rolecall, athena, folder / "queries", say)
        if not options.quick:
            import on_s3  # needs the emulator's packages

            check_odd_names(rolecall, folder, tables, say)
            on_s3.check(options.rolecall, folder / "s3", say)
        check_no_commit(rolecall, folder / "nothing", tables, say)
        check_partial_file(rolecall, folder / "killed", tables, say)


if __name__ == "__main__":
    main()
