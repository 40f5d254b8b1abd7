"""A hundred people at work for minutes while processes are killed: nothing that was answered as done may be lost.

    python benchmarks/soak.py [--seconds 300] [--sessions 100] [--postgres] [--seed 1]

Starts the real program (two web processes, a worker, loopback only) on an instance of its own. Sessions read pages and
the API, edit workspaces and members, invite, make tokens and upload small films; web processes and worker get SIGKILL at
random. Afterwards what was answered is compared with the database, the audit log's chains and the storage are checked,
and jobs must drain. Prints counts and times; exit code 1 for any violation. It ends by itself two minutes later at most.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastpix.access import principal
from fastpix.accounts import sessions
from fastpix.db import Base, set_reading
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from tests import postgres
from tests.running.house import PASSWORD, House
from tests.running.server import Server, Visitor, eventually
from tests.video.clips import H264, clip, colour, tone

PAGES = ("/o/acme/", "/o/acme/members/", "/o/acme/workspaces/", "/o/acme/media/", "/o/acme/live/", "/account")
READS = ("iam/me", "iam/members", "iam/workspaces", "on-demand", "iam/invitations", "iam/organization")
PAUSE_SECONDS = 1.0  # people look at what they get, on average so long
MOST_FILMS = 40  # processing them shares the two cores with everybody


class Ledger:
    """What was answered as done, what went wrong, and how long it took; for all sessions together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done: dict[str, set[str]] = defaultdict(set)
        self.last: dict[str, str] = {}
        self.statuses: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.refused: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.films = 0

    def note(self, kind: str, answer: httpx.Response, seconds: float) -> bool:
        """Whether it was answered as done."""
        with self.lock:
            self.statuses[f"{answer.status_code // 100}xx"] += 1
            self.seconds[kind].append(seconds)
            if 400 <= answer.status_code < 500:
                self.refused[f"{kind}: {answer.status_code} {answer.text[:160]}"] += 1
            if answer.status_code >= 500:
                self.wrong.append(f"{kind}: {answer.status_code} {answer.text[:120]}")
        return answer.status_code < 400

    def keep(self, kind: str, *names: str) -> None:
        with self.lock:
            self.done[kind].update(names)

    def cut(self) -> None:
        """A connection that ended without an answer: the server was killed, and nothing was promised."""
        with self.lock:
            self.statuses["cut"] += 1


class Session(threading.Thread):
    """One person, who works until `stop`."""

    def __init__(self, number: int, house: House, ledger: Ledger, world: World, stop: threading.Event) -> None:
        super().__init__(name=f"session-{number}")
        self.number, self.house, self.ledger, self.world, self.stop = number, house, ledger, world, stop
        self.chance = random.Random(world.seed * 1000 + number)
        self.made = 0
        self.api = httpx.Client(base_url=f"{house.server.url}/v1/", auth=house.auth, timeout=30)
        self.browser = Visitor(house.server)
        name = f"fastpix_session_{house.server.url.rpartition(':')[2]}"  # the port is part of it
        self.browser.client.cookies.set(name, world.cookies[number])

    def run(self) -> None:
        works = (
            [self.page] * 6
            + [self.read] * 6
            + [self.workspace, self.describe, self.invite, self.token, self.edit, self.film]
        )
        while not self.stop.is_set():
            try:
                self.chance.choice(works)()
            except httpx.TransportError:
                self.ledger.cut()
            self.stop.wait(self.chance.uniform(0, 2 * PAUSE_SECONDS))
        self.api.close()
        self.browser.client.close()

    def ask(self, kind: str, method: str, path: str, **given: Any) -> httpx.Response | None:
        began = time.monotonic()
        answer = self.api.request(method, path, **given)
        return answer if self.ledger.note(kind, answer, time.monotonic() - began) else None

    def page(self) -> None:
        began = time.monotonic()
        answer = self.browser.get(self.chance.choice(PAGES))
        self.ledger.note("page", answer, time.monotonic() - began)
        if "/sign-in" in str(answer.url):
            self.ledger.wrong.append("a living session was sent to sign in")

    def read(self) -> None:
        self.ask("api read", "GET", self.chance.choice(READS))

    def workspace(self) -> None:
        name = self.unique("w")
        if self.ask("workspace", "POST", "iam/workspaces", json={"name": name}):
            self.ledger.keep("workspaces", name)

    def describe(self) -> None:
        """Everybody changes a workspace of their own, so that the last answered text must be the one that stands."""
        own, text = self.world.workspaces[self.number % len(self.world.workspaces)], self.unique("d")
        if self.number >= len(self.world.workspaces):
            return self.read()
        if self.ask("edit", "PATCH", f"iam/workspaces/{own}", json={"description": text}):
            self.ledger.last[own] = text
        return None

    def invite(self) -> None:
        email = f"{self.unique('i')}@soak.example"
        if self.ask("invite", "POST", "iam/invitations", json={"emails": [email], "role": "member"}):
            self.ledger.keep("invitations", email)

    def token(self) -> None:
        body = {"name": self.unique("t"), "workspaceId": self.world.home, "role": "member"}
        if self.ask("token", "POST", "iam/access-tokens", json=body):
            self.ledger.keep("access_tokens", body["name"])

    def edit(self) -> None:
        """Admins come and go among half of the members; the first admin stays, as the rule wants."""
        member = self.chance.choice(self.world.members)
        self.ask("member", "PATCH", f"iam/members/{member}", json={"role": self.chance.choice(("admin", "member"))})

    def film(self) -> None:
        with self.ledger.lock:
            if self.ledger.films >= MOST_FILMS:
                return
            self.ledger.films += 1
        settings = {"accessPolicy": "public", "title": self.unique("f")}
        made = self.ask("upload", "POST", "on-demand/upload", json={"corsOrigin": "*", "pushMediaSettings": settings})
        if made is None:
            return
        began = time.monotonic()
        sent = httpx.put(made.json()["data"]["url"], content=self.world.film, timeout=30)
        if self.ledger.note("film", sent, time.monotonic() - began):
            self.ledger.keep("media", made.json()["data"]["uploadId"].replace("-", ""))

    def unique(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.number}x{self.made}"


class World:
    """Who and what is there before: `count` people, half of them for changing roles, and a workspace each for some."""

    def __init__(self, house: House, count: int, seed: int, film: bytes) -> None:
        self.seed, self.film, self.cookies, self.members = seed, film, [], []
        with house.server._database() as app, app.app_context():
            from fastpix.db import db

            set_reading(False)
            here = organizations.find("acme")
            with principal.acting(principal.system("the soak", here, "cli")):
                for number in range(count):
                    person = people.add(f"p{number}@soak.example", f"Person {number}", PASSWORD, is_verified=True)
                    member = members.join(person.id, "member", "all")
                    secret = sessions.start(
                        person.id, timedelta(days=1), is_remembered=False, address="", user_agent="soak"
                    )
                    self.cookies.append(secret)
                    if number % 2:
                        self.members.append(str(member.id))
                db.session.commit()
        self.workspaces: list[str] = []

    def furnish(self, house: House) -> None:
        self.home = house.ask("GET", "iam/me").json()["data"]["workspaceId"]
        for number in range(20):
            made = house.ask("POST", "iam/workspaces", {"name": f"own {number}"})
            self.workspaces.append(made.json()["data"]["id"])


def kill_now_and_then(server: Server, seed: int, stop: threading.Event, killed: Counter[str]) -> None:
    """SIGKILL for web processes often; for gunicorn's master and the worker rarely, as the supervisor bears it."""
    chance, rarely = random.Random(seed), time.monotonic() + 20
    while not stop.wait(chance.uniform(3, 8)):
        with suppress(psutil.NoSuchProcess, StopIteration, IndexError):
            if time.monotonic() > rarely:
                rarely = time.monotonic() + 40
                name = chance.choice(("web server", "worker"))
                (server.master() if name == "web server" else server.program("worker")).kill()
            else:
                name = "web process"
                chance.choice(server.master().children()).kill()
            killed[name] += 1


def violations(server: Server, ledger: Ledger) -> list[str]:
    """What is wrong with the instance now, compared with what was answered."""
    found = list(dict.fromkeys(ledger.wrong))
    columns = {"workspaces": "name", "invitations": "email", "access_tokens": "name", "media": "upload"}
    engine = sa.create_engine(_url(server))
    with engine.connect() as connection:
        tables = Base.metadata.tables
        eventually(lambda: not _open_jobs(connection), 110, "jobs do not drain")
        for name, wanted in ledger.done.items():
            if name == "media":
                there = {str(row).replace("-", "") for row in connection.scalars(sa.select(tables["media"].c.id))}
            else:
                there = set(connection.scalars(sa.select(tables[name].c[columns[name]])))
            found += [f"{name}: {each} was answered as made and is not there" for each in sorted(wanted - there)]
        described = dict(
            connection.execute(sa.select(tables["workspaces"].c.id, tables["workspaces"].c.description)).all()
        )
        stand = {str(key): text for key, text in described.items()}
        lost = [key for key, text in ledger.last.items() if stand.get(key) != text]
        found += [f"the description of workspace {key} is not the last one that was answered" for key in lost]
        admins = sa.select(sa.func.count()).select_from(tables["members"]).where(tables["members"].c.role == "admin")
        if not connection.scalar(admins):
            found.append("the organization has no admin")
    engine.dispose()
    return found


def _open_jobs(connection: sa.Connection) -> int:
    jobs = Base.metadata.tables["jobs"]
    count = connection.scalar(
        sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state.in_(("queued", "running")))
    )
    connection.rollback()
    return int(count or 0)


def _url(server: Server) -> str:
    return server.settings.get("database_url") or f"sqlite:///{server.folder / 'fastpix.db'}"


def checks(server: Server) -> list[str]:
    """The operator's own commands, on the stopped instance."""
    found = []
    for command in (("audit", "verify"), ("storage", "check", "--all")):
        done = server.run(*command)
        print(f"fastpix {' '.join(command)}: {done.stdout.strip().splitlines()[-1]}")
        if done.returncode and not (command[0] == "storage" and "; 0 are missing" in done.stdout):
            found.append(f"fastpix {' '.join(command)}: {done.stdout.strip()[:300]}")
    return found


def report(ledger: Ledger, killed: Counter[str], seconds: float) -> None:
    print(f"\n{'kind':<12}{'requests':>10}{'p50 ms':>9}{'p95 ms':>9}")
    for kind, taken in sorted(ledger.seconds.items()):
        taken.sort()
        p50, p95 = (taken[min(len(taken) - 1, int(len(taken) * share))] * 1000 for share in (0.5, 0.95))
        print(f"{kind:<12}{len(taken):>10}{p50:>9.0f}{p95:>9.0f}")
    total = sum(map(len, ledger.seconds.values()))
    print(f"\n{total} answers in {seconds:.0f} s ({total / seconds:.0f} a second): {dict(ledger.statuses)}")
    for said, times in ledger.refused.most_common(5):
        print(f"refused {times} times: {said}")
    print(f"killed: {dict(killed)}; answered as done: { {name: len(names) for name, names in ledger.done.items()} }")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = clip(
            Path(folder), "film.mp4", *colour(seconds=1), *tone(1), *H264, "-c:a", "aac", "-shortest"
        ).read_bytes()
        cluster = postgres.start() if given.postgres else None
        options = {"database_url": cluster.create("soak")} if cluster else {}
        server = Server(Path(folder), web_workers="2", web_threads="64", **options)
        try:
            return _run(server, given, film)
        finally:
            server.stop()
            if cluster:
                cluster.stop()


def _run(server: Server, given: argparse.Namespace, film: bytes) -> int:
    house = House(server)
    world = World(house, given.sessions, given.seed, film)
    server.start()
    world.furnish(house)
    ledger, stop, killed = Ledger(), threading.Event(), Counter[str]()
    people_at_work = [Session(number, house, ledger, world, stop) for number in range(given.sessions)]
    killer = threading.Thread(target=kill_now_and_then, args=(server, given.seed, stop, killed))
    began = time.monotonic()
    for thread in (*people_at_work, killer):
        thread.start()
    stop.wait(given.seconds)
    stop.set()
    for thread in (*people_at_work, killer):
        thread.join()
    report(ledger, killed, time.monotonic() - began)
    eventually(server._is_ready, 60, "the server did not come back")
    found = violations(server, ledger)
    server.stop()
    found += checks(server)
    print("\n".join(found[:20]) or "no violation: all that was answered is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
