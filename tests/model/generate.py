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
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import botocore
import botocore.session
from botocore import xform_name
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointResolutionError
from botocore.model import OperationModel, ServiceModel, Shape

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ROOT / "src/decode/shapes/generated.rs"
OPERATIONS = ROOT / "tests/model/operations.txt"
XML_SERVICES = ("ec2", "iam", "route53")
# Services that have no SDK in Cargo.toml: their requests are built from shapes too.
MODELLED_SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudfront",
    "directconnect",
    "elasticbeanstalk",
    "elb",
    "elbv2",
    "globalaccelerator",
    "networkmanager",
    "route53domains",
    "route53profiles",
    "route53resolver",
    "s3",
    "servicediscovery",
)
SERVICES = (*XML_SERVICES, *MODELLED_SERVICES)
# Secrets that the model does not mark everywhere they occur.
ALWAYS_SENSITIVE = {"CustomerGatewayConfiguration", "PreSharedKey", "UserData", "authKey", "customerRouterConfig"}
# Lists of tags under another name than in most services, by structure and member.
TAG_LISTS = {("ResourceTagsDescriptionMessage", "ResourceTags"), ("Tags", "Items")}
# Root elements of XML that the model does not name.
ROOTS = {"s3:ListBuckets": "ListAllMyBucketsResult", "s3:GetBucketTagging": "Tagging"}


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
            case "map" if member_name.lower() == "tags":
                assert (shape.key.type_name, shape.value.type_name) == ("string", "string"), shape.name
                return "MemberKind::TagMap"
        raise SystemExit(f"{self.service} {shape.name}: members of type {shape.type_name} are not supported")

    def structure(self, shape) -> None:
        if shape.name in self.written:
            return
        self.written[shape.name] = ""
        rows, secret = [], False
        known, first = self.existing.get(shape.name, (list(shape.members), len(shape.members)))
        tag_list = next((member for owner, member in TAG_LISTS if owner == shape.name), "Tags")
        known = [tag_list if name == "Tags" else name for name in known]
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
            if (shape.name, name) in TAG_LISTS:
                name, column = "Tags", "tags"
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
        case "query":
            protocol = f'Protocol::Query {{ version: "{about["apiVersion"]}" }}'
        case "rest-json":
            protocol = "Protocol::RestJson"
        case "rest-xml":
            protocol = "Protocol::RestXml"
        case other:
            raise SystemExit(f"{service}: requests of the protocol {other} are not supported")
    regions = [f'"{region}"' for region in regions_of(service, session)]
    forms = host_forms(about["endpointPrefix"], service)
    exceptions = [
        f'("{region}", {variant}, "{host}")' for region, variant, host in other_hosts(service, forms, session)
    ]
    hosts = ", ".join(f'"{form}"' for form in forms)
    name = about.get("signingName") or about["endpointPrefix"]
    return (
        f'pub(crate) static SERVICE: ServiceModel = ServiceModel {{ name: "{name}", '
        f'id: "{model.service_id}", protocol: {protocol}, regions: &[{", ".join(regions)}], '
        f"hosts: [{hosts}], other_hosts: &[{', '.join(exceptions)}] }};"
    )


def regions_of(service: str, session: botocore.session.Session) -> list[str]:
    """Returns the regions with an endpoint. A service with one endpoint for a partition has the region that signs."""
    found = []
    for partition in session.get_available_partitions():
        regions = session.get_available_regions(service, partition)
        is_global = session.get_available_regions(service, partition, allow_non_regional=True)
        if not regions and is_global:
            regions = sorted({home for _, home, _, _ in endpoints(service, session, partition) if home})
        found += regions
    return found


def host_forms(prefix: str, service: str) -> list[str]:
    """Returns the usual hosts: plain, dual stack, FIPS, and FIPS with dual stack."""
    if service == "s3":
        return [f"{prefix}{fips}.{form}{{region}}.{{dns}}" for fips, form in product(("", "-fips"), ("", "dualstack."))]
    return [f"{prefix}{fips}.{{region}}.{dns}" for fips, dns in product(("", "-fips"), ("{dns}", "{dual}"))]


def endpoints(service: str, session: botocore.session.Session, only: str = "") -> Iterator[tuple[str, str, int, str]]:
    """Yields region, the region that signs if the rules name one, variant and host of every endpoint of the rules."""
    loader = session.get_component("data_loader")
    partitions = loader.load_data("partitions")
    rules = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    for partition in partitions["partitions"]:
        for region in (name for name in partition["regions"] if "global" not in name):
            for variant, (fips, dual_stack) in enumerate(product((False, True), repeat=2)):
                if only in ("", partition["id"]):
                    try:
                        endpoint = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
                    except EndpointResolutionError:
                        continue  # The partition has no such variant.
                    schemes = endpoint.properties.get("authSchemes") or [{}]
                    yield region, schemes[0].get("signingRegion", ""), variant, endpoint.url.removeprefix("https://")


def other_hosts(service: str, forms: list[str], session: botocore.session.Session) -> list[tuple[str, int, str]]:
    """Returns region, variant and host where AWS's rules say something else than the usual forms.

    Of a service with one endpoint for a partition, only the region that signs is called.
    """
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    outputs = {region: partition["outputs"] for partition in partitions for region in partition["regions"]}
    found = []
    for region, home, variant, host in endpoints(service, session):
        names = {"region": region, "dns": outputs[region]["dnsSuffix"], "dual": outputs[region]["dualStackDnsSuffix"]}
        if home in ("", region) and host != forms[variant].format(**names):
            found.append((region, variant, host))
    return found


def request_shape(operation: OperationModel, protocol: str) -> str:
    """Writes how an operation is requested. Only its simple parameters are written, and lists in the query protocol."""
    rows = []
    for name, shape in operation.input_shape.members.items() if operation.input_shape else ():
        place = PLACES.get(shape.serialization.get("location"), "Body")
        wire = shape.serialization.get("name", name)
        if shape.serialization.get("location") == "header":
            continue
        if shape.type_name in SIMPLE:
            kind = "Text" if shape.type_name == "string" else "Plain"
        elif protocol == "query" and shape.type_name == "list" and shape.member.type_name == "string":
            kind = "List"
        else:
            continue
        names = f'name: "{name}", wire: "{wire}"'
        rows.append(f"    Parameter {{ {names}, place: ParameterPlace::{place}, kind: ParameterKind::{kind} }},")
    return "\n".join(
        [
            f"pub(crate) static {request_name(operation.name)}: RequestShape = RequestShape {{ service: &SERVICE, "
            f'name: "{operation.name}", method: "{operation.http["method"]}", '
            f'path: "{operation.http["requestUri"]}", parameters: &[',
            *rows,
            "] };",
        ]
    )


def response(operation: OperationModel) -> tuple[Shape, str]:
    """Returns the structure of the response, and its root element if that is not named after the operation."""
    service, shape = operation.service_model.service_name, operation.output_shape
    payload = shape.serialization.get("payload")
    if payload is None:
        return shape, ROOTS.get(f"{service}:{operation.name}", "")
    member = shape.members[payload]
    return member, member.serialization.get("name", payload)


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
        "use super::{Parameter, ParameterKind, ParameterPlace, Protocol, RequestShape, ServiceModel};",
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
            output, root = response(operation)
            writer.structure(output)
            result = (operation.output_shape.serialization or {}).get("resultWrapper", "")
            top = f"{service}::{static_name(output.name)}"
            request = "None"
            if service in MODELLED_SERVICES:
                requests.append(request_shape(operation, model.metadata["protocol"]))
                request = f"Some(&{service}::{request_name(name)})"
            table.append(
                f'    Operation {{ name: "{service}:{name}", root: "{root}", wrapper: "{result}", output: &{top}, '
                f"request: {request} }},"
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
