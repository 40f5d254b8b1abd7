"""Who asks for what: the scene a route is asked in, and what right input is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from fastpix.accounts.models import BrowserSession
from tests.cast import House
from tests.world import World


@dataclass
class Scene:
    """Who asks, of which organization, in which world."""

    world: World
    who: str | None
    house: House

    @property
    def belongs(self) -> bool:
        """Whether the person is a member of any organization."""
        return self.who in ("ada", "mel", "dana", "rex")

    @property
    def session_id(self) -> uuid.UUID:
        return self.session_of(self.who or "ada")

    def session_of(self, key: str) -> uuid.UUID:
        person = self.world.cast.people[key]
        with self.world.session() as session:
            return session.scalar(sa.select(BrowserSession.id).where(BrowserSession.person_id == person.id))


@dataclass
class Input:
    """What to send, and the status of success (of somebody who may)."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
