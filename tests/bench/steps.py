"""Measures the steps of a fleet's run, plan, shard and reduce, with the release build of the function.

    steps.py [--accounts 10000] [--shards 3] [--items 30] [--latency-ms 30] [--batch 25]

The function runs on one processor (if `taskset` exists), like a Lambda of 1,769 MB, against the simulated AWS. It runs
and times `--shards` of all shards. The manifests of the others, which reduce needs, are copies of these and name the
same files. The overhead of Lambda, Step Functions and S3 is not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from measuring import RELEASE, Fleet, account_id, environment, executable, external_id

RUN = "bench"


class Runtime:
    """Serves the part of Lambda's runtime interface that repeated invocations need."""

    def __init__(self) -> None:
        events: Queue[dict] = Queue()
        answers: Queue[tuple[str, bytes]] = Queue()
        self.events, self.answers = events, answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = json.dumps(events.get()).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "bench")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 900) * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:1:function:bench")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                answers.put((self.path, self.rfile.read(int(self.headers.get("Content-Length") or 0))))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def invoke(self, event: dict[str, Any], process: subprocess.Popen) -> tuple[Any, float, float]:
        """Returns the response, the wall time and the CPU time."""
        cpu, began = cpu_of(process.pid), time.perf_counter()
        self.events.put(event)
        path, body = self.answers.get(timeout=900)
        took = time.perf_counter() - began
        if not path.endswith("/response"):
            raise RuntimeError(f"{event}: {body.decode(errors='replace')[:500]}")
        return json.loads(body), took, cpu_of(process.pid) - cpu


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def copy_manifest(output: Path, number: int, done: dict[str, Any], accounts: list[str]) -> None:
    """Writes the manifest of a shard that did not run, as a copy of one that did."""
    manifest = json.loads(json.dumps(done))
    manifest["shard"] = str(number)
    for summary, account in zip(manifest["accounts"], accounts, strict=False):  # the last shard has fewer accounts
        summary["account_id"] = account
    del manifest["accounts"][len(accounts) :]
    (output / f"runs/{RUN}/shards/{number}.json").write_text(json.dumps(manifest, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--shards", type=int, default=3)
    parser.add_argument("--latency-ms", type=int, default=30)
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--items", type=int, default=30, help="of each type of EC2 in each region")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rolecall-steps-"))
    runtime = Runtime()
    ids = [account_id(number) for number in range(arguments.accounts)]
    targets = [{"account_id": id, "external_id": external_id(id)} for id in ids]
    registry, output = folder / "targets.json", folder / "out"
    registry.write_text(json.dumps({"version": 1, "targets": targets}))
    fleet = {
        "accounts": arguments.accounts,
        "items": arguments.items,
        "zones": 2,
        "records": 200,
        "latency_ms": arguments.latency_ms,
    }
    try:
        with Fleet(**fleet) as sim:
            function = environment(
                sim.endpoint,
                AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{runtime.server.server_port}",
                AWS_LAMBDA_FUNCTION_NAME="bench",
                AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1769",
                AWS_LAMBDA_FUNCTION_VERSION="1",
                ROLECALL_REGISTRY=str(registry),
                ROLECALL_OUTPUT=str(output),
                ROLECALL_LOG="error",
            )
            pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
            log = (folder / "log").open("wb")
            process = subprocess.Popen([*pinned, executable(RELEASE / "bootstrap")], env=function, stdout=log)
            try:
                plan = {
                    "step": "plan",
                    "request": {"run_id": RUN, "accounts": "all"},
                    "execution": "x",
                    "batch": arguments.batch,
                }
                laid_out, *planned = runtime.invoke(plan, process)
                print(f"plan: {arguments.accounts} accounts in {laid_out['shards']} shards: {told(planned)}")
                for number in range(arguments.shards):
                    _, *took = runtime.invoke({"step": "shard", "run_id": RUN, "shard": str(number)}, process)
                    print(f"shard {number}: {arguments.batch} accounts x 17 regions: {told(took)}")
                manifests = [
                    json.loads((output / f"runs/{RUN}/shards/{n}.json").read_text()) for n in range(arguments.shards)
                ]
                calls = sum(account["calls"] for account in manifests[0]["accounts"])
                print(f"  {calls} calls, {len(manifests[0]['files'])} files, peak {peak_of(process.pid):.0f} MiB")
                for number in range(arguments.shards, laid_out["shards"]):
                    of = ids[number * arguments.batch : (number + 1) * arguments.batch]
                    copy_manifest(output, number, manifests[number % arguments.shards], of)
                reduced, *took = runtime.invoke({"step": "reduce", "run_id": RUN}, process)
                size = (output / f"runs/{RUN}/manifest.json").stat().st_size / 1e6
                print(f"reduce: {reduced['accounts']['planned']} accounts: {told(took)}")
                print(f"  {reduced['status']}, a manifest of {size:.1f} MB, peak {peak_of(process.pid):.0f} MiB")
            finally:
                process.kill()
                process.wait()
    finally:
        runtime.server.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def told(took: list[float]) -> str:
    wall, cpu = took
    return f"{wall:.1f} s, {cpu:.1f} s of CPU"


if __name__ == "__main__":
    main()
