"""Generates the Terraform modules' variables and outputs from the CloudFormation templates that they wrap.

    modules.py          write parameters.tf, outputs.tf, tests/parameters.tftest.hcl, the mocked outputs of other tests,
                        the tables of README.md, and customer-role.zip, the packed module of the customer's role
    modules.py --check  exit 1 if a file is not up to date

Each module of `MODULES` deploys one template of `infra/` as it is. What a module adds (its stack, uploads, variables of
its own) is written by hand, in main.tf and variables.tf. The customer's module has resources of its own instead:
`tests/lint/customer_role.py` compares it with its template.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
FOLDER = INFRA / "terraform"

# A value for each parameter without a default, for the modules' tests.
EXAMPLES = {
    "BackendAccountId": "999999999999",
    "BackendRoleArn": "arn:aws:iam::999999999999:role/rolecall-backend",
    "Bucket": "rolecall-results-999999999999-eu-central-1",
    "CodeBucket": "rolecall-code-999999999999-eu-central-1",
    "CodeKey": "bootstrap/0123456789abcdef.zip",
    "ExternalId": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
# What says "none" where an empty value does and the default is another. The provider for AWS passes no value that
# becomes empty (it keeps the one before), so that empty values are left out, which means the default.
NONE = {"EventBusName": "none"}
# No pattern of a template admits it.
UNFIT = "//!! no such value"
# What Java's regular expressions have, by which CloudFormation judges, and those of Terraform (RE2) lack.
NOT_RE2 = re.compile(r"\(\?[=!<>]|\\[1-9]|[*+?}]\+|\{\d{4,}|,\d{4,}\}")


class Template(yaml.SafeLoader):
    """Reads `!Ref X` as {"Ref": "X"} and `!Sub X` as {"Sub": "X"}."""


def tagged(loader: Template, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


Template.add_multi_constructor("!", tagged)


def interface(template: str) -> dict[str, Any]:
    """Reads the sections that a module needs. The resources of athena.yaml take PyYAML many seconds."""
    sections = re.split(r"^(?=[A-Za-z]+:)", template, flags=re.MULTILINE)
    wanted = [one for one in sections if one.startswith(("Parameters:", "Rules:", "Outputs:"))]
    return yaml.load("".join(wanted), Template)


@dataclass
class Module:
    """A module and its template. `resource` deploys it.

    `required` are values of variables of the module itself. `known` are outputs that main.tf can name before the stack
    does: during each update of a stack its outputs are unknown, and an object in an unknown bucket would be made anew.
    """

    folder: str
    template: str
    resource: str = "aws_cloudformation_stack.rolecall"
    required: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Parameter]:
        return [Parameter(name, body) for name, body in self.body["Parameters"].items()]

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of a stack. A StackSet has none: each of its stacks has its own."""
        return {} if self.is_stack_set else self.body.get("Outputs", {})

    @property
    def is_stack_set(self) -> bool:
        return self.resource.startswith("aws_cloudformation_stack_set.")


MODULES = [
    Module(
        "artifacts",
        "artifacts.yaml",
        known={
            "CodeBucket": "local.code_bucket",
            "TemplateBucket": "local.template_bucket",
            "TemplateBucketUrl": "local.template_bucket_url",
        },
    ),
    Module("backend-role", "backend-role.yaml"),
    Module("backend", "backend.yaml"),
    Module("fleet", "fleet.yaml"),
    Module("changes", "changes.yaml"),
    Module("management-role", "management-role.yaml"),
    Module("athena", "athena.yaml", required={"template_bucket": '"code"'}),
    Module(
        "customer-role-stackset",
        "customer-role.yaml",
        "aws_cloudformation_stack_set.rolecall",
        {"organizational_unit_ids": '["r-abcd"]', "region": '"eu-central-1"'},
    ),
]


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def quoted(text: str) -> str:
    """A text of HCL, which is no template: `${` and `%{` would begin an expression."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


def sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def anchored(pattern: str) -> str:
    """CloudFormation's patterns match the whole value, those of Terraform a part of it."""
    depth, in_class, alternatives, previous = 0, False, False, ""
    for character in pattern:
        if previous != "\\":
            in_class = character == "[" or (in_class and character != "]")
            depth += 0 if in_class else (character == "(") - (character == ")")
            alternatives |= character == "|" and depth == 0 and not in_class
        previous = character
    whole = pattern.startswith("^") and pattern.endswith("$") and not alternatives
    return pattern if whole else f"^(?:{pattern})$"


# ---- Parameters ----


@dataclass
class Parameter:
    """A parameter of a template, as a variable of Terraform."""

    name: str
    body: dict[str, Any]

    def __post_init__(self) -> None:
        self.variable = snake(self.name)
        self.is_list = self.body["Type"].startswith(("CommaDelimitedList", "List<"))
        self.is_number = self.body["Type"] == "Number"
        self.pattern = anchored(self.body["AllowedPattern"]) if "AllowedPattern" in self.body else None
        self.is_optional = "Default" in self.body
        if self.admits_empty and self.text and self.pattern and self.name not in NONE:
            raise ValueError(f"{self.name}: empty is another value than the default, which no module can pass")
        if self.pattern and NOT_RE2.search(self.pattern):
            raise ValueError(f"{self.name}: Terraform's regular expressions lack a part of {self.pattern}")
        if self.pattern and re.search(self.pattern, UNFIT):
            raise ValueError(f"{self.name}: {self.pattern} admits the value that the tests take for a wrong one")

    @property
    def type(self) -> str:
        return "list(string)" if self.is_list else "number" if self.is_number else "string"

    @property
    def text(self) -> str:
        """The default, or the tests' example, as CloudFormation has it."""
        return str(self.body["Default"]) if self.is_optional else EXAMPLES[self.name]

    @property
    def default(self) -> str:
        """The default as an expression of HCL."""
        if self.is_list:
            return "[" + ", ".join(quoted(one.strip()) for one in self.text.split(",") if one.strip()) + "]"
        return self.text if self.is_number else quoted(self.text)

    @property
    def admits_empty(self) -> bool:
        if values := self.body.get("AllowedValues"):
            return "" in values
        return bool(re.search(self.pattern, "")) if self.pattern else "MinLength" not in self.body

    @property
    def has_placeholder(self) -> bool:
        """Whether EventBridge Scheduler replaces a part of the value, such as <aws.scheduler.scheduled-time>."""
        return "<aws." in self.text

    @property
    def passed(self) -> str:
        """The expression that gives the variable to CloudFormation, where every value is a text."""
        value = f"var.{self.variable}"
        if self.name in NONE and self.admits_empty:
            return f'{value} == "" ? {quoted(NONE[self.name])} : {value}'
        if self.is_list:
            return f'join(",", {value})'
        if self.is_number:
            return f"tostring({value})"
        if self.has_placeholder:
            # `jsonencode` writes < and > in another form, in which Scheduler does not find its placeholder.
            return f'replace(replace({value}, "\\\\u003c", "<"), "\\\\u003e", ">")'
        return value

    @property
    def conditions(self) -> list[str]:
        one = "one" if self.is_list else f"var.{self.variable}"
        found = []
        if values := self.body.get("AllowedValues"):
            listed = ", ".join(str(value) if self.is_number else quoted(str(value)) for value in values)
            found.append(f"contains([{listed}], {one})")
        if self.pattern:
            found.append(f"can(regex({quoted(self.pattern)}, {one}))")
        for key, sign in (("MinLength", ">="), ("MaxLength", "<=")):
            if key in self.body:
                found.append(f"length({one}) {sign} {self.body[key]}")
        for key, sign in (("MinValue", ">="), ("MaxValue", "<=")):
            if key in self.body:
                found.append(f"{one} {sign} {self.body[key]}")
        # In a list that CloudFormation gets as one text, an empty value or a comma would shift the others.
        if self.is_list or (not self.is_number and not found and self.text):
            return [f'{one} != ""', *found]
        return found

    @property
    def validation(self) -> str | None:
        if self.is_list:
            return f"alltrue([for one in var.{self.variable} : {' && '.join(self.conditions)}])"
        return " && ".join(self.conditions) or None

    @property
    def message(self) -> str:
        subject = "The values" if self.is_list else "The value"
        if "ConstraintDescription" in self.body:
            return sentence(f"{subject} {' '.join(self.body['ConstraintDescription'].split())}")
        rules = []
        if values := self.body.get("AllowedValues"):
            rules.append("be " + " or ".join(str(value) or "empty" for value in values))
        elif self.pattern:
            rules.append(f"match {self.body['AllowedPattern']}")
        if "MinValue" in self.body and "MaxValue" in self.body:
            rules.append(f"be {self.body['MinValue']} to {self.body['MaxValue']}")
        elif "MinValue" in self.body:
            rules.append(f"be at least {self.body['MinValue']}")
        elif "MaxValue" in self.body:
            rules.append(f"be at most {self.body['MaxValue']}")
        return sentence(f"{subject} must {' and '.join(rules or ['not be empty'])}")

    @property
    def description(self) -> str:
        return " ".join(self.body.get("Description", "").split())

    @property
    def wrong(self) -> str | None:
        """A value that the validation has to refuse, as an expression of HCL. None: every text is allowed."""
        if self.is_list:
            return f"[{quoted(UNFIT)}]" if self.pattern or "AllowedValues" in self.body else '[""]'
        if self.is_number:
            values = self.body.get("AllowedValues")
            low, high = self.body.get("MinValue"), self.body.get("MaxValue")
            return str(max(values) + 1) if values else str(low - 1) if low is not None else high and str(high + 1)
        if self.pattern or "AllowedValues" in self.body:
            return quoted(UNFIT)
        if "MaxLength" in self.body:
            return quoted("a" * (self.body["MaxLength"] + 1))
        return quoted("") if self.validation else None


def aligned(pairs: list[tuple[str, str]], indent: str) -> list[str]:
    """Assignments, as `terraform fmt` aligns them."""
    width = max(len(name) for name, _ in pairs)
    return [f"{indent}{name:<{width}} = {value}" for name, value in pairs]


def variable(parameter: Parameter) -> str:
    pairs = [("type", parameter.type), ("nullable", "false")]
    if parameter.is_optional:
        pairs.append(("default", parameter.default))
    pairs.append(("description", quoted(parameter.description)))
    if parameter.body.get("NoEcho") in (True, "true"):
        pairs.append(("sensitive", "true"))
    lines = [f"variable {quoted(parameter.variable)} {{", *aligned(pairs, "  ")]
    if parameter.validation:
        rule = [("condition", parameter.validation), ("error_message", quoted(parameter.message))]
        lines += ["", "  validation {", *aligned(rule, "    "), "  }"]
    return "\n".join([*lines, "}"])


# ---- Rules of a template ----


def expression(condition: Any) -> str:
    """A condition of CloudFormation as an expression of Terraform."""
    match condition:
        case {"Not": [{"Equals": [{"Ref": name}, value]}]}:
            return f"local.values.{name} != {quoted(value)}"
        case {"Equals": [{"Ref": name}, value]}:
            return f"local.values.{name} == {quoted(value)}"
        case {"Fn::EachMemberEquals": [{"Ref": name}, value]}:
            return f"local.values.{name} == {quoted(value)}"
        case {"Not": [inner]}:
            return f"!({expression(inner)})"
        case {"And": inner}:
            return "(" + " && ".join(expression(one) for one in inner) + ")"
        case {"Or": inner}:
            return "(" + " || ".join(expression(one) for one in inner) + ")"
    raise ValueError(f"the condition {condition} is not supported")


def broken_rules(module: Module) -> list[str]:
    lines = []
    for rule in module.body.get("Rules", {}).values():
        applies = expression(rule["RuleCondition"]) if "RuleCondition" in rule else "true"
        for one in rule["Assertions"]:
            message = quoted(" ".join(one["AssertDescription"].split()))
            lines.append(f'    {applies} && !({expression(one["Assert"])}) ? {message} : "",')
    return lines


# ---- The files ----


def headline(module: Module) -> str:
    return f"# Generated from infra/{module.template} by `make generate`. Do not edit."


def parameters_file(module: Module) -> str:
    parts = [f"{headline(module)} A variable that is null has the template's default."]
    parts += [variable(parameter) for parameter in module.parameters]
    passed = aligned([(one.name, one.passed) for one in module.parameters], "    ")
    lines = [
        "locals {",
        "  # The template's parameters, as text.",
        "  values = {",
        *passed,
        "  }",
        "",
        *passed_parameters(module),
    ]
    if rules := broken_rules(module):
        comment = "  # The template's rules that these values break. CloudFormation refuses them in the apply only."
        lines += ["", comment, "  broken_rules = compact([", *rules, "  ])"]
    return "\n\n".join([*parts, "\n".join([*lines, "}"])]) + "\n"


def passed_parameters(module: Module) -> list[str]:
    if module.is_stack_set:
        return [
            "  # The provider compares all parameters that a StackSet has, so that each is passed. One that is left",
            "  # out would be a change in every plan.",
            "  parameters = local.values",
        ]
    return [
        "  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and",
        "  # CloudFormation takes the default, which is empty too.",
        '  parameters = { for name, value in local.values : name => value if value != "" }',
    ]


def outputs_file(module: Module) -> str:
    parts = [headline(module)]
    for name, body in module.outputs.items():
        outputs = f"{module.resource}.outputs"
        # An output with a condition is absent from some stacks.
        value = f'lookup({outputs}, "{name}", null)' if "Condition" in body else f'{outputs}["{name}"]'
        pairs = [
            ("description", quoted(" ".join(body["Description"].split()))),
            ("value", module.known.get(name, value)),
        ]
        if name in module.known:
            pairs.append(("depends_on", f"[{module.resource}]"))
        parts.append("\n".join([f'output "{snake(name)}" {{', *aligned(pairs, "  "), "}"]))
    return "\n\n".join(parts) + "\n"


def assertion(condition: list[str], message: str) -> list[str]:
    opened, *rest = condition
    lines = ["", "  assert {"]
    if rest:
        return [*lines, f"    condition = {opened}", *rest, f"    error_message = {quoted(message)}", "  }"]
    return [*lines, *aligned([("condition", opened), ("error_message", quoted(message))], "    "), "  }"]


def tests_file(module: Module) -> str:
    """Tests that the module passes each default on, takes null for it, refuses wrong values and has every output."""
    parameters = module.parameters
    as_given = aligned(
        [(one.name, quoted(one.text)) for one in parameters if one.text or module.is_stack_set], "      "
    )
    equal = [f"{module.resource}.parameters == tomap({{", *as_given, "    })"]
    lines = [
        f"{headline(module)} `terraform test` (1.7 or newer) calls no account.",
        "",
        'mock_provider "aws" {',
        *mocked_outputs(module),
        "}",
    ]
    required = [(one.variable, one.default) for one in parameters if not one.is_optional]
    if required := [*module.required.items(), *required]:
        lines += ["", "variables {", *aligned(required, "  "), "}"]
    lines += ["", 'run "the_defaults_are_those_of_the_template" {']
    lines += assertion(equal, "The stack has other parameters than the template's defaults.")[1:]
    for name in (name for name in module.outputs if name not in module.known):
        condition = [f'output.{snake(name)} == "the value of {name}"']
        lines += assertion(condition, f"The module has another output than {name} of the stack.")
    lines += ["}", "", 'run "null_is_the_default" {', "  command = plan", "", "  variables {"]
    lines += aligned([(one.variable, "null") for one in parameters if one.is_optional], "    ")
    lines += ["  }", *assertion(equal, "A variable that is null does not have the template's default."), "}"]
    wrong = [(one.variable, one.wrong) for one in parameters if one.wrong is not None]
    lines += ["", 'run "wrong_values_are_refused" {', "  command = plan", "", "  variables {"]
    lines += aligned(wrong, "    ")
    lines += ["  }", "", "  expect_failures = [", *(f"    var.{name}," for name, _ in wrong), "  ]", "}"]
    return "\n".join(lines) + "\n"


def mocked_outputs(module: Module) -> list[str]:
    if not module.outputs:
        return []
    kind = module.resource.split(".")[0]
    outputs = aligned([(name, f'"the value of {name}"') for name in module.outputs], "        ")
    return [
        f'  mock_resource "{kind}" {{',
        "    defaults = {",
        "      outputs = {",
        *outputs,
        "      }",
        "    }",
        "  }",
    ]


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def readme(module: Module) -> str:
    page = FOLDER / module.folder / "README.md"
    text = page.read_text()
    rows = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    for one in module.parameters:
        default = f"`{one.default}`" if one.is_optional else ""
        rows.append(f"| `{one.variable}` | {one.type} | {default} | {cell(one.description)} |")
    if module.outputs:
        rows += ["", "| output | value |", "| --- | --- |"]
        described = {name: " ".join(body["Description"].split()) for name, body in module.outputs.items()}
        rows += [f"| `{snake(name)}` | {cell(text)} |" for name, text in described.items()]
    marked = re.compile(r"(<!-- parameters: begin[^\n]*\n).*?(\n*<!-- parameters: end)", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"{page.relative_to(ROOT)} lacks the comments around the generated tables")
    return marked.sub(lambda match: match[1] + "\n" + "\n".join(rows) + "\n\n" + match[2].lstrip("\n"), text)


def mocked_tests(module: Module) -> dict[Path, str]:
    """The tests that are written by hand, with the mocked outputs of today. OpenTofu needs them for a plan too."""
    marked = re.compile(r"(  # outputs: begin[^\n]*\n).*?(  # outputs: end)", re.DOTALL)
    outputs = "".join(f"{line}\n" for line in mocked_outputs(module))
    return {
        path: marked.sub(lambda match: match[1] + outputs + match[2], path.read_text())
        for path in (FOLDER / module.folder / "tests").glob("*.tftest.hcl")
        if path.name != "parameters.tftest.hcl"
    }


def files(module: Module) -> dict[Path, str]:
    folder = FOLDER / module.folder
    found = {
        folder / "parameters.tf": parameters_file(module),
        folder / "tests/parameters.tftest.hcl": tests_file(module),
        folder / "README.md": readme(module),
    }
    if module.outputs:
        found[folder / "outputs.tf"] = outputs_file(module)
    return found | mocked_tests(module)


def customer_module() -> bytes:
    """Packs the customer's module. The same files give the same bytes: times are fixed, and nothing is compressed."""
    folder, packed = FOLDER / "customer-role", io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in [*sorted(folder.glob("*.tf")), folder / "README.md", ROOT / "LICENSE"]:
            entry = zipfile.ZipInfo(path.name)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def main() -> int:
    generated: dict[Path, bytes] = {FOLDER / "customer-role.zip": customer_module()}
    for module in MODULES:
        module.body = interface((INFRA / module.template).read_text())
        generated |= {path: text.encode() for path, text in files(module).items()}
    stale = [path for path, content in generated.items() if not path.exists() or path.read_bytes() != content]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run `make generate`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(generated[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
