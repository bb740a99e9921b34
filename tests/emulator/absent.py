"""What ministack has no notion of, answered as AWS answers an account that has none of it.

Without this every account of the emulated AWS would be `partial` for what the emulator lacks. It makes nothing up
beyond AWS's documented defaults: empty lists, and settings that nobody has changed. Permissions are ministack's own
and are checked before anything here is asked. `server.py` puts it in place.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from ministack.services import ec2, route53

Answer = tuple[int, dict[str, str], bytes]

EC2_SPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
ROUTE53_SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
XML = {"Content-Type": "text/xml"}

# What an account has decided for a region before anybody decides anything.
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

# What is asked of one of those that are not there.
ROUTE53_NOTHING = [
    (r"cidrcollection/[^/]+/cidrblocks", "NoSuchCidrCollectionException"),
    (r"trafficpolicies/[^/]+/versions", "NoSuchTrafficPolicy"),
]

ministack_ec2 = ec2.handle_request


async def answer_ec2(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    parameters = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
    action = parameters.get("Action", "")
    # The account's own versions that are in use, which ministack takes for a template without a name.
    of_all = action == "DescribeLaunchTemplateVersions" and not any(name.startswith("LaunchTemplate") for name in parameters)
    if of_all and not ec2._launch_templates:
        return 200, dict(XML), f'<{action}Response xmlns="{EC2_SPACE}"/>'.encode()
    if action not in ec2._ACTION_MAP and action.startswith(("Describe", "Get", "Search")):
        inside = EC2_SETTINGS.get(action, "")
        return 200, dict(XML), f'<{action}Response xmlns="{EC2_SPACE}">{inside}</{action}Response>'.encode()
    return await ministack_ec2(method, path, headers, body, query)


def answer_route53(method: str, path: str) -> Answer | None:
    """`None` where ministack may know the answer itself."""
    for pattern, operation, inside in ROUTE53_LISTS:
        found = re.fullmatch(f"/2013-04-01/{pattern}", path)
        if method == "GET" and found:
            body = f'<{operation}Response xmlns="{ROUTE53_SPACE}">{found.expand(inside)}</{operation}Response>'
            return 200, dict(XML), body.encode()
    for pattern, code in ROUTE53_NOTHING:
        if method == "GET" and re.fullmatch(f"/2013-04-01/{pattern}", path):
            return route53._error_response(code, "There is no such thing.", 404)
    return None


def put_in_place() -> None:
    assert isinstance(ec2._ACTION_MAP, dict) and callable(route53.handle_request), "ministack has moved its parts"
    ec2.handle_request = answer_ec2
