"""The cast of all tests: Ada, Mel, Rex, Dana, Eve, Sam the stranger and nobody, each with a session and tokens.

They come about as in life: founded, invited, accepted, demoted, removed, by the domain's own verbs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from fastpix.access import principal
from fastpix.access.principal import Actor
from fastpix.accounts import joining, sessions
from fastpix.accounts.cookies import session_cookie
from fastpix.accounts.models import BrowserSession
from fastpix.config.instance import Instance
from fastpix.db import db, now, set_reading
from fastpix.jobs.models import Job
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.playlists import domain as playlists
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.webhooks import domain as webhooks
from fastpix.resources.webhooks.deliveries import domain as webhook_deliveries
from fastpix.resources.webhooks.deliveries.models import WebhookAttempt
from fastpix.resources.workspaces import domain as workspaces
from tests import library
from tests.library import Shelf

PASSWORD = "correct horse battery"
NAMES = {
    "ada": "Ada Admin",
    "mel": "Mel Member",
    "rex": "Rex Rival",
    "dana": "Dana Demoted",
    "eve": "Eve Removed",
    "sam": "Sam Stranger",
}


class NotAMember(Exception):
    """A person was to act in an organization they are not in."""


@dataclass
class Token:
    """An access token as its maker saw it."""

    id: UUID
    secret: str
    name: str


@dataclass
class Person:
    """`member_id` is of acme, or of rival for Rex; None for those who are in neither (now)."""

    key: str
    id: UUID
    name: str
    email: str
    session: str = ""
    member_id: UUID | None = None
    tokens: dict[str, Token] = field(default_factory=dict)


@dataclass
class House:
    """An organization and the ids of what is in it. Every `*_secret` is the last part of a link."""

    slug: str
    id: UUID
    name: str
    workspaces: dict[str, UUID] = field(default_factory=dict)
    signing_key: UUID | None = None
    public_key: str = ""
    invitation: UUID | None = None
    invited: str = ""
    invite_secret: str = ""
    members: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    shelf: Shelf | None = None
    playlist: UUID | None = None
    webhook: UUID | None = None
    webhook_url: str = ""
    webhook_secret: str = ""
    delivery: UUID | None = None

    @property
    def workspace(self) -> UUID:
        return self.workspaces["production"]


@dataclass
class Cast:
    """Everybody, and both organizations."""

    people: dict[str, Person]
    acme: House
    rival: House

    def actor(self, key: str, house: House | None = None) -> Actor:
        """The person as actor in an organization, as a request of theirs would have it. Needs an app context."""
        person = self.people[key]
        house = house or (self.rival if key == "rex" else self.acme)
        here = next((s for s in membership.of_person(person.id) if s.slug == house.slug), None)
        if here is None:
            raise NotAMember(f"{person.name} is no member of {house.name}")
        return membership.actor(here, person.id, person.name, "dashboard", workspace_ids=membership.reach(here))


def make_cast(app: Flask) -> Cast:
    with app.app_context():
        set_reading(False)
        everybody = {key: _person(key, name) for key, name in NAMES.items()}
        acme = _found("Acme", everybody["ada"])
        rival = _found("Rival", everybody["rex"])
        cast = Cast(everybody, acme, rival)
        everybody["ada"].member_id = acme.members["ada"]
        everybody["rex"].member_id = rival.members["rex"]
        for key, role in (("mel", "member"), ("dana", "admin"), ("eve", "admin")):
            _join(cast, key, role)
        _furnish(cast)
        _move_on(cast)
        # A day ahead, which this application alone takes: everybody stays freshly proved however long the tests take, after changes of role too.
        stay_proved(app.extensions["fastpix"])
        db.session.execute(sa.update(BrowserSession).values(proved_at=now() + timedelta(days=1)))
        db.session.commit()
        db.session.remove()
        return cast


def stay_proved(running: Instance) -> None:
    """Let an application take proofs of the future; again after its `begin`."""
    running.put(sessions.most_ahead, timedelta(days=2))


@contextmanager
def acting_as(cast: Cast, key: str) -> Iterator[Actor]:
    """A person in force for a block inside an app context, with their rights as they stand now."""
    with principal.acting(cast.actor(key)) as actor:
        yield actor


def _person(key: str, name: str) -> Person:
    made = people.add(f"{key}@{key}.example", name, PASSWORD, is_verified=True)
    secret = sessions.start(made.id, timedelta(days=1), is_remembered=False, address="127.0.0.1", user_agent="a test")
    return Person(key, made.id, name, made.email, secret)


def _found(name: str, founder: Person) -> House:
    with principal.acting(Actor("person", founder.name, "dashboard", person_id=founder.id)):
        made = organizations.create(name, people.get(founder.id))
    house = House(made["slug"], made["id"], made["name"])
    with principal.acting(principal.system("the cast", house.id)):
        house.workspaces = {w["slug"]: w["id"] for w in workspaces.search()}
        house.members[founder.key] = members.page().rows[0]["id"]
    return house


def _join(cast: Cast, key: str, role: str) -> None:
    person = cast.people[key]
    with acting_as(cast, "ada"):
        result = invitations.invite([person.email], role)[0]
    secret = result["link"].rpartition("/")[2]
    with principal.acting(Actor("person", person.name, "dashboard", person_id=person.id)):
        joining.accept(secret, person.id)
    here = next(s for s in membership.of_person(person.id) if s.slug == cast.acme.slug)
    person.member_id = cast.acme.members[key] = here.member_id


def _furnish(cast: Cast) -> None:
    for founder, house in (("ada", cast.acme), ("rex", cast.rival)):
        with acting_as(cast, founder):
            key = signing_keys.create(house.workspace)
            house.signing_key, house.public_key = key["id"], signing_keys.get(key["id"])["public_key"]
            house.invited = f"pat@{house.slug}.example"
            made = invitations.invite([house.invited], "member")[0]
            house.invitation = made["invitation"]["id"]
            house.invite_secret = made["link"].rpartition("/")[2]
            _token(cast, founder, "people", house, may_manage_people=True)
            _token(cast, founder, "admin", house)
            _token(cast, founder, "member", house, role="member")
            house.shelf = library.furnish(house.workspace, house.slug)
            made = playlists.create(house.workspace, f"Best of {house.slug}", "manual", reference_id="best")
            house.playlist = made["id"]
            playlists.add(house.playlist, [house.shelf.media])
            _webhook(house)


def _webhook(house: House) -> None:
    """An endpoint that is off, so that what tests do tells nobody, with a test that was not sent."""
    house.webhook_url = f"https://1.1.1.1/{house.slug}-secret-hook"
    made = webhooks.create(house.workspace, house.webhook_url, [], is_enabled=False)
    house.webhook, house.webhook_secret = made["id"], made["secret"]
    house.delivery = webhook_deliveries.test(house.webhook)["id"]
    answer = f"{house.slug} answered"
    tried = WebhookAttempt(
        delivery_id=house.delivery, workspace_id=house.workspace, number=1, milliseconds=7, answer=answer
    )
    db.session.add(tried)
    db.session.execute(sa.delete(Job).where(Job.kind == "webhooks.deliver"))


def _move_on(cast: Cast) -> None:
    """Mel was an admin for a moment and made tokens; Dana was demoted after she made hers, Eve removed."""
    acme, mel = cast.acme, cast.acme.members["mel"]
    with acting_as(cast, "ada"):
        members.edit(mel, role="admin")
    for key in ("mel", "dana", "eve"):
        with acting_as(cast, key):
            _token(cast, key, "people", acme, may_manage_people=True)
            _token(cast, key, "member", acme, role="member")
    with acting_as(cast, "ada"):
        members.edit(mel, role="member")
        members.edit(acme.members["dana"], role="member")
        members.remove(acme.members["eve"])
    cast.people["eve"].member_id = None


def _token(cast: Cast, key: str, label: str, house: House, **given: Any) -> None:
    made = access_tokens.create(
        f"{key} {label} token of {house.slug}", house.workspace, given.pop("role", "admin"), **given
    )
    token = Token(made["id"], made["secret"], made["name"])
    cast.people[key].tokens[label] = house.tokens[f"{key} {label}"] = token


def cookie_name(app: Flask) -> str:
    return session_cookie(app.config["FASTPIX"])
