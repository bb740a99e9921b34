"""Compares the views of a connection with the fixture: columns, types and every value.

Values are compared as texts and as JSON, so that formats and dialects are comparable. It does not know how the views
were made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import duckdb

import fixture
from expect import expect, same
from layout import Columns, Row, Runs

TYPES = {"string": "VARCHAR", "json": "JSON", "integer": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
TYPES |= {"timestamp": "TIMESTAMP WITH TIME ZONE", "map": "MAP(VARCHAR, VARCHAR)"}


def normalized(value: Any, kind: str) -> Any:
    """Converts a value of the fixture to the form of `found`."""
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
    return in_order([{name: normalized(row.get(name), kind) for name, kind in columns.items()} for row in rows])


def found(con: duckdb.DuckDBPyConnection, view: str, columns: Columns) -> list[Row]:
    """Returns a view's rows in the form of `expected`."""
    columns = columns | {"dt": "string"}
    nested = {name for name, kind in columns.items() if kind in ("json", "map")}
    texts = [f'to_json("{n}")::VARCHAR' if k == "map" else f'"{n}"::VARCHAR' for n, k in columns.items()]
    rows = con.execute(f"select {', '.join(texts)} from {view}").fetchall()
    read = lambda name, text: json.loads(text) if text is not None and name in nested else text  # noqa: E731
    return in_order([{name: read(name, text) for name, text in zip(columns, row, strict=True)} for row in rows])


def check_columns(con: duckdb.DuckDBPyConnection, tables: dict[str, Columns], typed: bool) -> None:
    """Checks the columns of every view of the catalogue, and their order."""
    listed = "select table_name, column_name, data_type from duckdb_columns() where not internal order by column_index"
    views: dict[str, list[tuple[str, str]]] = {}
    for view, name, kind in con.execute(listed).fetchall():
        views.setdefault(view, []).append((name, kind if typed else ""))
    for table, columns in tables.items():
        expected_columns = [(name, TYPES[kind] if typed else "") for name, kind in columns.items()]
        for view in (table, f"current_{table}"):
            same(f"the columns of {view}", views.get(view), [*expected_columns, ("dt", "DATE" if typed else "")])


def check_views(con: duckdb.DuckDBPyConnection, runs: Runs, typed: bool = True) -> None:
    """Checks all views. `typed` is for DuckDB's own: Athena has no JSON type, and its partition dates are texts."""
    check_columns(con, runs.tables, typed)
    for table in fixture.TABLES:
        columns = runs.tables[table]
        same(f"the rows of {table}", found(con, table, columns), expected(runs, table))
        if table == fixture.LEDGER:
            continue
        current = fixture.CURRENT[table]
        current_rows = expected(runs, table, partial(is_current, current))
        same(f"the rows of current_{table}", found(con, f"current_{table}", columns), current_rows)
        # The newest answer may be empty.
        cells = f"select account_id, region, run_id from answered_cells where \"table\" = '{table}'"
        same(f"the answered cells of {table}", rows_of(con, cells), sorted((*key, run) for key, run in current.items()))
    ledger = rows_of(con, 'select account_id, region, "table", run_id, status from current_ledger')
    same("current_ledger", ledger, sorted((*key, *value) for key, value in fixture.CURRENT_LEDGER.items()))
    runs_found = rows_of(con, "select run_id from committed_runs")
    same("the committed runs", runs_found, [(run,) for run in fixture.COMMITTED])
    # Otherwise the checks would pass without the case of dead attempts.
    raw, committed = (rows_of(con, f"select count(*) from {view}") for view in (f"raw_{fixture.FULL}", fixture.FULL))
    expect(raw > committed, "the fixture has no files of dead attempts")


def is_current(current: dict[tuple[str, str], str], row: Row) -> bool:
    return current.get((row["account_id"], row["region"])) == row["run_id"]


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return sorted(con.execute(query).fetchall())
