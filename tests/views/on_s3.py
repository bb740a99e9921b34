"""The views over S3, the emulated one on the loopback, and the template, made there by CloudFormation.

DuckDB's httpfs comes from the package duckdb-extension-httpfs: DuckDB itself downloads nothing. It does not know what
the views hold, nor what Athena would make of the stored texts: the emulator keeps them and runs nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

import check_queries
import fixture
import queries
import small_fleet
import template
from expect import expect, same
from hold import holds
from program import Rolecall

EMULATOR = Path(__file__).resolve().parents[1] / "emulator"
sys.path.insert(0, str(EMULATOR))
from clients import BACKEND_ACCOUNT, HOME_REGION, SECRET, Cloud  # noqa: E402

BUCKET = "results"
# A space, and what DuckDB might take for a partition.
PREFIX = "a b/region=x"


@contextmanager
def emulator() -> Iterator[str]:
    """An emulator's endpoint; it ends when its standard input is closed."""
    command = [sys.executable, str(EMULATOR / "emulator.py"), "serve"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin and server.stdout
    try:
        line = server.stdout.readline()
        expect(bool(line), "the emulator did not start")
        yield json.loads(line)["endpoint"]
    finally:
        server.stdin.close()
        server.wait(120)


def upload(cloud: Cloud, folder: Path, prefix: str) -> None:
    s3 = cloud.root("s3")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{path.relative_to(folder)}", Body=path.read_bytes())


def check(program: Path, folder: Path, say: Callable[[str], None]) -> None:
    with emulator() as endpoint:
        cloud = Cloud(endpoint)
        location = {"LocationConstraint": HOME_REGION}
        cloud.root("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        given = {"AWS_ACCESS_KEY_ID": BACKEND_ACCOUNT, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": HOME_REGION}
        rolecall = Rolecall(program, given | {"AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"})
        os.environ.update(given)  # from here on, those of DuckDB's readers too
        for form in ("parquet", "ndjson"):
            views(rolecall, cloud, folder / form, form)
            say(f"over {form} on S3 the views hold")
        page(rolecall, cloud, folder / "fleet")
        say("over S3 the queries answer what they should, by the command that runs them")
        say(deployed(cloud, rolecall))


def views(rolecall: Rolecall, cloud: Cloud, folder: Path, form: str) -> None:
    runs = fixture.write(folder, form, rolecall.tables())
    output = f"s3://{BUCKET}/{PREFIX}/{form}"
    upload(cloud, folder, f"{PREFIX}/{form}")
    con = duckdb.connect()
    queries.load_httpfs(con)
    queries.point(con, cloud.endpoint)
    con.execute(rolecall.duckdb(output, form))
    holds(con, runs)
    # The slash at its end is all that such a script may differ in.
    same("the script for an output with a slash at its end", rolecall.duckdb(f"{output}/", form).splitlines()[3:],
         rolecall.duckdb(output, form).splitlines()[3:])  # fmt: skip


def page(rolecall: Rolecall, cloud: Cloud, folder: Path) -> None:
    small_fleet.write(folder, "parquet", rolecall.tables())
    upload(cloud, folder, "fleet")
    output, script = f"s3://{BUCKET}/fleet", folder / "views.sql"
    script.write_text(rolecall.duckdb(output, "parquet"))
    command = [sys.executable, queries.__file__, "--output", output, "--views", str(script)]
    command += ["--queries", str(check_queries.PAGE), "--endpoint", cloud.endpoint]
    done = subprocess.run(command, capture_output=True, text=True)
    expect(done.returncode == 0, f"queries.py failed: {done.stderr}")
    check_queries.answers_hold(json.loads(done.stdout))


def deployed(cloud: Cloud, rolecall: Rolecall) -> str:
    """The template is too large to be sent along, so that it is uploaded, as `aws cloudformation deploy` would."""
    cloud.root("s3").put_object(Bucket=BUCKET, Key="athena.yaml", Body=rolecall.athena().encode())
    formation, glue = cloud.root("cloudformation"), cloud.root("glue")
    given = {"Bucket": BUCKET, "Prefix": "a/b/", "Database": "inventory"}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    where = f"{cloud.endpoint}/{BUCKET}/athena.yaml"
    formation.create_stack(StackName="athena", TemplateURL=where, Parameters=parameters)
    formation.get_waiter("stack_create_complete").wait(StackName="athena", WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200})
    pages = glue.get_paginator("get_tables").paginate(DatabaseName="inventory")
    found: dict[str, Any] = {table["Name"]: table for page in pages for table in page["TableList"]}
    wanted = {"committed_files", "committed_runs", "answered_cells"}
    wanted |= {f"{opening}{table}" for table in rolecall.tables() for opening in ("", "raw_", "current_")}
    same("Glue's tables", sorted(found), sorted(wanted))
    raw, view = found[f"raw_{fixture.FULL}"], found[f"current_{fixture.FULL}"]
    same("where a table lies", raw["Parameters"]["storage.location.template"],
         f"s3://{BUCKET}/a/b/parquet/{fixture.FULL}/dt=${{dt}}/")  # fmt: skip
    kept = template.decoded(view["ViewOriginalText"])
    same("the database that a view reads", kept["schema"], "inventory")
    opening = f"select t.* from {fixture.FULL} t join answered_cells c"
    expect(kept["originalSql"].startswith(opening), f"Athena would carry out {kept['originalSql']!r}")
    return f"CloudFormation makes the {len(found)} tables and views, and a stored view can be read"
