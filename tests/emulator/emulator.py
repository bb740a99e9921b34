"""Starts and stops the AWS emulator (ministack) for the demo and the end-to-end tests.

As a context manager it yields a running emulator on a free loopback port, with permission checks on (`AUTH=true`) and
its files in a temporary folder. On exit it removes the server, its Lambda processes and the folder.

As a command, `emulator.py serve [--log FILE]` prints one JSON line {"endpoint", "pid", "log"} and runs until its
standard input is closed. So it stops with the test binary that started it.

It does not know what is deployed in the emulator (`stage.py`), and it installs nothing.
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
from contextlib import suppress
from pathlib import Path

START_TIMEOUT = 120.0  # seconds; a start takes about one
STOP_TIMEOUT = 3.0
FOREIGN = ("AWS_", "ROLECALL_")
# Calls reach the loopback directly, past a proxy that is set for the internet.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # Linux: sets the signal that a process receives when its parent dies


class EmulatorError(RuntimeError):
    """The emulator did not start. The message has the end of its log."""


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
        # Another process may take the port before the emulator binds it. The emulator exits then, and the next
        # attempt uses another port.
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
        """Stops the emulator's process group, which includes its Lambda processes."""
        if self.process is not None:
            self._signal_group(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT)
            self._signal_group(signal.SIGKILL)
            self.process.wait()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        # The user's credentials and settings must not reach the emulator: its functions inherit its environment.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        environment |= {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",  # the host in queue URLs
            "GATEWAY_PORT": str(port),
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(scratch),
            "PERSIST_STATE": "0",
            "SFTP_ENABLED": "0",  # this and IOT_MTLS_ENABLED would bind fixed ports
            "IOT_MTLS_ENABLED": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
            # An attempt at S3 may take half of it. The emulated S3 is slow while the machine is busy.
            "ROLECALL_MARGIN": "60s",
            "SFN_WAIT_SCALE": "0.02",  # state machines wait a fiftieth of their retry intervals
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("server.py"))],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a process group of its own, which Ctrl-C in the terminal does not reach
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
        with suppress(ProcessLookupError):  # the whole group has ended
            os.killpg(self.process.pid, number)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent() -> None:
    """Runs in the child, so that the emulator ends even if this process is killed with SIGKILL (Linux only)."""
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
    for ending in ENDING_SIGNALS:  # a second signal must not interrupt the cleanup
        signal.signal(ending, lambda *_: None)
    sys.exit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description="The AWS emulator of the tests.")
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--log", type=Path, help="the emulator's log file (default: in its temporary folder)")
    arguments = parser.parse_args()
    for number in ENDING_SIGNALS:
        signal.signal(number, exit_on_signal)
    try:
        serve(arguments.log)
    except EmulatorError as problem:
        sys.exit(f"emulator: {problem}")


if __name__ == "__main__":
    main()
