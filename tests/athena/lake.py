"""Puts an output into the emulated S3, and the tables and views of the template into the emulated Glue.

The template is evaluated as CloudFormation would. It knows nothing of what the views say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3

import state
import template
from servers import KEY, Servers

BUCKET = "results"
RANGE = "projection.dt.range"


class Lake:
    """The emulated S3 and Glue."""

    def __init__(self, servers: Servers) -> None:
        place = {"endpoint_url": servers.endpoint, "region_name": "us-east-1"}
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": KEY}
        self.s3 = boto3.client("s3", **place, **keys)
        self.glue = boto3.client("glue", **place, **keys)
        self.s3.create_bucket(Bucket=BUCKET)

    def has(self, database: str) -> bool:
        return any(found["Name"] == database for found in self.glue.get_databases()["DatabaseList"])

    def upload(self, folder: Path, prefix: str) -> None:
        """Uploads an output, with the lists of files that a run to this place writes."""
        state.write_lists(folder, f"s3://{BUCKET}/{prefix}")
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.s3.upload_file(str(path), BUCKET, f"{prefix}/{path.relative_to(folder)}")

    def deploy(self, parsed: dict[str, Any], database: str, prefix: str, dates: tuple[str, str]) -> list[str]:
        """Creates the template's database, and returns the names of its views.

        The dates are the first and the last of the output. Until today there may be hundreds of empty folders, and the
        emulated S3 lists them slowly.
        """
        given = {"Bucket": BUCKET, "Prefix": prefix, "Database": database, "FirstDate": dates[0]}
        self.glue.create_database(DatabaseInput={"Name": database})
        tables = template.tables(template.resolve(parsed, given))
        for table in tables:
            parameters = {name: str(value) for name, value in table["Parameters"].items()}
            if projected := parameters.get(RANGE):
                parameters[RANGE] = projected.replace("NOW", dates[1])
            self.glue.create_table(DatabaseName=database, TableInput=table | {"Parameters": parameters})
        return [table["Name"] for table in tables if table["TableType"] == "VIRTUAL_VIEW"]
