"""Deploys the templates of `infra/` with CloudFormation, and reports why a deployment failed.

It knows the templates by their file names only. The caller chooses their parameters.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from clients import Cloud

# The most bytes of a template in a request of CloudFormation.
MAX_BODY = 51_200
INFRA = Path(__file__).resolve().parents[2] / "infra"


def deploy(cloud: Cloud, account: str, template: str, stack: str, parameters: dict[str, str]) -> dict[str, str]:
    """Creates or updates a stack and returns its outputs."""
    formation = cloud.root("cloudformation", account)
    request = {
        "StackName": stack,
        **template_source(cloud, account, (INFRA / template).read_text()),
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


def template_source(cloud: Cloud, account: str, text: str) -> dict[str, str]:
    """Returns a template as a request names it: as it is, without its comments, or as an object if it is too large."""
    body = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    if len(body.encode()) <= MAX_BODY:
        return {"TemplateBody": body}
    s3, bucket = cloud.root("s3", account), f"templates-{account}"
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_object(Bucket=bucket, Key="template.yaml", Body=body.encode())
    return {"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/template.yaml"}


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
