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
from expect import same
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
    # The demo's estate has something for every question.
    rolecall.run("demo", "--to", str(folder / "demo"))
    asked = check_duckdb(rolecall, with_sql, folder / "demo", "parquet")
    same("questions without a row in the demo's estate", [name for name, rows in asked.items() if not rows], [])
    check_athena(with_sql, athena, folder / "demo", asked)
    say(f"{len(with_sql)} queries over the demo's estate have the rows of rolecall ask, in both dialects")
    found = []
    for form in ("parquet", "ndjson"):
        small_fleet.write(folder / form, form, rolecall.tables())
        found.append(check_duckdb(rolecall, with_sql, folder / form, form))
        say(f"DuckDB's queries over the small fleet in {form} have the rows of rolecall ask")
    same("the answers over ndjson", found[1], found[0])
    state.write(folder / "parquet", "parquet")
    check_athena(with_sql, athena, folder / "parquet", found[0])
    say("Athena's translated queries have the same rows")


def check_duckdb(rolecall: Rolecall, questions: list[Question], output: Path, form: str) -> dict[str, list[str]]:
    """Compares DuckDB's rows with those of `rolecall ask`, and returns them by question."""
    con = duckdb.connect()
    con.execute(rolecall.duckdb(str(output), form))
    asked = {}
    for question in questions:
        name, kinds = question["name"], list(answers.columns(question).values())
        rows = answers.of_command(question, rolecall.ask(name, str(output)))
        asked[name] = answers.comparable_rows(rows, kinds)
        same(f"{name} in DuckDB over {output.name}", rows_of(con, question, question["duckdb"]), asked[name])
    return asked


def check_athena(questions: list[Question], athena: dict[str, Any], output: Path, asked: dict[str, list[str]]) -> None:
    """Compares the rows of Athena's queries, translated to DuckDB."""
    state.write_lists(output, "s3://b")
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    template.translate(con, template.resolve(athena, {"Bucket": "b"}), str(output), "s3://b")
    for question in questions:
        sqlglot.parse_one(question["athena"], read="trino")
        translated = sqlglot.transpile(question["athena"], read="athena", write="duckdb")[0]
        same(f"{question['name']} for Athena", rows_of(con, question, translated), asked[question["name"]])
