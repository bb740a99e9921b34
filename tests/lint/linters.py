"""Runs cfn-lint and checkov, which the Makefile installs into .emulator/lint. Both are offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
LINT = ROOT / ".emulator/lint"
CHECKOV_PYTHON = LINT / "bin/python"
FRAMEWORKS = ("cloudformation", "terraform")
# The user's settings that would change checkov's rules, or make it call a service.
FOREIGN = ("BC_", "CKV_", "CHECKOV_", "PRISMA_", "AWS_", "TF_")


def cfn_lint(*templates: Path) -> list[str]:
    process = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates], stdout=subprocess.PIPE, text=True
    )
    return [process.stdout.strip() or f"cfn-lint ended with {process.returncode}"] if process.returncode else []


def checkov() -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    # --skip-download: no rules and explanations from the network. --soft-fail: a nonzero exit code means a crash only.
    options = ["--directory", ".", "--skip-download", "--compact", "--output", "json", "--soft-fail"]
    process = subprocess.run(
        [CHECKOV_PYTHON, "-m", "checkov.main", *options, "--framework", *FRAMEWORKS],
        cwd=INFRA,
        env={**environment, "HOME": str(LINT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.returncode:
        return [f"checkov ended with {process.returncode}"]
    reports = json.loads(process.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    found = []
    for missing in set(FRAMEWORKS) - {report.get("check_type") for report in reports}:
        found.append(f"checkov has checked no {missing} files")
    for report in reports:
        results = report.get("results", {})
        for check in results.get("failed_checks", []):
            found.append(f"infra{location(check)}: {check['check_id']} {check['check_name']}")
        for check in results.get("skipped_checks", []):
            if check["check_result"].get("suppress_comment", "").strip() in ("", "No comment provided"):
                found.append(f"infra{location(check)}: {check['check_id']} is skipped without a reason")
        found += [f"{path} cannot be parsed" for path in results.get("parsing_errors", [])]
    return found


def location(check: dict[str, Any]) -> str:
    return f"{check['file_path']}:{check['file_line_range'][0]}: {check['resource']}"
