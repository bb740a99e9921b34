"""Fills a customer account with networks and instances, for `stage.py`.

The resources are the same in every run, except for ids and times, which the emulator chooses. Names and tags are
unusual on purpose: other alphabets, quotes, empty values. The networks need not work.
"""

from __future__ import annotations

from typing import Any

Tags = dict[str, str]

ODD_TAGS: list[Tags] = [
    {"Name": "web-1", "team": "Zürich – Straße", "note": 'says "hello" & <goodbye>'},
    {"Name": "データベース", "owner": "O'Brien", "empty": ""},
    {"Name": "", "path": "C:\\temp\\x", "emoji": "🦀", "cost:center": "42"},
    {},  # an instance without a name
]


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(kind: str, tags: Tags) -> list[dict[str, Any]]:
    """Returns the TagSpecifications of a Create call, which are none without tags."""
    return [{"ResourceType": kind, "Tags": tag_list(tags)}] if tags else []


def build_network(ec2: Any, name: str, second_octet: int, region: str, machines: int) -> str:
    """Creates a VPC with a public and a private subnet, gateways and instances. Returns the VPC's id."""
    prefix = f"10.{second_octet}"
    vpc = ec2.create_vpc(
        CidrBlock=f"{prefix}.0.0/16",
        TagSpecifications=tagged("vpc", {"Name": name, "env": "prod", "empty": ""}),
    )["Vpc"]["VpcId"]
    public, private = (
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"{prefix}.{number}.0/24",
            AvailabilityZone=f"{region}{zone}",
            TagSpecifications=tagged("subnet", {"Name": f"{name}-{kind}", "tier": kind}),
        )["Subnet"]["SubnetId"]
        for number, zone, kind in ((1, "a", "public"), (2, "b", "private"))
    )
    internet = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", {"Name": f"{name}-igw"}))[
        "InternetGateway"
    ]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    nat_address = ec2.allocate_address(
        Domain="vpc", TagSpecifications=tagged("elastic-ip", {"Name": f"{name}-nat", "quote": 'it\'s "quoted"'})
    )
    nat = ec2.create_nat_gateway(
        SubnetId=public,
        AllocationId=nat_address["AllocationId"],
        TagSpecifications=tagged("natgateway", {"Name": f"{name}-nat"}),
    )["NatGateway"]["NatGatewayId"]
    build_routes(ec2, vpc, public, {"GatewayId": internet}, f"{name}-public")
    build_routes(ec2, vpc, private, {"NatGatewayId": nat}, f"{name}-private")
    web, database = build_security_groups(ec2, vpc, name, prefix)
    build_instances(ec2, public, private, web, database, region, machines)
    return str(vpc)


def build_routes(ec2: Any, vpc: str, subnet: str, gateway: dict[str, str], name: str) -> None:
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table", {"Name": name}))["RouteTable"][
        "RouteTableId"
    ]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def build_security_groups(ec2: Any, vpc: str, name: str, prefix: str) -> tuple[str, str]:
    web = ec2.create_security_group(
        GroupName=f"{name}-web",
        Description="web; open to [all] and everybody",
        VpcId=vpc,
        TagSpecifications=tagged("security-group", {"Name": "web", "reviewed": ""}),
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=web,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "everybody (really) and more"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            },
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": f"{prefix}.0.0/16"}]},
        ],
    )
    database = ec2.create_security_group(GroupName=f"{name}-db", Description="database", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=database,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "UserIdGroupPairs": [{"GroupId": web, "Description": "from web"}],
            }
        ],
    )
    return str(web), str(database)


def build_snapshots(ec2: Any, volume: str) -> None:
    """Creates two snapshots of a volume: one for the account, and one that every account may restore."""
    for name in ("nightly", "shared by mistake"):
        snapshot = ec2.create_snapshot(
            VolumeId=volume, Description=name, TagSpecifications=tagged("snapshot", {"Name": name})
        )["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
    )


def build_instances(ec2: Any, public: str, private: str, web: str, database: str, region: str, machines: int) -> None:
    for number in range(machines):
        is_web = number % 2 == 0
        instance = ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="t3.micro" if is_web else "m7g.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=public if is_web else private,
            SecurityGroupIds=[web] if is_web else [database],
            UserData="#!/bin/sh\necho a secret that no record may hold\n",
            TagSpecifications=tagged("instance", ODD_TAGS[number % len(ODD_TAGS)]),
        )["Instances"][0]["InstanceId"]
        volume = ec2.create_volume(
            AvailabilityZone=f"{region}{'a' if is_web else 'b'}",
            Size=20 + number,
            VolumeType="gp3",
            Encrypted=is_web,
            TagSpecifications=tagged("volume", {"Name": f"data-{number}", "backup": "" if is_web else "täglich"}),
        )["VolumeId"]
        ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
        if number == 0:
            build_snapshots(ec2, volume)
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            ec2.associate_address(AllocationId=address, InstanceId=instance)
    spare = ec2.create_network_interface(
        SubnetId=private,
        Description="spare – nobody's",
        Groups=[database],
    )["NetworkInterface"]["NetworkInterfaceId"]
    # Tagged in a second call, since ministack drops the tags of CreateNetworkInterface.
    ec2.create_tags(Resources=[spare], Tags=tag_list({"Name": "spare", "empty": ""}))
    ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", {"Name": "unused"}))
