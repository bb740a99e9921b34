"""Serves an organization over the API of AWS Organizations: pages of two, empty first pages, one throttled call.

`organization.py serve` prints one JSON line {"endpoint"} and runs until its standard input is closed. It verifies no
signatures and knows no other service. `organization.py serve FILE` has the accounts of a JSON file, which is read for
every call: {"id": [unit, name, state, status, tags]}.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = 2
MANAGEMENT = "100000000000"
LOOPING = "ou-abcd-loop0000"
# unit: (parent, name)
UNITS = {
    "ou-abcd-prod0000": ("r-abcd", "prod"),
    "ou-abcd-eu000000": ("ou-abcd-prod0000", "eu"),
    "ou-abcd-dev00000": ("r-abcd", "dev"),
    "ou-abcd-empty000": ("r-abcd", "empty"),
    # Not below the root, since its listing has no end.
    LOOPING: ("r-none", "loop"),
}
# account: (unit, name, state, status, tags). AWS has replaced the member Status by State.
ACCOUNTS = {
    MANAGEMENT: ("r-abcd", "management", "ACTIVE", "ACTIVE", {}),
    "200000000001": ("ou-abcd-prod0000", "shop", "ACTIVE", "ACTIVE", {"tier": "gold", "team": "a b", "cost": "1"}),
    "200000000002": ("ou-abcd-prod0000", "pay", "ACTIVE", "ACTIVE", {}),
    "200000000003": ("ou-abcd-prod0000", "old", "CLOSED", "SUSPENDED", {}),
    "200000000004": ("ou-abcd-eu000000", "shop-eu", "ACTIVE", "ACTIVE", {"tier": "silver"}),
    "200000000005": ("ou-abcd-dev00000", "dev", "ACTIVE", "ACTIVE", {"": "nameless", "odd": ""}),
    "200000000006": ("ou-abcd-dev00000", "late payer", "SUSPENDED", "SUSPENDED", {}),
    # As from an endpoint that knows the older member only.
    "200000000007": ("ou-abcd-dev00000", "leaving", None, "PENDING_CLOSURE", {}),
}
throttled: set[str] = set()


def accounts() -> dict[str, Any]:
    return json.loads(Path(sys.argv[2]).read_text()) if len(sys.argv) > 2 else ACCOUNTS


def answer(operation: str, request: dict[str, Any]) -> tuple[str, list[Any]]:
    """Returns the list member of an answer, and all its items."""
    parent = request.get("ParentId")
    if operation == "ListRoots":
        return "Roots", [{"Id": "r-abcd", "Name": "Root"}]
    if operation == "ListOrganizationalUnitsForParent":
        return "OrganizationalUnits", [{"Id": id, "Name": name} for id, (of, name) in UNITS.items() if of == parent]
    if operation == "ListAccountsForParent":
        return "Accounts", [described(id) for id, account in accounts().items() if account[0] == parent]
    if operation == "ListTagsForResource":
        tags = accounts()[request["ResourceId"]][4]
        return "Tags", [{"Key": key, "Value": value} for key, value in tags.items()]
    raise KeyError(operation)


def described(id: str) -> dict[str, str]:
    _, name, state, status, _ = accounts()[id]
    account = {"Id": id, "Name": name, "Status": status, "Email": f"{id}@example.com"}
    return account | ({"State": state} if state else {})


class Organization(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if operation == "DescribeOrganizationalUnit":
            id = request["OrganizationalUnitId"]
            self.reply(200, {"OrganizationalUnit": {"Id": id, "Name": UNITS[id][1]}})
            return
        if operation == "ListTagsForResource" and operation not in throttled:
            throttled.add(operation)
            self.reply(400, {"__type": "TooManyRequestsException", "Message": "Rate exceeded"})
            return
        member, items = answer(operation, request)
        token = request.get("NextToken")
        if request.get("ParentId") == LOOPING and operation == "ListAccountsForParent":
            self.reply(200, {member: [described("200000000001")], "NextToken": "again"})
            return
        if token is None:  # the first page is empty and has a token
            self.reply(200, {member: [], "NextToken": "from-0"})
            return
        start = int(token.removeprefix("from-"))
        page: dict[str, Any] = {member: items[start : start + PAGE]}
        if start + PAGE < len(items):
            page["NextToken"] = f"from-{start + PAGE}"
        self.reply(200, page)

    def reply(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Organization)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"endpoint": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    sys.stdin.buffer.read()  # returns when the other side closes the pipe or dies


if __name__ == "__main__":
    main()
