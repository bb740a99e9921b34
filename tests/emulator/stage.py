"""Deploys the stage of the tests into a running emulator: the backend and four customer accounts.

    stage.py --endpoint URL [--bootstrap PATH] [--format ndjson]

It uses the templates of `infra/` and prints one JSON line that describes the stage. With the Lambda binary
(`--bootstrap`) it deploys all of `infra/backend.yaml`. Without it only the buckets are made, for tests of the command
line. The line has external IDs, which rolecall never prints: they are valid in this run and this emulator only.

It starts and stops no emulator (`emulator.py`), and does not check rolecall (`demo.py`, the tests).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clients import BACKEND_ACCOUNT, HOME_REGION, SECRET, Cloud
from customers import (
    CUSTOMER_ROLE,
    Customer,
    four_customers,
    populate,
    registry_of,
    remove_denied_actions,
    stranger,
)
from formation import deploy
from pack import pack

NAME = "rolecall"
REGISTRY_KEY = "targets.json"
FORMATS = ("parquet", "ndjson")


@dataclass
class Stage:
    """The facts about the stage that tests use. Printed as JSON."""

    endpoint: str
    region: str
    backend_account: str
    secret: str
    backend_role_arn: str
    results_bucket: str
    registry_bucket: str
    registry_uri: str
    function_name: str | None
    steps_function_arn: str | None
    queue_url: str | None
    dead_letter_queue_url: str | None
    code: dict[str, str]  # CodeBucket and CodeKey, for an update of the backend's stack
    format: str
    customer_role_arns: dict[str, str]
    accounts: list[dict[str, Any]]
    registry: dict[str, Any]
    stranger: dict[str, Any]  # a registry entry that is in no registry: its role trusts another account


def deploy_backend_role(cloud: Cloud, **parameters: str) -> str:
    outputs = deploy(cloud, BACKEND_ACCOUNT, "backend-role.yaml", "rolecall-backend-role", {"Name": NAME, **parameters})
    return outputs["BackendRoleArn"]


def upload_code(cloud: Cloud, bootstrap: Path) -> dict[str, str]:
    code = {"CodeBucket": f"{NAME}-code-{BACKEND_ACCOUNT}", "CodeKey": "bootstrap.zip"}
    s3 = cloud.root("s3")
    s3.create_bucket(Bucket=code["CodeBucket"], CreateBucketConfiguration={"LocationConstraint": HOME_REGION})
    s3.put_object(Bucket=code["CodeBucket"], Key=code["CodeKey"], Body=pack(bootstrap, level=1))
    return code


def backend_parameters(cloud: Cloud, role_arn: str, code: dict[str, str], file_format: str) -> dict[str, str]:
    """Returns the stage's parameters of backend.yaml, with the schedule disabled."""
    return {
        "Name": NAME,
        "BackendRoleArn": role_arn,
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "EndpointUrl": cloud.endpoint,
        "RequireTls": "false",  # the emulator serves plain HTTP on the loopback
        "ScheduleState": "DISABLED",
        "Http": "yes",
        "Format": file_format,
        **code,
    }


def create_buckets(cloud: Cloud) -> dict[str, str]:
    """Creates the two buckets of backend.yaml under their names, for a stage without a function."""
    s3 = cloud.root("s3")
    names = {
        "ResultsBucket": f"{NAME}-results-{BACKEND_ACCOUNT}-{HOME_REGION}",
        "RegistryBucket": f"{NAME}-registry-{BACKEND_ACCOUNT}-{HOME_REGION}",
    }
    for name in names.values():
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME_REGION})
    return names


def deploy_customer(cloud: Cloud, customer: Customer) -> None:
    parameters = {
        "BackendAccountId": customer.backend_account,
        "ExternalId": customer.trusted_external_id,
        "RoleName": CUSTOMER_ROLE,
    }
    outputs = deploy(cloud, customer.account, "customer-role.yaml", "rolecall", parameters)
    customer.role_arn = outputs["RoleArn"]
    if customer.denied_actions:
        remove_denied_actions(cloud, customer)


def put_registry(cloud: Cloud, bucket: str, registry: dict[str, Any]) -> None:
    body = json.dumps(registry, indent=2, ensure_ascii=False).encode()
    cloud.root("s3").put_object(Bucket=bucket, Key=REGISTRY_KEY, Body=body, ContentType="application/json")


def deploy_stage(endpoint: str, bootstrap: Path | None, file_format: str) -> Stage:
    cloud = Cloud(endpoint)
    # The tests run the command line through backend_role, which trusts its operators: here the whole account.
    role_arn = deploy_backend_role(cloud, OperatorArns=f"arn:aws:iam::{BACKEND_ACCOUNT}:root")
    code: dict[str, str] = {}
    if bootstrap is None:
        backend = create_buckets(cloud)
    else:
        code = upload_code(cloud, bootstrap)
        parameters = backend_parameters(cloud, role_arn, code, file_format)
        backend = deploy(cloud, BACKEND_ACCOUNT, "backend.yaml", "rolecall-backend", parameters)
    customers = four_customers()
    for customer in customers:
        deploy_customer(cloud, customer)
        populate(cloud, customer)
    other = stranger()
    deploy_customer(cloud, other)
    registry = registry_of(customers)
    put_registry(cloud, backend["RegistryBucket"], registry)
    return Stage(
        endpoint=endpoint,
        region=HOME_REGION,
        backend_account=BACKEND_ACCOUNT,
        secret=SECRET,
        backend_role_arn=role_arn,
        results_bucket=backend["ResultsBucket"],
        registry_bucket=backend["RegistryBucket"],
        registry_uri=f"s3://{backend['RegistryBucket']}/{REGISTRY_KEY}",
        function_name=backend.get("FunctionName"),
        steps_function_arn=backend.get("StepsFunctionArn"),
        queue_url=backend.get("RequestQueueUrl"),
        dead_letter_queue_url=backend.get("DeadLetterQueueUrl"),
        code=code,
        format=file_format,
        customer_role_arns={customer.account: customer.role_arn for customer in customers},
        accounts=[customer.described() for customer in customers],
        registry=registry,
        stranger=other.registry_entry(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys the stage into a running emulator.")
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    parser.add_argument("--bootstrap", type=Path, help="the Lambda binary; without it no function is deployed")
    parser.add_argument(
        "--format", choices=FORMATS, default="ndjson", help="the function's output format (default: ndjson)"
    )
    arguments = parser.parse_args()
    try:
        stage = deploy_stage(arguments.endpoint, arguments.bootstrap, arguments.format)
    except (RuntimeError, ValueError) as problem:
        sys.exit(f"stage: {problem}")
    print(json.dumps(asdict(stage), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
