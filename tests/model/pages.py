"""Writes what follows from the catalogue besides code: the page of all resource types, the actions of the customers'
role, and the template for Athena.

It asks the built command line (`rolecall resources --json`, `rolecall schema athena`), and knows nothing of the
catalogue's source. `make generate` runs it, and `make test` with --check: exit 1 if anything is not up to date.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLECALL = ROOT / "target/debug/rolecall"
CUSTOMER_ROLE = ROOT / "infra/customer-role.yaml"
ATHENA = ROOT / "infra/athena.yaml"
CATALOGUE = ROOT / "infra/CATALOGUE.md"
# The same in every table; told once.
OPENING = 10
WIDTH = 118


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


def customer_role(types: list[dict]) -> str:
    # What is asked in every account besides is what the type `accounts` asks.
    actions = {action for one in types for action in one["actions"]}
    text = CUSTOMER_ROLE.read_text()
    marked = re.compile(r"(# actions: begin[^\n]*\n).*?(\n *# actions: end)", re.DOTALL)
    assert marked.search(text), "the template has lost its marks"
    return marked.sub(lambda found: found[1] + statements(actions) + found[2], text)


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
        "Generated from the catalogue by `make generate`; a test keeps it true. `rolecall resources` prints the same.",
        "",
        "Every table opens with the same columns:",
        *wrapped([in_words(column) for column in first]),
        f"and ends with {in_words(last)}, where members go that the service model does not know. Columns are strings",
        "unless their type stands behind them; `json` keeps AWS's own member names and equals what the AWS CLI prints.",
        "",
        "| type | where | operation | besides | columns |",
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
            page += ["", "Never carried, since they are secrets:", *wrapped([f"`{path}`" for path in one["secrets"]])]
    return "\n".join(page) + "\n"


def main() -> int:
    types = json.loads(asked("resources", "--json"))
    pages = {
        CATALOGUE: catalogue_page(types),
        CUSTOMER_ROLE: customer_role(types),
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
