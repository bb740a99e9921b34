"""Reads the files of a Terraform module."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from linters import CHECKOV_PYTHON

# Prints Terraform files as JSON. Only checkov's environment has an HCL parser.
PARSE = """
import hcl2, json, sys
try:
    print(json.dumps([hcl2.loads(open(path).read()) for path in sys.argv[1:]]))
except Exception as problem:
    sys.exit(str(problem).splitlines()[0])
"""


def blocks_of(module: Path) -> dict[str, list[dict[str, Any]]]:
    process = subprocess.run(
        [CHECKOV_PYTHON, "-c", PARSE, *sorted(module.glob("*.tf"))], capture_output=True, text=True
    )
    if process.returncode:
        raise ValueError(f"{module.name}: {process.stderr.strip()}")
    blocks: dict[str, list[dict[str, Any]]] = {}
    for file in json.loads(process.stdout):
        for kind, bodies in file.items():
            blocks.setdefault(kind, []).extend(bodies)
    return blocks
