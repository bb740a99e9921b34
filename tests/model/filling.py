"""Generates the values of filled.py's answers: XML for every member of a structure in botocore's service models.

A `Filler` writes one item. The item's number makes its ids unique and selects its `Mode`: 1 has all members, 2 has
empty ones, 3 has the identifying ones, and later ones have extreme values. Nothing is random: the same request always
has the same answer.

It does not know the operation, the pages of a listing, or rolecall.
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
ALWAYS_SENSITIVE = {"CustomerGatewayConfiguration", "PreSharedKey", "UserData", "authKey", "customerRouterConfig"}
# By service, the member with the account that owns the item, if its name does not end in `OwnerId`.
OWNERS = {"directconnect": "ownerAccount", "networkmanager": "OwnerAccountId", "servicediscovery": "ResourceOwner"}
# The depth to which a recursive structure is written.
MAX_RECURSION = 3
ZONES = 5
PRIVATE_ZONE = 4
# Route 53 writes these ids with their resource kind as a prefix.
PREFIXES = {"HostedZone": "/hostedzone/", "DelegationSet": "/delegationset/"}

# The members that identify an item: at its top level, and in its inner structures.
TOP_KEY = re.compile(r"(Id|Name|Arn|ARN|Cidr|CidrBlock|Identifier|PublicIp|VPCRegion)$|^Address$")
INNER_KEY = re.compile(r"(Id|Arn|ARN)$")
KEY_NUMBERS = ("Version", "VersionNumber")

# Texts that parsers may get wrong. `@` is replaced by the member's name and the item's number.
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
    EMPTY = "every member, with empty values"
    KEYS = "the identifying and the required members only"
    EXTREME = "every member, with the largest and smallest numbers"


class Xml(str):
    """A text that is already XML, so it is not escaped."""


# A member's text, or None to omit the member. Dots lead into structures: `Config.PrivateZone`.
Fixed = Mapping[str, str | None]


@dataclass(frozen=True)
class Scope:
    """The account, region and parent that items belong to. Items of two scopes differ."""

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
    """Returns a member's element name, as botocore's parsers read it. Flattened lists have no element of their own."""
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
    """Escapes a text: on some turns as a CDATA section or as numeric references, which parse to the same text."""
    if turn % 6 == 5 and "\r" not in text:  # parsers turn a carriage return in a CDATA section into a line feed
        return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if turn % 7 == 6:
        return "".join(f"&#x{ord(c):X};" if turn % 2 else f"&#{ord(c)};" for c in text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return text.replace('"', "&quot;").replace("'", "&apos;") if turn % 2 else text


def element(tag: str, content: str, turn: int = 0) -> str:
    return f"<{tag}/>" if not content and turn % 2 else f"<{tag}>{content}</{tag}>"


class Filler:
    """Writes one item as XML."""

    def __init__(
        self, scope: Scope, number: int, mode: Mode, fixed: Fixed | None = None, with_unknown: bool | None = None
    ) -> None:
        self.scope, self.number, self.mode = scope, number, mode
        self.fixed = fixed or {}
        self.turn = 0
        # The first item has members that the model does not know: at its top, in one inner structure, beside secrets.
        self.top_unknown = number == 1 and mode is Mode.FULL if with_unknown is None else with_unknown
        self.inner_unknown = self.top_unknown

    def item(self, shape: Shape, name: str = "") -> str:
        """Returns the content of the item's element."""
        self.turn = crc32(shape.name.encode()) % 97 + self.number * 5
        if shape.type_name == "structure":
            return self._structure(shape, (), (), False)
        return self._value(None, name, shape, (name,), (), False)

    def _structure(self, shape: Shape, path: tuple[str, ...], parents: tuple[str, ...], secret: bool) -> str:
        if parents.count(shape.name) > MAX_RECURSION:
            return ""
        holds_secret = any(is_sensitive(name, member) for name, member in shape.members.items())
        secret = secret or holds_secret
        parents = (*parents, shape.name)
        written = [
            self._member(shape, name, member, (*path, name), parents, secret) for name, member in shape.members.items()
        ]
        written.append(self._unknown(shape, bool(path), holds_secret, secret))
        # EC2's answers have line breaks, Route 53's have none.
        return ("\n  " if self.scope.service == "ec2" else "").join(filter(None, written))

    def _unknown(self, shape: Shape, inner: bool, holds_secret: bool, secret: bool) -> str:
        """Returns a member that the model does not know. It has the marker if it is in a structure with secrets."""
        is_tag = {"key", "value"} <= {name.lower() for name in shape.members}
        if not self.top_unknown or is_tag:
            return ""
        if inner and not holds_secret and not self.inner_unknown:
            return ""
        if inner and not holds_secret:
            self.inner_unknown = False
        text = f"fresh & new {MARKER}" if secret else "fresh & new"
        return element("brandNewMember", escaped(text))

    def _member(
        self, owner: Shape, name: str, shape: Shape, path: tuple[str, ...], parents: tuple[str, ...], secret: bool
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
            return self._elements(owner, name, shape, path, parents, secret, tag)
        value = self._value(owner, name, shape, path, parents, secret)
        return element(tag, value, self.turn)

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
        parents: tuple[str, ...],
        secret: bool,
    ) -> str:
        if shape.type_name == "structure":
            return self._structure(shape, path, parents, secret)
        if shape.type_name == "list":
            return self._elements(owner, name, shape, path, parents, secret, element_name(self.scope.service, shape))
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
                return f"{MARKER}AAA"  # a length that lenient base64 decoders accept, which skip the dashes
            case "blob":
                return base64.b64encode(f"{name}-{self.number} \0\xff".encode("latin-1")).decode()
        raise NotImplementedError(f"{shape.name}: values of type {shape.type_name} are not supported")

    def _elements(
        self,
        owner: Shape | None,
        name: str,
        shape: Shape,
        path: tuple[str, ...],
        parents: tuple[str, ...],
        secret: bool,
        tag: str,
    ) -> str:
        if self.mode is Mode.EMPTY:
            return ""
        singular = name.removesuffix("s")
        # The path is longer than the list's own, since an element is not a member of the item.
        values = [self._value(owner, singular, shape.member, (*path, singular), parents, secret) for _ in range(2)]
        return "".join(element(tag, value, self.turn) for value in values)

    def _timestamp(self) -> str:
        turn = self.turn
        date = "2024-02-29" if turn % 11 == 0 else f"{2014 + turn % 12}-{1 + turn % 12:02}-{1 + turn % 28:02}"
        fraction = (".000Z", "Z", ".123456Z", "+02:00")[turn % 4]
        return f"{date}T{turn % 24:02}:{turn % 60:02}:{turn * 7 % 60:02}{fraction}"

    def _text(self, owner: Shape | None, name: str, shape: Shape, top: bool) -> str:
        scope, container = self.scope, owner.name if owner else ""
        parent = dict(scope.parent) if top else {}
        if is_sensitive(name, shape):
            return f"{MARKER} {name}-{self.number}"
        if name in parent:
            return (PREFIXES.get(container, "") if name == "Id" else "") + parent[name]
        if name == "OwningAccount" or name.endswith("OwnerId") or name == OWNERS.get(scope.service):
            foreign = self.number == 4 if top else self.turn % 5 == 0
            return OTHER_ACCOUNT if foreign else scope.account
        key = self._is_key(name, top)
        if shape.enum:
            unknown = self.turn % 7 == 3 and not key
            return "brand-new-value" if unknown else shape.enum[(self.number if key else self.turn) % len(shape.enum)]
        if key:
            return self._identifier(container, name, top)
        if self.mode is Mode.EMPTY:
            return ""
        return ODD[self.turn % len(ODD)].replace("@", f"{name}-{self.number}")

    def identifier(self, name: str) -> str:
        """Returns the value of a member that identifies the item."""
        return self._identifier("", name, True)

    def _identifier(self, container: str, name: str, top: bool) -> str:
        scope, number = self.scope, self.number
        suffix = f"-{scope.digest()[:6]}" if scope.parent else ""
        suffix += "" if top else f"-{self.turn}"
        slug = xform_name(name).strip("_").replace("_", "-").removesuffix("-id")
        identifier = f"{slug}-{scope.account}-{scope.region}-{number}{suffix}"
        octets = [int(scope.digest()[start : start + 2], 16) for start in (0, 2)]
        if name.endswith(("Arn", "ARN")):
            return f"arn:aws:{scope.service}:{scope.region}:{scope.account}:{slug}/{identifier}"
        if name.endswith("PublicIp"):
            return f"203.{octets[0]}.{octets[1]}.{number}"
        if name.endswith(("Cidr", "CidrBlock")):
            if "Ipv6" in name or number % 2 == 0:
                return f"2001:db8:{octets[0]:x}:{octets[1]:x}::{number:x}/128"
            return f"10.{octets[0]}.{octets[1]}.{number}/32"
        return self._route53_identifier(container, name, slug, suffix) if scope.service == "route53" else identifier

    def _route53_identifier(self, container: str, name: str, slug: str, suffix: str) -> str:
        scope, number = self.scope, self.number
        kind = container.removesuffix("Summary") if name == "Id" else name.removesuffix("Id")
        match kind:
            case _ if name == "HostedZoneId" and container == "HostedZoneSummary":
                return f"Z{scope.digest(number)[:20].upper()}"
            case "HostedZone":
                return (PREFIXES[kind] if name == "Id" else "") + zone_id(scope.account, number)
            case "DelegationSet":
                return f"{PREFIXES[kind]}N{scope.account}X{number:04}"
            case "VPC":
                return f"vpc-{scope.digest(number, suffix)[:17]}"
        if name.endswith("Id"):
            # A reference equals the id in the referenced resource's listing, which has no parent.
            return as_uuid((scope if name == "Id" else replace(scope, parent=())).digest(kind, number))
        if name == "Name" and container == "HostedZone":
            return zone_name(scope.account, number)
        if name == "Name":
            return f"{container.lower()}-{number}{suffix}.a{scope.account}.example.com."
        if name == "SetIdentifier":
            return f"set/{number} +=&<blue>"
        return f"{slug}-{number}{suffix}"


def record_key(scope: Scope, number: int) -> dict[str, str | None]:
    """Returns the key of a record set. Some share a name, some a name and type, and some have no set identifier."""
    zone = zone_name(scope.account, int(dict(scope.parent)["HostedZoneId"][-4:]))
    name = f"www.{zone}" if number < 3 else rf"\052.{zone}" if number == 3 else rf"a\057b.{zone}"
    kind = {1: "A", 2: "A", 3: "TXT", 4: "A", 5: "AAAA"}[number]
    return {"Name": name, "Type": kind, "SetIdentifier": f"set/{number} +=&<blue>" if number not in (3, 5) else None}


def whole_answer(scope: Scope, number: int, output: Shape, fixed: Mapping[str, Any], with_unknown: bool) -> str:
    """Returns the content of an answer. `fixed` has its listed items."""
    return Filler(scope, number, Mode.FULL, fixed, with_unknown).item(output)
