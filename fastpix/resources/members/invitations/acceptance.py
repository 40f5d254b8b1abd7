"""Accepting an invite: the link is the proof, so it is looked up across organizations, and consumed once.

A conditional UPDATE with a row count of one consumes it (check-then-write let two people in, 275 of 300 rounds).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import locks, principal, tenancy
from fastpix.access.action import describe
from fastpix.access.table import Role
from fastpix.crypto import tokens
from fastpix.db import affected_rows, db, now
from fastpix.errors import Gone, Refused
from fastpix.mail import outbox
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.invariant import membership_change
from fastpix.resources.members.invitations.models import Invitation, InvitationWorkspace
from fastpix.resources.members.models import IS_ACTIVE, Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person

ASK = "Ask {inviter} or another admin for a new one."


class WrongAccount(Refused):
    """The signed-in account is not the one that was invited. Nothing was consumed."""


@dataclass(frozen=True)
class Invite:
    """What an invited person is shown. `is_mailed` says whether the link proves the address."""

    id: UUID
    organization_id: UUID
    organization_name: str
    organization_slug: str
    inviter_name: str
    email: str
    email_canonical: str
    role: Role
    expires_at: datetime
    is_mailed: bool


@dataclass(frozen=True)
class UsedInvite:
    """An invite that somebody joined by: where it led, and when."""

    organization_slug: str
    used_at: datetime


_FIND = (
    sa.select(
        Invitation,
        Organization.name.label("organization_name"),
        Organization.slug.label("organization_slug"),
        Member.role.label("inviter_role"),
        IS_ACTIVE.label("inviter_is_active"),
    )
    .join(Organization, Organization.id == Invitation.organization_id)
    .outerjoin(Member, Member.id == Invitation.inviter_id)
    .where(sa.or_(Invitation.mailed_hash == sa.bindparam("hash"), Invitation.shown_hash == sa.bindparam("hash")))
)


_USED = (
    sa.select(Organization.slug, Invitation.used_at)
    .join(Organization, Organization.id == Invitation.organization_id)
    .where(
        sa.or_(Invitation.mailed_hash == sa.bindparam("hash"), Invitation.shown_hash == sa.bindparam("hash")),
        Invitation.used_at.is_not(None),
    )
)


def find(secret: str) -> Invite:
    """The invite a link leads to. Raises `Gone`, saying why, when it is unknown, used, revoked or expired, or when
    its inviter is no admin any more, or suspended."""
    digest = tokens.digest(secret)
    with tenancy.everywhere("an invite is found by its secret, before anybody is a member"):
        row = db.session.execute(_FIND, {"hash": digest}, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise Gone("This invite link does not work any more. Ask an admin of the organization for a new one.")
    invitation: Invitation = row.Invitation
    ask = ASK.format(inviter=invitation.inviter_name)
    if invitation.used_at is not None:
        raise Gone("This invite was accepted already. If it was you, sign in.")
    if invitation.revoked_at is not None:
        raise Gone(f"This invite was revoked. {ask}")
    if invitation.expires_at <= now():
        raise Gone(f"This invite has expired. {ask}")
    if invitation.inviter_id is not None and row.inviter_role != "admin":
        raise Gone(
            f"{invitation.inviter_name}, who sent this invite, is no admin any more. Ask an admin for a new one."
        )
    if invitation.inviter_id is not None and not row.inviter_is_active:
        raise Gone(f"{invitation.inviter_name}, who sent this invite, may invite nobody just now. Ask another admin.")
    return Invite(
        id=invitation.id,
        organization_id=invitation.organization_id,
        organization_name=row.organization_name,
        organization_slug=row.organization_slug,
        inviter_name=invitation.inviter_name,
        email=invitation.email,
        email_canonical=invitation.email_canonical,
        role=invitation.role,
        expires_at=invitation.expires_at,
        is_mailed=digest == invitation.mailed_hash,
    )


def take_turn(secret: str) -> None:
    """Wait for the lock of the organization that a link leads to; a verb that admits somebody waits for the person's.

    To be called before it: the organization's comes first (`access.locks`). Raises `Gone`.
    """
    locks.alone("organization", find(secret).organization_id, in_request=principal.current().request_id is not None)


def used(secret: str) -> UsedInvite | None:
    """The invite of this link, if somebody joined by it; None for any other link."""
    with tenancy.everywhere("an invite is found by its secret, before anybody is a member"):
        row = db.session.execute(_USED, {"hash": tokens.digest(secret)}).one_or_none()
    return UsedInvite(row.slug, row.used_at) if row and row.used_at else None


def admit(secret: str, person: Person) -> Invite:
    """Make the person a member, once. Role and workspaces come from the row, never from the link. Not a verb: the
    verbs of `accounts.joining` call it.

    Raises `Gone`, `WrongAccount`, and `Refused` for somebody who is a member already.
    """
    invite = find(secret)
    with tenancy.inside(invite.organization_id):
        with membership_change(by=1):
            invite = find(secret)  # again, under the lock
            _check_person(invite, person)
            _consume(invite.id)
            member = members.join(person.id, *_access(invite.id))
            if member.role == "admin":
                notifications.joined_as_admin(person.name, person.email, invite.inviter_name)
        _tell_inviter(invite, person)
    if invite.is_mailed and person.email_verified_at is None:
        person.email_verified_at = now()
    describe("member", member.id, person.name, after={"role": member.role}, organization_id=invite.organization_id)
    return invite


def _check_person(invite: Invite, person: Person) -> None:
    if person.email_canonical != invite.email_canonical:
        raise WrongAccount(f"This invite is for {invite.email}, and you are signed in as {person.email}.")
    if members.is_member(person.id):
        raise Refused(f"You are a member of {invite.organization_name} already.")


def _consume(invitation_id: UUID) -> None:
    use = (
        sa.update(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now(),
        )
        .values(used_at=now())
    )
    if affected_rows(use) != 1:
        raise Gone("This invite was used a moment ago. If it was you, sign in.")


def _access(invitation_id: UUID) -> tuple[Role, members.Workspaces]:
    role, all_workspaces = db.session.execute(
        sa.select(Invitation.role, Invitation.all_workspaces).where(Invitation.id == invitation_id)
    ).one()
    if all_workspaces:
        return role, "all"
    workspace_ids = sa.select(InvitationWorkspace.to_workspace_id).where(
        InvitationWorkspace.invitation_id == invitation_id
    )
    return role, list(db.session.scalars(workspace_ids))


def _tell_inviter(invite: Invite, person: Person) -> None:
    inviter = (
        sa.select(Person.email)
        .join(Member, Member.person_id == Person.id)
        .join(Invitation, Invitation.inviter_id == Member.id)
        .where(Invitation.id == invite.id)
    )
    address = db.session.scalar(inviter)
    if address:
        outbox.post(
            "member_joined",
            address,
            {
                "organization": invite.organization_name,
                "name": person.name,
                "email": person.email,
                "role": invite.role,
                "link": urls.to(f"/o/{invite.organization_slug}/members/"),
            },
            organization_id=invite.organization_id,
        )


def ask_for(invite: Invite, email: str) -> bool:
    """Mail the admins that the invited person has another address, with a link that fills the invite form."""
    with tenancy.inside(invite.organization_id):
        notifications.other_address_used(invite.email, email)
    return True
