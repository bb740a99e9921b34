"""Builds the container image of this machine's architecture and tries it as its users do. Exit code 1: a check fails.

    image.py --binaries FOLDER [--base IMAGE] [--program docker]
    image.py --zip bootstrap.zip

The folder has a static `rolecall` and a static `bootstrap`. The image has these two files and nothing else beside its
base. It is run without a network, without rights and on a root that nobody can write to: the demo and three answers of
the command line, and the function, which takes an event from Lambda's runtime interface and refuses it. It prints sizes
and times. Nothing is pushed; the image stays as `rolecall:tried`. It needs docker or podman, and the base.

A zip for Lambda has the function alone. It is tried in the same way, without a container.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pack
from check import FIRST_ANSWER, Failed, check_answers, expect, start_time

TAG = "rolecall:tried"
BASE = "gcr.io/distroless/static-debian13:nonroot"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
USER = 65532
BINARIES = ("bootstrap", "rolecall")
# Programs that would help somebody who got into a container. The base has none of them.
UNWANTED = ("apk", "apt-get", "bash", "busybox", "curl", "dpkg", "perl", "python3", "rpm", "sh", "wget")
LOCKED = ("--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
# No request of rolecall: it is refused before anything is asked of AWS.
EVENT = {"accounts": "all", "no_such_member": 1}


class Program:
    """docker or podman: the arguments used here are the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: str | Path) -> str:
        process = subprocess.run([self.name, *arguments], capture_output=True, text=True)
        if process.returncode:
            shown = " ".join(str(argument) for argument in arguments)
            raise Failed(f"{self.name} {shown} ended with {process.returncode}: {process.stderr}")
        return process.stdout

    def files(self, image: str) -> dict[str, tarfile.TarInfo]:
        """Everything in the root of an image, and what the program adds to each container."""
        container = self("create", image, "/none").strip()
        try:
            with tempfile.TemporaryDirectory() as scratch:
                exported = Path(scratch) / "root.tar"
                self("export", "--output", exported, container)
                with tarfile.open(exported) as root:
                    return {member.name.removeprefix("./").rstrip("/"): member for member in root.getmembers()}
        finally:
            self("rm", container)


def working() -> str:
    """Returns the first program that is installed and, as for docker, reaches what carries its commands out."""
    for name in ("docker", "podman"):
        if shutil.which(name) and not subprocess.run([name, "version"], capture_output=True).returncode:
            return name
    sys.exit("neither docker nor podman works here")


def build(program: Program, binaries: Path, base: str) -> None:
    architecture = ARCHITECTURES[platform.machine()]
    with tempfile.TemporaryDirectory(prefix="rolecall-image-") as context:
        (Path(context) / architecture).mkdir()
        for name in BINARIES:
            content = (binaries / name).read_bytes()
            expect(f"{binaries / name} is static, which the base needs", pack.is_static(content), True)
            shutil.copy(binaries / name, Path(context) / architecture)
        containerfile = pack.ROOT / "infra/packages/Containerfile"
        values = ("--build-arg", f"BASE={base}", "--build-arg", f"TARGETARCH={architecture}")
        program("build", "--file", containerfile, *values, "--tag", TAG, context)


def check_files(program: Program, binaries: Path, base: str) -> None:
    before, after = program.files(base), program.files(TAG)
    added = {name: after[name].mode & 0o7777 for name in set(after) - set(before)}
    added.pop("work", None)  # docker makes the working folder with the image, podman when it starts
    expect("the files beside the base's", added, {"bootstrap": 0o555, "rolecall": 0o555})
    expect("files of the base that are gone", sorted(set(before) - set(after)), [])
    expect("shells and tools", sorted(name for name in after if name.split("/")[-1] in UNWANTED), [])
    expect("files with another user's rights", sorted(name for name in after if after[name].mode & 0o6000), [])
    for name in BINARIES:
        expect(f"the size of {name}", after[name].size, (binaries / name).stat().st_size)
    [inspected] = json.loads(program("image", "inspect", TAG))
    config = inspected["Config"]
    expect("the user", config["User"], f"{USER}:{USER}")
    expect("the program", config["Entrypoint"], ["/rolecall"])
    expect("the working folder", config["WorkingDir"], "/work")
    own = sum(after[name].size for name in BINARIES)
    whole = sum(member.size for member in after.values())
    print(f"image: {whole / 1e6:.1f} MB, of which the base has {(whole - own) / 1e6:.1f} MB")


def check_command(program: Program, scratch: Path) -> None:
    scratch.chmod(0o777)  # the user of the image is not the one who runs this

    run = partial(program, "run", *LOCKED, "--network=none")
    started = time.monotonic()
    check_answers(partial(run, "--volume", f"{scratch}:/work", TAG))
    took = time.monotonic() - started
    print(f"command: the demo and three answers in {took:.1f} s, without a network")
    if took > FIRST_ANSWER:
        raise Failed(f"the demo and three answers took {took:.0f} s, more than {FIRST_ANSWER} s")
    # Rootless podman gives the user another number outside of its containers.
    if os.getuid() == 0 or program.name.endswith("docker"):
        owners = {path.stat().st_uid for path in (scratch / "demo").rglob("*")}
        expect("the users whose files the demo wrote", owners, {USER})
    print(f"start: {start_time(partial(run, TAG))}, with the container's own start")


class Runtime(HTTPServer):
    """Lambda's runtime interface: one event, and what the function says of it."""

    said: tuple[str, Any] | None = None

    class Handler(BaseHTTPRequestHandler):
        server: Runtime
        timeout = 30

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() + 60) * 1000))
            self.send_header(
                "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:999999999999:function:r"
            )
            self.answer(json.dumps(EVENT).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.said = (self.path, json.loads(body))
            self.send_response(202)
            self.answer(b"")

        def answer(self, body: bytes) -> None:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.timeout = 30


def check_function(start: Callable[[dict[str, str]], Callable[[], object]]) -> None:
    """Starts the function with the settings that Lambda gives it in the environment. `start` returns what ends it."""
    with Runtime() as runtime:
        settings = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "rolecall",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "ROLECALL_REGISTRY": "s3://registry/targets.json",
            "ROLECALL_OUTPUT": "s3://results",
        }
        begun = time.monotonic()
        end = start(settings)
        try:
            runtime.handle_request()
            took = time.monotonic() - begun
            runtime.handle_request()
        finally:
            end()
        if runtime.said is None:
            raise Failed("the function answers no event")
        path, said = runtime.said
        expect("where the function answers", path, f"/2018-06-01/runtime/invocation/{REQUEST_ID}/error")
        expect("what the function refuses", "no_such_member" in json.dumps(said), True)
        print(f"function: asks for its first event after {took * 1000:.0f} ms, with the start of what it runs in")


def check_function_of_image(program: Program) -> None:
    """Lambda starts the image with the entry point `/bootstrap`."""

    def start(settings: dict[str, str]) -> Callable[[], object]:
        environment = [f"--env={name}={value}" for name, value in settings.items()]
        started = program("run", "--detach", *LOCKED, "--network=host", *environment, "--entrypoint=/bootstrap", TAG)
        return partial(program, "stop", "--time=0", started.strip())

    check_function(start)


def check_zip(package: Path) -> None:
    """Lambda unpacks the zip and starts `bootstrap`."""
    with tempfile.TemporaryDirectory(prefix="rolecall-zip-") as folder:
        with zipfile.ZipFile(package) as packed:
            expect("the files of the zip", packed.namelist(), ["bootstrap"])
            mode = packed.getinfo("bootstrap").external_attr >> 16 & 0o7777
            expect("whether everybody may start the function", mode & 0o555, 0o555)
            bootstrap = Path(packed.extract("bootstrap", folder))
        bootstrap.chmod(0o555)
        size = bootstrap.stat().st_size
        print(f"zip: {package.stat().st_size / 1e6:.1f} MB, the function in it {size / 1e6:.1f} MB")
        check_function(lambda settings: subprocess.Popen([bootstrap], env=settings).kill)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tried = parser.add_mutually_exclusive_group(required=True)
    tried.add_argument("--binaries", type=Path, help="the folder of the static rolecall and bootstrap")
    tried.add_argument("--zip", type=Path, help="a zip with the function for this machine's architecture")
    parser.add_argument("--base", default=BASE, help=f"the base ({BASE} if it is not given)")
    parser.add_argument("--program", help="docker or podman; the first of them on the PATH if it is not given")
    arguments = parser.parse_args()
    try:
        if arguments.zip:
            check_zip(arguments.zip)
            return 0
        program = Program(arguments.program or working())
        build(program, arguments.binaries, arguments.base)
        check_files(program, arguments.binaries, arguments.base)
        scratch = Path(os.path.realpath(tempfile.mkdtemp(prefix="rolecall-image-")))
        try:
            check_command(program, scratch)
        finally:
            # The files are those of the image's user, which others than root may not remove.
            shutil.rmtree(scratch, ignore_errors=True)
        check_function_of_image(program)
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
