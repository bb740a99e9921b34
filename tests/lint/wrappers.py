"""Compares the modules that deploy a template with it: every parameter with its default, and every output."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from hcl import blocks_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from modules import interface, snake  # noqa: E402

INFRA = ROOT / "infra"
MODULES = INFRA / "terraform"
# It has resources of its own: customer_role.py compares it.
CUSTOMER_ROLE = "customer-role"


def check_wrapper(module: Path) -> list[str]:
    """Checks that a module has each parameter and output of its template, and that its stack is of that template."""
    blocks = blocks_of(module)
    variables, outputs = (
        {name: body for block in blocks.get(kind, []) for name, body in block.items()}
        for kind in ("variable", "output")
    )
    resources: dict[str, dict[str, Any]] = {}
    for block in blocks.get("resource", []):
        for kind, named in block.items():
            resources.setdefault(kind, {}).update(named)
    local = {name: body[0] for block in blocks["locals"] for name, body in block.items() if not name.startswith("__")}
    stack = (resources.get("aws_cloudformation_stack") or resources["aws_cloudformation_stack_set"])["rolecall"]
    found = []
    # The template is in the request, or uploaded and named by its hash.
    named = stack.get("template_body", [""])[0] or local.get("template", "")
    match = re.search(r"\$\{path\.module\}/\.\./\.\./([a-z-]+\.yaml)", named)
    if not match or not (INFRA / match[1]).exists():
        return [f"{module.name}: its stack is of no template here: {named}"]
    template = interface((INFRA / match[1]).read_text())
    if stack["parameters"] != ["${local.parameters}"]:
        found.append(f"{module.name}: its stack has the parameters {stack['parameters']}")
    parameters, values = template["Parameters"], local["values"]
    if (listed := sorted(values)) != sorted(parameters):
        differing = sorted(set(listed) ^ set(parameters))
        found.append(f"{module.name}: {match[1]} and the module's stack differ in the parameters {differing}")
    for name, parameter in parameters.items():
        body = variables.get(snake(name))
        if not body or f"var.{snake(name)}" not in values.get(name, ""):
            found.append(f"{module.name}: the parameter {name} has no variable, or the stack gets another")
        elif body.get("nullable") != [False] or default_of(body) != (
            str(parameter["Default"]) if "Default" in parameter else None
        ):
            found.append(f"{module.name}: {snake(name)} has another default than {match[1]}, or takes no null for it")
    if "aws_cloudformation_stack" in resources:
        for name in template.get("Outputs", {}):
            value = str(outputs.get(snake(name), {}).get("value")).replace("'", '"')
            # The module knows the names of some buckets before the stack does.
            if f'"{name}"' not in value and f"local.{snake(name)}" not in value:
                found.append(f"{module.name}: the output {name} of {match[1]} is missing")
    return found


def check_second_stack() -> list[str]:
    """Checks that the module of Athena gives its second stack the parameters that athena-names.yaml has."""
    given = re.search(r"contains\(\[(.*?)\], name\)", (INFRA / "terraform/athena/main.tf").read_text())
    names = sorted(re.findall(r'"(\w+)"', given[1])) if given else []
    wanted = sorted(interface((INFRA / "athena-names.yaml").read_text())["Parameters"])
    return [] if names == wanted else [f"athena: its second stack has the parameters {names} instead of {wanted}"]


def default_of(variable: dict[str, Any]) -> str | None:
    """Returns the default as CloudFormation would get it."""
    if "default" not in variable:
        return None
    [value] = variable["default"]
    # The parser leaves escapes as they are.
    return ",".join(value) if isinstance(value, list) else str(value).replace('\\"', '"')


def check_wrappers() -> list[str]:
    found = []
    for module in sorted(path.parent for path in MODULES.glob("*/main.tf")):
        if module.name != CUSTOMER_ROLE:
            try:
                found += check_wrapper(module)
            except (KeyError, ValueError) as problem:
                found.append(f"{module.name} cannot be compared with its template: {problem!r}")
    return found + check_second_stack()
