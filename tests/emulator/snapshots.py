"""Shares ministack's snapshots with every account, and lists those that are shared.

ministack ignores the group `all` in ModifySnapshotAttribute, and RestorableByUserIds in DescribeSnapshots: it would
list private snapshots as public. `server.py` installs the handlers.

It does not know permissions, nor the form in which groups are given within CreateVolumePermission.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2

Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]

EVERYBODY = "all"
# The member of ministack's snapshots that says whether every account may restore them.
IS_PUBLIC = "IsPublic"

ministack_describe = ec2._describe_snapshots
ministack_modify = ec2._modify_snapshot_attribute
ministack_describe_attribute = ec2._describe_snapshot_attribute


def describe_snapshots(parameters: Parameters) -> Answer:
    users = ec2._parse_member_list(parameters, "RestorableBy")
    if not users:
        return ministack_describe(parameters)
    given = ec2._parse_member_list(parameters, "SnapshotId")
    found = [
        snapshot["SnapshotId"]
        for snapshot in ec2._snapshots.values()
        if is_restorable(snapshot, users) and (not given or snapshot["SnapshotId"] in given)
    ]
    if not found:
        return ec2._xml(200, "DescribeSnapshotsResponse", "<snapshotSet/>")
    others = {name: value for name, value in parameters.items() if not name.startswith("SnapshotId.")}
    return ministack_describe(others | {f"SnapshotId.{number}": [name] for number, name in enumerate(found, 1)})


def is_restorable(snapshot: dict[str, Any], users: list[str]) -> bool:
    """Returns whether one of the users may restore a snapshot. `self` may restore its own, and `all` is everybody."""
    permitted = {permission.get("UserId") for permission in snapshot.get("CreateVolumePermissions", [])}
    if snapshot.get(IS_PUBLIC):
        permitted.add(EVERYBODY)
    if snapshot["OwnerId"] == get_account_id():
        permitted.add("self")
    return not permitted.isdisjoint(users)


def modify_snapshot_attribute(parameters: Parameters) -> Answer:
    snapshot = ec2._snapshots.get(ec2._p(parameters, "SnapshotId"))
    if snapshot is not None and EVERYBODY in ec2._parse_member_list(parameters, "UserGroup"):
        snapshot[IS_PUBLIC] = ec2._p(parameters, "OperationType") == "add"
    return ministack_modify(parameters)


def describe_snapshot_attribute(parameters: Parameters) -> Answer:
    status, headers, body = ministack_describe_attribute(parameters)
    snapshot = ec2._snapshots.get(ec2._p(parameters, "SnapshotId"))
    if snapshot is not None and snapshot.get(IS_PUBLIC):
        group = f"<createVolumePermission><item><group>{EVERYBODY}</group></item>".encode()
        body = body.replace(b"<createVolumePermission>", group)
    return status, headers, body


def install() -> None:
    """Replaces ministack's handlers of snapshots."""
    handlers = {
        "DescribeSnapshots": (ministack_describe, describe_snapshots),
        "ModifySnapshotAttribute": (ministack_modify, modify_snapshot_attribute),
        "DescribeSnapshotAttribute": (ministack_describe_attribute, describe_snapshot_attribute),
    }
    for action, (old, new) in handlers.items():
        assert ec2._ACTION_MAP[action] is old, "ministack's internals have changed"
        ec2._ACTION_MAP[action] = new
