"""Makes one or more AWS read calls under a customer's role and prints the answers as the AWS CLI v2 would.

    ask.py --endpoint URL --role-arn ARN --external-id ID --region R --service ec2 --operation describe_vpcs
           [--params JSON] [--subject ID] [--account ID] [--backend-role ARN]

All pages are merged, members keep botocore's names, timestamps are ISO 8601. Without --operation it reads a JSON list
of questions from standard input. Each is an object with the names of the options above (role_arn, external_id, ...).
It prints a list of {"answer": ...} or {"error": {"code", "message"}} in that order.

It knows nothing of rolecall: tests compare rolecall's records with these independent answers. It uses the same role
chain: backend root, backend_role, customer role.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from clients import BACKEND_ACCOUNT, HOME_REGION, Cloud
from customers import CUSTOMER_ROLE

Question = dict[str, Any]

# Pagination members: the name in the answer, and the name in the request for the next page.
NEXT_PAGE = {
    "NextToken": "NextToken",
    "nextToken": "nextToken",
    "NextMarker": "Marker",
    "NextPageMarker": "Marker",
    "TrafficPolicyIdMarker": "TrafficPolicyIdMarker",
    "TrafficPolicyVersionMarker": "TrafficPolicyVersionMarker",
    "HostedZoneIdMarker": "HostedZoneIdMarker",
    "TrafficPolicyInstanceNameMarker": "TrafficPolicyInstanceNameMarker",
    "TrafficPolicyInstanceTypeMarker": "TrafficPolicyInstanceTypeMarker",
}
# The regions of global services, of those that are not in us-east-1.
HOMES = {"globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
ABOUT_ONE_PAGE = ("ResponseMetadata", "IsTruncated", "Marker", "MaxItems", *NEXT_PAGE)


class Reader:
    """Caches sessions and clients, so that a list of questions costs one AssumeRole per customer."""

    def __init__(self, endpoint: str, backend_role: str) -> None:
        self._cloud = Cloud(endpoint)
        self._backend_role = backend_role
        self._backend_sts: Any = None
        self._credentials: dict[tuple[str, str | None], dict[str, str]] = {}
        self._clients: dict[tuple[str, str | None, str, str], Any] = {}

    def read(self, question: Question) -> Any:
        client = self._client(question)
        operation = xform_name(question["operation"])
        parameters = (question.get("params") or {}) | subject_parameters(client, operation, question)
        if client.can_paginate(operation):
            answer = client.get_paginator(operation).paginate(**parameters).build_full_result()
        else:
            answer = every_page(getattr(client, operation), parameters)
        return answer

    def _client(self, question: Question) -> Any:
        role_arn = question.get("role_arn") or f"arn:aws:iam::{question['account']}:role/{CUSTOMER_ROLE}"
        external_id = question.get("external_id")
        service, region = question["service"], question.get("region") or HOME_REGION
        if region == "global":
            region = HOMES.get(service, "us-east-1")
        key = (role_arn, external_id, service, region)
        if key not in self._clients:
            credentials = self._assume(role_arn, external_id)
            self._clients[key] = self._cloud.session_of(credentials, service, region)
        return self._clients[key]

    def _assume(self, role_arn: str, external_id: str | None) -> dict[str, str]:
        if self._backend_sts is None:
            backend = self._cloud.root("sts").assume_role(RoleArn=self._backend_role, RoleSessionName="ask")
            self._backend_sts = self._cloud.session_of(backend["Credentials"], "sts")
        key = (role_arn, external_id)
        if key not in self._credentials:
            condition = {"ExternalId": external_id} if external_id is not None else {}
            answer = self._backend_sts.assume_role(RoleArn=role_arn, RoleSessionName="ask", **condition)
            self._credentials[key] = answer["Credentials"]
        return self._credentials[key]


def subject_parameters(client: Any, operation: str, question: Question) -> dict[str, str | list[str]]:
    """Returns the parameters that name the question's resource: those that the service model requires."""
    subject = question.get("subject")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    required = [
        name
        for name in (shape.required_members if shape and subject else ())
        if name not in (question.get("params") or {})
    ]
    named = {name: question["region"] if name.endswith("Region") else subject for name in required}
    return {name: [value] if shape.members[name].type_name == "list" else value for name, value in named.items()}


def every_page(call: Callable[..., dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    """Merges the pages of an operation without a botocore paginator: all lists, and other members of the first page."""
    merged: dict[str, Any] = {}
    start: dict[str, str] = {}
    while True:
        page = call(**{**parameters, **start})
        for name, value in page.items():
            if name not in ABOUT_ONE_PAGE and isinstance(value, list):
                merged[name] = merged.get(name, []) + value
            elif name not in ABOUT_ONE_PAGE:
                merged.setdefault(name, value)
        next_start = {NEXT_PAGE[name]: value for name, value in page.items() if name in NEXT_PAGE and value}
        if not next_start or page.get("IsTruncated") is False:
            return merged
        if next_start == start:
            raise RuntimeError(f"the next page has the same start as this one: {next_start}")
        start = next_start


def plain(value: Any) -> Any:
    """Converts botocore's types that JSON lacks, for json.dumps."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def answer_or_error(reader: Reader, question: Question) -> dict[str, Any]:
    try:
        return {"answer": reader.read(question)}
    except ClientError as refusal:
        error = refusal.response["Error"]
        return {"error": {"code": error["Code"], "message": error["Message"]}}


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes AWS read calls under a customer's role.")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--backend-role", default=f"arn:aws:iam::{BACKEND_ACCOUNT}:role/rolecall-backend")
    parser.add_argument("--account", help="the customer's account, for the default role name instead of --role-arn")
    parser.add_argument("--role-arn")
    parser.add_argument("--external-id")
    parser.add_argument("--region", help='the region to call; "global" is that of a global service, mostly us-east-1')
    parser.add_argument("--service", help="the service in botocore: ec2, route53, s3, elbv2")
    parser.add_argument("--operation", help="describe_vpcs or DescribeVpcs")
    parser.add_argument("--params", type=json.loads, default={}, help="JSON object")
    parser.add_argument("--subject", help="the id of the resource to read")
    arguments = parser.parse_args()
    reader = Reader(arguments.endpoint, arguments.backend_role)
    if arguments.operation is None:
        answers = [answer_or_error(reader, question) for question in json.load(sys.stdin)]
        print(json.dumps(answers, default=plain, ensure_ascii=False))
        return
    if not arguments.service or not (arguments.account or arguments.role_arn):
        parser.error("--operation needs --service, and --account or --role-arn")
    result = answer_or_error(reader, vars(arguments))
    if "error" in result:
        sys.exit(f"{result['error']['code']}: {result['error']['message']}")
    print(json.dumps(result["answer"], default=plain, ensure_ascii=False))


if __name__ == "__main__":
    main()
