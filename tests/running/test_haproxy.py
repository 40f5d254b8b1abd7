"""Real HAProxy in front, which writes ports and brackets into X-Forwarded-For; and the cookies of a whole company."""

from __future__ import annotations

import shutil
import socket
import subprocess

import httpx
import pytest

from tests.running.server import Server, eventually, free_port

PROGRAM = shutil.which("haproxy", path="/usr/sbin")
CONFIGURATION = """defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend four
    bind 127.0.0.1:{four}
    http-request set-header X-Forwarded-For %[src]:%[src_port]
    default_backend fastpix
frontend six
    bind ipv6@[::1]:{six}
    http-request set-header X-Forwarded-For [%[src]]:%[src_port]
    default_backend fastpix
backend fastpix
    http-reuse never
    server one {server}
"""
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs HAProxy: apt-get install haproxy")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("haproxy"), trusted_proxies="1", requests_per_address="3")
    made.seed()
    made.start_web()
    eventually(lambda: answers(made.port))
    yield made
    made.stop()


def answers(port, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0


@pytest.fixture(scope="module")
def fronts(server, tmp_path_factory):
    """Addresses of HAProxy: over IPv4 it writes `127.0.0.1:51234`, over IPv6 `[::1]:4711`."""
    four, six, path = free_port(), free_port(), tmp_path_factory.mktemp("proxy") / "haproxy.cfg"
    path.write_text(CONFIGURATION.format(four=four, six=six, server=server.settings["bind"]))
    process = subprocess.Popen([PROGRAM, "-f", str(path), "-db"], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(four) and answers(six, "::1"))
        yield {"127.0.0.1": f"http://127.0.0.1:{four}", "::1": f"http://[::1]:{six}"}
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_visitor_is_one_whatever_port_each_connection_has(server, fronts, address):
    """A limit is settled now and then and its minute may end between: by the port each request would be a visitor's first."""
    host = {"Host": server.url.removeprefix("http://")}
    statuses = [httpx.get(f"{fronts[address]}/v1/iam/me", headers=host).status_code for _ in range(12)]
    assert statuses[0] == 401 and 429 in statuses, statuses
    lines = [line for line in server.log_path.read_text().splitlines() if "/v1/iam/me" in line]
    assert any(f"] {address} " in line for line in lines), lines[-1:]


def test_the_cookies_of_neighbours_are_taken(server):
    """The web server took 8 kB, and answered 400 before it asked the application."""
    cookies = "; ".join(f"neighbour_{number}={'x' * 4000}" for number in range(4))
    assert len(cookies) > 16_000
    assert httpx.get(f"{server.url}/healthz", headers={"Cookie": cookies}).status_code == 200
