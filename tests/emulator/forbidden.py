"""Tries on a furnished emulator what nobody may do, and says of each whether it was refused.

    forbidden.py --endpoint URL < the line that stage.py has printed

prints one JSON object, {"what was tried": "allowed" | "denied: CODE"}, in the order of the trials. Some trials have to
succeed: next to each refusal stands one that differs in the point that matters, so that the refusal proves something.
"failed: CODE" stands for any other error, and is none of what a test wants to see.

What the trials need is made here and removed again: roles in the backend account and in one customer's, and a second
backend with readers and invokers, where the stage has a function. The stage is left as it was.
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
from formation import deploy
from stage import backend_parameters

DENIALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
SECOND = "forbidden"  # the Name of the second backend
RECORDS = "parquet/ec2_vpcs/a"  # an object of it
PATIENCE = {"Delay": 0.1, "MaxAttempts": 1200}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Trials:
    """Carries out one trial after the other and keeps what came of it."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    def attempt(self, name: str, call: Callable[..., Any], **parameters: Any) -> Any:
        assert name not in self.outcomes, f"{name} was tried already"
        try:
            answer = call(**parameters)
        except ClientError as refusal:
            code = refusal.response["Error"]["Code"]
            self.outcomes[name] = f"denied: {code}" if code in DENIALS else f"failed: {code}"
            return None
        self.outcomes[name] = "allowed"
        return answer


# ---- What the trials need ----


@contextmanager
def role(cloud: Cloud, account: str, name: str, actions: list[str]) -> Iterator[str]:
    """A role that the whole backend account may enter, with these rights on everything."""
    iam = cloud.root("iam", account)
    everybody = {"AWS": f"arn:aws:iam::{BACKEND_ACCOUNT}:root"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": everybody}
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
    """Attaches AdministratorAccess to the customer's role, as somebody there might by mistake."""
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
def second_backend(cloud: Cloud, facts: dict[str, Any], reader: str, invoker: str) -> Iterator[dict[str, str]]:
    """A backend of its own buckets, with one reader and one invoker."""
    named = {"Name": SECOND, "ResultsReaders": reader, "Invokers": invoker}
    parameters = backend_parameters(cloud, facts["backend_role_arn"], facts["code"], facts["format"]) | named
    buckets = []
    try:
        made = deploy(cloud, BACKEND_ACCOUNT, "backend.yaml", SECOND, parameters)
        buckets = [made["ResultsBucket"], made["RegistryBucket"]]
        s3 = cloud.root("s3")
        for key in (RECORDS, *(f"runs/r/{name}.json" for name in ("manifest", "shards/0", "plan")), "latest.json"):
            s3.put_object(Bucket=made["ResultsBucket"], Key=key, Body=b"{}")
        s3.put_object(Bucket=made["RegistryBucket"], Key="targets.json", Body=b"{}")
        yield made
    finally:
        formation = cloud.root("cloudformation")
        formation.delete_stack(StackName=SECOND)
        formation.get_waiter("stack_delete_complete").wait(StackName=SECOND, WaiterConfig=PATIENCE)
        for bucket in buckets:  # they outlive their stack
            remove_bucket(cloud, bucket)


def remove_bucket(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.root("s3")
    there = s3.list_object_versions(Bucket=bucket)
    for one in there.get("Versions", []) + there.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=bucket)


# ---- The trials ----


def at_the_door(trials: Trials, cloud: Cloud, facts: dict[str, Any], target: dict[str, Any]) -> Callable[..., Any]:
    """Who gets into the customer's account. Gives a maker of clients for the one who properly did."""
    account, external_id = target["account_id"], target["external_id"]
    customer, root = facts["customer_role_arns"][account], cloud.root("sts")

    def enter(name: str, sts: Any, arn: str, **identification: str) -> Any:
        return trials.attempt(name, sts.assume_role, RoleArn=arn, RoleSessionName="forbidden", **identification)

    backend_role = enter("an operator enters backend_role", root, facts["backend_role_arn"])["Credentials"]
    backend = cloud.session_of(backend_role, "sts")
    inside = enter("backend_role enters a customer", backend, customer, ExternalId=external_id)["Credentials"]
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
    return lambda service, region=HOME_REGION: cloud.session_of(inside, service, region)


def inside_the_customer(trials: Trials, cloud: Cloud, account: str, client: Callable[..., Any]) -> None:
    """What a session there may do besides its reads, by its own policy and when somebody attached too much."""
    ec2, route53, iam = client("ec2"), client("route53"), client("iam")
    root = cloud.root("ec2", account)
    # Where no other test counts what is there.
    elsewhere = "sa-east-1"
    aside = client("ec2", elsewhere)
    machine = root.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    network, tag = {"CidrBlock": "10.250.0.0/16"}, {"Key": "forbidden", "Value": "yes"}
    trials.attempt("a customer's role lists VPCs", ec2.describe_vpcs)
    trials.attempt("a customer's role lists machines", ec2.describe_instances)
    trials.attempt("a customer's role lists zones", route53.list_hosted_zones)
    trials.attempt("a customer's role makes a VPC", ec2.create_vpc, **network)
    trials.attempt("a customer's role tags a machine", ec2.create_tags, Resources=[machine], Tags=[tag])
    trials.attempt("a customer's role stops a machine", ec2.stop_instances, InstanceIds=[machine])
    zone = {"Name": "forbidden.test", "CallerReference": "forbidden"}
    trials.attempt("a customer's role makes a zone", route53.create_hosted_zone, **zone)
    trials.attempt("a customer's role makes a user", iam.create_user, UserName="forbidden")
    trials.attempt("a customer's role lists users", iam.list_users)
    secrets(trials, "a customer's role reads", ec2, machine)
    with administrator(cloud, account):
        trials.attempt("with AdministratorAccess a customer's role lists users", iam.list_users)
        made = trials.attempt("with AdministratorAccess a customer's role makes a VPC", aside.create_vpc, **network)
        if made:
            cloud.root("ec2", account, elsewhere).delete_vpc(VpcId=made["Vpc"]["VpcId"])
        secrets(trials, "with AdministratorAccess a customer's role reads", ec2, machine)
    trials.attempt("after it was detached a customer's role lists users", iam.list_users)


def secrets(trials: Trials, who: str, ec2: Any, machine: str) -> None:
    trials.attempt(f"{who} user data", ec2.describe_instance_attribute, InstanceId=machine, Attribute="userData")
    trials.attempt(f"{who} user data of a template", ec2.get_launch_template_data, InstanceId=machine)
    trials.attempt(f"{who} a password", ec2.get_password_data, InstanceId=machine)
    trials.attempt(f"{who} console output", ec2.get_console_output, InstanceId=machine)
    trials.attempt(f"{who} a screenshot", ec2.get_console_screenshot, InstanceId=machine)
    trials.attempt(
        f"{who} a VPN's configuration",
        ec2.get_vpn_connection_device_sample_configuration,
        VpnConnectionId="vpn-0123456789abcdef0",
        VpnConnectionDeviceTypeId="1",
    )
    trials.attempt(
        f"{who} a VPN client's configuration",
        ec2.export_client_vpn_client_configuration,
        ClientVpnEndpointId="cvpn-endpoint-0123456789abcdef0",
    )


def at_home(trials: Trials, cloud: Cloud, facts: dict[str, Any]) -> None:
    """What backend_role may do in its own account."""
    arn = facts["backend_role_arn"]
    entered = cloud.root("sts").assume_role(RoleArn=arn, RoleSessionName="forbidden")["Credentials"]
    s3, events = cloud.session_of(entered, "s3"), cloud.session_of(entered, "events")
    results, registry = {"Bucket": facts["results_bucket"]}, {"Bucket": facts["registry_bucket"]}
    mark, root = {"Key": "runs/forbidden/mark"}, cloud.root("s3")
    other = {"Bucket": f"{SECOND}-other"}
    root.create_bucket(**other, CreateBucketConfiguration={"LocationConstraint": HOME_REGION})
    root.put_object(**other, Key="mark", Body=b"")
    try:
        trials.attempt("backend_role writes results", s3.put_object, **results, **mark, Body=b"")
        trials.attempt("backend_role reads results back", s3.get_object, **results, **mark)
        trials.attempt("backend_role deletes results", s3.delete_object, **results, **mark)
        trials.attempt("backend_role reads the registry", s3.get_object, **registry, Key="targets.json")
        trials.attempt("backend_role writes the registry", s3.put_object, **registry, Key="forbidden.json", Body=b"{}")
        trials.attempt("backend_role deletes the registry", s3.delete_object, **registry, Key="targets.json")
        trials.attempt("backend_role reads another bucket", s3.get_object, **other, Key="mark")
        trials.attempt("backend_role lists another bucket", s3.list_objects_v2, **other)
        trials.attempt("backend_role writes to another bucket", s3.put_object, **other, Key="more", Body=b"")
    finally:
        remove_bucket(cloud, other["Bucket"])
        for one in root.list_object_versions(**results, Prefix=mark["Key"]).get("Versions", []):
            root.delete_object(**results, **mark, VersionId=one["VersionId"])
    told = {"Source": "rolecall", "DetailType": "rolecall run committed", "Detail": "{}"}
    trials.attempt("backend_role tells the default bus", events.put_events, Entries=[told])
    with event_bus(cloud, "forbidden-bus") as bus:
        trials.attempt("backend_role tells another bus", events.put_events, Entries=[told | {"EventBusName": bus}])
    trials.attempt("backend_role lists the backend's own VPCs", cloud.session_of(entered, "ec2").describe_vpcs)
    trials.attempt("backend_role makes a user", cloud.session_of(entered, "iam").create_user, UserName="forbidden")


def readers_and_invokers(trials: Trials, cloud: Cloud, facts: dict[str, Any]) -> None:
    """Those whom the backend's parameters name, and one whom they do not."""
    sts = cloud.root("sts")
    with ExitStack() as stack:
        arns = {
            # All three may enter roles as far as they are concerned: it is the role that lets in or not.
            who: stack.enter_context(role(cloud, BACKEND_ACCOUNT, f"forbidden-{who}", ["sts:AssumeRole"]))
            for who in ("reader", "invoker", "nobody")
        }
        made = stack.enter_context(second_backend(cloud, facts, arns["reader"], arns["invoker"]))
        sessions = {
            who: sts.assume_role(RoleArn=arn, RoleSessionName="forbidden")["Credentials"] for who, arn in arns.items()
        }
        results, registry = {"Bucket": made["ResultsBucket"]}, {"Bucket": made["RegistryBucket"]}

        s3 = cloud.session_of(sessions["reader"], "s3")
        trials.attempt("a reader reads records", s3.get_object, **results, Key=RECORDS)
        trials.attempt("a reader reads a manifest", s3.get_object, **results, Key="runs/r/manifest.json")
        trials.attempt("a reader reads a shard's manifest", s3.get_object, **results, Key="runs/r/shards/0.json")
        trials.attempt("a reader reads latest.json", s3.get_object, **results, Key="latest.json")
        trials.attempt("a reader lists records", s3.list_objects_v2, **results, Prefix="parquet/ec2_vpcs/")
        trials.attempt("a reader lists the whole bucket", s3.list_objects_v2, **results)
        trials.attempt("a reader reads a plan", s3.get_object, **results, Key="runs/r/plan.json")
        trials.attempt("a reader writes results", s3.put_object, **results, Key="parquet/ec2_vpcs/b", Body=b"")
        trials.attempt("a reader deletes results", s3.delete_object, **results, Key=RECORDS)
        trials.attempt("a reader reads the registry", s3.get_object, **registry, Key="targets.json")
        trials.attempt("a reader lists the registry", s3.list_objects_v2, **registry)

        for who, name in (("an invoker", "invoker"), ("a reader", "reader"), ("nobody's role", "nobody")):
            session = sessions[name]
            queue, door = cloud.session_of(session, "sqs"), cloud.session_of(session, "sts")
            requests = {"QueueUrl": made["RequestQueueUrl"]}
            trials.attempt(f"{who} sends a request", queue.send_message, **requests, MessageBody="{}")
            trials.attempt(f"{who} takes requests out", queue.receive_message, **requests)
            request = {"FunctionName": made["FunctionName"], "InvocationType": "DryRun"}
            if name != "invoker":  # that one need not, and does it by way of the role
                trials.attempt(f"{who} invokes the function", cloud.session_of(session, "lambda").invoke, **request)
            invokers = {"RoleArn": made["InvokerRoleArn"], "RoleSessionName": "forbidden"}
            entered = trials.attempt(f"{who} enters the invokers' role", door.assume_role, **invokers)
            if entered:
                function = cloud.session_of(entered["Credentials"], "lambda")
                bucket = cloud.session_of(entered["Credentials"], "s3")
                inside = "in the invokers' role"
                trials.attempt(f"{who} invokes {inside}", function.invoke, **request)
                delete = function.delete_function
                trials.attempt(f"{who} deletes the function {inside}", delete, FunctionName=made["FunctionName"])
                trials.attempt(f"{who} reads the registry {inside}", bucket.get_object, **registry, Key="targets.json")
        nobody = cloud.session_of(sessions["nobody"], "s3")
        trials.attempt("nobody's role reads records", nobody.get_object, **results, Key=RECORDS)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tries what nobody may do.")
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    cloud = Cloud(parser.parse_args().endpoint)
    facts = json.load(sys.stdin)
    trials = Trials()
    proper = next(one["id"] for one in facts["accounts"] if not one["spoilt"])
    target = next(one for one in facts["registry"]["targets"] if one["account_id"] == proper)
    inside_the_customer(trials, cloud, proper, at_the_door(trials, cloud, facts, target))
    at_home(trials, cloud, facts)
    if facts["function_name"]:
        readers_and_invokers(trials, cloud, facts)
    print(json.dumps(trials.outcomes, indent=1))


if __name__ == "__main__":
    main()
