"""Authority is read in the transaction that writes: who acts is looked up again, once in every one that changes something.

A request learns who asks when it begins. What it does later, after a password was checked or a film received, may be in
another transaction: by then the role may be gone, the person removed, the session ended, the token revoked. So the wall
(`access.action`) asks here before every change, and nothing is changed by who has lost the right to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastpix.access import locks, principal
from fastpix.access.principal import Actor
from fastpix.db import db, is_reading
from fastpix.errors import NotSignedIn

# Which actors were looked up in the running transaction, and what they are now.
_READ = "fastpix authority"
_readers: list[Callable[[Actor], Actor | None]] = []


class Ended(NotSignedIn):
    """The session or the token has ended since the request began. `permission` is what was asked for with it."""

    def __init__(self, permission: str) -> None:
        super().__init__("What you were signed in with has ended.")
        self.permission = permission


def read_with(reader: Callable[[Actor], Actor | None]) -> None:
    """Give the function that looks an actor up as it stands now; None when its session or token has ended.

    Set once, by `fastpix.app`.
    """
    _readers[:] = [reader]


def read(permission: str, *, is_personal: bool, is_alone: bool) -> None:
    """Look the actor in force up in the running transaction, unless that was done, and keep it from losing its rights
    until the transaction ends. From here on it has those it has now; never more than it came with.

    `is_alone`: it is about to end rights itself. Raises `Ended`.
    """
    actor = principal.current()
    _lock(actor, is_personal=is_personal, is_alone=is_alone)
    if actor.kind not in ("person", "token"):
        return
    if is_reading():
        raise RuntimeError(f"{permission}: a change was begun in a transaction that only reads")
    read_here = _read_here()
    if actor.credential not in read_here:
        (reader,) = _readers
        read_here[actor.credential] = reader(actor)
    _narrow(actor, read_here[actor.credential], permission)


def look(permission: str) -> None:
    """Look the actor in force up in a transaction that only reads, for what takes long before it changes anything.

    Keeps nobody from losing their rights afterwards, so a change needs `read` all the same. Raises `Ended`.
    """
    actor = principal.current()
    if actor.kind in ("person", "token"):
        (reader,) = _readers
        _narrow(actor, reader(actor), permission)


def is_read(actor: Actor) -> bool:
    """Whether the running transaction has looked this actor up. Nothing is to be looked up of systems and of nobody."""
    return actor.kind not in ("person", "token") or actor.credential in _read_here()


def note(actor: Actor) -> None:
    """The actor was looked up just now, where writers follow each other (SQLite): that is this transaction's reading."""
    session = db.session()
    if session.in_transaction() and not is_reading() and session.get_bind().dialect.name == "sqlite":
        _read_here()[actor.credential] = actor


def _lock(actor: Actor, *, is_personal: bool, is_alone: bool) -> None:
    """What somebody does in an organization is under its lock and, where a session gives the right, under the person's;
    what they do to themselves under the person's alone."""
    names: list[tuple[locks.Kind, UUID]] = []
    if actor.organization_id is not None and not is_personal:
        names.append(("organization", actor.organization_id))
    if actor.person_id is not None and actor.session_id is not None:
        names.append(("person", actor.person_id))
    if is_alone and names:
        locks.alone(*names[0], in_request=actor.request_id is not None)
    if actor.kind in ("person", "token"):
        locks.share(*names)


def _narrow(actor: Actor, now: Actor | None, permission: str) -> None:
    """Put the actor in force with what is left of its rights."""
    if now is None:
        raise Ended(permission)
    allowed = actor.permissions & now.permissions
    reach = _common(actor.workspace_ids, now.workspace_ids)
    is_fresh = actor.is_fresh and now.is_fresh
    if (allowed, reach, is_fresh) != (actor.permissions, actor.workspace_ids, actor.is_fresh):
        principal.enter(
            replace(
                actor,
                role=now.role,
                permissions=allowed,
                workspace_ids=reach,
                sees_all_workspaces=actor.sees_all_workspaces and now.sees_all_workspaces,
                may_manage_people=actor.may_manage_people and now.may_manage_people,
                is_fresh=is_fresh,
            )
        )


def _common(one: frozenset[Any] | None, other: frozenset[Any] | None) -> frozenset[Any] | None:
    """Workspaces that both reach; None is all."""
    return other if one is None else one if other is None else one & other


def _read_here() -> dict[Any, Actor | None]:
    session = db.session()
    running = session.get_transaction() or session.begin()
    known: tuple[Any, dict[Any, Actor | None]] | None = session.info.get(_READ)
    if known is None or known[0] is not running:
        known = session.info[_READ] = (running, {})
    return known[1]
