"""Holds the licence of every crate that is linked against the list of those that may be shipped.

It works offline, from the manifests that cargo has at hand. Advisories are asked of `cargo audit` where somebody has
installed it with its database; their absence is told, not passed over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

CARGO = os.environ.get("CARGO", "cargo")
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CDLA-Permissive-2.0",
    "ISC", "MIT", "MIT-0", "MPL-2.0", "OpenSSL", "Unicode-3.0", "Unlicense", "Zlib",
}  # fmt: skip


def allowed(expression: str) -> bool:
    """An SPDX expression: one alternative of every OR must be on the list, and each side of an AND."""
    tokens = re.findall(r"\(|\)|[^()\s]+", expression.replace("/", " OR "))

    def alternatives() -> bool:
        result = conjunction()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            result = conjunction() or result
        return result

    def conjunction() -> bool:
        result = licence()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result = licence() and result
        return result

    def licence() -> bool:
        name = tokens.pop(0)
        if name == "(":
            result = alternatives()
            tokens.pop(0)
            return result
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            name = f"{name} WITH {tokens.pop(0)}"
        return name in ALLOWED

    return alternatives() and not tokens


def main() -> int:
    command = [CARGO, "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    refused = 0
    for package in metadata["packages"]:
        licence = package["license"]
        if package["source"] and not (licence and allowed(licence)):
            refused += 1
            print(f"{package['name']} {package['version']}: licence {licence!r} is not on the list", file=sys.stderr)
    print(f"licences: {len(metadata['packages'])} crates looked at, {refused} refused")
    if shutil.which("cargo-audit"):
        refused += subprocess.run([CARGO, "audit", "--no-fetch", "--stale"], check=False).returncode
    else:
        print("advisories: not looked at, cargo-audit is not installed")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
