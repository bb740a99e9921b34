"""Generates the shapes of AWS answers from botocore's service models.

    python tests/model/generate.py          write src/decode/shapes/generated.rs and tests/model/operations.txt
    python tests/model/generate.py --check  exit 1 if a file is not up to date

It reads the operations that the catalogue's entries name (`"ec2:DescribeVpcs"` in src/catalogue). For each it writes
the output structure at full depth: wire name, AWS's name, column name, type, and whether the model marks the member
sensitive. For services that have no SDK in Cargo.toml it also writes how they are called. It does not know what the
catalogue does with any of it.
"""

import re
import sys
from itertools import product
from pathlib import Path

import botocore
import botocore.session
from botocore import xform_name
from botocore.endpoint_provider import EndpointProvider
from botocore.model import OperationModel, ServiceModel

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ROOT / "src/decode/shapes/generated.rs"
OPERATIONS = ROOT / "tests/model/operations.txt"
XML_SERVICES = ("ec2", "iam", "route53")
# Services that have no SDK in Cargo.toml: their requests are built from shapes too.
MODELLED_SERVICES = ("route53domains", "route53profiles", "route53resolver")
SERVICES = (*XML_SERVICES, *MODELLED_SERVICES)
# Secrets that the model does not mark everywhere they occur.
ALWAYS_SENSITIVE = {"CustomerGatewayConfiguration", "PreSharedKey", "UserData"}


def catalogue_operations() -> list[tuple[str, str]]:
    """Returns the operations in the catalogue's source, of services whose answers are decoded.

    It skips the `actions` of entries and the policies: they are permissions, and no answer of theirs becomes rows.
    """
    found = set()
    for path in sorted((ROOT / "src/catalogue").glob("**/*.rs")):
        lines = [line for line in path.read_text().splitlines() if "actions: &[" not in line]
        if path.name not in ("session_policy.rs", "secret_actions.rs"):
            for service, name in re.findall(r'"([a-z0-9]+):([A-Z][A-Za-z0-9]+)"', "\n".join(lines)):
                if service in SERVICES:
                    found.add((service, name))
    return sorted(found)


def static_name(shape_name: str) -> str:
    return xform_name(shape_name).lstrip("_").upper()


class Writer:
    """Writes each structure of one service once, after the structures that it contains."""

    def __init__(self, service: str, model, existing: dict[str, tuple[list[str], int]]):
        self.service, self.model, self.existing = service, model, existing
        self.written: dict[str, str] = {}

    def kind(self, shape, member_name: str) -> str:
        if shape.metadata.get("sensitive") or member_name in ALWAYS_SENSITIVE:
            return "MemberKind::Sensitive"
        match shape.type_name:
            case "string":
                return "MemberKind::Text"
            case "boolean":
                return "MemberKind::Boolean"
            case "integer" | "long":
                return "MemberKind::Integer"
            case "float" | "double":
                return "MemberKind::Double"
            case "timestamp":
                return "MemberKind::Timestamp"
            case "blob":
                return "MemberKind::Text"  # Base64 on the wire and in the AWS CLI's output.
            case "structure":
                self.structure(shape)
                return f"MemberKind::Structure(&{static_name(shape.name)})"
            case "list":
                flat = shape.serialization.get("flattened", False)
                default = "item" if self.service == "ec2" else "member"
                item = shape.member.serialization.get("name", default)
                kind = self.kind(shape.member, "")
                return f'MemberKind::List(&List {{ item: "{item}", flattened: {str(bool(flat)).lower()}, of: {kind} }})'
        raise SystemExit(f"{self.service} {shape.name}: members of type {shape.type_name} are not supported")

    def structure(self, shape) -> None:
        if shape.name in self.written:
            return
        self.written[shape.name] = ""
        rows, secret = [], False
        known, first = self.existing.get(shape.name, (list(shape.members), len(shape.members)))
        first = sum(name in shape.members for name in known[:first])
        known = [name for name in known if name in shape.members]
        for name in [*known, *(name for name in shape.members if name not in known)]:
            member = shape.members[name]
            wire = member.serialization.get("name", name)
            if member.type_name == "list" and member.serialization.get("flattened"):
                wire = member.member.serialization.get("name", wire)
            kind = self.kind(member, name)
            secret = secret or kind == "MemberKind::Sensitive"
            column = xform_name(name).lstrip("_")
            rows.append(f'    Member {{ wire: "{wire}", name: "{name}", column: "{column}", kind: {kind} }},')
        self.written[shape.name] = "\n".join(
            [
                f"pub(crate) static {static_name(shape.name)}: Structure = Structure {{ "
                f'name: "{shape.name}", secret: {str(secret).lower()}, members: &[',
                *rows,
                f"], original_members: {first}, order_hint: MemberOrderHint::empty() }};",
            ]
        )


def existing_structures(service: str) -> dict[str, tuple[list[str], int]]:
    """Returns, per existing structure, its members and the number of its first members.

    So columns keep their positions, and the members of a newer model follow them.
    """
    text = SHAPES.read_text() if SHAPES.exists() else ""
    module = re.search(rf"^pub\(super\) mod {service} \{{\n(.*?)^\}}$", text, re.DOTALL | re.MULTILINE)
    found = {}
    pattern = r'Structure \{ name: "(\w+)".*?members: &\[\n(.*?)\], original_members: (\d+)'
    for name, members, first in re.findall(pattern, module[1] if module else "", re.DOTALL):
        found[name] = (re.findall(r'Member \{ wire: "[^"]+", name: "(\w+)"', members), int(first))
    return found


PLACES = {"querystring": "Query", "uri": "Path"}
SIMPLE = ("string", "integer", "long", "boolean")


def service_model(service: str, model: ServiceModel, session: botocore.session.Session) -> str:
    """Writes how a service is called."""
    about = model.metadata
    match about["protocol"]:
        case "json":
            content_type = f"application/x-amz-json-{about['jsonVersion']}"
            protocol = f'Protocol::Json {{ target_prefix: "{about["targetPrefix"]}", content_type: "{content_type}" }}'
        case "rest-json":
            protocol = "Protocol::RestJson"
        case other:
            raise SystemExit(f"{service}: requests of the protocol {other} are not supported")
    regions = [
        f'"{region}"'
        for partition in session.get_available_partitions()
        for region in session.get_available_regions(service, partition)
    ]
    plain = [f'"{region}"' for region in plain_fips_regions(service, about["endpointPrefix"], session)]
    return (
        f'pub(crate) static SERVICE: ServiceModel = ServiceModel {{ name: "{about.get("signingName", service)}", '
        f'id: "{model.service_id}", protocol: {protocol}, endpoint_prefix: "{about["endpointPrefix"]}", '
        f"regions: &[{', '.join(regions)}], plain_fips_regions: &[{', '.join(plain)}] }};"
    )


def plain_fips_regions(service: str, prefix: str, session: botocore.session.Session) -> list[str]:
    """Returns the regions whose plain host is the one of FIPS.

    All other hosts must have the form that rolecall builds.
    """
    loader = session.get_component("data_loader")
    partitions = loader.load_data("partitions")
    rules = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    plain = []
    for partition in partitions["partitions"]:
        outputs = partition["outputs"]
        for region in (name for name in partition["regions"] if "global" not in name):
            for fips, dual_stack in product((False, True), repeat=2):
                suffix = outputs["dualStackDnsSuffix" if dual_stack else "dnsSuffix"]
                url = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack).url
                if url == f"https://{prefix}{'-fips' if fips else ''}.{region}.{suffix}":
                    continue
                if url != f"https://{prefix}.{region}.{suffix}" or dual_stack:
                    raise SystemExit(f"{service}: the endpoint {url} has another form than rolecall builds")
                plain.append(region)
    return plain


def request_shape(operation: OperationModel) -> str:
    """Writes how an operation is requested. Only its simple parameters are written."""
    rows = []
    for name, shape in operation.input_shape.members.items() if operation.input_shape else ():
        place = PLACES.get(shape.serialization.get("location"), "Body")
        wire = shape.serialization.get("name", name)
        if shape.type_name in SIMPLE and shape.serialization.get("location") != "header":
            is_text = str(shape.type_name == "string").lower()
            names = f'name: "{name}", wire: "{wire}"'
            rows.append(f"    Parameter {{ {names}, place: ParameterPlace::{place}, is_text: {is_text} }},")
    return "\n".join(
        [
            f"pub(crate) static {request_name(operation.name)}: RequestShape = RequestShape {{ service: &SERVICE, "
            f'name: "{operation.name}", method: "{operation.http["method"]}", '
            f'path: "{operation.http["requestUri"]}", parameters: &[',
            *rows,
            "] };",
        ]
    )


def request_name(operation: str) -> str:
    return f"REQUEST_{static_name(operation)}"


def has_secrets(shape, seen: set[str]) -> bool:
    if shape.metadata.get("sensitive"):
        return True
    if shape.type_name == "list":
        return has_secrets(shape.member, seen)
    if shape.type_name != "structure" or shape.name in seen:
        return False
    seen.add(shape.name)
    return any(name in ALWAYS_SENSITIVE or has_secrets(member, seen) for name, member in shape.members.items())


def generate() -> tuple[str, str]:
    session = botocore.session.get_session()
    version = botocore.__version__
    out = [
        f"// Generated by tests/model/generate.py from botocore {version}. Do not edit by hand.",
        "",
        "use super::{List, Member, MemberKind, MemberOrderHint, Operation, Structure};",
        "use super::{Parameter, ParameterPlace, Protocol, RequestShape, ServiceModel};",
        "",
    ]
    table = []
    for service in SERVICES:
        model = session.get_service_model(service)
        names = [name for owner, name in catalogue_operations() if owner == service]
        writer = Writer(service, model, existing_structures(service))
        requests: list[str] = []
        for name in names:
            if name not in model.operation_names:
                continue  # An IAM action that is no operation. A test of the catalogue checks these.
            operation = model.operation_model(name)
            writer.structure(operation.output_shape)
            result = (operation.output_shape.serialization or {}).get("resultWrapper", "")
            wrapper = f'"{result}"' if result else '""'
            top = f"{service}::{static_name(operation.output_shape.name)}"
            request = "None"
            if service in MODELLED_SERVICES:
                requests.append(request_shape(operation))
                request = f"Some(&{service}::{request_name(name)})"
            table.append(
                f'    Operation {{ name: "{service}:{name}", wrapper: {wrapper}, output: &{top}, request: {request} }},'
            )
        if writer.written:
            if requests:
                requests.insert(0, service_model(service, model, session))
            written = [*writer.written.values(), *requests]
            out += [f"pub(super) mod {service} {{", "    use super::*;", *written, "}", ""]
    out += ["pub(super) static OPERATIONS: &[Operation] = &[", *table, "];", ""]
    operations = [
        f"# The operations of the services that rolecall reads. By tests/model/generate.py from botocore {version}.",
        "# `secret` marks the operations with sensitive members in their answers.",
    ]
    for service in (*SERVICES, "account"):
        model = session.get_service_model(service)
        for name in sorted(model.operation_names):
            output = model.operation_model(name).output_shape
            operations.append(f"{service}:{name}{' secret' if output and has_secrets(output, set()) else ''}")
    return "\n".join(out), "\n".join(operations) + "\n"


def main() -> int:
    shapes, operations = generate()
    if "--check" in sys.argv[1:]:
        files = {SHAPES: shapes, OPERATIONS: operations}
        stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run `make generate`", file=sys.stderr)
        return 1 if stale else 0
    SHAPES.write_text(shapes)
    OPERATIONS.write_text(operations)
    return 0


if __name__ == "__main__":
    sys.exit(main())
