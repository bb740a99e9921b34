"""Builds the documentation with warnings as errors, from the libraries that `cargo build` has compiled already.

`cargo doc` compiles every dependency once more for its metadata, and the SDK of EC2 takes minutes. This asks cargo
where the compiled libraries lie and runs rustdoc on the package alone. It knows nothing of what is documented.
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
    package = next(one for one in metadata["packages"] if one["name"] == "rolecall")
    wanted = {one["name"].replace("-", "_") for one in package["dependencies"] if one["kind"] is None}
    built = run(CARGO, "build", "--locked", "--all-targets", "--message-format=json")
    libraries: dict[str, str] = {}
    for line in built.splitlines():
        message = json.loads(line)
        if message.get("reason") != "compiler-artifact" or not {"lib", "proc-macro"} & set(message["target"]["kind"]):
            continue
        files = [file for file in message["filenames"] if file.endswith((".rlib", ".so", ".dylib"))]
        if files and not message["profile"]["test"]:
            libraries.setdefault(message["target"]["name"].replace("-", "_"), files[0])
    target = Path(metadata["target_directory"])
    externs = [f"--extern={name}={libraries[name]}" for name in sorted(wanted) if name in libraries]
    command = ["rustdoc", "--edition", package["edition"], "--crate-name", "rolecall", "--cfg", 'feature="cli"']
    command += ["src/lib.rs", "-L", f"dependency={target / 'debug' / 'deps'}", *externs, "-o", str(target / "doc")]
    environment = os.environ | {"CARGO_PKG_VERSION": package["version"]}  # as Cargo would set it
    return subprocess.run([*command, "-D", "warnings", "-D", "missing_docs"], check=False, env=environment).returncode


def run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
