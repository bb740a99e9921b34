"""Writes the software bill of materials of a binary: CycloneDX 1.5, as JSON.

    sbom.py --target x86_64-unknown-linux-musl [--binary rolecall] [--to FILE]

It lists the crates that are linked for this target, with versions, licences, the hashes of Cargo.lock and who depends
on whom. It reads `cargo metadata` and Cargo.lock, and compiles nothing. It has neither a time nor a random number: the
same lock file gives the same document. Crates that only build or test others are not in it. The bootstrap is built
without default features.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def metadata(target: str, binary: str) -> dict[str, Any]:
    features = ["--no-default-features"] if binary == "bootstrap" else []
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--locked", "--format-version", "1"]
    return json.loads(
        subprocess.run(
            [*command, "--filter-platform", target, *features], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    )


def linked(graph: dict[str, Any]) -> dict[str, list[str]]:
    """Returns the crates that the root links, each with those that it links itself."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    found: dict[str, list[str]] = {}
    waiting = [graph["resolve"]["root"]]
    while waiting:
        crate = waiting.pop()
        if crate in found:
            continue
        normal = [one["pkg"] for one in nodes[crate]["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])]
        found[crate] = sorted(normal)
        waiting += normal
    return found


def component(package: dict[str, Any], checksums: dict[tuple[str, str], str]) -> dict[str, Any]:
    name, version = package["name"], package["version"]
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "purl": reference(package),
    }
    if package["license"]:
        # The slash is an older form of OR.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum := checksums.get((name, version)):
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made


def reference(package: dict[str, Any]) -> str:
    return f"pkg:cargo/{package['name']}@{package['version']}"


def document(target: str, binary: str) -> dict[str, Any]:
    graph = metadata(target, binary)
    packages = {package["id"]: package for package in graph["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(one["name"], one["version"]): one["checksum"] for one in lock["package"] if "checksum" in one}
    crates, root = linked(graph), graph["resolve"]["root"]
    made = component(packages[root], checksums) | {"type": "application", "name": binary}
    ordered = sorted(crates, key=lambda crate: reference(packages[crate]))
    return numbered(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": made, "properties": [{"name": "cargo:target", "value": target}]},
            "components": [component(packages[crate], checksums) for crate in ordered if crate != root],
            "dependencies": [
                {"ref": reference(packages[crate]), "dependsOn": [reference(packages[one]) for one in crates[crate]]}
                for crate in ordered
            ],
        }
    )


def numbered(bill: dict[str, Any]) -> dict[str, Any]:
    """Adds the number without which the signer of a release takes a document for no bill of materials."""
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill))
    return bill | {"serialNumber": f"urn:uuid:{number}"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, help="the target triple")
    parser.add_argument("--binary", default="rolecall", choices=["rolecall", "bootstrap"])
    parser.add_argument("--to", type=Path, help="the file to write; standard output if it is not given")
    arguments = parser.parse_args()
    text = json.dumps(document(arguments.target, arguments.binary), indent=1) + "\n"
    if arguments.to:
        arguments.to.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
