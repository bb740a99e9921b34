"""Tests the views over the emulated S3, and deploys the template with the emulated CloudFormation.

DuckDB's httpfs comes from the package duckdb-extension-httpfs, so DuckDB downloads nothing. It does not know the rows
of the views (`hold.py`). The emulator stores Athena's views and does not run them.
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
import state
import template
from expect import expect, same
from hold import check_views
from program import Rolecall

EMULATOR = Path(__file__).resolve().parents[1] / "emulator"
sys.path.insert(0, str(EMULATOR))
from clients import BACKEND_ACCOUNT, HOME_REGION, SECRET, Cloud  # noqa: E402

BUCKET = "results"
# A prefix with a space, and with a name that DuckDB might take for a partition.
PREFIX = "a b/region=x"


@contextmanager
def emulator() -> Iterator[str]:
    """Yields the endpoint of an emulator, which stops when its standard input is closed."""
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
        credentials = {"AWS_ACCESS_KEY_ID": BACKEND_ACCOUNT, "AWS_SECRET_ACCESS_KEY": SECRET}
        credentials |= {"AWS_REGION": HOME_REGION}
        rolecall = Rolecall(program, credentials | {"AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"})
        os.environ.update(credentials)  # for DuckDB, and for queries.py
        for form in ("parquet", "ndjson"):
            check_on_s3(rolecall, cloud, folder / form, form)
            say(f"{form} on S3: the views are correct")
        check_page(rolecall, cloud, folder / "fleet")
        say("on S3: queries.py returns what it returns in a folder")
        say(check_deployment(cloud, rolecall))


def check_on_s3(rolecall: Rolecall, cloud: Cloud, folder: Path, form: str) -> None:
    runs = fixture.write(folder, form, rolecall.tables())
    state.write(folder, form, only="yw")  # the other runs are newer
    output = f"s3://{BUCKET}/{PREFIX}/{form}"
    upload(cloud, folder, f"{PREFIX}/{form}")
    con = duckdb.connect()
    queries.load_httpfs(con)
    queries.configure_s3(con, cloud.endpoint)
    con.execute(rolecall.duckdb(output, form))
    check_views(con, runs)
    # The first three lines name the output. The rest must not depend on a slash at its end.
    same("the script for an output with a slash at its end", rolecall.duckdb(f"{output}/", form).splitlines()[3:],
         rolecall.duckdb(output, form).splitlines()[3:])  # fmt: skip


def check_page(rolecall: Rolecall, cloud: Cloud, folder: Path) -> None:
    """Checks that the page's queries have the same answers on S3 as in a folder."""
    small_fleet.write(folder, "parquet", rolecall.tables())
    state.write(folder, "parquet")
    upload(cloud, folder, "fleet")
    output, script = f"s3://{BUCKET}/fleet", folder / "views.sql"
    script.write_text(rolecall.duckdb(output, "parquet"))
    command = [sys.executable, queries.__file__, "--output", output, "--views", str(script)]
    command += ["--queries", str(check_queries.PAGE), "--endpoint", cloud.endpoint]
    process = subprocess.run(command, capture_output=True, text=True)
    expect(process.returncode == 0, f"queries.py failed: {process.stderr}")
    con = duckdb.connect()
    con.execute(rolecall.duckdb(str(folder), "parquet"))
    blocks = queries.blocks(check_queries.PAGE.read_text())
    same(
        "the answers on S3",
        json.loads(process.stdout),
        {name: queries.answer(con, sql) for name, sql in blocks.items()},
    )


def check_deployment(cloud: Cloud, rolecall: Rolecall) -> str:
    """Deploys the templates through S3, as they exceed the size limit of a request. Returns a summary."""
    formation, glue = cloud.root("cloudformation"), cloud.root("glue")
    given = {"Bucket": BUCKET, "Prefix": "a/b/", "Database": "inventory"}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    for name, text in (("athena", rolecall.athena()), ("athena-names", rolecall.athena_names())):
        cloud.root("s3").put_object(Bucket=BUCKET, Key=f"{name}.yaml", Body=text.encode())
        url = f"{cloud.endpoint}/{BUCKET}/{name}.yaml"
        formation.create_stack(StackName=name, TemplateURL=url, Parameters=parameters)
        formation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200}
        )
    pages = glue.get_paginator("get_tables").paginate(DatabaseName="inventory")
    found: dict[str, Any] = {table["Name"]: table for page in pages for table in page["TableList"]}
    expected = {"raw_committed_files", "committed_files", "committed_runs", "answered_cells"}
    expected |= {"raw_recorded_changes", "raw_changes", "changes"}
    expected |= {f"{prefix}{table}" for table in rolecall.tables() for prefix in ("", "raw_", "state_", "current_")}
    same("Glue's tables", sorted(found), sorted(expected))
    raw, view = found[f"raw_{fixture.FULL}"], found[f"current_{fixture.FULL}"]
    same("the owner of a view", view["Owner"], "rolecall")
    same("the location of a list of files", found[f"state_{fixture.FULL}"]["StorageDescriptor"]["Location"],
         f"s3://{BUCKET}/a/b/symlinks/{fixture.FULL}/")  # fmt: skip
    same("the location of a table", raw["Parameters"]["storage.location.template"],
         f"s3://{BUCKET}/a/b/parquet/{fixture.FULL}/dt=${{dt}}/")  # fmt: skip
    stored = template.decoded(view["ViewOriginalText"])
    same("the database that a view reads", stored["schema"], "inventory")
    expect(f"from state_{fixture.FULL} t" in stored["originalSql"], f"the view's query is {stored['originalSql']!r}")
    return f"CloudFormation creates the {len(found)} tables and views, and a stored view can be read"
