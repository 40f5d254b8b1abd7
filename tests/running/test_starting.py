"""`fastpix up` as an operator meets it: the first start, a start too many, the end by Ctrl-C and by SIGKILL."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx
import psutil
import pytest

from fastpix.delivery import playback_tokens
from tests.running.server import Server, Visitor, eventually

PASSWORD = "correct horse battery"


def test_from_an_empty_folder_to_ctrl_c_and_back(make_server):
    server = make_server()
    server.start()

    # The first start shows the set-up page, and says where the token is without saying the token.
    visitor = Visitor(server)
    page = visitor.get("/")
    assert page.status_code == 200
    assert page.url.path == "/set-up"
    token_path = server.folder / "setup_token"
    assert stat.S_IMODE(token_path.stat().st_mode) == 0o600
    assert f"{server.url}/set-up" in server.log
    assert str(token_path) in server.log
    assert server.setup_token not in server.log

    # A second start on the same instance says so in one line, and harms nothing.
    second = server.run("up")
    assert second.returncode == 1
    assert "already running on this instance" in one_line(second.stderr)
    assert f"process {server.process.pid}" in second.stderr

    answer = visitor.post(
        "/set-up",
        token=server.setup_token,
        organization="Acme",
        name="Ada",
        email="ada@example.com",
        password=PASSWORD,
    )
    assert answer.url.path == "/o/acme/"
    assert not token_path.exists()

    # Ctrl-C ends everything, in order.
    server.family()
    assert server.interrupt() == 0
    eventually(server.is_gone, what="something still runs after Ctrl-C")

    # Started again: the same data, the same session, and no second set-up.
    before = server.log
    server.start()
    assert "setup_token" not in server.log.removeprefix(before)
    assert not token_path.exists()
    assert visitor.get("/o/acme/").status_code == 200
    assert visitor.get("/set-up").url.path != "/set-up"
    with closing(Visitor(server)) as another:
        assert another.sign_in("ada@example.com", PASSWORD).url.path == "/o/acme/"
    visitor.close()

    # The web server is killed: it is started again, and it is said.
    server.master().kill()
    eventually(lambda: "the web server was killed by SIGKILL; starting it again." in server.log, 30)
    eventually(lambda: answers(server), 30)
    assert server.interrupt() == 0
    eventually(server.is_gone, what="something still runs after Ctrl-C")
    assert "Traceback" not in server.log


def answers(server):
    with suppress(httpx.TransportError):
        return probe(server, "/readyz").status_code == 200
    return False


def test_probes_then_a_killed_supervisor(make_server):
    server = make_server().start()

    # /healthz and /readyz answer whatever the Host; other pages do not.
    for host in ("10.0.0.7", "anything.example", f"localhost:{server.port}"):
        for path in ("/healthz", "/readyz"):
            assert probe(server, path, host).status_code == 200
    refused = probe(server, "/sign-in", "anything.example")
    assert refused.status_code == 400
    assert "FASTPIX_PUBLIC_URL" in refused.text

    # Migrations behind or ahead of this version.
    for revision, word in ((None, "older"), ("of-the-future", "newer")):
        with revision_set_to(server, revision):
            answer = probe(server, "/readyz")
            assert answer.status_code == 503
            assert answer.json()["migrations"].startswith(word)
            assert probe(server, "/healthz").status_code == 200
    assert probe(server, "/readyz").status_code == 200

    # What forks the programs has no thread and no database open: a fork would tear them.
    supervisor = psutil.Process(server.process.pid)
    assert supervisor.num_threads() == 1
    assert [file.path for file in supervisor.open_files() if "fastpix.db" in file.path] == []
    assert {" ".join(child.cmdline()).strip() for child in supervisor.children()} >= {"fastpix worker", "fastpix live"}
    # What it forked does not hold its lock.
    locked = server.folder / "up.lock"
    assert [p.pid for p in server.family() if str(locked) in {file.path for file in p.open_files()}] == [supervisor.pid]

    # SIGKILL of the supervisor leaves nothing running.
    server.family()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    eventually(server.is_gone, what="something still runs after the supervisor was killed")


def test_an_unusable_database_is_not_ready(make_server):
    server = make_server()
    server.seed()
    server.start_web()
    assert probe(server, "/readyz").json() == {"database": "ok", "migrations": "ok", "storage": "ok"}
    for path in server.folder.glob("fastpix.db*"):
        path.write_bytes(b"this is no database. " * 1000)
    answer = eventually(lambda: found if (found := probe(server, "/readyz")).status_code != 200 else None)
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "cannot be read"
    assert probe(server, "/healthz").status_code == 200
    page = probe(server, "/sign-in")
    assert page.status_code in (500, 503)
    assert "request id" in page.text
    assert "Traceback" not in page.text
    assert "SELECT" not in page.text


def test_two_machines_that_start_at_once_on_one_empty_database_both_serve(make_server, postgres_server, tmp_path):
    """One migrates, the other waits for it."""
    shared = {"database_url": postgres_server.create("begun"), "secret_key": "one secret key for both machines, long"}
    servers = [make_server(**shared, storage_url=f"file://{tmp_path}/media") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Server.start, servers))
    for server in servers:
        assert probe(server, "/readyz").json() == {"database": "ok", "migrations": "ok", "storage": "ok"}
        with closing(Visitor(server)) as visitor:
            assert visitor.get("/").url.path == "/set-up"
    assert [server.interrupt() for server in servers] == [0, 0]
    assert "Traceback" not in "".join(server.log for server in servers)


def test_a_port_in_use_is_one_clear_line(tmp_path):
    server = Server(tmp_path)
    with socket.create_server(("127.0.0.1", server.port)):
        done = server.run("up")
    assert done.returncode == 1
    said = one_line(done.stderr)
    assert f"127.0.0.1:{server.port} is used by another program" in said
    assert "FASTPIX_BIND" in said
    assert not (server.folder / "fastpix.db").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("FASTPIX_PUBLIC_ULR", "https://x.example", "is not a setting"), ("FASTPIX_BIND", "8000", "give host:port")],
)
def test_a_wrong_setting_is_refused_in_one_line(tmp_path, name, value, said):
    server = Server(tmp_path)
    done = server.run("up", **{name: value})
    assert done.returncode == 1
    line = one_line(done.stderr)
    assert name in line
    assert said in line
    assert not server.folder.exists()


def one_line(text: str) -> str:
    assert len(text.splitlines()) == 1, text
    assert text.startswith("fastpix: ")
    return text


def probe(server: Server, path: str, host: str | None = None) -> httpx.Response:
    return httpx.get(server.loopback + path, headers={"Host": host} if host else {}, timeout=20)


class revision_set_to:
    """Inside, the database claims to be at another revision of the schema."""

    def __init__(self, server: Server, revision: str | None) -> None:
        self.path, self.revision = server.folder / "fastpix.db", revision

    def __enter__(self) -> None:
        self.before = self._put([self.revision] if self.revision else [])

    def __exit__(self, *_problem: object) -> None:
        self._put(self.before)

    def _put(self, revisions: list[str]) -> list[str]:
        with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
            present = [row[0] for row in database.execute("SELECT version_num FROM alembic_version")]
            database.execute("DELETE FROM alembic_version")
            database.executemany("INSERT INTO alembic_version VALUES (?)", [(each,) for each in revisions])
        return present


def test_a_token_as_long_as_is_promised_comes_as_far_as_the_application(server):
    """A web server that cuts the request's line answers without CORS headers: a player on another site reads nothing."""
    address = f"{server.url}/stream/{uuid.uuid4()}.m3u8"
    answer = httpx.get(
        address, params={"token": "e" * playback_tokens.LONGEST}, headers={"Origin": "https://a.example"}
    )
    assert answer.status_code == 404, answer.text
    assert answer.json()["error"]["code"] == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_doctor_finds_a_running_instance_well(server):
    done = server.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "ok    public address" in done.stdout and "ok    live" in done.stdout
    wrong = server.run("doctor", FASTPIX_TRUSTED_PROXIES="1")
    assert wrong.returncode == 1 and "anybody can claim an address" in wrong.stdout
