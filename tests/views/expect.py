"""Ends the checks with a readable message at the first thing that is not as it should be."""

from __future__ import annotations

from typing import Any

SHOWN = 2000  # characters


def expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise SystemExit(f"views: {otherwise}")


def same(what: str, got: Any, wanted: Any) -> None:
    """Of lists only what differs is told, where anything does but the order or the number."""
    if isinstance(got, list) and isinstance(wanted, list):
        only = [one for one in got if one not in wanted], [one for one in wanted if one not in got]
        told = only if any(only) else (got, wanted)
    else:
        told = got, wanted
    expect(got == wanted, f"{what}: found\n  {str(told[0])[:SHOWN]}\ninstead of\n  {str(told[1])[:SHOWN]}")
