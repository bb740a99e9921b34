"""Checks what the functions of `backend.yaml` may differ in, who invokes each, and how they enter and leave a VPC."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from evaluation import plain  # noqa: E402
from modules import Template  # noqa: E402

BACKEND = ROOT / "infra/backend.yaml"
ROLE = ROOT / "infra/backend-role.yaml"


def check_functions() -> list[str]:
    """Checks that both functions differ in their names, in ROLECALL_STEPS, and in what invokers may ask for only."""
    resources = yaml.load(BACKEND.read_text(), Template)["Resources"]
    forms = {}
    for name in ("Function", "StepsFunction"):
        properties = resources[name]["Properties"]
        variables = properties["Environment"].pop("Variables")
        own = {variable: variables.pop(variable, None) for variable in ("ROLECALL_STEPS", "ROLECALL_INLINE")}
        for member in ("FunctionName", "Description", "ReservedConcurrentExecutions"):
            properties.pop(member, None)
        forms[name] = properties, variables, own
    found = []
    if forms["Function"][:2] != forms["StepsFunction"][:2]:
        found.append(f"{BACKEND.name}: Function and StepsFunction have different properties or variables")
    if [form[2]["ROLECALL_STEPS"] for form in forms.values()] != ["refuse", "only"]:
        found.append(f"{BACKEND.name}: ROLECALL_STEPS must be refuse in Function and only in StepsFunction")
    referring = {
        name
        for name, resource in resources.items()
        if "StepsFunction" in json.dumps(resource) and resource["Type"] != "AWS::CloudWatch::Alarm"
    }
    if referring:
        found.append(f"{BACKEND.name}: {sorted(referring)} refer to StepsFunction, which only fleet.yaml may invoke")
    return found + check_http_function(resources)


def check_http_function(resources: dict[str, Any]) -> list[str]:
    """Checks that the function for HTTP answers nothing else, enters no customer, and is invoked by its URL only."""
    function, role = resources["HttpFunction"]["Properties"], json.dumps(resources["HttpRole"])
    policy = resources["HttpPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    found = []
    if (
        function["Environment"]["Variables"].get("ROLECALL_HTTP") != "only"
        or resources["HttpUrl"]["Properties"]["AuthType"] != "AWS_IAM"
    ):
        found.append("HttpFunction must answer requests over HTTP only, and its URL must be authorized by IAM")
    if "BackendRoleArn" in json.dumps(function) or role.count("sts:AssumeRole") != 1 or "parquet" in role:
        found.append("HttpRole must enter no customer and read no record")
    referring = {name for name, resource in resources.items() if "HttpFunction" in json.dumps(resource)}
    if referring != {"HttpUrl", "HttpPolicy"}:
        found.append(f"{sorted(referring)} refer to HttpFunction: only HttpUrl and HttpPolicy may")
    if any(len(statement.get("Condition", {})) != 1 for statement in policy):
        found.append("each statement of HttpPolicy must require the URL by a condition")
    return [f"{BACKEND.name}: {problem}" for problem in found]


def check_vpc() -> list[str]:
    """Checks that the functions enter and leave a VPC, and that only Lambda may use the role's permissions for that."""
    function = yaml.load(BACKEND.read_text(), Template)["Resources"]["Function"]["Properties"]
    role = yaml.load(ROLE.read_text(), Template)
    inside, outside = (
        plain(function["VpcConfig"], {"IsInVpc": given, "UsesDualStack": given}) for given in (True, False)
    )
    found = []
    named = {"SubnetIds": "<subnet_ids>", "SecurityGroupIds": "<security_group_ids>", "Ipv6AllowedForDualStack": True}
    if inside != named or outside != {"SubnetIds": [], "SecurityGroupIds": []}:
        found.append(f"{BACKEND.name}: the functions are in {inside} with SubnetIds, and in {outside} without")
    for given in (True, False):
        conditions = dict.fromkeys(role["Conditions"], True) | {"EntersVpc": given}
        policies = plain(role["Resources"]["BackendRole"]["Properties"]["Policies"], conditions)
        statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
        [functions] = [one for one in statements if one["Sid"] == "FunctionsEnterCustomerRoles"]
        sets = {"Allow": set(), "Deny": set()}
        for one in statements:
            actions = {action for action in listed(one["Action"]) if action.startswith("ec2:")}
            sets[one["Effect"]] |= actions
            if one["Effect"] == "Deny" and one["Condition"] != functions["Condition"]:
                found.append(f"{ROLE.name}: {one['Sid']} is for others than the two functions")
        if sets["Allow"] != sets["Deny"] or bool(sets["Allow"]) != given:
            found.append(f"{ROLE.name}: with VpcAccess {given}, the functions have {sets['Allow'] - sets['Deny']}")
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
