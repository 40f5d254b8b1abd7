"""What a session or an access token gives now: how `access.authority` looks an actor up again before a change."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from fastpix.access import table, tenancy
from fastpix.access.principal import Actor
from fastpix.accounts import sessions
from fastpix.accounts.models import BrowserSession
from fastpix.db import now
from fastpix.errors import SecondFactorMissing
from fastpix.resources.access_tokens import authentication
from fastpix.resources.members import membership
from fastpix.resources.members.membership import Membership
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person

_AT = sa.bindparam("at", type_=BrowserSession.expires_at.type)
# Each part by its key; what has ended is missing in the row.
_PERSON = (
    sa.select(BrowserSession.proved_at, Person.rights_changed_at, *membership.COLUMNS)
    .select_from(Person)
    .outerjoin(
        BrowserSession,
        sa.and_(
            BrowserSession.id == sa.bindparam("session_id"),
            BrowserSession.person_id == Person.id,
            BrowserSession.expires_at > _AT,
        ),
    )
    .outerjoin(Member, sa.and_(Member.id == sa.bindparam("member_id"), Member.person_id == Person.id))
    .outerjoin(Organization, Organization.id == Member.organization_id)
    .where(Person.id == sa.bindparam("person_id"))
)


def read(actor: Actor) -> Actor | None:
    """The person or token with the rights it has now; None when its session has ended, or the token (revoked, expired,
    adopted, its owner gone or suspended). Raises `SecondFactorMissing`."""
    if actor.kind == "person":
        return _person(actor)
    token_id = actor.token_id
    authority = authentication.again(token_id, actor.token_secret) if token_id is not None else None
    return authentication.actor(authority) if authority is not None and authority.owner_is_active else None


def _person(actor: Actor) -> Actor | None:
    with tenancy.everywhere("who somebody is comes before any scope"):
        keys = {"person_id": actor.person_id, "session_id": actor.session_id, "member_id": actor.member_id}
        row = tenancy.rows(_PERSON, {**keys, "at": now()}).one_or_none()
    if row is None or (actor.session_id is not None and row.proved_at is None):
        return None
    if actor.session_id is not None:
        actor = replace(actor, is_fresh=sessions.is_fresh(row.proved_at, row.rights_changed_at))
    if actor.member_id is None:
        return actor
    here = Membership(*row[2:]) if row[2] is not None else None
    if here is None or here.closed:
        return replace(actor, role=None, permissions=frozenset(), workspace_ids=frozenset())
    if here.lacks_second_factor:
        raise SecondFactorMissing(f"{here.organization_name} requires a second factor. Set one up to go on.")
    rights = table.permissions_of(here.role, here.switches)
    return replace(actor, role=here.role, permissions=rights, workspace_ids=membership.reach(here))
