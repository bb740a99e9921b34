"""Compares the rows of views and questions on Athena's engine with DuckDB's, and questions with `rolecall ask` too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb

import answers
from answers import Question
from servers import Servers

THREADS = 3
# Each engine names files as it found them.
PATHS = ("path", "manifest")


class Engines:
    """The same output in both engines."""

    def __init__(self, servers: Servers, database: str, con: duckdb.DuckDBPyConnection) -> None:
        self.servers, self.database, self.con = servers, database, con

    def on_trino(self, query: str) -> tuple[list[str], list[list[Any]]]:
        cursor = self.servers.connect(self.database).cursor()
        cursor.execute(query)
        rows = cursor.fetchall()
        return [column[0] for column in cursor.description], rows

    def on_duckdb(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        result = self.con.execute(query)
        return [column[0] for column in result.description], result.fetchall()

    def views(self, names: list[str]) -> list[str]:
        """Compares views, and returns what is wrong."""
        with ThreadPoolExecutor(THREADS) as pool:
            on_trino = pool.map(lambda name: attempt(self.on_trino, f'select * from "{name}"'), names)
            problems = [self.view(name, found) for name, found in zip(names, on_trino, strict=True)]
        return [problem for problem in problems if problem]

    def view(self, name: str, found: Any) -> str:
        if isinstance(found, str):
            return f"{name}: {found}"
        (columns, rows), (same_columns, same_rows) = found, self.on_duckdb(f'select * from "{name}"')
        if columns != same_columns:
            return f"{name}: the columns are {columns}, in DuckDB {same_columns}"
        kept = [number for number, column in enumerate(columns) if column not in PATHS]
        both = [[[row[number] for number in kept] for row in part] for part in (rows, same_rows)]
        kinds = [""] * len(kept)
        different = answers.difference(*(answers.comparable_rows(part, kinds) for part in both))
        return different and f"{name}: {different}"

    def question(self, question: Question, printed: str) -> tuple[int, list[str]]:
        """Compares a question, and returns the number of its rows and what is wrong."""
        names, name = list(answers.columns(question)), question["name"]
        kinds = list(answers.columns(question).values())
        expected = answers.comparable_rows(answers.of_command(question, printed), kinds)
        problems = []
        for engine, ask in (("duckdb", self.on_duckdb), ("athena", self.on_trino)):
            found = attempt(ask, question[engine])
            if isinstance(found, str):
                problems.append(f"{name} on {engine}: {found}")
            elif found[0] != names:
                problems.append(f"{name} on {engine}: the columns are {found[0]}, not {names}")
            elif different := answers.difference(answers.comparable_rows(found[1], kinds), expected):
                problems.append(f"{name} on {engine}: {different}")
        return len(expected), problems


def attempt(ask: Any, query: str) -> Any:
    """Returns the answer, or the error as a text."""
    try:
        return ask(query)
    except Exception as problem:  # every engine has its own
        return str(problem)[:1000]
