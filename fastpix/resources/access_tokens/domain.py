"""Access tokens: create, revoke, adopt. What one may do is computed at every request, never stored.

See docs/access.md, "Access tokens".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, table, tenancy
from fastpix.access.action import action, describe
from fastpix.crypto import tokens
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.access_tokens import queries
from fastpix.resources.access_tokens.models import AccessToken, AccessTokenRow, AccessTokenWord, CreatedToken, Status
from fastpix.resources.members.models import IS_ACTIVE, Member
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces.models import Workspace
from fastpix.text import naming, word_index
from fastpix.web import lists

PREFIX = "fpx_"

_ROWS = (
    sa.select(
        AccessToken.id,
        AccessToken.name,
        AccessToken.role,
        AccessToken.may_manage_people,
        AccessToken.workspace_id,
        AccessToken.owner_id,
        AccessToken.owner_name,
        AccessToken.created_at,
        AccessToken.expires_at,
        AccessToken.revoked_at,
        AccessToken.last_used_at,
        AccessToken.last_used_from,
        Workspace.name.label("workspace_name"),
        Member.role.label("owner_role"),
        IS_ACTIVE.label("owner_is_active"),
        queries.UPLOADS_OF_TOKEN.label("open_uploads"),
    )
    .join(Workspace, Workspace.id == AccessToken.workspace_id)
    .outerjoin(Member, Member.id == AccessToken.owner_id)
)
_BY_AGE = (AccessToken.created_at, AccessToken.id)
_NEWEST_FIRST = (AccessToken.created_at.desc(), AccessToken.id.desc())
_NEWEST = _ROWS.order_by(*_NEWEST_FIRST)
_IDS = sa.select(AccessToken.id)
_TOTAL = sa.select(sa.func.coalesce(sa.func.sum(Workspace.token_count), 0))
_ONE = _ROWS.where(AccessToken.id == sa.bindparam("token_id"))


@action("access_tokens.view")
def listed(offset: int = 1, limit: int = 50, workspace_id: UUID | None = None) -> tuple[list[AccessTokenRow], int]:
    """The tokens by page number (1-based), newest first, with the total. Secrets are not stored, so never in it."""
    reach = principal.current().workspace_ids if workspace_id is None else {workspace_id}
    total = _total(reach)
    page = lists.stretch(offset, limit, total)
    if not page.size:
        return [], total
    here = AccessToken.workspace_id == workspace_id if workspace_id is not None else sa.true()
    # The rows to skip are counted off by the index alone, from the nearer end.
    ids = _IDS.where(here).order_by(*(_BY_AGE if page.is_turned else _NEWEST_FIRST))
    of_page = ids.offset(page.skip).limit(page.size).subquery()
    rows = db.session.execute(_ROWS.join(of_page, of_page.c.id == AccessToken.id).order_by(*_NEWEST_FIRST))
    return [_as_dict(row) for row in rows], total


@action("access_tokens.view")
def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[AccessTokenRow]:
    """At most `most` tokens with such words in their names, or of such an id, as `get` gives them."""
    ids = word_index.find(AccessTokenWord, AccessTokenWord.token_id, text, workspace_ids, most)
    if (span := word_index.id_range(text)) is not None:
        ids = [*db.session.scalars(sa.select(AccessToken.id).where(AccessToken.id.between(*span)).limit(most)), *ids]
    rows = {row.id: _as_dict(row) for row in db.session.execute(_ROWS.where(AccessToken.id.in_(ids)))} if ids else {}
    return [rows[token_id] for token_id in dict.fromkeys(ids) if token_id in rows][:most]


@action("access_tokens.view")
def get(token_id: UUID) -> AccessTokenRow:
    """One token. Raises `Missing`."""
    row = tenancy.rows(_ONE, {"token_id": token_id}).one_or_none()
    if row is None:
        raise Missing("There is no such access token here.")
    return _as_dict(row)


@action("access_tokens.create")
def create(
    name: str,
    workspace_id: UUID,
    role: str,
    may_manage_people: bool = False,
    expires_at: datetime | None = None,
    owner_id: UUID | None = None,
) -> CreatedToken:
    """A new token, owned by the actor, with its secret: shown now and never again.

    A token may not make one that can do more or lives longer than itself, and only one with the role of an admin may
    manage people. `owner_id` is for commands, which have no member of their own. Raises `Invalid`.
    """
    actor = principal.current()
    token = AccessToken(
        name=_checked_name(name),
        workspace_id=workspaces.check(workspace_id),
        role=table.checked_role(role),
        may_manage_people=_checked_tick(may_manage_people, role),
        expires_at=_checked_expiry(expires_at),
        owner_id=actor.member_id or owner_id,
        owner_name=_owner_name(actor.member_id or owner_id),
        secret_hash="",
    )
    secret = _new_secret(token)
    db.session.add(token)
    _count(token.workspace_id)
    db.session.flush()
    words = word_index.of(token.name)
    db.session.add_all(AccessTokenWord(token_id=token.id, workspace_id=token.workspace_id, word=word) for word in words)
    db.session.flush()
    describe("access_token", token.id, token.name, after=_facts(token), workspace_id=token.workspace_id)
    return {**get_dict(token.id), "secret": secret}


@action("access_tokens.create", is_alone=True)
def adopt(token_id: UUID) -> CreatedToken:
    """Take over a token: it gets a new secret and the actor as its owner. Raises `Missing`, `Refused` if revoked."""
    actor = principal.current()
    token = _load(token_id)
    if token.revoked_at is not None:
        raise Refused("This token was revoked. Create a new one instead.")
    if token.expires_at is not None and token.expires_at <= now():
        raise Refused("This token has expired. Create a new one instead.")
    if token.may_manage_people:
        _checked_tick(True, "admin")  # on a member's token it counts for nothing
    _check_life(token.expires_at)  # its new secret must not outlive the one that asks
    if actor.member_id is None:
        raise Refused("Only a person or a person's token can adopt a token.")
    before = _facts(token) | {"uploads": queries.count_of_uploads(token_id=token_id)}
    token.owner_id, token.owner_name = actor.member_id, _owner_name(actor.member_id)
    secret = _new_secret(token)
    token.secret_number += 1
    db.session.flush()
    describe("access_token", token.id, token.name, before=before, after=_facts(token), workspace_id=token.workspace_id)
    return {**get_dict(token.id), "secret": secret}


@action("access_tokens.revoke", is_alone=True)
def revoke(token_id: UUID) -> None:
    """Stop a token at once and for good. Raises `Missing`, `Refused` when it was revoked before."""
    token = _load(token_id)
    if token.revoked_at is not None:
        raise Refused("This token was revoked already.")
    ending = {"uploads": queries.count_of_uploads(token_id=token_id)}
    token.revoked_at = now()
    describe("access_token", token.id, token.name, before=_facts(token) | ending, workspace_id=token.workspace_id)


def get_dict(token_id: UUID) -> AccessTokenRow:
    """One token as `get` gives it, for a verb that has just written it."""
    return _as_dict(tenancy.rows(_ONE, {"token_id": token_id}).one())


def _total(reach: Collection[UUID] | None) -> int:
    """How many tokens there are in the workspaces within reach (None: all), from the counts stored with them."""
    within = Workspace.id.in_(reach) if reach is not None else sa.true()
    return db.session.scalar(_TOTAL.where(within)) or 0


def _count(workspace_id: UUID) -> None:
    """One more token; they are revoked and never deleted but with their workspace."""
    here = sa.update(Workspace).where(Workspace.id == workspace_id)
    more = here.values(token_count=Workspace.token_count + 1)
    db.session.execute(more.execution_options(synchronize_session=False))


def _load(token_id: UUID) -> AccessToken:
    token = db.session.scalar(sa.select(AccessToken).where(AccessToken.id == token_id))
    if token is None:
        raise Missing("There is no such access token here.")
    return token


def _new_secret(token: AccessToken) -> str:
    secret = tokens.new(PREFIX)
    token.secret_hash = tokens.digest(secret)
    return secret


def _checked_name(text: str) -> str:
    return naming.checked(text, 80, hint=" that says what uses the token")


def _checked_tick(may_manage_people: bool, role: str) -> bool:
    if may_manage_people and role != "admin":
        raise Invalid("mayManagePeople", "Only a token with the role admin can manage people: choose admin, or untick.")
    if may_manage_people and not principal.current().may_manage_people:
        raise Invalid("mayManagePeople", "A token that may not manage people cannot make one that may.")
    return may_manage_people


def _checked_expiry(expires_at: datetime | None) -> datetime | None:
    if expires_at is not None and expires_at <= now():
        raise Invalid("expiresAt", "Choose a time in the future.")
    _check_life(expires_at)
    return expires_at


def _check_life(expires_at: datetime | None) -> None:
    limit = principal.current().expires_at
    if limit is not None and (expires_at is None or expires_at > limit):
        raise Invalid("expiresAt", f"A token cannot make one that outlives it; choose a time before {limit:%Y-%m-%d}.")


def _owner_name(member_id: UUID | None) -> str:
    owner = sa.select(Person.name).join(Member, Member.person_id == Person.id).where(Member.id == member_id)
    name = db.session.scalar(owner)
    if name is None:
        raise Refused("A token needs an owner who is a member of the organization.")
    return name


def _facts(token: AccessToken) -> dict[str, Any]:
    return {
        "role": token.role,
        "may_manage_people": token.may_manage_people,
        "owner": token.owner_name,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def _as_dict(row: sa.Row[*tuple[Any, ...]]) -> AccessTokenRow:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "may_manage_people": row.may_manage_people,
        "workspace_id": row.workspace_id,
        "workspace_name": row.workspace_name,
        "owner_id": row.owner_id,
        "owner_name": row.owner_name,
        "owner_role": row.owner_role,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
        "last_used_from": row.last_used_from,
        "status": _status(row),
        "open_uploads": row.open_uploads,
        "is_capped": row.role == "admin" and row.owner_role == "member",
    }


def _status(row: sa.Row[*tuple[Any, ...]]) -> Status:
    if row.revoked_at is not None:
        return "revoked"
    if row.owner_id is None or not row.owner_is_active:
        return "suspended"
    if row.expires_at is not None and row.expires_at <= now():
        return "expired"
    return "active"
