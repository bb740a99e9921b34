"""Collects an inventory with a pool of 64 threads over boto3: the common alternative to rolecall.

    boto3_pool.py '{"accounts": […], "operations": […], "output": "rows.jsonl", "regions": […]}'

A job covers one account and region and appends rows to a file. It calls the same operations as rolecall: every listing
of every region (or of `regions`) with the largest pages, then the records of every zone. It makes no calls for details,
tags and checks and writes no ledger, so it makes fewer calls than rolecall.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

from measuring import external_id

THREADS = 64
ROLE = "rolecall-inventory"
GLOBAL = "us-east-1"


class Rows:
    """Appends rows to a file from all threads."""

    def __init__(self, path: str) -> None:
        self.file = Path(path).open("w")  # noqa: SIM115  # open until the process ends
        self.lock = threading.Lock()
        self.count = 0

    def add(self, account: str, region: str, operation: str, answers: list[dict]) -> None:
        lines = []
        for answer in answers:
            for name, value in answer.items():
                if isinstance(value, list) and name != "ResponseMetadata":
                    row = {"account": account, "region": region, "operation": operation}
                    lines.extend(json.dumps({**row, "item": item}, default=str) for item in value)
        if lines:
            with self.lock:
                self.file.write("\n".join(lines) + "\n")
                self.count += len(lines)


def method(operation: str) -> str:
    from botocore import xform_name

    return xform_name(operation.split(":")[1])


def pages(client, name: str, **parameters) -> list[dict]:
    if not client.can_paginate(name):
        return [getattr(client, name)(**parameters)]
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name]).input_shape
    size = shape.members.get("MaxResults")
    if size is not None:
        parameters["MaxResults"] = size.metadata.get("max", 1000)
    return list(client.get_paginator(name).paginate(**parameters))


def main() -> None:
    order = json.loads(sys.argv[1])
    rows = Rows(order["output"])
    config = Config(max_pool_connections=THREADS, retries={"mode": "standard"})
    sts = boto3.client("sts", region_name="eu-central-1", config=config)
    regional = [name for name in order["operations"] if name.startswith("ec2:")]
    creating = threading.Lock()  # creating clients and sessions is not thread-safe in boto3

    def enter(account: str):
        credentials = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="boto3-pool",
            ExternalId=external_id(account),
        )["Credentials"]  # fmt: skip
        with creating:
            return boto3.Session(
                credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
            )

    def client(session, service: str, region: str):
        with creating:
            return session.client(service, region_name=region, config=config)

    def region(session, account: str, name: str) -> None:
        ec2 = client(session, "ec2", name)
        for operation in regional:
            rows.add(account, name, operation, pages(ec2, method(operation)))

    def zones(session, account: str) -> None:
        route53 = client(session, "route53", GLOBAL)
        found = pages(route53, "list_hosted_zones")
        rows.add(account, "global", "route53:ListHostedZones", found)
        for zone in (zone for answer in found for zone in answer["HostedZones"]):
            records = pages(route53, "list_resource_record_sets", HostedZoneId=zone["Id"])
            rows.add(account, "global", "route53:ListResourceRecordSets", records)

    def account(number: str) -> list:
        session = enter(number)
        aliases = client(session, "iam", GLOBAL).list_account_aliases()
        rows.add(number, "global", "iam:ListAccountAliases", [aliases])
        regions = [found["RegionName"] for found in client(session, "ec2", GLOBAL).describe_regions()["Regions"]]
        regions = [name for name in regions if name in order.get("regions", regions)]
        jobs = [pool.submit(zones, session, number)]
        return jobs + [pool.submit(region, session, number, name) for name in regions]

    with ThreadPoolExecutor(THREADS) as pool:
        entered = [pool.submit(account, number) for number in order["accounts"]]
        for jobs in entered:
            for job in jobs.result():
                job.result()
    print(json.dumps({"rows": rows.count}))


if __name__ == "__main__":
    main()
