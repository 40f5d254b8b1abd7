"""What hangs on a membership: a member's working tokens, open invites, keys and upload addresses."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.resources.access_tokens import queries as access_tokens
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members.invitations.models import Invitation
from fastpix.resources.members.offboarding.models import Ending, KeyMade, WorkingToken
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.workspaces.models import Workspace

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


def of(member_id: UUID) -> Ending:
    """What would end for a member now."""
    return {
        "tokens": working_tokens(member_id),
        "invitations": list(db.session.scalars(_INVITES, {"member_id": member_id, "at": now()})),
        "signing_keys": [
            KeyMade(id=key_id, created_at=created_at, last_used_at=last_used_at, workspace_name=workspace_name)
            for key_id, created_at, last_used_at, workspace_name in db.session.execute(_KEYS, {"member_id": member_id})
        ],
        "uploads": access_tokens.count_of_uploads(member_id=member_id),
    }


def working_tokens(member_id: UUID) -> list[WorkingToken]:
    """A member's tokens that are neither revoked nor expired, oldest first."""
    return [
        WorkingToken(id=token_id, name=name, role=role, workspace_name=workspace_name)
        for token_id, name, role, workspace_name in db.session.execute(_TOKENS, {"member_id": member_id, "at": now()})
    ]
