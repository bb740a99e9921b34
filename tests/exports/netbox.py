"""A stand-in for NetBox: it keeps objects in memory and refuses what NetBox's published schema refuses (version 4).

Required fields, lengths, slugs, choices, references, uniqueness without regard to case, tags that exist, a page of at
most 1,000 objects, bulk requests that succeed as a whole, deletions that take what belongs to an object with it, and
the columns that an import of CSV wants. Texts lose the blanks around them. A real NetBox needs PostgreSQL and Redis,
and is in no package registry. Read from its schema (contrib/openapi.json, 4.7), models and import forms.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
DNS = re.compile(r"([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?")


class Refused(Exception):
    """What NetBox says about a request that it refuses."""


class Protected(Refused):
    """What it says about a deletion that other objects forbid."""


def text(most: int, *, required: bool = False, pattern: re.Pattern | None = None, null: bool = False):
    def check(value, _):
        if value is None and null:
            return None
        value = value.strip() if isinstance(value, str) else value
        if not isinstance(value, str) or len(value) > most or (required and not value):
            raise Refused(f"a text of 1 to {most} characters is needed")
        if value and pattern and not pattern.fullmatch(value):
            raise Refused(f"{value!r} has characters that are not allowed")
        return value

    return check


def choice(*values: str):
    def check(value, _):
        if value not in values:
            raise Refused(f"{value!r} is not a valid choice")
        return {"value": value, "label": value.title()}

    return check


def reference(path: str, *, required: bool = False):
    def check(value, netbox):
        if value is None and not required:
            return None
        if not isinstance(value, int) or value not in netbox.objects[path]:
            raise Refused(f"there is no object {value!r} in {path}")
        return {"id": value, "url": f"/api/{path}{value}/", "display": str(value)}

    return check


def tags(value, netbox):
    known = {tag["slug"]: tag for tag in netbox.objects["extras/tags/"].values()}
    for tag in value:
        if sorted(tag) != ["name", "slug"]:
            raise Refused(f"the tag {tag} needs a name and a slug")
        if tag["slug"] not in known or known[tag["slug"]]["name"] != tag["name"]:
            raise Refused(f"the tag {tag} does not exist")
    return [{"id": known[tag["slug"]]["id"], "name": known[tag["slug"]]["name"], "slug": tag["slug"]} for tag in value]


def network(value, _):
    if str(ipaddress.ip_network(value)) != value:
        raise Refused(f"{value} is no prefix")
    return value


def interface(value, _):
    return str(ipaddress.ip_interface(value))


def anything(value, _):
    return value


OWN = {"description": text(200), "tags": tags}
STATUS = ("active", "container", "reserved", "deprecated")
# Fields with their checks, those that are required, and those that are unique together.
SCHEMA = {
    "extras/tags/": ({"name": text(100, required=True), "slug": text(100, required=True, pattern=SLUG)},
                     ("name", "slug"), (("name",), ("slug",))),
    "tenancy/tenants/": ({"name": text(100, required=True), "slug": text(100, required=True, pattern=SLUG), **OWN},
                         ("name", "slug"), (("name",), ("slug",))),
    "ipam/roles/": ({"name": text(100, required=True), "slug": text(100, required=True, pattern=SLUG), **OWN},
                    ("name", "slug"), (("name",), ("slug",))),
    "ipam/vrfs/": ({"name": text(100, required=True), "rd": text(21, null=True),
                    "tenant": reference("tenancy/tenants/"), **OWN},
                   ("name",), (("rd",),)),
    "ipam/prefixes/": ({"prefix": network, "vrf": reference("ipam/vrfs/"), "tenant": reference("tenancy/tenants/"),
                        "status": choice(*STATUS), "role": reference("ipam/roles/"), **OWN},
                       ("prefix",), (("vrf", "prefix"),)),
    "virtualization/cluster-types/": ({"name": text(100, required=True),
                                       "slug": text(100, required=True, pattern=SLUG), **OWN},
                                      ("name", "slug"), (("name",), ("slug",))),
    "virtualization/clusters/": ({"name": text(100, required=True),
                                  "type": reference("virtualization/cluster-types/", required=True),
                                  "tenant": reference("tenancy/tenants/"), **OWN}, ("name", "type"), ()),
    "virtualization/virtual-machines/": ({"name": text(64, required=True),
                                          "cluster": reference("virtualization/clusters/"),
                                          "tenant": reference("tenancy/tenants/"),
                                          "status": choice("offline", "active", "planned", "staged", "failed",
                                                           "decommissioning", "paused"), **OWN},
                                         ("name", "cluster"), (("cluster", "tenant", "name"),)),
    "virtualization/interfaces/": ({"name": text(64, required=True),
                                    "virtual_machine": reference("virtualization/virtual-machines/", required=True),
                                    **OWN},
                                   ("name", "virtual_machine"), (("virtual_machine", "name"),)),
    "ipam/ip-addresses/": ({"address": interface, "vrf": reference("ipam/vrfs/"),
                            "tenant": reference("tenancy/tenants/"), "dns_name": text(255, pattern=DNS),
                            "status": choice("active", "reserved", "deprecated", "dhcp", "slaac"),
                            "assigned_object_type": anything, "assigned_object_id": anything, **OWN},
                           ("address",), (("vrf", "address"),)),
}  # fmt: skip
# What is deleted with an object, and what forbids that it is deleted.
CASCADES = {
    "virtualization/virtual-machines/": [("virtualization/interfaces/", "virtual_machine")],
    "virtualization/interfaces/": [("ipam/ip-addresses/", "assigned_object_id")],
}
PROTECTED = {
    "ipam/vrfs/": [("ipam/prefixes/", "vrf"), ("ipam/ip-addresses/", "vrf")],
    "tenancy/tenants/": [(path, "tenant") for path in SCHEMA if "tenant" in SCHEMA[path][0]],
    "virtualization/clusters/": [("virtualization/virtual-machines/", "cluster")],
    "virtualization/cluster-types/": [("virtualization/clusters/", "type")],
}
# The columns without which an import of CSV is refused, or changes a default (`enforce_unique`: a form's absent box is
# not ticked).
IMPORTS = {
    "tags": {"name", "slug", "color", "weight"},
    "tenants": {"name", "slug"},
    "roles": {"name", "slug", "weight"},
    "vrfs": {"name", "enforce_unique"},
    "prefixes": {"prefix", "status"},
    "cluster-types": {"name", "slug"},
    "clusters": {"name", "type", "status"},
    "virtual-machines": {"name", "status"},
    "interfaces": {"name", "virtual_machine"},
    "ip-addresses": {"address", "status"},
}


def plain(value):
    return value.get("id", value.get("value")) if isinstance(value, dict) else value


class Netbox:
    """The objects, and a server of them inside a `with` block."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict]] = {path: {} for path in SCHEMA}
        self.next, self.writes, self.seen = 1, 0, []

    def __enter__(self) -> Netbox:
        netbox = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                netbox.handle(self)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length") or 0)
        body = json.loads(request.rfile.read(length)) if length else None
        url = urlsplit(request.path)
        path = url.path.removeprefix("/api/")
        before = copy.deepcopy(self.objects)
        try:
            if request.headers.get("authorization") != f"Token {TOKEN}":
                status, answer = 403, {"detail": f"Invalid token {request.headers.get('authorization')}"}
            elif path not in SCHEMA:
                status, answer = 404, {"detail": "Not found."}
            else:
                status, answer = self.answer(request.command, path, parse_qs(url.query), body)
        except Protected as refused:
            self.objects, status, answer = before, 409, {"detail": str(refused)}
        except (Refused, ValueError) as refused:
            self.objects, status, answer = before, 400, {"detail": str(refused)}
        payload = b"" if answer is None else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(payload)))
        request.end_headers()
        request.wfile.write(payload)

    def answer(self, method: str, path: str, query: dict, body) -> tuple[int, object]:
        if method == "GET":
            limit, offset = min(int(query["limit"][0]), 1000), int(query["offset"][0])
            items = list(self.objects[path].values())
            more = f"{path}?offset={offset + limit}" if offset + limit < len(items) else None
            return 200, {"count": len(items), "next": more, "previous": None, "results": items[offset : offset + limit]}
        self.writes += len(body)
        self.seen.extend((method, path, item) for item in body)
        if method == "DELETE":
            for item in body:
                self.delete(path, item["id"])
            return 204, None
        return (201 if method == "POST" else 200), [self.write(path, item) for item in body]

    def write(self, path: str, item: dict) -> dict:
        fields, required, unique = SCHEMA[path]
        item = dict(item)
        number = item.pop("id", None)
        if number is None:
            missing = [name for name in required if name not in item]
            if missing:
                raise Refused(f"{missing} are required")
            number, self.next = self.next, self.next + 1
            empty = {"description": "", "tags": [], "tenant": None, "vrf": None, "rd": None, "dns_name": ""}
            stored = {"id": number, **{name: empty.get(name) for name in fields}}
        elif number in self.objects[path]:
            stored = dict(self.objects[path][number])
        else:
            raise Refused(f"there is no object {number} in {path}")
        for name, value in item.items():
            if name not in fields:
                raise Refused(f"{path} has no field {name}")
            stored[name] = fields[name](value, self)
        if path == "ipam/ip-addresses/" and stored["assigned_object_id"] is not None:
            reference("virtualization/interfaces/")(stored["assigned_object_id"], self)
        if path == "ipam/ip-addresses/":
            needed = "virtualization.vminterface" if stored["assigned_object_id"] is not None else None
            if stored["assigned_object_type"] != needed:
                raise Refused("assigned_object_type and assigned_object_id are needed together")
        for names in unique:
            key = [self.key(name, stored[name]) for name in names]
            others = [other for other in self.objects[path].values() if other["id"] != number]
            if key != [None] and any([self.key(name, other[name]) for name in names] == key for other in others):
                raise Refused(f"{path}: {dict(zip(names, key, strict=True))} is there already")
        self.objects[path][number] = stored
        return stored

    @staticmethod
    def key(name: str, value):
        value = plain(value)
        if name == "address":
            return str(ipaddress.ip_interface(value).ip)
        return value.lower() if isinstance(value, str) else value

    def delete(self, path: str, number: int) -> None:
        for other, field in PROTECTED.get(path, []):
            if any(plain(item[field]) == number for item in self.objects[other].values()):
                raise Protected(f"{path}{number} is used by {other}")
        for other, field in CASCADES.get(path, []):
            for item in [item for item in self.objects[other].values() if plain(item[field]) == number]:
                self.delete(other, item["id"])
        # What belonged to a deleted object may be deleted with it in one synchronisation.
        self.objects[path].pop(number, None)
