"""Lints what is deployed from `infra/`: the CloudFormation templates and the Terraform module.

    templates.py

Three looks, and exit 1 if any finds something: cfn-lint over the templates; checkov over both, where each exception
stands with its reason in the resource that it is made for; and the Terraform module against `customer-role.yaml`,
since both must grant the same to the same.

checkov lives in an environment of its own under .emulator/lint, made on first use and again when its pin changes. All
else is offline. It does not look at the catalogue: `pages.py --check` holds the templates against that.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
TEMPLATE = INFRA / "customer-role.yaml"
MODULE = INFRA / "terraform/customer-role"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
LINT = ROOT / ".emulator/lint"
FRAMEWORKS = ("cloudformation", "terraform")
SCOPES = ("all", "network", "dns")
# Settings of the person at the keyboard that would change what checkov looks at, or whom it asks.
FOREIGN = ("BC_", "CKV_", "CHECKOV_", "PRISMA_", "AWS_", "TF_")
# Reads the file that is named and prints it as JSON. Only checkov's environment has a parser of HCL.
PARSE = """
import hcl2, json, sys
try:
    print(json.dumps(hcl2.loads(open(sys.argv[1]).read())))
except Exception as problem:
    sys.exit(str(problem).splitlines()[0])
"""


# ---- The tools ----


def environment() -> Path:
    """The Python of checkov's environment, made where it is missing or of other pins."""
    python, stamp = LINT / "bin/python", LINT / ".installed"
    pins = REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != pins:
        print("installing checkov into .emulator/lint", flush=True)
        venv.create(LINT, clear=True, with_pip=True)
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([python, "-m", "pip", "install", *quiet, "-r", REQUIREMENTS], check=True)
        stamp.write_text(pins)
    return python


def cfn_lint() -> list[str]:
    templates = sorted(INFRA.glob("*.yaml"))
    done = subprocess.run([Path(sys.executable).with_name("cfn-lint"), *templates], stdout=subprocess.PIPE, text=True)
    return [done.stdout.strip() or f"cfn-lint ended with {done.returncode}"] if done.returncode else []


def checkov(python: Path) -> list[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    done = subprocess.run(
        # Nothing is downloaded, neither rules nor explanations. The exit code is our own affair: a crash is a finding.
        [python, "-m", "checkov.main", "--directory", ".", "--framework", *FRAMEWORKS, "--skip-download"]
        + ["--compact", "--output", "json", "--soft-fail"],
        cwd=INFRA,
        env={**surroundings, "HOME": str(LINT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        return [f"checkov ended with {done.returncode}"]
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    found = []
    for missing in set(FRAMEWORKS) - {report.get("check_type") for report in reports}:
        found.append(f"checkov has looked at nothing of {missing}")
    for report in reports:
        results = report.get("results", {})
        for check in results.get("failed_checks", []):
            found.append(f"infra{where(check)}: {check['check_id']} {check['check_name']}")
        for check in results.get("skipped_checks", []):
            if check["check_result"].get("suppress_comment", "").strip() in ("", "No comment provided"):
                found.append(f"infra{where(check)}: {check['check_id']} is left out without a reason")
        found += [f"{path} cannot be parsed" for path in results.get("parsing_errors", [])]
    return found


def where(check: dict[str, Any]) -> str:
    return f"{check['file_path']}:{check['file_line_range'][0]}: {check['resource']}"


# ---- The template and the module, brought to one form ----


class Template(yaml.SafeLoader):
    """Reads `!Ref X` as {"Ref": "X"} and `!Sub X` as {"Sub": "X"}."""


def tagged(loader: Template, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


Template.add_multi_constructor("!", tagged)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def plain(value: Any, conditions: dict[str, bool]) -> Any:
    """A value of the template with its functions carried out, and <parameter> where one stands."""
    if isinstance(value, list):
        items = [plain(item, conditions) for item in value]
        return [item for item in items if item != "<AWS::NoValue>"]
    if not isinstance(value, dict):
        return value
    match value:
        case {"If": [condition, yes, no]}:
            return plain(yes if conditions[condition] else no, conditions)
        case {"Ref": name}:
            return f"<{name if ':' in name else snake(name)}>"
        case {"Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: plain({"Ref": found[1]}, conditions), text)
    return {name: plain(inner, conditions) for name, inner in value.items()}


def condition(expression: Any, given: dict[str, str]) -> bool:
    match expression:
        case {"Not": [inner]}:
            return not condition(inner, given)
        case {"Equals": [{"Ref": name}, value]}:
            return given[name] == value
    raise ValueError(f"no way to read the condition {expression}")


def of_template() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), Template)
    parameters = template["Parameters"]
    form: dict[str, Any] = {}
    for name, one in parameters.items():
        # The shortest that the pattern and a MinLength of 0 or 1 let through is the pattern's affair.
        form[f"parameter {snake(name)}"] = {
            "default": one.get("Default"),
            "pattern": one.get("AllowedPattern"),
            "values": one.get("AllowedValues"),
            "least": one.get("MinLength"),
            "most": one.get("MaxLength"),
        }
    for scope in SCOPES:
        given = {name: one.get("Default", "x") for name, one in parameters.items()}
        given |= {"Scope": scope, "PermissionsBoundaryArn": "x"}
        conditions = {name: condition(one, given) for name, one in template["Conditions"].items()}
        role = plain(template["Resources"]["InventoryRole"]["Properties"], conditions)
        [policy] = role["Policies"]
        form |= statements(scope, policy["PolicyDocument"])
    form["trust"] = role["AssumeRolePolicyDocument"]
    form["role"] = {
        "name": role["RoleName"],
        "path": role["Path"],
        "boundary": role["PermissionsBoundary"],
        "description": role["Description"],
        "seconds": role["MaxSessionDuration"],
        "policy": policy["PolicyName"],
    }
    form["resources"] = sorted(one["Type"] for one in template["Resources"].values())
    return form


def statements(scope: str, policy: dict[str, Any]) -> dict[str, Any]:
    """What a policy allows and forbids, all in all: how it is cut into statements is each side's own affair."""
    form: dict[str, Any] = {f"policy version, scope {scope}": policy["Version"]}
    for statement in policy["Statement"]:
        if set(statement) != {"Sid", "Effect", "Action", "Resource"} or statement["Resource"] != "*":
            raise ValueError(f"no way to compare the statement {statement}")
        form.setdefault(f"{statement['Effect']}, scope {scope}", []).extend(statement["Action"])
    return {name: sorted(value) if isinstance(value, list) else value for name, value in form.items()}


def of_module(python: Path) -> dict[str, Any]:
    blocks: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(MODULE.glob("*.tf")):
        done = subprocess.run([python, "-c", PARSE, file], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"{file.name}: {done.stderr.strip()}")
        for kind, several in json.loads(done.stdout).items():
            blocks.setdefault(kind, []).extend(several)
    variables = {name: body for one in blocks["variable"] for name, body in one.items()}
    local = {name: body[0] for one in blocks["locals"] for name, body in one.items() if not name.startswith("__")}
    resources = {kind: body for one in blocks["resource"] for kind, body in one.items()}
    [role], [policy] = resources["aws_iam_role"].values(), resources["aws_iam_role_policy"].values()

    def filled(value: Any) -> Any:
        """A value of the module with its locals filled in, and <variable> where one stands."""
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if not isinstance(value, str):
            return value
        value = re.sub(r"\$\{local\.(\w+)\}", lambda found: filled(local[found[1]]), value)
        value = value.replace("${data.aws_partition.current.partition}", "<AWS::Partition>")
        return re.sub(r"\$\{var\.(\w+)\}", r"<\1>", value)

    def listed(expression: str) -> list[str]:
        """${concat(local.a,local.b)} or ${local.a}."""
        names = re.fullmatch(r"\$\{(?:concat\(([^()]+)\)|(local\.\w+))\}", expression)
        if not names:
            raise ValueError(f"no way to read the list {expression}")
        places = [name.strip().removeprefix("local.") for name in (names[1] or names[2]).split(",")]
        return [action for place in places for action in local[place]]

    form: dict[str, Any] = {f"parameter {name}": of_variable(name, body) for name, body in variables.items()}
    for scope in SCOPES:
        reads = local["reads_policy"]
        actions = {"${local.granted[var.scope]}": local["granted"][scope]}
        several = [{**one, "Action": listed(actions.get(one["Action"], one["Action"]))} for one in reads["Statement"]]
        form |= statements(scope, {**reads, "Statement": several})
    form["trust"] = filled(local["trust_policy"])
    policies = (role["assume_role_policy"], policy["policy"])
    if policies != (["${jsonencode(local.trust_policy)}"], ["${jsonencode(local.reads_policy)}"]):
        raise ValueError("the module's role has other policies than those that are compared")
    boundary = role["permissions_boundary"][0]
    form["role"] = {
        "name": filled(role["name"][0]),
        "path": filled(role["path"][0]),
        "boundary": "<permissions_boundary_arn>" if "var.permissions_boundary_arn}" in boundary else boundary,
        "description": role["description"][0],
        "seconds": role["max_session_duration"][0],
        "policy": policy["name"][0],
    }
    # An inline policy is a resource of its own here, and nothing else besides the role is made.
    alike = set(resources) == {"aws_iam_role", "aws_iam_role_policy"}
    form["resources"] = ["AWS::IAM::Role"] if alike else sorted(resources)
    return form


def of_variable(name: str, body: dict[str, Any]) -> dict[str, Any]:
    rule = body["validation"][0]["condition"][0]
    pattern = re.search(r'can\(regex\("(.*)",var\.', rule)
    values = re.search(r"contains\((\[.*\]),var\.", rule)
    least, most = (re.search(rf"length\(var\.{name}\) {sign} (\d+)", rule) for sign in (">=", "<="))
    return {
        "default": body.get("default", [None])[0],
        "pattern": pattern and pattern[1],
        "values": values and json.loads(values[1].replace("'", '"')),
        "least": least and int(least[1]),
        "most": most and int(most[1]),
    }


def compared(python: Path) -> list[str]:
    try:
        template, module = of_template(), of_module(python)
    except (KeyError, ValueError) as problem:
        return [f"customer-role.yaml and terraform/customer-role cannot be compared: {problem!r}"]
    found = []
    for name in sorted(template.keys() | module.keys()):
        ours, theirs = template.get(name), module.get(name)
        if ours == theirs:
            continue
        if isinstance(ours, list) and isinstance(theirs, list):
            ours, theirs = [x for x in ours if x not in theirs], [x for x in theirs if x not in ours]
        found.append(f"{name}: customer-role.yaml has {ours}, terraform/customer-role has {theirs}")
    for scope in SCOPES:
        granted = template.get(f"Allow, scope {scope}", [])
        if not granted or len(set(granted)) != len(granted) or any("*" in action for action in granted):
            found.append(f"scope {scope} grants nothing, or an action twice, or one with a wildcard")
    return found


def main() -> int:
    python = environment()
    found = cfn_lint() + checkov(python) + compared(python)
    for one in found:
        print(one, file=sys.stderr)
    if not found:
        print("templates: cfn-lint and checkov find nothing; Terraform's module and customer-role.yaml grant the same")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
