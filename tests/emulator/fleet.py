"""Deploys the state machine of infra/fleet.yaml next to the backend of a stage, in a running emulator.

    stage.py --endpoint URL --bootstrap PATH | fleet.py --endpoint URL [--batch-size 1] [--max-concurrency 20]

reads the line that `stage.py` printed (of a stage with a function) and prints one JSON line that describes the machine.
Once more with other numbers, it updates the machine. Retries wait as long as in AWS, unless the emulator is told
otherwise when it starts (SFN_WAIT_SCALE=0.01).

It starts no execution and knows nothing of what the function does.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass

from botocore.exceptions import BotoCoreError, ClientError

from clients import BACKEND_ACCOUNT, Cloud
from formation import deploy
from stage import NAME

STACK = f"{NAME}-fleet"


@dataclass
class Fleet:
    """What a test needs to know; printed as JSON."""

    state_machine_arn: str
    log_group_name: str
    batch_size: int
    max_concurrency: int


def deploy_fleet(cloud: Cloud, bucket: str, batch_size: int, max_concurrency: int) -> Fleet:
    parameters = {
        "Name": NAME,
        "ResultsBucketName": bucket,
        "BatchSize": str(batch_size),
        "MaxConcurrency": str(max_concurrency),
    }
    outputs = deploy(cloud, BACKEND_ACCOUNT, "fleet.yaml", STACK, parameters)
    return Fleet(outputs["StateMachineArn"], outputs["LogGroupName"], batch_size, max_concurrency)


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys the state machine next to the backend of a stage.")
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    parser.add_argument("--batch-size", type=int, default=25, help="accounts in one shard")
    parser.add_argument("--max-concurrency", type=int, default=20, help="shards at the same time")
    arguments = parser.parse_args()
    try:
        stage = json.load(sys.stdin)
        if stage["function_name"] is None:
            raise ValueError("the stage has no function (stage.py --bootstrap)")
        cloud = Cloud(arguments.endpoint)
        fleet = deploy_fleet(cloud, stage["results_bucket"], arguments.batch_size, arguments.max_concurrency)
    except (BotoCoreError, ClientError, KeyError, RuntimeError, ValueError) as problem:
        sys.exit(f"fleet: {type(problem).__name__}: {problem}")
    print(json.dumps(asdict(fleet)), flush=True)


if __name__ == "__main__":
    main()
