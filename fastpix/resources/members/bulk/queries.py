"""Many members by their ids, or by the filter of the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.media.uploads.models import Upload
from fastpix.resources.members import ordering, queries
from fastpix.resources.members.invitations.models import Invitation
from fastpix.resources.members.models import Member, MemberRow
from fastpix.resources.people.models import Person
from fastpix.resources.signing_keys.models import SigningKey

# So many at once: one transaction, under the organization's lock.
MOST = 1000

_CHOSEN = queries.ROWS.where(Member.id.in_(sa.bindparam("member_ids", expanding=True))).order_by(
    Person.name_folded, Member.id
)
# What may hang on a membership, and names its member.
_HOLDERS = (AccessToken.owner_id, Invitation.inviter_id, SigningKey.created_by_id, Upload.by_member_id)


def chosen(member_ids: Iterable[UUID]) -> list[MemberRow]:
    """The members of these ids by name, at most `MOST`; ids of nobody here are left out."""
    few = list(dict.fromkeys(member_ids))[:MOST]
    return queries.as_dicts(tenancy.rows(_CHOSEN, {"member_ids": few}).all()) if few else []


def matching(query: str = "", role: str = "", status: str = "", only: str = "", page: int = 1) -> list[MemberRow]:
    """The members whom the list's filter finds, newest first, `MOST` of them."""
    if ordering.allowed(only) and ordering.may_be_sorted():
        return ordering.stretch("", page, MOST, query=query, role=role, status=status, only=only)[0]
    return queries.numbered(page, MOST, query=query, role=role, status=status)[0]


def everyone(query: str = "", role: str = "", status: str = "", only: str = "") -> Iterator[MemberRow]:
    """All members whom the list's filter finds, newest first, read by `MOST`."""
    page = 1
    while rows := matching(query, role, status, only, page):
        yield from rows
        page += 1


def with_something(member_ids: list[UUID]) -> set[UUID]:
    """Those of them on whom anything hangs that may end: a token, an invite, a signing key, an upload address."""
    found: set[UUID] = set()
    for column in _HOLDERS:
        found.update(db.session.scalars(sa.select(column).where(column.in_(member_ids)).distinct()))
    return found
