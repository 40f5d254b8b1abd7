"""The same broadcast on PostgreSQL and S3: nothing but settings differs, and a killed ingest loses nothing there either."""

from __future__ import annotations

import logging

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests import postgres
from tests.running.encoder import Returning, make_clip
from tests.running.server import Server, eventually
from tests.running.stream import Stream
from tests.running.test_on_air import publishing


@pytest.fixture(scope="module")
def bucket():
    """An S3 server on loopback with the bucket `films`; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys)
    client.create_bucket(Bucket="films")
    client.close()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL of its own: the one of the other tests is busy with theirs."""
    try:
        server = postgres.start()
    except postgres.Missing as missing:
        pytest.skip(str(missing))
    yield server.create("grown")
    server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, database, bucket):
    made = Server(
        tmp_path_factory.mktemp("grown"),
        database_url=database,
        storage_url="s3://films/house",
        storage_endpoint=bucket,
        storage_access_key="AKIAEXAMPLE",
        storage_secret_key="secret",
    )
    made.cast = made.seed()
    made.start()
    yield made
    made.stop()


def test_a_broadcast_on_postgresql_and_s3_survives_its_ingest_and_is_recorded(server, tmp_path):
    stream = Stream(server)
    with publishing(make_clip(tmp_path), stream.url, Returning):
        before = stream.until_pieces(2)
        server.program("live").kill()
        after = stream.until_pieces(before.last + 2, 60)
        assert after.pieces[: len(before.pieces)] == before.pieces and after.breaks == 1
        eventually(lambda: stream.status == "active")
        stream.do("finish")
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    (media,) = stream.recordings(seconds=60)
    assert abs(float(media["duration"]) - ended.seconds) < 2.0
    assert stream.key not in server.log and "Traceback" not in server.log
