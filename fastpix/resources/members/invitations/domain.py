"""Invitations: asking people in, by mail and by a link shown once; resending, editing and revoking them."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import organization_lock, principal, table
from fastpix.access.action import action, describe
from fastpix.access.table import Role
from fastpix.config import instance
from fastpix.crypto import tokens
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, TooMany
from fastpix.mail import outbox
from fastpix.ratelimit import attempts
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.domain import Workspaces
from fastpix.resources.members.invitations import queries
from fastpix.resources.members.invitations.models import (
    Invitation,
    InvitationRow,
    InvitationWorkspace,
    Invited,
    InviteResult,
    NotInvited,
    Obstacle,
)
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.text import pasted

MOST_AT_ONCE = 50
# Invites to one address in an hour, whoever sends them.
MOST_TO_ONE = 10
GONE = "This invite was accepted or revoked meanwhile."
LONGEST_LIST = 20_000  # characters: as many addresses with long names


@action("members.view")
def pending(offset: int = 1, limit: int = 50) -> tuple[list[InvitationRow], int]:
    """Invites not accepted yet, expired ones too, by page number (1-based), newest first, with the total."""
    return queries.numbered(offset, limit)


def count_open() -> int:
    """How many invites are open, expired ones too: a number on other pages, so no verb with a page of its own."""
    principal.demand("members.view")
    return queries.count()


@action("members.invite", changes=False)
def count_expiring(until: datetime) -> int:
    """How many open invites end, or have ended, by then."""
    return queries.count_expiring(until)


@action("members.view")
def get(invitation_id: UUID) -> InvitationRow:
    """One open invite. Raises `Missing`."""
    return queries.as_dict(queries.load(invitation_id))


@action("members.uninvite", changes=False)
def chosen(invitation_ids: list[UUID]) -> list[InvitationRow]:
    """The open ones of these, by address, at most `MOST_AT_ONCE`."""
    return queries.chosen(invitation_ids[:MOST_AT_ONCE])


def resend_each(invitation_ids: list[UUID]) -> list[InviteResult]:
    """Resend several, each by the verb of one; who was sent too many stays as it is, and the result says so."""
    emails = {row["id"]: row["email"] for row in chosen(invitation_ids)}
    results: list[InviteResult] = []
    for each in emails:
        try:
            results.append(resend(each))
        except TooMany as problem:
            results.append(_not_invited(emails[each], "limited", str(problem)))
        except Missing:
            results.append(_not_invited(emails[each], "gone", GONE))
    return results


def revoke_each(invitation_ids: list[UUID]) -> int:
    """Revoke several, each by the verb of one; how many were still open."""
    revoked = 0
    for each in invitation_ids:
        with suppress(Missing):
            revoke(each)
            revoked += 1
    return revoked


@action("members.invite", changes=False)
def check_addresses(text: str) -> list[str]:
    """The addresses in a text, also with names and brackets (`text.pasted`). Raises `Invalid` for none or too many."""
    if len(text) > LONGEST_LIST:
        raise Invalid("emails", f"Invite at most {MOST_AT_ONCE} people at once; this text is too long for that.")
    addresses = pasted.addresses(text)
    if not addresses:
        raise Invalid("emails", "Give at least one mail address.")
    if len(addresses) > MOST_AT_ONCE:
        raise Invalid("emails", f"Invite at most {MOST_AT_ONCE} people at once; these are {len(addresses)}.")
    return addresses


@action("members.invite", is_alone=True)
def invite(emails: list[str], role: str, workspace_access: Workspaces = "all") -> list[InviteResult]:
    """Invite every address; a result each.

    Raises `Invalid` for a bad role, workspaces or number of addresses.
    """
    organization_lock.take()
    invited_role = table.checked_role(role)
    if invited_role == "admin":
        principal.demand_fresh()
    workspace_ids = members.checked_workspaces(workspace_access)
    addresses = check_addresses("\n".join(emails))
    results = [_invite_one(address, invited_role, workspace_access == "all", workspace_ids) for address in addresses]
    invited = {str(row["id"]): row["email"] for result in results if (row := result["invitation"])}
    _explain_repetitions(results, {people.check_email(email)[1] for email in invited.values()})
    after = {"role": invited_role, "invitations": invited}
    describe("invitation", next(iter(invited), ""), ", ".join(invited.values()) or "nobody", after=after)
    if invited_role == "admin":
        for email in invited.values():
            notifications.invited_as_admin(email)
    return results


@action("members.invite", is_alone=True)
def resend(invitation_id: UUID) -> Invited:
    """A new link for an invite: the old ones are dead, the clock starts again. A result as of `invite`."""
    organization_lock.take()
    invitation = queries.load(invitation_id)
    if invitation.role == "admin":
        principal.demand_fresh()
    _count(invitation.email_canonical)
    outbox.discard(invitation.id)
    invitation.inviter_id, invitation.inviter_name = principal.current().member_id, principal.current().shown_name
    link = _send(invitation)
    db.session.flush()
    describe("invitation", invitation.id, invitation.email, after={"expires_at": invitation.expires_at.isoformat()})
    return _invited(invitation, link)


@action("members.edit", is_alone=True)
def edit(invitation_id: UUID, role: str | None = None, workspace_access: Workspaces | None = None) -> InvitationRow:
    """Change the role and workspaces an invited person will have; what is None stays. Raises `Missing`, `Invalid`."""
    organization_lock.take()
    invitation = queries.load(invitation_id)
    before = _facts(invitation)
    if role is not None and role != invitation.role:
        principal.demand_fresh()
        invitation.role = table.checked_role(role)
        if invitation.role == "admin":
            notifications.invited_as_admin(invitation.email)
    if workspace_access is not None:
        _grant(invitation, workspace_access == "all", members.checked_workspaces(workspace_access))
    db.session.flush()
    describe("invitation", invitation.id, invitation.email, before=before, after=_facts(invitation))
    return queries.as_dict(invitation)


@action("members.uninvite", is_alone=True)
def revoke(invitation_id: UUID) -> None:
    """End an invite that was not accepted: its links are dead at once. Raises `Missing`."""
    organization_lock.take()
    invitation = queries.load(invitation_id)
    invitation.revoked_at = now()
    outbox.discard(invitation.id)
    describe("invitation", invitation.id, invitation.email, before={"role": invitation.role})


def _invite_one(address: str, role: Role, all_workspaces: bool, workspace_ids: list[UUID]) -> InviteResult:
    try:
        email, canonical = people.check_email(address)
        if obstacle := _obstacle(canonical):
            return _not_invited(email, *obstacle)
        _count(canonical)
    except Invalid as problem:
        return _not_invited(address, "invalid", next(iter(problem.fields.values())))
    except TooMany as problem:
        return _not_invited(address, "limited", str(problem))
    actor = principal.current()
    invitation = Invitation(
        id=uuid.uuid4(),
        inviter_id=actor.member_id,
        inviter_name=actor.shown_name,
        email=email,
        email_canonical=canonical,
        role=role,
    )
    link = _send(invitation)
    db.session.add(invitation)
    db.session.flush()
    _grant(invitation, all_workspaces, workspace_ids)
    return _invited(invitation, link)


def _explain_repetitions(results: list[InviteResult], invited: set[str]) -> None:
    """An address that was written in two ways has no earlier invite that one could resend."""
    for result in results:
        if result["status"] == "already_invited" and people.check_email(result["email"])[1] in invited:
            result["message"] = "The same address stands there twice. It was invited once."


def _obstacle(canonical: str) -> tuple[Obstacle, str] | None:
    """Why the address is not invited: it is a member's, or an open invite's. An expired invite makes way."""
    member = sa.select(Member.id).join(Person, Person.id == Member.person_id)
    if db.session.scalar(member.where(Person.email_canonical == canonical)) is not None:
        return "already_member", "This person is a member already."
    earlier = db.session.scalar(sa.select(Invitation).where(queries.OPEN, Invitation.email_canonical == canonical))
    if earlier is None:
        return None
    if earlier.expires_at > now():
        return "already_invited", "There is an open invite for this address. Resend it to send a new link."
    earlier.revoked_at = now()
    db.session.flush()
    return None


def _count(canonical: str) -> None:
    """Limits per organization, inviter and invited address; 0 turns all of them off. Raises `TooMany`."""
    actor, most = principal.current(), instance.settings().invites_per_hour
    attempts.count("invites of", str(actor.organization_id), most, 60)
    attempts.count("invites by", str(actor.member_id or actor.name), most, 60)
    attempts.count("invites to", canonical, MOST_TO_ONE if most else 0, 60)


def _send(invitation: Invitation) -> str:
    """New secrets and a new clock: the mail gets one link, the inviter sees the other, which is returned."""
    mailed, shown = tokens.new(), tokens.new()
    invitation.mailed_hash, invitation.shown_hash = tokens.digest(mailed), tokens.digest(shown)
    invitation.sent_at, invitation.expires_at = now(), now() + timedelta(days=instance.settings().invite_days)
    organization = db.session.execute(sa.select(Organization.name)).scalar_one()
    outbox.post(
        "invitation",
        invitation.email,
        {
            "organization": organization,
            "inviter": invitation.inviter_name,
            "role": invitation.role,
            "link": urls.to(f"/i/{mailed}"),
            "expires": f"{invitation.expires_at:%d %B %Y, %H:%M} UTC",
        },
        organization_id=principal.current().organization_id,
        about=invitation.id,
    )
    return urls.to(f"/i/{shown}")


def _grant(invitation: Invitation, all_workspaces: bool, workspace_ids: list[UUID]) -> None:
    invitation.all_workspaces = all_workspaces
    if all_workspaces:
        return
    db.session.execute(sa.delete(InvitationWorkspace).where(InvitationWorkspace.invitation_id == invitation.id))
    db.session.add_all(InvitationWorkspace(invitation_id=invitation.id, to_workspace_id=each) for each in workspace_ids)
    db.session.flush()


def _invited(invitation: Invitation, link: str) -> Invited:
    row = queries.as_dict(invitation)
    return {"email": invitation.email, "status": "invited", "message": "", "invitation": row, "link": link}


def _not_invited(email: str, status: Obstacle, message: str) -> NotInvited:
    return {"email": email, "status": status, "message": message, "invitation": None, "link": None}


def _facts(invitation: Invitation) -> dict[str, Any]:
    row = queries.as_dict(invitation)
    workspaces = "all" if row["workspaces"] == "all" else [workspace["name"] for workspace in row["workspaces"]]
    return {"role": row["role"], "workspaces": workspaces}
