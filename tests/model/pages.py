"""Generates the pages and templates that follow from the catalogue.

    pages.py          write infra/CATALOGUE.md, the actions of the customers' role (CloudFormation and Terraform),
                      infra/athena.yaml, infra/athena-names.yaml, infra/SETTINGS.md and the questions of
                      infra/QUERIES.md
    pages.py --check  exit 1 if a file is not up to date

It runs the built command line (`rolecall resources --json`, `rolecall schema athena`), and knows nothing of the
catalogue's source. A column keeps its type for good: files of earlier versions are read with the types of this one, and
Athena reads no text from a column of numbers. So a page with a changed type is refused.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLECALL = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/rolecall"
CUSTOMER_ROLE = ROOT / "infra/customer-role.yaml"
CUSTOMER_MODULE = ROOT / "infra/terraform/customer-role/actions.tf"
ATHENA = ROOT / "infra/athena.yaml"
ATHENA_NAMES = ROOT / "infra/athena-names.yaml"
CATALOGUE = ROOT / "infra/CATALOGUE.md"
SETTINGS = ROOT / "infra/SETTINGS.md"
QUERIES = ROOT / "infra/QUERIES.md"
# The action that reads all of API Gateway, and the resource that policies name for it: the custom domain names.
READ_API_GATEWAY = "apigateway:GET"
DOMAIN_NAMES = "arn:${AWS::Partition}:apigateway:*::/domainnames"
# The number of leading columns that all tables share. The page lists them once.
OPENING = 11
WIDTH = 118


def rolecall(*arguments: str) -> str:
    return subprocess.run([ROLECALL, *arguments], check=True, capture_output=True, text=True).stdout


def grants(types: list[dict]) -> dict[str, list[str]]:
    """Groups the actions by scope. Those that every account needs are in `always`, those of two scopes in `either`."""
    parts: dict[str, set[str]] = {"account": set(), "network": set(), "dns": set(), "names": set()}
    for resource_type in types:
        parts[resource_type["part"]].update(resource_type["actions"])
    always = parts.pop("account")
    either = parts["network"] & parts["dns"] - always
    assert not parts["names"] & (parts["network"] | parts["dns"]) - always, "an action of names and of another scope"
    rest = {part: sorted(actions - always - either) for part, actions in parts.items()}
    return {"always": sorted(always), "either": sorted(either), **rest}


def statement(sid: str, actions: list[str], condition: str = "", resource: str = '"*"') -> str:
    """Formats a statement with the template's indentation, optionally under a condition."""
    first = "              - "
    lines = []
    if condition:
        lines = [f"{first}!If", f"                - {condition}"]
        first = "                - "
    indent = " " * len(first)
    lines += [f"{first}Sid: {sid}", f"{indent}Effect: Allow", f"{indent}Action:"]
    lines += [f"{indent}  - {action}" for action in actions]
    lines += [f"{indent}Resource: {resource}"]
    if condition:
        lines.append(f"{first}!Ref AWS::NoValue")
    return "\n".join(lines)


def customer_role(granted: dict[str, list[str]]) -> str:
    text = CUSTOMER_ROLE.read_text()
    marked = re.compile(r"(# actions: begin[^\n]*\n).*?(\n *# actions: end)", re.DOTALL)
    assert marked.search(text), f"{CUSTOMER_ROLE.name} lacks the comments around the generated actions"
    statements = [
        statement("ReadAlways", granted["always"]),
        statement("ReadNetworkOrDns", granted["either"], "ReadsNetworkOrDns"),
        statement("ReadNetwork", granted["network"], "ReadsNetwork"),
        statement("ReadDns", granted["dns"], "ReadsDns"),
        statement("ReadNames", [action for action in granted["names"] if action != READ_API_GATEWAY], "ReadsNames"),
        statement("ReadDomainNames", [READ_API_GATEWAY], "ReadsNames", f"!Sub {DOMAIN_NAMES}"),
    ]
    return marked.sub(lambda match: match[1] + "\n".join(statements) + match[2], text)


def denied(template: str) -> list[str]:
    """Returns the actions that the template denies. They are maintained by hand, in the template."""
    match = re.search(r"Sid: NeverReadSecrets\n +Effect: Deny\n +Action:\n((?: +- \S+\n)+)", template)
    assert match, f"{CUSTOMER_ROLE.name} has no statement NeverReadSecrets"
    return [line.strip().removeprefix("- ") for line in match[1].splitlines()]


def customer_module(granted: dict[str, list[str]], never: list[str]) -> str:
    groups = {
        "always": ("Needed in every scope.", granted["always"]),
        "either": ("Needed by networks and by DNS: scopes all, network and dns.", granted["either"]),
        "network": ("Networks, instances, volumes: scopes all and network.", granted["network"]),
        "dns": ("Route 53: scopes all and dns.", granted["dns"]),
        "names": (
            "Load balancers, distributions, buckets and other holders of names: scopes all and names.",
            [action for action in granted["names"] if action != READ_API_GATEWAY],
        ),
        "never": (
            "User data, passwords, console output, VPN keys, transfer codes of domains: denied in every scope.",
            never,
        ),
    }
    lines = [
        "# Generated from the catalogue by `make generate`. Do not edit. customer-role.yaml has the same actions.",
        "",
        "locals {",
    ]
    for name, (comment, actions) in groups.items():
        lines += [f"  # {comment}", f"  actions_{name} = ["]
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


def described(column: dict) -> str:
    return f"`{column['name']}`" if column["type"] == "string" else f"`{column['name']}` {column['type']}"


def catalogue_page(types: list[dict]) -> str:
    first, last = types[0]["columns"][:OPENING], types[0]["columns"][-1]
    page = [
        "# Resource types",
        "",
        "Generated from the catalogue by `make generate`. `rolecall resources --json` prints the same.",
        "",
        "The first columns of every table ([OUTPUT.md](OUTPUT.md#records) describes them) are:",
        *wrapped([described(column) for column in first]),
        "",
        f"The last column is {described(last)}, with the members that the service model does not know. A column",
        "without a type is a string. A `json` column has AWS's member names and equals the AWS CLI's output.",
        "",
        "| type | reach | operation | further actions | columns |",
        "| --- | --- | --- | --- | ---: |",
    ]
    for resource in types:
        further = ", ".join(f"`{action}`" for action in resource["actions"][1:])
        name, columns = resource["table"], len(resource["columns"])
        operation = f"`{resource['operation']}`"
        page.append(f"| [{name}](#{name}) | {resource['reach']} | {operation} | {further} | {columns} |")
    for resource in types:
        parent = f", once for each resource in `{resource['parent']}`" if resource["parent"] else ""
        scope = f": {resource['scope']}" if resource["scope"] else ""
        page += ["", f"## {resource['table']}", "", f"`{resource['operation']}`{parent}{scope}.", ""]
        page += wrapped([described(column) for column in resource["columns"][OPENING:-1]])
        if resource["measures"]:
            page += ["", "Left out of the digest:"]
            page += measures_of(resource["measures"])
        if resource["secrets"]:
            page += ["", "Never collected, since they are secrets:"]
            page += wrapped([f"`{path}`" for path in resource["secrets"]])
    return "\n".join(page) + "\n"


def measures_of(measures: list[dict]) -> list[str]:
    of = "{member} of the answer of {detail}"
    named = [(of.format(**it) if it["detail"] else it["member"], it["reason"]) for it in measures]
    lines = (textwrap.wrap(f"- `{member}` {reason}.", WIDTH, subsequent_indent="  ") for member, reason in named)
    return [line for lines_of_one in lines for line in lines_of_one]


def types_of(page: str) -> dict[tuple[str, str], str]:
    """Returns the type of each column that a page of the catalogue lists, by table and column."""
    found = {}
    for section in page.split("\n## ")[1:]:
        # What is never collected has no type.
        table, columns = section.split("\n", 1)
        listed = re.split("\n(?:Never collected|Left out)", columns)[0]
        for name, kind in re.findall(r"`([a-z0-9_]+)`(?: ([a-z]+))?(?=,|\n|$)", listed):
            found[table, name] = kind or "string"
    return found


def changed_types(old: str, new: str) -> list[str]:
    before, after = types_of(old), types_of(new)
    changed = [key for key in before.keys() & after.keys() if before[key] != after[key]]
    return [f"{table}.{name}: {before[table, name]}, now {after[table, name]}" for table, name in sorted(changed)]


def questions_part(questions: list[dict]) -> str:
    """Formats the list of questions, and for each what it is and its SQL."""
    lines = []
    for question in questions:
        sql = "" if question["duckdb"] else " (no SQL)"
        lines.append(f"- [{question['title']}](#{anchor(question['title'])}): `rolecall ask {question['name']}`{sql}")
    for question in questions:
        lines += ["", *question_section(question)]
    return "\n".join(lines)


def anchor(title: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def question_section(question: dict) -> list[str]:
    opening = [{"name": name, "type": "string"} for name in ("account_id", "region")]
    reads = [f"`{table}`" for table in sorted({read["table"] for read in question["reads"]})]
    lines = [f"## {question['title']}", "", f"`rolecall ask {question['name']}`", ""]
    lines += [*filled(f"{question['description']} {question['why']}"), ""]
    lines += [*filled(f"Columns: {', '.join(described(column) for column in opening + question['columns'])}."), ""]
    for option in question["options"]:
        default = f"`{option['default']}`" if option["default"] else "none"
        lines += [*filled(f"`--{option['name']}` (default: {default}): {option['help']}"), ""]
    lines += filled(f"Reads {', '.join(reads) or 'the ledger'}.")
    if question["no_sql"]:
        lines += ["", *filled(f"No SQL: {question['no_sql']}")]
    for dialect in ("duckdb", "athena"):
        if question[dialect]:
            lines += ["", f"```sql {dialect}", f"{question[dialect]};", "```"]
    return lines


def filled(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def queries_page(questions: list[dict]) -> str:
    text = QUERIES.read_text()
    marked = re.compile(r"(<!-- questions: begin[^\n]*\n).*?(\n<!-- questions: end)", re.DOTALL)
    assert marked.search(text), f"{QUERIES.name} lacks the comments around the generated questions"
    part = questions_part(questions)
    return marked.sub(lambda match: match[1] + part + match[2], text)


def default_of(setting: dict) -> str:
    """A setting's default as a cell: a value as code, anything else as text."""
    default = setting["default"]
    if default == "unset":
        return ""
    return f"`{default['value']}`" if "value" in default else default["derived"]


def settings_page(settings: list[dict]) -> str:
    page = [
        "# Settings",
        "",
        "Generated from the code by `make generate`; a test keeps it true.",
        "",
        "Each setting has one name, as an environment variable and, for some, as a flag of the command line. A flag",
        "overrides the variable. A blank value counts as unset. All values are read at the start: a command or",
        "invocation with a value that cannot be read does nothing, and names every such value at once.",
        "",
        "Durations are written as `30s`, `5m` or `1h30m`, sizes as `256MiB`, rates as calls per second (`7.5`).",
        "",
        "| environment variable | flag | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for setting in settings:
        flag = f"`--{setting['flag']['name']}`" if setting["flag"] else ""
        scope = " (command line only)" if setting["applies_to"] == "command_line" else ""
        page.append(f"| `{setting['name']}` | {flag} | {default_of(setting)} | {setting['doc']}{scope} |")
    page += [
        "",
        "The AWS SDK reads its own variables, such as `AWS_REGION`, `AWS_PROFILE` and `AWS_ENDPOINT_URL`. Blank ones",
        "count as unset. Its settings of retries are ignored. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or in lower",
        "case) name the proxies, `AWS_CA_BUNDLE` (or `ca_bundle` of the profile) and `SSL_CERT_FILE` the certificates",
        "to trust. Profiles of `aws login`, `aws sso login` and `credential_process` work on the command line.",
    ]
    return "\n".join(page) + "\n"


def main() -> int:
    types = json.loads(rolecall("resources", "--json"))
    granted = grants(types)
    template = customer_role(granted)
    pages = {
        CATALOGUE: catalogue_page(types),
        CUSTOMER_ROLE: template,
        CUSTOMER_MODULE: customer_module(granted, denied(template)),
        ATHENA: rolecall("schema", "athena"),
        ATHENA_NAMES: rolecall("schema", "athena-names"),
        SETTINGS: settings_page(json.loads(rolecall("schema", "settings"))),
        QUERIES: queries_page(json.loads(rolecall("schema", "questions"))),
    }
    changed = changed_types(CATALOGUE.read_text(), pages[CATALOGUE])
    if changed:
        print("columns keep their types for good. Give a column of another type another name:", file=sys.stderr)
        print("\n".join(changed), file=sys.stderr)
        return 1
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
