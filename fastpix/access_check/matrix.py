"""Every registered endpoint asked with every method as everybody, and what was wrong with the answers.

What is expected comes from the role table and the policy written by hand, never from the guard that is tried. Input is
left empty: who may not must be turned away before it is looked at, and who may is told what is missing.
"""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from fastpix.access_check import throwaway
from fastpix.access_check.callers import (
    API_CALLERS,
    LIVE_RULES,
    MADE_UP,
    PAGE_CALLERS,
    Caller,
    Route,
    fill,
    routes_of,
    verdict,
)
from fastpix.access_check.cast import UNLIMITED, Cast, make_cast
from fastpix.access_check.contents import Contents
from fastpix.access_check.doors import Answer, Doors
from fastpix.access_check.policy import POLICY
from fastpix.app import PUBLIC, create_app
from fastpix.backup import migrations
from fastpix.config.settings import Settings
from fastpix.db import db

SAFE = ("GET", "HEAD")
NOT_OFFERED = 501  # said on purpose, after the guard
IN, NOT_FOUND, PUBLIC_WORD = "let in", "404", "public"


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


def expected(route: Route, caller: Caller) -> str:
    """`let in`, `public`, or the status that turns the caller away; from the role table and the policy alone."""
    if route.endpoint in PUBLIC:
        return PUBLIC_WORD
    status = verdict(route, caller, POLICY.get(route.endpoint, ""))
    return IN if status is None else str(status)


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
    """An application with the operator's settings in a folder that is thrown away, and everybody in its database.

    `database_url` is that of an empty database; an SQLite file in the folder, if none is given.
    """

    def __init__(
        self,
        given: Settings,
        folder: Path,
        make_app: Callable[[Settings], Flask] = create_app,
        *,
        database_url: str = "",
    ) -> None:
        self.settings = apart(given, folder, database_url or throwaway.file_in(folder))
        self.app = make_app(self.settings)
        with self.app.app_context():
            migrations.upgrade()
            self.cast: Cast = make_cast()
            self._engine = db.engine
        self.doors = Doors(self.app, self.settings, self.cast)
        self._contents = Contents(self._engine)
        self._untouched, self._mark = self.digest(), self._contents.mark()
        self._state = throwaway.State(self._engine, self._contents)

    def close(self) -> None:
        """Let go of the database, so that it can be removed."""
        self._state.close()
        self._contents.close()
        self._engine.dispose()

    def results(self) -> Iterator[Result]:
        """Try everything. Who must be turned away comes first, and must leave nothing behind."""
        for route in routes_of(self.app):
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
        ids = self.cast.ids | (self.cast.live_ids if route.rule.startswith(LIVE_RULES) else {})
        ids["org"] = self.cast.home if caller.is_at_home else self.cast.elsewhere
        address = fill(route.rule, lambda name: ids.get(name, MADE_UP))
        return address, any(name not in ids for name in route.ids)

    def is_touched(self) -> bool:
        """Whether anything was stored since the last reset. Reads the tables only if somebody wrote at all."""
        before, self._mark = self._mark, self._contents.mark()
        return before != self._mark and self.digest() != self._untouched

    def digest(self) -> str:
        """A hash of all that is stored, but for what a refusal may change."""
        return self._contents.digest()

    def reset(self) -> None:
        """Put the database back as the cast left it."""
        self._state.put_back()
        self._mark = self._contents.mark()


def _door(route: Route) -> str:
    return "API" if route.is_api else "dashboard"


def _comes(route: Route, caller: Caller) -> bool:
    """Foreign ids under one's own address make sense where the address has both."""
    return caller.is_at_home or (route.in_organization and bool(route.ids))


def apart(given: Settings, folder: Path, database_url: str) -> Settings:
    """The operator's settings, but for all that leads to data, mail or the network; cheap passwords, no limits."""
    return dataclasses.replace(
        given,
        instance_path=folder,
        database_url=database_url,
        secret_key=uuid.uuid4().hex * 2,
        smtp_url="",
        storage_url="",
        live_relay_url="",
        password_memory_kib=8,
        redis_url="",
        **UNLIMITED,
    )


def run(given: Settings, *, on_sqlite: bool = False) -> list[Result]:
    """The whole proof, on a database of the operator's own kind, or an SQLite file.

    An endpoint without a guard stops the application's boot, which is a surprise as well. Raises `Misconfigured` where
    PostgreSQL gives no database to throw away.
    """
    with (
        tempfile.TemporaryDirectory(prefix="fastpix-proof-") as folder,
        throwaway.database("" if on_sqlite else given.database, Path(folder)) as url,
    ):
        try:
            proof = Proof(given, Path(folder), database_url=url)
        except RuntimeError as problem:
            return [Result(str(problem).split()[0], "", "", "everybody", "", "a guard", str(problem), True)]
        try:
            return list(proof.results())
        finally:
            proof.close()
