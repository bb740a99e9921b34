"""Builds filled.py's answers in XML: the items of each page, and refusals.

It follows botocore's service models. Tables and a few special cases add the behaviour of AWS that the models lack. It
does not know the values of items (filling.py), the rules for parameters (filled_calls.py), or HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from botocore.model import OperationModel, Shape

from filled_calls import (
    SIZES,
    Call,
    Refused,
    answer_shape,
    continuation,
    listed_member,
    parent_of,
    read_operation,
)
from filling import (
    PRIVATE_ZONE,
    ZONES,
    Filler,
    Fixed,
    Mode,
    Scope,
    Xml,
    as_uuid,
    element,
    element_name,
    mode_of,
    record_key,
    whole_answer,
    zone_id,
)

ABOUT_PAGES = ("IsTruncated", "Marker", *SIZES)
MAX_TAGGED = 10
UNPAGED = ((1, 2, 3),)
PAGED = ((1, 2, 3), (), (4, 5))
# Lists within listed items. Each page has two items, with two nested ones each.
NESTED_LISTS = {"DescribeInstances": "Instances"}
NESTED_PAGES = ((1, 2), (), (3, 4))
# Region name and opt-in status.
REGIONS = (
    ("us-east-1", "opt-in-not-required"),
    ("eu-west-1", "opt-in-not-required"),
    ("af-south-1", "not-opted-in"),
)
# Operations with two lists of the same structure: the second list, whose items follow those of the first in number.
SECOND_LISTS = {"GetSubnetCidrReservations": "SubnetIpv6CidrReservations"}
# Listings whose items must not have the ids of those that another operation lists.
SECOND_KINDS = ("ListCustomRoutingAccelerators",)
ITEMS = 5
TEMPLATES = 5
# The snapshots that every account may restore.
PUBLIC_SNAPSHOTS = (1, 3, 5)
VERSIONS = {"$Default": 1, "$Latest": 2}


# --- Pages -------------------------------------------------------------------------------------------------------


def token(call: Call, name: str, shape: Shape, page: int) -> str | None:
    """Returns the token of a page. It cannot be guessed, and is invalid for any other listing."""
    scope = [pair for pair in call.parameters if pair[0] not in SIZES]
    digest = Scope(call.service, call.account, call.region).digest(call.operation, *scope, page)
    max_length = shape.metadata.get("max", 1024)
    if max_length <= 4:
        return f"{page}{digest[:2].upper()}&"[:max_length]
    if name.endswith(("Type", "TypeMarker")):
        return "AAAA" if page == 2 else "TXT"
    if name.endswith("Identifier"):
        return None if page == 2 else f"set/{digest[:6]} +=&"
    if name.endswith(("RecordName", "DNSName", "NameMarker")):
        return rf"\052.{digest[:8]}.example.com."
    if "HostedZoneId" in name:
        return f"Z{digest[:16].upper()}"
    return f"{digest[:24]}/+=&" if max_length < 64 else f"{digest[:40]}/+=&%2B?#=="


def tokens(call: Call, operation: OperationModel, page: int) -> dict[str, str | None]:
    """Returns the answer's token members for a page."""
    token_members = continuation(operation)
    first = replace(call, parameters=tuple(pair for pair in call.parameters if pair[0] not in token_members.values()))
    if operation.name == "ListResourceRecordSets" and page == 3:
        # A page begins with the record set that its token names. The one of page 2's token is deleted meanwhile.
        key = record_key(scope_of(first, operation), 4)
        return {f"NextRecord{name.removeprefix('Set')}": value for name, value in key.items()}
    members = answer_shape(operation).members
    return {name: token(first, name, members[name], page) for name in token_members}


def requested_page(call: Call, operation: OperationModel) -> int:
    token_members = continuation(operation)
    given = {name: call.get(token_members[name]) for name in token_members}
    if not any(given.values()):
        return 1
    for page in (2, 3):
        if tokens(call, operation, page) == given:
            return page
    text = ", ".join(f"{token_members[name]}={value}" for name, value in given.items())
    code = "InvalidPaginationToken" if "NextToken" in token_members else "InvalidInput"
    raise Refused(code, f"No page of this {call.operation} begins at {text}.")


def scope_of(call: Call, operation: OperationModel) -> Scope:
    kind = (("Kind", call.operation),) if call.operation in SECOND_KINDS else ()
    return Scope(call.service, call.account, call.region, (*kind, *parent_of(call, operation)))


# --- Answers -----------------------------------------------------------------------------------------------------


@cache
def answer(call: Call) -> str:
    """Returns the content of the answer's root element. The caller has checked the parameters."""
    operation = read_operation(call.service, call.operation)
    token_members, members = continuation(operation), answer_shape(operation).members
    scope = scope_of(call, operation)
    special = SPECIAL.get(call.operation)
    fixed: dict[str, str | None] = dict.fromkeys((*token_members, *(n for n in ABOUT_PAGES if n in members)))
    listed = listed_member(operation)
    size = next((name for name in SIZES if name in members), None)
    if size:
        fixed[size] = call.get(size) or "100"
    if special:
        with_unknown = special is vpc_attribute
        return whole_answer(scope, 1, operation.output_shape, fixed | special(call, scope, members), with_unknown)
    if listed is None:
        return settings(scope, operation, fixed)
    page = requested_page(call, operation)
    pages: tuple[tuple[int, ...], ...] = PAGED if token_members else UNPAGED
    if "all" in call.numbered("RestorableBy"):
        pages = tuple(tuple(number for number in numbers if number in PUBLIC_SNAPSHOTS) for numbers in pages)
    if "Marker" in members and page > 1:
        fixed["Marker"] = call.get("Marker")
    if "Quantity" in members:
        fixed["Quantity"] = str(len(pages[page - 1]))
    if token_members and page < len(pages):
        fixed |= tokens(call, operation, page + 1)
    if "IsTruncated" in members:
        fixed["IsTruncated"] = "true" if token_members and page < len(pages) else "false"
    fixed[listed] = Xml(page_of(call, scope, listed, members[listed], page, pages))
    second = SECOND_LISTS.get(call.operation)
    if second:
        shifted = tuple(tuple(ITEMS + number for number in numbers) for numbers in pages)
        fixed[second] = Xml(page_of(call, scope, second, members[second], page, shifted))
    return whole_answer(scope, 1, answer_shape(operation), fixed, False)


def settings(scope: Scope, operation: OperationModel, fixed: Fixed) -> str:
    """Builds an answer without a list. The item is its only structure, or else the answer itself."""
    rest = {name: shape for name, shape in operation.output_shape.members.items() if name not in fixed}
    if len(rest) == 1 and all(shape.type_name == "structure" for shape in rest.values()):
        fixed = {**fixed, **{name: Xml(Filler(scope, 1, Mode.FULL).item(shape)) for name, shape in rest.items()}}
        return whole_answer(scope, 1, operation.output_shape, fixed, False)
    return whole_answer(scope, 1, operation.output_shape, fixed, True)


def page_of(call: Call, scope: Scope, listed: str, shape: Shape, page: int, pages: tuple[tuple[int, ...], ...]) -> str:
    nested = NESTED_LISTS.get(call.operation)
    if nested:
        return "".join(nesting_item(scope, nested, shape, number) for number in NESTED_PAGES[page - 1])
    if call.operation == "DescribeLaunchTemplateVersions":
        return launch_template_versions(call, shape, page)
    return "".join(listed_item(call, scope, listed, shape, number) for number in pages[page - 1])


def listed_item(call: Call, scope: Scope, listed: str, shape: Shape, number: int) -> str:
    fixed: Fixed = {}
    if shape.member.name == "HostedZone":
        fixed = zone_fixed(number)
    elif shape.member.name == "ResourceRecordSet":
        fixed = record_key(scope, number)
    elif shape.member.name == "Bucket":
        fixed = {"BucketRegion": bucket_region(number)}
    filler = Filler(scope, number, mode_of(number), fixed)
    return element(element_name(call.service, shape), filler.item(shape.member, listed.removesuffix("s")))


def bucket_region(number: int) -> str:
    return REGIONS[number % 2][0]


def nesting_item(scope: Scope, nested: str, shape: Shape, number: int) -> str:
    """Builds a reservation with two instances."""
    nested_shape = shape.member.members[nested]
    items = [Filler(scope, n, mode_of(n)).item(nested_shape.member) for n in (number * 2 - 1, number * 2)]
    fixed = {nested: Xml("".join(element(element_name("ec2", nested_shape), item) for item in items))}
    mode = Mode.KEYS if number == 2 else mode_of(number if number == 1 else number + 1)
    return element(element_name("ec2", shape), Filler(scope, number, mode, fixed).item(shape.member))


def launch_template_versions(call: Call, shape: Shape, page: int) -> str:
    """Builds two versions of each launch template. Without a template AWS lists $Latest and $Default only."""
    requested = call.numbered("LaunchTemplateVersion")
    template_id = call.get("LaunchTemplateId")
    if not template_id and (not requested or not set(requested) <= set(VERSIONS)):
        raise Refused("MissingParameter", "Name a LaunchTemplateId, or LaunchTemplateVersion $Latest or $Default.")
    scope = Scope(call.service, call.account, call.region)
    numbers = [VERSIONS[name] for name in requested if name in VERSIONS] or [1, 2]
    versions = [(template, version) for template in range(1, TEMPLATES + 1) for version in numbers]
    if template_id:
        versions = [pair for pair in versions if template_key(scope, pair[0])["LaunchTemplateId"] == template_id]
        if not versions:
            raise Refused("InvalidLaunchTemplateId.NotFound", f"The launch template {template_id} does not exist.")
    head = max(1, len(versions) * 3 // 5)
    items = []
    for template, version in ((), versions[:head], (), versions[head:])[page]:
        number = versions.index((template, version)) + 1
        fixed = template_key(scope, template) | {"VersionNumber": str(version)}
        fixed["DefaultVersion"] = "true" if version == VERSIONS["$Default"] else "false"
        items.append(Filler(scope, number, mode_of(number), fixed).item(shape.member))
    return "".join(element(element_name("ec2", shape), item) for item in items)


def template_key(scope: Scope, number: int) -> dict[str, str | None]:
    suffix = f"{scope.account}-{scope.region}-{number}"
    return {"LaunchTemplateId": f"launch-template-{suffix}", "LaunchTemplateName": f"launch-template-name-{suffix}"}


# --- Special cases -----------------------------------------------------------------------------------------------

Special = Callable[[Call, Scope, dict[str, Shape]], dict[str, "str | None"]]


def zone_fixed(number: int) -> dict[str, str | None]:
    return {"Config.PrivateZone": "true" if number == PRIVATE_ZONE else "false"}


def zone_number(account: str, bare_id: str) -> int:
    for number in range(1, ZONES + 1):
        if zone_id(account, number) == bare_id:
            return number
    raise Refused("NoSuchHostedZone", f"No hosted zone found with ID: {bare_id}", 404)


def get_hosted_zone(call: Call, scope: Scope, members: dict[str, Shape]) -> dict[str, str | None]:
    """Builds the zone as listed. AWS returns the VPCs of a private zone, and the delegation set of a public one."""
    number = zone_number(call.account, dict(scope.parent)["Id"])
    listed = replace(scope, parent=())
    fixed: dict[str, str | None] = {
        name: Xml(Filler(listed, number, Mode.FULL, with_unknown=False).item(shape, name))
        for name, shape in members.items()
    }
    fixed["HostedZone"] = Xml(Filler(listed, number, mode_of(number), zone_fixed(number)).item(members["HostedZone"]))
    if number != 1:  # the first zone has both, so that every member occurs
        fixed["DelegationSet" if number == PRIVATE_ZONE else "VPCs"] = None
    return fixed


def tag_set(call: Call, shape: Shape, kind: str, bare_id: str) -> str:
    scope = Scope(call.service, call.account, call.region, (("ResourceId", bare_id),))
    if kind == "hostedzone":
        number = zone_number(call.account, bare_id)
    else:
        listed = replace(scope, parent=())
        numbers = {as_uuid(listed.digest("HealthCheck", number)): number for number in range(1, 6)}
        if bare_id not in numbers:
            raise Refused("NoSuchHealthCheck", f"No health check found with ID: {bare_id}", 404)
        number = numbers[bare_id]
    fixed = {"ResourceType": kind, "ResourceId": bare_id}
    return Filler(scope, number, mode_of(number), fixed).item(shape)


def tags_of_one(call: Call, _: Scope, members: dict[str, Shape]) -> dict[str, str | None]:
    bare_id = (call.get("ResourceId") or "").rsplit("/", 1)[-1]
    return {"ResourceTagSet": Xml(tag_set(call, members["ResourceTagSet"], call.get("ResourceType") or "", bare_id))}


def tags_of_many(call: Call, _: Scope, members: dict[str, Shape]) -> dict[str, str | None]:
    ids, shape = call.numbered("ResourceIds"), members["ResourceTagSets"]
    if not 1 <= len(ids) <= MAX_TAGGED or len(set(ids)) < len(ids):
        raise Refused("InvalidInput", f"ResourceIds must be 1 to {MAX_TAGGED} different ids, not {len(ids)}.")
    sets = [tag_set(call, shape.member, call.get("ResourceType") or "", bare_id) for bare_id in ids]
    return {"ResourceTagSets": Xml("".join(element(element_name("route53", shape), tags) for tags in sets))}


def regions(call: Call, scope: Scope, members: dict[str, Shape]) -> dict[str, str | None]:
    shape, items = members["Regions"], []
    for number, (name, status) in enumerate(REGIONS, 1):
        if status != "not-opted-in" or call.get("AllRegions") == "true":
            fixed = {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status}
            items.append(Filler(scope, number, Mode.FULL, fixed, with_unknown=False).item(shape.member))
    return {"Regions": Xml("".join(element(element_name("ec2", shape), item) for item in items))}


def vpc_attribute(call: Call, _: Scope, members: dict[str, Shape]) -> dict[str, str | None]:
    """AWS returns the attribute that the call names, and no other."""
    wanted = call.get("Attribute") or ""
    return {name: None for name in members if name != "VpcId" and name[0].lower() + name[1:] != wanted}


SPECIAL: dict[str, Special] = {
    "DescribeVpcAttribute": vpc_attribute,
    "DescribeRegions": regions,
    "GetHostedZone": get_hosted_zone,
    "ListTagsForResource": tags_of_one,
    "ListTagsForResources": tags_of_many,
}


def check_zone(call: Call, operation: OperationModel) -> None:
    """Refuses a zone that is not listed, or of a kind that AWS refuses for this operation."""
    bare_id = next((value for name, value in parent_of(call, operation) if name in ("Id", "HostedZoneId")), "")
    private = zone_number(call.account, bare_id) == PRIVATE_ZONE
    if call.operation == "GetDNSSEC" and private:
        raise Refused("InvalidInput", f"DNSSEC is not supported for the private hosted zone {bare_id}.", strict=False)
    if call.operation == "ListVPCAssociationAuthorizations" and not private:
        raise Refused("InvalidInput", f"The hosted zone {bare_id} is public: it has no VPCs.", strict=False)
