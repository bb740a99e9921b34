"""Tries the Terraform modules of `infra/terraform` with Terraform or OpenTofu, 1.7 or newer. Exit code 1: one fails.

    check.py [--program terraform] [--module NAME]... [--no-apply]

For each module: its form (`fmt`), its tests with a mocked provider (`test`), and its examples (`validate`). On an
emulated AWS it plans the customer's module with every combination of its variables, and compares it with the template.
Then it applies `backend/examples/complete`, which has six of the modules: plans without a change, values that come and
go, what the stacks got, and a removal. `init` downloads the provider for AWS, some 700 MB, unless the
program is configured with a mirror. No account of yours is called, and nothing is written into the tree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/emulator"))

import equality  # noqa: E402
from clients import BACKEND_ACCOUNT, HOME_REGION, SECRET, Cloud  # noqa: E402
from emulator import Emulator  # noqa: E402

NAME = "estate"
EXAMPLE = "backend/examples/complete"
CUSTOMER = "111122223333"
# What the modules upload: the package, templates of backend and Athena (two), the customers' template and module.
EXPECTED = {"bootstrap": 1, "templates": 3, "customer-role": 2, "equal": 1}
PLACEHOLDER = "<aws.scheduler.scheduled-time>"
# The emulated AWS has one address for all buckets.
PROVIDER = """
provider "aws" {
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_credentials_validation = true
}
"""


class Failed(RuntimeError):
    """A check failed."""


def expect(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Failed(f"{what}: found {found!r}, expected {expected!r}")


class Terraform:
    """The program, in a copy of `infra/`."""

    def __init__(self, program: str, scratch: Path) -> None:
        self.program, self.modules = program, scratch / "infra/terraform"
        shutil.copytree(ROOT / "infra", scratch / "infra", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        cache = scratch / "plugins"
        cache.mkdir()
        # The user's settings for real AWS are dropped. The program's own configuration may name a mirror.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
        self.environment = kept | {
            "TF_PLUGIN_CACHE_DIR": str(cache),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def run(self, folder: str, *arguments: str, codes: tuple[int, ...] = (0,), **environment: str) -> int:
        return self.ended(folder, *arguments, codes=codes, **environment).returncode

    def printed(self, folder: str, *arguments: str, **environment: str) -> str:
        return self.ended(folder, *arguments, codes=(0,), **environment).stdout

    def ended(
        self, folder: str, *arguments: str, codes: tuple[int, ...], **environment: str
    ) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [self.program, *arguments],
            cwd=self.modules / folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if process.returncode not in codes:
            raise Failed(f"{folder}: {self.program} {' '.join(arguments)}\n{process.stdout}{process.stderr}")
        return process

    def prepare(self, folder: str) -> None:
        self.run(folder, "init", "-no-color", "-input=false", "-backend=false")


def check_module(terraform: Terraform, module: str) -> None:
    examples = sorted((terraform.modules / module / "examples").iterdir())
    if not examples or not any((terraform.modules / module / "tests").glob("*.tftest.hcl")):
        raise Failed(f"{module} has no example or no test")
    terraform.prepare(module)
    terraform.run(module, "test", "-no-color")
    for example in examples:
        folder = f"{module}/examples/{example.name}"
        terraform.prepare(folder)
        terraform.run(folder, "validate", "-no-color")
    print(f"{module}: its tests pass, {len(examples)} examples are valid", flush=True)


# ---- The emulated AWS ----


def parameters_of(cloud: Cloud, stack: str) -> dict[str, str]:
    [found] = cloud.root("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}


def stacks(cloud: Cloud) -> set[str]:
    listed = cloud.root("cloudformation").list_stacks()["StackSummaries"]
    return {one["StackName"] for one in listed if one["StackStatus"] != "DELETE_COMPLETE"}


def outputs_of(cloud: Cloud, stack: str) -> dict[str, str]:
    [found] = cloud.root("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


def uploads(cloud: Cloud, published: str) -> dict[str, int]:
    """Counts the objects by folder, in the buckets that the stack names, and those that are the customers' template."""
    outputs, s3 = outputs_of(cloud, f"{NAME}-artifacts"), cloud.root("s3")
    found: dict[str, int] = {}
    for bucket in (outputs["CodeBucket"], outputs["TemplateBucket"]):
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            folder = one["Key"].split("/")[0]
            found[folder] = found.get(folder, 0) + 1
            if published == f"{outputs['TemplateBucketUrl']}/{one['Key']}":
                body = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
                found["equal"] = int(body == (ROOT / "infra/customer-role.yaml").read_bytes())
    return found


def access(emulator: Emulator, account: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": HOME_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def compare_customer_role(terraform: Terraform, emulator: Emulator) -> None:
    equality.write(terraform.modules)
    (terraform.modules / equality.FOLDER / "emulator.tf").write_text(PROVIDER)
    environment = access(emulator, CUSTOMER)
    terraform.prepare(equality.FOLDER)
    terraform.run(equality.FOLDER, "plan", "-out=plan", "-no-color", "-input=false", **environment)
    plan = json.loads(terraform.printed(equality.FOLDER, "show", "-json", "plan", **environment))
    expect("what differs from the template", equality.differences(plan, CUSTOMER), [])
    print(f"customer-role: equal to its template in {len(equality.cases())} cases", flush=True)


def apply_complete(terraform: Terraform, emulator: Emulator) -> None:
    cloud = Cloud(emulator.endpoint)
    package = terraform.modules / "package.zip"
    shutil.make_archive(str(package.with_suffix("")), "zip", ROOT / "tests/terraform")
    (terraform.modules / EXAMPLE / "emulator.tf").write_text(PROVIDER)
    environment = access(emulator, BACKEND_ACCOUNT) | {
        "TF_VAR_name": NAME,
        "TF_VAR_package": str(package),
        "TF_VAR_require_tls": "false",
    }

    def step(*arguments: str, codes: tuple[int, ...] = (0,), **more: str) -> int:
        return terraform.run(EXAMPLE, *arguments, "-no-color", "-input=false", codes=codes, **environment, **more)

    terraform.prepare(EXAMPLE)
    step("apply", "-auto-approve")
    suffixes = ("-artifacts", "-role", "", "-fleet", "-changes", "-athena", "-athena-names")
    expect("the stacks", stacks(cloud), {f"{NAME}{suffix}" for suffix in suffixes})
    expect("a second plan has changes", step("plan", "-detailed-exitcode", codes=(0, 2)), 0)

    request = cloud.root("scheduler").get_schedule(Name=NAME)["Target"]["Input"]
    expect("the scheduled request", json.loads(request), {"accounts": "all", "scheduled_at": PLACEHOLDER})
    expect("the placeholder is in it", PLACEHOLDER in request, True)
    registry = f"{NAME}-registry-{BACKEND_ACCOUNT}-{HOME_REGION}"
    published = json.loads(cloud.root("s3").get_object(Bucket=registry, Key="published.json")["Body"].read())
    expect("the published role", published["backend_role_arn"], f"arn:aws:iam::{BACKEND_ACCOUNT}:role/{NAME}-backend")
    expect("the objects in the buckets of artifacts.yaml", uploads(cloud, published["template_url"]), EXPECTED)

    # A value that is given comes, and one that is no longer given goes.
    step("apply", "-auto-approve", TF_VAR_customers=json.dumps([CUSTOMER, "444455556666"]))
    readers = parameters_of(cloud, f"{NAME}-artifacts")["TemplateReaders"]
    expect("the readers of the template", readers, f"{CUSTOMER},444455556666")
    expect("the objects after an update of their stack", uploads(cloud, published["template_url"]), EXPECTED)
    step("apply", "-auto-approve")
    expect("the readers, without", parameters_of(cloud, f"{NAME}-artifacts")["TemplateReaders"], "")
    expect("a last plan has changes", step("plan", "-detailed-exitcode", codes=(0, 2)), 0)

    step("destroy", "-auto-approve")
    expect("the stacks that are left", stacks(cloud), set())
    print(f"{EXAMPLE}: applied to an emulated AWS, changed, and removed", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="terraform or tofu; the first of them on the PATH if it is not given")
    parser.add_argument("--module", action="append", help="check this module only, and apply nothing")
    parser.add_argument("--no-apply", action="store_true", help="apply nothing to the emulated AWS")
    arguments = parser.parse_args()
    program = arguments.program or shutil.which("terraform") or shutil.which("tofu")
    if not program:
        sys.exit("neither terraform nor tofu is installed")
    with tempfile.TemporaryDirectory(prefix="rolecall-terraform-") as scratch:
        terraform = Terraform(program, Path(scratch))
        try:
            terraform.run(".", "fmt", "-check", "-recursive", "-diff")
            modules = sorted(path.parent.name for path in terraform.modules.glob("*/main.tf"))
            for module in arguments.module or modules:
                check_module(terraform, module)
            if not arguments.no_apply and not arguments.module:
                with Emulator() as emulator:
                    compare_customer_role(terraform, emulator)
                    apply_complete(terraform, emulator)
        except Failed as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
