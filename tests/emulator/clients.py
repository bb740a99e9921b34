"""Makes boto3 clients for the emulator.

In the emulator an account id as access key id, with the secret `test`, is root of that account. The harness must not
reach real AWS: it refuses any endpoint that is not on the loopback.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlparse

import boto3
from botocore.config import Config

BACKEND_ACCOUNT = "999999999999"
HOME_REGION = "eu-central-1"
SECRET = "test"

# Calls reach the loopback directly, past a proxy that is set for the internet.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
# The user's settings for real AWS are dropped.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


class Cloud:
    """The emulated AWS at one endpoint."""

    def __init__(self, endpoint: str) -> None:
        if urlparse(endpoint).hostname not in ("127.0.0.1", "localhost"):
            raise ValueError(
                f"{endpoint} is not on the loopback: this harness makes changes and must not reach real AWS"
            )
        self.endpoint = endpoint
        self._session = boto3.Session()
        self._config = Config(retries={"max_attempts": 0}, connect_timeout=60, read_timeout=900)

    def root(self, service: str, account: str = BACKEND_ACCOUNT, region: str = HOME_REGION) -> Any:
        """Returns a client that calls as the account's root."""
        return self._client(service, region, account, SECRET, None)

    def session_of(self, credentials: dict[str, str], service: str, region: str = HOME_REGION) -> Any:
        """Returns a client that uses the `Credentials` of an AssumeRole answer."""
        return self._client(
            service, region, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
        )

    def _client(self, service: str, region: str, key: str, secret: str, token: str | None) -> Any:
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=self._config,
        )
