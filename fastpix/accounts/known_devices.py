"""Browsers in which an account was opened before: a new one is told to the person, since it may be a thief's."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.accounts import user_agents
from fastpix.accounts.models import KnownDevice
from fastpix.crypto import tokens
from fastpix.db import affected_rows, db, now
from fastpix.mail import outbox
from fastpix.resources.people.models import Person

# As long as browsers keep a cookie at most.
KEPT = timedelta(days=400)
NEW_ACCOUNT = timedelta(days=1)


def meet(person: Person, device: str, *, address: str, user_agent: str) -> bool:
    """Remember the browser by the secret its cookie carries; whether it is new to this account.

    Part of the verb that begins a session. The first browser of a new account is no news to anybody.
    """
    hashed, at = tokens.digest(device), now()
    seen = sa.update(KnownDevice).where(KnownDevice.person_id == person.id, KnownDevice.token_hash == hashed)
    if affected_rows(seen.values(last_seen_at=at)):
        return False
    is_first = person.created_at > at - NEW_ACCOUNT and not _has_any(person.id)
    db.session.add(KnownDevice(person_id=person.id, token_hash=hashed, last_seen_at=at))
    db.session.flush()
    if not is_first:
        outbox.post(
            "new_sign_in",
            person.email,
            {
                "name": person.name,
                "browser": user_agents.named(user_agent),
                "address": address,
                "at": at,
                "link": urls.to("/account/sessions"),
            },
        )
    return not is_first


def prune() -> int:
    """Forget the browsers that were not used for longer than a cookie lasts. The worker calls it."""
    return affected_rows(sa.delete(KnownDevice).where(KnownDevice.last_seen_at < now() - KEPT))


def _has_any(person_id: UUID) -> bool:
    return db.session.scalar(sa.select(KnownDevice.id).where(KnownDevice.person_id == person_id).limit(1)) is not None
