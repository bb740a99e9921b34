"""`make demo`: rolecall in an emulated AWS, from nothing to the inventory of four customer accounts.

    demo.py [--bootstrap target/debug/bootstrap] [--rolecall target/debug/rolecall] [--out target/demo]

Starts the emulator, deploys `infra/`, lets the deployed schedule fire the function for the whole fleet, meanwhile
invokes it and takes one account's roll from the command line, ends the emulator, shows what came out and has DuckDB
answer two questions over it. Exit code 0: everything was as the stage was set (two accounts whole, one that refuses,
one without Route 53); 1: something was not; 130: interrupted.

It builds and installs nothing; the Makefile does.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

import show
from clients import BACKEND_ACCOUNT, SECRET, Cloud
from emulator import Emulator, EmulatorError, last_lines
from formation import deploy
from results import Nested, Run, nested_columns, surprises
from stage import NAME, Stage, backend_parameters, set_stage

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
ON_DEMAND = {"accounts": ["111111111111", "222222222222", "333333333333", "444444444444"]}
ON_DEMAND_RESOURCES = ["ec2_addresses", "ec2_instances", "ec2_vpcs", "route53_hosted_zones"]
SCHEDULE_LEAD = 2  # seconds ahead of now
SCHEDULE_PATIENCE = 60.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(RuntimeError):
    """The demo cannot go on; the message says why."""


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f}s] {text}", flush=True)


def stripped(bootstrap: Path, scratch: Path) -> Path:
    """A copy without debug symbols: a debug build is some hundred megabytes, most of them symbols."""
    copy = scratch / "bootstrap"
    shutil.copyfile(bootstrap, copy)
    strip = shutil.which("strip")
    if strip:
        # A file that strip does not know (a script, another system's binary) is used as it is.
        subprocess.run([strip, str(copy)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return copy


def invoke(cloud: Cloud, function: str) -> dict[str, Any]:
    """Everything is what the schedule asks; on demand, a few resource types of the sample's accounts."""
    sample = ROOT / "events" / "on-demand.json"
    request = json.loads(sample.read_text()) if sample.exists() else ON_DEMAND
    request |= {"resources": ON_DEMAND_RESOURCES}
    answer = cloud.root("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
    response = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise DemoError(f"the function failed: {json.dumps(response)}")
    return dict(response)


def fire_schedule(cloud: Cloud, stage: Stage) -> str:
    """Sets the deployed schedule to a moment ahead, as an operator would; returns the run id that must come of it."""
    moment = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=SCHEDULE_LEAD)
    parameters = backend_parameters(cloud, stage.backend_role_arn, stage.code, stage.format)
    parameters |= {"ScheduleState": "ENABLED", "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})"}
    deploy(cloud, BACKEND_ACCOUNT, "backend.yaml", "rolecall-backend", parameters)
    return f"scheduled-{moment:%Y%m%dT%H%M%SZ}"


def wait_for_manifest(cloud: Cloud, bucket: str, run_id: str) -> None:
    """Returns when the run is committed and `latest.json` names it, which is the last that a run writes."""
    s3 = cloud.root("s3")  # once: making a client takes longer than a call, and the run needs the processor
    deadline = time.monotonic() + SCHEDULE_PATIENCE
    while time.monotonic() < deadline:
        committed = read_object(s3, bucket, f"runs/{run_id}/manifest.json")
        latest = read_object(s3, bucket, "latest.json")
        if committed is not None and latest is not None and run_id in latest:
            return
        time.sleep(0.2)
    problem = "did not commit" if committed is None else "is committed, but latest.json does not name it: it holds"
    raise DemoError(f"the scheduled run {run_id} {problem} {latest or ''} (waited {SCHEDULE_PATIENCE:.0f} s)")


def read_object(s3: Any, bucket: str, key: str) -> str | None:
    try:
        return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
    except s3.exceptions.NoSuchKey:
        return None


def copy_results(cloud: Cloud, bucket: str, folder: Path) -> None:
    s3 = cloud.root("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            target = folder / item["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def run_command_line(rolecall: Path, stage: Stage, folder: Path) -> None:
    """The same engine from a terminal: an operator enters through backend_role."""
    command = [
        str(rolecall), "run",
        "--registry", stage.registry_uri,
        "--output", near(folder),
        "--accounts", "111111111111",
        "--regions", "eu-*",
        "--resources", "ec2_vpc*,ec2_instances",
        "--backend-role", stage.backend_role_arn,
    ]  # fmt: skip
    show.show_command([near(rolecall), *command[1:]])
    environment = without_settings() | {
        "AWS_ENDPOINT_URL": stage.endpoint,
        "AWS_ACCESS_KEY_ID": BACKEND_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": stage.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    code = subprocess.run(command, env=environment, timeout=30, check=False).returncode
    if code != 0:
        raise DemoError(f"the command line ended with {code}, where a whole account gives 0")


def printed(command: list[str]) -> str:
    """What a command that calls nobody prints."""
    done = subprocess.run(
        command, env=without_settings(), timeout=30, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return done.stdout


def without_settings() -> dict[str, str]:
    """The environment without the credentials and settings of the person at the keyboard."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ROLECALL_"))}


def catalogue_of(rolecall: Path) -> Nested:
    return nested_columns(json.loads(printed([str(rolecall), "resources", "--json"])))


def ask(rolecall: Path, folder: Path) -> None:
    """Has DuckDB answer over the views that the command line prints."""
    command = [str(rolecall), "schema", "duckdb", "--output", near(folder)]
    views = printed(command)
    show.show_questions(views, shlex.join([near(rolecall), *command[1:]]))


def near(path: Path) -> str:
    """As short as a person would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def empty(folder: Path) -> None:
    """Removes an earlier demo's results, and nothing else that may lie in the folder."""
    for name in ("runs", "committed", "ndjson", "parquet", "command-line"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("latest.json", "emulator.log"):
        (folder / name).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def demo(bootstrap: Path, rolecall: Path, folder: Path) -> list[str]:
    """Goes through it all; returns what was not as expected."""
    empty(folder)
    has_command_line = rolecall.is_file() and os.access(rolecall, os.X_OK)
    say("starting an emulated AWS on the loopback")
    with Emulator(folder / "emulator.log") as emulator, tempfile.TemporaryDirectory() as scratch:
        cloud = Cloud(emulator.endpoint)
        say("packing the function; deploying backend_role, the backend and four customers' roles by CloudFormation")
        stage = set_stage(emulator.endpoint, stripped(bootstrap, Path(scratch)), "parquet")
        assert stage.function_name is not None
        for account in stage.accounts:
            flaw = f" (spoilt: {account['spoilt']})" if account["spoilt"] else ""
            print(f"         {account['id']} {account['name']:<10} in {', '.join(account['regions'])}{flaw}")
        say(f"setting the deployed schedule to {SCHEDULE_LEAD} s from now: everything in every region of all accounts")
        scheduled_run = fire_schedule(cloud, stage)
        say(f"meanwhile invoking the function {NAME!r} with events/on-demand.json, for a few resource types")
        response = invoke(cloud, stage.function_name)
        say(f"it answered: {response.get('status')}")
        if has_command_line:
            say("the same from a terminal, for a part of one account:")
            run_command_line(rolecall, stage, folder / "command-line")
        say("waiting for the scheduled run")
        wait_for_manifest(cloud, stage.results_bucket, scheduled_run)
        say(f"EventBridge Scheduler fired it: {scheduled_run} is committed, and latest.json names it")
        copy_results(cloud, stage.results_bucket, folder)
    say("the emulator is ended; this is what came out")
    nested = catalogue_of(rolecall) if has_command_line else {}
    on_demand, scheduled = (Run.read(folder, run_id, nested) for run_id in (str(response["run_id"]), scheduled_run))
    show.show_response(response)
    show.show_accounts(scheduled, {account["id"]: account["name"] for account in stage.accounts})
    show.show_records(scheduled)
    show.show_gaps(scheduled)
    show.show_files([on_demand, scheduled], near(folder))
    if has_command_line:
        ask(rolecall, folder)
    else:
        print(f"\nNo questions to DuckDB: {near(rolecall)}, which prints its views, is not there or is no program.")
    return [f"{run.run_id}: {surprise}" for run in (on_demand, scheduled) for surprise in surprises(run)]


def interrupt(_number: int, _frame: object) -> None:
    for number in ENDING_SIGNALS:  # the first is enough; a second one must not disturb the tidying up
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="rolecall in an emulated AWS.")
    parser.add_argument("--bootstrap", type=Path, default=BUILT / "debug/bootstrap", help="the Lambda binary")
    parser.add_argument("--rolecall", type=Path, default=BUILT / "debug/rolecall", help="the command line")
    parser.add_argument("--out", type=Path, default=ROOT / "target/demo", help="where results are copied to")
    arguments = parser.parse_args()
    if not arguments.bootstrap.is_file():
        print(f"demo: {arguments.bootstrap} is not there; build it first (make demo does)", file=sys.stderr)
        return 2
    for number in ENDING_SIGNALS:
        signal.signal(number, interrupt)
    folder = arguments.out.resolve()
    try:
        unexpected = demo(arguments.bootstrap.resolve(), arguments.rolecall.resolve(), folder)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; what it started is ended", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output (`head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (DemoError, EmulatorError, RuntimeError, ValueError, OSError, KeyError) as problem:
        return failed(problem, folder)
    except (BotoCoreError, ClientError, duckdb.Error, subprocess.SubprocessError) as problem:
        return failed(problem, folder)
    for surprise in unexpected[:20]:
        print(f"demo: not as expected: {surprise}", file=sys.stderr)
    if not unexpected:
        print("\nAll as expected: two accounts whole, one that refuses us, one without its Route 53 reads.")
    return 1 if unexpected else 0


def failed(problem: Exception, folder: Path) -> int:
    print(f"demo: {type(problem).__name__}: {problem}", file=sys.stderr)
    print(f"demo: the emulator's last words: {last_lines(folder / 'emulator.log')}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
