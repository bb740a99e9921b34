"""Installs Trino, and starts it and an emulated AWS on the loopback. Both end with the block that started them.

Athena engine version 3 is Trino. It reads Glue and S3 of the emulated AWS (moto), which holds everything in memory. It
knows nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trino

VERSION = "476"
ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
JAVA = 24  # the oldest that this version runs on
CATALOG = "awsdatacatalog"
READY_TIMEOUT = 900.0  # seconds
KEY = "x"  # the emulated AWS takes any

CONFIG = """coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory=1GB
catalog.management=static
"""
NODE = """node.environment=test
node.id=one
node.data-dir={data}
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
"""
JVM = """-server
-Xmx2G
-XX:+UseG1GC
-Djdk.attach.allowAttachSelf=true
-Dfile.encoding=UTF-8
"""
HIVE = f"""connector.name=hive
hive.metastore=glue
hive.metastore.glue.region=us-east-1
hive.metastore.glue.endpoint-url={{endpoint}}
hive.metastore.glue.aws-access-key={KEY}
hive.metastore.glue.aws-secret-key={KEY}
hive.metastore.glue.catalogid=123456789012
fs.native-s3.enabled=true
s3.endpoint={{endpoint}}
s3.region=us-east-1
s3.path-style-access=true
s3.aws-access-key={KEY}
s3.aws-secret-key={KEY}
hive.partition-projection-enabled=true
hive.recursive-directories=true
"""


class ServerError(RuntimeError):
    """A server that could not be installed or started."""


@dataclass(frozen=True)
class Servers:
    """The addresses of the running servers."""

    endpoint: str  # of the emulated AWS
    trino_port: int
    log: Path  # of the emulated AWS: a line for each request

    def connect(self, database: str) -> trino.dbapi.Connection:
        # The emulated Glue has no statistics, and Trino would ask for them again and again.
        session = {f"{CATALOG}.statistics_enabled": "false"}
        place = {"host": "127.0.0.1", "port": self.trino_port, "catalog": CATALOG, "schema": database}
        return trino.dbapi.connect(**place, user="reader", session_properties=session)

    def requests(self) -> list[str]:
        """Returns the requests to S3 since the start, one a line."""
        return [line for line in self.log.read_text().splitlines() if "HTTP/1.1" in line and "/results" in line]


def java_home() -> str:
    """Returns the newest Java that is new enough."""
    homes = [Path(home) for home in (os.environ.get("JAVA_HOME"),) if home]
    if found := shutil.which("java"):
        homes.append(Path(found).resolve().parents[1])
    homes += Path("/usr/lib/jvm").glob("*")
    versions = {}
    for home in homes:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = [home / "bin/java", "-version"]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
            if match := re.search(r'version "(\d+)', said):
                versions[int(match[1])] = str(home)
    if not versions or max(versions) < JAVA:
        raise ServerError(f"Trino {VERSION} needs Java {JAVA} or newer: set JAVA_HOME")
    return versions[max(versions)]


def install(folder: Path) -> Path:
    """Installs Trino below the folder, once, and returns its home."""
    home = folder / f"trino-server-{VERSION}"
    if not home.exists():
        print(f"downloading Trino {VERSION} by Maven (821 MB, once)", flush=True)
        repository = folder / "maven"
        command = ["mvn", "-q", "-B", PLUGIN, f"-Dartifact={ARTIFACT}", "-Dtransitive=false"]
        subprocess.run([*command, f"-Dmaven.repo.local={repository}"], check=True)
        package = repository / f"io/trino/trino-server/{VERSION}/trino-server-{VERSION}.tar.gz"
        unpacked = folder / "unpacked"
        with tarfile.open(package) as archive:
            archive.extractall(unpacked, filter="tar")
        (unpacked / home.name).rename(home)
        shutil.rmtree(repository)
    return home


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Runs both servers."""
    home, aws_port, trino_port = install(folder), free_port(), free_port()
    found = Servers(f"http://127.0.0.1:{aws_port}", trino_port, folder / "aws.log")
    moto = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(aws_port)]
    configure(home, folder / "data", found)
    environment = os.environ | {"JAVA_HOME": java_home()}
    with (
        process(moto, found.log, os.environ.copy()) as aws,
        process([home / "bin/launcher", "run"], folder / "trino.log", environment) as engine,
    ):
        wait(aws, found.log, lambda: bool(urllib.request.urlopen(found.endpoint + "/moto-api/", timeout=5)))
        wait(engine, folder / "trino.log", lambda: answers(found))
        yield found


def answers(found: Servers) -> bool:
    cursor = found.connect("information_schema").cursor()
    cursor.execute("select 1")
    return cursor.fetchall() == [[1]]


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def configure(home: Path, data: Path, found: Servers) -> None:
    written = {"config.properties": CONFIG.format(port=found.trino_port), "node.properties": NODE.format(data=data)}
    written |= {"jvm.config": JVM, f"catalog/{CATALOG}.properties": HIVE.format(endpoint=found.endpoint)}
    for name, text in written.items():
        path = home / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@contextlib.contextmanager
def process(command: list, log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """Runs a process in a group of its own, which ends with the block."""
    with log.open("w") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait(started: subprocess.Popen, log: Path, is_ready: callable) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        if started.poll() is not None:
            raise ServerError(f"a server ended at its start: {log}")
        with contextlib.suppress(Exception):
            if is_ready():
                return
        time.sleep(0.5)
    raise ServerError(f"a server is not ready after {READY_TIMEOUT:.0f} s: {log}")
