"""Calls filled.py with botocore, through ask.py, and reports members and items that botocore does not find.

It knows botocore's models of the operations below, and the number of items that filled.py lists. About values it knows
only that secrets have the marker and that no member is missing.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError
from botocore.model import Shape

from filled_answers import PUBLIC_SNAPSHOTS
from filled_calls import SAME_TOKENS, answer_shape, continuation, listed_member, read_operation
from filled_json import SUBJECTS
from filled_names import SERVED as NAMES
from filled_names_check import check_names, names_parameters, region_to_ask
from filling import MARKER, PRIVATE_ZONE, ZONES, is_sensitive

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator"))
from ask import ABOUT_ONE_PAGE, Reader

ACCOUNT, REGION, OTHER_REGION = "111111111111", "eu-west-1", "us-east-1"
FILTERS = [{"Name": "state", "Values": ["active", "blackhole"]}]

EC2 = """DescribeSnapshots DescribeImages DescribeKeyPairs DescribeLaunchTemplates DescribeLaunchTemplateVersions
DescribePlacementGroups DescribeReservedInstances DescribeCapacityReservations DescribeHosts
DescribeSpotInstanceRequests DescribeFleets DescribeInstanceStatus DescribeAccountAttributes GetEbsEncryptionByDefault
GetEbsDefaultKmsKeyId GetSnapshotBlockPublicAccessState GetImageBlockPublicAccessState
DescribeVpcBlockPublicAccessOptions GetInstanceMetadataDefaults GetSerialConsoleAccessStatus DescribeSecurityGroupRules
DescribeNetworkAcls DescribeEgressOnlyInternetGateways DescribeCarrierGateways DescribeDhcpOptions
DescribeVpcPeeringConnections DescribeVpcEndpoints DescribeVpcEndpointServiceConfigurations DescribeFlowLogs
DescribeManagedPrefixLists GetManagedPrefixListEntries DescribeCustomerGateways DescribeVpnGateways
DescribeVpnConnections DescribeClientVpnEndpoints DescribeTransitGateways DescribeTransitGatewayAttachments
DescribeTransitGatewayVpcAttachments DescribeTransitGatewayPeeringAttachments DescribeTransitGatewayRouteTables
SearchTransitGatewayRoutes DescribeInstanceConnectEndpoints DescribeIpams DescribeIpamPools DescribeIpamScopes
DescribeByoipCidrs DescribePublicIpv4Pools DescribeTrafficMirrorSessions DescribeVerifiedAccessInstances
DescribeSecurityGroupVpcAssociations DescribeInstances DescribeVolumes DescribeNetworkInterfaces DescribeVpcs
DescribeSubnets DescribeRouteTables DescribeSecurityGroups DescribeInternetGateways DescribeNatGateways
DescribeAddresses DescribeAddressesAttribute DescribeAddressTransfers GetSubnetCidrReservations
DescribeVpcBlockPublicAccessExclusions DescribeVpcEncryptionControls DescribeTrafficMirrorTargets
DescribeTrafficMirrorFilters DescribeSpotFleetRequests DescribeHostReservations DescribeIamInstanceProfileAssociations
DescribeVpcEndpointConnections DescribeClientVpnRoutes DescribeClientVpnTargetNetworks
DescribeClientVpnAuthorizationRules DescribeVerifiedAccessEndpoints DescribeVerifiedAccessGroups
DescribeVerifiedAccessTrustProviders DescribeRouteServers GetRouteServerAssociations GetRouteServerPropagations
DescribeRouteServerEndpoints DescribeRouteServerPeers DescribeNetworkInsightsPaths
DescribeNetworkInsightsAccessScopes GetNetworkInsightsAccessScopeContent DescribeLocalGateways
DescribeLocalGatewayVirtualInterfaceGroups DescribeLocalGatewayVirtualInterfaces DescribeLocalGatewayRouteTables
DescribeLocalGatewayRouteTableVpcAssociations DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations
SearchLocalGatewayRoutes DescribeTransitGatewayConnects DescribeTransitGatewayConnectPeers
DescribeTransitGatewayMulticastDomains DescribeTransitGatewayPolicyTables GetTransitGatewayRouteTableAssociations
GetTransitGatewayRouteTablePropagations GetTransitGatewayPrefixListReferences GetIpamPoolCidrs
GetIpamPoolAllocations GetIpamResourceCidrs DescribeIpamResourceDiscoveries
DescribeIpamResourceDiscoveryAssociations GetIpamDiscoveredPublicAddresses DescribeIpv6Pools
DescribeCoipPools""".split()
OF_CLIENT_VPN = ("DescribeClientVpnRoutes", "DescribeClientVpnTargetNetworks", "DescribeClientVpnAuthorizationRules")
OF_ROUTE_TABLE = (
    "GetTransitGatewayRouteTableAssociations",
    "GetTransitGatewayRouteTablePropagations",
    "GetTransitGatewayPrefixListReferences",
)
ROUTE53 = """ListHostedZones GetHostedZone ListResourceRecordSets ListHealthChecks ListTagsForResource
ListTagsForResources ListQueryLoggingConfigs ListReusableDelegationSets ListTrafficPolicies ListTrafficPolicyVersions
ListTrafficPolicyInstances ListCidrCollections ListCidrBlocks ListHostedZonesByVPC ListVPCAssociationAuthorizations
GetDNSSEC""".split()
RESOLVER = """ListResolverEndpoints ListResolverEndpointIpAddresses ListResolverRules ListResolverRuleAssociations
ListResolverQueryLogConfigs ListResolverQueryLogConfigAssociations ListResolverDnssecConfigs ListFirewallRuleGroups
ListFirewallRules ListFirewallDomainLists ListFirewallRuleGroupAssociations ListFirewallConfigs""".split()
PROFILES = "ListProfiles GetProfile ListProfileAssociations ListProfileResourceAssociations".split()
DOMAINS = "ListDomains GetDomainDetail".split()
SERVED = {
    "ec2": [*EC2, "DescribeRegions"],
    "route53": ROUTE53,
    "route53resolver": RESOLVER,
    "route53profiles": PROFILES,
    "route53domains": DOMAINS,
    **NAMES,
}
# Operations with other numbers than five items on three pages, or three on one.
COUNTS = {
    "DescribeInstances": 4,  # reservations, of two instances each
    "DescribeLaunchTemplateVersions": 10,
    "DescribeRegions": 3,
    "GetHostedZone": 2,
    "ListTagsForResources": 5,
    "DescribeTags": 5,
}
# Members that botocore's paginators drop.
NEXT_RECORD = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
ABOUT_LISTINGS = ("AdditionalRoutesAvailable", "TotalCount", "TotalFilteredCount", "Quantity")
DROPPED = (*ABOUT_ONE_PAGE, *ABOUT_LISTINGS, *NEXT_RECORD, *SAME_TOKENS)


class Checker:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.reader = Reader(endpoint, "arn:aws:iam::999999999999:role/rolecall-backend")
        self.gaps: list[str] = []

    def read(self, service: str, operation: str, region: str = REGION, **parameters: Any) -> Any:
        question = {"account": ACCOUNT, "external_id": "check", "service": service, "region": region}
        return self.reader.read({**question, "operation": operation, "params": parameters})

    def expect(self, condition: bool, gap: str) -> None:
        if not condition:
            self.gaps.append(gap)

    def check_every_member(self, service: str, name: str, parameters: dict[str, Any]) -> None:
        operation = read_operation(service, name)
        answer = self.read(service, name, region_to_ask(service, name) if service in NAMES else REGION, **parameters)
        answer = answer.get(operation.output_shape.serialization.get("payload"), answer)
        # The lists of one resource are no listings.
        listed = None if name in SUBJECTS else listed_member(operation)
        if listed:
            count = COUNTS.get(name, 5 if continuation(operation) else 3)
            items = answer.get(listed, [])
            self.expect(len(items) == count, f"{name}: {len(items)} of {count} items")
            self.expect(len({json.dumps(i, default=str) for i in items}) == count, f"{name}: two items are the same")
        # Botocore's paginators return the lists only.
        dropped = DROPPED if listed and continuation(operation) else ABOUT_ONE_PAGE
        for member, shape in answer_shape(operation).members.items():
            if member not in dropped:
                self.gaps += gaps(f"{name}.{member}", shape, [answer[member]] if member in answer else [])

    def check_refused(self, code: str, service: str, operation: str, **parameters: Any) -> None:
        try:
            self.read(service, operation, **parameters)
        except ClientError as error:
            found = error.response["Error"]["Code"]
            self.expect(found == code, f"{operation} {parameters}: refused with {found}, not {code}")
        else:
            self.gaps.append(f"{operation} {parameters}: not refused")

    def raw(
        self,
        service: str,
        method: str,
        target: str,
        body: str = "",
        region: str = REGION,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Sends a request without botocore. filled.py verifies no signatures."""
        scope = f"AWS4-HMAC-SHA256 Credential=ASIA{ACCOUNT}/20250101/{region}/{service}/aws4_request"
        sent = {"Authorization": scope, **(headers or {})}
        request = urllib.request.Request(self.endpoint + target, body.encode() or None, sent)
        request.method = method
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def raw_ec2(self, **parameters: str) -> tuple[int, str]:
        return self.raw("ec2", "POST", "/", urlencode({"Version": "2016-11-15", **parameters}))

    def violations(self) -> str:
        return json.dumps(request_log(self.endpoint)["violations"])


def gaps(path: str, shape: Shape, values: list[Any], name: str = "") -> Iterator[str]:
    """Returns the members, at any depth, that no value has, and the secrets without the marker."""
    if not values:
        yield f"{path} is missing"
        return
    if shape.type_name == "structure":
        for member, member_shape in shape.members.items():
            found = [value[member] for value in values if member in value]
            yield from gaps(f"{path}.{member}", member_shape, found, member)
    elif shape.type_name == "list":
        yield from gaps(f"{path}[]", shape.member, [element for value in values for element in value], name)
    elif shape.type_name == "map":
        yield from gaps(f"{path}{{}}", shape.value, [element for value in values for element in value.values()], name)
    elif is_sensitive(name, shape) and not all(MARKER in value for value in values):
        yield f"{path} is a secret without the marker"


def parameters_of(checker: Checker) -> dict[str, dict[str, Any]]:
    """Returns the required parameters of the operations, with ids from the listings."""
    zones = [zone["Id"] for zone in checker.read("route53", "ListHostedZones")["HostedZones"]]
    tables = checker.read("ec2", "DescribeTransitGatewayRouteTables")["TransitGatewayRouteTables"]
    table = tables[3]["TransitGatewayRouteTableId"]
    local_tables = checker.read("ec2", "DescribeLocalGatewayRouteTables")["LocalGatewayRouteTables"]
    endpoint = checker.read("ec2", "DescribeClientVpnEndpoints")["ClientVpnEndpoints"][0]["ClientVpnEndpointId"]
    server = checker.read("ec2", "DescribeRouteServers")["RouteServers"][0]["RouteServerId"]
    scopes = checker.read("ec2", "DescribeNetworkInsightsAccessScopes")["NetworkInsightsAccessScopes"]
    discoveries = checker.read("ec2", "DescribeIpamResourceDiscoveries")["IpamResourceDiscoveries"]
    pool = checker.read("ec2", "DescribeIpamPools")["IpamPools"][0]["IpamPoolId"]
    ipam_scope = checker.read("ec2", "DescribeIpamScopes")["IpamScopes"][0]["IpamScopeId"]
    subnet = checker.read("ec2", "DescribeSubnets")["Subnets"][0]["SubnetId"]
    collection = checker.read("route53", "ListCidrCollections")["CidrCollections"][2]["Id"]
    lists = checker.read("ec2", "DescribeManagedPrefixLists")["PrefixLists"]
    bare = [zone.rpartition("/")[2] for zone in zones]
    policy = checker.read("route53", "ListTrafficPolicies")["TrafficPolicySummaries"][1]["Id"]
    return {
        **names_parameters(checker),
        "DescribeByoipCidrs": {"MaxResults": 100},
        "DescribeLaunchTemplateVersions": {"Versions": ["$Latest", "$Default"]},
        "DescribeRegions": {"AllRegions": True},
        "GetManagedPrefixListEntries": {"PrefixListId": lists[4]["PrefixListId"]},
        "SearchTransitGatewayRoutes": {"TransitGatewayRouteTableId": table, "Filters": FILTERS},
        "GetSubnetCidrReservations": {"SubnetId": subnet},
        "GetRouteServerAssociations": {"RouteServerId": server},
        "GetRouteServerPropagations": {"RouteServerId": server},
        "GetNetworkInsightsAccessScopeContent": {
            "NetworkInsightsAccessScopeId": scopes[0]["NetworkInsightsAccessScopeId"]
        },
        "SearchLocalGatewayRoutes": {"LocalGatewayRouteTableId": local_tables[0]["LocalGatewayRouteTableId"]},
        **{name: {"ClientVpnEndpointId": endpoint} for name in OF_CLIENT_VPN},
        **{name: {"TransitGatewayRouteTableId": table} for name in OF_ROUTE_TABLE},
        "GetIpamPoolCidrs": {"IpamPoolId": pool},
        "GetIpamPoolAllocations": {"IpamPoolId": pool},
        "GetIpamResourceCidrs": {"IpamScopeId": ipam_scope},
        "GetIpamDiscoveredPublicAddresses": {
            "IpamResourceDiscoveryId": discoveries[0]["IpamResourceDiscoveryId"],
            "AddressRegion": REGION,
        },
        "GetHostedZone": {"Id": zones[0]},
        "ListResourceRecordSets": {"HostedZoneId": zones[2]},
        "ListTagsForResource": {"ResourceType": "hostedzone", "ResourceId": bare[0]},
        "ListTagsForResources": {"ResourceType": "hostedzone", "ResourceIds": bare},
        "ListTrafficPolicyVersions": {"Id": policy},
        "ListCidrBlocks": {"CollectionId": collection},
        "ListHostedZonesByVPC": {"VPCId": "vpc-1", "VPCRegion": REGION},
        "ListVPCAssociationAuthorizations": {"HostedZoneId": zones[PRIVATE_ZONE - 1]},
        "GetDNSSEC": {"HostedZoneId": zones[0]},
        "ListResolverEndpointIpAddresses": {"ResolverEndpointId": "rslvr-in-1"},
        "ListFirewallRules": {"FirewallRuleGroupId": "rslvr-frg-1"},
        "GetProfile": {"ProfileId": "rp-1"},
        "ListProfileResourceAssociations": {"ProfileId": "rp-1"},
        "GetDomainDetail": {"DomainName": "example.com"},
    }


def check_pages(checker: Checker) -> None:
    """Checks the rules that botocore follows by itself, and the empty second page."""
    expect = checker.expect
    status, body = checker.raw_ec2(Action="DescribeVpcs")
    expect(status == 400 and "MaxResults" in body, f"DescribeVpcs without MaxResults: {status} {body}")
    status, body = checker.raw_ec2(Action="DescribeVpcs", MaxResults="4")
    expect(status == 400 and "5 to 1000" in body, f"DescribeVpcs by four: {status} {body}")
    status, body = checker.raw_ec2(Action="DescribeHosts", MaxResults="1000")
    expect(status == 400 and "5 to 500" in body, f"DescribeHosts by 1000: {status} {body}")
    status, body = checker.raw_ec2(Action="DescribeVpcs", MaxResults="5", Colour="blue")
    expect(status == 400 and "UnknownParameter" in body, f"DescribeVpcs by colour: {status} {body}")
    status, body = checker.raw_ec2(Action="DescribeVpcs", MaxResults="1000")
    expect(
        status == 200 and "<brandNewMember>fresh &amp; new</brandNewMember>" in body,
        "DescribeVpcs has no unknown member",
    )
    status, body = checker.raw_ec2(Action="DescribeVpnConnections")
    expect(f"fresh &amp; new {MARKER}<" in body, "DescribeVpnConnections has no unknown member beside its secrets")
    status, body = checker.raw("route53", "GET", "/2013-04-01/hostedzone")
    expect(status == 400 and "MaxItems" in body, f"ListHostedZones without MaxItems: {status} {body}")
    client = checker.reader._client(  # ask.py has no option for single pages
        {"account": ACCOUNT, "external_id": "check", "service": "ec2", "region": REGION}
    )
    pages = list(client.get_paginator("describe_vpcs").paginate())
    expect([len(page["Vpcs"]) for page in pages] == [3, 0, 2], "DescribeVpcs: not 3, none and 2 items")
    foreign = pages[0]["NextToken"]
    checker.check_refused("InvalidPaginationToken", "ec2", "DescribeVpcs", NextToken=f"{foreign}x")
    checker.check_refused("InvalidPaginationToken", "ec2", "DescribeSubnets", NextToken=foreign)
    other_vpcs = checker.read("ec2", "DescribeVpcs", OTHER_REGION)["Vpcs"]
    same = {vpc["VpcId"] for vpc in other_vpcs} & {vpc["VpcId"] for page in pages for vpc in page["Vpcs"]}
    expect(not same, f"two regions have the same VPCs: {same}")


def check_refusals(checker: Checker, given: dict[str, dict[str, Any]]) -> None:
    status, body = checker.raw_ec2(Action="DescribeSnapshots", MaxResults="1000")
    checker.expect(status == 400 and "owner self" in body, f"DescribeSnapshots without an owner: {status} {body}")
    restorable = checker.read("ec2", "DescribeSnapshots", OwnerIds=["self"], RestorableByUserIds=["all"])["Snapshots"]
    checker.expect(len(restorable) == len(PUBLIC_SNAPSHOTS), f"{len(restorable)} public snapshots")
    zones = [zone["Id"] for zone in checker.read("route53", "ListHostedZones")["HostedZones"]]
    private, public = zones[PRIVATE_ZONE - 1], zones[0]
    checker.expect(len(zones) == ZONES, f"{len(zones)} zones")
    checker.check_refused("InvalidInput", "route53", "GetDNSSEC", HostedZoneId=private)
    checker.check_refused("InvalidInput", "route53", "ListVPCAssociationAuthorizations", HostedZoneId=public)
    checker.check_refused("NoSuchHostedZone", "route53", "GetHostedZone", Id="Z0NONE")
    checker.check_refused("InvalidInput", "route53", "ListHostedZones", Marker="nobody's")
    ids = [f"Z{n}" for n in range(11)]
    checker.check_refused("InvalidInput", "route53", "ListTagsForResources", ResourceType="hostedzone", ResourceIds=ids)
    checker.check_refused("InvalidAction", "ec2", "CreateVpc", CidrBlock="10.0.0.0/16")
    checker.check_refused("MissingParameter", "ec2", "DescribeLaunchTemplateVersions")
    for zone in zones:
        found = checker.read("route53", "GetHostedZone", Id=zone)["HostedZone"]["Id"]
        checker.expect(found == zone, f"GetHostedZone of {zone}: {found}")
    records = [checker.read("route53", "ListResourceRecordSets", HostedZoneId=zone) for zone in zones]
    names = [{record["Name"] for record in answer["ResourceRecordSets"]} for answer in records]
    checker.expect(not set.intersection(*names), "two zones have the same records")
    checks = [check["Id"] for check in checker.read("route53", "ListHealthChecks")["HealthChecks"]]
    sets = checker.read("route53", "ListTagsForResources", ResourceType="healthcheck", ResourceIds=checks)
    tagged = [tag_set["ResourceId"] for tag_set in sets["ResourceTagSets"]]
    checker.expect(tagged == checks, "health checks without tags")
    templates = checker.read("ec2", "DescribeLaunchTemplates")["LaunchTemplates"]
    template_ids = {template["LaunchTemplateId"] for template in templates}
    parameters = given["DescribeLaunchTemplateVersions"]
    versions = checker.read("ec2", "DescribeLaunchTemplateVersions", **parameters)["LaunchTemplateVersions"]
    numbered = sorted((version["LaunchTemplateId"], version["VersionNumber"]) for version in versions)
    checker.expect(numbered == sorted((id, n) for id in template_ids for n in (1, 2)), f"versions: {numbered}")


def request_log(endpoint: str) -> Any:
    with urllib.request.urlopen(f"{endpoint}/_requests") as answer:
        return json.load(answer)


def check(endpoint: str) -> int:
    checker = Checker(endpoint)
    given = parameters_of(checker)
    for service, names in SERVED.items():
        for name in names:
            try:
                checker.check_every_member(service, name, given.get(f"{service}:{name}", given.get(name, {})))
            except ClientError as error:
                checker.gaps.append(f"{name}: {error}")
    # Botocore's requests are correct, so a violation up to here is a fault of the server.
    violations = request_log(endpoint)["violations"]
    checker.gaps += [f"{violation['operation']}: {violation['message']}" for violation in violations]
    check_pages(checker)
    check_refusals(checker, given)
    check_names(checker)
    for gap in checker.gaps:
        print(gap, file=sys.stderr)
    requests = sum(request_log(endpoint)["requests"].values())
    operations = sum(map(len, SERVED.values()))
    print(f"{operations} operations, {requests} requests, {len(checker.gaps)} gaps")
    return 1 if checker.gaps else 0
