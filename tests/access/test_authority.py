"""Authority is read in the transaction that writes: whatever is lost while a request is under way, it changes nothing.

Here the moment is made: just before the wall looks, the right is lost in another transaction. The same by chance, with
threads, is in `tests/stories/test_lost_right_stories.py`.
"""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

from fastpix.access import action as wall
from fastpix.access import authority, locks, principal, table
from fastpix.access.action import PROVED_BY_ITSELF
from fastpix.db import db, set_reading
from fastpix.resources.members.models import Member
from fastpix.resources.people import domain as people
from tests.access.losing import BY_SESSION, BY_TOKEN, lose_elsewhere, second_admin
from tests.access.persons import Caller, ask
from tests.access.routes import guarded
from tests.access.test_fresh_steps import grow_stale
from tests.cast import acting_as
from tests.stories.tables import rows

pytestmark = pytest.mark.sql("what is locked, and what a transaction sees")

CHANGING = [route for route in guarded() if route.action and route.action.changes and route.method != "GET"]


@pytest.fixture
def meanwhile(world, monkeypatch):
    """`meanwhile(loss)`: just before the next change is checked, the loss happens elsewhere. Gives the moments it did."""
    read, moments, planned = authority.read, [], []

    def at_the_wall(*args, **kwargs):
        if planned:
            if world.kind == "sqlite":
                db.session.rollback()  # as when a password was checked, or a film received: else nobody else can write
            loss = planned.pop()
            lose_elsewhere(world, loss)
            moments.append(loss)
        return read(*args, **kwargs)

    monkeypatch.setattr(authority, "read", at_the_wall)

    def plan(loss):
        planned[:] = [loss]
        moments.clear()
        return moments

    return plan


def _expected(route, way):
    """The status of a request whose sender lost the right; None where it is still theirs to do."""
    key = route.action.key
    if route.action.is_personal:
        return 302 if way == "sign-out" and key not in PROVED_BY_ITSELF else None
    if way == "demotion":
        allows = table.row(key).allows("member", {"members_edit_workspaces"})
        return None if allows else 403
    return 401 if route.is_api else 302 if way == "sign-out" else 403


def _faults(world, route, way, loss, meanwhile):
    world.reset()
    second_admin(world)
    moments = meanwhile(loss)
    response, _ = ask(world, route, Caller("ada", "people" if route.is_api else "session"))
    said, expected = f"{route} and {way}", _expected(route, way)
    if not moments:
        yield f"{said}: no change was begun ({response.status_code})"
    if expected is None:
        return
    if response.status_code != expected:
        yield f"{said}: {response.status_code} instead of {expected}"
    told = [row["result"] for row in rows(world, "audit_log", request_id=response.headers["X-Request-Id"])]
    if told != ["denied"]:
        yield f"{said}: the audit log says {told}"


def _all_faults(world, meanwhile, turn=0):
    """Every changing route with one loss each, taken in turns; another `turn` begins with another one."""
    ways = {True: itertools.cycle(BY_TOKEN.items()), False: itertools.cycle(BY_SESSION.items())}
    for cycle in ways.values():
        next(itertools.islice(cycle, turn, turn), None)
    # A world is put back ten times as fast on SQLite: PostgreSQL has its part of the routes (by hand it was all).
    for route in CHANGING[:: 1 if world.kind == "sqlite" else 8]:
        yield from _faults(world, route, *next(ways[route.is_api]), meanwhile)


@pytest.mark.full("every changing route, a world each")
@pytest.mark.parametrize("turn", [0])
def test_whoever_loses_the_right_meanwhile_changes_nothing_at_any_route(world, meanwhile, turn):
    assert list(_all_faults(world, meanwhile, turn)) == []


SOME = {
    "page": ("workspaces.create", "POST"),
    "api": ("workspaces_api.create_post", "POST"),
    "people": ("members_api.edit_patch", "PATCH"),
    "own": ("account.index", "POST"),
}


@pytest.mark.parametrize("kind", SOME)
def test_each_loss_stops_each_kind_of_change(world, meanwhile, kind):
    route = next(route for route in guarded() if (route.endpoint, route.method) == SOME[kind])
    ways = BY_TOKEN if route.is_api else BY_SESSION
    faults = [fault for way, loss in ways.items() for fault in _faults(world, route, way, loss, meanwhile)]
    assert faults == []


def test_without_the_second_look_the_change_would_stand(world, meanwhile, monkeypatch):
    """Breaks the wall on purpose: who acts is taken from the beginning of the request, as it was before."""
    monkeypatch.setattr(authority, "_readers", [lambda actor: actor])
    route = next(route for route in guarded() if (route.endpoint, route.method) == SOME["page"])
    (wrong_status, wrong_log) = _faults(world, route, "demotion", BY_SESSION["demotion"], meanwhile)
    assert "303 instead of 403" in wrong_status and "['done']" in wrong_log


def test_it_is_looked_up_once_in_a_transaction_and_again_in_the_next(world, cast, monkeypatch):
    read, looked = authority._readers[0], []
    monkeypatch.setattr(authority, "_readers", [lambda actor: looked.append(actor) or read(actor)])
    with world.session(), acting_as(cast, "ada") as ada:
        for _ in range(2):
            authority.read("media.edit", is_personal=False, is_alone=False)
        assert len(looked) == 1 and authority.is_read(ada)
        db.session.commit()
        assert not authority.is_read(ada)
        authority.read("media.edit", is_personal=False, is_alone=False)
        assert len(looked) == 2


def test_a_verb_that_goes_on_after_its_transaction_ended_is_a_fault_of_ours(world, cast):
    """Whoever writes such a verb is told so by its first run: `read_again` is missing."""

    def forgetful():
        db.session.commit()
        wall.describe("workspace", "", "")

    def careful():
        db.session.commit()
        wall.read_again()
        wall.describe("workspace", "", "")

    try:
        forgets, cares = wall.action("media.edit")(forgetful), wall.action("media.edit")(careful)
        with world.session(), acting_as(cast, "ada"):
            with pytest.raises(RuntimeError, match="its transaction ended in the middle"):
                forgets()
            db.session.rollback()
            cares()
    finally:
        for verb in (forgetful, careful):
            wall.ACTIONS.pop(f"{verb.__module__}.{verb.__qualname__}", None)


def test_no_change_is_begun_where_a_transaction_only_reads(world, cast):
    with world.session(), acting_as(cast, "ada"):
        set_reading(True)
        with pytest.raises(RuntimeError, match="only reads"):
            authority.read("media.edit", is_personal=False, is_alone=False)
        set_reading(False)


def test_a_request_that_shares_a_lock_may_not_take_it_alone(world, cast):
    """Two such requests would wait for each other: a verb that ends rights must say so (`is_alone`)."""
    with world.session():
        locks.share(("organization", cast.acme.id))
        with pytest.raises(RuntimeError, match="is_alone"):
            locks.alone("organization", cast.acme.id, in_request=True)
        db.session.rollback()
        locks.alone("organization", cast.acme.id, in_request=True)


def test_a_session_that_became_stale_meanwhile_is_asked_for_a_proof(world, ada, meanwhile, cast):
    """A role of hers changed elsewhere while this was under way: what needs a fresh proof needs it again."""

    def role_changed_elsewhere(world):
        people.rights_changed(cast.people["ada"].id)
        db.session.commit()
        grow_stale(world)

    meanwhile(role_changed_elsewhere)
    answer = ada.page.post("/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)})
    assert answer.status_code == 403 and "Confirm that it is you" in answer.text


def test_a_promotion_meanwhile_gives_a_request_nothing_more(world, cast):
    """It goes on with what it came with."""
    with world.session():
        mel = cast.actor("mel")
        with principal.acting(mel):
            now_is(cast, role="admin")
            authority.read("workspaces.edit", is_personal=False, is_alone=False)
            assert principal.current() == mel


def now_is(cast, **values):
    db.session.execute(sa.update(Member).where(Member.id == cast.acme.members["mel"]).values(values))


def test_workspaces_taken_away_meanwhile_are_out_of_reach(world, cast):
    with world.session():
        mel = cast.actor("mel")
        with principal.acting(mel):
            now_is(cast, all_workspaces=False)
            authority.read("workspaces.edit", is_personal=False, is_alone=False)
            assert principal.current().workspace_ids == frozenset()
