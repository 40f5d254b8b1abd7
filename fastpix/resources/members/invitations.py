"""Invitations: asking people in, by mail and by a link shown once; resending, editing and revoking them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import limits, links, tokens
from fastpix.access import principal
from fastpix.access.action import action, describe
from fastpix.access.table import Role
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, TooMany
from fastpix.mail import outbox
from fastpix.resources.members import domain as members
from fastpix.resources.members import notices
from fastpix.resources.members.domain import Workspaces
from fastpix.resources.members.models import Invitation, InvitationWorkspace, Member
from fastpix.resources.organizations import lock
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces.models import Workspace

MOST_AT_ONCE = 50
_OPEN = sa.and_(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
_NEWEST = sa.select(Invitation).where(_OPEN).order_by(Invitation.created_at.desc(), Invitation.id.desc())
_COUNT = sa.select(sa.func.count(Invitation.id)).where(_OPEN)


@dataclass
class Policy:
    """How long invites last and how many an organization may send; set from the settings by `fastpix.app`."""

    days: int = 7
    per_hour: int = 200


policy = Policy()


@action("members.view")
def pending(offset: int = 1, limit: int = 50) -> tuple[list[dict[str, Any]], int]:
    """Invites not accepted yet, expired ones too, by page number (1-based), newest first, with the total."""
    rows = list(db.session.scalars(_NEWEST.offset((offset - 1) * limit).limit(limit)))
    return _as_dicts(rows), db.session.scalar(_COUNT) or 0


def waiting() -> int:
    """How many invites are open, expired ones too: a number on other pages, so no verb with doors of its own."""
    principal.demand("members.view")
    return db.session.scalar(_COUNT) or 0


@action("members.view")
def get(invitation_id: UUID) -> dict[str, Any]:
    """One open invite. Raises `Missing`."""
    return _as_dicts([_load(invitation_id)])[0]


@action("members.invite", changes=False)
def check_addresses(text: str) -> list[str]:
    """The addresses in a text, separated by comma, semicolon, space or newline. Raises `Invalid` for none or too many."""
    found = list(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))
    if not found:
        raise Invalid("emails", "Give at least one mail address.")
    if len(found) > MOST_AT_ONCE:
        raise Invalid("emails", f"Invite at most {MOST_AT_ONCE} people at once; these are {len(found)}.")
    return found


@action("members.invite")
def invite(emails: list[str], role: str, workspace_access: Workspaces = "all") -> list[dict[str, Any]]:
    """Invite every address; a result each: {email, status, message, invitation, link}.

    `status` is invited, already_member, already_invited, invalid or limited. The link is shown now and never again.
    Raises `Invalid` for a bad role, workspaces or number of addresses.
    """
    lock.touch()
    chosen_role = members.checked_role(role)
    if chosen_role == "admin":
        principal.demand_fresh()
    chosen = members.checked_workspaces(workspace_access)
    addresses = check_addresses(" ".join(emails))
    results = [_invite_one(address, chosen_role, workspace_access == "all", chosen) for address in addresses]
    invited = [r for r in results if r["status"] == "invited"]
    _tell_twice(results, {people.check_email(r["email"])[1] for r in invited})
    said = ", ".join(r["email"] for r in invited) or "nobody"
    after = {"role": chosen_role, "invitations": {str(r["invitation"]["id"]): r["email"] for r in invited}}
    describe("invitation", invited[0]["invitation"]["id"] if invited else "", said, after=after)
    if chosen_role == "admin":
        for result in invited:
            notices.invited_as_admin(result["email"])
    return results


@action("members.invite")
def resend(invitation_id: UUID) -> dict[str, Any]:
    """A new link for an invite: the old ones are dead, the clock starts again. A result as of `invite`."""
    lock.touch()
    invitation = _load(invitation_id)
    if invitation.role == "admin":
        principal.demand_fresh()
    _count(invitation.email_canonical)
    outbox.discard(invitation.id)
    invitation.inviter_id, invitation.inviter_name = principal.current().member_id, principal.current().shown_name
    link = _send(invitation)
    db.session.flush()
    describe("invitation", invitation.id, invitation.email, after={"expires_at": invitation.expires_at.isoformat()})
    return _result(invitation.email) | {"link": link, "invitation": _as_dicts([invitation])[0]}


@action("members.edit")
def edit(invitation_id: UUID, role: str | None = None, workspace_access: Workspaces | None = None) -> dict[str, Any]:
    """Change the role and workspaces an invited person will have; what is None stays. Raises `Missing`, `Invalid`."""
    lock.touch()
    invitation = _load(invitation_id)
    before = _facts(invitation)
    if role is not None and role != invitation.role:
        principal.demand_fresh()
        invitation.role = members.checked_role(role)
        if invitation.role == "admin":
            notices.invited_as_admin(invitation.email)
    if workspace_access is not None:
        _grant(invitation, workspace_access == "all", members.checked_workspaces(workspace_access))
    db.session.flush()
    describe("invitation", invitation.id, invitation.email, before=before, after=_facts(invitation))
    return _as_dicts([invitation])[0]


@action("members.uninvite")
def revoke(invitation_id: UUID) -> None:
    """End an invite that was not accepted: its links are dead at once. Raises `Missing`."""
    lock.touch()
    invitation = _load(invitation_id)
    invitation.revoked_at = now()
    outbox.discard(invitation.id)
    describe("invitation", invitation.id, invitation.email, before={"role": invitation.role})


def _invite_one(address: str, role: Role, everything: bool, chosen: list[UUID]) -> dict[str, Any]:
    try:
        shown, canonical = people.check_email(address)
        known = _known(canonical)
        if known:
            return _result(shown, *known)
        _count(canonical)
    except Invalid as problem:
        return _result(address, "invalid", next(iter(problem.fields.values())))
    except TooMany as problem:
        return _result(address, "limited", str(problem))
    actor = principal.current()
    invitation = Invitation(
        id=uuid.uuid4(),
        inviter_id=actor.member_id,
        inviter_name=actor.shown_name,
        email=shown,
        email_canonical=canonical,
        role=role,
    )
    link = _send(invitation)
    db.session.add(invitation)
    db.session.flush()
    _grant(invitation, everything, chosen)
    return _result(shown) | {"link": link, "invitation": _as_dicts([invitation])[0]}


def _tell_twice(results: list[dict[str, Any]], invited: set[str]) -> None:
    """An address that was written in two ways has no earlier invite that one could resend."""
    for result in results:
        if result["status"] == "already_invited" and people.check_email(result["email"])[1] in invited:
            result["message"] = "The same address stands there twice. It was invited once."


def _known(canonical: str) -> tuple[str, str] | None:
    """Why the address is not invited: it is a member's, or an open invite's. An expired invite makes way."""
    member = sa.select(Member.id).join(Person, Person.id == Member.person_id)
    if db.session.scalar(member.where(Person.email_canonical == canonical)) is not None:
        return "already_member", "This person is a member already."
    earlier = db.session.scalar(sa.select(Invitation).where(_OPEN, Invitation.email_canonical == canonical))
    if earlier is None:
        return None
    if earlier.expires_at > now():
        return "already_invited", "There is an open invite for this address. Resend it to send a new link."
    earlier.revoked_at = now()
    db.session.flush()
    return None


def _count(canonical: str) -> None:
    """Limits per organization, inviter and invited address. Raises `TooMany`."""
    actor = principal.current()
    limits.count("invites of", str(actor.organization_id), policy.per_hour, 60)
    limits.count("invites by", str(actor.member_id or actor.name), policy.per_hour, 60)
    limits.count("invites to", canonical, 10, 60)


def _send(invitation: Invitation) -> str:
    """New secrets and a new clock: the mail gets one link, the inviter sees the other, which is returned."""
    mailed, shown = tokens.new(), tokens.new()
    invitation.mailed_hash, invitation.shown_hash = tokens.digest(mailed), tokens.digest(shown)
    invitation.sent_at, invitation.expires_at = now(), now() + timedelta(days=policy.days)
    organization = db.session.execute(sa.select(Organization.name)).scalar_one()
    outbox.post(
        "invitation",
        invitation.email,
        {
            "organization": organization,
            "inviter": invitation.inviter_name,
            "role": invitation.role,
            "link": links.to(f"/i/{mailed}"),
            "expires": f"{invitation.expires_at:%d %B %Y, %H:%M} UTC",
        },
        organization_id=principal.current().organization_id,
        about=invitation.id,
    )
    return links.to(f"/i/{shown}")


def _grant(invitation: Invitation, everything: bool, chosen: list[UUID]) -> None:
    invitation.all_workspaces = everything
    if everything:
        return
    granted = InvitationWorkspace.invitation_id == invitation.id
    db.session.execute(sa.delete(InvitationWorkspace).where(granted))
    db.session.add_all(InvitationWorkspace(invitation_id=invitation.id, to_workspace_id=each) for each in chosen)
    db.session.flush()


def _load(invitation_id: UUID) -> Invitation:
    found = db.session.scalar(sa.select(Invitation).where(_OPEN, Invitation.id == invitation_id))
    if found is None:
        raise Missing("There is no such invite here. It may have been accepted or revoked.")
    return found


def _result(email: str, status: str = "invited", message: str = "") -> dict[str, Any]:
    return {"email": email, "status": status, "message": message, "invitation": None, "link": None}


def _facts(invitation: Invitation) -> dict[str, Any]:
    facts = _as_dicts([invitation])[0]
    workspaces = "all" if facts["workspaces"] == "all" else [w["name"] for w in facts["workspaces"]]
    return {"role": facts["role"], "workspaces": workspaces}


def _as_dicts(rows: list[Invitation]) -> list[dict[str, Any]]:
    granted: dict[UUID, list[dict[str, Any]]] = {row.id: [] for row in rows}
    grants = (
        sa.select(InvitationWorkspace.invitation_id, Workspace.id, Workspace.name)
        .join(Workspace, Workspace.id == InvitationWorkspace.to_workspace_id)
        .where(InvitationWorkspace.invitation_id.in_([row.id for row in rows if not row.all_workspaces]))
    )
    for invitation_id, workspace_id, name in db.session.execute(grants) if rows else ():
        granted[invitation_id].append({"id": workspace_id, "name": name})
    deliveries = outbox.statuses([row.id for row in rows])
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
        for row in rows
    ]
