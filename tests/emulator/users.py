"""Creates an IAM user in a group of the emulated AWS, with access keys.

    users.py --endpoint URL < {"account", "user", "group", "group_inline": {name: document},
                               "user_inline": {name: document}}

It prints one JSON line: the access key and its secret. An existing user gets another key.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clients import Cloud


def create(cloud: Cloud, order: dict[str, Any]) -> dict[str, str]:
    iam, user, group = cloud.root("iam", order["account"]), order["user"], order["group"]
    for make in (lambda: iam.create_user(UserName=user), lambda: iam.create_group(GroupName=group)):
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            make()
    iam.add_user_to_group(UserName=user, GroupName=group)
    for name, document in order.get("group_inline", {}).items():
        iam.put_group_policy(GroupName=group, PolicyName=name, PolicyDocument=json.dumps(document))
    for name, document in order.get("user_inline", {}).items():
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Creates a user in a group, with access keys.")
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    arguments = parser.parse_args()
    try:
        print(json.dumps(create(Cloud(arguments.endpoint), json.load(sys.stdin))), flush=True)
    except (ValueError, KeyError, BotoCoreError, ClientError) as problem:
        sys.exit(f"users: {problem}")


if __name__ == "__main__":
    main()
