"""Compares `customer-role.yaml` with the customer's Terraform module: same actions, same principal.

Both are converted to one form, in which a parameter's value is `<parameter_name>`. Terraform itself is not asked here:
`tests/terraform/check.py` does.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from hcl import blocks_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from evaluation import condition, plain  # noqa: E402
from modules import Template, snake  # noqa: E402

TEMPLATE = ROOT / "infra/customer-role.yaml"
MODULE = ROOT / "infra/terraform/customer-role"
SCOPES = ("all", "network", "dns", "names")
SECRET_BEARING_READS = ("yes", "no")
# The granted reads whose answers have sensitive members, which operations.txt marks.
OPERATIONS = (ROOT / "tests/model/operations.txt").read_text().splitlines()
MARKED = {line.split()[0] for line in OPERATIONS if line.endswith(" secret") and not line.startswith("#")}
GRANTED = TEMPLATE.read_text().split("NeverReadSecrets")[0]
SECRET_BEARING = MARKED & set(re.findall(r"^ {16,}- (\S+:\w+)$", GRANTED, re.MULTILINE))


def form_of_template() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), Template)
    parameters = template["Parameters"]
    form: dict[str, Any] = {}
    for name, parameter in parameters.items():
        form[f"parameter {snake(name)}"] = {
            "default": parameter.get("Default"),
            "pattern": parameter.get("AllowedPattern"),
            "values": parameter.get("AllowedValues"),
            "min_length": parameter.get("MinLength"),
            "max_length": parameter.get("MaxLength"),
        }
    for scope, secrets in itertools.product(SCOPES, SECRET_BEARING_READS):
        given = {name: parameter.get("Default", "x") for name, parameter in parameters.items()}
        given |= {"Scope": scope, "SecretBearingReads": secrets, "PermissionsBoundaryArn": "x"}
        conditions = {name: condition(expression, given) for name, expression in template["Conditions"].items()}
        role = plain(template["Resources"]["InventoryRole"]["Properties"], conditions)
        [reads, *others] = role["Policies"]
        form |= statements(f"{scope}, secret-bearing reads {secrets}", reads["PolicyDocument"])
        form["policies by default"] = [policy["PolicyName"] for policy in (reads, *others)]
    form["policies with self-read"] = []
    for boundary in ("", "x"):
        given = {name: parameter.get("Default", "x") for name, parameter in parameters.items()}
        given |= {"SelfRead": "yes", "PermissionsBoundaryArn": boundary}
        conditions = {name: condition(expression, given) for name, expression in template["Conditions"].items()}
        [_, own] = plain(template["Resources"]["InventoryRole"]["Properties"], conditions)["Policies"]
        form["policies with self-read"].append(own["PolicyName"])
        form[f"self-read, boundary {boundary!r}"] = listed_statements(own["PolicyDocument"])
    form["trust"] = role["AssumeRolePolicyDocument"]
    form["role"] = {
        "name": role["RoleName"],
        "path": role["Path"],
        "boundary": role["PermissionsBoundary"],
        "description": role["Description"],
        "seconds": role["MaxSessionDuration"],
        "policy": reads["PolicyName"],
    }
    form["resources"] = sorted(resource["Type"] for resource in template["Resources"].values())
    return form


def statements(scope: str, policy: dict[str, Any]) -> dict[str, Any]:
    """Returns the statements of a policy in their order, so that an import of the one shows no change by the other."""
    form: dict[str, Any] = {f"policy version, scope {scope}": policy["Version"]}
    for statement in policy["Statement"]:
        if set(statement) != {"Sid", "Effect", "Action", "Resource"}:
            raise ValueError(f"the statement {statement} has other members than those that are compared")
        form.setdefault(f"{statement['Effect']}, scope {scope}", []).extend(statement["Action"])
    form[f"statements, scope {scope}"] = [
        f"{one['Sid']}: {one['Effect']} {' '.join(one['Action'])} on {one['Resource']}" for one in policy["Statement"]
    ]
    return form


def listed_statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the statements of a policy, each with its lists sorted."""
    if policy["Version"] != "2012-10-17":
        raise ValueError(f"the policy has the version {policy['Version']}")
    resources = [statement["Resource"] for statement in policy["Statement"]]
    lists = [resource if isinstance(resource, list) else [resource] for resource in resources]
    statements = zip(policy["Statement"], lists, strict=True)
    return [{**one, "Action": sorted(one["Action"]), "Resource": sorted(resource)} for one, resource in statements]


def form_of_module() -> dict[str, Any]:
    blocks = blocks_of(MODULE)
    variables = {name: body for block in blocks["variable"] for name, body in block.items()}
    local = {name: body[0] for block in blocks["locals"] for name, body in block.items() if not name.startswith("__")}
    resources: dict[str, dict[str, Any]] = {}
    for block in blocks["resource"]:
        for kind, body in block.items():
            resources.setdefault(kind, {}).update(body)
    [role], policies = resources["aws_iam_role"].values(), resources["aws_iam_role_policy"]
    policy, own = policies["reads"], policies["self_read"]

    def filled(value: Any) -> Any:
        """Inserts the locals into a value of the module. A variable becomes `<variable_name>`."""
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if not isinstance(value, str):
            return value
        value = re.sub(r"\$\{local\.(\w+)\}", lambda match: filled(local[match[1]]), value)
        value = value.replace("${data.aws_partition.current.partition}", "<AWS::Partition>")
        value = value.replace("${data.aws_caller_identity.current.account_id}", "<AWS::AccountId>")
        return re.sub(r"\$\{var\.(\w+)\}", r"<\1>", value)

    def listed(expression: str | list[str]) -> list[str]:
        """Evaluates `${local.a}`, or takes a list as it is."""
        if isinstance(expression, list):
            return expression
        match = re.fullmatch(r"\$\{local\.(\w+)\}", expression)
        if not match:
            raise ValueError(f"the list {expression} is not supported")
        return local[match[1]]

    # A stack has tags without a parameter.
    if variables.pop("tags", {}).get("type") != ["${map(string)}"] or role["tags"] != ["${var.tags}"]:
        raise ValueError("the module's role has no tags of its own")
    form: dict[str, Any] = {f"parameter {name}": form_of_variable(name, body) for name, body in variables.items()}
    for name, body in variables.items():
        # A module around this one hands on null, and an administrator reads the trust in the plan.
        if body.get("nullable") != [False] or "sensitive" in body:
            raise ValueError(f"the variable {name} has to be `nullable = false`, and not sensitive")
    chosen = "concat(local.granted[var.scope],local.denied[var.secret_bearing_reads])"
    merged = "merge({'Sid': '${sid}', 'Resource': '*'},local.statements[sid])"
    if (found := local["reads_policy"]["Statement"]) != f"${{[for sid in {chosen} : {merged}]}}":
        raise ValueError(f"the statements of the module are put together in another way: {found}")
    for scope, secrets in itertools.product(SCOPES, SECRET_BEARING_READS):
        sids = local["granted"][scope] + local["denied"][secrets]
        evaluated = [
            {
                "Sid": sid,
                "Effect": one["Effect"],
                "Action": listed(one["Action"]),
                "Resource": filled(one.get("Resource", "*")),
            }
            for sid in sids
            for one in [local["statements"][sid]]
        ]
        form |= statements(
            f"{scope}, secret-bearing reads {secrets}", {**local["reads_policy"], "Statement": evaluated}
        )
    form["trust"] = filled(local["trust_policy"])
    documents = (role["assume_role_policy"], policy["policy"], own["policy"])
    names = ("trust_policy", "reads_policy", "self_read_policy")
    if documents != tuple([f"${{jsonencode(local.{name})}}"] for name in names) or len(policies) != 2:
        raise ValueError("the module's role has other policies than those that are compared")
    if "count" in policy or own["count"] != ['${var.self_read == "yes" ? 1 : 0}']:
        raise ValueError("the module's role has its policies in other cases than those that are compared")
    form["policies by default"] = policy["name"]
    form["policies with self-read"] = [own["name"][0]] * 2
    for boundary in ("", "x"):
        form[f"self-read, boundary {boundary!r}"] = listed_statements(
            {
                **local["self_read_policy"],
                "Statement": [
                    {**one, "Resource": compacted(filled(one["Resource"]), boundary)}
                    for one in local["self_read_policy"]["Statement"]
                ],
            }
        )
    boundary = role["permissions_boundary"][0]
    form["role"] = {
        "name": filled(role["name"][0]),
        "path": filled(role["path"][0]),
        "boundary": "<permissions_boundary_arn>" if "var.permissions_boundary_arn}" in boundary else boundary,
        "description": role["description"][0],
        "seconds": role["max_session_duration"][0],
        "policy": policy["name"][0],
    }
    # In Terraform an inline policy is a resource of its own. The module must have no other resources.
    same = set(resources) == {"aws_iam_role", "aws_iam_role_policy"}
    form["resources"] = ["AWS::IAM::Role"] if same else sorted(resources)
    return form


def compacted(resource: str, boundary: str) -> str | list[str]:
    """Evaluates `${compact(['arn', '<permissions_boundary_arn>'])}`, which leaves out empty texts."""
    match = re.fullmatch(r"\$\{compact\(\['([^']+)', '<permissions_boundary_arn>'\]\)\}", resource)
    if not match:
        return resource
    return [match[1], "<permissions_boundary_arn>"] if boundary else [match[1]]


def form_of_variable(name: str, body: dict[str, Any]) -> dict[str, Any]:
    rule = body["validation"][0]["condition"][0]
    pattern = re.search(r'can\(regex\("(.*)",var\.', rule)
    values = re.search(r"contains\((\[.*\]),var\.", rule)
    low, high = (re.search(rf"length\(var\.{name}\) {sign} (\d+)", rule) for sign in (">=", "<="))
    return {
        "default": body.get("default", [None])[0],
        "pattern": pattern and pattern[1],
        "values": values and json.loads(values[1].replace("'", '"')),
        "min_length": low and int(low[1]),
        "max_length": high and int(high[1]),
    }


def compare_role_and_module() -> list[str]:
    try:
        template, module = form_of_template(), form_of_module()
    except (KeyError, ValueError) as problem:
        return [f"customer-role.yaml and terraform/customer-role cannot be compared: {problem!r}"]
    found = []
    for name in sorted(template.keys() | module.keys()):
        left, right = template.get(name), module.get(name)
        if left == right:
            continue
        if isinstance(left, list) and isinstance(right, list):
            left, right = [x for x in left if x not in right], [x for x in right if x not in left]
        found.append(f"{name}: customer-role.yaml has {left}, terraform/customer-role has {right}")
    for scope in SCOPES:
        granted, denied = (
            template.get(f"{effect}, scope {scope}, secret-bearing reads no", []) for effect in ("Allow", "Deny")
        )
        always = template.get(f"Deny, scope {scope}, secret-bearing reads yes", [])
        if set(denied) - set(always) != SECRET_BEARING:
            found.append(f"scope {scope}: SecretBearingReads=no denies {sorted(set(denied) - set(always))}")
        if not granted or len(set(granted)) != len(granted) or any("*" in action for action in granted):
            found.append(f"scope {scope} grants no action, or an action twice, or one with a wildcard")
    return found
