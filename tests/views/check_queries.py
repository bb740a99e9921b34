"""Compares every query of infra/QUERIES.md, in both dialects, with expected results from `small_fleet.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

import queries
import small_fleet
import state
import template
from expect import same
from program import Rolecall

PAGE = Path(__file__).resolve().parents[2] / "infra/QUERIES.md"
DENIED = "Denied questions"


def check_answers(answers: dict[str, dict[str, Any]]) -> None:
    same("the headings with a query", list(answers), list(small_fleet.ANSWERS))
    for title, answer in answers.items():
        rows = answer["rows"]
        if title == DENIED:  # the dialects format times differently, so only the day is compared
            rows = [[*row[:-1], row[-1] and row[-1][:10]] for row in rows]
        same(f"the result of {title!r}", rows, small_fleet.ANSWERS[title])


def check(rolecall: Rolecall, athena: dict[str, Any], folder: Path, say: Callable[[str], None]) -> None:
    page = PAGE.read_text()
    tables = rolecall.tables()
    for form in ("parquet", "ndjson"):
        small_fleet.write(folder / form, form, tables)
        con = duckdb.connect()
        con.execute(rolecall.duckdb(str(folder / form), form))
        check_answers({title: queries.answer(con, query) for title, query in queries.blocks(page).items()})
        say(f"DuckDB's queries over {form} have the expected results")
    state.write(folder / "parquet", "parquet", "s3://b")
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    template.translate(con, template.resolve(athena, {"Bucket": "b"}), str(folder / "parquet"), "s3://b")
    blocks = queries.blocks(page, "athena")
    for query in blocks.values():
        sqlglot.parse_one(query, read="trino")
    translated = {title: sqlglot.transpile(query, read="athena", write="duckdb")[0] for title, query in blocks.items()}
    check_answers({title: queries.answer(con, query) for title, query in translated.items()})
    say("Athena's translated queries have the same results")
