"""Deploys the state machine of infra/fleet.yaml for the backend of a stage, in a running emulator.

    stage.py --endpoint URL --bootstrap PATH | fleet.py --endpoint URL [--batch-size 1] [--max-concurrency 20]
        [--copy NAME KEY=VALUE …]

It reads the line that `stage.py` printed (of a stage with a function) and prints one JSON line that describes the state
machine. A repetition with other numbers updates it. `--copy` first copies the function under another name, with
additional settings, and deploys a state machine of that name for the copy. The emulator's SFN_WAIT_SCALE shortens the
waits of retries.

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
    """The facts about the state machine that tests use. Printed as JSON."""

    state_machine_arn: str
    log_group_name: str
    batch_size: int
    max_concurrency: int


def copy_function(cloud: Cloud, stage: dict[str, Any], name: str, settings: dict[str, str]) -> None:
    functions = cloud.root("lambda")
    original = functions.get_function_configuration(FunctionName=f"{stage['function_name']}-steps")
    copied = ("Runtime", "Role", "Handler", "Timeout", "MemorySize", "Architectures")
    functions.create_function(
        FunctionName=name,
        Code={"S3Bucket": stage["code"]["CodeBucket"], "S3Key": stage["code"]["CodeKey"]},
        Environment={"Variables": original["Environment"]["Variables"] | settings},
        **{member: original[member] for member in copied},
    )


def deploy_fleet(cloud: Cloud, name: str, function: str, bucket: str, batch_size: int, max_concurrency: int) -> Fleet:
    parameters = {
        "Name": name,
        "FunctionArn": cloud.root("lambda").get_function_configuration(FunctionName=function)["FunctionArn"],
        "ResultsBucketName": bucket,
        "BatchSize": str(batch_size),
        "MaxConcurrency": str(max_concurrency),
    }
    outputs = deploy(cloud, BACKEND_ACCOUNT, "fleet.yaml", f"{name}-fleet", parameters)
    return Fleet(outputs["StateMachineArn"], outputs["LogGroupName"], batch_size, max_concurrency)


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys the state machine for the backend of a stage.")
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    parser.add_argument("--batch-size", type=int, default=25, help="accounts per shard")
    parser.add_argument("--max-concurrency", type=int, default=20, help="concurrent shards")
    parser.add_argument(
        "--copy",
        nargs="+",
        default=[NAME],
        metavar="TEXT",
        help="name of the copied function, and its additional settings (KEY=VALUE)",
    )
    arguments = parser.parse_args()
    try:
        stage = json.load(sys.stdin)
        if stage["function_name"] is None:
            raise ValueError("the stage has no function (stage.py --bootstrap)")
        cloud = Cloud(arguments.endpoint)
        name, *settings = arguments.copy
        function = f"{NAME}-steps" if name == NAME else name
        if name != NAME:
            copy_function(cloud, stage, name, dict(setting.split("=", 1) for setting in settings))
        numbers = arguments.batch_size, arguments.max_concurrency
        fleet = deploy_fleet(cloud, name, function, stage["results_bucket"], *numbers)
    except (BotoCoreError, ClientError, KeyError, RuntimeError, ValueError) as problem:
        sys.exit(f"fleet: {type(problem).__name__}: {problem}")
    print(json.dumps(asdict(fleet)), flush=True)


if __name__ == "__main__":
    main()
