"""What filled.py answers to a read of EC2 or Route 53: which items stand on which page, and what is refused.

By botocore's service models wherever they say it; what they do not say of AWS stands in the tables and the few
special cases here. It does not know how an item is filled (that is filling.py), what a call must say (filled_calls.py),
nor of HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from botocore.model import OperationModel, Shape

from filled_calls import SIZES, Call, Refused, continuation, listed_member, parent_of, read_operation
from filling import (
    PRIVATE_ZONE,
    ZONES,
    Asked,
    Filler,
    Fixed,
    Mode,
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
MOST_TAGGED = 10
UNPAGED = ((1, 2, 3),)
PAGED = ((1, 2, 3), (), (4, 5))
# What is listed inside what is listed; two of these stand in each of those, which are two on a page.
INSIDE = {"DescribeInstances": "Instances"}
PAGED_INSIDE = ((1, 2), (), (3, 4))
# Name, and whether the account must enable it and has.
REGIONS = (
    ("us-east-1", "opt-in-not-required"),
    ("eu-west-1", "opt-in-not-required"),
    ("af-south-1", "not-opted-in"),
)
TEMPLATES = 5
VERSIONS = {"$Default": 1, "$Latest": 2}


# --- Pages -------------------------------------------------------------------------------------------------------


def token(call: Call, name: str, shape: Shape, page: int) -> str | None:
    """Where that page begins. Nobody may guess it, or use one listing's for another."""
    scope = [pair for pair in call.parameters if pair[0] not in SIZES]
    digest = Asked(call.service, call.account, call.region).digest(call.operation, *scope, page)
    most = shape.metadata.get("max", 1024)
    if most <= 4:
        return f"{page}{digest[:2].upper()}&"[:most]
    if name.endswith(("Type", "TypeMarker")):
        return "AAAA" if page == 2 else "TXT"
    if name.endswith("Identifier"):
        return None if page == 2 else f"set/{digest[:6]} +=&"
    if name.endswith(("RecordName", "DNSName", "NameMarker")):
        return rf"\052.{digest[:8]}.example.com."
    if "HostedZoneId" in name:
        return f"Z{digest[:16].upper()}"
    return f"{digest[:24]}/+=&" if most < 64 else f"{digest[:40]}/+=&%2B?#=="


def tokens(call: Call, operation: OperationModel, page: int) -> dict[str, str | None]:
    """The answer's members that say where that page begins."""
    going_on = continuation(operation)
    first = replace(call, parameters=tuple(pair for pair in call.parameters if pair[0] not in going_on.values()))
    if operation.name == "ListResourceRecordSets" and page == 3:
        # A page begins with the record set that its token names. The one that page 2's names was deleted since.
        key = record_key(asked_of(first, operation), 4)
        return {f"NextRecord{name.removeprefix('Set')}": value for name, value in key.items()}
    members = operation.output_shape.members
    return {name: token(first, name, members[name], page) for name in going_on}


def page_asked_for(call: Call, operation: OperationModel) -> int:
    going_on = continuation(operation)
    given = {name: call.get(going_on[name]) for name in going_on}
    if not any(given.values()):
        return 1
    for page in (2, 3):
        if tokens(call, operation, page) == given:
            return page
    said = ", ".join(f"{going_on[name]}={value}" for name, value in given.items())
    code = "InvalidPaginationToken" if "NextToken" in going_on else "InvalidInput"
    raise Refused(code, f"No page of this {call.operation} begins at {said}.")


def asked_of(call: Call, operation: OperationModel) -> Asked:
    return Asked(call.service, call.account, call.region, parent_of(call, operation))


# --- Answers -----------------------------------------------------------------------------------------------------


@cache
def answer(call: Call) -> str:
    """The inside of the answer's root element. The parameters have been checked."""
    operation = read_operation(call.service, call.operation)
    going_on, members = continuation(operation), operation.output_shape.members
    asked = asked_of(call, operation)
    special = SPECIAL.get(call.operation)
    fixed: dict[str, str | None] = dict.fromkeys((*going_on, *(n for n in ABOUT_PAGES if n in members)))
    listed = listed_member(operation)
    size = next((name for name in SIZES if name in members), None)
    if size:
        fixed[size] = call.get(size) or "100"
    if special:
        return whole_answer(asked, 1, operation.output_shape, fixed | special(call, asked, members), False)
    if listed is None:
        return settings(asked, operation, fixed)
    page = page_asked_for(call, operation)
    pages: tuple[tuple[int, ...], ...] = PAGED if going_on else UNPAGED
    if "Marker" in members and page > 1:
        fixed["Marker"] = call.get("Marker")
    if going_on and page < len(pages):
        fixed |= tokens(call, operation, page + 1)
    if "IsTruncated" in members:
        fixed["IsTruncated"] = "true" if going_on and page < len(pages) else "false"
    fixed[listed] = Xml(page_of(call, asked, listed, members[listed], page, pages))
    return whole_answer(asked, 1, operation.output_shape, fixed, False)


def settings(asked: Asked, operation: OperationModel, fixed: Fixed) -> str:
    """An answer that lists nothing: what it is about is the one structure in it, or else the answer itself."""
    rest = {name: shape for name, shape in operation.output_shape.members.items() if name not in fixed}
    if len(rest) == 1 and all(shape.type_name == "structure" for shape in rest.values()):
        fixed = {**fixed, **{name: Xml(Filler(asked, 1, Mode.FULL).item(shape)) for name, shape in rest.items()}}
        return whole_answer(asked, 1, operation.output_shape, fixed, False)
    return whole_answer(asked, 1, operation.output_shape, fixed, True)


def page_of(
    call: Call, asked: Asked, listed: str, shape: Shape, page: int, pages: tuple[tuple[int, ...], ...]
) -> str:
    inside = INSIDE.get(call.operation)
    if inside:
        return "".join(around(asked, inside, shape, number) for number in PAGED_INSIDE[page - 1])
    if call.operation == "DescribeLaunchTemplateVersions":
        return launch_template_versions(call, shape, page)
    return "".join(listed_item(call, asked, listed, shape, number) for number in pages[page - 1])


def listed_item(call: Call, asked: Asked, listed: str, shape: Shape, number: int) -> str:
    fixed: Fixed = {}
    if shape.member.name == "HostedZone":
        fixed = zone_fixed(number)
    elif shape.member.name == "ResourceRecordSet":
        fixed = record_key(asked, number)
    filler = Filler(asked, number, mode_of(number), fixed)
    return element(element_name(call.service, shape), filler.item(shape.member, listed.removesuffix("s")))


def around(asked: Asked, inside: str, shape: Shape, number: int) -> str:
    """A reservation with two instances in it."""
    within = shape.member.members[inside]
    items = [Filler(asked, n, mode_of(n)).item(within.member) for n in (number * 2 - 1, number * 2)]
    fixed = {inside: Xml("".join(element(element_name("ec2", within), item) for item in items))}
    mode = Mode.KEYS if number == 2 else mode_of(number if number == 1 else number + 1)
    return element(element_name("ec2", shape), Filler(asked, number, mode, fixed).item(shape.member))


def launch_template_versions(call: Call, shape: Shape, page: int) -> str:
    """Two of each template that DescribeLaunchTemplates lists; AWS lists those of all only by these two names."""
    wanted = call.numbered("LaunchTemplateVersion")
    template_id = call.get("LaunchTemplateId")
    if not template_id and (not wanted or not set(wanted) <= set(VERSIONS)):
        raise Refused("MissingParameter", "Name a LaunchTemplateId, or LaunchTemplateVersion $Latest or $Default.")
    asked = Asked(call.service, call.account, call.region)
    numbers = [VERSIONS[name] for name in wanted if name in VERSIONS] or [1, 2]
    versions = [(template, version) for template in range(1, TEMPLATES + 1) for version in numbers]
    if template_id:
        versions = [pair for pair in versions if template_key(asked, pair[0])["LaunchTemplateId"] == template_id]
        if not versions:
            raise Refused("InvalidLaunchTemplateId.NotFound", f"The specified launch template {template_id} is not.")
    head = max(1, len(versions) * 3 // 5)
    items = []
    for template, version in ((), versions[:head], (), versions[head:])[page]:
        number = versions.index((template, version)) + 1
        fixed = template_key(asked, template) | {"VersionNumber": str(version)}
        fixed["DefaultVersion"] = "true" if version == VERSIONS["$Default"] else "false"
        items.append(Filler(asked, number, mode_of(number), fixed).item(shape.member))
    return "".join(element(element_name("ec2", shape), item) for item in items)


def template_key(asked: Asked, number: int) -> dict[str, str | None]:
    where = f"{asked.account}-{asked.region}-{number}"
    return {"LaunchTemplateId": f"launch-template-{where}", "LaunchTemplateName": f"launch-template-name-{where}"}


# --- Special cases -----------------------------------------------------------------------------------------------

Special = Callable[[Call, Asked, dict[str, Shape]], dict[str, "str | None"]]


def zone_fixed(number: int) -> dict[str, str | None]:
    return {"Config.PrivateZone": "true" if number == PRIVATE_ZONE else "false"}


def zone_number(account: str, bare_id: str) -> int:
    for number in range(1, ZONES + 1):
        if zone_id(account, number) == bare_id:
            return number
    raise Refused("NoSuchHostedZone", f"No hosted zone found with ID: {bare_id}", 404)


def get_hosted_zone(call: Call, asked: Asked, members: dict[str, Shape]) -> dict[str, str | None]:
    """The very zone that is listed. AWS tells the VPCs of a private zone and the servers of a public one."""
    number = zone_number(call.account, dict(asked.parent)["Id"])
    listed = replace(asked, parent=())
    fixed: dict[str, str | None] = {
        name: Xml(Filler(listed, number, Mode.FULL, with_news=False).item(shape, name))
        for name, shape in members.items()
    }
    fixed["HostedZone"] = Xml(Filler(listed, number, mode_of(number), zone_fixed(number)).item(members["HostedZone"]))
    if number != 1:  # the first has both, so that every member is seen
        fixed["DelegationSet" if number == PRIVATE_ZONE else "VPCs"] = None
    return fixed


def tag_set(call: Call, shape: Shape, kind: str, bare_id: str) -> str:
    asked = Asked(call.service, call.account, call.region, (("ResourceId", bare_id),))
    if kind == "hostedzone":
        number = zone_number(call.account, bare_id)
    else:
        listed = replace(asked, parent=())
        numbers = {as_uuid(listed.digest("HealthCheck", number)): number for number in range(1, 6)}
        if bare_id not in numbers:
            raise Refused("NoSuchHealthCheck", f"No health check found with ID: {bare_id}", 404)
        number = numbers[bare_id]
    fixed = {"ResourceType": kind, "ResourceId": bare_id}
    return Filler(asked, number, mode_of(number), fixed).item(shape)


def tags_of_one(call: Call, _: Asked, members: dict[str, Shape]) -> dict[str, str | None]:
    bare_id = (call.get("ResourceId") or "").rsplit("/", 1)[-1]
    return {"ResourceTagSet": Xml(tag_set(call, members["ResourceTagSet"], call.get("ResourceType") or "", bare_id))}


def tags_of_many(call: Call, _: Asked, members: dict[str, Shape]) -> dict[str, str | None]:
    ids, shape = call.numbered("ResourceIds"), members["ResourceTagSets"]
    if not 1 <= len(ids) <= MOST_TAGGED or len(set(ids)) < len(ids):
        raise Refused("InvalidInput", f"ResourceIds must be 1 to {MOST_TAGGED} different ids, not {len(ids)}.")
    sets = [tag_set(call, shape.member, call.get("ResourceType") or "", bare_id) for bare_id in ids]
    return {"ResourceTagSets": Xml("".join(element(element_name("route53", shape), one) for one in sets))}


def regions(call: Call, asked: Asked, members: dict[str, Shape]) -> dict[str, str | None]:
    shape, items = members["Regions"], []
    for number, (name, status) in enumerate(REGIONS, 1):
        if status != "not-opted-in" or call.get("AllRegions") == "true":
            fixed = {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status}
            items.append(Filler(asked, number, Mode.FULL, fixed, with_news=False).item(shape.member))
    return {"Regions": Xml("".join(element(element_name("ec2", shape), item) for item in items))}


SPECIAL: dict[str, Special] = {
    "DescribeRegions": regions,
    "GetHostedZone": get_hosted_zone,
    "ListTagsForResource": tags_of_one,
    "ListTagsForResources": tags_of_many,
}


def check_zone(call: Call, operation: OperationModel) -> None:
    """A zone that is asked about must be listed, and be of the kind that AWS answers for."""
    bare_id = next((value for name, value in parent_of(call, operation) if name in ("Id", "HostedZoneId")), "")
    private = zone_number(call.account, bare_id) == PRIVATE_ZONE
    if call.operation == "GetDNSSEC" and private:
        raise Refused("InvalidInput", f"DNSSEC is not supported for the private hosted zone {bare_id}.", strict=False)
    if call.operation == "ListVPCAssociationAuthorizations" and not private:
        raise Refused("InvalidInput", f"The hosted zone {bare_id} is public: it has no VPCs.", strict=False)
