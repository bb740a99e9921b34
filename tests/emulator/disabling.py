"""Attempts writes to the registry of a backend with DisableOpenRoles=yes, as its backend_role.

    disabling.py --endpoint URL < the line that deploying.py printed

It prints one JSON object {"attempt": "allowed" | "denied: CODE"}, as `forbidden.py` does. The registry stays unchanged.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from clients import Cloud
from evaluated import OTHER_ACCOUNT, allows, statements
from forbidden import Attempts

TARGETS = "targets.json"


def try_writes(attempts: Attempts, cloud: Cloud, facts: dict[str, Any]) -> None:
    arn, registry = facts["backend_role_arn"], {"Bucket": facts["registry_bucket"]}
    session = cloud.root("sts", facts["account"]).assume_role(RoleArn=arn, RoleSessionName="disabling")["Credentials"]
    s3 = cloud.session_of(session, "s3")
    there = attempts.make("reads the targets", s3.get_object, **registry, Key=TARGETS)
    text = there["Body"].read()
    attempts.make("replaces the targets", s3.put_object, **registry, Key=TARGETS, Body=text, IfMatch=there["ETag"])
    attempts.make("deletes the targets", s3.delete_object, **registry, Key=TARGETS)
    attempts.make("writes published.json", s3.put_object, **registry, Key="published.json", Body=b"{}")
    attempts.make("writes another object", s3.put_object, **registry, Key=f"{TARGETS}.old", Body=b"{}")
    attempts.make("tags the targets", s3.put_object_tagging, **registry, Key=TARGETS, Tagging={"TagSet": []})
    attempts.make("deletes the bucket's policy", s3.delete_bucket_policy, **registry)


def evaluate_conditions(attempts: Attempts, cloud: Cloud, facts: dict[str, Any]) -> None:
    """Evaluates the condition keys that the emulator lacks, with the policies of the role and of the bucket."""
    role, bucket = facts["backend_role_arn"], facts["registry_bucket"]
    _, policies = statements(cloud, role.rsplit("/", 1)[-1], facts["account"])
    policy = json.loads(cloud.root("s3", facts["account"]).get_bucket_policy(Bucket=bucket)["Policy"])
    own = {"aws:resourceaccount": facts["account"], "aws:principalarn": role, "s3:objectcreationoperation": "true"}
    read = own | {"s3:if-match": "tag"}
    for name, key, keys in (
        ("the targets with If-Match", TARGETS, read),
        ("the targets without a condition", TARGETS, own),
        ("the targets with If-None-Match", TARGETS, own | {"s3:if-none-match": "*"}),
        ("published.json with If-Match", "published.json", read),
        ("the targets of another account", TARGETS, read | {"aws:resourceaccount": OTHER_ACCOUNT}),
    ):
        resource = f"arn:aws:s3:::{bucket}/{key}"
        attempts.outcomes[f"evaluated: writes {name}"] = allows([*policies, policy], "s3:PutObject", resource, keys)


def main() -> None:
    parser = argparse.ArgumentParser(description="Attempts writes to a registry as backend_role.")
    parser.add_argument("--endpoint", required=True)
    cloud = Cloud(parser.parse_args().endpoint)
    facts = json.load(sys.stdin)
    attempts = Attempts()
    try_writes(attempts, cloud, facts)
    evaluate_conditions(attempts, cloud, facts)
    print(json.dumps(attempts.outcomes, indent=1))


if __name__ == "__main__":
    main()
