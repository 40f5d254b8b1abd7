"""`fastpix demo`: two organizations with people of both roles, films that play, one that failed, and live streams."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from fastpix import resources
from fastpix.access import principal
from fastpix.access.principal import Actor
from fastpix.accounts import joining, operator
from fastpix.db import db, set_reading
from fastpix.demo import films as drawn
from fastpix.demo import history, past, webhook
from fastpix.demo.films import Film
from fastpix.demo.past import Joined
from fastpix.errors import Refused
from fastpix.jobs import worker
from fastpix.processes import programs
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.media.models import READY, Media
from fastpix.resources.media.options import Options
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.members import membership
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.playlists import domain as playlists
from fastpix.resources.playlists.models import Playlist
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.workspaces import domain as workspaces

MOST_JOBS = 50


@dataclass(frozen=True)
class DemoOrganization:
    """One of the two organizations: its name, its admin (address and name), its members and its films."""

    name: str
    admin: tuple[str, str]
    members: tuple[Joined, ...]
    films: tuple[Film, ...]


HARBOUR = (
    Joined("mel@demo.example", "Mel Okafor", days=348, hours_unseen=2),
    Joined("jonas@demo.example", "Jonas Müller", days=310, hours_unseen=5),
    Joined("tane@demo.example", "Tāne Walker", days=262, hours_unseen=27),
    Joined("sofia@demo.example", "Sofia Rossi", days=240, hours_unseen=1, role="admin"),
    Joined("kofi@demo.example", "Kofi Mensah", days=201, hours_unseen=80, workspaces=("production",)),
    Joined("yuki@demo.example", "Yuki Sato", days=155, hours_unseen=9),
    Joined("priya@demo.example", "Priya Nair", days=121, hours_unseen=2100),
    Joined("bjork@demo.example", "Björk Einarsdóttir", days=90, hours_unseen=49),
    Joined("liam@demo.example", "Liam O’Connor", days=64, hours_unseen=14, workspaces=("development",)),
    Joined("chen@demo.example", "Chen Wei", days=33, hours_unseen=170),
    Joined("ines@demo.example", "Inês Duarte", days=4, hours_unseen=None),
)
ORGANIZATIONS = (
    DemoOrganization("Harbour Films", ("ada@demo.example", "Ada Lindqvist"), HARBOUR, drawn.FILMS),
    DemoOrganization(
        "Ridge Sports",
        ("rex@demo.example", "Rex Tanaka"),
        (Joined("mia@demo.example", "Mia Duarte", days=60, hours_unseen=20),),
        drawn.FILMS[1:3],
    ),
)
# Invited, and not there yet: of the second one the link ended.
WAITING = ("noor@demo.example", "hugo@demo.example")


def fill(app: Flask, say: Callable[[str], None]) -> str:
    """Fill an empty instance; the password of everybody in it. Raises `Refused` where anybody is in it already.

    Films are made by ffmpeg and processed as uploads are, in this process; that takes a minute or two.
    """
    password = secrets.token_urlsafe(12)
    set_reading(False)
    with app.app_context(), TemporaryDirectory() as folder:
        if db.session.scalar(sa.select(sa.func.count(Person.id))):
            raise Refused("Somebody is in this instance already. The demo is for an empty one; nothing was changed.")
        data = {film.title: drawn.draw(Path(folder), film.picture).read_bytes() for film in drawn.FILMS}
        for organization in ORGANIZATIONS:
            operator.create_admin(*organization.admin, organization.name, password)
            _furnish(organization, data, password)
            db.session.commit()
            say(f"{organization.name}: admin {organization.admin[0]}, member {organization.members[0].email}")
    say("Processing the films …")
    _work(app)
    with app.app_context():
        for organization in ORGANIZATIONS:
            _fill_up(organization)
        db.session.commit()
    return password


def _furnish(organization: DemoOrganization, data: dict[str, bytes], password: str) -> None:
    """Everything by the admin's own verbs, so that the audit log tells of it as it would."""
    with principal.acting(founder(organization)):
        here = {row["name"]: row["id"] for row in workspaces.search()}
        workspace_id = here["production"]
        links = [_invite(each, [here[name] for name in each.workspaces]) for each in organization.members]
        invitations.invite(list(WAITING), "member")
        for film in _films(organization):
            _upload(workspace_id, film.title, film.policy, data[film.title])
        _upload(workspace_id, "Interview, second take", "public", b"These words are no video. " * 40)
        playlists.create(workspace_id, "Best of", "manual")
        for name in ("Morning show", "Behind the scenes"):
            stream = live_streams.create(workspace_id, StreamOptions(metadata={"name": name}))
        live_streams.disable(stream["id"])
        signing_keys.create(workspace_id)
        access_tokens.create("Nightly import", workspace_id, "admin")
        db.session.flush()
    for each, link in zip(organization.members, links, strict=True):
        person = people.add(each.email, each.name, password, is_verified=True)
        with principal.acting(Actor("person", each.name, "cli", person_id=person.id)):
            joining.accept(link.rpartition("/")[2], person.id)


def _fill_up(organization: DemoOrganization) -> None:
    """The playlist, with the films that have become ready, and what happened until today."""
    with principal.acting(founder(organization)):
        ready = list(db.session.scalars(sa.select(Media.id).where(Media.status == READY).order_by(Media.created_at)))
        playlist_id = db.session.scalar(sa.select(Playlist.id))
        if ready and playlist_id is not None:
            playlists.add(playlist_id, ready)
        db.session.flush()
        past.tell(organization.members, _films(organization), WAITING[1])
        workspace_id = next(row["id"] for row in workspaces.search() if row["name"] == "production")
        history.tell(workspace_id, organization.name)
        webhook.make(workspace_id, organization.admin[1])


def founder(organization: DemoOrganization) -> Actor:
    """The admin, as they would be signed in. Raises `Refused` where there is no demo."""
    email = organization.admin[0]
    person = people.find(email)
    here = membership.of_person(person.id)[0] if person else None
    if person is None or here is None:
        raise Refused("There is no demo in this instance. Run `fastpix demo` on an empty one first.")
    return membership.actor(here, person.id, person.name, "cli", workspace_ids=None)


def _films(organization: DemoOrganization) -> list[Film]:
    return [film for film in drawn.FILMS if film in organization.films]


def _invite(person: Joined, workspace_ids: list[UUID]) -> str:
    return str(invitations.invite([person.email], person.role, workspace_ids or "all")[0]["link"])


def _upload(workspace_id: UUID, title: str, policy: str, data: bytes) -> None:
    uploads.take(workspace_id, Options(access_policy=policy, title=title), f"{title}.mp4", uploads.stage([data]))


def _work(app: Flask) -> None:
    """What the worker would do, here and now: so the films are ready when the demo is opened."""
    handlers = resources.QUICK | resources.INCOMING | resources.TRANSCODING
    for _ in range(MOST_JOBS):
        if not worker.run_one(app, handlers, "fastpix demo", scope=programs.scope, stop=threading.Event()):
            return
