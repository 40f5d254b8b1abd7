"""What ends with a membership or with the admin role: shown before, kept in the audit row, and shown again as a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.audit.models import AuditRow
from fastpix.resources.media.models import Upload
from fastpix.resources.members.models import Invitation
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.workspaces.models import Workspace

# The key under which a row of the audit log holds what ended.
STOPPED = "stopped"


@action("members.remove", changes=False)
def preview(member_id: UUID) -> dict[str, Any]:
    """What removing a member, or taking the admin role away, would end. See `of`."""
    return of(member_id)


@action("members.leave", changes=False)
def preview_of_mine() -> dict[str, Any]:
    """What ends when the actor leaves; nothing for a member, who sees neither tokens nor keys nor made any."""
    member_id = principal.current().member_id
    if member_id is None or not principal.may("access_tokens.view"):
        return {"tokens": [], "invitations": [], "signing_keys": [], "uploads": 0}
    return of(member_id)


@action("audit.view")
def receipt(member_id: UUID) -> dict[str, Any]:
    """What ended when somebody was removed or demoted last: {name, by, at, is_removed} and the fields of `facts`.

    It is read from the audit log, so it is there as long as the log is. Raises `Missing`.
    """
    newest = (
        sa.select(AuditRow)
        .where(
            AuditRow.chain == tenancy.organization_id(),
            AuditRow.action.in_(("members.remove", "members.edit")),
            AuditRow.target_id == str(member_id),
            AuditRow.result == "done",
        )
        .order_by(AuditRow.number.desc())
        .limit(20)
    )
    row = next((row for row in db.session.scalars(newest) if STOPPED in row.after), None)
    if row is None:
        raise Missing("Nobody with this id was removed or lost the admin role here.")
    said = {"name": row.target_name, "by": row.actor_name, "at": row.at, "is_removed": row.action == "members.remove"}
    return {**said, **row.after[STOPPED]}


def of(member_id: UUID) -> dict[str, Any]:
    """{tokens, invitations, signing_keys, uploads} of a member: working tokens, open invites, keys they made (which go
    on working), and how many upload addresses are open. Not a verb: previews and the verbs of `domain` call it."""
    return {
        "tokens": _working_tokens(member_id),
        "invitations": list(db.session.scalars(_INVITES, {"member_id": member_id, "at": now()})),
        "signing_keys": [dict(row._mapping) for row in db.session.execute(_KEYS, {"member_id": member_id})],
        "uploads": db.session.scalar(_UPLOADS, {"member_id": member_id, "at": now()}) or 0,
    }


def adopt(member_id: UUID, token_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Adopt some of a member's tokens, in the transaction that removes the member. Not a verb: each adoption is one.

    Raises `Invalid` for a token that is not a working one of theirs.
    """
    chosen = list(dict.fromkeys(token_ids))
    if set(chosen) - {token["id"] for token in (_working_tokens(member_id) if chosen else ())}:
        raise Invalid("adopt", "Choose among the tokens shown; one of those you chose stopped meanwhile.")
    return [access_tokens.adopt(token_id) for token_id in chosen]


def facts(ending: dict[str, Any]) -> dict[str, Any]:
    """The same in names, for the audit row and the receipt."""
    return {
        "tokens": [f"{token['name']} ({token['workspace_name']})" for token in ending["tokens"]],
        "invitations": ending["invitations"],
        "signing_keys": [f"{key['id']} ({key['workspace_name']})" for key in ending["signing_keys"]],
        "uploads": ending["uploads"],
    }


def in_words(ending: dict[str, Any], *, is_removed: bool) -> str:
    """Sentences for the mail to the admins; empty where nothing ended."""
    said, known = [], facts(ending)
    if known["tokens"]:
        end = "stopped, until an admin adopts them" if is_removed else "can only read now"
        said.append(f"Access tokens that {end}: {', '.join(known['tokens'])}.")
    if known["invitations"]:
        said.append(f"Invites that are void: {', '.join(known['invitations'])}.")
    if known["uploads"]:
        said.append(f"Upload addresses that ended: {known['uploads']}.")
    if known["signing_keys"]:
        said.append(
            f"Signing keys they made, which still work: {', '.join(known['signing_keys'])}. Delete one to end every "
            "playback address that was signed with it."
        )
    return "".join(f" {sentence}" for sentence in said)


def _working_tokens(member_id: UUID) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in db.session.execute(_TOKENS, {"member_id": member_id, "at": now()})]


_MEMBER, _AT = (
    sa.bindparam("member_id", type_=AccessToken.id.type),
    sa.bindparam("at", type_=AccessToken.created_at.type),
)
_TOKENS = (
    sa.select(AccessToken.id, AccessToken.name, AccessToken.role, Workspace.name.label("workspace_name"))
    .join(Workspace, Workspace.id == AccessToken.workspace_id)
    .where(
        AccessToken.owner_id == _MEMBER,
        AccessToken.revoked_at.is_(None),
        sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > _AT),
    )
    .order_by(AccessToken.created_at)
)
_INVITES = (
    sa.select(Invitation.email)
    .where(
        Invitation.inviter_id == _MEMBER,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > _AT,
    )
    .order_by(Invitation.created_at)
)
_KEYS = (
    sa.select(SigningKey.id, SigningKey.created_at, SigningKey.last_used_at, Workspace.name.label("workspace_name"))
    .join(Workspace, Workspace.id == SigningKey.workspace_id)
    .where(SigningKey.created_by_id == _MEMBER)
    .order_by(SigningKey.created_at)
)
_UPLOADS = sa.select(sa.func.count(Upload.id)).where(Upload.by_member_id == _MEMBER, Upload.expires_at > _AT)
