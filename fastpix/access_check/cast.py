"""The people and tokens that the access check comes as, and what they ask for: two organizations, made by the verbs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, table
from fastpix.access.principal import Actor
from fastpix.access_check.callers import STANDING, both_spellings
from fastpix.accounts import joining, sessions
from fastpix.accounts.models import BrowserSession
from fastpix.config import instance
from fastpix.db import db, now, set_reading
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.invitations.models import Invited
from fastpix.resources.members.suspension import domain as suspension
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.playlists import domain as playlists
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.webhooks import domain as webhooks
from fastpix.resources.webhooks.deliveries import domain as webhook_deliveries
from fastpix.resources.workspaces import domain as workspaces

# Thousands of requests in a minute, from one address and by few people, are the proof's own doing. 0 is off.
UNLIMITED: dict[str, Any] = {
    "sign_in_attempts": 10_000,
    "invites_per_hour": 100_000,
    **dict.fromkeys(
        ("requests_per_token", "requests_per_organization", "requests_per_person", "requests_per_address"), 0
    ),
}


@dataclass
class Cast:
    """Secrets by person (and label, for tokens as (id, secret)), addresses of both organizations, ids by their name."""

    home: str = ""
    elsewhere: str = ""
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    live_ids: dict[str, Any] = field(default_factory=dict)


def make_cast() -> Cast:
    """Found, invite, promote, demote, remove and suspend. Needs an application context with an empty, migrated database."""
    set_reading(False)
    cast, persons = Cast(), {name: _person(name) for name in STANDING}
    for name, person_id in persons.items():
        cast.sessions[name] = sessions.start(
            person_id, timedelta(days=1), is_remembered=False, address="127.0.0.1", user_agent="fastpix access check"
        )
    cast.home = _found("Home", persons["admin"])
    cast.elsewhere = _found("Elsewhere", persons["outsider"])
    member_ids = {
        name: _join(cast.home, persons["admin"], name, persons[name])
        for name in ("member", "demoted", "removed", "suspended")
    }
    with principal.acting(_actor(persons["admin"], cast.home)):
        workspace = workspaces.search()[0]["id"]
        _keep_token(cast, "admin", "people", workspace, may_manage_people=True)
        _keep_token(cast, "admin", "plain", workspace)
        _keep_token(cast, "admin", "member", workspace, role="member")
        _furnish(cast, workspace)
    for name in ("member", "demoted", "removed", "suspended"):
        with principal.acting(_actor(persons[name], cast.home)):
            _keep_token(cast, name, "people", workspace, may_manage_people=True)
    with principal.acting(_actor(persons["outsider"], cast.elsewhere)):
        _keep_token(cast, "outsider", "people", workspaces.search()[0]["id"], may_manage_people=True)
    with principal.acting(_actor(persons["admin"], cast.home)):
        members.edit(member_ids["member"], role="member")
        members.edit(member_ids["demoted"], role="member")
        members.remove(member_ids["removed"])
        suspension.suspend([member_ids["suspended"]])
    cast.ids |= both_spellings({"member": member_ids["member"], "token": cast.tokens["member", "people"][0]})
    # Ahead of time, for this application alone: everybody stays freshly proved until the proof has ended.
    instance.current().put(sessions.most_ahead, timedelta(days=2))
    db.session.execute(sa.update(BrowserSession).values(proved_at=now() + timedelta(days=1)))
    db.session.commit()
    db.session.remove()
    return cast


def _person(name: str) -> UUID:
    return people.add(f"{name}@proof.example", name.title(), secrets.token_urlsafe(24), is_verified=True).id


def _found(name: str, founder: UUID) -> str:
    with principal.acting(Actor("person", name, "dashboard", person_id=founder)):
        made = organizations.create(name, people.get(founder))
    return str(made["slug"])


def _join(slug: str, admin: UUID, name: str, person_id: UUID) -> UUID:
    """All join as admins, so that they can make the tokens that must not help them later."""
    with principal.acting(_actor(admin, slug)):
        link = _invited(f"{name}@proof.example", "admin")["link"]
    with principal.acting(Actor("person", name, "dashboard", person_id=person_id)):
        joining.accept(link.rpartition("/")[2], person_id)
    return next(s.member_id for s in membership.of_person(person_id) if s.slug == slug)


def _invited(email: str, role: table.Role) -> Invited:
    result = invitations.invite([email], role)[0]
    if result["status"] != "invited":
        raise RuntimeError(result["message"])
    return result


def _actor(person_id: UUID, slug: str) -> Actor:
    """The person as a request of theirs would have them in an organization of theirs."""
    here = next(s for s in membership.of_person(person_id) if s.slug == slug)
    return membership.actor(here, person_id, "somebody of the proof", "dashboard", workspace_ids=membership.reach(here))


def _keep_token(cast: Cast, person: str, label: str, workspace: UUID, **given: Any) -> None:
    made = access_tokens.create(f"{person} {label}", workspace, given.pop("role", "admin"), **given)
    cast.tokens[person, label] = (str(made["id"]), made["secret"])


def _furnish(cast: Cast, workspace: UUID) -> None:
    """One thing of each kind. No worker runs, so none of the addresses is ever asked."""
    media = creation.from_url(
        workspace, "https://files.example/clip.mp4", Options(access_policy="private", title="A clip")
    )
    track = tracks.create(media["id"], "subtitle", "en", "English", url="https://files.example/clip.vtt")
    stream = live_streams.create(workspace, StreamOptions(access_policy="private"))
    target = simulcasts.create(stream["id"], "rtmps://live.example/app", "a key of the proof")
    hook = webhooks.create(workspace, "https://1.1.1.1/hook", [], is_enabled=False)["id"]
    found: dict[str, Any] = {
        "workspace": workspace,
        "invitation": _invited("invited@proof.example", "member")["invitation"]["id"],
        "key": signing_keys.create(workspace)["id"],
        "media": media["id"],
        "playback": media["playback_ids"][0]["id"],
        "track": track["id"],
        "upload": uploads.create(workspace, Options(title="An upload"), "*", "clip.mp4")["id"],
        "playlist": playlists.create(workspace, "A playlist", "manual", reference_id="best")["id"],
        "stream": stream["id"],
        "livestream": stream["id"],
        "simulcast": target["id"],
        "webhook": hook,
        "delivery": webhook_deliveries.test(hook)["id"],
    }
    found["signingKey"] = found["key"]
    cast.ids |= both_spellings(found)
    cast.live_ids = both_spellings({"playback": stream["playback_ids"][0]["id"]})
