"""Deploys the backend into a running emulator as `make deploy` does in AWS: with infra/deploy.sh and the AWS CLI.

    deploying.py --endpoint URL --bootstrap PATH [--account 777777777777] [--readers 111111111111,222222222222] [--once]
                 [--parameters "Key=Value Key=Value"]

The account must be empty. Three deployments follow one another: a dry run, which must change nothing; a real one; and
another one without parameters, which must change nothing either. With `--once` only the real one is made. It prints
one JSON line with the deployed resources and the result of each step. Progress and errors go to standard error. Exit
code 1 means that a check failed.

It starts no emulator, and refuses one that is not on the loopback. The AWS CLI is installed into .emulator/awscli on
first use.
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
SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = INFRA / "deploy.sh"
CLI = ROOT / ".emulator" / "awscli"
REQUIREMENTS = Path(__file__).with_name("requirements-cli.txt")
STACKS = (f"{NAME}-artifacts", f"{NAME}-role", NAME)
# The settings that deploy.sh and the AWS CLI read. The user's values are dropped, and the test sets its own.
FOREIGN = re.compile(
    r"AWS_.*|ROLECALL_.*|(ROLE_|ARTIFACT_|FLEET_)?PARAMETERS|FLEET|BACKEND_ROLE_ARN|NAME|ARCHITECTURE|PACKAGE|DRY_RUN|TERMINATION_PROTECTION"
)

State = dict[str, str]


class DeployingError(RuntimeError):
    """A check of the deployment failed."""


@dataclass
class Deployed:
    """The facts about the deployment that tests use. Printed as JSON."""

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
    said: str  # the output of the first run: steps, stack outputs, next commands


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f}s] {text}", file=sys.stderr, flush=True)


# ---- The AWS CLI ----


def install_cli() -> Path:
    """Installs the AWS CLI once, and again after a change of the pin. A file lock serializes concurrent tests."""
    CLI.mkdir(parents=True, exist_ok=True)
    pins = REQUIREMENTS.read_text()
    installed = CLI / ".installed"
    with (CLI / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text() != pins:
            say("installing the AWS CLI into .emulator/")
            # This environment's pip installs it: a second pip would take longer than all the rest.
            quiet([sys.executable, "-m", "venv", "--without-pip", str(CLI)])
            pip = [sys.executable, "-m", "pip", "--python", str(CLI / "bin" / "python"), "--disable-pip-version-check"]
            quiet([*pip, "install", "--quiet", "-r", str(REQUIREMENTS)])
            installed.write_text(pins)
    return CLI / "bin"


def quiet(command: list[str]) -> None:
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if process.returncode != 0:
        raise DeployingError(f"{' '.join(command)} ended with {process.returncode}: {process.stdout.strip()}")


# ---- The script ----


def environment(endpoint: str, account: str, package: Path) -> dict[str, str]:
    """Returns an environment that calls the emulator as the account's root, without the user's settings."""
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


def parameters(endpoint: str, account: str, readers: str, more: str) -> dict[str, str]:
    """Returns the parameters for an emulator, with the whole account as operator, as in `stage.py`, and `more`."""
    return {
        "ARTIFACT_PARAMETERS": f"RequireTls=false TemplateReaders={readers}",
        "ROLE_PARAMETERS": f"OperatorArns=arn:aws:iam::{account}:root",
        # A real schedule expression has blanks too.
        "PARAMETERS": "ScheduleExpression=cron(0 4 * * ? *) ScheduleState=DISABLED Format=ndjson RequireTls=false "
        f"EndpointUrl={endpoint} {more}",
    }


def start(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments],
        env=settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=1800,
        check=False,
    )


def run(settings: dict[str, str], *arguments: str) -> str:
    process = start(settings, *arguments)
    if process.returncode != 0:
        raise DeployingError(f"deploy.sh ended with {process.returncode}:\n{process.stdout}{process.stderr}")
    return process.stdout


def results(output: str) -> dict[str, str]:
    """Returns the last line of each step by its name: {"stack rolecall-role": "created", ...}."""
    last: dict[str, str] = {}
    step = ""
    for line in output.split("\n\n", 1)[0].splitlines():
        heading = re.match(r"\[\d/\d] (stack [\w-]+|code|the customers' template|.*published\.json)?", line)
        if heading:
            step = (heading[1] or "").rsplit("/", 1)[-1]
        elif step:
            last[step] = line.strip()
    return last


# ---- The deployed resources ----


def state_of(cloud: Cloud, account: str) -> State:
    """Captures all that a deployment could change: stack update times and every object version."""
    s3 = cloud.root("s3", account)
    stacks = cloud.root("cloudformation", account).describe_stacks()["Stacks"]
    state = {f"stack {stack['StackName']}": str(stack.get("LastUpdatedTime")) for stack in stacks}
    for bucket in s3.list_buckets()["Buckets"]:
        state[f"s3://{bucket['Name']}"] = "exists"
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
            for version in page.get("Versions", []):
                state[f"s3://{bucket['Name']}/{version['Key']} version {version['VersionId']}"] = version["ETag"]
    return state


def unprotected(cloud: Cloud, account: str) -> list[str]:
    stacks = cloud.root("cloudformation", account).describe_stacks()["Stacks"]
    return sorted(stack["StackName"] for stack in stacks if not stack["EnableTerminationProtection"])


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
        raise DeployingError(f"{what}: found {found!r}, expected {expected!r}")


def deploying(endpoint: str, bootstrap: Path, account: str, readers: str, more: str, once: bool) -> Deployed:
    cloud = Cloud(endpoint)
    before = state_of(cloud, account)
    expect(f"resources in account {account} before the deployment", before, {})
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch) / "bootstrap.zip"
        package.write_bytes(pack(bootstrap, level=1))
        without_parameters = environment(endpoint, account, package)
        with_parameters = without_parameters | parameters(endpoint, account, readers, more)
        if not once:
            say(f"dry run in account {account}")
            run(with_parameters, "--dry-run")
            expect_unchanged("a dry run", state_of(cloud, account), before)
        say(f"deploying into account {account}")
        output = run(with_parameters)
        first = results(output)
        expect("the first run's steps", set(first.values()), {"created", "written"})
        expect("stacks without termination protection", unprotected(cloud, account), [])
        if not once:
            deployed = state_of(cloud, account)
            say("deploying again without the parameters")
            second = results(run(without_parameters))
            expect("the second run's steps", set(second.values()), {"no changes", "exists already"})
            expect_unchanged("the second run", state_of(cloud, account), deployed)
            say("renaming backend_role, which customers trust: must be refused")
            refusal = start(without_parameters | {"ROLE_PARAMETERS": "RoleName=another"})
            result = refusal.returncode, "customers trust that role" in refusal.stderr
            expect("exit code and message for another name of backend_role", result, (2, True))
            expect_unchanged("the refused deployment", state_of(cloud, account), deployed)
            say("dry run with a KMS key, which both the role and the backend need, and with subnets")
            added = f"KmsKeyArn={KEY} SubnetIds={SUBNET} SecurityGroupIds={GROUP}"
            planned = run(without_parameters | {"PARAMETERS": added}, "--dry-run").splitlines()
            expect("the stacks that would get the key", len([line for line in planned if KEY in line]), 2)
            permitted = ["VpcAccess=yes" in line for line in planned if KEY in line]
            expect("whether the role and the backend would get the permission", permitted, [True, False])
    outputs = outputs_of(cloud, account)
    template = (INFRA / "customer-role.yaml").read_bytes()
    digest = hashlib.sha256(template).hexdigest()
    key = f"customer-role/{digest}.yaml"
    published = json.loads(read(cloud, account, outputs["RegistryBucket"], "published.json"))
    url = f"{endpoint}/{outputs['TemplateBucket']}/{key}"
    role = outputs["BackendRoleArn"]
    module = (INFRA / "terraform/customer-role.zip").read_bytes()
    module_digest = hashlib.sha256(module).hexdigest()
    expected = {
        "version": 1,
        "backend_role_arn": role,
        "template_url": url,
        "template_sha256": digest,
        "module_sha256": module_digest,
    }
    expect("published.json", published, expected)
    reader = readers.split(",")[0] or account
    expect(f"the template as {reader} reads it", read(cloud, reader, outputs["TemplateBucket"], key), template)
    module_key = f"customer-role/{module_digest}.zip"
    expect(f"the module as {reader} reads it", read(cloud, reader, outputs["TemplateBucket"], module_key), module)
    say("all checks passed")
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
        said=output,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    parser.add_argument("--bootstrap", type=Path, required=True, help="the Lambda binary")
    parser.add_argument(
        "--account", default=ACCOUNT, help=f"the backend's account, which must be empty (default: {ACCOUNT})"
    )
    parser.add_argument("--readers", default=READERS, help="the accounts that may read the customers' template")
    parser.add_argument("--parameters", default="", help="more parameters of backend.yaml")
    parser.add_argument("--once", action="store_true", help="deploy once, without a dry run and a repetition")
    arguments = parser.parse_args()
    endpoint = arguments.endpoint.rstrip("/")
    try:
        options = arguments.account, arguments.readers, arguments.parameters, arguments.once
        deployed = deploying(endpoint, arguments.bootstrap, *options)
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
