"""Checks calls to filled.py: required parameters, page sizes, the owner of snapshots and of parent resources.

The rules come from botocore's service models. It knows neither answers nor HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

READS = ("Describe", "Get", "List", "Search")
SIZES = ("MaxResults", "MaxItems", "PageSize", "MaxRecords", "MaxBuckets", "maxResults", "limit")
# Tokens that have the same name in answers and requests.
SAME_TOKENS = ("ContinuationToken", "nextToken", "position")
# Pages that are smaller than AWS's model allows: 100,000 allocations are tens of megabytes, and 1,000 is the least. The
# emulated AWS takes 200 of the others, as of the other types of Verified Access.
EC2_PAGE_LIMITS = {
    "GetIpamPoolAllocations": 1000,
    "DescribeVerifiedAccessEndpoints": 200,
    "DescribeVerifiedAccessGroups": 200,
}
# Page limits that the model lacks.
ROUTE53_PAGE_LIMITS = {"ListResourceRecordSets": 300, "ListHealthChecks": 1000, "ListVPCAssociationAuthorizations": 50}
# The same of other services. S3 allows 10,000 buckets, and a collector with pages of 1,000 loses nothing.
PAGE_LIMITS = {"apigateway": 500, "apigatewayv2": 100, "cloudfront": 100, "directconnect": 100, "s3": 1000}


class Refused(Exception):
    """An error answer. `strict` marks a call that AWS does not allow."""

    def __init__(self, code: str, message: str, status: int = 400, strict: bool = True) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.strict = code, message, status, strict


@dataclass(frozen=True)
class Call:
    """A request. Parameters have the model's names; list elements keep their wire names, `Filter.1.Name`."""

    service: str
    operation: str
    account: str
    region: str
    parameters: tuple[tuple[str, str], ...]
    lenient: bool = False

    def get(self, name: str) -> str | None:
        return dict(self.parameters).get(name)

    def numbered(self, prefix: str) -> list[str]:
        return [value for name, value in self.parameters if re.fullmatch(rf"{re.escape(prefix)}\.\d+", name)]


@cache
def service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


@cache
def paginators(service: str) -> dict[str, Any]:
    loader = botocore.session.get_session().get_component("data_loader")
    return loader.load_service_model(service, "paginators-1")["pagination"]


def read_operation(service: str, name: str | None) -> OperationModel:
    model = service_model(service)
    if name is None or name not in model.operation_names or not name.startswith(READS):
        raise Refused("InvalidAction", f"The action {name} is not valid for this web service.")
    return model.operation_model(name)


def inputs(operation: OperationModel) -> dict[str, Shape]:
    return dict(operation.input_shape.members) if operation.input_shape else {}


def answer_shape(operation: OperationModel) -> Shape:
    """Returns the structure that an answer's body is: the output, or the member that is its payload."""
    shape = operation.output_shape
    payload = shape.serialization.get("payload")
    return shape.members[payload] if payload else shape


def continuation(operation: OperationModel) -> dict[str, str]:
    """Maps the token members of the answer to those of the request for the next page."""
    found, request = {}, inputs(operation)
    for name, shape in answer_shape(operation).members.items():
        bare = name.removeprefix("Next")
        if name in SAME_TOKENS and name in request:
            found[name] = name
        elif shape.type_name == "string" and (name != bare or (name.endswith("Marker") and name != "Marker")):
            targets = (name, bare, f"Start{bare}", "Marker")
            found[name] = next((target for target in targets if target in request), "")
    return found if all(found.values()) else {}


def listed_member(operation: OperationModel) -> str | None:
    """Returns the paged list: the one that botocore's paginator merges, else the first list member."""
    members = answer_shape(operation).members
    merged = (paginators(operation.service_model.service_name).get(operation.name) or {}).get("result_key")
    for name in [*(merged if isinstance(merged, list) else [merged]), *members]:
        if name in members and members[name].type_name == "list":
            return name
    return None


def check_parameters(call: Call, operation: OperationModel, wire_names: dict[str, str]) -> None:
    """Refuses missing parameters and bad page sizes. `wire_names` are the parameters' names in the request."""
    names = [name for name, _ in call.parameters]
    for name in operation.input_shape.required_members if operation.input_shape else ():
        if name not in names and not any(given.startswith(f"{wire_names[name]}.") for given in names):
            raise Refused("MissingParameter", f"The request must contain the parameter {wire_names[name]}.")
    for name in SIZES:
        if name in inputs(operation):
            check_size(call, operation, name)
    if call.operation == "DescribeSnapshots" and not call.lenient and call.numbered("Owner") != ["self"]:
        # AWS would answer with the public snapshots of all accounts.
        raise Refused("MissingParameter", "DescribeSnapshots without the owner self lists snapshots of others.")


def check_size(call: Call, operation: OperationModel, name: str) -> None:
    given = call.get(name)
    if given is None and call.lenient:
        return
    low, high = page_sizes(call.service, operation, name)
    if given is None or not re.fullmatch(r"\d{1,9}", given) or not low <= int(given) <= high:
        problem = "is missing" if given is None else f"is {given}"
        code = "InvalidParameterValue" if call.service == "ec2" else "InvalidInput"
        raise Refused(code, f"{name} of {call.operation} {problem}: it must be an integer from {low} to {high}.")
    if not call.lenient and int(given) < high:
        # AWS would answer, but a collector with smaller pages than allowed makes needless calls.
        raise Refused("InvalidParameterValue", f"{name} of {call.operation} is {given}, and {high} are allowed.")


def page_sizes(service: str, operation: OperationModel, name: str) -> tuple[int, int]:
    if service == "route53":
        return 1, ROUTE53_PAGE_LIMITS.get(operation.name, 100)
    if service in PAGE_LIMITS:
        return 1, PAGE_LIMITS[service]
    shape = inputs(operation)[name]
    # Some limits are in the model's documentation only.
    documented = re.search(r"between (\d+) and ([\d,]+)", shape.documentation or "")
    low, high = (int(documented[1]), int(documented[2].replace(",", ""))) if documented else (5, 1000)
    return shape.metadata.get("min", low), EC2_PAGE_LIMITS.get(operation.name, shape.metadata.get("max", high))


def parent_of(call: Call, operation: OperationModel) -> tuple[tuple[str, str], ...]:
    """Returns the parent of the items: the request's scalar ids, without their prefixes."""
    markers = set(continuation(operation).values())
    found = []
    for name, shape in inputs(operation).items():
        value = call.get(name)
        if (
            value
            and shape.type_name == "string"
            and name not in markers
            and re.search(r"(Id|VPCRegion|AddressRegion)$", name)
        ):
            check_owner(call, name, value)
            found.append((name, value.rsplit("/", 1)[-1]))
    return tuple(found)


def check_owner(call: Call, name: str, value: str) -> None:
    owner = re.search(r"-(\d{12})-([a-z]{2}(?:-[a-z]+)+-\d)-\d+", value)
    if call.service == "ec2" and owner and owner.groups() != (call.account, call.region):
        raise Refused(f"Invalid{name}.NotFound", f"{value} does not belong to {call.account} in {call.region}.")
