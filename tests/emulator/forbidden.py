"""Attempts forbidden calls on the stage and reports which ones were denied.

    forbidden.py --endpoint URL < the line that stage.py printed

It prints one JSON object {"attempt": "allowed" | "denied: CODE"} in the order of the attempts. Each denied attempt has
an allowed counterpart that differs in the relevant point only. So a denial proves the permission, not a broken call.
Outcomes that begin with "evaluated: " are no calls: the emulator lacks their condition keys (`evaluated.py`).
"failed: CODE" is any other error, which tests reject.

It creates what the attempts need and removes it again: roles in the backend account and in a customer's, and, if the
stage has a function, a second backend with readers and invokers. The stage stays unchanged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError

from clients import BACKEND_ACCOUNT, HOME_REGION, Cloud
from customers import CUSTOMER_ROLE
from evaluated import evaluated
from formation import deploy
from stage import backend_parameters

DENIALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
SECOND = "forbidden"  # the Name of the second backend
RECORDS = "parquet/ec2_vpcs/a"  # an object in its results bucket
STATE, LIST = "state/parquet/a", "symlinks/ec2_vpcs/files.txt"
PAGES = ("latest.html", "runs/r/report.html", "runs/r/report/0.html")
WAITER = {"Delay": 0.1, "MaxAttempts": 1200}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Attempts:
    """Makes calls and records their outcomes."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    def make(self, name: str, call: Callable[..., Any], **parameters: Any) -> Any:
        assert name not in self.outcomes, f"there are two attempts named {name!r}"
        try:
            response = call(**parameters)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            self.outcomes[name] = f"denied: {code}" if code in DENIALS else f"failed: {code}"
            return None
        self.outcomes[name] = "allowed"
        return response


# ---- Prerequisites ----


@contextmanager
def role(cloud: Cloud, account: str, name: str, actions: list[str]) -> Iterator[str]:
    """Creates a role that trusts the whole backend account and allows `actions` on all resources."""
    iam = cloud.root("iam", account)
    backend_account = {"AWS": f"arn:aws:iam::{BACKEND_ACCOUNT}:root"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": backend_account}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    try:
        if actions:
            rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy(rights))
        yield arn
    finally:
        if actions:
            iam.delete_role_policy(RoleName=name, PolicyName="rights")
        iam.delete_role(RoleName=name)


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def administrator(cloud: Cloud, account: str) -> Iterator[None]:
    """Attaches AdministratorAccess to the customer's role, as a customer might by mistake."""
    iam = cloud.root("iam", account)
    iam.attach_role_policy(RoleName=CUSTOMER_ROLE, PolicyArn=ADMINISTRATOR)
    try:
        yield
    finally:
        iam.detach_role_policy(RoleName=CUSTOMER_ROLE, PolicyArn=ADMINISTRATOR)


@contextmanager
def event_bus(cloud: Cloud, name: str) -> Iterator[str]:
    events = cloud.root("events")
    events.create_event_bus(Name=name)
    try:
        yield name
    finally:
        events.delete_event_bus(Name=name)


@contextmanager
def second_backend(cloud: Cloud, facts: dict[str, Any], arns: dict[str, str], topic: str) -> Iterator[dict[str, str]]:
    """Deploys a second backend with one reader, invoker and administrator, and yields the outputs of its stack."""
    changed = {"Name": SECOND, "ResultsReaders": arns["reader"], "Invokers": arns["invoker"]}
    # root: this script writes the registry as the account's root, and removes it.
    administrators = f"{arns['administrator']},arn:aws:iam::{BACKEND_ACCOUNT}:root"
    changed |= {"RegistryAdministrators": administrators, "RegistryTopicArn": topic}
    parameters = backend_parameters(cloud, facts["backend_role_arn"], facts["code"], facts["format"]) | changed
    buckets = []
    try:
        outputs = deploy(cloud, BACKEND_ACCOUNT, "backend.yaml", SECOND, parameters)
        buckets = [outputs["ResultsBucket"], outputs["RegistryBucket"]]
        s3 = cloud.root("s3")
        documents = [f"runs/r/{name}.json" for name in ("manifest", "shards/0", "plan", "report/plan")]
        for key in (RECORDS, STATE, LIST, *documents, *PAGES, "latest.json"):
            s3.put_object(Bucket=outputs["ResultsBucket"], Key=key, Body=b"{}")
        s3.put_object(Bucket=outputs["RegistryBucket"], Key="targets.json", Body=b"{}")
        yield outputs
    finally:
        formation = cloud.root("cloudformation")
        formation.delete_stack(StackName=SECOND)
        formation.get_waiter("stack_delete_complete").wait(StackName=SECOND, WaiterConfig=WAITER)
        for bucket in buckets:  # the stack retains its buckets and its log
            remove_bucket(cloud, bucket)
        cloud.root("logs").delete_log_group(logGroupName=f"/aws/lambda/{SECOND}")


def remove_bucket(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.root("s3")
    listing = s3.list_object_versions(Bucket=bucket)
    for version in listing.get("Versions", []) + listing.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=bucket)


# ---- The attempts ----


def try_assume_role(
    attempts: Attempts, cloud: Cloud, facts: dict[str, Any], target: dict[str, Any]
) -> Callable[..., Any]:
    """Assumes roles of the customer. Returns a function that makes clients for the one allowed session."""
    account, external_id = target["account_id"], target["external_id"]
    customer, root = facts["customer_role_arns"][account], cloud.root("sts")

    def enter(name: str, sts: Any, arn: str, **condition: str) -> Any:
        return attempts.make(name, sts.assume_role, RoleArn=arn, RoleSessionName="forbidden", **condition)

    backend_role = enter("an operator enters backend_role", root, facts["backend_role_arn"])["Credentials"]
    backend = cloud.session_of(backend_role, "sts")
    session = enter("backend_role enters a customer", backend, customer, ExternalId=external_id)["Credentials"]
    enter("backend_role enters a customer with a wrong external ID", backend, customer, ExternalId=f"x{external_id}")
    enter("backend_role enters a customer without an external ID", backend, customer)
    with ExitStack() as stack:
        other_role = stack.enter_context(role(cloud, BACKEND_ACCOUNT, "forbidden-other", ["sts:AssumeRole"]))
        open_role = stack.enter_context(role(cloud, account, "forbidden-open", []))
        other_session = root.assume_role(RoleArn=other_role, RoleSessionName="forbidden")["Credentials"]
        other = cloud.session_of(other_session, "sts")
        enter("another role of the backend account enters a customer", other, customer, ExternalId=external_id)
        enter("the backend account itself enters a customer", root, customer, ExternalId=external_id)
        enter("another role of the backend account enters a role that is open to it", other, open_role)
        enter("backend_role enters another role of a customer, which is open to it", backend, open_role)
    return lambda service, region=HOME_REGION: cloud.session_of(session, service, region)


def try_customer_session(attempts: Attempts, cloud: Cloud, account: str, client: Callable[..., Any]) -> None:
    """Uses the customer's session for other calls than its reads: with its own policies, and with too many rights."""
    ec2, route53, iam = client("ec2"), client("route53"), client("iam")
    root = cloud.root("ec2", account)
    # A region in which no other test counts resources.
    other_region = "sa-east-1"
    other_ec2 = client("ec2", other_region)
    machine = root.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    network, tag = {"CidrBlock": "10.250.0.0/16"}, {"Key": "forbidden", "Value": "yes"}
    attempts.make("a customer's role lists VPCs", ec2.describe_vpcs)
    attempts.make("a customer's role lists machines", ec2.describe_instances)
    attempts.make("a customer's role lists zones", route53.list_hosted_zones)
    attempts.make("a customer's role makes a VPC", ec2.create_vpc, **network)
    attempts.make("a customer's role tags a machine", ec2.create_tags, Resources=[machine], Tags=[tag])
    attempts.make("a customer's role stops a machine", ec2.stop_instances, InstanceIds=[machine])
    zone = {"Name": "forbidden.test", "CallerReference": "forbidden"}
    attempts.make("a customer's role makes a zone", route53.create_hosted_zone, **zone)
    attempts.make("a customer's role makes a user", iam.create_user, UserName="forbidden")
    attempts.make("a customer's role lists users", iam.list_users)
    try_secrets(attempts, "a customer's role reads", ec2, machine)
    with administrator(cloud, account):
        attempts.make("with AdministratorAccess a customer's role lists users", iam.list_users)
        name = "with AdministratorAccess a customer's role makes a VPC"
        created = attempts.make(name, other_ec2.create_vpc, **network)
        if created:
            cloud.root("ec2", account, other_region).delete_vpc(VpcId=created["Vpc"]["VpcId"])
        try_secrets(attempts, "with AdministratorAccess a customer's role reads", ec2, machine)
    attempts.make("after it was detached a customer's role lists users", iam.list_users)


def try_secrets(attempts: Attempts, who: str, ec2: Any, machine: str) -> None:
    attempts.make(f"{who} user data", ec2.describe_instance_attribute, InstanceId=machine, Attribute="userData")
    attempts.make(f"{who} user data of a template", ec2.get_launch_template_data, InstanceId=machine)
    attempts.make(f"{who} a password", ec2.get_password_data, InstanceId=machine)
    attempts.make(f"{who} console output", ec2.get_console_output, InstanceId=machine)
    attempts.make(f"{who} a screenshot", ec2.get_console_screenshot, InstanceId=machine)
    attempts.make(
        f"{who} a VPN's configuration",
        ec2.get_vpn_connection_device_sample_configuration,
        VpnConnectionId="vpn-0123456789abcdef0",
        VpnConnectionDeviceTypeId="1",
    )
    attempts.make(
        f"{who} a VPN client's configuration",
        ec2.export_client_vpn_client_configuration,
        ClientVpnEndpointId="cvpn-endpoint-0123456789abcdef0",
    )


def try_backend_role(attempts: Attempts, cloud: Cloud, facts: dict[str, Any]) -> None:
    """Uses backend_role in its own account."""
    arn = facts["backend_role_arn"]
    session = cloud.root("sts").assume_role(RoleArn=arn, RoleSessionName="forbidden")["Credentials"]
    s3, events = cloud.session_of(session, "s3"), cloud.session_of(session, "events")
    results, registry = {"Bucket": facts["results_bucket"]}, {"Bucket": facts["registry_bucket"]}
    mark, root = {"Key": "runs/forbidden/mark"}, cloud.root("s3")
    other = {"Bucket": f"{SECOND}-other"}
    root.create_bucket(**other, CreateBucketConfiguration={"LocationConstraint": HOME_REGION})
    root.put_object(**other, Key="mark", Body=b"")
    try:
        attempts.make("backend_role writes results", s3.put_object, **results, **mark, Body=b"")
        attempts.make("backend_role reads results back", s3.get_object, **results, **mark)
        attempts.make("backend_role deletes results", s3.delete_object, **results, **mark)
        attempts.make("backend_role reads the registry", s3.get_object, **registry, Key="targets.json")
        attempts.make("backend_role writes the registry", s3.put_object, **registry, Key="forbidden.json", Body=b"{}")
        attempts.make("backend_role deletes the registry", s3.delete_object, **registry, Key="targets.json")
        attempts.make("backend_role reads another bucket", s3.get_object, **other, Key="mark")
        attempts.make("backend_role lists another bucket", s3.list_objects_v2, **other)
        attempts.make("backend_role writes to another bucket", s3.put_object, **other, Key="more", Body=b"")
    finally:
        remove_bucket(cloud, other["Bucket"])
        for version in root.list_object_versions(**results, Prefix=mark["Key"]).get("Versions", []):
            root.delete_object(**results, **mark, VersionId=version["VersionId"])
    event = {"Source": "rolecall", "DetailType": "rolecall run committed", "Detail": "{}"}
    attempts.make("backend_role tells the default bus", events.put_events, Entries=[event])
    with event_bus(cloud, "forbidden-bus") as bus:
        attempts.make("backend_role tells another bus", events.put_events, Entries=[event | {"EventBusName": bus}])
    attempts.make("backend_role lists the backend's own VPCs", cloud.session_of(session, "ec2").describe_vpcs)
    attempts.make("backend_role makes a user", cloud.session_of(session, "iam").create_user, UserName="forbidden")


def try_readers_and_invokers(attempts: Attempts, cloud: Cloud, facts: dict[str, Any]) -> None:
    """Uses a reader and an invoker of the second backend, and a role that its parameters do not name."""
    sts = cloud.root("sts")
    with ExitStack() as stack:
        arns = {
            # All three may call AssumeRole, so that only the trust policies differ in effect.
            who: stack.enter_context(role(cloud, BACKEND_ACCOUNT, f"forbidden-{who}", ["sts:AssumeRole"]))
            for who in ("reader", "invoker", "nobody")
        }
        for who in ("administrator", "other-administrator"):
            arns[who] = stack.enter_context(role(cloud, BACKEND_ACCOUNT, f"forbidden-{who}", ["s3:*"]))
        topic, messages = stack.enter_context(topic_with_queue(cloud))
        outputs = stack.enter_context(second_backend(cloud, facts, arns, topic))
        sessions = {
            who: sts.assume_role(RoleArn=arn, RoleSessionName="forbidden")["Credentials"] for who, arn in arns.items()
        }
        results, registry = {"Bucket": outputs["ResultsBucket"]}, {"Bucket": outputs["RegistryBucket"]}

        s3 = cloud.session_of(sessions["reader"], "s3")
        attempts.make("a reader reads records", s3.get_object, **results, Key=RECORDS)
        attempts.make("a reader reads a manifest", s3.get_object, **results, Key="runs/r/manifest.json")
        attempts.make("a reader reads a shard's manifest", s3.get_object, **results, Key="runs/r/shards/0.json")
        for page in PAGES:
            attempts.make(f"a reader reads {page}", s3.get_object, **results, Key=page)
        attempts.make("a reader reads latest.json", s3.get_object, **results, Key="latest.json")
        attempts.make("a reader reads a state", s3.get_object, **results, Key=STATE)
        attempts.make("a reader reads a list for Athena", s3.get_object, **results, Key=LIST)
        attempts.make("a reader lists states", s3.list_objects_v2, **results, Prefix="state/parquet/")
        attempts.make("a reader lists records", s3.list_objects_v2, **results, Prefix="parquet/ec2_vpcs/")
        attempts.make("a reader lists the whole bucket", s3.list_objects_v2, **results)
        attempts.make("a reader reads a plan", s3.get_object, **results, Key="runs/r/plan.json")
        attempts.make("a reader reads a plan of pages", s3.get_object, **results, Key="runs/r/report/plan.json")
        attempts.make("a reader writes results", s3.put_object, **results, Key="parquet/ec2_vpcs/b", Body=b"")
        attempts.make("a reader deletes results", s3.delete_object, **results, Key=RECORDS)
        attempts.make("a reader reads the registry", s3.get_object, **registry, Key="targets.json")
        attempts.make("a reader lists the registry", s3.list_objects_v2, **registry)

        for who, name in (("an invoker", "invoker"), ("a reader", "reader"), ("nobody's role", "nobody")):
            session = sessions[name]
            queue, session_sts = cloud.session_of(session, "sqs"), cloud.session_of(session, "sts")
            requests = {"QueueUrl": outputs["RequestQueueUrl"]}
            attempts.make(f"{who} sends a request", queue.send_message, **requests, MessageBody="{}")
            attempts.make(f"{who} takes requests out", queue.receive_message, **requests)
            request = {"FunctionName": outputs["FunctionName"], "InvocationType": "DryRun"}
            if name != "invoker":  # an invoker calls the function through the invokers' role
                attempts.make(f"{who} invokes the function", cloud.session_of(session, "lambda").invoke, **request)
            invokers = {"RoleArn": outputs["InvokerRoleArn"], "RoleSessionName": "forbidden"}
            assumed = attempts.make(f"{who} enters the invokers' role", session_sts.assume_role, **invokers)
            if assumed:
                function = cloud.session_of(assumed["Credentials"], "lambda")
                bucket = cloud.session_of(assumed["Credentials"], "s3")
                inside = "in the invokers' role"
                attempts.make(f"{who} invokes {inside}", function.invoke, **request)
                delete = function.delete_function
                attempts.make(f"{who} deletes the function {inside}", delete, FunctionName=outputs["FunctionName"])
                attempts.make(f"{who} reads the registry {inside}", bucket.get_object, **registry, Key="targets.json")
                steps = {**request, "FunctionName": outputs["StepsFunctionArn"]}
                attempts.make(f"{who} invokes the function for steps {inside}", function.invoke, **steps)
        try_registry(attempts, cloud, sessions, registry, messages)
        nobody = cloud.session_of(sessions["nobody"], "s3")
        attempts.make("nobody's role reads records", nobody.get_object, **results, Key=RECORDS)


def try_registry(
    attempts: Attempts, cloud: Cloud, sessions: dict[str, Any], registry: dict[str, str], messages: str
) -> None:
    """Uses the second registry as two administrators of the account, of whom its parameter names one."""
    queue = cloud.root("sqs")
    queue.purge_queue(QueueUrl=messages)
    for who, name in (("a registry administrator", "administrator"), ("another administrator", "other-administrator")):
        s3 = cloud.session_of(sessions[name], "s3")
        attempts.make(f"{who} reads the registry", s3.get_object, **registry, Key="targets.json")
        attempts.make(f"{who} writes the registry", s3.put_object, **registry, Key=f"{name}.json", Body=b"{}")
        attempts.make(f"{who} deletes from the registry", s3.delete_object, **registry, Key=f"{name}.json")
        version = cloud.root("s3").list_object_versions(**registry, Prefix="targets.json")["Versions"][0]["VersionId"]
        if name != "administrator":
            delete = s3.delete_object
            attempts.make(f"{who} deletes a version", delete, **registry, Key="targets.json", VersionId=version)
    reported = set()
    while found := queue.receive_message(QueueUrl=messages, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
        for message in found:
            event = json.loads(json.loads(message["Body"])["Message"])
            reported.add(f"{event['detail-type']} {event['detail']['object']['key']}")
            queue.delete_message(QueueUrl=messages, ReceiptHandle=message["ReceiptHandle"])
    for event in ("Object Created administrator.json", "Object Deleted administrator.json"):
        attempts.outcomes[f"the registry's topic reports: {event}"] = "allowed" if event in reported else "missing"


@contextmanager
def topic_with_queue(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Creates a topic to which EventBridge may publish, and a queue that gets its messages."""
    sns, sqs = cloud.root("sns"), cloud.root("sqs")
    topic = sns.create_topic(Name="forbidden-registry")["TopicArn"]
    publish = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy(publish | {"Resource": topic})
    )
    url = sqs.create_queue(QueueName="forbidden-registry")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(send | {"Resource": queue})})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    try:
        yield topic, url
    finally:
        sns.delete_topic(TopicArn=topic)
        sqs.delete_queue(QueueUrl=url)


def try_secret_bearing_reads(attempts: Attempts, cloud: Cloud, account: str) -> None:
    """Uses two roles of customer-role.yaml that differ in SecretBearingReads only."""
    formation, root, template = cloud.root("cloudformation", account), cloud.root("ec2", account), "forbidden"
    root.create_launch_template(LaunchTemplateName=template, LaunchTemplateData={"InstanceType": "t3.micro"})
    for choice in ("yes", "no"):
        stack = f"forbidden-secrets-{choice}"
        own = {"BackendAccountId": BACKEND_ACCOUNT, "ExternalId": "forbidden", "RoleName": stack}
        arn = deploy(cloud, account, "customer-role.yaml", stack, {**own, "SecretBearingReads": choice})["RoleArn"]
        try:
            # The trust of the template admits backend_role only; what the role may do is the question here.
            opened = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": BACKEND_ACCOUNT}}
            cloud.root("iam", account).update_assume_role_policy(RoleName=stack, PolicyDocument=policy(opened))
            session = cloud.root("sts").assume_role(RoleArn=arn, RoleSessionName="forbidden")["Credentials"]
            ec2 = cloud.session_of(session, "ec2")
            who = f"with SecretBearingReads={choice} a customer's role lists"
            attempts.make(f"{who} VPCs", ec2.describe_vpcs)
            attempts.make(f"{who} VPN connections", ec2.describe_vpn_connections)
            versions = {"LaunchTemplateName": template}
            attempts.make(f"{who} versions of launch templates", ec2.describe_launch_template_versions, **versions)
            attempts.make(f"{who} spot requests", ec2.describe_spot_instance_requests)
        finally:
            formation.delete_stack(StackName=stack)
            formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=WAITER)
    root.delete_launch_template(LaunchTemplateName=template)


def main() -> None:
    parser = argparse.ArgumentParser(description="Attempts forbidden calls on the stage.")
    parser.add_argument("--endpoint", required=True, help="the emulator's endpoint")
    cloud = Cloud(parser.parse_args().endpoint)
    facts = json.load(sys.stdin)
    attempts = Attempts()
    sound = next(account["id"] for account in facts["accounts"] if not account["fault"])
    target = next(target for target in facts["registry"]["targets"] if target["account_id"] == sound)
    try_customer_session(attempts, cloud, sound, try_assume_role(attempts, cloud, facts, target))
    try_secret_bearing_reads(attempts, cloud, sound)
    try_backend_role(attempts, cloud, facts)
    if facts["function_name"]:
        try_readers_and_invokers(attempts, cloud, facts)
        attempts.outcomes |= evaluated(cloud, facts)
    print(json.dumps(attempts.outcomes, indent=1))


if __name__ == "__main__":
    main()
