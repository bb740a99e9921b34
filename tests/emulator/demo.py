"""Runs the demo (`make demo`): deploys rolecall to an emulated AWS and inventories four customer accounts.

    demo.py [--bootstrap target/debug/bootstrap] [--rolecall target/debug/rolecall] [--out target/demo]

It starts the emulator, deploys `infra/` and lets the deployed schedule run the whole fleet. Meanwhile it invokes the
function, and runs the command line for one account. Then it stops the emulator, prints the results, and answers two
questions over them with DuckDB and three with the command line (`rolecall where`, `rolecall ask`).

Exit code 0: the results match the stage (two accounts complete, one denies access, one lacks Route 53 reads).
1: something differs. 130: interrupted.

It builds and installs nothing: the Makefile does.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

import show
from clients import BACKEND_ACCOUNT, SECRET, Cloud
from emulator import Emulator, EmulatorError, last_lines
from formation import deploy
from results import Nested, Run, differences, nested_columns
from stage import NAME, Stage, backend_parameters, deploy_stage

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
ON_DEMAND = {"accounts": ["111111111111", "222222222222", "333333333333", "444444444444"]}
ON_DEMAND_RESOURCES = ["ec2_addresses", "ec2_instances", "ec2_vpcs", "route53_hosted_zones"]
WEB_SERVER = "web-1"  # its name tag (networks.py)
NAMED_QUESTIONS = [["ask", "unattached-interfaces"], ["ask", "denied"]]
SCHEDULE_LEAD = 2  # seconds ahead of now
SCHEDULE_TIMEOUT = 60.0  # seconds
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(RuntimeError):
    """A failure that ends the demo."""


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f}s] {text}", flush=True)


def stripped(bootstrap: Path, scratch: Path) -> Path:
    """Makes a copy without debug symbols, which are most of a debug build's hundreds of megabytes."""
    copy = scratch / "bootstrap"
    shutil.copyfile(bootstrap, copy)
    strip = shutil.which("strip")
    if strip:
        # If strip cannot read the file (a script, another system's binary), the copy stays unchanged.
        subprocess.run([strip, str(copy)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return copy


def invoke(cloud: Cloud, function: str) -> dict[str, Any]:
    """Invokes the function for a few resource types of the sample event. The schedule covers all types."""
    sample = ROOT / "events" / "on-demand.json"
    request = json.loads(sample.read_text()) if sample.exists() else ON_DEMAND
    request |= {"resources": ON_DEMAND_RESOURCES}
    invocation = cloud.root("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
    response = json.loads(invocation["Payload"].read())
    if "FunctionError" in invocation:
        raise DemoError(f"the function failed: {json.dumps(response)}")
    return dict(response)


def fire_schedule(cloud: Cloud, stage: Stage) -> str:
    """Sets the deployed schedule to a near time, as an operator could. Returns the id of the run it must start."""
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=SCHEDULE_LEAD)
    parameters = backend_parameters(cloud, stage.backend_role_arn, stage.code, stage.format)
    parameters |= {"ScheduleState": "ENABLED", "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})"}
    deploy(cloud, BACKEND_ACCOUNT, "backend.yaml", "rolecall-backend", parameters)
    return f"scheduled-{moment:%Y%m%dT%H%M%SZ}"


def wait_for_manifest(cloud: Cloud, bucket: str, run_id: str) -> None:
    """Waits until the run is committed and `latest.json` names it, which is the last object that a run writes."""
    s3 = cloud.root("s3")  # one client for all polls: making one takes more processor time than a call
    deadline = time.monotonic() + SCHEDULE_TIMEOUT
    while time.monotonic() < deadline:
        committed = read_object(s3, bucket, f"runs/{run_id}/manifest.json")
        latest = read_object(s3, bucket, "latest.json")
        if committed is not None and latest is not None and run_id in latest:
            return
        time.sleep(0.2)
    problem = "did not commit" if committed is None else "is committed, but latest.json names another run:"
    raise DemoError(f"the scheduled run {run_id} {problem} {latest or ''} (waited {SCHEDULE_TIMEOUT:.0f} s)")


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
    """Runs the same engine from the command line, as an operator who assumes backend_role."""
    command = [
        str(rolecall), "run",
        "--registry", stage.registry_uri,
        "--output", short(folder),
        "--accounts", "111111111111",
        "--regions", "eu-*",
        "--resources", "ec2_vpc*,ec2_instances",
        "--backend-role", stage.backend_role_arn,
    ]  # fmt: skip
    show.show_command([short(rolecall), *command[1:]])
    environment = without_settings() | {
        "AWS_ENDPOINT_URL": stage.endpoint,
        "AWS_ACCESS_KEY_ID": BACKEND_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": stage.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    code = subprocess.run(command, env=environment, timeout=30, check=False).returncode
    if code != 0:
        raise DemoError(f"the command line ended with {code}; a complete account gives 0")


def output_of(command: list[str]) -> str:
    """Returns the standard output of a command that needs no AWS."""
    process = subprocess.run(
        command, env=without_settings(), timeout=30, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return process.stdout


def without_settings() -> dict[str, str]:
    """Returns the environment without the user's AWS and rolecall settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ROLECALL_"))}


def catalogue_of(rolecall: Path) -> Nested:
    return nested_columns(json.loads(output_of([str(rolecall), "resources", "--json"])))


def answer_questions(rolecall: Path, folder: Path) -> None:
    """Answers questions with DuckDB, over the views that the command line prints."""
    command = [str(rolecall), "schema", "duckdb", "--output", short(folder)]
    views = output_of(command)
    show.show_questions(views, shlex.join([short(rolecall), *command[1:]]))


def ask_rolecall(rolecall: Path, folder: Path, run: Run) -> None:
    """Answers three questions with the command line: who has an address, and two of the named questions."""
    show.heading("Three answers of the command line, from the same files")
    for command in [["where", web_address(run), "--tags", f"Name={WEB_SERVER}"], *NAMED_QUESTIONS]:
        arguments = [*command, "--output", short(folder)]
        show.show_command([short(rolecall), *arguments])
        subprocess.run([str(rolecall), *arguments], env=without_settings(), timeout=60, check=True)
        print(flush=True)
    print(f"`{short(rolecall)} ask` lists all questions, and infra/ANSWERS.md explains the answers.")


def web_address(run: Run) -> str:
    """Returns the private address of a web server, which has an elastic address too."""
    servers = [row for row in run.rows("ec2_instances") if row.get("tags", {}).get("Name") == WEB_SERVER]
    return str(min(row["private_ip_address"] for row in servers))


def short(path: Path) -> str:
    """Returns the path relative to the current folder, if it is below."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def empty(folder: Path) -> None:
    """Removes the results of an earlier demo, and no other file in the folder."""
    for name in ("runs", "committed", "ndjson", "parquet", "state", "symlinks", "trust", "command-line"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("latest.json", "emulator.log"):
        (folder / name).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def demo(bootstrap: Path, rolecall: Path, folder: Path) -> list[str]:
    """Runs all steps. Returns the differences from the expected results."""
    empty(folder)
    has_command_line = rolecall.is_file() and os.access(rolecall, os.X_OK)
    say("starting an emulated AWS on the loopback")
    with Emulator(folder / "emulator.log") as emulator, tempfile.TemporaryDirectory() as scratch:
        cloud = Cloud(emulator.endpoint)
        say("packing the function; deploying backend_role, the backend and four customers' roles by CloudFormation")
        stage = deploy_stage(emulator.endpoint, stripped(bootstrap, Path(scratch)), "parquet")
        assert stage.function_name is not None
        for account in stage.accounts:
            fault = f" (on purpose: {account['fault']})" if account["fault"] else ""
            print(f"         {account['id']} {account['name']:<10} in {', '.join(account['regions'])}{fault}")
        say(f"setting the deployed schedule to {SCHEDULE_LEAD} s from now: all types in every region of all accounts")
        scheduled_run = fire_schedule(cloud, stage)
        say(f"meanwhile invoking the function {NAME!r} with events/on-demand.json, for a few resource types")
        response = invoke(cloud, stage.function_name)
        say(f"the function returned status {response.get('status')}")
        if has_command_line:
            say("running the command line, for part of one account:")
            run_command_line(rolecall, stage, folder / "command-line")
        say("waiting for the scheduled run")
        wait_for_manifest(cloud, stage.results_bucket, scheduled_run)
        say(f"EventBridge Scheduler started the run: {scheduled_run} is committed, and latest.json names it")
        copy_results(cloud, stage.results_bucket, folder)
    say("the emulator is stopped; these are the results")
    nested = catalogue_of(rolecall) if has_command_line else {}
    on_demand, scheduled = (Run.read(folder, run_id, nested) for run_id in (str(response["run_id"]), scheduled_run))
    show.show_response(response)
    show.show_accounts(scheduled, {account["id"]: account["name"] for account in stage.accounts})
    show.show_records(scheduled)
    show.show_gaps(scheduled)
    show.show_files([on_demand, scheduled], short(folder))
    if has_command_line:
        answer_questions(rolecall, folder)
        ask_rolecall(rolecall, folder, scheduled)
    else:
        print(f"\nNo questions: {short(rolecall)}, which answers them and prints DuckDB's views, cannot be executed.")
    return [f"{run.run_id}: {difference}" for run in (on_demand, scheduled) for difference in differences(run)]


def interrupt(_number: int, _frame: object) -> None:
    for number in ENDING_SIGNALS:  # a second signal must not interrupt the cleanup
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="rolecall in an emulated AWS.")
    parser.add_argument("--bootstrap", type=Path, default=BUILT / "debug/bootstrap", help="the Lambda binary")
    parser.add_argument("--rolecall", type=Path, default=BUILT / "debug/rolecall", help="the command line")
    parser.add_argument("--out", type=Path, default=ROOT / "target/demo", help="the folder for the results")
    arguments = parser.parse_args()
    if not arguments.bootstrap.is_file():
        print(f"demo: {arguments.bootstrap} does not exist; `make demo` builds it", file=sys.stderr)
        return 2
    for number in ENDING_SIGNALS:
        signal.signal(number, interrupt)
    folder = arguments.out.resolve()
    try:
        unexpected = demo(arguments.bootstrap.resolve(), arguments.rolecall.resolve(), folder)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; the emulator is stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of the output (`head`) has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (DemoError, EmulatorError, RuntimeError, ValueError, OSError, KeyError) as problem:
        return failed(problem, folder)
    except (BotoCoreError, ClientError, duckdb.Error, subprocess.SubprocessError) as problem:
        return failed(problem, folder)
    for difference in unexpected[:20]:
        print(f"demo: not as expected: {difference}", file=sys.stderr)
    if not unexpected:
        print("\nAll as expected: two accounts complete, one denies access, one lacks the Route 53 reads.")
    return 1 if unexpected else 0


def failed(problem: Exception, folder: Path) -> int:
    print(f"demo: {type(problem).__name__}: {problem}", file=sys.stderr)
    print(f"demo: end of the emulator's log: {last_lines(folder / 'emulator.log')}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
