"""Serves AWS reads on the loopback: every read returns all members of its output shape, over several pages.

    python tests/model/filled.py serve   prints {"endpoint", "marker"} and runs until its standard input is closed
    python tests/model/filled.py check   calls it with botocore, and exits 1 if a member or an item is missing

These are the reads of EC2, Route 53 (with Resolver, Profiles and Domains), and the services of filled_names.py. It also
serves AssumeRole and GetCallerIdentity of STS, ListAccountAliases of IAM and ListRegions of Account. Any caller is
allowed. The access key id names the account of a call: `111111111111`, or `ASIA111111111111` in a session.

It is strict about what botocore does by itself and a collector may forget: page sizes, tokens, required parameters,
and the region of a signature.
`GET /_requests` returns the number of calls of each operation, and the violations. `marker` is part of every secret,
and of the unknown members beside a secret.

It knows nothing of rolecall's calls, of permissions, or of writing operations.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

from botocore.model import OperationModel

from filled_answers import REGIONS, answer, check_zone
from filled_calls import Call, Refused, check_parameters, inputs, parent_of, read_operation, service_model
from filled_json import JSON_SERVICES, json_answer, json_error, json_request
from filled_names import (
    QUERY_SERVICES,
    REST_XML_SERVICES,
    XML_NAMESPACES,
    check_served,
    is_tag_call,
    query_request,
    region_of,
    rest_xml_request,
    root_of,
    service_of,
    tags_answer,
)
from filling import MARKER, element, escaped, wire_name

NAMESPACES = {
    "ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    **XML_NAMESPACES,
}
OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n'
REQUEST_ID = "f111ed00-0000-4000-8000-000000000000"
LENIENT_AGENTS = ("Boto3", "Botocore")  # clients that may omit the page size


@dataclass(frozen=True)
class Caller:
    account: str
    region: str
    service: str
    arn: str
    lenient: bool


@dataclass
class RequestLog:
    """Counts the requests per operation, and keeps the violations."""

    requests: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, operation: str) -> None:
        with self.lock:
            self.requests[operation] += 1

    def add_violation(self, operation: str, message: str) -> None:
        with self.lock:
            self.violations.append({"operation": operation, "message": message})

    def as_json(self) -> str:
        with self.lock:
            return json.dumps({"requests": self.requests, "violations": self.violations})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one write
    server: Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        if self.path == "/_requests":
            self._send(200, "application/json", self.server.log.as_json())
            return
        service = operation = ""
        try:
            caller = caller_of(self.headers)
            service = service_of(caller.service, self.path, body)
            caller = replace(caller, service=service)
            operation, parameters = self._request(service, body)
            self.server.log.count(f"{service}:{operation}")
            text = answer_to(caller, operation, parameters)
        except Refused as refused:
            if refused.strict:
                self.server.log.add_violation(f"{service}:{operation}", f"{refused.code}: {refused.message}")
            self._send(refused.status, "text/xml", error_document(service, refused))
            return
        is_json = service == "account" or service in JSON_SERVICES
        self._send(200, "application/json" if is_json else "text/xml;charset=UTF-8", text)

    do_POST = do_PUT = do_DELETE = do_GET

    def _request(self, service: str, body: str) -> tuple[str, dict[str, str]]:
        """Returns the operation, and its parameters by their names in the request."""
        if service == "route53":
            return route53_request(self.command, self.path, body)
        if service in JSON_SERVICES:
            return json_request(service, self.command, self.path, self.headers, body)
        if service in REST_XML_SERVICES:
            return rest_xml_request(service, self.command, self.path)
        if service in QUERY_SERVICES:
            return query_request(service, self.command, self.path, body)
        if service == "account":
            return self.path.strip("/"), {}
        parameters = dict(parse_qsl(body, keep_blank_values=True))
        operation, _ = parameters.pop("Action", ""), parameters.pop("Version", "")
        return operation, parameters

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", REQUEST_ID)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log = RequestLog()
        self.endpoint = f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()


def caller_of(headers: object) -> Caller:
    scope = re.search(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request", headers.get("Authorization") or "")
    if scope is None:
        raise Refused("MissingAuthenticationToken", "The request has no Signature Version 4 Authorization header.", 403)
    key, region, service = scope.groups()
    account = re.fullmatch(r"(?:ASIA)?(\d{12})", key)
    if account is None:
        raise Refused("InvalidClientTokenId", f"The access key id {key} names no account.", 403)
    token = headers.get("X-Amz-Security-Token")
    arn = base64.b64decode(token).decode() if token else f"arn:aws:iam::{account[1]}:root"
    lenient = (headers.get("User-Agent") or "").startswith(LENIENT_AGENTS)
    # Route 53 is global, whatever region a request is signed for.
    return Caller(account[1], "us-east-1" if service == "route53" else region, service, arn, lenient)


def answer_to(caller: Caller, operation: str, parameters: dict[str, str]) -> str:
    service = caller.service
    if service in ("ec2", "route53", *JSON_SERVICES, *REST_XML_SERVICES, *QUERY_SERVICES):
        check_served(service, operation)
        return filled_answer(caller, read_operation(service, operation), parameters)
    handler = HANDLERS.get((service, operation))
    if handler is None:
        raise Refused("InvalidAction", f"The action {operation} of {service} is not served here.")
    return handler(caller, parameters)


def filled_answer(caller: Caller, operation: OperationModel, parameters: dict[str, str]) -> str:
    service = caller.service
    wire_names = {name: request_name(service, name, shape) for name, shape in inputs(operation).items()}
    names = {wire: name for name, wire in wire_names.items()}
    for parameter in parameters:
        if parameter.split(".")[0] not in names:
            raise Refused("UnknownParameter", f"The parameter {parameter} is not recognized.")
    renamed = sorted((names.get(parameter, parameter), value) for parameter, value in parameters.items())
    region = region_of(service, operation.name, caller.region)
    call = Call(service, operation.name, caller.account, region, tuple(renamed), caller.lenient)
    check_parameters(call, operation, wire_names)
    parent_of(call, operation)
    if "/hostedzone/{" in operation.http["requestUri"]:
        check_zone(call, operation)
    if service in JSON_SERVICES:
        tags = is_tag_call(call)
        return json.dumps(tags_answer(call, operation, caller.region)) if tags else json_answer(call, operation)
    content = tags_answer(call, operation, caller.region) if is_tag_call(call) else answer(call)
    if service in QUERY_SERVICES:
        return query_document(service, operation.name, content)
    if service in REST_XML_SERVICES:
        return document(service, root_of(operation), content)
    if service == "ec2":
        return document(service, f"{operation.name}Response", f"<requestId>{REQUEST_ID}</requestId>{content}")
    shape = operation.output_shape
    return document(service, shape.serialization.get("name", shape.name), content)


def request_name(service: str, name: str, shape: object) -> str:
    """Returns a parameter's name in the request, as botocore's serializers write it."""
    if service != "ec2":
        return wire_name(name, shape)
    wire = shape.serialization.get("queryName") or shape.serialization.get("name", name)
    return wire[0].upper() + wire[1:]


def document(service: str, root: str, content: str) -> str:
    return f'{OPENING}<{root} xmlns="{NAMESPACES[service]}">{content}</{root}>'


def error_document(service: str, refused: Refused) -> str:
    if service in JSON_SERVICES:
        return json_error(refused)
    error = element("Code", refused.code) + element("Message", escaped(refused.message))
    match service:
        case "account":
            return json.dumps({"__type": refused.code, "message": refused.message})
        case "s3":
            return f"{OPENING}{element('Error', error + element('RequestId', REQUEST_ID))}"
        case "route53" | "sts" | "iam" | "cloudfront" | "elasticbeanstalk" | "elb" | "elbv2":
            content = element("Error", f"<Type>Sender</Type>{error}") + element("RequestId", REQUEST_ID)
            return document(service, "ErrorResponse", content)
    content = element("Errors", element("Error", error)) + element("RequestID", REQUEST_ID)
    return f"{OPENING}<Response>{content}</Response>"


# --- Route 53's paths --------------------------------------------------------------------------------------------


@cache
def routes() -> list[tuple[str, re.Pattern[str], str]]:
    """Returns (method, path pattern, operation). An id in a path may have its resource kind as a prefix."""
    model, found = service_model("route53"), []
    for name in model.operation_names:
        http = model.operation_model(name).http
        pieces = re.split(r"\{(\w+)\}", http["requestUri"].split("?")[0].rstrip("/"))
        pattern = "".join(
            f"(?P<{piece}>(?:/?(?:hostedzone|delegationset|change)/)?[^/]+)" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
        found.append((http["method"], re.compile(pattern), name))
    return found


def route53_request(method: str, target: str, body: str) -> tuple[str, dict[str, str]]:
    """Returns the operation, and its parameters by their names in the request."""
    url = urlsplit(target)
    for verb, pattern, name in routes():
        match = pattern.fullmatch(url.path.rstrip("/"))
        if verb == method and match:
            parameters = {key: unquote(value) for key, value in match.groupdict().items()}
            parameters |= dict(parse_qsl(url.query, keep_blank_values=True))
            for member in ElementTree.fromstring(body) if body else ():
                wire = member.tag.rpartition("}")[2]
                parameters |= {f"{wire}.{index}": value.text or "" for index, value in enumerate(member, 1)}
            return name, parameters
    raise Refused("InvalidAction", f"No operation has the route {method} {url.path}.")


# --- The operations of STS, IAM and Account ----------------------------------------------------------------------


def assume_role(caller: Caller, parameters: dict[str, str]) -> str:
    role = re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)", parameters.get("RoleArn", ""))
    session = parameters.get("RoleSessionName", "")
    if role is None or not session:
        raise Refused("ValidationError", "AssumeRole needs a RoleArn and a RoleSessionName.")
    account, name = role.groups()
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    expiration = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    credentials = (
        f"<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>test</SecretAccessKey>"
        f"<SessionToken>{base64.b64encode(arn.encode()).decode()}</SessionToken><Expiration>{expiration}</Expiration>"
    )
    user = f"<AssumedRoleId>AROA{account}:{escaped(session)}</AssumedRoleId><Arn>{escaped(arn)}</Arn>"
    content = element("Credentials", credentials) + element("AssumedRoleUser", user)
    return query_document("sts", "AssumeRole", f"{content}<PackedPolicySize>1</PackedPolicySize>")


def caller_identity(caller: Caller, _: dict[str, str]) -> str:
    user = f"<Arn>{escaped(caller.arn)}</Arn><UserId>AROA{caller.account}</UserId>"
    return query_document("sts", "GetCallerIdentity", f"{user}<Account>{caller.account}</Account>")


def account_aliases(caller: Caller, _: dict[str, str]) -> str:
    aliases = element("AccountAliases", element("member", f"alias-of-{caller.account}"))
    return query_document("iam", "ListAccountAliases", f"{aliases}<IsTruncated>false</IsTruncated>")


def account_regions(_: Caller, __: dict[str, str]) -> str:
    status = {"opt-in-not-required": "ENABLED_BY_DEFAULT", "not-opted-in": "DISABLED"}
    regions = [{"RegionName": name, "RegionOptStatus": status[opt_in]} for name, opt_in in REGIONS]
    return json.dumps({"Regions": regions})


def query_document(service: str, operation: str, content: str) -> str:
    metadata = element("ResponseMetadata", element("RequestId", REQUEST_ID))
    return document(service, f"{operation}Response", element(f"{operation}Result", content) + metadata)


HANDLERS = {
    ("sts", "AssumeRole"): assume_role,
    ("sts", "GetCallerIdentity"): caller_identity,
    ("iam", "ListAccountAliases"): account_aliases,
    ("account", "listRegions"): account_regions,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Serves AWS answers with every member filled.")
    parser.add_argument("command", choices=["serve", "check"])
    arguments = parser.parse_args()
    server = Server()
    server.start()
    if arguments.command == "check":
        from filled_check import check  # needs boto3, which serving does not

        return check(server.endpoint)
    print(json.dumps({"endpoint": server.endpoint, "marker": MARKER}), flush=True)
    sys.stdin.buffer.read()  # returns when the other side closes the pipe or dies
    return 0


if __name__ == "__main__":
    sys.exit(main())
