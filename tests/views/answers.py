"""Compares answers: rows of DuckDB, of Athena's engine and of `rolecall ask`, column by column.

A time is compared to the millisecond, which is what Athena keeps, and nested values as JSON. It knows no question.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

Question = dict[str, Any]  # as `rolecall schema questions` prints it


def columns(question: Question) -> dict[str, str]:
    """Returns the type of each column of an answer."""
    opening = {"account_id": "string", "region": "string"}
    return opening | {column["name"]: column["type"] for column in question["columns"]}


def comparable(value: Any, kind: str = "") -> Any:
    """Converts a value of any engine to the form in which values are compared."""
    match value:
        case None | bool():
            return value
        case datetime():
            # DuckDB's times have a zone, Athena's do not and mean UTC.
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return moment.isoformat(timespec="milliseconds")
        case date():
            return value.isoformat()
        case float():
            return round(value, 6)
        case str() if kind == "timestamp":
            return comparable(datetime.fromisoformat(value))
        case str() if kind == "json":
            return comparable(json.loads(value))
        case str() | int():
            return round(float(value), 6) if kind == "double" else value
        case dict():
            return {name: comparable(member) for name, member in value.items()}
        case list() | tuple():
            return [comparable(member) for member in value]
    return round(float(value), 6)  # a decimal


def comparable_rows(rows: list, kinds: list[str]) -> list[str]:
    """Returns the rows as texts, in the order of the texts."""
    converted = ([comparable(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows)
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in converted)


def of_command(question: Question, printed: str) -> list[list[Any]]:
    """Returns the rows of `rolecall ask --format json`."""
    names = list(columns(question))
    return [[row[name] for name in names] for row in json.loads(printed)["rows"]]


def difference(found: list[str], expected: list[str]) -> str:
    """Describes how rows differ. The text is empty if they do not."""
    if found == expected:
        return ""
    only = [[row for row in one if row not in other][:3] for one, other in ((found, expected), (expected, found))]
    return f"{len(found)} rows instead of {len(expected)}; only here {only[0]}; only there {only[1]}"
