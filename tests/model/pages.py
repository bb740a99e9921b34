"""Writes what follows from the catalogue besides code: the page of all resource types, the actions of the customers'
role (its CloudFormation template and its Terraform module), and the template for Athena.

It asks the built command line (`rolecall resources --json`, `rolecall schema athena`), and knows nothing of the
catalogue's source. `make generate` runs it, and `make test` with --check: exit 1 if anything is not up to date.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLECALL = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/rolecall"
CUSTOMER_ROLE = ROOT / "infra/customer-role.yaml"
CUSTOMER_MODULE = ROOT / "infra/terraform/customer-role/actions.tf"
ATHENA = ROOT / "infra/athena.yaml"
CATALOGUE = ROOT / "infra/CATALOGUE.md"
# The same in every table; told once.
OPENING = 10
WIDTH = 118


def asked(*arguments: str) -> str:
    return subprocess.run([ROLECALL, *arguments], check=True, capture_output=True, text=True).stdout


def grants(types: list[dict]) -> dict[str, list[str]]:
    """What each part of an inventory may ask, each action once: what every scope needs is granted always."""
    parts: dict[str, set[str]] = {"account": set(), "network": set(), "dns": set()}
    for one in types:
        parts[one["part"]].update(one["actions"])
    # Every scope holds the network or the DNS or both: what both ask stands with what is always asked.
    always = parts["account"] | parts["network"] & parts["dns"]
    return {
        "always": sorted(always),
        "network": sorted(parts["network"] - always),
        "dns": sorted(parts["dns"] - always),
    }


def statement(sid: str, actions: list[str], condition: str = "") -> str:
    """One statement in the template's indentation; with a condition, only where that holds."""
    first = "              - "
    lines = []
    if condition:
        lines = [f"{first}!If", f"                - {condition}"]
        first = "                - "
    indent = " " * len(first)
    lines += [f"{first}Sid: {sid}", f"{indent}Effect: Allow", f"{indent}Action:"]
    lines += [f"{indent}  - {action}" for action in actions]
    lines += [f'{indent}Resource: "*"']
    if condition:
        lines.append(f"{first}!Ref AWS::NoValue")
    return "\n".join(lines)


def customer_role(granted: dict[str, list[str]]) -> str:
    text = CUSTOMER_ROLE.read_text()
    marked = re.compile(r"(# actions: begin[^\n]*\n).*?(\n *# actions: end)", re.DOTALL)
    assert marked.search(text), "the template has lost its marks"
    statements = [
        statement("ReadAlways", granted["always"]),
        statement("ReadNetwork", granted["network"], "ReadsNetwork"),
        statement("ReadDns", granted["dns"], "ReadsDns"),
    ]
    return marked.sub(lambda found: found[1] + "\n".join(statements) + found[2], text)


def denied(template: str) -> list[str]:
    """What the template forbids for good; it is written there by hand."""
    found = re.search(r"Sid: NeverReadSecrets\n +Effect: Deny\n +Action:\n((?: +- \S+\n)+)", template)
    assert found, "the template forbids nothing any more"
    return [line.strip().removeprefix("- ") for line in found[1].splitlines()]


def customer_module(granted: dict[str, list[str]], never: list[str]) -> str:
    told = {
        "always": ("What every scope needs.", granted["always"]),
        "network": ("Networks, machines, volumes: scopes all and network.", granted["network"]),
        "dns": ("Route 53: scopes all and dns.", granted["dns"]),
        "never": ("User data, passwords, console output, keys of VPNs: forbidden in every scope.", never),
    }
    lines = [
        "# Generated from the catalogue by `make generate`, and the same as in customer-role.yaml: do not edit.",
        "",
        "locals {",
    ]
    for name, (words, actions) in told.items():
        lines += [f"  # {words}", f"  actions_{name} = ["]
        lines += [f'    "{action}",' for action in actions]
        lines += ["  ]", ""]
    return "\n".join(lines[:-1]) + "\n}\n"


def wrapped(words: list[str]) -> list[str]:
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) + 2 > WIDTH:
            lines.append(f"{line},")
            line = word
        else:
            line = f"{line}, {word}" if line else word
    return [*lines, line] if line else []


def in_words(column: dict) -> str:
    return f"`{column['name']}`" if column["type"] == "string" else f"`{column['name']}` {column['type']}"


def catalogue_page(types: list[dict]) -> str:
    first, last = types[0]["columns"][:OPENING], types[0]["columns"][-1]
    page = [
        "# Every resource type",
        "",
        "Generated from the catalogue by `make generate`; a test holds it up to date. `rolecall resources --json` prints the same.",
        "",
        "Every table starts with the same columns ([OUTPUT.md](OUTPUT.md#records) describes them):",
        *wrapped([in_words(column) for column in first]),
        f"and ends with {in_words(last)}, for members that the service model does not know. A column",
        "is a string unless its type follows it. `json` keeps AWS's own member names and equals what the AWS CLI prints.",
        "",
        "| type | reach | operation | further actions | columns |",
        "| --- | --- | --- | --- | ---: |",
    ]
    for one in types:
        besides = ", ".join(f"`{action}`" for action in one["actions"][1:])
        name = one["table"]
        page.append(f"| [{name}](#{name}) | {one['reach']} | `{one['operation']}` | {besides} | {len(one['columns'])} |")
    for one in types:
        parent = f", once for each resource in `{one['parent']}`" if one["parent"] else ""
        scope = f": {one['scope']}" if one["scope"] else ""
        page += ["", f"## {one['table']}", "", f"`{one['operation']}`{parent}{scope}.", ""]
        page += wrapped([in_words(column) for column in one["columns"][OPENING:-1]])
        if one["secrets"]:
            page += ["", "Secret members, which are never collected:", *wrapped([f"`{path}`" for path in one["secrets"]])]
    return "\n".join(page) + "\n"


def main() -> int:
    types = json.loads(asked("resources", "--json"))
    granted = grants(types)
    template = customer_role(granted)
    pages = {
        CATALOGUE: catalogue_page(types),
        CUSTOMER_ROLE: template,
        CUSTOMER_MODULE: customer_module(granted, denied(template)),
        ATHENA: asked("schema", "athena"),
    }
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run `make generate`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
