"""How somebody loses a right while a request of theirs is under way: what another person, or the clock, does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from fastpix.access import organization_lock, principal
from fastpix.accounts import sessions
from fastpix.db import db, now
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members import domain as members
from fastpix.resources.members.suspension import domain as suspension
from tests.cast import acting_as
from tests.stories.tables import change
from tests.world import World

Loss = Callable[[World], None]
# Mel is made an admin first (`second_admin`), so that Ada can lose what she has.
BY_SESSION: dict[str, Loss] = {
    "demotion": lambda world: members.edit(world.cast.acme.members["ada"], role="member"),
    "removal": lambda world: members.remove(world.cast.acme.members["ada"]),
    "suspension": lambda world: suspension.suspend([world.cast.acme.members["ada"]]),
    "sign-out": lambda world: _sign_out(world),
}
BY_TOKEN: dict[str, Loss] = {
    "demotion": BY_SESSION["demotion"],
    "removal": BY_SESSION["removal"],
    "suspension": BY_SESSION["suspension"],
    "revocation": lambda world: access_tokens.revoke(_token(world)),
    "adoption": lambda world: _adopt(world),
    "expiry": lambda world: _expire(world),
}


def second_admin(world: World) -> None:
    change(world, "members", {"id": world.cast.acme.members["mel"]}, role="admin")


def lose(world: World, loss: Loss) -> datetime:
    """Ada loses her right, in a transaction of its own, saved. When: nothing she does may be later."""
    with world.session(), principal.acting(principal.system("what happens meanwhile", world.cast.acme.id)):
        loss(world)
        db.session.flush()
        moment = now()
        db.session.commit()
        return moment


def lose_elsewhere(world: World, loss: Loss) -> None:
    """The same as another request would do it: in another thread, waited for."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            lose(world, loss)
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "a dead lock"
    if faults:
        raise faults[0]


def _token(world: World):
    return world.cast.people["ada"].tokens["people"].id


def _sign_out(world: World) -> None:
    sessions.end_all(world.cast.people["ada"].id)


def _adopt(world: World) -> None:
    with acting_as(world.cast, "mel"):
        access_tokens.adopt(_token(world))


def _expire(world: World) -> None:
    """As if its time had come; under the lock, so that it has one moment."""
    organization_lock.take()
    over = sa.update(AccessToken).where(AccessToken.id == _token(world)).values(expires_at=now() - timedelta(seconds=1))
    db.session.execute(over.execution_options(synchronize_session=False))
