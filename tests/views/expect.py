"""Assertions that end the checks with a readable message."""

from __future__ import annotations

from typing import Any

SHOWN = 2000  # characters


def expect(condition: bool, problem: str) -> None:
    if not condition:
        raise SystemExit(f"views: {problem}")


def same(what: str, found: Any, expected: Any) -> None:
    """Expects equality. For lists the message has the differing elements, or all if only order or count differ."""
    if isinstance(found, list) and isinstance(expected, list):
        difference = [item for item in found if item not in expected], [item for item in expected if item not in found]
        shown = difference if any(difference) else (found, expected)
    else:
        shown = found, expected
    expect(found == expected, f"{what}: found\n  {str(shown[0])[:SHOWN]}\nexpected\n  {str(shown[1])[:SHOWN]}")
