"""Deploys the templates of customers' roles in accounts of the emulated AWS.

    role_stacks.py --endpoint URL < a JSON list of {"account", "parameters": {name: value}, "template"}

The template is customer-role.yaml, unless one is named.

It prints the ARNs of the roles.
"""

from __future__ import annotations

import argparse
import json
import sys

from clients import Cloud
from formation import deploy


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys the templates of customers' roles in the emulated AWS.")
    parser.add_argument("--endpoint", required=True)
    cloud = Cloud(parser.parse_args().endpoint)
    stacks = json.load(sys.stdin)
    outputs = [
        deploy(cloud, one["account"], one.get("template", "customer-role.yaml"), "rolecall", one["parameters"])
        for one in stacks
    ]
    print(json.dumps([output["RoleArn"] for output in outputs]))


if __name__ == "__main__":
    main()
