"""Deploys the templates of `infra/` with CloudFormation, and reports why a deployment failed.

It knows the templates by their file names only. The caller chooses their parameters.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from clients import Cloud

INFRA = Path(__file__).resolve().parents[2] / "infra"


def deploy(cloud: Cloud, account: str, template: str, stack: str, parameters: dict[str, str]) -> dict[str, str]:
    """Creates or updates a stack and returns its outputs."""
    formation = cloud.root("cloudformation", account)
    request = {
        "StackName": stack,
        # A request takes a template of 51,200 bytes.
        "TemplateBody": re.sub(r"^ *#.*\n", "", (INFRA / template).read_text(), flags=re.MULTILINE),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    kind = "update" if stack_exists(formation, stack) else "create"
    getattr(formation, f"{kind}_stack")(**request)
    waiter = formation.get_waiter(f"stack_{kind}_complete")
    try:
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200})
    except WaiterError as problem:
        raise RuntimeError(f"{template} in {account}: {first_failure(formation, stack)}") from problem
    outputs = formation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def stack_exists(formation: Any, stack: str) -> bool:
    try:
        formation.describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return False
        raise
    return True


def first_failure(formation: Any, stack: str) -> str:
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return f"{failed[0]['LogicalResourceId']}: {failed[0].get('ResourceStatusReason')}" if failed else "no failed event"
