"""The part of filled_check.py for the services of filled_names.py: parameters of their reads, and refused requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from botocore.exceptions import ClientError

import generate
from filled_answers import bucket_region
from filled_calls import service_model
from filled_names import GLOBAL, HOMES, SERVED, TAGGED
from filling import ALWAYS_SENSITIVE

if TYPE_CHECKING:
    from filled_check import Checker

REGION, OTHER_REGION = "eu-west-1", "us-east-1"
# Requests of one page: paths, forms and operations in JSON, with the parameter for the page size and its largest value.
PATHS = (
    ("cloudfront", "us-east-1", "/2020-05-31/distribution", "MaxItems", 100),
    ("s3", "us-east-1", "/", "max-buckets", 1000),
    ("apigateway", REGION, "/domainnames", "limit", 500),
    ("apigateway", REGION, "/v2/domainnames", "maxResults", 100),
    ("networkmanager", "us-west-2", "/core-networks", "maxResults", 500),
)
FORMS = (
    ("elasticloadbalancing", "2012-06-01", "DescribeLoadBalancers", "PageSize", 400),
    ("elasticloadbalancing", "2015-12-01", "DescribeLoadBalancers", "PageSize", 400),
    ("elasticbeanstalk", "2010-12-01", "DescribeEnvironments", "MaxRecords", 1000),
)
JSON = (
    ("directconnect", REGION, "OvertureService.DescribeConnections", "maxResults", 100),
    ("directconnect", REGION, "OvertureService.DescribeDirectConnectGateways", "maxResults", 100),
    ("directconnect", REGION, "OvertureService.DescribeVirtualInterfaces", "maxResults", 100),
    ("globalaccelerator", "us-west-2", "GlobalAccelerator_V20180706.ListAccelerators", "MaxResults", 100),
    ("globalaccelerator", "us-west-2", "GlobalAccelerator_V20180706.ListCustomRoutingAccelerators", "MaxResults", 100),
    ("servicediscovery", REGION, "Route53AutoNaming_v20170314.ListNamespaces", "MaxResults", 100),
)


def region_to_ask(service: str, operation: str) -> str:
    """Returns the region to ask, as ask.py takes it. The first bucket is in a region of its own."""
    qualified = f"{service}:{operation}"
    if qualified == "s3:GetBucketTagging":
        return bucket_region(1)
    return "global" if service in HOMES or qualified in (*HOMES, *GLOBAL) else REGION


def listed_resources(checker: Checker, service: str, listings: tuple[str, ...], member: str) -> list[str]:
    found = []
    for listing in listings:
        answer = checker.read(service, listing, region_to_ask(service, listing))
        answer = answer.get("DistributionList", answer)
        lists = (value for value in answer.values() if isinstance(value, list))
        found += [item[member] for item in next(lists)]
    return found


def names_parameters(checker: Checker) -> dict[str, dict[str, Any]]:
    """Returns the resources that the calls for tags name: all, or the first one with all kinds of members."""
    given: dict[str, dict[str, Any]] = {}
    for qualified, (parameter, listings, member) in TAGGED.items():
        service, _, operation = qualified.partition(":")
        resources = listed_resources(checker, service, listings, member)
        given[qualified] = {parameter: resources if operation == "DescribeTags" else resources[0]}
    return given


def check_names(checker: Checker) -> None:
    check_tables(checker)
    check_sizes(checker)
    check_tags(checker)
    check_regions(checker)
    check_listings(checker)


def check_tables(checker: Checker) -> None:
    """Checks the tables here against those of the generator: secrets, and the operations of the catalogue."""
    checker.expect(ALWAYS_SENSITIVE == generate.ALWAYS_SENSITIVE, "filling.py and generate.py have different secrets")
    named = generate.catalogue_operations()  # some are IAM actions and no operations
    wanted = {pair for pair in named if pair[0] in SERVED and pair[1] in service_model(pair[0]).operation_names}
    served = {(service, name) for service, names in SERVED.items() for name in names}
    checker.expect(wanted == served, f"the catalogue's operations are not those served: {wanted ^ served}")


def check_sizes(checker: Checker) -> None:
    def expect(name: str, largest: tuple[int, str], smaller: tuple[int, str], without: tuple[int, str]) -> None:
        checker.expect(largest[0] == 200, f"{name} with the largest page: {largest}")
        checker.expect(smaller[0] == 400 and "are allowed" in smaller[1], f"{name} with a smaller page: {smaller}")
        checker.expect(without[0] == 400 and "is missing" in without[1], f"{name} without a size: {without}")

    for service, region, path, size, most in PATHS:
        queries = (f"?{size}={most}", f"?{size}={most - 1}", "")
        expect(f"{service} {path}", *(checker.raw(service, "GET", path + query, region=region) for query in queries))
        status, body = checker.raw(service, "GET", f"{path}?{size}={most}&colour=blue", region=region)
        checker.expect(status == 400 and "colour" in body, f"{service} {path} by colour: {status} {body}")
    for service, version, action, size, most in FORMS:
        forms = ({"Action": action, "Version": version, **given} for given in ({size: most}, {size: most - 1}, {}))
        answers = (checker.raw(service, "POST", "/", urlencode(form)) for form in forms)
        expect(f"{service} {version}", *answers)
    status, body = checker.raw("elasticloadbalancing", "POST", "/", "Action=DescribeLoadBalancers&Version=2010-07-01")
    checker.expect(status == 400 and "version" in body, f"an old version of elb: {status} {body}")
    for service, region, target, size, most in JSON:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        bodies = (f'{{"{size}":{most}}}', f'{{"{size}":{most - 1}}}', "{}")
        expect(target, *(checker.raw(service, "POST", "/", body, region, headers) for body in bodies))


def check_tags(checker: Checker) -> None:
    """Checks that every listed resource has tags of its own, but for the second, and which calls are refused."""
    for qualified, (parameter, listings, member) in TAGGED.items():
        service, _, operation = qualified.partition(":")
        resources = listed_resources(checker, service, listings, member)
        checker.expect(len(set(resources)) == 5 * len(listings), f"{qualified}: the resources are {resources}")
        found = [tags_of(checker, service, operation, parameter, name) for name in resources]
        named = [tags.get("resource") for tags in found]
        expected = [None if at % 5 == 1 else name for at, name in enumerate(resources)]
        checker.expect(named == expected, f"{qualified}: the tags name {named}")
        checker.expect(all(len(tags) in (0, 3) for tags in found), f"{qualified}: {found}")
    checker.expect("NoSuchTagSet" not in checker.violations(), "a read of a bucket without tags is a violation")
    for service, parameter, names in (
        ("elb", "LoadBalancerNames", [f"name-{n}" for n in range(21)]),
        ("elbv2", "ResourceArns", ["arn:1", "arn:1"]),
        ("elbv2", "ResourceArns", []),
    ):
        checker.check_refused("ValidationError", service, "DescribeTags", **{parameter: names})
    elsewhere = checker.read("elb", "DescribeLoadBalancers", OTHER_REGION)["LoadBalancerDescriptions"]
    names = [balancer["LoadBalancerName"] for balancer in elsewhere]
    checker.check_refused("LoadBalancerNotFound", "elb", "DescribeTags", LoadBalancerNames=names)
    arn = "arn:aws:servicediscovery:eu-west-1:111111111111:namespace/ns-0"
    checker.check_refused("ResourceNotFoundException", "servicediscovery", "ListTagsForResource", ResourceARN=arn)


def tags_of(checker: Checker, service: str, operation: str, parameter: str, name: str) -> dict[str, str]:
    """Reads the tags of one resource, of a bucket in its region."""
    if service == "s3":
        buckets = checker.read("s3", "ListBuckets", "global")["Buckets"]
        region = next(bucket["BucketRegion"] for bucket in buckets if bucket["Name"] == name)
        status, body = checker.raw("s3", "GET", f"/{quote(name)}?tagging", region=region)
        if status == 404 and "NoSuchTagSet" in body:
            return {}
    else:
        region = region_to_ask(service, operation)
    answer = checker.read(service, operation, region, **{parameter: [name] if operation == "DescribeTags" else name})
    found = answer["TagDescriptions"][0] if operation == "DescribeTags" else answer.get("Tags", answer)
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [])
    return {tag["Key"]: tag["Value"] for tag in found}


def check_regions(checker: Checker) -> None:
    for service, path in (("cloudfront", "/2020-05-31/distribution?MaxItems=100"), ("s3", "/?max-buckets=1000")):
        status, body = checker.raw(service, "GET", path, region=REGION)
        checker.expect(status == 403 and "us-east-1" in body, f"{service} in {REGION}: {status} {body}")
    status, body = checker.raw("networkmanager", "GET", "/core-networks?maxResults=500", region="us-east-1")
    checker.expect(status == 403 and "us-west-2" in body, f"networkmanager in us-east-1: {status} {body}")
    for bucket in checker.read("s3", "ListBuckets", "global")["Buckets"]:
        wrong = REGION if bucket["BucketRegion"] == OTHER_REGION else OTHER_REGION
        status, body = checker.raw("s3", "GET", f"/{bucket['Name']}?tagging", region=wrong)
        malformed = status == 400 and "AuthorizationHeaderMalformed" in body and bucket["BucketRegion"] in body
        checker.expect(malformed, f"{bucket['Name']} in {wrong}: {status} {body}")
    for operation, listed, same in (
        ("DescribeDirectConnectGateways", "directConnectGateways", True),
        ("DescribeConnections", "connections", False),
    ):
        answers = [checker.read("directconnect", operation, region)[listed] for region in (REGION, OTHER_REGION)]
        checker.expect((answers[0] == answers[1]) == same, f"{operation} in two regions: {answers}")


def client_of(checker: Checker, service: str) -> Any:
    """Returns a botocore client, since ask.py has no option for single pages."""
    question = {"account": "111111111111", "external_id": "check", "service": service, "region": "global"}
    return checker.reader._client(question)


def pages_of(checker: Checker, service: str, operation: str) -> list[dict[str, Any]]:
    return list(client_of(checker, service).get_paginator(operation).paginate())


def check_listings(checker: Checker) -> None:
    """Checks pages and their tokens, and the operations that are not served."""
    for service, operation, listed in (
        ("apigateway", "get_domain_names", "items"),
        ("cloudfront", "list_distributions", "Items"),
        ("elb", "describe_load_balancers", "LoadBalancerDescriptions"),
        ("s3", "list_buckets", "Buckets"),
    ):
        pages = [page.get("DistributionList", page) for page in pages_of(checker, service, operation)]
        counts = [len(page[listed]) for page in pages]
        checker.expect(counts == [3, 0, 2], f"{service} {operation}: pages of {counts}")
        quantities = [page.get("Quantity", count) for page, count in zip(pages, counts, strict=True)]
        checker.expect(quantities == counts, f"{service} {operation}: {quantities} for pages of {counts}")
    foreign = pages_of(checker, "globalaccelerator", "list_accelerators")[0]["NextToken"]
    client = client_of(checker, "globalaccelerator")
    try:
        client.list_custom_routing_accelerators(NextToken=foreign)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        checker.expect(code == "InvalidPaginationToken", f"a token of another listing is refused with {code}")
    else:
        checker.expect(False, "a token of another listing is not refused")
    checker.check_refused("InvalidInput", "elb", "DescribeLoadBalancers", Marker="nobody's")
    checker.check_refused("InvalidInput", "apigateway", "GetDomainNames", position="nobody's")
    checker.check_refused("InvalidPaginationToken", "apigatewayv2", "GetDomainNames", NextToken="nobody's")
    checker.check_refused("InvalidInput", "directconnect", "DescribeConnections", nextToken="nobody's")
    checker.check_refused("InvalidAction", "directconnect", "DescribeLags")
    checker.check_refused("InvalidAction", "elbv2", "DescribeTargetGroups")
    accelerators = [
        {item["AcceleratorArn"] for item in checker.read("globalaccelerator", name, "global")["Accelerators"]}
        for name in ("ListAccelerators", "ListCustomRoutingAccelerators")
    ]
    checker.expect(not set.intersection(*accelerators), f"two kinds of accelerators are the same: {accelerators}")
