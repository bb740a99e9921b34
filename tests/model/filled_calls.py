"""What a call to filled.py says, and must say: the parameters that AWS requires, the sizes of pages, whose the parents are.

By botocore's service models wherever they say it. It knows neither answers nor HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

READS = ("Describe", "Get", "List", "Search")
SIZES = ("MaxResults", "MaxItems")
# Where the model does not say what a page may hold at most.
ROUTE53_MOST = {"ListResourceRecordSets": 300, "ListHealthChecks": 1000, "ListVPCAssociationAuthorizations": 50}


class Refused(Exception):
    """An error that is answered. `strict` where the asker did what AWS does not allow."""

    def __init__(self, code: str, message: str, status: int = 400, strict: bool = True) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.strict = code, message, status, strict


@dataclass(frozen=True)
class Call:
    """One question. The parameters have the model's names; lists are as they came, `Filter.1.Name`."""

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


def continuation(operation: OperationModel) -> dict[str, str]:
    """Which members of the answer say where the next page begins, and which of the request say so then."""
    found, asked = {}, inputs(operation)
    for name, shape in operation.output_shape.members.items():
        bare = name.removeprefix("Next")
        if shape.type_name == "string" and (name != bare or (name.endswith("Marker") and name != "Marker")):
            found[name] = next((to for to in (name, bare, f"Start{bare}") if to in asked), "")
    return found if all(found.values()) else {}


def listed_member(operation: OperationModel) -> str | None:
    """The list that is paged; of several the one that botocore's paginator merges, else the first."""
    members = operation.output_shape.members
    merged = (paginators(operation.service_model.service_name).get(operation.name) or {}).get("result_key")
    for name in [*(merged if isinstance(merged, list) else [merged]), *members]:
        if name in members and members[name].type_name == "list":
            return name
    return None


def check_parameters(call: Call, operation: OperationModel, wires: dict[str, str]) -> None:
    """`wires` are the parameters' names in the request, for the messages and for lists."""
    names = [name for name, _ in call.parameters]
    for name in operation.input_shape.required_members if operation.input_shape else ():
        if name not in names and not any(given.startswith(f"{wires[name]}.") for given in names):
            raise Refused("MissingParameter", f"The request must contain the parameter {wires[name]}.")
    for name in SIZES:
        if name in inputs(operation):
            check_size(call, operation, name)


def check_size(call: Call, operation: OperationModel, name: str) -> None:
    given = call.get(name)
    if given is None and call.lenient:
        return
    least, most = page_sizes(call.service, operation, name)
    if given is None or not re.fullmatch(r"\d{1,9}", given) or not least <= int(given) <= most:
        problem = "is missing" if given is None else f"is {given}"
        code = "InvalidParameterValue" if call.service == "ec2" else "InvalidInput"
        raise Refused(code, f"{name} of {call.operation} {problem}: it must be an integer from {least} to {most}.")
    if not call.lenient and int(given) < most:
        # AWS would answer; a collector that asks for less than it may makes more calls than it must.
        raise Refused("InvalidParameterValue", f"{name} of {call.operation} is {given}, and {most} are allowed.")


def page_sizes(service: str, operation: OperationModel, name: str) -> tuple[int, int]:
    if service == "route53":
        return 1, ROUTE53_MOST.get(operation.name, 100)
    shape = inputs(operation)[name]
    # Where the model's constraints are silent, its documentation may speak.
    said = re.search(r"between (\d+) and ([\d,]+)", shape.documentation or "")
    least, most = (int(said[1]), int(said[2].replace(",", ""))) if said else (5, 1000)
    return shape.metadata.get("min", least), shape.metadata.get("max", most)


def parent_of(call: Call, operation: OperationModel) -> tuple[tuple[str, str], ...]:
    """What the items belong to: the request's scalar ids, without what stands before them."""
    markers = set(continuation(operation).values())
    found = []
    for name, shape in inputs(operation).items():
        value = call.get(name)
        if value and shape.type_name == "string" and name not in markers and re.search(r"(Id|VPCRegion)$", name):
            check_is_ours(call, name, value)
            found.append((name, value.rsplit("/", 1)[-1]))
    return tuple(found)


def check_is_ours(call: Call, name: str, value: str) -> None:
    ours = re.search(r"-(\d{12})-([a-z]{2}(?:-[a-z]+)+-\d)-\d+", value)
    if call.service == "ec2" and ours and ours.groups() != (call.account, call.region):
        raise Refused(f"Invalid{name}.NotFound", f"{value} is not of {call.account} in {call.region}.")
