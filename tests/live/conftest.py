"""A certificate for servers that speak TLS; what ingest asks the database by, and a stream's key."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509

from fastpix.live.executor import Executor
from tests.certificates import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for localhost that nobody else signed."""
    key, pem = self_signed("localhost", [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    file.write_bytes(key + pem)
    return file


@pytest.fixture
def executor(world):
    made = Executor(world.app)
    yield made
    made.close()


@pytest.fixture
def key(world):
    """The stream key of Acme's stream."""
    return world.cast.acme.shelf.stream_secrets["stream_key"]
