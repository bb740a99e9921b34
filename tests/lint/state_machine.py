"""Checks the state machine of `fleet.yaml`, as the document that Step Functions gets.

It has to fit cfn-lint's schema of the Amazon States Language, have the properties that runs depend on, and a role that
grants no more than it needs.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from linters import cfn_lint

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/model"))

from evaluation import plain  # noqa: E402
from modules import Template, snake  # noqa: E402

FLEET = ROOT / "infra/fleet.yaml"
BACKEND = ROOT / "infra/backend.yaml"
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
