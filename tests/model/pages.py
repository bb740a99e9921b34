"""Writes what follows from the catalogue besides code: the actions of the customers' role.

It asks the built command line (`rolecall resources --json`), and knows nothing of the catalogue's source. The tests
hold what it writes against the catalogue; `make generate` runs it.
"""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLECALL = ROOT / "target/debug/rolecall"
CUSTOMER_ROLE = ROOT / "infra/customer-role.yaml"
# What is asked in every account besides the resource types themselves.
HELPERS = {"account:ListRegions", "ec2:DescribeRegions", "iam:ListAccountAliases"}


def asked(*arguments: str) -> str:
    return subprocess.run([ROLECALL, *arguments], check=True, capture_output=True, text=True).stdout


def statements(actions: set[str]) -> str:
    """One statement a service, in the template's indentation."""
    lines = []
    for service in sorted({action.split(":")[0] for action in actions}):
        lines += [f"              - Sid: Read{service.capitalize()}", "                Effect: Allow", "                Action:"]
        lines += [f"                  - {action}" for action in sorted(actions) if action.startswith(f"{service}:")]
        lines += ['                Resource: "*"']
    return "\n".join(lines)


def write_customer_role(types: list[dict]) -> None:
    actions = HELPERS | {action for one in types for action in one["actions"]}
    text = CUSTOMER_ROLE.read_text()
    marked = re.compile(r"(# actions: begin[^\n]*\n).*?(\n *# actions: end)", re.DOTALL)
    assert marked.search(text), "the template has lost its marks"
    CUSTOMER_ROLE.write_text(marked.sub(lambda found: found[1] + statements(actions) + found[2], text))


def main() -> None:
    types = json.loads(asked("resources", "--json"))
    write_customer_role(types)


if __name__ == "__main__":
    main()
