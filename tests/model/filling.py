"""The values that filled.py answers with: every member of a structure of botocore's service models, as XML.

A `Filler` writes one item. Its number says how it is filled (the first fully, the second with as little as a member
can hold, the third with what identifies it, later ones fully again with extreme values) and makes its ids its own. The
same question always has the same answer: nothing is drawn at random.

It does not know which operation is asked, nor how a listing is paged, nor what rolecall makes of any of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from zlib import crc32

from botocore import xform_name
from botocore.model import Shape

MARKER = "SECRET-MARKER-7f3a9"
OTHER_ACCOUNT = "210987654321"
# Secrets that the model does not mark everywhere they occur.
ALWAYS_SENSITIVE = {"CustomerGatewayConfiguration", "PreSharedKey", "UserData"}
# A structure that holds itself is written so often, one in the other.
MOST_REENTRIES = 3
ZONES = 5
PRIVATE_ZONE = 4
# Route 53 writes these ids with what they are ids of before them.
PREFIXES = {"HostedZone": "/hostedzone/", "DelegationSet": "/delegationset/"}

# What tells one item from another, in the item itself and in the structures inside it.
TOP_KEY = re.compile(r"(Id|Name|Arn|Cidr|CidrBlock|Identifier|PublicIp|VPCRegion)$")
INNER_KEY = re.compile(r"(Id|Arn)$")
KEY_NUMBERS = ("Version", "VersionNumber")

# Texts that a reader may trip over; `@` stands for the part that says which member it is.
ODD = (
    "@",
    "@ & < > \" '",
    "@ ]]> @",
    "@\nsecond line\n",
    "@\tafter a tab",
    "@\rafter a carriage return\r\n",
    "@ back\\slash \\n \\u0041",
    "  @ between spaces  ",
    "@ \U0001f600 \U0001d518 \U0001f469\u200d\U0001f680",
    "@ e\u0301 a\u0308\u0323",
    "@ \u202b\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c",
    "@\u2028@\u2029@\u0085",
    '{"a":1}',
    "007",
    "true",
    "2020-01-01T00:00:00Z",
    "@ &amp; &#65; &lt;",
    "<b>@</b><!-- no comment -->",
    '["@", null]',
    "null",
    "\ufeff@\u00a0\u200b",
    "1e5",
    "@ %7B%20+ \u00fc\u00df\u4e16",
)
DOUBLES = ("1.0E-7", "1.5", "12345678.25", "-2.5")
INTEGERS = {
    "integer": (2**31 - 1, -(2**31), -1, 65535),
    "long": (2**63 - 1, -(2**63), -7, 2**32),
}


class Mode(Enum):
    FULL = "every member"
    EMPTY = "every member, with as little in it as it can hold"
    KEYS = "only what identifies the item, and what the model requires"
    EXTREME = "every member, with the largest and smallest numbers"


class Xml(str):
    """A text that is XML already."""


# A member's text, or None where the member shall be missing. Dots lead into structures: `Config.PrivateZone`.
Fixed = Mapping[str, str | None]


@dataclass(frozen=True)
class Asked:
    """Whose items they are: different for each account, region and parent."""

    service: str
    account: str
    region: str
    parent: tuple[tuple[str, str], ...] = ()

    def digest(self, *more: object) -> str:
        text = "\0".join(map(str, (self.service, self.account, self.region, *self.parent, *more)))
        return hashlib.sha256(text.encode()).hexdigest()


def mode_of(number: int) -> Mode:
    return {1: Mode.FULL, 2: Mode.EMPTY, 3: Mode.KEYS}.get(number, Mode.EXTREME)


def is_sensitive(name: str, shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive")) or name in ALWAYS_SENSITIVE


def wire_name(name: str, shape: Shape) -> str:
    """As botocore's parsers look for it; the elements of a flattened list stand under the list's own name."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.member.serialization.get("name") or shape.serialization.get("name", name)
    return shape.serialization.get("name", name)


def element_name(service: str, shape: Shape) -> str:
    return shape.member.serialization.get("name", "item" if service == "ec2" else "member")


def zone_id(account: str, number: int) -> str:
    return f"Z{account}N{number:04}"


def zone_name(account: str, number: int) -> str:
    label = r"caf\303\251" if number == ZONES else "zone"
    return f"{label}-{number}.a{account}.example.com."


def as_uuid(digest: str) -> str:
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def escaped(text: str, turn: int = 0) -> str:
    """As a CDATA section now and then, or in numeric references: equal after parsing."""
    if turn % 6 == 5 and "\r" not in text:  # a parser makes a line feed of a carriage return in a CDATA section
        return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if turn % 7 == 6:
        return "".join(f"&#x{ord(c):X};" if turn % 2 else f"&#{ord(c)};" for c in text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return text.replace('"', "&quot;").replace("'", "&apos;") if turn % 2 else text


def element(tag: str, inside: str, turn: int = 0) -> str:
    return f"<{tag}/>" if not inside and turn % 2 else f"<{tag}>{inside}</{tag}>"


class Filler:
    """Writes one item."""

    def __init__(
        self, asked: Asked, number: int, mode: Mode, fixed: Fixed | None = None, with_news: bool | None = None
    ) -> None:
        self.asked, self.number, self.mode = asked, number, mode
        self.fixed = fixed or {}
        self.turn = 0
        # The first item bears members that the model does not know; one inside it is enough.
        self.top_news = number == 1 and mode is Mode.FULL if with_news is None else with_news
        self.inner_news = self.top_news

    def item(self, shape: Shape, name: str = "") -> str:
        """What stands inside the item's element."""
        self.turn = crc32(shape.name.encode()) % 97 + self.number * 5
        if shape.type_name == "structure":
            return self._structure(shape, (), (), False)
        return self._value(None, name, shape, (name,), (), False)

    def _structure(self, shape: Shape, path: tuple[str, ...], around: tuple[str, ...], secret: bool) -> str:
        if around.count(shape.name) > MOST_REENTRIES:
            return ""
        holds_secret = any(is_sensitive(name, member) for name, member in shape.members.items())
        secret = secret or holds_secret
        around = (*around, shape.name)
        written = [
            self._member(shape, name, member, (*path, name), around, secret) for name, member in shape.members.items()
        ]
        written.append(self._news(shape, bool(path), holds_secret, secret))
        # EC2 sets its answers out in lines, Route 53 does not.
        return ("\n  " if self.asked.service == "ec2" else "").join(filter(None, written))

    def _news(self, shape: Shape, inner: bool, holds_secret: bool, secret: bool) -> str:
        """A member that the model does not know. With secrets beside or above it, it may be one itself."""
        if not self.top_news or {"Key", "Value"} <= set(shape.members):
            return ""
        if inner and not holds_secret and not self.inner_news:
            return ""
        if inner and not holds_secret:
            self.inner_news = False
        text = f"fresh & new {MARKER}" if secret else "fresh & new"
        return element("brandNewMember", escaped(text))

    def _member(
        self, owner: Shape, name: str, shape: Shape, path: tuple[str, ...], around: tuple[str, ...], secret: bool
    ) -> str:
        if shape.serialization.get("location"):
            return ""  # in a header, not in the body
        place, tag = ".".join(path), wire_name(name, shape)
        if place in self.fixed:
            text = self.fixed[place]
            if text is None:
                return ""
            return element(tag, text if isinstance(text, Xml) else escaped(text))
        if not self._is_kept(owner, name, shape, place):
            return ""
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            return self._elements(owner, name, shape, path, around, secret, tag)
        inside = self._value(owner, name, shape, path, around, secret)
        return element(tag, inside, self.turn)

    def _is_kept(self, owner: Shape, name: str, shape: Shape, place: str) -> bool:
        if self.mode is not Mode.KEYS or name in owner.required_members:
            return True
        if any(fixed.startswith(f"{place}.") for fixed in self.fixed):
            return True
        return (shape.type_name == "string" and self._is_key(name, "." not in place)) or (
            name in KEY_NUMBERS and "." not in place
        )

    def _is_key(self, name: str, top: bool) -> bool:
        return bool((TOP_KEY if top else INNER_KEY).search(name))

    def _value(
        self,
        owner: Shape | None,
        name: str,
        shape: Shape,
        path: tuple[str, ...],
        around: tuple[str, ...],
        secret: bool,
    ) -> str:
        if shape.type_name == "structure":
            return self._structure(shape, path, around, secret)
        if shape.type_name == "list":
            return self._elements(owner, name, shape, path, around, secret, element_name(self.asked.service, shape))
        self.turn += 1
        match shape.type_name:
            case "string":
                return escaped(self._text(owner, name, shape, len(path) == 1), self.turn)
            case "boolean":
                full = "true" if self.turn % 2 else "false"
                return {Mode.FULL: full, Mode.EXTREME: "true"}.get(self.mode, "false")
            case "integer" | "long":
                if name in KEY_NUMBERS and len(path) == 1:
                    return str(self.number)
                extreme = INTEGERS[shape.type_name][self.turn % 4]
                return str({Mode.FULL: self.turn * 37, Mode.EXTREME: extreme}.get(self.mode, 0))
            case "float" | "double":
                return {Mode.FULL: f"{self.turn}.25", Mode.EXTREME: DOUBLES[self.turn % 4]}.get(self.mode, "0")
            case "timestamp":
                return self._timestamp()
            case "blob" if is_sensitive(name, shape):
                return f"{MARKER}AAA"  # as it is, and by its length good base64 for those who pass over the dashes
            case "blob":
                return base64.b64encode(f"{name}-{self.number} \0\xff".encode("latin-1")).decode()
        raise NotImplementedError(f"{shape.name}: no way to fill a {shape.type_name} yet")

    def _elements(
        self,
        owner: Shape | None,
        name: str,
        shape: Shape,
        path: tuple[str, ...],
        around: tuple[str, ...],
        secret: bool,
        tag: str,
    ) -> str:
        if self.mode is Mode.EMPTY:
            return ""
        one = name.removesuffix("s")
        # The path is longer than the list's own, since an element is not a member of the item.
        values = [self._value(owner, one, shape.member, (*path, one), around, secret) for _ in range(2)]
        return "".join(element(tag, value, self.turn) for value in values)

    def _timestamp(self) -> str:
        turn = self.turn
        date = "2024-02-29" if turn % 11 == 0 else f"{2014 + turn % 12}-{1 + turn % 12:02}-{1 + turn % 28:02}"
        fraction = (".000Z", "Z", ".123456Z", "+02:00")[turn % 4]
        return f"{date}T{turn % 24:02}:{turn % 60:02}:{turn * 7 % 60:02}{fraction}"

    def _text(self, owner: Shape | None, name: str, shape: Shape, top: bool) -> str:
        asked, container = self.asked, owner.name if owner else ""
        parent = dict(asked.parent) if top else {}
        if is_sensitive(name, shape):
            return f"{MARKER} {name}-{self.number}"
        if name in parent:
            return (PREFIXES.get(container, "") if name == "Id" else "") + parent[name]
        if name == "OwningAccount" or name.endswith("OwnerId"):
            foreign = self.number == 4 if top else self.turn % 5 == 0
            return OTHER_ACCOUNT if foreign else asked.account
        key = self._is_key(name, top)
        if shape.enum:
            unknown = self.turn % 7 == 3 and not key
            return "brand-new-value" if unknown else shape.enum[(self.number if key else self.turn) % len(shape.enum)]
        if key:
            return self._identifier(container, name, top)
        if self.mode is Mode.EMPTY:
            return ""
        return ODD[self.turn % len(ODD)].replace("@", f"{name}-{self.number}")

    def _identifier(self, container: str, name: str, top: bool) -> str:
        asked, number = self.asked, self.number
        after = f"-{asked.digest()[:6]}" if asked.parent else ""
        after += "" if top else f"-{self.turn}"
        slug = xform_name(name).strip("_").replace("_", "-").removesuffix("-id")
        here = f"{slug}-{asked.account}-{asked.region}-{number}{after}"
        octets = [int(asked.digest()[at : at + 2], 16) for at in (0, 2)]
        if name.endswith("Arn"):
            return f"arn:aws:{asked.service}:{asked.region}:{asked.account}:{slug}/{here}"
        if name.endswith("PublicIp"):
            return f"203.{octets[0]}.{octets[1]}.{number}"
        if name.endswith(("Cidr", "CidrBlock")):
            if "Ipv6" in name or number % 2 == 0:
                return f"2001:db8:{octets[0]:x}:{octets[1]:x}::{number:x}/128"
            return f"10.{octets[0]}.{octets[1]}.{number}/32"
        return self._route53_identifier(container, name, slug, after) if asked.service == "route53" else here

    def _route53_identifier(self, container: str, name: str, slug: str, after: str) -> str:
        asked, number = self.asked, self.number
        kind = container.removesuffix("Summary") if name == "Id" else name.removesuffix("Id")
        match kind:
            case _ if name == "HostedZoneId" and container == "HostedZoneSummary":
                return f"Z{asked.digest(number)[:20].upper()}"
            case "HostedZone":
                return (PREFIXES[kind] if name == "Id" else "") + zone_id(asked.account, number)
            case "DelegationSet":
                return f"{PREFIXES[kind]}N{asked.account}X{number:04}"
            case "VPC":
                return f"vpc-{asked.digest(number, after)[:17]}"
        if name.endswith("Id"):
            # What is named elsewhere is named as where it is listed, and there it has no parent.
            return as_uuid((asked if name == "Id" else replace(asked, parent=())).digest(kind, number))
        if name == "Name" and container == "HostedZone":
            return zone_name(asked.account, number)
        if name == "Name":
            return f"{container.lower()}-{number}{after}.a{asked.account}.example.com."
        if name == "SetIdentifier":
            return f"set/{number} +=&<blue>"
        return f"{slug}-{number}{after}"


def record_key(asked: Asked, number: int) -> dict[str, str | None]:
    """What identifies a record set: some share a name, some a name and type, and some have no set identifier."""
    zone = zone_name(asked.account, int(dict(asked.parent)["HostedZoneId"][-4:]))
    name = f"www.{zone}" if number < 3 else rf"\052.{zone}" if number == 3 else rf"a\057b.{zone}"
    kind = {1: "A", 2: "A", 3: "TXT", 4: "A", 5: "AAAA"}[number]
    return {"Name": name, "Type": kind, "SetIdentifier": f"set/{number} +=&<blue>" if number not in (3, 5) else None}


def whole_answer(asked: Asked, number: int, output: Shape, fixed: Mapping[str, Any], with_news: bool) -> str:
    """The inside of an answer; what is listed in it stands in `fixed`."""
    return Filler(asked, number, Mode.FULL, fixed, with_news).item(output)
