"""Tests the template's tables and views, and every question, on Athena's engine (`make athena`).

    athena.py --rolecall target/debug/rolecall [--days 30] [--output FOLDER] [--only PART]

It starts Trino and an emulated AWS, puts the fixture of the views and the demo's estate (or another output) into them,
and compares every view with DuckDB's, and every question with DuckDB's and with `rolecall ask`: over that output, and
over the small fleet of the views' tests. Then it measures what a current view costs with one day of runs, and with
many: at most half as much again.

Exit code 0: all are equal. 1: a difference. It installs Trino by Maven at the first time. All of its files are in
.emulator/athena.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "views"))

import duckdb  # noqa: E402

import fixture  # noqa: E402
import growth  # noqa: E402
import small_fleet  # noqa: E402
import state  # noqa: E402
import template  # noqa: E402
from compare import Engines  # noqa: E402
from lake import BUCKET, Lake  # noqa: E402
from program import Rolecall  # noqa: E402
from servers import Servers, servers  # noqa: E402

PARTS = ("fixture", "views", "questions", "fleet", "growth")
FOLDER = TESTS.parent / ".emulator/athena"
STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


def dates(output: Path) -> tuple[str, str]:
    found = sorted(path.name.removeprefix("dt=") for path in output.glob("committed/dt=*"))
    return found[0], found[-1]


def engines(rolecall: Rolecall, running: Servers, database: str, output: Path) -> Engines:
    con = duckdb.connect()
    con.execute(rolecall.duckdb(str(output), "parquet"))
    return Engines(running, database, con)


def check_fixture(rolecall: Rolecall, running: Servers, lake: Lake, parsed: dict) -> list[str]:
    """Compares the views over dead attempts, files of other versions, denied and narrow runs, below an odd prefix."""
    output, prefix, tables = FOLDER / "fixture", "a b/ü%25=$x", rolecall.tables()
    runs = fixture.write(output, "parquet", tables)
    state.write(output, "parquet")
    # A copy of a committed file in a folder below its date's, which Athena reads too.
    file = next(output.glob(f"parquet/{fixture.FULL}/dt=2026-01-01/*.parquet"))
    lake.upload(output, prefix)
    lake.s3.upload_file(str(file), BUCKET, f"{prefix}/{file.parent.relative_to(output)}/copy/{file.name}")
    names = lake.deploy(parsed, "fixture", prefix, dates(output))
    wanted = {"answered_cells", "committed_files", "committed_runs"}
    wanted |= {f"{opening}{table}" for table in fixture.TABLES for opening in ("", "current_")}
    problems = engines(rolecall, running, "fixture", output).views([name for name in names if name in wanted])
    say(f"the fixture: {len(wanted)} views compared, of {len(runs.committed)} tables with rows")
    return problems


def deployed(rolecall: Rolecall, running: Servers, lake: Lake, parsed: dict, output: Path) -> tuple[Engines, list[str]]:
    """Puts an output in place, once, and returns the names of the views too."""
    if lake.has("output"):
        names = [
            table["Name"] for table in template.tables(parsed["Resources"]) if table["TableType"] == "VIRTUAL_VIEW"
        ]
    else:
        lake.upload(output, "output")
        names = lake.deploy(parsed, "output", "output", dates(output))
    return engines(rolecall, running, "output", output), names


def check_views(rolecall: Rolecall, running: Servers, lake: Lake, parsed: dict, output: Path) -> list[str]:
    """Compares every view over an output."""
    both, names = deployed(rolecall, running, lake, parsed, output)
    problems = both.views(names)
    say(f"{len(names) - len(problems)} of {len(names)} views have DuckDB's rows")
    return problems


def check_questions(rolecall: Rolecall, running: Servers, lake: Lake, parsed: dict, output: Path) -> list[str]:
    """Compares every question that has SQL, over an output."""
    both, _ = deployed(rolecall, running, lake, parsed, output)
    return compare_questions(rolecall, both, output)


def check_fleet(rolecall: Rolecall, running: Servers, lake: Lake, parsed: dict) -> list[str]:
    """Compares every question that has SQL, over the small fleet: it has what the demo's estate has not."""
    output = FOLDER / "fleet"
    small_fleet.write(output, "parquet", rolecall.tables())
    state.write(output, "parquet")
    lake.upload(output, "fleet")
    lake.deploy(parsed, "fleet", "fleet", dates(output))
    return compare_questions(rolecall, engines(rolecall, running, "fleet", output), output)


def compare_questions(rolecall: Rolecall, both: Engines, output: Path) -> list[str]:
    asked = equal = 0
    problems: list[str] = []
    for question in rolecall.questions():
        if not question["athena"]:
            continue
        rows, wrong = both.question(question, rolecall.ask(question["name"], str(output)))
        problems += wrong
        asked, equal = asked + 1, equal + (not wrong)
        say(f"{output.name}: {question['name']}: {rows} rows{'' if not wrong else ', which differ'}")
    say(f"{output.name}: {equal} of {asked} questions have the rows of DuckDB and of rolecall ask")
    return problems


def report(problems: list[str]) -> list[str]:
    for problem in problems:
        print(f"athena: {problem}", file=sys.stderr, flush=True)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rolecall", required=True, type=Path, help="the built command line")
    parser.add_argument("--output", type=Path, help="an output instead of the demo's estate")
    parser.add_argument("--days", type=int, default=30, help="the days that are kept in the measurement")
    parser.add_argument("--only", choices=PARTS, help="one part of the checks")
    options = parser.parse_args()
    # Whatever ends this process ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rolecall = Rolecall(options.rolecall)
    parsed = template.load(rolecall.athena())
    parsed["Resources"] |= template.load(rolecall.athena_names())["Resources"]
    for name in ("fixture", "demo", "fleet", "growth"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    output = FOLDER / "demo"
    if options.output:
        shutil.copytree(options.output, output)
    else:
        rolecall.run("demo", "--to", str(output))
    with servers(FOLDER) as running:
        say(f"Trino and the emulated AWS run on 127.0.0.1, with the template of {date.today()}")
        lake = Lake(running)
        checks = {
            "fixture": lambda: check_fixture(rolecall, running, lake, parsed),
            "views": lambda: check_views(rolecall, running, lake, parsed, output),
            "questions": lambda: check_questions(rolecall, running, lake, parsed, output),
            "fleet": lambda: check_fleet(rolecall, running, lake, parsed),
            "growth": lambda: growth.check(running, lake, parsed, FOLDER / "growth", rolecall.tables(), options.days),
        }
        problems = [
            problem for part, check in checks.items() if options.only in (None, part) for problem in report(check())
        ]
    say("all are equal, and the cost does not grow" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
