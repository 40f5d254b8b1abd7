"""What somebody tries who wants our server to speak to what only our server can reach."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from fastpix.outbound import public_address
from fastpix.outbound.download import FetchFailed, fetch
from fastpix.outbound.public_address import is_public
from tests.certificates import self_signed
from tests.outbound.test_download import answer, body_of, failure

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::2", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_no_host_of_the_internet_is_not_public(text):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_host_of_the_internet_is_public(text):
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_the_ways_to_write_an_ipv4_address_in_ipv6_hide_nothing(address):
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_public(ip_address(f"{prefix}{address}")) == is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_not_global_is_never_public(address):
    assert address.is_global or not is_public(address)


@pytest.fixture
def canary(serve):
    """A server in the private network: it must never be asked for anything."""
    server = serve(answer(b"the secret of the private network"))
    yield server
    assert server.requests == []


# 127.0.0.1 in all the ways that a system's resolver understands.
WRITTEN = ["127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
           "127.0.0.1.", "user@127.0.0.1", "example.com@127.0.0.1", "%31%32%37.0.0.1", "１２７.0.0.1", "①②⑦.⓪.⓪.①"]  # fmt: skip


@pytest.mark.parametrize("host", WRITTEN)
def test_our_own_machine_is_not_reached_however_it_is_written(canary, host):
    assert failure(f"http://{host}:{canary.port}/", allow_private=False).is_permanent


@pytest.mark.parametrize("host", WRITTEN)
def test_a_redirect_does_not_lead_to_our_own_machine(canary, serve, public_loopback, host):
    location = f"http://{host}:{canary.port}/".encode().decode("latin-1")
    first = serve(answer(status="302 Found", Location=location), address=public_loopback)
    assert failure(first.url(), allow_private=False).is_permanent
    assert len(first.requests) == 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:25/_HELO", "http://[::1]/", "//10.0.0.1/"],
)
def test_a_redirect_does_not_lead_to_another_kind_of_address(serve, public_loopback, location):
    first = serve(answer(status="302 Found", Location=location), address=public_loopback)
    assert failure(first.url(), allow_private=False).is_permanent


def test_a_redirect_is_checked_after_several_good_ones(canary, serve, public_loopback):
    def behave(connection, request):
        left = int(request.split()[1][1:])
        location = f"/{left - 1}" if left else canary.url()
        connection.sendall(answer(status="302 Found", Location=location))

    first = serve(behave, address=public_loopback)
    assert "not on the public internet" in str(failure(first.url("/3"), allow_private=False))
    assert len(first.requests) == 4


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(canary, monkeypatch):
    """DNS rebinding: public when it is checked, ours when it is asked for again."""
    answers = iter([[ip_address("8.8.8.8")], [ip_address("127.0.0.1")]])
    connected = []

    def create_connection(address, **_):
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", create_connection)
    failure(f"http://rebind.test:{canary.port}/", allow_private=False, resolve=lambda _host, _port: next(answers))
    monkeypatch.undo()
    assert connected == [("8.8.8.8", canary.port)] and len(list(answers)) == 1


def test_the_address_that_was_checked_is_the_one_that_is_asked(serve):
    """The system knows no films.test: it works only if nobody asks the system."""
    server, asked = serve(answer(b"film")), []

    def resolve(host, port):
        asked.append((host, port))
        return [ip_address("127.0.0.1")]

    assert body_of(server.url(host="films.test"), resolve=resolve) == b"film"
    assert asked == [("films.test", server.port)]
    assert f"Host: films.test:{server.port}\r\n" in server.requests[0]


def test_one_private_address_among_public_ones_is_enough_to_refuse(canary):
    def resolve(_host, _port):
        return [ip_address("8.8.8.8"), ip_address("127.0.0.1")]

    failed = failure(f"http://both.test:{canary.port}/", allow_private=False, resolve=resolve)
    assert failed.is_permanent and "both.test is not on the public internet" in str(failed)


def test_environment_proxies_are_not_used(serve, canary, monkeypatch):
    monkeypatch.setenv("http_proxy", canary.url(""))
    monkeypatch.setenv("ALL_PROXY", canary.url(""))
    assert body_of(serve(answer(b"film")).url()) == b"film"


def test_a_password_in_the_address_is_sent_to_its_server_alone(serve):
    other = serve(answer(b"film"))

    def behave(connection, request):
        to = "/second" if request.startswith("GET /first") else other.url("/third")
        connection.sendall(answer(status="302 Found", Location=to))

    server = serve(behave)
    body_of(server.url("/first", host="me:p%40ss@127.0.0.1"))
    assert (
        all("Authorization: Basic bWU6cEBzcw==\r\n" in request for request in server.requests)
        and len(server.requests) == 2
    )
    assert "authorization" not in other.requests[0].lower() and "bWU6" not in other.requests[0]
    assert "referer" not in other.requests[0].lower() and "@" not in other.requests[0]


def test_a_server_cannot_have_us_sign_in_elsewhere(serve):
    other = serve(answer(b"film"))
    server = serve(answer(status="302 Found", Location=other.url(host="admin:admin@127.0.0.1")))
    assert body_of(server.url()) == b"film"
    assert "authorization" not in other.requests[0].lower()


def test_messages_tell_no_password(serve):
    for answered in (answer(status="404 Not Found"), b""):
        assert "p4ssw0rd" not in str(failure(serve(answered).url(host="me:p4ssw0rd@127.0.0.1")))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate for films.test that signs itself: the file of it, and of it with its key."""
    folder = tmp_path_factory.mktemp("tls")
    authority = (x509.BasicConstraints(ca=True, path_length=None), True)
    secret, pem = self_signed("films.test", [x509.DNSName("films.test")], authority)
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(secret + pem)
    return folder


@pytest.fixture
def encrypted(serve, certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "both.pem")
    return serve(answer(b"film" * 100_000), context=context)


def here(_host, _port):
    return [ip_address("127.0.0.1")]


def test_an_encrypted_server_proves_its_name_though_we_connect_to_an_address(encrypted, certificates):
    trusting = ssl.create_default_context(cafile=str(certificates / "certificate.pem"))
    assert body_of(encrypted.url(host="films.test"), resolve=here, context=trusting) == b"film" * 100_000
    for host in ("other.test", "127.0.0.1"):
        failed = failure(encrypted.url(host=host), resolve=here, context=trusting)
        assert failed.is_permanent and "no valid certificate" in str(failed)
    assert len(encrypted.requests) == 1


def test_a_certificate_nobody_vouches_for_is_refused(encrypted):
    assert "no valid certificate" in str(failure(encrypted.url(host="films.test"), resolve=here))
    assert encrypted.requests == []


def test_a_server_that_never_finishes_the_handshake_is_left(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchFailed):
        fetch(f"https://127.0.0.1:{silent.getsockname()[1]}/", bytes, allow_private=True, max_bytes=1, max_seconds=0.3)


def test_the_systems_resolver_is_asked_once_for_each_address():
    assert public_address.resolve("127.0.0.1", 80) == [ip_address("127.0.0.1")]
    assert set(public_address.resolve("localhost", 80)) <= {ip_address("127.0.0.1"), ip_address("::1")}
