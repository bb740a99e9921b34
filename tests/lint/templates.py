"""Lints what is deployed from `infra/`: the CloudFormation templates and the Terraform module.

    templates.py

Four looks, and exit 1 if any finds something: cfn-lint over the templates; checkov over both, where each exception
stands with its reason in the resource that it is made for; the Terraform module against `customer-role.yaml`,
since both must grant the same to the same; and the definition of `fleet.yaml`'s state machine as the document that
Step Functions gets: by cfn-lint's schema of the language, and by what a run stands on.

checkov lives in an environment of its own under .emulator/lint, made on first use and again when its pin changes. All
else is offline. It does not look at the catalogue: `pages.py --check` holds the templates against that.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
TEMPLATE = INFRA / "customer-role.yaml"
FLEET = INFRA / "fleet.yaml"
BACKEND = INFRA / "backend.yaml"
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


def cfn_lint(*templates: Path) -> list[str]:
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
        case {"Sub": [text, names]}:
            inserted = {name: plain(inner, conditions) for name, inner in names.items()}
            text = re.sub(r"\$\{(\w+)\}", lambda found: inserted.get(found[1], found[0]), text)
            return plain({"Sub": text}, conditions)
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


# ---- The state machine, as a document ----

LIFE = 900  # seconds: the longest that a function can live
ATTEMPTS = 40  # more retries for one cause than this are no bound
# What each step of the function is given, and nothing else.
PAYLOADS = (
    {"step", "request.$", "execution.$", "batch"},
    {"step", "resumes.$", "batch"},
    {"step", "run_id.$", "shard.$"},
    {"step", "run_id.$"},
)


class Wrong(Exception):
    """What is wrong with the definition."""


def hold(true: Any, problem: str) -> None:
    if not true:
        raise Wrong(problem)


def targets(state: dict[str, Any]) -> list[str]:
    """Where a state may go."""
    several = [state, {"Next": state.get("Default")}, *state.get("Choices", []), *state.get("Catch", [])]
    return [one["Next"] for one in several if one.get("Next")]


def asks_to_go_on(choice: dict[str, Any]) -> bool:
    """Whether it is the function that decides, by `continue`, which it says a bounded number of times."""
    return any(one.get("Variable") == "$.continue" for one in [choice, *choice.get("And", [])])


def walked(where: str, machine: dict[str, Any]) -> None:
    """Every state is reached and leads on, and the one way back is the one that the function bounds."""
    states = machine["States"]
    reached: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        hold(name in states, f"{where}: {path[-1:]} goes to {name}, which is not there")
        hold(name not in path, f"{where}: {' -> '.join((*path, name))} never ends")
        reached.add(name)
        state = states[name]
        ends = state["Type"] in ("Succeed", "Fail") or state.get("End") is True
        leads = "Default" in state if state["Type"] == "Choice" else "Next" in state
        hold(ends or leads, f"{where}: {name} leads nowhere")
        back = {one["Next"] for one in state.get("Choices", []) if asks_to_go_on(one)}
        for target in targets(state):
            if target not in back or target not in path:
                walk(target, (*path, name) if target not in back else ())

    walk(machine["StartAt"], ())
    hold(reached == set(states), f"{where}: nothing goes to {sorted(set(states) - reached)}")


def retried(name: str, state: dict[str, Any]) -> None:
    retriers = state.get("Retry", [])
    hold(retriers and retriers[-1]["ErrorEquals"] == ["States.ALL"], f"{name}: not every error is tried again")
    for one in retriers:
        hold(0 <= one["MaxAttempts"] <= ATTEMPTS, f"{name}: a retry without a bound")
        hold(1 <= one.get("BackoffRate", 2.0), f"{name}: a retry that does not step back")
        hold(one["MaxAttempts"] == 0 or one.get("JitterStrategy") == "FULL", f"{name}: a retry without jitter")
        hold(one["MaxAttempts"] == 0 or one.get("MaxDelaySeconds", 999) <= 300, f"{name}: a retry that waits for ever")
        hold(one is retriers[-1] or "States.ALL" not in one["ErrorEquals"], f"{name}: States.ALL is not the last")


def called(name: str, state: dict[str, Any], function: str) -> set[str]:
    """Which step of the function a task calls, once it is so called that the run can stand on it."""
    hold(state["Resource"].endswith(":states:::lambda:invoke"), f"{name} calls something else than Lambda")
    hold(state["Parameters"]["FunctionName"] == function, f"{name} calls another function than the role may")
    hold(state["TimeoutSeconds"] > LIFE, f"{name} gives up while the function may still run")
    payload = state["Parameters"]["Payload"]
    hold(set(payload) in PAYLOADS, f"{name} hands on {sorted(payload)}")
    retried(name, state)
    return {payload["step"]}


def judged(definition: dict[str, Any], function: str) -> None:
    walked("the machine", definition)
    states = definition["States"]
    steps: set[str] = set()
    for name, state in states.items():
        if state["Type"] == "Task":
            steps |= called(name, state, function)
            hold("Catch" not in state, f"{name}: what cannot be planned or committed must fail, for the alarm to tell")
    [(name, shards)] = [(name, state) for name, state in states.items() if state["Type"] == "Map"]
    inner = shards["ItemProcessor"]
    children = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}  # an express child lives five minutes
    hold(inner["ProcessorConfig"] == children, f"{name}: {inner['ProcessorConfig']}")
    hold(shards.get("ToleratedFailurePercentage") == 100, f"{name}: one child that fails would end all others")
    hold("ToleratedFailureCount" not in shards, f"{name}: a count of failures would end all others")
    hold("Retry" not in shards, f"{name}: a Retry here would carry out every shard once more")
    hold(shards["ResultPath"] is None, f"{name}: the outputs of all children would travel on")
    hold(shards["MaxConcurrency"] > 0, f"{name}: without a bound, 10,000 children run at once")
    reader = shards["ItemReader"]
    hold(reader["Resource"].endswith(":states:::s3:getObject"), f"{name} reads its items elsewhere than in S3")
    hold(reader["ReaderConfig"] == {"InputType": "JSON"}, f"{name} reads {reader['ReaderConfig']}")
    place = {"Bucket.$": "$.items.bucket", "Key.$": "$.items.key"}
    hold(reader["Parameters"] == place, f"{name} reads {reader['Parameters']}")
    rules = [rule for state in states.values() for rule in state.get("Choices", [])]
    none = [rule["Next"] for rule in rules if rule.get("Variable") == "$.shards"]
    hold(none == [shards["Next"]], f"{name}: where no shard is left, it goes to {none}")
    walked(name, inner)
    for child, state in inner["States"].items():
        hold(state["Type"] in ("Task", "Pass"), f"{name}: a child's state {child} of type {state['Type']}")
        hold(not state.get("End") or state.get("OutputPath", "$") is None, f"{name}: a child ends with more than {{}}")
        if state["Type"] == "Task":
            steps |= called(child, state, function)
            caught = [one["ErrorEquals"] for one in state.get("Catch", [])]
            hold(caught == [["States.ALL"]], f"{child}: a failed shard would be a failed child")
    hold(steps == {"plan", "shard", "reduce"}, f"the machine calls {sorted(steps)}")


def granted(template: dict[str, Any], conditions: dict[str, bool]) -> dict[str, list[str]]:
    """What the machine's role may do, and to what."""
    may: dict[str, list[str]] = {}
    for policy in plain(template["Resources"]["Role"]["Properties"]["Policies"], conditions):
        for one in policy["PolicyDocument"]["Statement"]:
            for action in one["Action"] if isinstance(one["Action"], list) else [one["Action"]]:
                may[action] = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
    return may


def sound() -> list[str]:
    template, backend = (yaml.load(path.read_text(), Template) for path in (FLEET, BACKEND))
    parameters = template["Parameters"].items()
    numbers = {f"<{snake(name)}>": str(one["Default"]) for name, one in parameters if one["Type"] == "Number"}
    here = "<AWS::Region>:<AWS::AccountId>"
    itself = f"arn:<AWS::Partition>:states:{here}:stateMachine:<name>-fleet"
    scheduled = plain(backend["Resources"]["Schedule"]["Properties"]["Target"]["Arn"], {"StartsMachine": True})
    found = []
    for own in (False, True):  # without and with names and keys of one's own
        conditions = dict.fromkeys(template["Conditions"], own)
        text = plain(template["Resources"]["StateMachine"]["Properties"]["DefinitionString"], conditions)
        for name, number in numbers.items():
            text = text.replace(name, number)
        may = granted(template, conditions)
        try:
            definition = json.loads(text)
            [function] = may["lambda:InvokeFunction"]
            judged(definition, function)
            hold(scheduled == itself, f"the schedule of {BACKEND.name} starts {scheduled}, and the machine is {itself}")
            hold(may["states:StartExecution"] == [itself], f"the role may start {may['states:StartExecution']}")
            [label] = [state["Label"] for state in definition["States"].values() if state["Type"] == "Map"]
            children = [itself.replace("stateMachine", "execution") + end for end in (":*", f"/{label}:*")]
            for action in ("states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"):
                hold(may[action] == children, f"{action} reaches {may[action]}")
            [items] = may["s3:GetObject"]
            hold(items.endswith("/runs/*/items.*.json"), f"the role reads {items}")
            known = ("states:", "lambda:InvokeFunction", "s3:GetObject", "logs:", "xray:", "kms:Decrypt")
            hold(all(action.startswith(known) and "*" not in action for action in may), f"the role may {sorted(may)}")
        except (Wrong, ValueError, KeyError, TypeError) as problem:
            found.append(f"{FLEET.name}: {problem if isinstance(problem, Wrong) else repr(problem)}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            # cfn-lint looks into a definition only where it is text of the template itself.
            alone = Path(scratch) / "definition.json"
            role = "arn:aws:iam::111122223333:role/fleet"
            text = text.replace("<AWS::Partition>", "aws")
            properties = {"RoleArn": role, "DefinitionString": text}
            machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
            alone.write_text(json.dumps({"Resources": {"StateMachine": machine}}))
            found += cfn_lint(alone)
    return found


def main() -> int:
    python = environment()
    found = cfn_lint(*sorted(INFRA.glob("*.yaml"))) + checkov(python) + compared(python) + sound()
    for one in found:
        print(one, file=sys.stderr)
    if not found:
        print("templates: cfn-lint and checkov find nothing; Terraform's module and customer-role.yaml grant the same;")
        print("           the state machine of fleet.yaml is sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
