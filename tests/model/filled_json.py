"""Builds filled.py's answers in JSON, and reads their requests.

It shares the rules for pages and parameters with filled_answers.py and filled_calls.py, and knows no XML.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.model import OperationModel, Shape

from filled_answers import PAGED, UNPAGED, requested_page, scope_of, tokens
from filled_calls import SIZES, Call, Refused, continuation, listed_member, service_model
from filling import Mode, Scope, mode_of
from filling_json import JsonFiller

JSON_SERVICES = (
    "apigateway",
    "apigatewayv2",
    "directconnect",
    "globalaccelerator",
    "networkmanager",
    "route53domains",
    "route53profiles",
    "route53resolver",
    "servicediscovery",
)
# Reads of one resource: the parameter with its id, and the member of the answer that repeats it.
SUBJECTS = {"GetDomainDetail": ("DomainName", "DomainName"), "GetProfile": ("ProfileId", "Profile.Id")}


def json_request(service: str, method: str, target: str, headers: Any, body: str) -> tuple[str, dict[str, str]]:
    """Returns the operation, and its parameters by their names in the request."""
    model = service_model(service)
    if model.metadata["protocol"] == "json":
        prefix, _, name = (headers.get("X-Amz-Target") or "").rpartition(".")
        content_type = f"application/x-amz-json-{model.metadata['jsonVersion']}"
        if prefix != model.metadata["targetPrefix"] or headers.get("Content-Type") != content_type or method != "POST":
            raise Refused("UnknownOperationException", "Send X-Amz-Target and the content type of the protocol.")
        return name, {key: text_of(value) for key, value in json.loads(body).items()}
    url = urlsplit(target)
    for verb, pattern, name in json_routes(service):
        match = pattern.fullmatch(url.path)
        if verb == method and match:
            parameters = {key: unquote(value) for key, value in match.groupdict().items()}
            return name, parameters | dict(parse_qsl(url.query, keep_blank_values=True))
    raise Refused("UnknownOperationException", f"No operation has the route {method} {url.path}.")


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@cache
def json_routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    model, found = service_model(service), []
    for name in model.operation_names:
        http = model.operation_model(name).http
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", http["requestUri"].split("?")[0])
        found.append((http["method"], re.compile(pattern), name))
    return found


@cache
def json_answer(call: Call, operation: OperationModel) -> str:
    """Returns the body of an answer. The caller has checked the parameters."""
    return json.dumps(content(call, operation), ensure_ascii=call.operation.startswith("Get"))


def content(call: Call, operation: OperationModel) -> dict[str, Any]:
    members = operation.output_shape.members
    if call.operation in SUBJECTS:
        parameter, member = SUBJECTS[call.operation]
        subject = call.get(parameter) or ""
        scope = Scope(call.service, call.account, call.region, ((parameter, subject),))
        return JsonFiller(scope, 1, Mode.FULL, {member: subject}).item(operation.output_shape)
    listed = listed_member(operation)
    if listed is None:
        raise Refused("UnknownOperationException", f"{call.operation} is not served here.")
    token_members = continuation(operation)
    page, scope = requested_page(call, operation), scope_of(call, operation)
    pages = PAGED if token_members else UNPAGED
    items = [listed_item(scope, members[listed].member, number) for number in pages[page - 1]]
    fixed: dict[str, Any] = {listed: items, **dict.fromkeys(token_members)}
    fixed |= {name: int(call.get(name) or 100) for name in SIZES if name in members}
    if token_members and page < len(pages):
        fixed |= tokens(call, operation, page + 1)
    return JsonFiller(scope, 1, Mode.FULL, fixed, False).item(operation.output_shape)


def listed_item(scope: Scope, shape: Shape, number: int) -> Any:
    return JsonFiller(scope, number, mode_of(number)).item(shape)


def json_error(refused: Refused) -> str:
    return json.dumps({"__type": refused.code, "message": refused.message})
