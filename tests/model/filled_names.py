"""Serves the services that hold names, for filled.py: which service and region a request is for, and tags.

These are load balancers, distributions, custom domain names, buckets, environments, accelerators, Direct Connect, Cloud
Map and Network Manager. Tags that are not in a listing have a call of their own, by resource.

It shares the rules for pages and values with the other modules, and knows nothing of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.model import OperationModel, StructureShape

from filled_answers import ITEMS, bucket_region, scope_of
from filled_calls import Call, Refused, answer_shape, read_operation, service_model
from filling import ODD, Filler, Mode, Scope, Xml, element, element_name, escaped, mode_of, wire_name
from filling_json import JsonFiller

SERVED = {
    "apigateway": ("GetDomainNames",),
    "apigatewayv2": ("GetDomainNames",),
    "cloudfront": ("ListDistributions", "ListTagsForResource"),
    "directconnect": ("DescribeConnections", "DescribeDirectConnectGateways", "DescribeVirtualInterfaces"),
    "elasticbeanstalk": ("DescribeEnvironments", "ListTagsForResource"),
    "elb": ("DescribeLoadBalancers", "DescribeTags"),
    "elbv2": ("DescribeLoadBalancers", "DescribeTags"),
    "globalaccelerator": ("ListAccelerators", "ListCustomRoutingAccelerators", "ListTagsForResource"),
    "networkmanager": ("ListCoreNetworks",),
    "s3": ("ListBuckets", "GetBucketTagging"),
    "servicediscovery": ("ListNamespaces", "ListTagsForResource"),
}
QUERY_SERVICES = ("elasticbeanstalk", "elb", "elbv2")
REST_XML_SERVICES = ("cloudfront", "s3")
XML_NAMESPACES = {
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    "elasticbeanstalk": "https://elasticbeanstalk.amazonaws.com/docs/2010-12-01/",
    "elb": "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/",
    "elbv2": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
}
# Root elements that the model does not name.
ROOTS = {"ListBuckets": "ListAllMyBucketsResult", "GetBucketTagging": "Tagging"}
# Operations with the same answer in all regions. A service is the default of its operations.
HOMES = {
    "cloudfront": "us-east-1",
    "globalaccelerator": "us-west-2",
    "networkmanager": "us-west-2",
    "s3:ListBuckets": "us-east-1",
}
GLOBAL = ("directconnect:DescribeDirectConnectGateways", "s3:GetBucketTagging")
# Calls for tags: the parameter with the resources, the operations that list them, and the member that identifies them.
TAGGED = {
    "cloudfront:ListTagsForResource": ("Resource", ("ListDistributions",), "ARN"),
    "elasticbeanstalk:ListTagsForResource": ("ResourceArn", ("DescribeEnvironments",), "EnvironmentArn"),
    "elb:DescribeTags": ("LoadBalancerNames", ("DescribeLoadBalancers",), "LoadBalancerName"),
    "elbv2:DescribeTags": ("ResourceArns", ("DescribeLoadBalancers",), "LoadBalancerArn"),
    "globalaccelerator:ListTagsForResource": (
        "ResourceArn",
        ("ListAccelerators", "ListCustomRoutingAccelerators"),
        "AcceleratorArn",
    ),
    "s3:GetBucketTagging": ("Bucket", ("ListBuckets",), "Name"),
    "servicediscovery:ListTagsForResource": ("ResourceARN", ("ListNamespaces",), "Arn"),
}
NOT_FOUND = {
    "cloudfront": ("NoSuchResource", 404),
    "elb": ("LoadBalancerNotFound", 400),
    "elbv2": ("LoadBalancerNotFound", 400),
    "s3": ("NoSuchBucket", 404),
}
MAX_TAGGED = 20


# --- Requests ----------------------------------------------------------------------------------------------------


def service_of(signing_name: str, target: str, body: str) -> str:
    """Returns the service as botocore names it. Two services each share a name in signatures."""
    if signing_name == "apigateway":
        return "apigatewayv2" if target.startswith("/v2/") else signing_name
    if signing_name == "elasticloadbalancing":
        version = dict(parse_qsl(body)).get("Version")
        for service in ("elb", "elbv2"):
            if service_model(service).metadata["apiVersion"] == version:
                return service
        raise Refused("InvalidAction", f"Elastic Load Balancing has no version {version}.")
    return signing_name


def query_request(service: str, method: str, target: str, body: str) -> tuple[str, dict[str, str]]:
    parameters = dict(parse_qsl(body, keep_blank_values=True))
    operation, version = parameters.pop("Action", ""), parameters.pop("Version", "")
    if (method, target) != ("POST", "/") or version != service_model(service).metadata["apiVersion"]:
        raise Refused("InvalidAction", f"Post a form with the version of {service}, not {method} {target} {version}.")
    return operation, parameters


def rest_xml_request(service: str, method: str, target: str) -> tuple[str, dict[str, str]]:
    """Returns the operation, and its parameters by their names in the request."""
    url = urlsplit(target)
    given = dict(parse_qsl(url.query, keep_blank_values=True))
    for name in SERVED[service]:
        http = service_model(service).operation_model(name).http
        path, _, mark = http["requestUri"].partition("?")
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), url.path)
        if match and method == http["method"] and (not mark or mark in given):
            in_path = {key: unquote(value) for key, value in match.groupdict().items()}
            return name, in_path | {key: value for key, value in given.items() if key != mark}
    raise Refused("InvalidAction", f"No operation of {service} that is served here has the route {method} {target}.")


def region_of(service: str, operation: str, signed: str) -> str:
    """Returns the region whose resources are asked for. Some services refuse the signatures of all others."""
    qualified = f"{service}:{operation}"
    home = HOMES.get(qualified, HOMES.get(service))
    if home and signed != home:
        message = f"Credential should be scoped to a valid region. {qualified} takes {home}, not {signed}."
        raise Refused("SignatureDoesNotMatch", message, 403)
    return "us-east-1" if home or qualified in GLOBAL else signed


# --- Answers -----------------------------------------------------------------------------------------------------


def check_served(service: str, operation: str) -> None:
    if service in SERVED and operation not in SERVED[service]:
        raise Refused("InvalidAction", f"The action {operation} of {service} is not served here.")


def root_of(operation: OperationModel) -> str:
    """Returns the root element of an answer in REST-XML."""
    return operation.output_shape.serialization.get("payload") or ROOTS[operation.name]


def is_tag_call(call: Call) -> bool:
    return f"{call.service}:{call.operation}" in TAGGED


def tags_answer(call: Call, operation: OperationModel, signed: str) -> str | dict[str, Any]:
    """Returns the tags of one resource, or those of each resource that the call names.

    `signed` is the region that the request is signed for.
    """
    parameter, _, _ = TAGGED[f"{call.service}:{call.operation}"]
    shape = answer_shape(operation)
    if operation.input_shape.members[parameter].type_name == "string":
        name = call.get(parameter) or ""
        if call.service == "s3":
            check_bucket(call, name, signed)
        return tags_of(call, shape, name)
    names = call.numbered(f"{parameter}.member")
    if not 1 <= len(names) <= MAX_TAGGED or len(set(names)) < len(names):
        raise Refused("ValidationError", f"{parameter} must be 1 to {MAX_TAGGED} different ones, not {len(names)}.")
    listed = shape.members["TagDescriptions"]
    tag = element_name(call.service, listed)
    items = (element(tag, tags_of(call, listed.member, name)) for name in names)
    return element(wire_name("TagDescriptions", listed), "".join(items))


def tags_of(call: Call, shape: StructureShape, name: str) -> str | dict[str, Any]:
    """Fills a structure with a list of tags, and with the resource's name if it has a member for that."""
    scope, number = resource(call, name)
    member = next(member for member, inner in shape.members.items() if inner.type_name == "list")
    pairs = list(tag_pairs(scope, number, name))
    fixed: dict[str, Any] = {other: name for other in shape.members if other != member}
    if call.service in ("globalaccelerator", "servicediscovery"):
        fixed[member] = [{"Key": key, "Value": value} for key, value in pairs]
        return JsonFiller(scope, number, Mode.FULL, fixed).item(shape)
    tag = element_name(call.service, shape.members[member])
    written = (element("Key", escaped(key, number)) + element("Value", escaped(value, number)) for key, value in pairs)
    fixed[member] = Xml("".join(element(tag, pair) for pair in written))
    return Filler(scope, number, Mode.FULL, fixed).item(shape)


def tag_pairs(scope: Scope, number: int, name: str) -> Iterator[tuple[str, str]]:
    """Yields the tags of a resource. One has its name, so that no other resource has the same tags."""
    if mode_of(number) is Mode.EMPTY:
        return
    yield "resource", name
    start = int(scope.digest(number)[:4], 16)
    for turn in (start, start + 1):
        yield tuple(ODD[(turn + shift) % len(ODD)].replace("@", f"{number}-{turn}") for shift in (0, 3))


def resource(call: Call, name: str) -> tuple[Scope, int]:
    """Finds a resource of the account and region by its name, id or ARN, with its number in its listing."""
    _, listings, member = TAGGED[f"{call.service}:{call.operation}"]
    for listing in listings:
        listed = Call(call.service, listing, call.account, call.region, ())
        scope = scope_of(listed, read_operation(call.service, listing))
        for number in range(1, ITEMS + 1):
            if Filler(scope, number, Mode.KEYS).identifier(member) == name:
                return scope, number
    code, status = NOT_FOUND.get(call.service, ("ResourceNotFoundException", 400))
    raise Refused(code, f"{call.account} has no {name} in {call.region}.", status)


def check_bucket(call: Call, name: str, signed: str) -> None:
    _, number = resource(call, name)
    region = bucket_region(number)
    if signed != region:
        message = f"The authorization header is malformed; the region '{signed}' is wrong; expecting '{region}'"
        raise Refused("AuthorizationHeaderMalformed", message)
    if mode_of(number) is Mode.EMPTY:
        raise Refused("NoSuchTagSet", "The TagSet does not exist", 404, strict=False)
