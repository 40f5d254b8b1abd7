"""A storage on the local disk and one in a real S3 server on loopback: the same tests run on both."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fastpix.storage import open_storage
from tests import object_store
from tests.object_store import KEYS


@pytest.fixture(scope="session")
def s3_keys():
    return KEYS


@pytest.fixture(scope="session")
def s3_server():
    """moto's S3 over HTTP with the bucket `media`; it accepts any key."""
    with object_store.bucket("media") as found:
        yield found


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
def make_folder(tmp_path):
    """`make_folder({"a/b": b"bytes"})`: a folder with these files."""

    def make(files):
        folder = tmp_path / f"made-{uuid4().hex}"
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return make
