"""Deploys infra/changes.yaml in a running emulator, and subscribes a queue to its topic, as a chat would be.

    chat.py --endpoint URL

It prints one JSON line: the topic and the queue.
"""

from __future__ import annotations

import argparse
import json
import sys

from botocore.exceptions import BotoCoreError, ClientError

from clients import BACKEND_ACCOUNT, Cloud
from formation import deploy

NAME = "rolecall"
QUEUE = f"{NAME}-chat"


def deploy_chat(cloud: Cloud) -> dict[str, str]:
    topic = deploy(cloud, BACKEND_ACCOUNT, "changes.yaml", f"{NAME}-changes", {"Name": NAME})["TopicArn"]
    queues, topics = cloud.root("sqs"), cloud.root("sns")
    queue = queues.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    from_topic = {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = {"Version": "2012-10-17", "Statement": [allowed | from_topic]}
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return {"topic_arn": topic, "queue_url": queue}


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Deploys the topic about changes, with a queue that gets its messages."
    )
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    arguments = parser.parse_args()
    try:
        print(json.dumps(deploy_chat(Cloud(arguments.endpoint))), flush=True)
    except (RuntimeError, BotoCoreError, ClientError) as problem:
        sys.exit(f"chat: {problem}")


if __name__ == "__main__":
    main()
