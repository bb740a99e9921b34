"""Builds the documentation with warnings as errors, from the libraries that `cargo build` has compiled.

`cargo doc` would compile every dependency again for its metadata, and the SDK of EC2 takes minutes. This script gets
the paths of the compiled libraries from cargo and runs rustdoc on this package only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CARGO = os.environ.get("CARGO", "cargo")


def main() -> int:
    metadata = json.loads(run(CARGO, "metadata", "--format-version", "1", "--locked"))
    package = next(package for package in metadata["packages"] if package["name"] == "rolecall")
    names = {dependency["name"].replace("-", "_") for dependency in package["dependencies"] if not dependency["kind"]}
    messages = run(CARGO, "build", "--locked", "--all-targets", "--message-format=json")
    libraries: dict[str, str] = {}
    for line in messages.splitlines():
        message = json.loads(line)
        if message.get("reason") != "compiler-artifact" or not {"lib", "proc-macro"} & set(message["target"]["kind"]):
            continue
        files = [file for file in message["filenames"] if file.endswith((".rlib", ".so", ".dylib"))]
        if files and not message["profile"]["test"]:
            libraries.setdefault(message["target"]["name"].replace("-", "_"), files[0])
    target = Path(metadata["target_directory"])
    externs = [f"--extern={name}={libraries[name]}" for name in sorted(names) if name in libraries]
    command = ["rustdoc", "--edition", package["edition"], "--crate-name", "rolecall", "--cfg", 'feature="cli"']
    command += ["src/lib.rs", "-L", f"dependency={target / 'debug' / 'deps'}", *externs, "-o", str(target / "doc")]
    environment = os.environ | {"CARGO_PKG_VERSION": package["version"]}  # set by `cargo doc`
    return subprocess.run([*command, "-D", "warnings", "-D", "missing_docs"], check=False, env=environment).returncode


def run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
