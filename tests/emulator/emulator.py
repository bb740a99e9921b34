"""Starts and ends the AWS emulator (ministack) for the demo and the end-to-end tests.

As a context manager it yields a running emulator on a free loopback port, with identity checks on
(`AUTH=true`), its files in a temporary folder, and everything gone afterwards: the server, the Lambda
processes it started, the folder.

As a command, `emulator.py serve [--log FILE]` prints one JSON line {"endpoint", "pid", "log"} and lives until its
standard input is closed, so that a test binary ends it by ending.

It does not know what is deployed in the emulator (that is `stage.py`), and it installs nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_TIMEOUT = 120.0  # seconds; it takes about one
STOP_TIMEOUT = 3.0
FOREIGN = ("AWS_", "ROLECALL_")
# A proxy meant for the internet must not get between us and the loopback.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # Linux: the signal that a process gets when its parent dies


class EmulatorError(RuntimeError):
    """The emulator did not start; the message says where its log lies."""


class Emulator:
    """One running ministack. `with Emulator() as emulator: emulator.endpoint`."""

    def __init__(self, log: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall-emulator-"))
        self.log = log or self.folder / "ministack.log"
        self.endpoint = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Emulator:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self.process is not None, "the emulator is not running"
        return self.process.pid

    def start(self) -> None:
        # Between finding a free port and binding it another process may take it: then the emulator
        # exits, and another port is tried.
        for _ in range(3):
            port = free_port()
            self.endpoint = f"http://127.0.0.1:{port}"
            self.process = self._spawn(port)
            if self._wait_until_healthy():
                return
            self._signal_group(signal.SIGKILL)
            self.process.wait()
        raise EmulatorError(f"the emulator did not start: {last_lines(self.log)}")

    def stop(self) -> None:
        """Ends the emulator with its whole process group (the Lambda children are in it)."""
        if self.process is not None:
            self._signal_group(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                pass
            self._signal_group(signal.SIGKILL)
            self.process.wait()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        # Credentials and settings of the person at the keyboard must not reach the emulator: it hands
        # its whole environment on to the functions it runs.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        environment |= {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",  # the name in queue URLs
            "GATEWAY_PORT": str(port),
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(scratch),
            "PERSIST_STATE": "0",
            "SFTP_ENABLED": "0",  # both would bind fixed ports
            "IOT_MTLS_ENABLED": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SFN_WAIT_SCALE": "0.02",  # retries of a state machine wait seconds, here a fiftieth of them
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("server.py"))],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own; Ctrl-C in the terminal reaches only us
                preexec_fn=end_with_parent,
            )

    def _wait_until_healthy(self) -> bool:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                return False
            try:
                with DIRECT.open(f"{self.endpoint}/_ministack/health", timeout=2):
                    return True
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        return False

    def _signal_group(self, number: signal.Signals) -> None:
        assert self.process is not None
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # all of the group have ended


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent() -> None:
    """Runs in the child: the emulator ends even where this process is killed outright (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def last_lines(log: Path, count: int = 5) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " | ".join(lines[-count:]) or "its log is empty"


def serve(log: Path | None) -> None:
    with Emulator(log) as emulator:
        print(json.dumps({"endpoint": emulator.endpoint, "pid": emulator.pid, "log": str(emulator.log)}), flush=True)
        sys.stdin.buffer.read()  # returns when the other side closes the pipe or dies


def exit_on_signal(number: int, _frame: object) -> None:
    for ending in ENDING_SIGNALS:  # the first is enough; a second one must not disturb the tidying up
        signal.signal(ending, lambda *_: None)
    sys.exit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description="The AWS emulator of the tests.")
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--log", type=Path, help="where the emulator writes its log (default: in its own folder)")
    arguments = parser.parse_args()
    for number in ENDING_SIGNALS:
        signal.signal(number, exit_on_signal)
    try:
        serve(arguments.log)
    except EmulatorError as problem:
        sys.exit(f"emulator: {problem}")


if __name__ == "__main__":
    main()
