"""A certificate for servers that speak TLS."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509

from tests.certificates import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for localhost that nobody else signed."""
    key, pem = self_signed("localhost", [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    file.write_bytes(key + pem)
    return file
