"""Prints the results of the demo: response, accounts, records, gaps, files, and two questions of `infra/QUERIES.md`.

Longer lines are cut for a terminal of 120 columns. It does not check the results.
"""

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
QUESTIONS = ["Public addresses", "Instances with IMDSv1"]
SHOWN_ROWS = 6
SHOWN_TABLES = ["ec2_instances", "ec2_security_groups", "route53_hosted_zones", "route53_records", "accounts"]
# Alike in every record of an account; left out of the excerpts.
OPENING_COLUMNS = {"run_id", "collected_at", "partition", "arn", "owner_id", "account_alias"}


def cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 2] + " …"


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def some(names: list[str], width: int, most: int = 5) -> str:
    """Joins the first names that fit, and the number of the others."""
    for shown in range(min(most, len(names)), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        text = ", ".join(names[:shown]) + more
        if len(text) <= width:
            return text
    return f"{len(names)} tables"


def show_command(command: list[str]) -> None:
    """Prints a command as typed into a terminal, broken between options."""
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
    heading(f"Accounts in {run.run_id}")
    print(f"  {'account':<14}{'name':<12}{'status':<10}{'cells':>6}{'records':>9}  gaps")
    for account in summarize(run.rows("ledger")):
        gaps_text = ", ".join(f"{count} {status}" for status, count in sorted(account.gaps.items())) or "none"
        name = names.get(account.account, "")
        columns = f"{account.account:<14}{name:<12}{account.status:<10}{account.cells:>6}{account.records:>9}"
        print(cut(f"  {columns}  {gaps_text}"))


def show_records(run: Run, tables: int = 4) -> None:
    heading("A few records")
    for table in [name for name in SHOWN_TABLES if name in run.tables()][:tables]:
        rows = run.rows(table)
        # A record with tags, if there is one: the default network has none.
        example = sorted(rows, key=lambda row: not row.get("tags"))[:1]
        print(f"  {table} ({len(rows)} records)")
        for row in example:
            excerpt = {key: value for key, value in row.items() if key not in OPENING_COLUMNS}
            print(cut(f"    {json.dumps(excerpt, ensure_ascii=False)}", 2 * WIDTH))


def show_gaps(run: Run) -> None:
    heading("Gaps in the ledger")
    found = gaps(run.rows("ledger"))
    for account, status, code, tables, cells in found:
        print(f"  {account}  {status}: {cells} cells, {code}")
        print(f"    {some(tables, WIDTH - 4)}")
    if not found:
        print("  none: every cell was answered in full")


def show_files(runs: list[Run], folder: str) -> None:
    heading("Files")
    for run in runs:
        size = sum(file.get("bytes", 0) for file in run.manifest["files"])
        print(f"  {run.run_id}: {len(run.manifest['files'])} files, {size:,} bytes")
        print(f"    {folder}/runs/{run.run_id}/manifest.json")
    ledger = [file["key"] for file in runs[-1].manifest["files"] if file["table"] == "ledger"]
    if ledger:
        print(f"  to query one:\n    duckdb -c \"from '{folder}/{ledger[0]}'\"")


def show_questions(views: str, command: str) -> None:
    """Answers two questions with DuckDB. `views` is the script that `command` prints."""
    heading("Two questions, answered by DuckDB from these files")
    questions = blocks(QUERIES.read_text())
    with duckdb.connect() as con:
        con.execute(views)
        for title in QUESTIONS:
            result = answer(con, questions[title])
            print(f"{title}\n")
            show_table(result["columns"], result["rows"])
            print()
    print("infra/QUERIES.md has these and others. DuckDB's command line runs them after")
    print(f"  {command} > views.sql; duckdb -init views.sql")


def show_table(columns: list[str], rows: list[list[Any]]) -> None:
    shown = [["" if value is None else str(value) for value in row] for row in rows[:SHOWN_ROWS]]
    widths = fitting([max(map(len, cells)) for cells in zip(columns, *shown, strict=True)], WIDTH - 2 * len(columns))
    numeric = [all(isinstance(row[index], int) for row in rows) for index in range(len(columns))]
    for line in [columns, *shown]:
        cells = []
        for cell, width, right in zip(line, widths, numeric, strict=True):
            text = cell if len(cell) <= width else f"{cell[: width - 1]}…"
            cells.append(text.rjust(width) if right else text.ljust(width))
        print(f"  {'  '.join(cells)}".rstrip())
    if len(rows) > len(shown):
        print(f"  … and {len(rows) - len(shown)} more")


def fitting(widths: list[int], limit: int) -> list[int]:
    """Narrows the widest columns until their sum is within the limit."""
    widths = list(widths)
    while sum(widths) > limit:
        widths[widths.index(max(widths))] -= 1
    return widths
