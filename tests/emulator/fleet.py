"""Deploys the state machine of infra/fleet.yaml next to the backend of a stage, in a running emulator.

    stage.py --endpoint URL --bootstrap PATH | fleet.py --endpoint URL [--batch-size 1] [--max-concurrency 20]
        [--copy NAME KEY=VALUE …]

reads the line that `stage.py` printed (of a stage with a function) and prints one JSON line that describes the machine.
Once more with other numbers, it updates the machine. With `--copy` it makes a copy of the function under another name
first, with these settings besides its own, and a machine of that name over it. Retries wait as long as in AWS, unless
the emulator is told otherwise when it starts (SFN_WAIT_SCALE=0.01).

It starts no execution and knows nothing of what the function does.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clients import BACKEND_ACCOUNT, Cloud
from formation import deploy
from stage import NAME

@dataclass
class Fleet:
    """What a test needs to know; printed as JSON."""

    state_machine_arn: str
    log_group_name: str
    batch_size: int
    max_concurrency: int


def copy_function(cloud: Cloud, stage: dict[str, Any], name: str, settings: dict[str, str]) -> None:
    functions = cloud.root("lambda")
    own = functions.get_function_configuration(FunctionName=stage["function_name"])
    functions.create_function(
        FunctionName=name,
        Code={"S3Bucket": stage["code"]["CodeBucket"], "S3Key": stage["code"]["CodeKey"]},
        Environment={"Variables": own["Environment"]["Variables"] | settings},
        **{member: own[member] for member in ("Runtime", "Role", "Handler", "Timeout", "MemorySize", "Architectures")},
    )


def deploy_fleet(cloud: Cloud, name: str, bucket: str, batch_size: int, max_concurrency: int) -> Fleet:
    parameters = {
        "Name": name,
        "ResultsBucketName": bucket,
        "BatchSize": str(batch_size),
        "MaxConcurrency": str(max_concurrency),
    }
    outputs = deploy(cloud, BACKEND_ACCOUNT, "fleet.yaml", f"{name}-fleet", parameters)
    return Fleet(outputs["StateMachineArn"], outputs["LogGroupName"], batch_size, max_concurrency)


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys the state machine next to the backend of a stage.")
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    parser.add_argument("--batch-size", type=int, default=25, help="accounts in one shard")
    parser.add_argument("--max-concurrency", type=int, default=20, help="shards at the same time")
    parser.add_argument("--copy", nargs="+", default=[NAME], metavar="TEXT", help="a name, and settings: KEY=VALUE")
    arguments = parser.parse_args()
    try:
        stage = json.load(sys.stdin)
        if stage["function_name"] is None:
            raise ValueError("the stage has no function (stage.py --bootstrap)")
        cloud = Cloud(arguments.endpoint)
        name, *settings = arguments.copy
        if name != NAME:
            copy_function(cloud, stage, name, dict(setting.split("=", 1) for setting in settings))
        fleet = deploy_fleet(cloud, name, stage["results_bucket"], arguments.batch_size, arguments.max_concurrency)
    except (BotoCoreError, ClientError, KeyError, RuntimeError, ValueError) as problem:
        sys.exit(f"fleet: {type(problem).__name__}: {problem}")
    print(json.dumps(asdict(fleet)), flush=True)


if __name__ == "__main__":
    main()
