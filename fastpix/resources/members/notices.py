"""Mails about changes of membership, and of what needs an admin: to every admin, and to the person concerned."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa

from fastpix import links
from fastpix.access import tenancy
from fastpix.db import db
from fastpix.mail import outbox
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person

_ADMINS = sa.select(Person.id, Person.name, Person.email).join(Member, Member.person_id == Person.id)
_ORGANIZATION = sa.select(Organization.name, Organization.slug)


def membership_changed(member: Member, text: str) -> None:
    """Tell the admins and the member. `{organization}` in the text stands for its name."""
    name, slug = db.session.execute(_ORGANIZATION).one()
    said = text.replace("{organization}", name)
    rows = _ADMINS.where(sa.or_(Member.role == "admin", Member.id == member.id))
    for _, person_name, email in db.session.execute(rows):
        outbox.post(
            "membership_changed",
            email,
            {"organization": name, "name": person_name, "text": said, "link": links.to(f"/o/{slug}/members/")},
            organization_id=tenancy.organization_id(),
            about=member.id,
        )


def invited_as_admin(email: str, inviter: str) -> None:
    """Tell the admins that somebody was invited as an admin: the product page warns of exactly this."""
    name, slug = db.session.execute(_ORGANIZATION).one()
    for _, person_name, address in db.session.execute(_ADMINS.where(Member.role == "admin")):
        outbox.post(
            "membership_changed",
            address,
            {
                "organization": name,
                "name": person_name,
                "text": f"{inviter} invited {email} to {name} as an admin.",
                "link": links.to(f"/o/{slug}/members/"),
            },
            organization_id=tenancy.organization_id(),
        )


def other_address_wanted(invited: str, wanted: str) -> None:
    """Tell the admins that somebody who was invited uses another address: one click fills the form."""
    name, slug = db.session.execute(_ORGANIZATION).one()
    for _, person_name, address in db.session.execute(_ADMINS.where(Member.role == "admin")):
        outbox.post(
            "membership_changed",
            address,
            {
                "organization": name,
                "name": person_name,
                "text": f"The invite for {invited} was opened by somebody signed in as {wanted}, who asks to be invited "
                "with that address instead. Invite them only if you know that they belong together.",
                "link": links.to(f"/o/{slug}/members/invitations/new?emails={quote(wanted)}"),
            },
            organization_id=tenancy.organization_id(),
        )


def to_admins(text: str, page: str) -> None:
    """Tell the admins of something that happened by itself. `page`: the address below the organization's."""
    name, slug = db.session.execute(_ORGANIZATION).one()
    for _, person_name, address in db.session.execute(_ADMINS.where(Member.role == "admin")):
        outbox.post(
            "membership_changed",
            address,
            {"organization": name, "name": person_name, "text": text, "link": links.to(f"/o/{slug}/{page}")},
            organization_id=tenancy.organization_id(),
        )
