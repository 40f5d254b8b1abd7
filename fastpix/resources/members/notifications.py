"""Mails about changes of power and membership, and of what needs an admin: at once, to every admin and the person."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import principal, tenancy
from fastpix.access.table import Role
from fastpix.db import db, now
from fastpix.mail import outbox
from fastpix.resources.members.models import IS_ACTIVE_ADMIN, Member, MemberRow
from fastpix.resources.members.until.rules import day_in_words
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person
from fastpix.text.counting import counted

# Names in a mail about many; how many more there were is said.
NAMED = 20

_PEOPLE = sa.select(Member.id, Person.name, Person.email).join(Member, Member.person_id == Person.id)
_ADMINS = _PEOPLE.where(IS_ACTIVE_ADMIN)
_ORGANIZATION = sa.select(Organization.name, Organization.slug)
_DOORS = {"dashboard": "in the dashboard", "api": "over the API", "cli": "by a command on the server"}


def membership_changed(member: Member, text: str, *, to_member: str) -> None:
    """Tell the admins and, in words of their own, the member. `{organization}` in a text stands for its name."""
    memberships_changed({member.id}, text, to_member=to_member)


def memberships_changed(member_ids: set[UUID], text: str, *, to_member: str | Mapping[UUID, str]) -> None:
    """The same of several members: one mail to each admin, and one to each of the members, all or each in other words."""
    own = dict.fromkeys(member_ids, to_member) if isinstance(to_member, str) else to_member
    recipients = _PEOPLE.where(sa.or_(IS_ACTIVE_ADMIN, Member.id.in_(member_ids)))
    for member_id, name, email in db.session.execute(recipients):
        if member_id in member_ids:
            _post(name, email, own[member_id], "", is_admin=False)
        else:
            _post(name, email, text, "members/", is_admin=True)


def roles_changed(rows: list[MemberRow], role: Role) -> None:
    """Tell the admins and the members of the new role of many."""
    which, _can = _role_in_words(role)
    memberships_changed(
        {row["id"] for row in rows},
        f"{_who()} changed the role of {people_in_words(rows)}. Each is now {which} of {{organization}}."
        + shut_out_in_words(rows),
        to_member={row["id"]: _own_role(row, role) for row in rows},
    )


def role_changed(row: MemberRow, role: Role, ended: str = "") -> None:
    """Tell the admins (with what ended by it) and the member of their role as it is now."""
    which, _can = _role_in_words(role)
    memberships_changed(
        {row["id"]},
        f"{_who()} changed the role of {row['name']}: now {which} of {{organization}}.{ended}{shut_out_in_words([row])}",
        to_member={row["id"]: _own_role(row, role)},
    )


def _own_role(row: MemberRow, role: Role) -> str:
    """What they can do is said to those alone who can."""
    which, can = _role_in_words(role)
    shut_out = _shut_out(row)
    return f"{_who()} changed your role: you are now {which} of {{organization}}" + (shut_out or f", and {can}.")


def removed(rows: list[MemberRow]) -> None:
    """Tell the admins who stay, and the many who are removed, while they still are members."""
    memberships_changed(
        {row["id"] for row in rows},
        f"{_who()} removed {people_in_words(rows)} from {{organization}}. What ended with each of them stands in the audit log.",
        to_member=removed_in_words(),
    )


def suspended(rows: list[MemberRow]) -> None:
    """Tell the admins, and the many who are suspended."""
    memberships_changed(
        {row["id"] for row in rows},
        f"{_who()} suspended {people_in_words(rows)} in {{organization}}. Nothing of theirs is lost; an admin can resume them.",
        to_member=f"{_who()} suspended you in {{organization}}: its pages, and your access tokens there, are closed to you "
        "until an admin resumes you. Nothing of yours there is lost, and your account stays.",
    )


def resumed(rows: list[MemberRow]) -> None:
    """Tell the admins, and the many who have again what they had."""
    memberships_changed(
        {row["id"] for row in rows},
        f"{_who()} resumed {people_in_words(rows)} in {{organization}}. What each may do there is as it was."
        + shut_out_in_words(rows, is_resumed=True),
        to_member={
            row["id"]: f"{_who()} resumed you in {{organization}}"
            + (_shut_out(row, is_resumed=True) or ": its pages, and your access tokens there, are open to you again.")
            for row in rows
        },
    )


def shut_out_in_words(rows: list[MemberRow], *, is_resumed: bool = False) -> str:
    """Who of these has no access all the same, for admins; empty where all have. `is_resumed`: they were suspended."""
    ended = [row for row in rows if row["has_ended"]]
    suspended = [row for row in rows if row["suspended_at"] and not is_resumed]
    said = ""
    if ended:
        said += f" The access of {people_in_words(ended)} has ended: extend it, if they are to enter."
    if suspended:
        said += f" Suspended until they are resumed: {people_in_words(suspended)}."
    return said


def _shut_out(row: MemberRow, *, is_resumed: bool = False) -> str:
    """What keeps them out all the same, for themselves; empty where nothing does."""
    said = ""
    if row["suspended_at"] and not is_resumed:
        said = ". You are suspended there until an admin resumes you."
    if row["has_ended"] and row["ends_on"]:
        said = said or "."
        said += f" Your access there ended with {day_in_words(row['ends_on'])}. Ask an admin to extend it."
    return said


def _role_in_words(role: Role) -> tuple[str, str]:
    """What somebody with a new role is, and what they can do."""
    if role == "admin":
        return "an admin", "may do everything there, inviting people included"
    return "a member, and no admin any more,", "may look, and change little"


def removed_in_words() -> str:
    """What somebody is told who was removed."""
    return (
        f"{_who()} removed you from {{organization}}: its pages, and your access tokens there, are closed to you from now "
        "on. Your account stays."
    )


def invited_as_admin(email: str) -> None:
    """Tell the admins that somebody was invited as an admin: the product page warns of exactly this."""
    to_admins(f"{_who()} invited {email} to {{organization}} as an admin.", "members/invitations/")


def joined_as_admin(name: str, email: str, inviter: str) -> None:
    """Tell the admins that the invite for an admin was accepted."""
    to_admins(f"{name} ({email}) accepted the invite of {inviter} and is an admin of {{organization}} now.", "members/")


def policy_changed(changes: list[str]) -> None:
    """Tell the admins that policies of the organization changed; each change is a clause."""
    to_admins(f"{_who()} changed policies of {{organization}}: {'; '.join(changes)}.", "settings")


def other_address_used(invited: str, email: str) -> None:
    """Tell the admins that somebody who was invited uses another address: one click fills the form."""
    to_admins(
        f"The invite for {invited} was opened by somebody signed in as {email}, who asks to be invited with that "
        "address instead. Invite them only if you know that they belong together.",
        f"members/invitations/new?emails={quote(email)}",
    )


def to_admins(text: str, page: str) -> None:
    """Tell the admins of something. `page`: the address below the organization's, to look at."""
    for _, name, email in db.session.execute(_ADMINS):
        _post(name, email, text, page, is_admin=True)


def _post(name: str, email: str, text: str, page: str, *, is_admin: bool) -> None:
    organization, slug = db.session.execute(_ORGANIZATION).one()
    unexpected = "look at the audit log, undo it, and talk to who did it: their account may be in other hands"
    if is_admin:
        unexpected += f". The audit log: {urls.to(f'/o/{slug}/audit')}"
    else:
        unexpected = f"ask an admin of {organization}"
    outbox.post(
        "membership_changed",
        email,
        {
            "organization": organization,
            "name": name,
            "text": text.replace("{organization}", organization),
            "details": _details(),
            "at": now(),
            "unexpected": unexpected,
            "link": urls.to(f"/o/{slug}/{page}"),
        },
        organization_id=tenancy.organization_id(),
    )


def people_in_words(rows: list[MemberRow]) -> str:
    """Such as "2 people: …"; the first of many by name."""
    names = [f"{row['name']} ({row['email']})" for row in rows[:NAMED]]
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return f"{counted(len(rows), 'person', 'people')}: {', '.join(names)}{more}"


def _details() -> str:
    """Who did it, through which door, from where and when: what somebody wants to know who did not expect it."""
    actor = principal.current()
    details = f"Done by {_who()} {_DOORS.get(actor.door, 'by the server itself')}"
    if actor.address:
        details += f", from the address {actor.address}"
    return details


def _who() -> str:
    return principal.current().shown_name
