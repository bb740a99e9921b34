"""Lints the CloudFormation templates and the Terraform modules of `infra/`. Exit code 1: there are findings.

Five checks:
- cfn-lint on the templates;
- checkov on the templates and the modules. A skipped rule has its reason in the resource's metadata;
- the customer's Terraform module against `customer-role.yaml`: both must grant the same actions to the same principal;
- the other modules against the templates that they deploy: every parameter with its default, and every output;
- the state machine of `fleet.yaml`, as the document that Step Functions gets: cfn-lint's schema of the Amazon States
  Language, and the properties that runs depend on.

The Makefile installs checkov into .emulator/lint. The checks are offline. The catalogue is not checked here:
`pages.py --check` compares it with the templates.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from modules import Template, interface, snake  # noqa: E402

INFRA = ROOT / "infra"
TEMPLATE = INFRA / "customer-role.yaml"
FLEET = INFRA / "fleet.yaml"
BACKEND = INFRA / "backend.yaml"
ROLE = INFRA / "backend-role.yaml"
MODULE = INFRA / "terraform/customer-role"
LINT = ROOT / ".emulator/lint"
CHECKOV_PYTHON = LINT / "bin/python"
FRAMEWORKS = ("cloudformation", "terraform")
SCOPES = ("all", "network", "dns", "names")
SECRET_BEARING_READS = ("yes", "no")
# The granted reads whose answers have sensitive members, which operations.txt marks.
OPERATIONS = (ROOT / "tests/model/operations.txt").read_text().splitlines()
MARKED = {line.split()[0] for line in OPERATIONS if line.endswith(" secret") and not line.startswith("#")}
GRANTED = TEMPLATE.read_text().split("NeverReadSecrets")[0]
SECRET_BEARING = MARKED & set(re.findall(r"^ {16,}- (\S+:\w+)$", GRANTED, re.MULTILINE))
# The user's settings that would change checkov's rules, or make it call a service.
FOREIGN = ("BC_", "CKV_", "CHECKOV_", "PRISMA_", "AWS_", "TF_")
# Prints Terraform files as JSON. Only checkov's environment has an HCL parser.
PARSE = """
import hcl2, json, sys
try:
    print(json.dumps([hcl2.loads(open(path).read()) for path in sys.argv[1:]]))
except Exception as problem:
    sys.exit(str(problem).splitlines()[0])
"""


# ---- The tools ----


def cfn_lint(*templates: Path) -> list[str]:
    process = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates], stdout=subprocess.PIPE, text=True
    )
    return [process.stdout.strip() or f"cfn-lint ended with {process.returncode}"] if process.returncode else []


def checkov() -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    # --skip-download: no rules and explanations from the network. --soft-fail: a nonzero exit code means a crash only.
    options = ["--directory", ".", "--skip-download", "--compact", "--output", "json", "--soft-fail"]
    process = subprocess.run(
        [CHECKOV_PYTHON, "-m", "checkov.main", *options, "--framework", *FRAMEWORKS],
        cwd=INFRA,
        env={**environment, "HOME": str(LINT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.returncode:
        return [f"checkov ended with {process.returncode}"]
    reports = json.loads(process.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    found = []
    for missing in set(FRAMEWORKS) - {report.get("check_type") for report in reports}:
        found.append(f"checkov has checked no {missing} files")
    for report in reports:
        results = report.get("results", {})
        for check in results.get("failed_checks", []):
            found.append(f"infra{location(check)}: {check['check_id']} {check['check_name']}")
        for check in results.get("skipped_checks", []):
            if check["check_result"].get("suppress_comment", "").strip() in ("", "No comment provided"):
                found.append(f"infra{location(check)}: {check['check_id']} is skipped without a reason")
        found += [f"{path} cannot be parsed" for path in results.get("parsing_errors", [])]
    return found


def location(check: dict[str, Any]) -> str:
    return f"{check['file_path']}:{check['file_line_range'][0]}: {check['resource']}"


# ---- The template and the module, converted to one form ----


def plain(value: Any, conditions: dict[str, bool]) -> Any:
    """Evaluates the functions in a value of the template. A parameter becomes `<parameter_name>`."""
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
        case {"Sub": [text, names]}:
            inserted = {name: plain(inner, conditions) for name, inner in names.items()}
            text = re.sub(r"\$\{(\w+)\}", lambda match: inserted.get(match[1], match[0]), text)
            return plain({"Sub": text}, conditions)
        case {"Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda match: plain({"Ref": match[1]}, conditions), text)
    return {name: plain(inner, conditions) for name, inner in value.items()}


def condition(expression: Any, given: dict[str, str]) -> bool:
    match expression:
        case {"Not": [inner]}:
            return not condition(inner, given)
        case {"Or": inner}:
            return any(condition(one, given) for one in inner)
        case {"Equals": [{"Ref": name}, value]}:
            return given[name] == value
    raise ValueError(f"the condition {expression} is not supported")


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


def blocks_of(module: Path) -> dict[str, list[dict[str, Any]]]:
    process = subprocess.run(
        [CHECKOV_PYTHON, "-c", PARSE, *sorted(module.glob("*.tf"))], capture_output=True, text=True
    )
    if process.returncode:
        raise ValueError(f"{module.name}: {process.stderr.strip()}")
    blocks: dict[str, list[dict[str, Any]]] = {}
    for file in json.loads(process.stdout):
        for kind, bodies in file.items():
            blocks.setdefault(kind, []).extend(bodies)
    return blocks


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


# ---- The modules that deploy a template as it is ----


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
    for module in sorted(path.parent for path in MODULE.parent.glob("*/main.tf")):
        if module != MODULE:
            try:
                found += check_wrapper(module)
            except (KeyError, ValueError) as problem:
                found.append(f"{module.name} cannot be compared with its template: {problem!r}")
    return found + check_second_stack()


# ---- The definition of the state machine ----

FUNCTION_TIMEOUT = 900  # seconds; Lambda's maximum
MAX_ATTEMPTS = 40  # for one retrier; more would be no useful bound
# The payload members of each step of the function.
PAYLOADS = (
    {"step", "request.$", "execution.$", "batch"},
    {"step", "resumes.$", "batch"},
    {"step", "run_id.$", "shard.$"},
    {"step", "run_id.$", "part.$"},
    {"step", "run_id.$"},
)
# The steps after the commit. No failure of theirs fails the execution: the run is committed.
AFTER_COMMIT = {"changes", "changes_end", "report"}
STEPS = {"plan", "shard", "reduce", "changes_part"} | AFTER_COMMIT
# Where each map reads its items.
ITEMS = {"shards": "$.items", "changes": "$.changes.items"}


class UnsoundDefinition(Exception):
    """A problem of the definition."""


def require(condition: Any, problem: str) -> None:
    if not condition:
        raise UnsoundDefinition(problem)


def targets(state: dict[str, Any]) -> list[str]:
    """Returns the possible next states of a state."""
    transitions = [state, {"Next": state.get("Default")}, *state.get("Choices", []), *state.get("Catch", [])]
    return [transition["Next"] for transition in transitions if transition.get("Next")]


def is_continuation(choice: dict[str, Any]) -> bool:
    """Whether the choice depends on `continue`, which the function sets a bounded number of times."""
    return any(rule.get("Variable") == "$.continue" for rule in [choice, *choice.get("And", [])])


def check_graph(title: str, machine: dict[str, Any]) -> None:
    """Checks that every state is reachable and leads to an end, and that only continuations form a loop."""
    states = machine["States"]
    reached: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        require(name in states, f"{title}: {path[-1:]} goes to {name}, which does not exist")
        require(name not in path, f"{title}: {' -> '.join((*path, name))} is an unbounded loop")
        reached.add(name)
        state = states[name]
        ends = state["Type"] in ("Succeed", "Fail") or state.get("End") is True
        has_next = "Default" in state if state["Type"] == "Choice" else "Next" in state
        require(ends or has_next, f"{title}: {name} has no next state")
        continuations = {choice["Next"] for choice in state.get("Choices", []) if is_continuation(choice)}
        for target in targets(state):
            if target not in continuations or target not in path:
                walk(target, (*path, name) if target not in continuations else ())

    walk(machine["StartAt"], ())
    require(reached == set(states), f"{title}: {sorted(set(states) - reached)} cannot be reached")


def check_retries(name: str, state: dict[str, Any]) -> None:
    retriers = state.get("Retry", [])
    catches_all = retriers and retriers[-1]["ErrorEquals"] == ["States.ALL"]
    require(catches_all, f"{name}: some errors are not retried")
    for retrier in retriers:
        retries = retrier["MaxAttempts"] > 0
        require(0 <= retrier["MaxAttempts"] <= MAX_ATTEMPTS, f"{name}: unbounded retries")
        require(retrier.get("BackoffRate", 2.0) >= 1, f"{name}: retries without backoff")
        require(not retries or retrier.get("JitterStrategy") == "FULL", f"{name}: retries without jitter")
        require(not retries or retrier.get("MaxDelaySeconds", 999) <= 300, f"{name}: retries with an unbounded delay")
        is_last = retrier is retriers[-1]
        require(is_last or "States.ALL" not in retrier["ErrorEquals"], f"{name}: States.ALL is not the last retrier")


def check_task(name: str, state: dict[str, Any], function: str) -> set[str]:
    """Checks a task that calls the function, and returns the step that it calls."""
    require(state["Resource"].endswith(":states:::lambda:invoke"), f"{name} does not call Lambda")
    require(state["Parameters"]["FunctionName"] == function, f"{name} calls a function that the role may not invoke")
    require(state["TimeoutSeconds"] > FUNCTION_TIMEOUT, f"{name} times out while the function may still run")
    payload = state["Parameters"]["Payload"]
    require(set(payload) in PAYLOADS, f"{name} has the payload {sorted(payload)}")
    check_retries(name, state)
    return {payload["step"]}


def check_definition(definition: dict[str, Any], function: str) -> None:
    check_graph("the machine", definition)
    states = definition["States"]
    steps: set[str] = set()
    for name, state in states.items():
        if state["Type"] == "Task":
            called = check_task(name, state, function)
            steps |= called
            if called <= AFTER_COMMIT:
                caught = [catcher["ErrorEquals"] for catcher in state.get("Catch", [])]
                require(caught == [["States.ALL"]], f"{name}: a failure after the commit would fail the execution")
            else:
                problem = "a failed plan or commit must fail the execution, for the alarm"
                require("Catch" not in state, f"{name}: {problem}")
    maps = {state["Label"]: (name, state) for name, state in states.items() if state["Type"] == "Map"}
    require(set(maps) == set(ITEMS), f"the machine has the maps {sorted(maps)}")
    rules = [rule for state in states.values() for rule in state.get("Choices", [])]
    for label, variable in (("shards", "$.shards"), ("changes", "$.changes.parts")):
        name, children = maps[label]
        check_map(name, children)
        without = [rule["Next"] for rule in rules if rule.get("Variable") == variable]
        require(without == [children["Next"]], f"{name}: a run without any goes to {without}")
        inner = children["ItemProcessor"]
        check_graph(name, inner)
        for child, state in inner["States"].items():
            require(state["Type"] in ("Task", "Pass"), f"{name}: the child's state {child} has type {state['Type']}")
            is_empty = state.get("OutputPath", "$") is None
            require(not state.get("End") or is_empty, f"{name}: the output of a child is not {{}}")
            if state["Type"] == "Task":
                steps |= check_task(child, state, function)
                caught = [catcher["ErrorEquals"] for catcher in state.get("Catch", [])]
                require(caught == [["States.ALL"]], f"{child}: a failure would fail its child execution")
    require(steps == STEPS, f"the machine calls {sorted(steps)}")


def check_map(name: str, shards: dict[str, Any]) -> None:
    """Checks a distributed map over the shards, or over the parts of the changes."""
    children = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}  # an express execution ends after five minutes
    config = shards["ItemProcessor"]["ProcessorConfig"]
    require(config == children, f"{name}: {config}")
    require(shards.get("ToleratedFailurePercentage") == 100, f"{name}: a failed child would stop all others")
    require("ToleratedFailureCount" not in shards, f"{name}: a number of failed children would stop all others")
    require("Retry" not in shards, f"{name}: a Retry here would repeat every shard")
    require(shards["ResultPath"] is None, f"{name}: the outputs of all children would be passed on")
    require(shards["MaxConcurrency"] > 0, f"{name}: without a limit, 10,000 children run concurrently")
    reader = shards["ItemReader"]
    require(reader["Resource"].endswith(":states:::s3:getObject"), f"{name} does not read its items from S3")
    require(reader["ReaderConfig"] == {"InputType": "JSON"}, f"{name} reads {reader['ReaderConfig']}")
    items = ITEMS[shards["Label"]]
    source = {"Bucket.$": f"{items}.bucket", "Key.$": f"{items}.key"}
    require(reader["Parameters"] == source, f"{name} reads {reader['Parameters']}")


def granted_actions(template: dict[str, Any], conditions: dict[str, bool]) -> dict[str, list[str]]:
    """Returns the actions of the machine's role, each with its resources."""
    grants: dict[str, list[str]] = {}
    for policy in plain(template["Resources"]["Role"]["Properties"]["Policies"], conditions):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                grants[action] = resources if isinstance(resources, list) else [resources]
    return grants


def check_grants(grants: dict[str, list[str]], definition: dict[str, Any], machine: str) -> None:
    require(grants["states:StartExecution"] == [machine], f"the role may start {grants['states:StartExecution']}")
    labels = [state["Label"] for state in definition["States"].values() if state["Type"] == "Map"]
    ends = (":*", *(f"/{label}:*" for label in labels))
    children = [machine.replace("stateMachine", "execution") + end for end in ends]
    for action in ("states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"):
        require(grants[action] == children, f"{action} is granted for {grants[action]}")
    [items] = grants["s3:GetObject"]
    require(items.endswith("/runs/*/items.*.json"), f"the role reads {items}")
    known = ("states:", "lambda:InvokeFunction", "s3:GetObject", "logs:", "xray:", "kms:Decrypt")
    expected = all(action.startswith(known) and "*" not in action for action in grants)
    require(expected, f"the role has the actions {sorted(grants)}")


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


def check_state_machine() -> list[str]:
    template, backend = (yaml.load(path.read_text(), Template) for path in (FLEET, BACKEND))
    parameters = template["Parameters"].items()
    numbers = {f"<{snake(name)}>": str(one["Default"]) for name, one in parameters if one["Type"] == "Number"}
    machine = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:<name>-fleet"
    scheduled = plain(backend["Resources"]["Schedule"]["Properties"]["Target"]["Arn"], {"StartsMachine": True})
    found = []
    for given in (False, True):  # without and with the optional parameters
        conditions = dict.fromkeys(template["Conditions"], given)
        text = plain(template["Resources"]["StateMachine"]["Properties"]["DefinitionString"], conditions)
        for name, number in numbers.items():
            text = text.replace(name, number)
        grants = granted_actions(template, conditions)
        try:
            definition = json.loads(text)
            [function] = grants["lambda:InvokeFunction"]
            check_definition(definition, function)
            require(scheduled == machine, f"the schedule of {BACKEND.name} starts {scheduled} instead of {machine}")
            check_grants(grants, definition, machine)
        except UnsoundDefinition as problem:
            found.append(f"{FLEET.name}: {problem}")
            continue
        except (ValueError, KeyError, TypeError) as problem:
            found.append(f"{FLEET.name}: {problem!r}")
            continue
        found += lint_definition(text.replace("<AWS::Partition>", "aws"))
    return found


def lint_definition(text: str) -> list[str]:
    """Runs cfn-lint on a definition. cfn-lint checks literal definitions only, so it gets a template of its own."""
    properties = {"RoleArn": "arn:aws:iam::111122223333:role/fleet", "DefinitionString": text}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch) / "definition.json"
        template.write_text(json.dumps({"Resources": {"StateMachine": machine}}))
        return cfn_lint(template)


def main() -> int:
    if not CHECKOV_PYTHON.exists():
        sys.exit(f"{CHECKOV_PYTHON.relative_to(ROOT)} does not exist: `make check` installs the linters")
    found = cfn_lint(*sorted(INFRA.glob("*.yaml"))) + checkov()
    found += compare_role_and_module() + check_wrappers() + check_functions() + check_vpc() + check_state_machine()
    for finding in found:
        print(finding, file=sys.stderr)
    if not found:
        print(
            "templates: no findings of cfn-lint and checkov; customer-role.yaml and its Terraform module are equal; the"
        )
        print("           other modules have every parameter and output; the state machine of fleet.yaml is sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
