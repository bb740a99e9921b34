"""Creates roles in accounts of the emulated AWS, sound or misconfigured.

    roles.py --endpoint URL < a JSON list of {"account", "name", "trust", "attached": [ARN], "inline": {name: document},
                                           "boundary": ARN}

An existing role is replaced, unless `--attach` only attaches more policies to it. The policies are not checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from clients import Cloud


def create(cloud: Cloud, role: dict[str, Any]) -> None:
    iam, name = cloud.root("iam", role["account"]), role["name"]
    if any(other["RoleName"] == name for other in iam.list_roles()["Roles"]):
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)
    boundary = {"PermissionsBoundary": role["boundary"]} if "boundary" in role else {}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role["trust"]), **boundary)
    attach(cloud, role)
    for policy, document in role.get("inline", {}).items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def attach(cloud: Cloud, role: dict[str, Any]) -> None:
    for arn in role.get("attached", []):
        cloud.root("iam", role["account"]).attach_role_policy(RoleName=role["name"], PolicyArn=arn)


def main() -> None:
    parser = argparse.ArgumentParser(description="Creates roles in the emulated AWS.")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--attach", action="store_true")
    arguments = parser.parse_args()
    cloud = Cloud(arguments.endpoint)
    roles = json.load(sys.stdin)
    for role in roles:
        if arguments.attach:
            attach(cloud, role)
        else:
            create(cloud, role)
    print(json.dumps(len(roles)))


if __name__ == "__main__":
    main()
