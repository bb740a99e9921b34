"""Runs the DuckDB queries of a page over rolecall's views, and prints their results.

    queries.py --output FOLDER_OR_S3 --views views.sql --queries QUERIES.md [--endpoint http://127.0.0.1:4566]

It prints one JSON document: {title: {"columns": [...], "rows": [[...], ...]}}. The title is the heading above the
query. `--output` is the location that the views read. For s3:// it loads DuckDB's httpfs from the package
duckdb-extension-httpfs, and uses the credentials in AWS_ACCESS_KEY_ID and its companions. It does not know the queries
or the views.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path

import duckdb

DIALECT = "duckdb"


def load_httpfs(con: duckdb.DuckDBPyConnection) -> None:
    """Loads the extension from the package's file. `load` with a path downloads nothing."""
    import duckdb_extension_httpfs

    folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    con.execute(f"load '{folder / 'httpfs.duckdb_extension'}'")


def configure_s3(con: duckdb.DuckDBPyConnection, endpoint: str | None) -> None:
    """Configures a session with the environment's credentials, and with an endpoint other than AWS's."""
    values = {"key_id": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY", "session_token": "AWS_SESSION_TOKEN"}
    values |= {"region": "AWS_REGION"}
    given = {name: os.environ[variable] for name, variable in values.items() if variable in os.environ}
    parts = ["type s3", *(f"{name} '{value}'" for name, value in given.items())]
    if endpoint:
        scheme, host = endpoint.split("://")
        parts += [f"endpoint '{host}'", f"use_ssl {str(scheme == 'https').lower()}", "url_style 'path'"]
    con.execute(f"create secret ({', '.join(parts)})")


def blocks(page: str, dialect: str = DIALECT) -> dict[str, str]:
    """Returns the queries of one dialect, by the heading above them."""
    found: dict[str, str] = {}
    title = ""
    for heading, block in re.findall(rf"^##+ ([^\n]+)$|^```sql {dialect}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if heading:
            title = heading
        elif title in found:
            raise SystemExit(f"two queries under the heading {title!r}")
        else:
            found[title] = block.strip().rstrip(";")
    return found


def answer(con: duckdb.DuckDBPyConnection, query: str) -> dict:
    con.execute(f"create or replace temp table answer as {query}")
    columns = [row[0] for row in con.execute("describe answer").fetchall()]
    # Through JSON, so that times and maps need no further Python packages.
    rows = con.execute("select to_json(answer)::varchar from answer order by rowid").fetchall()
    documents = [json.loads(row[0]) for row in rows]
    return {"columns": columns, "rows": [[document[column] for column in columns] for document in documents]}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--output", "--views", "--queries"):
        parser.add_argument(name, required=True)
    parser.add_argument("--endpoint")
    options = parser.parse_args()
    con = duckdb.connect()
    if options.output.startswith("s3://"):
        load_httpfs(con)
        configure_s3(con, options.endpoint)
    con.execute(Path(options.views).read_text())
    page = Path(options.queries).read_text()
    answers = {title: answer(con, query) for title, query in blocks(page).items()}
    print(json.dumps(answers, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
