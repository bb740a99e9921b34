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
    """An SPDX expression: one alternative of every OR must be allowed, and each side of an AND."""
    expression = expression.replace("/", " OR ").strip()
    tokens = re.findall(r"\(|\)|[^()\s]+", expression)
    words: list[str] = []
    for token in tokens:
        if token in ("(", ")"):
            words.append(token)
        elif token in ("AND", "OR"):
            words.append(token.lower())
        elif token == "WITH":
            words.append("WITH")
        elif words and words[-1] == "WITH":
            words.pop()
            words.append(repr(f"{eval(words.pop())} WITH {token}"))  # noqa: S307 - a literal written two lines above
        else:
            words.append(repr(token))
    tested = " ".join(f"({word} in allowed)" if word.startswith("'") else word for word in words)
    return bool(eval(tested, {"allowed": ALLOWED}))  # noqa: S307 - made of literals, brackets, and, or


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
