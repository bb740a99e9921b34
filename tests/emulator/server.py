"""Runs ministack with patches for the parts of AWS that it lacks and rolecall needs. `emulator.py` starts it.

The patches to ministack 1.5.33, each as AWS documents it:
- Route 53 ListTagsForResources returns the tags of up to ten resources in one call.
- EventBridge Scheduler replaces <aws.scheduler.scheduled-time> and <aws.scheduler.schedule-arn> in a target's input,
  and checks the schedules every second instead of every ten.
- Every read of EC2 and Route 53 that ministack does not implement returns an empty answer (`absent.py`).
- EC2 shares snapshots with every account, and lists those that are shared (`snapshots.py`).
- CloudFormation reads templates from a bucket of another account, as a customer does with a vendor's template. The
  permission to read is not checked here; `deploying.py` checks it through S3.
- CloudFormation reads templates by the address that names the bucket in its host, as the Terraform modules write it.
- The condition key aws:PrincipalArn is the role's ARN for a role session. ministack uses the session's ARN.

The patches use ministack's internals, so they hold for the pinned version only. If a name has moved, the start fails.
Everything else about identity, EC2, S3 and Lambda is ministack's.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack import app
from ministack.core import iam_evaluator, responses
from ministack.services import eventbridge, iam, route53, s3, scheduler
from ministack.services.cloudformation import helpers

import absent
import snapshots

Answer = tuple[int, dict[str, str], bytes]

MAX_IDS = 10  # the limit of AWS for one ListTagsForResources
SCHEDULE_CHECK_SECONDS = 1

ministack_route53 = route53.handle_request
ministack_invoke_target = eventbridge._invoke_target
ministack_condition_key = iam_evaluator._resolve_condition_key
ministack_object_data = s3._get_object_data
ministack_resolve_document = helpers._resolve_document


async def answer_route53(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    tags_of_many = re.fullmatch(r"/2013-04-01/tags/(hostedzone|healthcheck)", path)
    if method == "POST" and tags_of_many:
        return list_tags_for_resources(tags_of_many.group(1), body)
    if default := absent.answer_route53(method, path):
        return default
    return await ministack_route53(method, path, headers, body, query)


def list_tags_for_resources(kind: str, body: bytes) -> Answer:
    request = route53._parse_body(body)
    ids_element = None if request is None else route53._find(request, "ResourceIds")
    ids = [] if ids_element is None else [element.text or "" for element in ids_element]
    if not 1 <= len(ids) <= MAX_IDS:
        return route53._error_response("InvalidInput", f"ResourceIds must hold 1 to {MAX_IDS} ids, not {len(ids)}.")
    known, error = {
        "hostedzone": (route53._zones, "NoSuchHostedZone"),
        "healthcheck": (route53._health_checks, "NoSuchHealthCheck"),
    }[kind]
    for resource_id in ids:
        if resource_id not in known:
            return route53._error_response(error, f"No {kind} found with ID: {resource_id}", 404)

    def build(root: Element) -> None:
        sets = SubElement(root, "ResourceTagSets")
        for resource_id in ids:
            tag_set = SubElement(sets, "ResourceTagSet")
            SubElement(tag_set, "ResourceType").text = kind
            SubElement(tag_set, "ResourceId").text = resource_id
            tags = SubElement(tag_set, "Tags")
            for key, value in dict(route53._tags.get((kind, resource_id), {})).items():
                tag = SubElement(tags, "Tag")
                SubElement(tag, "Key").text = key
                SubElement(tag, "Value").text = value

    return route53._xml_response("ListTagsForResourcesResponse", build)


def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
    if event.get("Source") == "aws.scheduler" and target.get("Input"):
        placeholders = {
            "<aws.scheduler.scheduled-time>": scheduled_time(rule["ScheduleExpression"], event["Time"]),
            "<aws.scheduler.schedule-arn>": rule["Arn"],
        }
        text = target["Input"]
        for placeholder, value in placeholders.items():
            text = text.replace(placeholder, value)
        target = {**target, "Input": text}
    ministack_invoke_target(target, event, rule, view)


def scheduled_time(expression: str, fired_at: float) -> str:
    """Returns the time that the schedule names, not the time at which it was checked."""
    moment = scheduler._at_time_epoch(expression)
    if moment is None:
        moment = fired_at - fired_at % 60 if expression.startswith("cron(") else fired_at
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def object_data(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
    caller = responses.get_account_id()
    owners = [account for account, name in list(s3._buckets._data) if name == bucket]
    if caller in owners or not owners:
        return ministack_object_data(bucket, key, version_id)
    responses.set_request_account_id(owners[0])
    try:
        return ministack_object_data(bucket, key, version_id)
    finally:
        responses.set_request_account_id(caller)


def resolve_document(parameters: dict[str, Any], body: str, url: str, label: str) -> Any:
    """Turns https://bucket.s3.region.amazonaws.com/key into https://s3.region.amazonaws.com/bucket/key."""
    moved = re.sub(r"^https://([^/]+)\.(s3\.[^/]+)/", r"https://\2/\1/", helpers._p(parameters, url) or "")
    return ministack_resolve_document({**parameters, url: [moved]} if moved else parameters, body, url, label)


def condition_key(key: str, context: Any) -> Any:
    value = ministack_condition_key(key, context)
    if key.lower() == "aws:principalarn" and isinstance(value, str):
        return role_of_session(value)
    return value


def role_of_session(arn: str) -> str:
    """arn:aws:sts::1:assumed-role/name/session -> arn:aws:iam::1:role/path/name. Other ARNs are returned unchanged."""
    session = re.fullmatch(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+", arn)
    if session is None:
        return arn
    partition, account, name = session.groups()
    role = iam._roles.get_scoped(account, None, name)  # has the path, which the session's ARN omits
    return role["Arn"] if role else f"arn:{partition}:iam::{account}:role/{name}"


def main() -> None:
    absent.install()
    snapshots.install()
    route53.handle_request = answer_route53
    iam_evaluator._resolve_condition_key = condition_key
    s3._get_object_data = object_data
    helpers._resolve_document = resolve_document
    eventbridge._invoke_target = invoke_target
    assert isinstance(scheduler._SCHEDULE_TICK_INTERVAL, int), "ministack's scheduler has changed"
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULE_CHECK_SECONDS
    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
