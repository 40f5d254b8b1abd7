"""A real S3 server for one test process: moto over HTTP on loopback, with a bucket, gone when the test is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

# moto accepts any key.
KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "a-secret-of-the-tests"}


@dataclass(frozen=True)
class Bucket:
    """`endpoint` is the server's address, `client` boto3's, to look from outside."""

    name: str
    endpoint: str
    client: Any

    @property
    def access(self) -> dict[str, str]:
        """The settings that open it, but for its address."""
        return {f"storage_{name}": value for name, value in (KEYS | {"endpoint": self.endpoint}).items()}

    def url(self, folder: str) -> str:
        return f"s3://{self.name}/{folder}"

    def keys(self, part: str = "") -> list[str]:
        """The keys of its first thousand objects that have `part` in them."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [entry["Key"] for entry in found if part in entry["Key"]]


@contextmanager
def bucket(name: str) -> Iterator[Bucket]:
    """A server with that bucket. moto keeps one store a process: two at the same time need two names."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )
    client.create_bucket(Bucket=name)
    try:
        yield Bucket(name, endpoint, client)
    finally:
        client.close()
        server.stop()
