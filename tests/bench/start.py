"""Measures the size of the function, and its time from the start to the first request of an event.

    start.py [target/release/bootstrap] [--runs 20]

It serves the part of Lambda's runtime interface that a start needs: it waits for GET .../invocation/next. It prints the
median and the range of the wall time. Lambda's own overhead is not measured.
"""

from __future__ import annotations

import argparse
import resource
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator"))
from pack import pack


def start(bootstrap: Path) -> float:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        server.settimeout(30)
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "ROLECALL_REGISTRY": "s3://registry/targets.json",
            "ROLECALL_OUTPUT": "s3://results",
        }
        began = time.perf_counter()
        process = subprocess.Popen([bootstrap], env=environment)
        try:
            connection, _ = server.accept()
            with connection:
                request = connection.recv(4096)
                took = time.perf_counter() - began
                process.kill()  # before the connection closes, which the function would log as an error
            if b"/invocation/next" not in request:
                raise RuntimeError(f"the function asked for something else first: {request[:80]!r}")
            return took
        finally:
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bootstrap", type=Path, nargs="?", default=Path("target/release/bootstrap"))
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    bootstrap = arguments.bootstrap.resolve()
    start(bootstrap)  # once for the page cache
    times = [start(bootstrap) * 1000 for _ in range(arguments.runs)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    median, spread = statistics.median(times), f"from {min(times):.1f} to {max(times):.1f}"
    print(f"start to first request: {median:.1f} ms ({spread}, {len(times)} runs)")
    print(f"peak memory by then:    {peak:.1f} MiB")
    print(f"size: {bootstrap.stat().st_size / 1e6:.1f} MB, zipped {len(pack(bootstrap)) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
