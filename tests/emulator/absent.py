"""Answers the reads that ministack does not implement, as AWS answers for an account without such resources.

Otherwise every account of the emulated AWS would be `partial` because of the emulator. The answers are AWS's
documented defaults only: empty lists and unchanged settings. `server.py` installs the handlers.

It does not know permissions: ministack checks them before it calls a handler.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from ministack import app
from ministack.core import iam_actions
from ministack.services import ec2, route53

Answer = tuple[int, dict[str, str], bytes]

EC2_SPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
ROUTE53_SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
XML = {"Content-Type": "text/xml"}
JSON = {"Content-Type": "application/x-amz-json-1.1"}

# Services that ministack does not have at all, and what they answer about a resource that does not exist.
ABSENT_SERVICES = {
    "directconnect": "DirectConnectClientException",
    "elasticbeanstalk": "ResourceNotFoundException",
    "globalaccelerator": "AcceleratorNotFoundException",
    "networkmanager": "ResourceNotFoundException",
    "route53domains": "InvalidInput",
    "route53profiles": "ResourceNotFoundException",
    "route53resolver": "ResourceNotFoundException",
}

# The defaults of the account settings of a region.
EC2_SETTINGS = {
    "DescribeAccountAttributes": "<accountAttributeSet><item><attributeName>supported-platforms</attributeName>"
    "<attributeValueSet><item><attributeValue>VPC</attributeValue></item></attributeValueSet></item>"
    "<item><attributeName>max-instances</attributeName><attributeValueSet><item><attributeValue>20</attributeValue>"
    "</item></attributeValueSet></item></accountAttributeSet>",
    "GetEbsEncryptionByDefault": "<ebsEncryptionByDefault>false</ebsEncryptionByDefault><sseType>none</sseType>",
    "GetEbsDefaultKmsKeyId": "<kmsKeyId>alias/aws/ebs</kmsKeyId>",
    "GetSnapshotBlockPublicAccessState": "<state>unblocked</state><managedBy>account</managedBy>",
    "GetImageBlockPublicAccessState": "<imageBlockPublicAccessState>block-new-sharing</imageBlockPublicAccessState>"
    "<managedBy>account</managedBy>",
    "DescribeVpcBlockPublicAccessOptions": "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>off"
    "</internetGatewayBlockMode><state>default-state</state></vpcBlockPublicAccessOptions>",
    "GetInstanceMetadataDefaults": "<accountLevel/>",
    "GetSerialConsoleAccessStatus": "<serialConsoleAccessEnabled>false</serialConsoleAccessEnabled>"
    "<managedBy>account</managedBy>",
}

ROUTE53_LISTS = [
    (r"cidrcollection", "ListCidrCollections", "<CidrCollections/>"),
    (r"queryloggingconfig", "ListQueryLoggingConfigs", "<QueryLoggingConfigs/>"),
    (
        r"delegationset",
        "ListReusableDelegationSets",
        "<DelegationSets/><Marker></Marker><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
    ),
    (
        r"trafficpolicies",
        "ListTrafficPolicies",
        "<TrafficPolicySummaries/><IsTruncated>false</IsTruncated><TrafficPolicyIdMarker></TrafficPolicyIdMarker>"
        "<MaxItems>100</MaxItems>",
    ),
    (
        r"trafficpolicyinstances",
        "ListTrafficPolicyInstances",
        "<TrafficPolicyInstances/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
    ),
    (
        r"hostedzone/([A-Z0-9]+)/authorizevpcassociation",
        "ListVPCAssociationAuthorizations",
        r"<HostedZoneId>\1</HostedZoneId><VPCs/>",
    ),
    (
        r"hostedzone/[A-Z0-9]+/dnssec",
        "GetDNSSEC",
        "<Status><ServeSignature>NOT_SIGNING</ServeSignature></Status><KeySigningKeys/>",
    ),
]

# Reads below a resource that does not exist.
ROUTE53_NOTHING = [
    (r"cidrcollection/[^/]+/cidrblocks", "NoSuchCidrCollectionException"),
    (r"trafficpolicies/[^/]+/versions", "NoSuchTrafficPolicy"),
]

ministack_ec2 = ec2.handle_request
ministack_balancers = app.SERVICE_HANDLERS["elasticloadbalancing"]


async def answer_ec2(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    parameters = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
    action = parameters.get("Action", "")
    # Without a template the call lists the account's versions in use. ministack would report a missing template name.
    of_account = action == "DescribeLaunchTemplateVersions" and not any(
        name.startswith("LaunchTemplate") for name in parameters
    )
    if of_account and not ec2._launch_templates:
        return 200, dict(XML), f'<{action}Response xmlns="{EC2_SPACE}"/>'.encode()
    if action not in ec2._ACTION_MAP and action.startswith(("Describe", "Get", "Search")):
        settings = EC2_SETTINGS.get(action, "")
        return 200, dict(XML), f'<{action}Response xmlns="{EC2_SPACE}">{settings}</{action}Response>'.encode()
    return await ministack_ec2(method, path, headers, body, query)


def answer_route53(method: str, path: str) -> Answer | None:
    """Returns the answer to an unimplemented read, and `None` for every request that ministack handles."""
    for pattern, operation, content in ROUTE53_LISTS:
        match = re.fullmatch(f"/2013-04-01/{pattern}", path)
        if method == "GET" and match:
            body = f'<{operation}Response xmlns="{ROUTE53_SPACE}">{match.expand(content)}</{operation}Response>'
            return 200, dict(XML), body.encode()
    for pattern, code in ROUTE53_NOTHING:
        if method == "GET" and re.fullmatch(f"/2013-04-01/{pattern}", path):
            return route53._error_response(code, "The resource does not exist.", 404)
    return None


def answer_absent_service(service: str) -> Any:
    """Returns the handler of a service without any resource: its lists are empty."""
    model = botocore.session.get_session().get_service_model(service)
    if model.metadata["protocol"] == "query":
        return answer_absent_query_service(service, model.metadata["xmlNamespace"])
    https = {name: model.operation_model(name).http for name in model.operation_names}
    uris = {name: http["requestUri"] for name, http in https.items()}
    paths = {name: re.sub(r"\{\w+\}", "[^/]+", uri) for name, uri in uris.items()}

    async def answer(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        fits = (
            name
            for name, http in https.items()
            if http["method"] == method and re.fullmatch(paths[name], unquote(path))
        )
        name = target or next(fits, "")
        if name.startswith(("List", "Describe")) and name != "ListTagsForResource" and "{" not in uris[name]:
            members = model.operation_model(name).output_shape.members
            lists = {member: [] for member, shape in members.items() if shape.type_name == "list"}
            return 200, dict(JSON), json.dumps(lists).encode()
        error = {"__type": ABSENT_SERVICES[service], "message": "The resource does not exist."}
        return 400, dict(JSON), json.dumps(error).encode()

    return answer


async def answer_balancers(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    """Answers the API of classic load balancers, which ministack takes for the other one."""
    parameters = parse_qs(body.decode(errors="replace"))
    if parameters.get("Version") != ["2012-06-01"]:
        return await ministack_balancers(method, path, headers, body, query)
    name = parameters.get("Action", [""])[-1]
    space = "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"
    if name == "DescribeLoadBalancers":
        return 200, dict(XML), f'<{name}Response xmlns="{space}"><{name}Result/></{name}Response>'.encode()
    error = "<Error><Code>LoadBalancerNotFound</Code><Message>There is no such load balancer.</Message></Error>"
    return 400, dict(XML), f'<ErrorResponse xmlns="{space}">{error}</ErrorResponse>'.encode()


def answer_absent_query_service(service: str, space: str) -> Any:
    async def answer(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
        name = parse_qs(body.decode(errors="replace")).get("Action", [""])[-1]
        if name.startswith("Describe"):
            content = f'<{name}Response xmlns="{space}"><{name}Result/></{name}Response>'
            return 200, dict(XML), content.encode()
        error = f"<Error><Code>{ABSENT_SERVICES[service]}</Code><Message>The resource does not exist.</Message></Error>"
        return 400, dict(XML), f'<ErrorResponse xmlns="{space}">{error}</ErrorResponse>'.encode()

    return answer


def install() -> None:
    """Replaces ministack's EC2 handler, and adds the absent services. `server.py` installs the one of Route 53."""
    for service in ABSENT_SERVICES:
        assert service not in app.SERVICE_HANDLERS, f"ministack has {service} now"
        app.SERVICE_HANDLERS[service] = answer_absent_service(service)
        iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
        iam_actions._BOTOCORE_SERVICE_MAP[service] = [service]
    assert isinstance(ec2._ACTION_MAP, dict) and callable(route53.handle_request), "ministack's internals have changed"
    ec2.handle_request = answer_ec2
    app.SERVICE_HANDLERS["elasticloadbalancing"] = answer_balancers
