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
from fastpix.demo import history, webhook
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
    """One of the two organizations: its name, its admin and its members (address and name)."""

    name: str
    admin: tuple[str, str]
    members: tuple[tuple[str, str], ...]


HARBOUR = (
    ("mel@demo.example", "Mel Okafor"),
    ("jonas@demo.example", "Jonas Müller"),
    ("tane@demo.example", "Tāne Walker"),
    ("sofia@demo.example", "Sofia Rossi"),
    ("kofi@demo.example", "Kofi Mensah"),
    ("ines@demo.example", "Inês Duarte"),
)
ORGANIZATIONS = (
    DemoOrganization("Harbour Films", ("ada@demo.example", "Ada Lindqvist"), HARBOUR),
    DemoOrganization("Ridge Sports", ("rex@demo.example", "Rex Tanaka"), (("mia@demo.example", "Mia Duarte"),)),
)
# Invited, and not there yet.
WAITING = "noor@demo.example"


def fill(app: Flask, say: Callable[[str], None]) -> str:
    """Fill an empty instance; the password of everybody in it. Raises `Refused` where anybody is in it already.

    Films are made by ffmpeg and processed as uploads are, in this process; that takes up to a minute.
    """
    password = secrets.token_urlsafe(12)
    set_reading(False)
    with app.app_context(), TemporaryDirectory() as folder:
        if db.session.scalar(sa.select(sa.func.count(Person.id))):
            raise Refused("Somebody is in this instance already. The demo is for an empty one; nothing was changed.")
        films = [(title, drawn.draw(Path(folder), picture)) for title, picture in drawn.FILMS]
        for organization in ORGANIZATIONS:
            operator.create_admin(*organization.admin, organization.name, password)
            _furnish(organization, films, password)
            db.session.commit()
            say(f"{organization.name}: admin {organization.admin[0]}, member {organization.members[0][0]}")
    say("Processing the films …")
    _work(app)
    with app.app_context():
        for organization in ORGANIZATIONS:
            _fill_up(organization)
        db.session.commit()
    return password


def _furnish(organization: DemoOrganization, films: list[tuple[str, bytes]], password: str) -> None:
    """Everything by the admin's own verbs, so that the audit log tells of it as it would."""
    with principal.acting(_actor(organization.admin[0])):
        links = [_invite(email) for email, _name in organization.members]
        _invite(WAITING)
        workspace_id = next(row["id"] for row in workspaces.search() if row["name"] == "production")
        for title, data in films:
            _upload(workspace_id, title, data)
        _upload(workspace_id, "Interview, second take", b"These words are no video. " * 40)
        playlists.create(workspace_id, "Best of", "manual")
        for name in ("Morning show", "Behind the scenes"):
            stream = live_streams.create(workspace_id, StreamOptions(metadata={"name": name}))
        live_streams.disable(stream["id"])
        signing_keys.create(workspace_id)
        access_tokens.create("Nightly import", workspace_id, "admin")
        db.session.flush()
    for (email, name), link in zip(organization.members, links, strict=True):
        person = people.add(email, name, password, is_verified=True)
        with principal.acting(Actor("person", name, "cli", person_id=person.id)):
            joining.accept(link.rpartition("/")[2], person.id)


def _fill_up(organization: DemoOrganization) -> None:
    """The playlist, with the films that have become ready, and the usage until today."""
    with principal.acting(_actor(organization.admin[0])):
        ready = list(db.session.scalars(sa.select(Media.id).where(Media.status == READY).order_by(Media.created_at)))
        playlist_id = db.session.scalar(sa.select(Playlist.id))
        if ready and playlist_id is not None:
            playlists.add(playlist_id, ready)
        db.session.flush()
        workspace_id = next(row["id"] for row in workspaces.search() if row["name"] == "production")
        history.tell(workspace_id, organization.name)
        webhook.make(workspace_id, organization.admin[1])


def _actor(email: str) -> Actor:
    """The founder, as they would be signed in."""
    person = people.find(email)
    here = membership.of_person(person.id)[0] if person else None
    if person is None or here is None:
        raise Refused(f"{email} is no member of anything.")
    return membership.actor(here, person.id, person.name, "cli", workspace_ids=None)


def _invite(email: str) -> str:
    return str(invitations.invite([email], "member")[0]["link"])


def _upload(workspace_id: UUID, title: str, data: bytes) -> None:
    uploads.take(workspace_id, Options(access_policy="public", title=title), f"{title}.mp4", uploads.stage([data]))


def _work(app: Flask) -> None:
    """What the worker would do, here and now: so the films are ready when the demo is opened."""
    handlers = resources.QUICK | resources.INCOMING | resources.TRANSCODING
    for _ in range(MOST_JOBS):
        if not worker.run_one(app, handlers, "fastpix demo", scope=programs.scope, stop=threading.Event()):
            return
