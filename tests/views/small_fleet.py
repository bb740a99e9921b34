"""Defines a small fleet with something for each question that has SQL, and with what it must leave out.

Account 1 shares a VPC and a subnet with 2 and 3. Account 4 denies access since a run, and was never asked for most
tables. Account 9 is not in the inventory. The rows have only the members that the questions read. The tests of the
questions say what each must find; here all forms of a question have to agree.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from layout import Columns, Row, Runs, cell

EU, US = "eu-west-1", "us-east-1"
RUN = "hand"
ACCOUNTS = {str(number): str(number) * 12 for number in range(1, 10)}
# No age is near the limit of a question, and none changes its day while the tests run.
OLD, NEW = "2024-02-29T12:34:56Z", f"{datetime.now(UTC) - timedelta(days=2, hours=12):%Y-%m-%dT%H:%M:%SZ}"
EVERYONE, EVERYONE6 = {"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}


def row(account: str, id: str, owner: str | None = None, region: str = EU, **members: Any) -> Row:
    account, owner = ACCOUNTS[account], ACCOUNTS[owner or account]
    found: Row = {"run_id": RUN, "account_id": account, "account_alias": None, "partition": "aws", "region": region}
    found |= {"id": id, "arn": f"arn:aws:ec2:{region}:{owner}:it/{id}", "owner_id": owner}
    return found | {"tags": None, "collected_at": "2026-01-01T00:00:00Z"} | members


def vpc(account: str, id: str, *blocks: str, owner: str | None = None, gone: str = "", **more: Any) -> Row:
    states = {block: {"State": "disassociated" if block == gone else "associated"} for block in blocks}
    associations = [{"CidrBlock": block, "CidrBlockState": state} for block, state in states.items()]
    members = {"cidr_block": blocks[0], "cidr_block_association_set": associations, "is_default": False}
    return row(account, id, owner, **(members | more))


def ipv6(*blocks: str) -> list[Row]:
    return [{"Ipv6CidrBlock": block, "Ipv6CidrBlockState": {"State": "associated"}} for block in blocks]


def subnet(account: str, id: str, vpc_id: str, block: str, owner: str | None = None) -> Row:
    return row(account, id, owner, vpc_id=vpc_id, cidr_block=block, available_ip_address_count=3)


def flow_log(account: str, id: str, resource: str, status: str = "ACTIVE", delivery: str | None = "SUCCESS") -> Row:
    return row(account, id, resource_id=resource, flow_log_status=status, deliver_logs_status=delivery)


def peering(id: str, account: str, vpc_id: str, other: str, other_id: str, state: str = "active") -> Row:
    sides = (("requester", account, vpc_id), ("accepter", other, other_id))
    members = {
        f"{side}_vpc_info": {"OwnerId": ACCOUNTS[owner], "Region": EU, "VpcId": vpc} for side, owner, vpc in sides
    }
    return row(account, id, status={"Code": state}, **members)


def attachment(account: str, gateway: str, vpc_id: str, state: str = "available", **more: Any) -> Row:
    members = {"transit_gateway_id": gateway, "vpc_id": vpc_id, "state": state}
    return row(account, f"attach-{gateway}-{vpc_id}", **(members | more))


def gateway_peering(id: str, one: str, other: str, state: str = "available") -> Row:
    sides = {"requester_tgw_info": {"TransitGatewayId": one}, "accepter_tgw_info": {"TransitGatewayId": other}}
    return row("1", id, state=state, **sides)


def group(account: str, id: str, name: str, *rules: Row, **more: Any) -> Row:
    return row(account, id, group_name=name, ip_permissions=list(rules), **more)


def naming(*ids: str) -> Row:
    return {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": id} for id in ids]}


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


def instance(account: str, id: str, state: str = "running", name: str | None = None, **members: Any) -> Row:
    metadata = {"HttpTokens": "optional", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1}
    found = {"state": {"Name": state}, "instance_type": "t3.micro", "metadata_options": metadata}
    found |= {
        "launch_time": OLD,
        "tags": {"Name": name} if name is not None else None,
        "private_ip_address": "10.0.0.9",
    }
    return row(account, id, **(found | members))


def volume(account: str, id: str, state: str, **members: Any) -> Row:
    found = {"volume_id": id, "size": 8, "volume_type": "gp3", "state": state, "encrypted": False, "create_time": OLD}
    return row(account, id, **(found | {"attachments": []} | members))


def snapshot(account: str, id: str, start_time: str, **members: Any) -> Row:
    found = {"snapshot_id": id, "volume_size": 8, "start_time": start_time, "state": "completed", "volume_id": "vol-1"}
    return row(account, id, **(found | members))


def image(account: str, id: str, creation_date: str, *snapshots: str, **members: Any) -> Row:
    mappings = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}} for snapshot in snapshots]
    found = {
        "image_id": id,
        "name": f"image {id}",
        "creation_date": creation_date,
        "public": False,
        "state": "available",
    }
    return row(account, id, **(found | {"block_device_mappings": mappings} | members))


ROWS: dict[str, list[Row]] = {
    "ec2_addresses": [
        row("1", "eip-1", public_ip="52.0.0.1"), row("1", "eip-2"),
        row("2", "eip-3", public_ip="52.0.0.3", allocation_id="eip-3"),
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
        row("2", "eni-3", groups=groups("sg-1"), status="available"),  # this sg-1 is account 2's
        row("2", "eni-4", region=US, groups=groups("sg-4"), association={"PublicIp": "52.0.0.4"}),
        row("2", "eni-10", vpc_id="vpc-62", subnet_id="subnet-15", groups=groups("sg-15"), status="in-use"),
        row("2", "eni-11", vpc_id="vpc-1", subnet_id="subnet-10", groups=[], status="in-use"),
    ],
    "ec2_instances": [
        instance(
            "2", "i-1", name="web", public_ip_address="52.0.0.5", security_groups=groups("sg-3"), image_id="ami-1",
        ),
        instance("2", "i-2", name="", public_ip_address="", security_groups=groups("sg-3"), metadata_options=None),
        instance("2", "i-3", ipv6_address="2600:1F::B", security_groups=groups("sg-3"), metadata_options={
            "HttpTokens": "required", "HttpEndpoint": "enabled"}),
        instance("1", "i-4", "stopped", block_device_mappings=[{"Ebs": {"VolumeId": "vol-2"}}],
                 state_transition_reason="User initiated (2026-01-02 03:04:05 GMT)"),
        instance("1", "i-5", "terminated"),
    ],
    "ec2_volumes": [
        volume("1", "vol-1", "available"), volume("1", "vol-2", "in-use", attachments=[{"InstanceId": "i-4"}]),
        volume("2", "vol-3", "available", encrypted=True, create_time=NEW, tags={"Name": "data"}),
    ],
    "ec2_snapshots": [
        snapshot("1", "snap-1", OLD), snapshot("1", "snap-2", OLD, volume_id="vol-9"), snapshot("1", "snap-3", NEW),
        snapshot("2", "snap-4", OLD, tags={"Name": "it's \"old\""}),
    ],
    "ec2_images": [
        image("1", "ami-1", "2024-02-29T12:34:56.000Z", "snap-1"),
        image("1", "ami-2", f"{NEW[:-1]}.000Z"),
        image("2", "ami-1", "2024-02-29T12:34:56.000Z", owner="1"),
    ],
    "ec2_nat_gateways": [
        row("1", "nat-1", state="available", vpc_id="vpc-1", nat_gateway_addresses=[
            {"PublicIp": "52.0.0.9", "NetworkInterfaceId": "eni-9"}, {"PrivateIp": "10.0.0.4"}]),
        row("1", "nat-2", state="deleted", nat_gateway_addresses=[{"PublicIp": "52.0.0.8"}]),
    ],
    "ec2_vpn_connections": [
        row("1", "vpn-1", state="available", vgw_telemetry=[
            {"OutsideIpAddress": "52.0.0.7", "Status": "DOWN", "StatusMessage": "IPSEC IS DOWN"},
            {"OutsideIpAddress": "52.0.0.6", "Status": "UP"}]),
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
        group("1", "sg-10", "in a shared VPC", vpc_id="vpc-1"),
        group("1", "sg-11", "alone", naming("sg-11"), vpc_id="vpc-7"),
        group("2", "sg-12", "on a gateway", vpc_id="vpc-2"),
        group("2", "sg-13", "peered with a stranger", vpc_id="vpc-3"),
        group("2", "sg-14", "of a stranger's VPC", vpc_id="vpc-9"),
        group("2", "sg-15", "named", vpc_id="vpc-6", ip_permissions_egress=[naming("sg-16")]),
        group("2", "sg-16", "used", vpc_id="vpc-6"),
        group("1", "sg-17", "default", vpc_id="vpc-1"),
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
        vpc("1", "vpc-61", "10.61.0.0/22", ipv6_cidr_block_association_set=ipv6("2600:1f00:0:100::/56")),
        vpc("2", "vpc-62", "10.62.0.0/23", ipv6_cidr_block_association_set=ipv6("2600:1f00:0:110::/60", "fd00::/48")),
        vpc("2", "vpc-63", "10.63.0.0/24", ipv6_cidr_block_association_set=ipv6("fd00:0:0:ff00::/60")),
        # 16 VPCs of one range are 120 pairs, 105 of them on one gateway.
        *(vpc("12"[n % 2], f"vpc-{77 + n}", "10.77.0.0/16") for n in range(16)),
    ],
    "ec2_subnets": [
        row("1", "subnet-1"), row("2", "subnet-1", "1"), row("3", "subnet-1", "1"), row("1", "subnet-2"),
        row("2", "subnet-3"), row("2", "subnet-9", "9"),
        subnet("1", "subnet-10", "vpc-1", "10.0.0.0/24"), subnet("2", "subnet-10", "vpc-1", "10.0.0.0/24", "1"),
        subnet("1", "subnet-11", "vpc-1", "10.0.1.128/25"), subnet("1", "subnet-12", "vpc-1", "10.0.3.0/26"),
        subnet("1", "subnet-13", "vpc-61", "10.61.0.0/23"), subnet("1", "subnet-14", "vpc-61", "10.61.2.64/28"),
        subnet("2", "subnet-15", "vpc-62", "10.62.1.0/25"), subnet("2", "subnet-16", "vpc-63", "10.63.0.0/28"),
    ],
    "ec2_flow_logs": [
        flow_log("1", "fl-1", "vpc-4"), flow_log("2", "fl-2", "vpc-3", delivery="FAILED"),
        flow_log("2", "fl-3", "vpc-6", "DELETING"), flow_log("1", "fl-4", "subnet-10"),
        flow_log("1", "fl-5", "subnet-13", delivery=None), flow_log("1", "fl-6", "subnet-14", "active"),
        flow_log("2", "fl-7", "eni-10"), flow_log("2", "fl-8", "subnet-16", delivery="failed"),
        flow_log("3", "fl-9", "subnet-of-nobody"),
    ],
    "ec2_vpc_peering_connections": [
        peering("pcx-1", "1", "vpc-1", "2", "vpc-2"), peering("pcx-2", "1", "vpc-4", "2", "vpc-2", "deleted"),
        peering("pcx-3", "2", "vpc-3", "9", "vpc-99"), peering("pcx-4", "1", "vpc-7", "2", "vpc-8"),
        peering("pcx-5", "1", "vpc-77", "2", "vpc-92"),
    ],
    "ec2_transit_gateways": [
        row("1", "tgw-1", options={"SecurityGroupReferencingSupport": "enable"}, state="available"),
        row("1", "tgw-2", options={"SecurityGroupReferencingSupport": "disable"}, state="available"),
        row("2", "tgw-1", "1", state="available"), row("2", "tgw-3", "1", state="deleted"),
    ],
    "ec2_transit_gateway_vpc_attachments": [
        attachment("2", "tgw-1", "vpc-2"), attachment("1", "tgw-2", "vpc-4"),
        attachment("1", "tgw-2", "vpc-1", "deleted"),
        *(attachment("12"[n % 2], "tgw-2", f"vpc-{77 + n}", "modifying") for n in range(15)),
    ],
    "ec2_transit_gateway_peering_attachments": [
        gateway_peering("tgw-attach-1", "tgw-1", "tgw-2"), gateway_peering("tgw-attach-2", "tgw-2", "tgw-1"),
        gateway_peering("tgw-attach-3", "tgw-1", "tgw-3", "deleted"),
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


def write(folder: Path, form: str, tables: dict[str, Columns]) -> None:
    runs = Runs(folder, form, tables)
    regional = [table for table in ROWS if not table.startswith("route53")]
    cells = [
        cell(RUN, ACCOUNTS[account], region, table, "ok")
        for account in "123"
        for region in (EU, US)
        for table in regional
    ]
    cells += [cell(RUN, ACCOUNTS[account], "global", "route53_records", "ok") for account in "123"]
    cells += [cell(RUN, ACCOUNTS["4"], "*", table, "denied") for table in ("ec2_subnets", "ec2_vpcs")]
    written = ROWS | {"ledger": cells}
    files = [(table, runs.file(table, "2026-01-01", f"{RUN}.0.0.0", rows), rows) for table, rows in written.items()]
    runs.commit(RUN, "2026-01-01T00:00:00Z", "partial", files)
    # In an earlier run account 4 was readable. In a later run account 3 denies its VPCs, so their older rows stay.
    before = ("before", "2025-12-31", [cell("before", ACCOUNTS["4"], EU, "ec2_subnets", "empty")])
    later = ("later", "2026-01-02", [cell("later", ACCOUNTS["3"], EU, "ec2_vpcs", "scp_denied")])
    for run_id, dt, ledger in (before, later):
        files = [("ledger", runs.file("ledger", dt, f"{run_id}.0.0.0", ledger), ledger)]
        runs.commit(run_id, f"{dt}T00:00:00Z", "partial", files)
