"""A storage on the local disk and one in a real S3 server on loopback: the same tests run on both."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from fastpix.storage import open_storage

KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "a-secret-of-the-tests"}


@pytest.fixture(scope="session")
def s3_keys():
    return KEYS


@pytest.fixture(scope="session")
def s3_server():
    """moto's S3 over HTTP with the bucket `media`; it accepts any key."""
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
    client.create_bucket(Bucket="media")
    yield SimpleNamespace(endpoint=endpoint, client=client)
    client.close()
    server.stop()


@pytest.fixture
def local(tmp_path):
    return open_storage("", tmp_path / "media")


@pytest.fixture
def in_s3(s3_server, tmp_path):
    return open_storage(f"s3://media/{uuid4().hex}/videos", tmp_path / "media", endpoint=s3_server.endpoint, **KEYS)


@pytest.fixture(params=["local", "in_s3"])
def storage(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def eventually():
    def poll(condition, seconds=15.0):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)
        return found

    return poll


@pytest.fixture
def make_folder(tmp_path):
    """`make_folder({"a/b": b"bytes"})`: a folder with these files."""

    def make(files):
        folder = tmp_path / f"made-{uuid4().hex}"
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return make
