"""Holds the views of a connection to what the fixture says: columns, types and every value.

It compares values as texts and as JSON, so that formats and dialects compare. It does not know who made the views.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb

import fixture
from expect import expect, same
from layout import Columns, Row, Runs

TYPES = {"string": "VARCHAR", "json": "JSON", "integer": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
TYPES |= {"timestamp": "TIMESTAMP WITH TIME ZONE", "map": "MAP(VARCHAR, VARCHAR)"}


def shown(value: Any, kind: str) -> Any:
    """A value of the fixture, as `found` reads it."""
    if value is None or kind in ("json", "map"):
        return value
    match kind:
        case "timestamp":
            return value.replace("T", " ").replace("Z", "+00")
        case "boolean":
            return str(value).lower()
    return str(value)


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def expected(runs: Runs, table: str, keep: Callable[[Row], bool] = lambda _: True) -> list[Row]:
    columns = runs.tables[table] | {"dt": "string"}
    rows = [row for row in runs.committed.get(table, []) if keep(row)]
    return in_order([{name: shown(row.get(name), kind) for name, kind in columns.items()} for row in rows])


def found(con: duckdb.DuckDBPyConnection, view: str, columns: Columns) -> list[Row]:
    """A view's rows in the form of `expected`."""
    columns = columns | {"dt": "string"}
    nested = {name for name, kind in columns.items() if kind in ("json", "map")}
    texts = [f'to_json("{n}")::VARCHAR' if k == "map" else f'"{n}"::VARCHAR' for n, k in columns.items()]
    rows = con.execute(f"select {', '.join(texts)} from {view}").fetchall()
    read = lambda name, text: json.loads(text) if text is not None and name in nested else text  # noqa: E731
    return in_order([{name: read(name, text) for name, text in zip(columns, row)} for row in rows])


def columns_hold(con: duckdb.DuckDBPyConnection, tables: dict[str, Columns], typed: bool) -> None:
    """Of every table of the catalogue: the columns of its views, in their order."""
    listed = "select table_name, column_name, data_type from duckdb_columns() where not internal order by column_index"
    views: dict[str, list[tuple[str, str]]] = {}
    for view, name, kind in con.execute(listed).fetchall():
        views.setdefault(view, []).append((name, kind if typed else ""))
    for table, columns in tables.items():
        wanted = [(name, TYPES[kind] if typed else "") for name, kind in columns.items()]
        for view in (table, f"current_{table}"):
            same(f"the columns of {view}", views.get(view), [*wanted, ("dt", "DATE" if typed else "")])


def holds(con: duckdb.DuckDBPyConnection, runs: Runs, typed: bool = True) -> None:
    """`typed` where the views are DuckDB's own: Athena has no type for JSON, nor for dates of partitions."""
    columns_hold(con, runs.tables, typed)
    for table in fixture.TABLES:
        columns = runs.tables[table]
        same(f"the rows of {table}", found(con, table, columns), expected(runs, table))
        if table == fixture.LEDGER:
            continue
        current = fixture.CURRENT[table]
        wanted = expected(runs, table, lambda row: current.get((row["account_id"], row["region"])) == row["run_id"])
        same(f"the rows of current_{table}", found(con, f"current_{table}", columns), wanted)
        # An empty answer, too, is the newest one.
        cells = f"select account_id, region, run_id from answered_cells where \"table\" = '{table}'"
        same(f"the answered cells of {table}", rows_of(con, cells), sorted((*key, run) for key, run in current.items()))
    ledger = rows_of(con, 'select account_id, region, "table", run_id, status from current_ledger')
    same("current_ledger", ledger, sorted((*key, *told) for key, told in fixture.CURRENT_LEDGER.items()))
    runs_found = rows_of(con, "select run_id from committed_runs")
    same("the committed runs", runs_found, [(run,) for run in fixture.COMMITTED])
    # Or else what dead attempts left would be no case at all.
    raw, whole = (rows_of(con, f"select count(*) from {view}") for view in (f"raw_{fixture.FULL}", fixture.FULL))
    expect(raw > whole, "the fixture has no files of dead attempts")


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return sorted(con.execute(query).fetchall())
