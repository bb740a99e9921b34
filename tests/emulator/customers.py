"""Defines the customer accounts of the stage: their registry entries, resources and misconfigurations.

It knows the emulator only through the clients that it gets. External IDs are random in every run.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import dns
import networks
from clients import BACKEND_ACCOUNT, Cloud

CUSTOMER_ROLE = "rolecall-inventory"


@dataclass
class Customer:
    account: str
    name: str
    regions: dict[str, int]  # the regions with a network, and the number of instances in each
    alias: str | None = None
    bulk_zone: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    # The external ID in the registry and in the role's trust policy. They differ for a misconfigured customer only.
    external_id: str = field(default_factory=lambda: secrets.token_hex(16))
    trusted_external_id: str = ""
    backend_account: str = BACKEND_ACCOUNT
    denied_actions: list[str] = field(default_factory=list)
    misconfiguration: str = ""  # in words; empty for a sound account
    role_arn: str = ""

    def __post_init__(self) -> None:
        self.trusted_external_id = self.trusted_external_id or self.external_id

    def registry_entry(self) -> dict[str, Any]:
        return {
            "account_id": self.account,
            "external_id": self.external_id,
            "name": self.name,
            "customer": self.name.partition("-")[0],
            "tags": self.tags,
        }

    def described(self) -> dict[str, Any]:
        return {"id": self.account, "name": self.name, "regions": list(self.regions), "fault": self.misconfiguration}


def four_customers() -> list[Customer]:
    return [
        Customer(
            "111111111111",
            "acme-prod",
            {"eu-central-1": 4, "us-east-1": 2, "ap-southeast-2": 1},
            alias="acme-prod",
            bulk_zone=True,
            tags={"tier": "gold"},
        ),
        Customer(
            "222222222222",
            "globex",
            {"us-east-1": 3, "eu-central-1": 1},
            alias="globex",
            tags={"tier": "silver"},
        ),
        # initech's role has the external ID of another customer: AssumeRole must fail.
        Customer(
            "333333333333",
            "initech",
            {"eu-central-1": 1},
            tags={"tier": "gold"},
            trusted_external_id=secrets.token_hex(16),
            misconfiguration="its role trusts a wrong external ID",
        ),
        # umbrella's administrator removed the Route 53 reads from the role.
        Customer(
            "444444444444",
            "umbrella",
            {"ap-southeast-2": 2},
            tags={"tier": "silver"},
            denied_actions=["route53*"],
            misconfiguration="its role lacks the Route 53 reads",
        ),
    ]


def stranger() -> Customer:
    """Returns an account whose role trusts another backend. It is in no registry; a test may add it to its own."""
    return Customer("666666666666", "stranger", {}, backend_account="888888888888")


def registry_of(customers: list[Customer]) -> dict[str, Any]:
    return {
        "version": 1,
        "defaults": {"role_name": CUSTOMER_ROLE, "regions": ["*"]},
        "targets": [customer.registry_entry() for customer in customers],
    }


def populate(cloud: Cloud, customer: Customer) -> None:
    """Creates a network with instances in each region, hosted zones for all VPCs, and the account alias."""
    vpcs = {}
    for number, (region, instances) in enumerate(customer.regions.items()):
        ec2 = cloud.root("ec2", customer.account, region)
        vpcs[region] = networks.build_network(ec2, customer.name, 20 + number, region, instances)
    dns.build_zones(cloud.root("route53", customer.account), customer.name, vpcs, customer.bulk_zone)
    if customer.alias:
        cloud.root("iam", customer.account).create_account_alias(AccountAlias=customer.alias)


def remove_denied_actions(cloud: Cloud, customer: Customer) -> None:
    """Removes the denied actions from the customer's role, as its administrator could by hand."""
    iam = cloud.root("iam", customer.account)
    for policy_name in iam.list_role_policies(RoleName=CUSTOMER_ROLE)["PolicyNames"]:
        policy = iam.get_role_policy(RoleName=CUSTOMER_ROLE, PolicyName=policy_name)["PolicyDocument"]
        policy["Statement"] = [
            statement for statement in policy["Statement"] if not is_denied(statement, customer.denied_actions)
        ]
        iam.put_role_policy(RoleName=CUSTOMER_ROLE, PolicyName=policy_name, PolicyDocument=json.dumps(policy))


def is_denied(statement: dict[str, Any], denied: list[str]) -> bool:
    services = tuple(action.removesuffix("*") for action in denied)
    return statement["Effect"] == "Allow" and all(action.startswith(services) for action in statement["Action"])
