"""Packs a built `rolecall` as a Python wheel and as an archive.

    pack.py --binary target/x86_64-unknown-linux-musl/release/rolecall --target x86_64-unknown-linux-musl \
        [--sbom FILE] [--to target/packages]

The wheel has the binary as a script, and no Python: `pip install`, `pipx run` and `uv tool install` take it. Both have
the licence, completions for shells, the manual pages and, if given, the bill of materials. The binary itself prints
completions and pages, so it has to run here. The same binary always gives the same files: names are sorted and times
are fixed. It compiles nothing, so that every package of a release has the binary that was tested.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What pip calls the systems. A static binary needs neither glibc nor musl, so it is for both.
PLATFORMS = {
    "x86_64-unknown-linux-musl": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64-unknown-linux-musl": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    # For a try on this machine: no index takes them, since they need its C library.
    "x86_64-unknown-linux-gnu": "linux_x86_64",
    "aarch64-unknown-linux-gnu": "linux_aarch64",
}
PT_INTERP = 3  # the segment of an ELF file that names its loader, which a static binary lacks
# Where shells look for completions, below a prefix such as /usr/local or an environment of Python.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/rolecall",
    "fish": "share/fish/vendor_completions.d/rolecall.fish",
    "zsh": "share/zsh/site-functions/_rolecall",
}
PAGES = "share/man/man1"
YEAR_1980 = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip


def is_static(binary: bytes) -> bool:
    """Whether an ELF file of 64 bits, little endian, has no loader."""
    offset, size, count = (int.from_bytes(binary[at : at + n], "little") for at, n in ((32, 8), (54, 2), (56, 2)))
    kinds = {int.from_bytes(binary[at : at + 4], "little") for at in range(offset, offset + size * count, size)}
    return PT_INTERP not in kinds


def project() -> dict[str, str]:
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]


def shared(binary: Path) -> dict[str, bytes]:
    """Returns the completions and manual pages that a binary prints, by their places below a prefix."""

    def printed(*arguments: str) -> bytes:
        return subprocess.run([binary.resolve(), *arguments], check=True, stdout=subprocess.PIPE).stdout

    files = {place: printed("completions", shell) for shell, place in COMPLETIONS.items()}
    with tempfile.TemporaryDirectory() as folder:
        printed("man", "--write", folder)
        files |= {f"{PAGES}/{page.name}": page.read_bytes() for page in Path(folder).iterdir()}
    return dict(sorted(files.items()))


def wheel(binary: bytes, target: str, sbom: bytes | None, share: dict[str, bytes]) -> tuple[str, bytes]:
    """Returns the name and the bytes of the wheel."""
    package, tags = project(), PLATFORMS[target]
    name = f"{package['name']}-{package['version']}"
    information = f"{name}.dist-info"
    description = (ROOT / "infra/packages/PYPI.md").read_text()
    files = {
        f"{name}.data/scripts/rolecall": binary,
        f"{information}/METADATA": (
            f"Metadata-Version: 2.4\nName: {package['name']}\nVersion: {package['version']}\n"
            f"Summary: {package['description']}\nLicense-Expression: {package['license']}\nLicense-File: LICENSE\n"
            f"Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n{description}"
        ).encode(),
        f"{information}/WHEEL": "".join(
            [
                "Wheel-Version: 1.0\nGenerator: rolecall infra/packages/pack.py\nRoot-Is-Purelib: false\n",
                *(f"Tag: py3-none-{tag}\n" for tag in tags.split(".")),
            ]
        ).encode(),
        f"{information}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
    }
    files |= {f"{name}.data/data/{path}": content for path, content in share.items()}
    if sbom:
        files[f"{information}/sboms/rolecall.cdx.json"] = sbom
    record = f"{information}/RECORD"
    lines = [f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items()]
    files[record] = "".join([*lines, f"{record},,\n"]).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, YEAR_1980)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, for the permissions
            entry.external_attr = (0o100755 if content is binary else 0o100644) << 16
            archive.writestr(entry, content)
    return f"{name}-py3-none-{tags}.whl", made.getvalue()


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def archive(binary: bytes, target: str, sbom: bytes | None, share: dict[str, bytes]) -> tuple[str, bytes]:
    """Returns the name and the bytes of the compressed archive."""
    name = f"rolecall-{project()['version']}-{target}"
    files = {"LICENSE": (ROOT / "LICENSE").read_bytes(), "rolecall": binary, **share}
    if sbom:
        files["rolecall.cdx.json"] = sbom
    made = io.BytesIO()
    # Neither a name nor a time of the file that is compressed.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=made, compresslevel=9, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode = len(content), 0o755 if content is binary else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return f"{name}.tar.gz", made.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True, help="the built rolecall")
    parser.add_argument("--target", required=True, choices=sorted(PLATFORMS), help="the target it was built for")
    parser.add_argument("--sbom", type=Path, help="its bill of materials (sbom.py)")
    parser.add_argument("--to", type=Path, default=ROOT / "target/packages", help="the folder to write to")
    arguments = parser.parse_args()
    binary = arguments.binary.read_bytes()
    if arguments.target.endswith("-musl") and not is_static(binary):
        sys.exit(f"{arguments.binary} needs a loader: a package for every Linux has a static binary")
    sbom = arguments.sbom.read_bytes() if arguments.sbom else None
    arguments.to.mkdir(parents=True, exist_ok=True)
    share = shared(arguments.binary)
    for make in (wheel, archive):
        name, content = make(binary, arguments.target, sbom, share)
        (arguments.to / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
