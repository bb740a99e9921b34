"""Runs the measured programs and returns their wall time, CPU time and peak memory.

It knows the simulated AWS (`fleet`), rolecall, the boto3 pool and the bare HTTP client. It does not know the
comparisons (`rows.py`).
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"
VENV_PYTHON = ROOT / ".emulator/venv/bin/python"
BACKEND = "999999999999"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def account_id(number: int) -> str:
    return str(200_000_000_000 + number)


def external_id(account: str) -> str:
    """Returns the external ID that the simulated AWS expects (`external_id` in tests/it/sim/names.rs)."""
    return f"ext-{account}-hR7tQz2LmX9vKp4w"


def executable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path.relative_to(ROOT)} is not there: `make bench` builds it")
    return path


def fleet_executable() -> Path:
    found = [path for path in RELEASE.glob("deps/fleet-*") if path.suffix != ".d" and os.access(path, os.X_OK)]
    if not found:
        raise RuntimeError("the simulated AWS is not there: `make bench` builds it")
    return max(found, key=lambda path: path.stat().st_mtime)


def environment(endpoint: str, **more: str) -> dict[str, str]:
    """Returns the environment of a measured program, without the user's AWS, proxy and rolecall settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    aws = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": BACKEND,
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_COLOR": "1",
    }  # fmt: skip
    return {**kept, **aws, **more}


class Fleet:
    """Runs the simulated AWS with its accounts inside a `with` block."""

    def __init__(self, **fleet) -> None:
        command = [fleet_executable(), "serve", json.dumps(fleet)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Fleet:
        try:
            self.endpoint = self.answer()["endpoint"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated AWS has ended")
        return json.loads(line)

    def do(self, what: str, /, **more) -> dict:
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def counts(self) -> dict:
        """Returns the calls since the last reset. `asked` leaves out those to S3, which store the results."""
        counts = self.do("counts")
        return {**counts, "asked": counts["calls"] - counts["s3"]}


@dataclass
class Ended:
    """The measurements of a process that has ended."""

    began: float
    wall: float
    cpu: float
    peak: float  # MiB
    output: str
    log: str

    @property
    def response(self) -> dict:
        return json.loads(self.output)

    @property
    def seconds(self) -> float:
        """Returns the duration that the run reports, without the start of the process."""
        return self.response["duration_ms"] / 1000


@dataclass
class Figure:
    """The result of a row. `met` is None if the row has no goal."""

    said: str
    met: bool | None
    sides: str

    @property
    def cell(self) -> str:
        return self.said + (", missed" if self.met is False else "")


def ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def at_least(value: float, goal: float, words: str, sides: str) -> Figure:
    return Figure(f"{ratio(value)}{words}", value >= goal, sides)


def at_most(value: float, goal: float, words: str, sides: str) -> Figure:
    return Figure(f"{ratio(value)}{words}", value <= goal, sides)


@dataclass
class Bench:
    folder: Path
    quick: bool
    kept: dict = field(default_factory=dict)  # values that a row keeps for later rows
    number: int = 0

    def place(self, name: str) -> Path:
        self.number += 1
        return self.folder / f"{self.number}-{name}"

    def full(self, size: int, quick: int) -> int:
        return quick if self.quick else size

    def measure(self, command: list, variables: dict, exits: int = 0, limit_mib: int | None = None) -> Ended:
        """Runs a process to its end. Its output goes to files, since a full pipe could block it."""

        # preexec_fn also prevents vfork. With vfork the peak memory of this process would count as the child's.
        def limited() -> None:
            if limit_mib is not None:
                resource.setrlimit(resource.RLIMIT_DATA, (limit_mib << 20, limit_mib << 20))

        name = Path(command[0]).name
        output, log = self.place("output"), self.place("log")
        with output.open("w") as into, log.open("w") as errors:
            began, clock = time.time(), time.perf_counter()
            process = subprocess.Popen(command, env=variables, stdout=into, stderr=errors, preexec_fn=limited)
            patience = threading.Timer(900, process.kill)
            patience.start()
            try:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                patience.cancel()
                if process.returncode is None:
                    process.kill()
                    process.wait()
        wall = time.perf_counter() - clock
        said = ESCAPES.sub("", log.read_text(errors="replace"))
        peak = used.ru_maxrss / 1024
        if process.returncode != exits:
            ended = f"{name} ended with {process.returncode} instead of {exits} after {wall:.0f} s, at {peak:.0f} MiB"
            raise RuntimeError(f"{ended}: {first_error(said)}")
        return Ended(began, wall, used.ru_utime + used.ru_stime, peak, output.read_text(), said)

    def rolecall(
        self, fleet: Fleet, accounts: int, *arguments: str, output: str | None = None, exits: int = 0,
        limit_mib: int | None = None, faults: dict[str, int] | None = None, service: str = "ec2",
        **variables: str,
    ) -> Ended:  # fmt: skip
        """Runs rolecall over the first accounts of a fleet, by default into a folder.

        `faults` maps kinds of faults to account numbers. They concern EC2, or every service.
        """
        numbers = [account_id(number) for number in range(accounts)]
        targets = [{"account_id": number, "external_id": external_id(number)} for number in numbers]
        registry = self.place("targets.json")
        registry.write_text(json.dumps({"version": 1, "targets": targets}))
        command = [executable(RELEASE / "rolecall"), "run", "--registry", registry, "--accounts", "all", "--json"]
        command += ["--output", output or self.place("inventory"), *arguments]
        fleet.do("reset")
        for what, account in (faults or {}).items():
            fleet.do("fault", what=what, account=account, service=service)
        return self.measure(command, environment(fleet.endpoint, **variables), exits, limit_mib)

    def boto3(self, fleet: Fleet, accounts: int, regions: tuple[str, ...] | None = None) -> Ended:
        if not VENV_PYTHON.exists():
            raise RuntimeError("boto3 is not installed: `make emulator` does that")
        catalogue = subprocess.check_output([executable(RELEASE / "rolecall"), "resources", "--json"])
        # Without the operations that need a parent's id, so boto3 makes fewer calls than rolecall.
        listed = [entry["operation"] for entry in json.loads(catalogue) if entry["parent"] is None]
        operations = [name for name in listed if name.startswith("ec2:Describe") and name != "ec2:DescribeRegions"]
        order = {"accounts": [account_id(number) for number in range(accounts)], "operations": operations}
        order |= {"output": str(self.place("rows.jsonl"))} | ({"regions": regions} if regions else {})
        command = [VENV_PYTHON, Path(__file__).with_name("boto3_pool.py"), json.dumps(order)]
        fleet.do("reset")
        return self.measure(command, environment(fleet.endpoint))

    def bare(self, fleet: Fleet, requests: Path, connections: int) -> dict:
        """Sends recorded requests again, without parsing the answers."""
        address = urllib.parse.urlsplit(fleet.endpoint).netloc
        fleet.do("reset")
        command = [fleet_executable(), "bare", requests, address, str(connections)]
        ended = self.measure(command, environment(fleet.endpoint))
        if errors := fleet.counts()["errors"]:
            raise RuntimeError(f"{errors} of the requests that were sent again were refused")
        return json.loads(ended.output)


def first_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if " INFO " not in line and " WARN " not in line]
    return " ".join(line for line in lines if line)[:300] or "it said nothing"
