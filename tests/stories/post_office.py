"""A world with a mail server in its settings and nobody who carries: mails stay in the outbox, where tests read them."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from fastpix.crypto import seal
from fastpix.mail.models import Mail
from fastpix.resources.members.invitations import views
from tests.cast import acting_as
from tests.doors import Doors
from tests.world import World, test_settings

PUBLIC = "http://localhost"


@dataclass(frozen=True)
class Letter:
    recipient: str
    kind: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://\S+", self.text)


class PostOffice:
    """The mailing world, its doors and what lies in its outbox."""

    def __init__(self, world: World) -> None:
        self.world, self.app, self.cast = world, world.app, world.cast
        self.kept = len(self.rows())

    def doors(self, key: str | None = None) -> Doors:
        return Doors(self.app, self.cast.people[key] if key else None)

    @contextmanager
    def acting(self, key: str):
        with self.world.session(), acting_as(self.cast, key) as actor:
            yield actor

    def letters(self, recipient: str = "", kind: str = "") -> list[Letter]:
        """The mails written in this test, oldest first."""
        found = [letter for letter in self.rows()[self.kept :] if kind in ("", letter.kind)]
        return [letter for letter in found if recipient in ("", letter.recipient)]

    def path(self, recipient: str, kind: str) -> str:
        """The path of the link in the newest such mail."""
        link = self.letters(recipient, kind)[-1].links[0]
        assert link.startswith(PUBLIC + "/")
        return link.removeprefix(PUBLIC)

    def rows(self) -> list[Letter]:
        with self.world.session() as session:
            rows = session.scalars(sa.select(Mail).order_by(Mail.created_at)).all()
            return [Letter(r.recipient, r.kind, r.subject, **json.loads(seal.unseal(r.sealed))) for r in rows]


@pytest.fixture(scope="session")
def mailing_world(tmp_path_factory):
    world = World("sqlite", test_settings(tmp_path_factory.mktemp("instance-mail"), smtp_url="smtp://127.0.0.1:9"))
    yield world
    world.close()


@pytest.fixture
def office(mailing_world, monkeypatch):
    """`office.letters("mel@mel.example")`, `office.path("sam@sam.example", "invitation")`, `office.doors("ada")`."""
    mailing_world.reset()
    monkeypatch.setattr(views, "PATIENCE", 0)
    return PostOffice(mailing_world)
