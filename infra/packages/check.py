"""Tries the packages of a binary as their users do, on the system that they are for. Exit code 1: one fails.

    check.py --binary target/release/rolecall --target x86_64-unknown-linux-gnu [--packages target/packages] [--static]

It installs the wheel with pip into an empty environment, without Rust on the PATH and without an index, writes the
estate of the demo, and asks three questions of it, in a minute at most. bash completes a command from the installed
files. Wheel and archive have the listed files and no others, with the hashes that the wheel records, and packing the
binary again gives the same bytes. It prints sizes and times. `--static` also runs the binary in a folder that has
nothing else, as in the image.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pack

QUESTIONS = {
    "where": (["where", "10.20.4.17"], "shop-web-green"),
    "history": (["history", "10.20.4.17"], "shop-web-blue"),
    "ask": (["ask", "public-addresses"], "shop-web"),
}
STARTS = 11
# The most seconds from an empty environment to three answers.
FIRST_ANSWER = 60


class Failed(RuntimeError):
    """A package is not as it should be."""


def expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Failed(f"{what}: found {found!r}, expected {expected!r}")


def check_files(wheel: Path, archive: Path, binary: bytes, share: dict[str, bytes]) -> None:
    version = pack.project()["version"]
    information = f"rolecall-{version}.dist-info"
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        documents = [f"{information}/{name}" for name in ("METADATA", "WHEEL", "licenses/LICENSE", "RECORD")]
        script, bill = f"rolecall-{version}.data/scripts/rolecall", f"{information}/sboms/rolecall.cdx.json"
        data = {f"rolecall-{version}.data/data/{path}": content for path, content in share.items()}
        expect("the files of the wheel", sorted({*names, bill}), sorted([script, *documents, bill, *data]))
        expect("completions and pages in the wheel", {path: packed.read(path) for path in data}, data)
        expect("the binary in the wheel", packed.read(script), binary)
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(packed.read(f"{information}/RECORD").decode()))}
        expect("the files that the wheel records", sorted(rows), sorted(names))
        for name in set(names) - {f"{information}/RECORD"}:
            content = packed.read(name)
            expect(f"the record of {name}", rows[name], [f"sha256={pack.digest(content)}", str(len(content))])
    with tarfile.open(archive) as packed:
        folder = archive.name.removesuffix(".tar.gz")
        found = {member.name: member.mode for member in packed.getmembers()}
        allowed = {f"{folder}/LICENSE": 0o644, f"{folder}/rolecall": 0o755, f"{folder}/rolecall.cdx.json": 0o644}
        allowed |= {f"{folder}/{path}": 0o644 for path in share}
        expect("the files of the archive", {**allowed, **found}, allowed)
        member = packed.extractfile(f"{folder}/rolecall")
        expect("the binary in the archive", member and member.read(), binary)
        if f"{folder}/rolecall.cdx.json" in found:
            check_bill(json.load(packed.extractfile(f"{folder}/rolecall.cdx.json")))


def check_bill(bill: dict[str, object]) -> None:
    """`actions/attest-sbom` refuses a bill that lacks one of these."""
    found = bill.get("bomFormat"), bill.get("specVersion"), str(bill.get("serialNumber", ""))[:9]
    expect("what the bill of materials says of itself", found, ("CycloneDX", "1.5", "urn:uuid:"))


def check_again(wheel: Path, archive: Path, target: str, binary: bytes, share: dict[str, bytes]) -> None:
    with tarfile.open(archive) as packed:
        name = f"{archive.name.removesuffix('.tar.gz')}/rolecall.cdx.json"
        bill = packed.extractfile(name).read() if name in packed.getnames() else None
    for make, path in ((pack.wheel, wheel), (pack.archive, archive)):
        made = make(binary, target, bill, share)
        expect(f"the hash of {path.name}, packed again", sha256(made[1]), sha256(path.read_bytes()))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_answers(rolecall: Callable[..., str]) -> None:
    """Writes the estate of the demo, and asks three questions of it."""
    rolecall("demo", "--to", "demo")
    for name, (arguments, answer) in QUESTIONS.items():
        rows = json.loads(rolecall(*arguments, "--output", "demo", "--format", "json"))
        expect(f"{answer} in the answer of {name}", answer in json.dumps(rows), True)


def start_time(rolecall: Callable[..., str]) -> str:
    """Starts the command some times, which then says its version."""
    times = []
    for _ in range(STARTS):
        begun = time.monotonic()
        expect("the version", rolecall("--version"), f"rolecall {pack.project()['version']}\n")
        times.append(time.monotonic() - begun)
    return f"{statistics.median(times) * 1000:.0f} ms, the median of {STARTS}"


def check_installed(wheel: Path, scratch: Path) -> None:
    """From an empty environment to three answers."""
    environment = {
        "PATH": f"{scratch}/venv/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(*command: str) -> str:
        process = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
        if process.returncode:
            raise Failed(f"{' '.join(command)} ended with {process.returncode}: {process.stderr}")
        return process.stdout

    started = time.monotonic()
    run(sys.executable, "-m", "venv", "venv")
    run("venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", str(wheel))
    installed = time.monotonic()
    expect("a compiler on the PATH", shutil.which("cargo", path=environment["PATH"]), None)
    rolecall = partial(run, "venv/bin/rolecall")
    check_answers(rolecall)
    ended = time.monotonic()
    print(f"wheel: installed in {installed - started:.1f} s; the demo and three answers in {ended - installed:.1f} s")
    if ended - started > FIRST_ANSWER:
        raise Failed(f"from pip install to three answers it took {ended - started:.0f} s, more than {FIRST_ANSWER} s")
    check_completed(scratch / "venv", run)
    print(f"start: {start_time(rolecall)}")
    run("venv/bin/pip", "uninstall", "--quiet", "--yes", "--disable-pip-version-check", "rolecall")
    left = [str(path.relative_to(scratch)) for path in (scratch / "venv").rglob("*rolecall*")]
    expect("the files that are left after the removal", left, [])


def check_completed(prefix: Path, run: Callable[..., str]) -> None:
    """The installed files, as a shell and `man` find them."""
    script = prefix / pack.COMPLETIONS["bash"]
    if shutil.which("bash"):
        asked = f"source {script}; COMP_WORDS=(rolecall whe); COMP_CWORD=1; _rolecall rolecall whe rolecall"
        asked += "; echo $COMPREPLY"
        expect("what bash completes", run("bash", "--noprofile", "--norc", "-c", asked), "where\n")
    expect("a manual page", (prefix / pack.PAGES / "rolecall.1").exists(), True)


def check_alone(binary: Path, scratch: Path) -> None:
    """Runs the binary where nothing else is: the only file of a container's root."""
    root = scratch / "root"
    root.mkdir()
    shutil.copy(binary, root / "rolecall")
    process = subprocess.run(["chroot", root, "/rolecall", "--version"], capture_output=True, text=True)
    expect("the output of the binary alone", process.stdout, f"rolecall {pack.project()['version']}\n")
    print("binary: starts in a folder that has nothing else")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--target", required=True, choices=sorted(pack.PLATFORMS))
    parser.add_argument("--packages", type=Path, default=pack.ROOT / "target/packages")
    parser.add_argument("--static", action="store_true", help="run the binary alone too; needs root")
    arguments = parser.parse_args()
    binary = arguments.binary.read_bytes()
    version = pack.project()["version"]
    wheel = arguments.packages / f"rolecall-{version}-py3-none-{pack.PLATFORMS[arguments.target]}.whl"
    archive = arguments.packages / f"rolecall-{version}-{arguments.target}.tar.gz"
    try:
        share = pack.shared(arguments.binary)
        check_files(wheel, archive, binary, share)
        check_again(wheel, archive, arguments.target, binary, share)
        for path in (arguments.binary, wheel, archive):
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
        with tempfile.TemporaryDirectory(prefix="rolecall-packages-") as scratch:
            check_installed(wheel.resolve(), Path(os.path.realpath(scratch)))
            if arguments.static:
                check_alone(arguments.binary, Path(scratch))
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
