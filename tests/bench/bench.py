"""Measures the cost of rolecall and of its alternatives, and writes the table of benchmarks.

    bench.py [--quick] [--only NAME,…] [--output tests/bench/BENCHMARKS.md]

Both sides of a ratio are measured in one run on one machine, against the simulated AWS in a process of its own.
`--quick` makes every row small, for a trial. With `--quick` or `--only` a page is written to `--output` only, since the
committed page has all rows at full size.

It builds nothing: `make bench` builds `rolecall`, `bootstrap` and `fleet` first.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path

from measuring import ROOT, Bench, Figure
from rows import ROWS


def machine() -> str:
    def first(path: str, name: str) -> str | None:
        lines = Path(path).read_text().splitlines() if Path(path).exists() else []
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)

    model = first("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / (1 << 20)
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB of memory"


def commit() -> str:
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return described.stdout.strip() or "unknown"


def page(bench: Bench, opening: list[str], figures: dict[str, Figure]) -> str:
    """Returns the page. Paths of this machine, which occur in error messages only, are removed."""
    lines = ["# Benchmarks", "", *textwrap.wrap(" ".join(opening), 118, break_on_hyphens=False), ""]
    lines += ["| what | goal | measured | how |", "| --- | --- | --- | --- |"]
    for name, figure in figures.items():
        lines.append(f"| {ROWS[name].what} | {ROWS[name].goal} | {figure.cell} | {ROWS[name].how} |".replace("\n", " "))
    for name, figure in figures.items():
        title = f"**{ROWS[name].what[0].upper()}{ROWS[name].what[1:]}.**"
        lines += ["", *textwrap.wrap(f"{title} {figure.sides}", 118, break_on_hyphens=False)]
    text = "\n".join(lines) + "\n"
    for place in (bench.folder, ROOT, Path.home()):
        text = text.replace(f"{place}/", "")
    return text


def chosen(only: str | None) -> list[str]:
    wanted = set(only.split(",")) if only else set(ROWS)
    if unknown := wanted - set(ROWS):
        raise SystemExit(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if "cost" in wanted:
        wanted.add("cpu")  # the cost is computed from it
    return [name for name in ROWS if name in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every row small, to try it out")
    parser.add_argument("--only", metavar="NAME,…", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, help="the page (default: tests/bench/BENCHMARKS.md)")
    arguments = parser.parse_args()
    names = chosen(arguments.only)
    # On SIGTERM, processes are stopped and the folder is removed too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    whole = not arguments.quick and not arguments.only
    output = arguments.output or (ROOT / "tests/bench/BENCHMARKS.md" if whole else None)
    opening = [
        "What rolecall costs, next to the alternatives it is measured against. `make bench` writes this page. Both sides",
        "of a ratio are measured in one run on one machine, against an AWS that is simulated in a separate process.",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {machine()}; load before: {os.getloadavg()[0]:.1f}.",
    ]
    if arguments.quick:
        opening.append("Tried out with `--quick`: every row is smaller than it says, and its figures mean little.")
    print("\n".join(opening), end="\n\n")
    figures: dict[str, Figure] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="rolecall-bench-") as folder:
        bench = Bench(Path(folder), arguments.quick)
        for name in names:
            began = time.perf_counter()
            try:
                figure = ROWS[name].measure(bench)
            except Exception as error:
                failed = True
                what = f"{type(error).__name__}: {error}" if not isinstance(error, RuntimeError) else str(error)
                figure = Figure("failed", None, f"It failed: {what}.")
            figures[name] = figure
            detail = f" ({figure.sides})" if figure.said == "failed" else ""
            took = f"{time.perf_counter() - began:.0f} s"
            print(f"| {ROWS[name].what} | {ROWS[name].goal} | {figure.cell}{detail} | {took} |", flush=True)
        text = page(bench, opening, figures)
    if output is None:
        print(f"\n{text}")
    else:
        output.write_text(text)
        print(f"\nwritten to {output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
