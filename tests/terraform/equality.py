"""Plans the customer's module with every combination of its variables, and compares it with the template.

`make check` compares the sources. Here Terraform itself evaluates the module, `null` included, and the role that it
plans has to have the members that CloudFormation would give to the template's role: name, path, boundary, trust and
policies.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from evaluation import condition, plain  # noqa: E402
from modules import Template, snake  # noqa: E402

TEMPLATE = ROOT / "infra/customer-role.yaml"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
# Everything that a variable can be whose value decides something, and null.
DECIDING = {
    "scope": ["all", "network", "dns", "names", None],
    "secret_bearing_reads": ["yes", "no", None],
    "self_read": ["yes", "no", None],
    "permissions_boundary_arn": ["", BOUNDARY, None],
    "role_path": ["/", "/vendors/inventory/", None],
}
# These are inserted as they are, so that each case has one of them.
INSERTED = {
    "backend_account_id": ["999999999999"],
    "backend_role_name": ["rolecall-backend", "team/rolecall+backend", None],
    "external_id": ["0f8fad5b-d9cb-469f-a165-70867728950e", "a/b:c=d,e.f@g+h_i-j"],
    "role_name": ["reader", None],
}
FOLDER = "every-case"


def cases() -> list[dict[str, str | None]]:
    combinations = itertools.product(*DECIDING.values())
    made = []
    for number, values in enumerate(combinations):
        inserted = {name: options[number % len(options)] for name, options in INSERTED.items()}
        made.append(dict(zip(DECIDING, values, strict=True)) | inserted)
    return made


def write(modules: Path) -> None:
    """A configuration that has the module once for each case."""
    folder = modules / FOLDER
    folder.mkdir()
    variables = "".join(f"  {name} = each.value.{name}\n" for name in (*DECIDING, *INSERTED))
    (folder / "main.tf").write_text(
        f"""module "role" {{
  source   = "../customer-role"
  for_each = {{ for number, one in jsondecode(file("${{path.module}}/cases.json")) : number => one }}

{variables}}}
"""
    )
    (folder / "cases.json").write_text(json.dumps(cases()))


def expected(template: dict[str, Any], given: dict[str, str | None], account: str) -> dict[str, Any]:
    """The role that CloudFormation makes of the template. A parameter that is null is not passed."""
    values = {
        name: parameter["Default"] if given[snake(name)] is None else given[snake(name)]
        for name, parameter in template["Parameters"].items()
    }
    conditions = {name: condition(one, values) for name, one in template["Conditions"].items()}
    role = plain(template["Resources"]["InventoryRole"]["Properties"], conditions)
    named = {snake(name): value for name, value in values.items()}
    named |= {"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::NoValue": ""}
    return inserted(role, named)


def inserted(value: Any, named: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [inserted(one, named) for one in value]
    if isinstance(value, dict):
        return {name: inserted(one, named) for name, one in value.items()}
    return re.sub(r"<([\w:]+)>", lambda match: named[match[1]], value) if isinstance(value, str) else value


def planned(module: dict[str, Any]) -> dict[str, Any]:
    """The role of one module in a plan, with the members of CloudFormation's."""
    resources = {(one["type"], one["name"]): one["values"] for one in module["resources"]}
    role = resources["aws_iam_role", "inventory"]
    policies = [one for (kind, _), one in sorted(resources.items()) if kind == "aws_iam_role_policy"]
    return {
        "RoleName": role["name"],
        "Path": role["path"],
        "PermissionsBoundary": role["permissions_boundary"] or "",
        "Description": role["description"],
        "MaxSessionDuration": role["max_session_duration"],
        "AssumeRolePolicyDocument": json.loads(role["assume_role_policy"]),
        "Policies": [{"PolicyName": one["name"], "PolicyDocument": json.loads(one["policy"])} for one in policies],
    }


def differences(plan: dict[str, Any], account: str) -> list[str]:
    """Compares a plan of the configuration with the template, case by case."""
    modules = {one["address"]: one for one in plan["planned_values"]["root_module"]["child_modules"]}
    template, found = yaml.load(TEMPLATE.read_text(), Template), []
    for number, given in enumerate(cases()):
        module, wanted = planned(modules[f'module.role["{number}"]']), expected(template, given, account)
        # IAM does not keep the order of policies.
        wanted["Policies"].sort(key=lambda policy: policy["PolicyName"])
        found += [f"{given}: {name} differs" for name in wanted if wanted[name] != module[name]]
    if len(modules) != len(cases()):
        found.append(f"{len(modules)} of {len(cases())} cases were planned")
    return found
