"""Defines a small fleet, and the expected result of each query of infra/QUERIES.md, as constants.

Account 1 shares a VPC and a subnet with 2 and 3. Account 4 denies access since a run. Account 9 is not in the
inventory. The rows have only the members that the queries read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layout import Columns, Row, Runs, cell

EU, US = "eu-west-1", "us-east-1"
RUN = "hand"
EVERYONE, EVERYONE6 = {"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}


def row(account: str, id: str, owner: str | None = None, region: str = EU, **members: Any) -> Row:
    found: Row = {"run_id": RUN, "account_id": account, "account_alias": None, "partition": "aws", "region": region}
    found |= {"id": id, "arn": f"arn:aws:ec2:{region}:{owner or account}:it/{id}", "owner_id": owner or account}
    return found | {"tags": None, "collected_at": "2026-01-01T00:00:00Z"} | members


def vpc(account: str, id: str, *blocks: str, owner: str | None = None, gone: str = "", **more: Any) -> Row:
    states = {block: {"State": "disassociated" if block == gone else "associated"} for block in blocks}
    associations = [{"CidrBlock": block, "CidrBlockState": state} for block, state in states.items()]
    members = {"cidr_block": blocks[0], "cidr_block_association_set": associations, "is_default": False}
    return row(account, id, owner, **(members | more))


def group(account: str, id: str, name: str, *rules: Row) -> Row:
    return row(account, id, group_name=name, ip_permissions=list(rules))


def rule(protocol: str, *ranges: Row, ports: tuple[int, int] | None = None, **more: Any) -> Row:
    members: Row = {"IpProtocol": protocol, "IpRanges": list(ranges)}
    return members | ({"FromPort": ports[0], "ToPort": ports[1]} if ports else {}) | more


def record(account: str, name: str, kind: str, *values: str, **more: Any) -> Row:
    members: Row = {"name": name, "type": kind, "hosted_zone_id": "Z1", "private_zone": False}
    members |= {"resource_records": [{"Value": v} for v in values]} if values else {"alias_target": {"DNSName": "x."}}
    return row(account, f"Z1/{name}/{kind}", region="global", **(members | more))


def public(ip: str) -> Row:
    return {"Association": {"PublicIp": ip}}


def groups(*ids: str) -> list[Row]:
    return [{"GroupId": id} for id in ids]


ROWS: dict[str, list[Row]] = {
    "ec2_addresses": [
        row("1", "eip-1", public_ip="52.0.0.1"), row("1", "eip-2"), row("2", "eip-3", public_ip="52.0.0.3"),
    ],
    "ec2_network_interfaces": [
        row(
            "1", "eni-1", association={"PublicIp": "52.0.0.1", "IpOwnerId": "1"}, groups=groups("sg-1", "sg-2"),
            private_ip_addresses=[public("52.0.0.1"), public("52.0.0.2"), {"PrivateIpAddress": "10.0.0.3"}],
        ),
        row(
            "1", "eni-2", groups=groups("sg-1"), private_ip_addresses=[],
            ipv6_addresses=[{"Ipv6Address": "2600:1f::a"}],
        ),
        row("2", "eni-3", groups=groups("sg-1")),  # no public address; this sg-1 belongs to account 2
        row("2", "eni-4", region=US, groups=groups("sg-4"), association={"PublicIp": "52.0.0.4"}),
    ],
    "ec2_instances": [
        row("2", "i-1", public_ip_address="52.0.0.5", security_groups=groups("sg-3")),
        row("2", "i-2", public_ip_address="", security_groups=groups("sg-3")),
        row("2", "i-3", ipv6_address="2600:1F::B", security_groups=groups("sg-3")),
    ],
    "ec2_security_groups": [
        group(
            "1", "sg-1", "one",
            rule("tcp", {"CidrIp": "10.0.0.0/8"}, EVERYONE, ports=(22, 23), Ipv6Ranges=[EVERYONE6]),
            rule("icmp", {"CidrIp": "10.0.0.0/8", "Description": "0.0.0.0/0"}, ports=(-1, -1)),
        ),
        group("1", "sg-2", "two", rule("-1", EVERYONE), {"IpProtocol": "-1", "UserIdGroupPairs": [{}]}),
        group("2", "sg-1", "not public", rule("-1", EVERYONE)),
        group("2", "sg-3", "three", rule("udp", EVERYONE, ports=(0, 65535))),
        group("2", "sg-4", "unused", rule("-1", EVERYONE)),
        group("3", "sg-5", "nothing"),
        row("3", "sg-6", group_name="missing"),
    ],
    "ec2_vpcs": [
        vpc("1", "vpc-1", "10.0.0.0/16", "100.64.0.0/16", gone="100.64.0.0/16"),
        vpc("2", "vpc-1", "10.0.0.0/16", owner="1"),  # the same VPC, shared
        vpc("3", "vpc-1", "10.0.0.0/16", owner="1"),
        vpc("1", "vpc-4", "10.0.0.0/24"),
        vpc("2", "vpc-2", "10.0.255.240/28", "192.168.0.0/24"),
        vpc("2", "vpc-3", "10.1.0.0/16"),
        vpc("2", "vpc-6", "100.64.0.0/24"),
        vpc("3", "vpc-5", "128.0.0.0/1", region=US, is_default=None),
        vpc("1", "vpc-7", "172.31.0.0/16", is_default=True),
        vpc("2", "vpc-8", "172.31.0.0/16", is_default=True),
    ],
    "ec2_subnets": [
        row("1", "subnet-1"), row("2", "subnet-1", "1"), row("3", "subnet-1", "1"), row("1", "subnet-2"),
        row("2", "subnet-3"), row("2", "subnet-9", "9"),
    ],
    "route53_records": [
        record("1", "a.", "A", "52.0.0.1", "52.0.0.2", "54.0.0.1"),
        record("1", "b.", "AAAA", "2600:1F::A", "2600:1f::b", "2600:1f::c", "fd00::1", "fe80::1"),
        record("1", "c.", "A", "10.1.1.1", "172.31.0.1", "172.32.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1"),
        record("1", "d.", "A", "100.127.0.1", "100.128.0.1", "0.0.0.0"),
        record("1", "e.", "A"),  # an alias
        record("2", "f.", "TXT", '"54.0.0.9"'),
        record("2", "g.", "A", "52.0.0.5", "1.0.0.1", private_zone=True),
    ],
}  # fmt: skip

ANSWERS: dict[str, list[list[Any]]] = {
    "Public addresses by account": [
        ["1", EU, "52.0.0.1", "elastic address, network interface"],
        ["1", EU, "52.0.0.2", "network interface"],
        ["2", EU, "52.0.0.3", "elastic address"],
        ["2", EU, "52.0.0.5", "instance"],
        ["2", US, "52.0.0.4", "network interface"],
    ],
    "Security groups open to the internet": [
        ["1", EU, "sg-1", "one", "0.0.0.0/0", "tcp", 22, 23, "eni-1"],
        ["1", EU, "sg-1", "one", "::/0", "tcp", 22, 23, "eni-2"],
        ["1", EU, "sg-2", "two", "0.0.0.0/0", "all", None, None, "eni-1"],
        ["2", EU, "sg-3", "three", "0.0.0.0/0", "udp", 0, 65535, "i-1"],
    ],
    "Overlapping networks": [
        ["1", EU, "vpc-1", "10.0.0.0/16", "2", EU, "vpc-2", "10.0.255.240/28"],
        ["2", EU, "vpc-2", "192.168.0.0/24", "3", US, "vpc-5", "128.0.0.0/1"],
    ],
    "Dangling DNS records": [
        ["1", "Z1", False, "a.", "A", "54.0.0.1"],
        ["1", "Z1", False, "b.", "AAAA", "2600:1f::c"],
        ["1", "Z1", False, "c.", "A", "172.32.0.1"],
        ["1", "Z1", False, "d.", "A", "100.128.0.1"],
        ["2", "Z1", True, "g.", "A", "1.0.0.1"],
    ],
    "Shared subnets and their owners": [
        ["1", 2, 4, 1, "2, 3", True],
        ["2", 1, 1, 0, None, True],
        ["9", 1, 1, 1, "2", False],
    ],
    "Denied questions": [
        ["3", EU, "ec2_vpcs", "ec2:Describe", "scp_denied", None, "later", "2026-01-01"],
        ["4", "*", "ec2_subnets", "ec2:Describe", "denied", None, RUN, "2025-12-31"],
        ["4", "*", "ec2_vpcs", "ec2:Describe", "denied", None, RUN, None],
    ],
}


def write(folder: Path, form: str, tables: dict[str, Columns]) -> None:
    runs = Runs(folder, form, tables)
    regional = [table for table in ROWS if not table.startswith("route53")]
    cells = [cell(RUN, account, region, table, "ok") for account in "123" for region in (EU, US) for table in regional]
    cells += [cell(RUN, account, "global", "route53_records", "ok") for account in "123"]
    cells += [cell(RUN, "4", "*", table, "denied") for table in ("ec2_subnets", "ec2_vpcs")]
    written = ROWS | {"ledger": cells}
    files = [(table, runs.file(table, "2026-01-01", f"{RUN}.0.0.0", rows), rows) for table, rows in written.items()]
    runs.commit(RUN, "2026-01-01T00:00:00Z", "partial", files)
    # In an earlier run account 4 was readable. In a later run account 3 denies its VPCs, so their older rows stay.
    before = ("before", "2025-12-31", [cell("before", "4", EU, "ec2_subnets", "empty")])
    later = ("later", "2026-01-02", [cell("later", "3", EU, "ec2_vpcs", "scp_denied")])
    for run_id, dt, ledger in (before, later):
        files = [("ledger", runs.file("ledger", dt, f"{run_id}.0.0.0", ledger), ledger)]
        runs.commit(run_id, f"{dt}T00:00:00Z", "partial", files)
