"""Deploys the backend in a running emulator as `make deploy` does in AWS: by infra/deploy.sh and the aws command line.

    deploying.py --endpoint URL --bootstrap PATH [--account 777777777777] [--readers 111111111111,222222222222] [--once]

Into an account where nothing is, it deploys three times: dry, which must change nothing; in earnest; and again without
any of the parameters, which must change nothing either (`--once`: in earnest alone). It prints one JSON line that tells
what is there then, and what each step said. Exit code 1: something was not so, and standard error says what; progress
goes there too.

It starts no emulator, and refuses one that is not on the loopback. The aws command line is installed into
.emulator/awscli on first use.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clients import HOME_REGION, SECRET, Cloud
from formation import INFRA
from pack import pack

NAME = "rolecall"
ACCOUNT = "777777777777"
READERS = "111111111111,222222222222,333333333333,444444444444"
KEY = "arn:aws:kms:eu-central-1:999999999999:key/shared"
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = INFRA / "deploy.sh"
CLI = ROOT / ".emulator" / "awscli"
REQUIREMENTS = Path(__file__).with_name("requirements-cli.txt")
STACKS = (f"{NAME}-artifacts", f"{NAME}-role", NAME)
# What deploy.sh and the aws command line read; the test's own values stand in for those of the person at the keyboard.
FOREIGN = re.compile(
    r"AWS_.*|ROLECALL_.*|(ROLE_|ARTIFACT_|FLEET_)?PARAMETERS|FLEET|BACKEND_ROLE_ARN|NAME|ARCHITECTURE|PACKAGE|DRY_RUN"
)

State = dict[str, str]


class DeployingError(RuntimeError):
    """The script did something else than it should; the message says what."""


@dataclass
class Deployed:
    """What a test needs to know of the deployment; printed as JSON."""

    account: str
    region: str
    name: str
    backend_role_arn: str
    registry_uri: str
    registry_bucket: str
    results_bucket: str
    code_bucket: str
    template_bucket: str
    function_name: str
    queue_url: str
    template_url: str
    template_sha256: str
    published: dict[str, Any]
    first_run: dict[str, str]
    second_run: str | None  # "no changes", or null with --once
    said: str  # by the first run: its steps, the outputs and what comes next


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f}s] {text}", file=sys.stderr, flush=True)


# ---- The aws command line ----


def install_cli() -> Path:
    """Installs it once, and again when the pin changes; tests that run at the same time wait for one another."""
    CLI.mkdir(parents=True, exist_ok=True)
    pins = REQUIREMENTS.read_text()
    installed = CLI / ".installed"
    with (CLI / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text() != pins:
            say("installing the aws command line into .emulator/")
            # Without a pip of its own, which takes longer than all the rest: ours installs it.
            quiet([sys.executable, "-m", "venv", "--without-pip", str(CLI)])
            pip = [sys.executable, "-m", "pip", "--python", str(CLI / "bin" / "python"), "--disable-pip-version-check"]
            quiet([*pip, "install", "--quiet", "-r", str(REQUIREMENTS)])
            installed.write_text(pins)
    return CLI / "bin"


def quiet(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise DeployingError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.strip()}")


# ---- The script ----


def environment(endpoint: str, account: str, package: Path) -> dict[str, str]:
    """Root of the account at the emulator, and nothing that the person at the keyboard has set."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
    return kept | {
        "PATH": f"{install_cli()}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": HOME_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NAME": NAME,
        "ARCHITECTURE": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "PACKAGE": str(package),
    }


def parameters(endpoint: str, account: str, readers: str) -> dict[str, str]:
    """What an emulator needs, and operators: the account, as for the other tests' backend."""
    return {
        "ARTIFACT_PARAMETERS": f"RequireTls=false TemplateReaders={readers}",
        "ROLE_PARAMETERS": f"OperatorArns=arn:aws:iam::{account}:root",
        # The first value has blanks in it, as the schedule's has in earnest.
        "PARAMETERS": "ScheduleExpression=cron(0 4 * * ? *) ScheduleState=DISABLED Format=ndjson RequireTls=false "
        f"EndpointUrl={endpoint}",
    }


def started(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments],
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=1800,
        check=False,
    )


def run(settings: dict[str, str], *arguments: str) -> str:
    done = started(settings, *arguments)
    if done.returncode != 0:
        raise DeployingError(f"deploy.sh ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def results(said: str) -> dict[str, str]:
    """The last line of each step, by its name: {"stack rolecall-role": "created", ...}."""
    last: dict[str, str] = {}
    step = ""
    for line in said.split("\n\n", 1)[0].splitlines():
        heading = re.match(r"\[\d/\d] (stack [\w-]+|code|the customers' template|.*published\.json)?", line)
        if heading:
            step = (heading[1] or "").rsplit("/", 1)[-1]
        elif step:
            last[step] = line.strip()
    return last


# ---- What is there ----


def state_of(cloud: Cloud, account: str) -> State:
    """Whatever a deployment could change: when stacks were changed, and each version of each object."""
    s3 = cloud.root("s3", account)
    stacks = cloud.root("cloudformation", account).describe_stacks()["Stacks"]
    state = {f"stack {stack['StackName']}": str(stack.get("LastUpdatedTime")) for stack in stacks}
    for bucket in s3.list_buckets()["Buckets"]:
        state[f"s3://{bucket['Name']}"] = "there"
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
            for version in page.get("Versions", []):
                state[f"s3://{bucket['Name']}/{version['Key']} version {version['VersionId']}"] = version["ETag"]
    return state


def expect_unchanged(what: str, now: State, before: State) -> None:
    changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    expect(f"changed by {what}", changed, [])


def outputs_of(cloud: Cloud, account: str) -> dict[str, str]:
    formation = cloud.root("cloudformation", account)
    return {
        output["OutputKey"]: output["OutputValue"]
        for stack in STACKS
        for output in formation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    }


def read(cloud: Cloud, account: str, bucket: str, key: str) -> bytes:
    return bytes(cloud.root("s3", account).get_object(Bucket=bucket, Key=key)["Body"].read())


def expect(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise DeployingError(f"{what}: {found!r}, where {expected!r} was expected")


def deploying(endpoint: str, bootstrap: Path, account: str, readers: str, once: bool) -> Deployed:
    cloud = Cloud(endpoint)
    before = state_of(cloud, account)
    expect(f"in account {account} at first", before, {})
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch) / "bootstrap.zip"
        package.write_bytes(pack(bootstrap, level=1))
        bare = environment(endpoint, account, package)
        full = bare | parameters(endpoint, account, readers)
        if not once:
            say(f"deploying into account {account}: dry")
            run(full, "--dry-run")
            expect_unchanged("a dry run", state_of(cloud, account), before)
        say(f"deploying into account {account}")
        said = run(full)
        first = results(said)
        expect("the first run's steps", set(first.values()), {"created", "written"})
        if not once:
            deployed = state_of(cloud, account)
            say("again, without the parameters")
            second = results(run(bare))
            expect("the second run's steps", set(second.values()), {"no changes", "is there already"})
            expect_unchanged("the second run", state_of(cloud, account), deployed)
            say("with another name for backend_role, which customers trust")
            refused = started(bare | {"ROLE_PARAMETERS": "RoleName=another"})
            told = refused.returncode, "customers trust that role" in refused.stderr
            expect("what becomes of another name for backend_role", told, (2, True))
            expect_unchanged("it", state_of(cloud, account), deployed)
            say("with a key that role and backend must both know: dry")
            said = run(bare | {"PARAMETERS": "KmsKeyArn=" + KEY}, "--dry-run")
            stacks = [line for line in said.splitlines() if KEY in line]
            expect("the stacks that would get the key", len(stacks), 2)
    outputs = outputs_of(cloud, account)
    template = (INFRA / "customer-role.yaml").read_bytes()
    digest = hashlib.sha256(template).hexdigest()
    key = f"customer-role/{digest}.yaml"
    published = json.loads(read(cloud, account, outputs["RegistryBucket"], "published.json"))
    url = f"{endpoint}/{outputs['TemplateBucket']}/{key}"
    role = outputs["BackendRoleArn"]
    expected = {"version": 1, "backend_role_arn": role, "template_url": url, "template_sha256": digest}
    expect("published.json", published, expected)
    reader = readers.split(",")[0] or account
    expect(f"the template as {reader} reads it", read(cloud, reader, outputs["TemplateBucket"], key), template)
    say("all as it should be")
    return Deployed(
        account=account,
        region=HOME_REGION,
        name=NAME,
        backend_role_arn=role,
        registry_uri=outputs["Registry"],
        registry_bucket=outputs["RegistryBucket"],
        results_bucket=outputs["ResultsBucket"],
        code_bucket=outputs["CodeBucket"],
        template_bucket=outputs["TemplateBucket"],
        function_name=outputs["FunctionName"],
        queue_url=outputs["RequestQueueUrl"],
        template_url=url,
        template_sha256=digest,
        published=published,
        first_run=first,
        second_run=None if once else "no changes",
        said=said,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    parser.add_argument("--bootstrap", type=Path, required=True, help="the Lambda binary")
    parser.add_argument("--account", default=ACCOUNT, help=f"the backend's, with nothing in it (default: {ACCOUNT})")
    parser.add_argument("--readers", default=READERS, help="accounts that may read the customers' template")
    parser.add_argument("--once", action="store_true", help="only the deployment: no dry run, no second one")
    arguments = parser.parse_args()
    endpoint = arguments.endpoint.rstrip("/")
    try:
        deployed = deploying(endpoint, arguments.bootstrap, arguments.account, arguments.readers, arguments.once)
    except (DeployingError, ValueError, OSError, KeyError, subprocess.SubprocessError) as problem:
        print(f"deploying: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as problem:
        print(f"deploying: AWS: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(deployed), ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
