"""Open invites as rows: lists of them, one, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.errors import Missing
from fastpix.mail import outbox
from fastpix.resources.members.invitations.models import Invitation, InvitationRow, InvitationWorkspace
from fastpix.resources.members.models import GrantedWorkspace
from fastpix.resources.workspaces.models import Workspace

OPEN = sa.and_(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
_NEWEST = sa.select(Invitation).where(OPEN).order_by(Invitation.created_at.desc(), Invitation.id.desc())
_COUNT = sa.select(sa.func.count(Invitation.id)).where(OPEN)


def numbered(offset: int, limit: int) -> tuple[list[InvitationRow], int]:
    """Page `offset` (1-based) of `limit` open invites, newest first, and how many there are."""
    return as_dicts(list(db.session.scalars(_NEWEST.offset((offset - 1) * limit).limit(limit)))), count()


def chosen(invitation_ids: Sequence[UUID]) -> list[InvitationRow]:
    """The open invites of these ids, by address."""
    of_these = sa.select(Invitation).where(OPEN, Invitation.id.in_(invitation_ids)).order_by(Invitation.email)
    return as_dicts(list(db.session.scalars(of_these)))


def count() -> int:
    """How many invites are open, expired ones too."""
    return db.session.scalar(_COUNT) or 0


def count_expiring(until: datetime) -> int:
    """How many open invites end, or have ended, by then."""
    ending = sa.select(sa.func.count(Invitation.id)).where(OPEN, Invitation.expires_at < until)
    return db.session.scalar(ending) or 0


def load(invitation_id: UUID) -> Invitation:
    """One open invite. Raises `Missing`."""
    invitation = db.session.scalar(sa.select(Invitation).where(OPEN, Invitation.id == invitation_id))
    if invitation is None:
        raise Missing("There is no such invite here. It may have been accepted or revoked.")
    return invitation


def as_dict(invitation: Invitation) -> InvitationRow:
    """An invite with the workspaces it grants and what became of its mail."""
    return as_dicts([invitation])[0]


def as_dicts(invitations: Sequence[Invitation]) -> list[InvitationRow]:
    """Invites with the workspaces they grant and what became of their mails."""
    granted: dict[UUID, list[GrantedWorkspace]] = {invitation.id: [] for invitation in invitations}
    limited = [invitation.id for invitation in invitations if not invitation.all_workspaces]
    grants = (
        sa.select(InvitationWorkspace.invitation_id, Workspace.id, Workspace.name)
        .join(Workspace, Workspace.id == InvitationWorkspace.to_workspace_id)
        .where(InvitationWorkspace.invitation_id.in_(limited))
    )
    for invitation_id, workspace_id, name in db.session.execute(grants) if invitations else ():
        granted[invitation_id].append(GrantedWorkspace(id=workspace_id, name=name))
    deliveries = outbox.statuses([invitation.id for invitation in invitations])
    return [
        {
            "id": row.id,
            "email": row.email,
            "role": row.role,
            "workspaces": "all" if row.all_workspaces else granted[row.id],
            "invited_by": row.inviter_name,
            "created_at": row.created_at,
            "sent_at": row.sent_at,
            "expires_at": row.expires_at,
            "status": "pending" if row.expires_at > now() else "expired",
            "delivery": outbox.describe(deliveries.get(row.id), outbox.is_configured(), row.email),
        }
        for row in invitations
    ]
