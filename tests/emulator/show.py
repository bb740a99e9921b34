"""Prints the results of the demo for people: response, accounts, a few records, the ledger's gaps, files.

Everything fits a terminal of 120 columns; what does not is cut, and the files have it whole. It judges nothing."""

from __future__ import annotations

import json
from typing import Any

from results import Run, gaps, summarize

WIDTH = 118
SHOWN_TABLES = ["ec2_instances", "ec2_security_groups", "route53_hosted_zones", "route53_records", "accounts"]
# The same in every record of a run; left out of the excerpts.
OPENING_COLUMNS = {"run_id", "collected_at", "partition", "arn", "owner_id", "account_alias"}


def cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 2] + " …"


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


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
    heading("Accounts")
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
        print(cut(f"  {account}  {status:<10} {code:<24} {cells:>4} cells: {', '.join(tables)}"))
    if not found:
        print("  nothing: every question was answered in full")


def show_files(runs: list[Run], folder: str) -> None:
    heading("Files")
    for run in runs:
        size = sum(file.get("bytes", 0) for file in run.manifest["files"])
        print(f"  {run.run_id}: {len(run.manifest['files'])} files, {size:,} bytes")
        print(f"    {folder}/runs/{run.run_id}/manifest.json")
    ledger = [file["key"] for file in runs[0].manifest["files"] if file["table"] == "ledger"]
    if ledger:
        print(f"  look inside:  gunzip -c {folder}/{ledger[0]} | head")
