"""Every registered endpoint x method x person x door, and what was wrong with the answers.

What is expected comes from the role table and the policy written by hand, never from the guard that is tried. Input is
left empty: who may not must be turned away before it is looked at, and who may is told what is missing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from fastpix.access import table
from fastpix.app import PUBLIC, create_app
from fastpix.db import Base, db
from fastpix.proof.cast import STANDING, UNLIMITED, Cast, make_cast
from fastpix.proof.doors import Answer, Doors
from fastpix.proof.policy import POLICY
from fastpix.settings import Settings

SWITCHES = frozenset({"members_edit_workspaces"})
LIVE_RULES = ("/v1/live/", "/o/<org>/live/")
SAFE = ("GET", "HEAD")
# Notes of presence, counts of tries, and the audit log, where a denied attempt is told on purpose.
NOT_WATCHED = {"limit_counts", "form_keys", "alembic_version", "audit_heads", "audit_log"}
VOLATILE = {"last_seen_at", "last_used_at", "last_used_from"}
VOLATILE_OF = {"sessions": {"address"}}  # noted with last_seen_at
NOT_OFFERED = 501  # said on purpose, after the guard
IN, NOT_FOUND, PUBLIC_WORD = "let in", "404", "public"


@dataclass(frozen=True)
class Route:
    """One endpoint with one method."""

    endpoint: str
    method: str
    rule: str

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/v1/")

    @property
    def in_organization(self) -> bool:
        return self.rule.startswith("/o/<org>")

    @property
    def names(self) -> list[str]:
        """Names of the ids in the address, without the organization's."""
        return [name for name in re.findall(r"<(?:[^:<>]+:)?(\w+)>", self.rule) if name != "org"]


@dataclass(frozen=True)
class Caller:
    """A person with a proof of who they are. `proof` is `session`, the label of a token, or what is wrong with it."""

    person: str
    proof: str
    is_at_home: bool = True  # else: under the other organization's address

    def __str__(self) -> str:
        return f"{self.person} ({self.proof}{'' if self.is_at_home else ', foreign ids under their own address'})"


@dataclass(frozen=True)
class Result:
    """One request of the proof. `got` is a status, with what else was seen."""

    endpoint: str
    method: str
    address: str
    person: str
    door: str
    expected: str
    got: str
    is_surprise: bool


PAGE_CALLERS = (
    *(Caller(person, "session") for person in STANDING),
    Caller("outsider", "session", is_at_home=False),
    Caller("nobody", "nothing"),
    Caller("admin", "a token at the dashboard"),
)
API_CALLERS = (
    *(Caller("admin", label) for label in ("people", "plain", "member")),
    *(Caller(person, "people") for person in ("member", "demoted", "removed", "outsider")),
    Caller("nobody", "nothing"),
    Caller("admin", "a session at the API"),
    Caller("admin", "a wrong secret"),
)


def expected(route: Route, caller: Caller) -> str:
    """`let in`, `public`, or the status that turns the caller away; from the role table and the policy alone."""
    if route.endpoint in PUBLIC:
        return PUBLIC_WORD
    key = POLICY.get(route.endpoint, "")
    if route.is_api:
        return _expected_at_the_api(route, caller, key)
    if caller.proof != "session":
        return "302"
    if key == "instance.operate":
        return NOT_FOUND  # nobody of the cast was made an operator, and admins are none
    if not route.in_organization:
        return IN
    if caller.person == "outsider" and not caller.is_at_home:
        return NOT_FOUND
    role = STANDING[caller.person]
    if role is None:
        return NOT_FOUND
    return IN if key in table.ROWS and table.ROWS[key].allows(role, SWITCHES) else "403"


def _expected_at_the_api(route: Route, caller: Caller, key: str) -> str:
    if caller.proof in ("nothing", "a session at the API", "a wrong secret") or caller.person == "removed":
        return "401"
    if caller.person == "outsider":
        return NOT_FOUND if route.names else IN
    role: table.Role = "admin" if caller.person == "admin" and caller.proof != "member" else "member"
    row = table.ROWS.get(key)
    return IN if row and row.allows(role, SWITCHES) and (caller.proof == "people" or not row.manages_people) else "403"


def is_surprise(route: Route, caller: Caller, wanted: str, answer: Answer, *, is_made_up: bool) -> bool:
    """Whether the answer is another than the caller should have had."""
    if answer.status >= 500 and answer.status != NOT_OFFERED:
        return True
    if wanted == PUBLIC_WORD:
        return False
    if wanted == IN:
        refused = answer.status in (401, 403) or answer.is_sign_in
        return refused or (answer.status == 404 and not is_made_up)
    if wanted == "302":
        return not answer.is_sign_in
    if wanted == NOT_FOUND and caller.person == "outsider" and route.method not in SAFE:
        # Their own organization, a foreign thing: input is looked at first, and was empty.
        return answer.status not in ({404, 400, 415, 422} if route.is_api or not caller.is_at_home else {404})
    return answer.status != int(wanted)


class Proof:
    """An application with the operator's settings in a folder that is thrown away, and everybody in its database."""

    def __init__(self, given: Settings, folder: Path, make_app: Callable[[Settings], Flask] = create_app) -> None:
        self.settings = apart(given, folder)
        self.app = make_app(self.settings)
        with self.app.app_context():
            flask_migrate.upgrade()
            db.session.remove()
            self.cast: Cast = make_cast()
        self.doors = Doors(self.app, self.settings, self.cast)
        self._database = folder / "proof.db"
        self._pristine = sqlite3.connect(":memory:")
        self._copy(self._database, self._pristine)
        self._watch = sqlite3.connect(self._database)
        self._reader = sa.create_engine(self.settings.database)
        self._untouched, self._version = self.digest(), self._data_version()

    def close(self) -> None:
        """Let go of the database, so that its folder can be removed."""
        self._pristine.close()
        self._watch.close()
        self._reader.dispose()
        with self.app.app_context():
            db.engine.dispose()

    def routes(self) -> list[Route]:
        return [
            Route(rule.endpoint, method, rule.rule)
            for rule in sorted(self.app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint))
            for method in sorted((rule.methods or set()) - {"OPTIONS"})
        ]

    def results(self) -> Iterator[Result]:
        """Try everything. Who must be turned away comes first, and must leave nothing behind."""
        for route in self.routes():
            yield from self.results_of(route)

    def results_of(self, route: Route) -> Iterator[Result]:
        """One endpoint with one method, by everybody."""
        if route.endpoint not in PUBLIC and route.endpoint not in POLICY:
            yield Result(
                route.endpoint,
                route.method,
                route.rule,
                "everybody",
                _door(route),
                "a line in the policy",
                "none",
                True,
            )
        callers = [c for c in (API_CALLERS if route.is_api else PAGE_CALLERS) if _comes(route, c)]
        for caller in sorted(callers, key=lambda c: expected(route, c) in (IN, PUBLIC_WORD)):
            yield self._try(route, caller)

    def _try(self, route: Route, caller: Caller) -> Result:
        wanted = expected(route, caller)
        address, is_made_up = self._address(route, caller)
        answer = self.doors.ask(route.method, address, caller.person, caller.proof, is_api=route.is_api)
        surprise = is_surprise(route, caller, wanted, answer, is_made_up=is_made_up)
        got = f"{answer.status}{' to the sign-in' if answer.is_sign_in else ''}"
        is_touched = self.is_touched()
        if is_touched:
            self.reset()
        if is_touched and wanted not in (IN, PUBLIC_WORD):
            surprise, got = True, f"{got}, and something was stored"
        return Result(route.endpoint, route.method, route.rule, str(caller), _door(route), wanted, got, surprise)

    def _address(self, route: Route, caller: Caller) -> tuple[str, bool]:
        """The address with ids of what is at home, and whether one of them had to be made up."""
        known = self.cast.ids | (self.cast.live_ids if route.rule.startswith(LIVE_RULES) else {})
        known["org"] = self.cast.home if caller.is_at_home else self.cast.elsewhere
        address = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: known.get(found[1], str(uuid.UUID(int=7))), route.rule)
        return address, any(name not in known for name in route.names)

    def is_touched(self) -> bool:
        """Whether anything was stored since the last reset. Reads the tables only if somebody wrote at all."""
        before, self._version = self._version, self._data_version()
        return before != self._version and self.digest() != self._untouched

    def _data_version(self) -> int:
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def digest(self) -> str:
        """A hash of all that is stored, but for what a refusal may change."""
        said = hashlib.blake2b()
        with self._reader.connect() as connection:
            for kept in Base.metadata.sorted_tables:
                if kept.name in NOT_WATCHED:
                    continue
                hidden = VOLATILE | VOLATILE_OF.get(kept.name, set())
                rows = connection.execute(sa.select(*(c for c in kept.columns if c.name not in hidden)))
                said.update(f"{kept.name}: {sorted(map(repr, rows))}\n".encode())
        return said.hexdigest()

    def reset(self) -> None:
        """Put the database back as the cast left it."""
        self._copy(self._pristine, self._database)
        self._version = self._data_version()

    @staticmethod
    def _copy(source: Path | sqlite3.Connection, target: Path | sqlite3.Connection) -> None:
        opened = [sqlite3.connect(end) if isinstance(end, Path) else end for end in (source, target)]
        opened[0].backup(opened[1])
        for end, connection in zip((source, target), opened, strict=True):
            if isinstance(end, Path):
                connection.close()


def _door(route: Route) -> str:
    return "API" if route.is_api else "dashboard"


def _comes(route: Route, caller: Caller) -> bool:
    """Foreign ids under one's own address make sense where the address has both."""
    return caller.is_at_home or (route.in_organization and bool(route.names))


def apart(given: Settings, folder: Path) -> Settings:
    """The operator's settings, but for all that leads to data, mail or the network; cheap passwords, no limits."""
    return dataclasses.replace(
        given,
        instance_path=folder,
        database_url=f"sqlite:///{folder / 'proof.db'}",
        secret_key=uuid.uuid4().hex * 2,
        smtp_url="",
        storage_url="",
        live_relay_url="",
        password_memory_kib=8,
        redis_url="",
        **UNLIMITED,
    )


def run(given: Settings) -> list[Result]:
    """The whole proof. An endpoint without a guard stops the application's boot, which is a surprise as well."""
    with tempfile.TemporaryDirectory(prefix="fastpix-proof-") as folder:
        try:
            proof = Proof(given, Path(folder))
        except RuntimeError as problem:
            return [Result(str(problem).split()[0], "", "", "everybody", "", "a guard", str(problem), True)]
        try:
            return list(proof.results())
        finally:
            proof.close()
