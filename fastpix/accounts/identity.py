"""Session or token -> member of this organization -> needs and scope. The one loader of flask-principal's identity.

The dashboard reads only the session cookie, the API (`/v1`) only HTTP Basic: neither door accepts the other's proof.
Role and rights are read from the membership at every request and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import flask_principal
from flask import Flask, g, request
from flask_login import LoginManager, current_user

from fastpix.access import authority, principal
from fastpix.access.principal import Actor
from fastpix.accounts import sessions
from fastpix.db import now
from fastpix.errors import Missing, Moved, NotSignedIn, SecondFactorMissing, Suspended
from fastpix.resources.access_tokens import authentication
from fastpix.resources.members import membership
from fastpix.resources.organizations import domain as organizations
from fastpix.web import after_answer, envelope

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
    return sessions.find(cookie) if cookie and not envelope.is_api() else None


def _load_nobody() -> flask_principal.Identity:
    principal.enter(principal.NOBODY)
    return principal.NOBODY.identity


def _load() -> flask_principal.Identity:
    principal.enter(principal.NOBODY)
    if request.endpoint is None or request.endpoint == "static":
        return principal.NOBODY.identity
    actor = _token_actor() if envelope.is_api() else _person_actor()
    principal.enter(actor)
    authority.note(actor)
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
        session_id=current_user.session_id,
        is_fresh=current_user.is_fresh,
        is_viewing=current_user.is_viewing,
        is_operator=current_user.is_operator,
        address=request.remote_addr,
        request_id=g.request_id,
    )
    return actor if slug is None else _in_organization(actor, slug)


def _in_organization(actor: Actor, slug: str) -> Actor:
    here = next((mine for mine in memberships() if mine.slug == slug), None)
    if here is None:
        moved = organizations.present_slug(slug)
        if moved and any(mine.slug == moved for mine in memberships()):
            raise Moved(moved)
        raise Missing(
            "You belong to no organization of this address. If you did, an admin has ended your access to it."
        )
    here, reach = _as_seen(actor, here)
    g.membership = here
    return _inside(actor, here, reach)


def came_from(slug: str) -> tuple[membership.Membership, Actor] | None:
    """The signed-in person as they are in this organization, or in the only one they have, for pages that are in none."""
    mine = memberships()
    here = next((each for each in mine if each.slug == slug), mine[0] if len(mine) == 1 else None)
    if here is None or here.closed or here.lacks_second_factor:
        return None
    actor = principal.current()
    here, reach = _as_seen(actor, here)
    return here, _inside(actor, here, reach)


def _as_seen(actor: Actor, here: membership.Membership) -> tuple[membership.Membership, frozenset[UUID] | None]:
    """The membership as it counts now, and the workspaces it opens."""
    reach = _reach(here)
    if actor.is_viewing and here.role == "admin" and current_user.viewing_organization_id == here.organization_id:
        # Rights only shrink, and only those of an admin: whoever was demoted meanwhile sees what they may see now.
        here, reach = replace(here, role="member"), current_user.viewed_workspaces
    return here, reach


def _inside(actor: Actor, here: membership.Membership, reach: frozenset[UUID] | None) -> Actor:
    return membership.actor(
        here,
        current_user.id,
        actor.name,
        "dashboard",
        workspace_ids=reach,
        session_id=actor.session_id,
        is_fresh=actor.is_fresh,
        is_viewing=actor.is_viewing,
        address=actor.address,
        request_id=actor.request_id,
    )


def belongs_to(organization_id: UUID, workspace_id: UUID) -> bool:
    """Whether the signed-in person is in this organization now, and sees this workspace.

    For what pages of the dashboard fetch by an address that names no organization.
    """
    here = membership_of(organization_id)
    try:
        reach = _reach(here) if here else frozenset()
    except (Suspended, SecondFactorMissing):
        return False
    return reach is None or workspace_id in reach


def _reach(here: membership.Membership) -> frozenset[UUID] | None:
    """The workspaces that the membership opens, None for all. Raises `Suspended` or `SecondFactorMissing` while it opens
    nothing."""
    if here.closed:
        state, way_out = ("is suspended", "resume you") if here.closed == "suspended" else ("has ended", "extend it")
        raise Suspended(
            f"Your access to {here.organization_name} {state}. Nothing of yours there is lost: an admin of it can {way_out}."
        )
    if here.lacks_second_factor:
        raise SecondFactorMissing(f"{here.organization_name} requires a second factor. Set one up to go on.")
    return membership.reach(here)


def membership_of(organization_id: UUID | None) -> membership.Membership | None:
    """The signed-in person's membership in this organization; None where they have none."""
    return next((mine for mine in memberships() if mine.organization_id == organization_id), None)


def memberships() -> list[membership.Membership]:
    """The signed-in person's memberships, read once per request: rights and organization switcher come from it."""
    if "memberships" not in g:
        g.memberships = membership.of_person(current_user.id) if current_user.is_authenticated else []
    return list(g.memberships)


def _token_actor() -> Actor:
    of_request = {"address": request.remote_addr, "request_id": g.request_id}
    proof, proved = request.authorization, None
    if proof is not None and proof.type == "basic":
        proved = authentication.prove(proof.username or "", proof.password or "")
    if proved is None:
        return Actor("nobody", "nobody", "api", **of_request)
    actor = authentication.actor(proved, **of_request)
    g.authority = proved
    request.environ["fastpix.token_id"] = str(proved.token_id)  # for the access log
    return actor


def _note_presence(response: object) -> object:
    """Last seen and last used, at most once a minute, in a transaction of their own after the request's."""
    due: list[Callable[[], None]] = []
    limit = now() - NOTED_EVERY
    if (proved := g.get("authority")) and (proved.last_used_at is None or proved.last_used_at < limit):
        due.append(lambda: authentication.note_use(proved.token_id, request.remote_addr or ""))
    if (here := g.get("membership")) and (here.last_seen_at is None or here.last_seen_at < limit):
        due.append(lambda: membership.note_seen(here.member_id))
    person = g.get("_login_user")
    if isinstance(person, sessions.SignedIn) and person.last_seen_at < limit:
        due.append(lambda: sessions.note_seen(person.session_id, request.remote_addr or ""))
    if due:
        after_answer.drop_if_busy(lambda: [note() for note in due], "last seen could not be noted")
    return response
