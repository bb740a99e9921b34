"""Lints the CloudFormation templates and the Terraform modules of `infra/`. Exit code 1: there are findings.

Five checks:
- cfn-lint on the templates;
- checkov on the templates and the modules. A skipped rule has its reason in the resource's metadata;
- the customer's Terraform module against `customer-role.yaml`: both must grant the same actions to the same principal;
- the other modules against the templates that they deploy: every parameter with its default, and every output;
- the functions of `backend.yaml`, and the state machine of `fleet.yaml`.

The Makefile installs checkov into .emulator/lint. The checks are offline. The catalogue is not checked here:
`pages.py --check` compares it with the templates.
"""

from __future__ import annotations

import sys

from customer_role import compare_role_and_module
from functions import check_functions, check_vpc
from linters import CHECKOV_PYTHON, INFRA, ROOT, cfn_lint, checkov
from state_machine import check_state_machine
from wrappers import check_wrappers


def main() -> int:
    if not CHECKOV_PYTHON.exists():
        sys.exit(f"{CHECKOV_PYTHON.relative_to(ROOT)} does not exist: `make check` installs the linters")
    found = cfn_lint(*sorted(INFRA.glob("*.yaml"))) + checkov()
    found += compare_role_and_module() + check_wrappers() + check_functions() + check_vpc() + check_state_machine()
    for finding in found:
        print(finding, file=sys.stderr)
    if not found:
        print(
            "templates: no findings of cfn-lint and checkov; customer-role.yaml and its Terraform module are equal; the"
        )
        print("           other modules have every parameter and output; the state machine of fleet.yaml is sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
