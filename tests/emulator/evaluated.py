"""Evaluates deployed policies for requests that the emulator cannot make.

ministack lacks the condition keys `lambda:SourceFunctionArn`, `aws:SourceAccount` (for Lambda), `s3:if-none-match`,
`s3:if-match` and `s3:ObjectCreationOperation`, and every bucket that it shows a caller is the caller's own. AWS sets
these keys as documented. Here each case names all keys of its request, and ministack's evaluator decides. Principals
are not evaluated, except by the cases' choice of the policy.
"""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from ministack.core import iam_evaluator as iam

from clients import BACKEND_ACCOUNT, HOME_REGION, Cloud

OTHER_ACCOUNT = "888888888888"
OWN, FOREIGN = {"aws:resourceaccount": BACKEND_ACCOUNT}, {"aws:resourceaccount": OTHER_ACCOUNT}
FUNCTION = f"arn:aws:lambda:{HOME_REGION}:{BACKEND_ACCOUNT}:function:"


def allows(policies: list[Any], action: str, resource: str, keys: dict[str, str]) -> str:
    context = iam.EvalContext("*", "AssumedRole", BACKEND_ACCOUNT, action, resource, HOME_REGION, service_context=keys)
    parsed = [iam.parse_policy_document(policy) for policy in policies]
    # Only the keys of the case are in the request.
    with patch.object(iam, "_resolve_condition_key", lambda key, ctx: ctx.service_context.get(key.lower())):
        decision = iam.evaluate(context, parsed).decision
    return "allowed" if decision == "Allow" else "denied: evaluated"


def statements(cloud: Cloud, role: str, account: str = BACKEND_ACCOUNT) -> tuple[dict[str, Any], list[Any]]:
    """Returns the trust policy and the inline policies of a role."""
    client = cloud.root("iam", account)
    names = client.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    return client.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"], policies


def trust_of(document: dict[str, Any], service: str) -> dict[str, Any]:
    """Returns the trust statements for a service, without the members that an identity policy lacks."""
    found = [each for each in document["Statement"] if each["Principal"].get("Service") == service]
    return {"Statement": [{**each, "Resource": "*"} for each in found]}


def try_backend_role_elsewhere(cloud: Cloud, facts: dict[str, Any], outcomes: dict[str, str]) -> None:
    trust, policies = statements(cloud, facts["backend_role_arn"].rsplit("/", 1)[-1])
    results, registry = (f"arn:aws:s3:::{facts[name]}" for name in ("results_bucket", "registry_bucket"))
    queue = f"arn:aws:sqs:{HOME_REGION}:{BACKEND_ACCOUNT}:rolecall-"
    calls = (
        ("s3:ListBucket", results),
        ("s3:GetObject", f"{results}/runs/r/plan.json"),
        ("s3:PutObject", f"{results}/runs/r/plan.json"),
        ("s3:AbortMultipartUpload", f"{results}/parquet/ec2_vpcs/a"),
        ("s3:ListBucket", registry),
        ("s3:GetObject", f"{registry}/targets.json"),
        ("sqs:ReceiveMessage", f"{queue}requests"),
        ("sqs:SendMessage", f"{queue}dead-letters"),
    )
    for action, resource in calls:
        name = f"backend_role calls {action} on {resource.rsplit(':', 1)[-1].split('/')[0]} of "
        outcomes[f"{name}its own account"] = allows(policies, action, resource, OWN)
        outcomes[f"{name}another account"] = allows(policies, action, resource, FOREIGN)
    customer = f"arn:aws:iam::{OTHER_ACCOUNT}:role/rolecall-inventory"
    for who, keys in (
        ("the function", {"lambda:sourcefunctionarn": f"{FUNCTION}rolecall"}),
        ("the function for steps", {"lambda:sourcefunctionarn": f"{FUNCTION}rolecall-steps"}),
        ("another function with backend_role", {"lambda:sourcefunctionarn": f"{FUNCTION}rolecall2"}),
        ("an operator with backend_role", {}),
    ):
        outcomes[f"{who} enters a customer"] = allows(policies, "sts:AssumeRole", customer, keys)
    without_operators = [json.loads(json.dumps(policy)) for policy in policies]
    for policy in without_operators:
        policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "OperatorsEnterCustomerRoles"]
    name = "a session of backend_role outside Lambda enters a customer, if there are no operators"
    outcomes[name] = allows(without_operators, "sts:AssumeRole", customer, {})
    service = [trust_of(trust, "lambda.amazonaws.com")]
    for who, account in (("this", BACKEND_ACCOUNT), ("another", OTHER_ACCOUNT)):
        keys = {"aws:sourceaccount": account}
        outcomes[f"Lambda enters backend_role for {who} account"] = allows(service, "sts:AssumeRole", "*", keys)


def try_replacing_results(cloud: Cloud, facts: dict[str, Any], outcomes: dict[str, str]) -> None:
    bucket = facts["results_bucket"]
    policy = json.loads(cloud.root("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    # The bucket policy only denies. A principal that may do everything shows what is left.
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    created, part = {"s3:objectcreationoperation": "true"}, {"s3:objectcreationoperation": "false"}
    if_none_match, if_match = created | {"s3:if-none-match": "*"}, created | {"s3:if-match": "tag"}
    keys = (
        "parquet/ec2_vpcs/dt=2026-11-28/a.parquet",
        "ndjson/ec2_vpcs/dt=2026-11-28/a.ndjson.gz",
        "parquet/changes/dt=2026-11-28/a.parquet",
        "committed/dt=2026-11-28/r.ndjson",
        "changes/dt=2026-11-28/r.ndjson",
        *(f"runs/r/{name}.json" for name in ("plan", "manifest", "announced", "items.0", "shards/0")),
        *(f"runs/r/{name}.json" for name in ("changes", "changes/plan", "changes/0", "changes/sent/a")),
        "trust/20261128T000000Z/r.json",
        "state/parquet/a.parquet",
        "symlinks/ec2_vpcs/files.txt",
        "latest.json",
        "latest.html",
        "runs/r/report.html",
        "runs/r/report/0.html",
        "unrelated/object",
    )
    for key in keys:
        for how, request in (
            ("with If-None-Match", if_none_match),
            ("with If-Match", if_match),
            ("without a condition", created),
            ("as a part of an upload", part),
        ):
            decision = allows([everything, policy], "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", request)
            outcomes[f"a principal writes {key} {how}"] = decision


def evaluated(cloud: Cloud, facts: dict[str, Any]) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    try_backend_role_elsewhere(cloud, facts, outcomes)
    try_replacing_results(cloud, facts, outcomes)
    return {f"evaluated: {name}": outcome for name, outcome in outcomes.items()}
