"""Creates roles in accounts of the emulated AWS, sound or misconfigured.

    roles.py --endpoint URL < a JSON list of {"account", "name", "trust", "attached": [ARN], "inline": {name: document},
                                           "boundary": ARN}

An existing role is replaced. The policies are not checked.
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
    for arn in role.get("attached", []):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    for policy, document in role.get("inline", {}).items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def main() -> None:
    parser = argparse.ArgumentParser(description="Creates roles in the emulated AWS.")
    parser.add_argument("--endpoint", required=True)
    cloud = Cloud(parser.parse_args().endpoint)
    roles = json.load(sys.stdin)
    for role in roles:
        create(cloud, role)
    print(json.dumps(len(roles)))


if __name__ == "__main__":
    main()
