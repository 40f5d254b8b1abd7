"""Session or token -> member of this organization -> needs and scope. The one loader of flask-principal's identity.

The dashboard reads only the session cookie, the API (`/v1`) only HTTP Basic: neither door accepts the other's proof.
Role and rights are read from the membership at every request and kept nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import flask_principal
from flask import Flask, g, request
from flask_login import LoginManager, current_user
from sqlalchemy.exc import SQLAlchemyError

from fastpix import db as database
from fastpix.access import principal, table
from fastpix.access.principal import Actor
from fastpix.accounts import sessions
from fastpix.db import db, now
from fastpix.errors import Missing, Moved, NotSignedIn, SecondFactorMissing
from fastpix.resources.access_tokens import authority
from fastpix.resources.members import standing
from fastpix.resources.organizations import domain as organizations

log = logging.getLogger(__name__)

API_PREFIX = "/v1/"
NOTED_EVERY = timedelta(minutes=1)


def install(app: Flask, session_cookie: str, is_for_viewers: Callable[[], bool] = lambda: False) -> None:
    """Wire flask-login, flask-principal and the clean-up of the actor in force.

    `is_for_viewers` says of a request that nobody's identity counts in it, so that none is looked for.
    """
    login = LoginManager(app)
    login.session_protection = None  # the session is ours, on the server's side; flask-login writes nothing
    login.request_loader(lambda _request: _load_person(session_cookie))
    people = flask_principal.Principal(app, use_sessions=False)
    people.identity_loader(lambda: _load_nobody() if is_for_viewers() else _load())
    app.after_request(_note_presence)
    app.teardown_request(lambda _problem: principal.enter(principal.NOBODY) and None)


def _load_person(session_cookie: str) -> sessions.SignedIn | None:
    cookie = request.cookies.get(session_cookie)
    return sessions.find(cookie) if cookie and not is_api() else None


def is_api() -> bool:
    """Whether the request came to the API's door, decided by its path alone."""
    return request.path.startswith(API_PREFIX) or request.path == "/v1"


def _load_nobody() -> flask_principal.Identity:
    principal.enter(principal.NOBODY)
    return principal.NOBODY.identity


def _load() -> flask_principal.Identity:
    principal.enter(principal.NOBODY)
    if request.endpoint is None or request.endpoint == "static":
        return principal.NOBODY.identity
    actor = _token_actor() if is_api() else _person_actor()
    principal.enter(actor)
    return actor.identity


def _person_actor() -> Actor:
    slug = g.get("organization_slug")
    if not current_user.is_authenticated:
        if slug is not None:
            raise NotSignedIn("Sign in to see this page.")
        return Actor("nobody", "nobody", "dashboard", address=request.remote_addr, request_id=g.request_id)
    actor = Actor(
        "person",
        current_user.name,
        "dashboard",
        person_id=current_user.id,
        is_fresh=current_user.is_fresh,
        is_viewing=current_user.is_viewing,
        is_operator=current_user.is_operator,
        address=request.remote_addr,
        request_id=g.request_id,
    )
    return actor if slug is None else _in_organization(actor, slug)


def _in_organization(actor: Actor, slug: str) -> Actor:
    here = next((s for s in standings() if s.slug == slug), None)
    if here is None:
        moved = organizations.present_slug(slug)
        if moved and any(s.slug == moved for s in standings()):
            raise Moved(moved)
        raise Missing("There is no such page.")
    if here.lacks_second_factor:
        raise SecondFactorMissing(f"{here.organization_name} requires a second factor. Set one up to go on.")
    reach = standing.reach(here)
    if actor.is_viewing and here.role == "admin" and current_user.viewing_organization_id == here.organization_id:
        # Rights only shrink, and only those of an admin: whoever was demoted meanwhile sees what they may see now.
        here, reach = replace(here, role="member"), current_user.viewed_workspaces
    g.standing = here
    return standing.actor(
        here,
        current_user.id,
        actor.name,
        "dashboard",
        workspace_ids=reach,
        is_fresh=actor.is_fresh,
        is_viewing=actor.is_viewing,
        address=actor.address,
        request_id=actor.request_id,
    )


def belongs_to(organization_id: UUID, workspace_id: UUID) -> bool:
    """Whether the signed-in person is in this organization now, and sees this workspace.

    For what pages of the dashboard fetch by an address that names no organization.
    """
    here = next((s for s in standings() if s.organization_id == organization_id), None)
    if here is None or here.lacks_second_factor:
        return False
    reach = standing.reach(here)
    return reach is None or workspace_id in reach


def standings() -> list[standing.Standing]:
    """The signed-in person's memberships, read once per request: rights and organization switcher come from it."""
    if "standings" not in g:
        g.standings = standing.of_person(current_user.id) if current_user.is_authenticated else []
    return list(g.standings)


def _token_actor() -> Actor:
    given = request.authorization
    found = None
    if given is not None and given.type == "basic":
        found = authority.prove(given.username or "", given.password or "")
    if found is None:
        return Actor("nobody", "nobody", "api", address=request.remote_addr, request_id=g.request_id)
    if found.owner_lacks_second_factor:
        raise SecondFactorMissing(
            f"The organization requires a second factor, and {found.owner_name}, who owns this token, has none. "
            "The token works again, with all its permissions, once they set one up or another admin adopts it."
        )
    g.authority = found
    request.environ["fastpix.token_id"] = str(found.token_id)  # for the access log
    rights = table.permissions_of_token(found.role, found.owner_role, found.may_manage_people, found.switches)
    return Actor(
        "token",
        f"token {found.name}",
        "api",
        owner_name=found.owner_name,
        permissions=rights,
        role="admin" if found.role == found.owner_role == "admin" else "member",
        person_id=found.person_id,
        member_id=found.member_id,
        token_id=found.token_id,
        organization_id=found.organization_id,
        workspace_ids=frozenset({found.workspace_id} if found.owner_has_workspace else ()),
        token_workspace_id=found.workspace_id,
        sees_all_workspaces=found.may_manage_people and found.role == found.owner_role == "admin",
        may_manage_people=table.tick_counts(found.role, found.may_manage_people),
        expires_at=found.expires_at,
        switches=found.switches,
        address=request.remote_addr,
        request_id=g.request_id,
    )


def _note_presence(response: object) -> object:
    """Last seen and last used, at most once a minute, in a transaction of their own after the request's."""
    due: list[Callable[[], None]] = []
    limit = now() - NOTED_EVERY
    if (found := g.get("authority")) and (found.last_used_at is None or found.last_used_at < limit):
        due.append(lambda: authority.used(found.token_id, request.remote_addr or ""))
    if (here := g.get("standing")) and (here.last_seen_at is None or here.last_seen_at < limit):
        due.append(lambda: standing.seen(here.member_id))
    person = g.get("_login_user")
    if isinstance(person, sessions.SignedIn) and person.last_seen_at < limit:
        due.append(lambda: sessions.seen(person.session_id, request.remote_addr or ""))
    if due:
        _write(due)
    return response


def _write(due: list[Callable[[], None]]) -> None:
    db.session.rollback()  # nothing of the request may ride along
    database.set_reading(False)
    try:
        for note in due:
            note()
        db.session.commit()
    except SQLAlchemyError:  # the answer is made already; a missing "last seen" must not spoil it
        log.warning("last seen could not be noted", exc_info=True)
        db.session.rollback()
