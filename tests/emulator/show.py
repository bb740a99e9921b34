"""Prints the results of the demo for people: response, accounts, a few records, the ledger's gaps, files, and what
DuckDB answers to two questions of `infra/QUERIES.md`.

Everything fits a terminal of 120 columns; what does not is cut, and the files have it whole. It judges nothing."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import duckdb

from results import Run, gaps, summarize

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "views"))
from queries import answer, blocks  # noqa: E402

WIDTH = 118
QUERIES = TESTS.parent / "infra" / "QUERIES.md"
QUESTIONS = ["Security groups open to the internet", "Public addresses by account"]
SHOWN_ROWS = 6
SHOWN_TABLES = ["ec2_instances", "ec2_security_groups", "route53_hosted_zones", "route53_records", "accounts"]
# The same in every record of a run; left out of the excerpts.
OPENING_COLUMNS = {"run_id", "collected_at", "partition", "arn", "owner_id", "account_alias"}


def cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 2] + " …"


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def some(names: list[str], width: int, most: int = 5) -> str:
    """The first of them, as many as fit, and how many more there are."""
    for shown in range(min(most, len(names)), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        text = ", ".join(names[:shown]) + more
        if len(text) <= width:
            return text
    return f"{len(names)} of them"


def show_command(command: list[str]) -> None:
    """As one would type it into a terminal: no longer than a line, and no option without its value."""
    words = " ".join(f"\n{shlex.quote(word)}" if word.startswith("--") else shlex.quote(word) for word in command)
    line, *parts = words.split(" \n")
    line = f"         $ {line}"
    for part in parts:
        if len(line) + len(part) + 3 > WIDTH:
            print(f"{line} \\", flush=True)
            line = "          "
        line = f"{line} {part}"
    print(line, flush=True)


def show_response(response: dict[str, Any]) -> None:
    heading("The function's response")
    for key, value in response.items():
        if isinstance(value, list) and value:
            print(f"  {key}:")
            for item in value[:6]:
                print(cut(f"    {json.dumps(item, ensure_ascii=False)}"))
            if len(value) > 6:
                print(f"    … and {len(value) - 6} more")
        else:
            print(cut(f"  {key}: {json.dumps(value, ensure_ascii=False)}"))


def show_accounts(run: Run, names: dict[str, str]) -> None:
    heading(f"Accounts, as {run.run_id} found them")
    print(f"  {'account':<14}{'name':<12}{'status':<10}{'cells':>6}{'records':>9}  gaps")
    for one in summarize(run.rows("ledger")):
        told = ", ".join(f"{count} {status}" for status, count in sorted(one.gaps.items())) or "none"
        name = names.get(one.account, "")
        print(cut(f"  {one.account:<14}{name:<12}{one.status:<10}{one.cells:>6}{one.records:>9}  {told}"))


def show_records(run: Run, tables: int = 4) -> None:
    heading("A few records")
    for table in [name for name in SHOWN_TABLES if name in run.tables()][:tables]:
        rows = run.rows(table)
        # One that has tags says more than a default network that has none.
        telling = sorted(rows, key=lambda row: not row.get("tags"))[:1]
        print(f"  {table} ({len(rows)} records)")
        for row in telling:
            short = {key: value for key, value in row.items() if key not in OPENING_COLUMNS}
            print(cut(f"    {json.dumps(short, ensure_ascii=False)}", 2 * WIDTH))


def show_gaps(run: Run) -> None:
    heading("What the ledger says was not answered")
    found = gaps(run.rows("ledger"))
    for account, status, code, tables, cells in found:
        print(f"  {account}  {status}: {cells} cells, {code}")
        print(f"    {some(tables, WIDTH - 4)}")
    if not found:
        print("  nothing: every question was answered in full")


def show_files(runs: list[Run], folder: str) -> None:
    heading("Files")
    for run in runs:
        size = sum(file.get("bytes", 0) for file in run.manifest["files"])
        print(f"  {run.run_id}: {len(run.manifest['files'])} files, {size:,} bytes")
        print(f"    {folder}/runs/{run.run_id}/manifest.json")
    ledger = [file["key"] for file in runs[-1].manifest["files"] if file["table"] == "ledger"]
    if ledger:
        print(f"  look inside:\n    duckdb -c \"from '{folder}/{ledger[0]}'\"")


def show_questions(views: str, command: str) -> None:
    """`views` is the script that `command` prints."""
    heading("Two questions, answered by DuckDB over these files")
    questions = blocks(QUERIES.read_text())
    with duckdb.connect() as con:
        con.execute(views)
        for title in QUESTIONS:
            answered = answer(con, questions[title])
            print(f"{title}\n")
            show_table(answered["columns"], answered["rows"])
            print()
    print("These and others stand in infra/QUERIES.md; DuckDB's own command line takes them after")
    print(f"  {command} > views.sql; duckdb -init views.sql")


def show_table(columns: list[str], rows: list[list[Any]]) -> None:
    shown = [["" if value is None else str(value) for value in row] for row in rows[:SHOWN_ROWS]]
    widths = fitting([max(map(len, cells)) for cells in zip(columns, *shown)], WIDTH - 2 * len(columns))
    numeric = [all(isinstance(row[place], int) for row in rows) for place in range(len(columns))]
    for line in [columns, *shown]:
        cells = []
        for cell, width, right in zip(line, widths, numeric):
            short = cell if len(cell) <= width else f"{cell[: width - 1]}…"
            cells.append(short.rjust(width) if right else short.ljust(width))
        print(f"  {'  '.join(cells)}".rstrip())
    if len(rows) > len(shown):
        print(f"  … and {len(rows) - len(shown)} more")


def fitting(widths: list[int], most: int) -> list[int]:
    """The widest columns give way until all fit."""
    widths = list(widths)
    while sum(widths) > most:
        widths[widths.index(max(widths))] -= 1
    return widths
