"""Compares every question in SQL, in both dialects, with the answer of `rolecall ask`.

Athena's queries are translated to DuckDB here; `make athena` runs them on Athena's engine. It does not know the
questions: it gets them from the command line, and the page is generated from the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

import answers
import queries
import small_fleet
import state
import template
from answers import Question
from expect import expect, same
from program import Rolecall

PAGE = Path(__file__).resolve().parents[2] / "infra/QUERIES.md"


def rows_of(con: duckdb.DuckDBPyConnection, question: Question, sql: str) -> list[str]:
    """Returns the rows of a query in the form in which they are compared, and checks its columns."""
    kinds = answers.columns(question)
    found = queries.answer(con, sql)
    same(f"the columns of {question['name']}", found["columns"], list(kinds))
    return answers.comparable_rows(found["rows"], list(kinds.values()))


def check_page(questions: list[Question]) -> None:
    """Checks that the page has the query of each question under its title."""
    page = PAGE.read_text()
    for dialect in ("duckdb", "athena"):
        expected = {question["title"]: question[dialect].strip() for question in questions if question[dialect]}
        same(f"the {dialect} queries of {PAGE.name}", queries.blocks(page, dialect), expected)


def check(rolecall: Rolecall, athena: dict[str, Any], folder: Path, say: Callable[[str], None]) -> None:
    questions = rolecall.questions()
    check_page(questions)
    with_sql = [question for question in questions if question["duckdb"]]
    expected: dict[str, list[str]] = {}
    for form in ("parquet", "ndjson"):
        output = folder / form
        small_fleet.write(output, form, rolecall.tables())
        con = duckdb.connect()
        con.execute(rolecall.duckdb(str(output), form))
        for question in with_sql:
            printed = answers.of_command(question, rolecall.ask(question["name"], str(output)))
            asked = answers.comparable_rows(printed, list(answers.columns(question).values()))
            expect(bool(asked), f"the small fleet has no row for {question['name']}")
            same(f"{question['name']} in DuckDB over {form}", rows_of(con, question, question["duckdb"]), asked)
            same(f"{question['name']} over {form}", asked, expected.setdefault(question["name"], asked))
        say(f"DuckDB's {len(with_sql)} queries over {form} have the rows of rolecall ask")
    state.write(folder / "parquet", "parquet", "s3://b")
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    template.translate(con, template.resolve(athena, {"Bucket": "b"}), str(folder / "parquet"), "s3://b")
    for question in with_sql:
        sqlglot.parse_one(question["athena"], read="trino")
        translated = sqlglot.transpile(question["athena"], read="athena", write="duckdb")[0]
        same(f"{question['name']} for Athena", rows_of(con, question, translated), expected[question["name"]])
    say("Athena's translated queries have the same rows")
