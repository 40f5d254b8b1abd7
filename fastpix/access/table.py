"""The role table. Guards, menus, pages, API, documents and tests are computed from it; nothing else names a role's rights.

`source` says where a row comes from: "page" is the product page, "ours" is a decision where the page is silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from fastpix.errors import Invalid

Role = Literal["admin", "member"]
ROLES: tuple[Role, ...] = ("admin", "member")
ROLE_SENTENCES: dict[Role, str] = {
    "admin": "Sees and manages almost everything: people, workspaces, keys, tokens, media and live streams.",
    "member": "Sees people, workspaces, media and live streams. May edit workspace details; changes nothing else.",
}


@dataclass(frozen=True)
class Row:
    """One permission: its key, the area it is listed under, what it lets one do, and which roles have it."""

    key: str
    area: str
    does: str
    admin: bool
    member: bool
    source: Literal["page", "ours"]
    # Name of an organization's switch that, turned off, takes the permission from members.
    member_switch: str | None = None

    @property
    def is_view(self) -> bool:
        return self.key.endswith(".view")

    @property
    def manages_people(self) -> bool:
        """Whether an access token needs the tick "may manage people" for it (docs/access.md, "Access tokens")."""
        return self.key.startswith(("members.", "organizations.")) and not self.is_view

    def allows(self, role: Role, switches: Iterable[str] = ()) -> bool:
        """Whether `role` has it in an organization whose turned-on switches are `switches`."""
        if role == "admin":
            return self.admin
        return self.member and (self.member_switch is None or self.member_switch in switches)


_YES, _NO = True, False

PERMISSIONS: tuple[Row, ...] = (
    Row("members.view", "Members", "see the people of the organization and the pending invites", _YES, _YES, "page"),
    Row("members.invite", "Members", "invite people", _YES, _NO, "page"),
    Row("members.uninvite", "Members", "delete an invite that was not accepted yet", _YES, _NO, "page"),
    Row("members.edit", "Members", "edit the role and workspace access of others", _YES, _NO, "page"),
    Row("members.remove", "Members", "remove other members", _YES, _NO, "page"),
    Row("members.suspend", "Members", "suspend other members, and resume them", _YES, _NO, "ours"),
    Row("members.end_sessions", "Members", "see and end the browser sessions of other members", _YES, _NO, "ours"),
    Row("members.view_as", "Members", "look at the organization as a member sees it", _YES, _NO, "ours"),
    Row("members.leave", "Members", "leave the organization", _YES, _YES, "page"),
    Row("organizations.view", "Organization", "see the organization's details", _YES, _YES, "page"),
    Row("organizations.edit", "Organization", "edit the organization's details and policies", _YES, _NO, "ours"),
    Row("organizations.delete", "Organization", "delete the organization", _YES, _NO, "ours"),
    Row("workspaces.view", "Workspaces", "see workspaces", _YES, _YES, "page"),
    Row("workspaces.create", "Workspaces", "add workspaces", _YES, _NO, "page"),
    Row(
        "workspaces.edit",
        "Workspaces",
        "edit a workspace's name, type and description",
        _YES,
        _YES,
        "page",
        member_switch="members_edit_workspaces",
    ),
    Row("workspaces.delete", "Workspaces", "delete workspaces", _YES, _NO, "page"),
    Row("signing_keys.view", "Signing keys", "see signing keys", _YES, _NO, "page"),
    Row("signing_keys.create", "Signing keys", "create signing keys", _YES, _NO, "page"),
    Row("signing_keys.delete", "Signing keys", "delete signing keys", _YES, _NO, "page"),
    Row("access_tokens.view", "Access tokens", "see access tokens", _YES, _NO, "page"),
    Row("access_tokens.create", "Access tokens", "create and adopt access tokens", _YES, _NO, "page"),
    Row("access_tokens.revoke", "Access tokens", "revoke access tokens", _YES, _NO, "page"),
    Row("media.view", "Media", "see media", _YES, _YES, "page"),
    Row("media.create", "Media", "create media", _YES, _NO, "page"),
    Row("media.edit", "Media", "update media", _YES, _NO, "page"),
    Row("media.delete", "Media", "delete media", _YES, _NO, "page"),
    Row("live_streams.view", "Live streams", "see live streams, without stream keys", _YES, _YES, "page"),
    Row("live_streams.create", "Live streams", "create live streams", _YES, _NO, "page"),
    Row("live_streams.edit", "Live streams", "update, enable, disable and finish live streams", _YES, _NO, "ours"),
    Row("live_streams.delete", "Live streams", "delete live streams", _YES, _NO, "page"),
    Row("usage.view", "Usage", "see storage, views and minutes delivered over time", _YES, _YES, "ours"),
    Row("webhooks.view", "Webhooks", "see webhooks and their delivery logs", _YES, _NO, "ours"),
    Row("webhooks.create", "Webhooks", "create webhooks", _YES, _NO, "ours"),
    Row("webhooks.edit", "Webhooks", "edit, test and redeliver webhooks and rotate their secrets", _YES, _NO, "ours"),
    Row("webhooks.delete", "Webhooks", "delete webhooks", _YES, _NO, "ours"),
    Row("access_review.view", "Access review", "see the access review", _YES, _NO, "ours"),
    Row("access_review.complete", "Access review", "mark the access review as done", _YES, _NO, "ours"),
    Row("audit.view", "Audit log", "see the audit log", _YES, _NO, "ours"),
    Row("audit.export", "Audit log", "export the audit log as a file", _YES, _NO, "ours"),
)

ROWS: dict[str, Row] = {row.key: row for row in PERMISSIONS}

# What a person does to themselves or as an invited person; no role decides it, so no row of the table does. Each
# exists at the dashboard only, with the reason printed in the documents.
PERSONAL: dict[str, str] = {
    "account.sign_in": "a person proves who they are; the API has tokens instead",
    "account.sign_out": "ends a browser session; the API has none",
    "account.edit": "a person's own name",
    "account.email": "a person's own address, proved by a mailed link",
    "account.password": "a person's own password; a token must never change it",
    "account.second_factor": "a person's own second factor; a token must never turn it off",
    "account.view_as": "ends an admin's look through a member's eyes; the API has none",
    "account.reset": "a forgotten password, proved by a mailed link",
    "account.delete": "a person's own account; a token must never delete it",
    "sessions.end": "a person's own browser sessions",
    "invitations.accept": "a person joins; the link is the proof, not a role",
    "organizations.create": "a person founds a further organization; a token belongs to one already",
    "instance.operate": "looks after the whole instance; the operator's command gives it, no role does",
    "instance.set_up": "the first person of the instance, proved by the set-up token",
}


ALWAYS = "always"
# What a person in the dashboard must prove afresh who they are for, within `principal.FRESH_MINUTES`, and when. A verb
# that needs it always is stopped by `action` itself; the others call `principal.demand_fresh`. Access tokens are
# not asked: they need the tick "may manage people", or nothing a person's password would add.
FRESH: dict[str, str] = {
    "members.invite": "when the invite is for an admin",
    "members.edit": "when a role changes, or until when an admin has access",
    "members.remove": "when the person is an admin",
    "members.suspend": "when the person is an admin, or is resumed as one",
    "members.end_sessions": "when the person is an admin",
    "members.leave": "when somebody else becomes admin by it",
    "organizations.edit": "when a policy changes",
    "organizations.delete": ALWAYS,
    "workspaces.delete": ALWAYS,
    "signing_keys.create": ALWAYS,
    "access_tokens.create": ALWAYS,
    "webhooks.create": ALWAYS,
    "webhooks.edit": "when the secret is rotated",
    "audit.export": ALWAYS,
    "account.email": "when a new address is asked for",
    "account.second_factor": ALWAYS,
}


def row(key: str) -> Row:
    """The row of a permission. Raises KeyError with a sentence when the table does not know it."""
    try:
        return ROWS[key]
    except KeyError:
        raise KeyError(f"{key} is not in the role table (fastpix/access/table.py)") from None


def switches(**states: bool) -> frozenset[str]:
    """The names of an organization's switches that are turned on."""
    return frozenset(name for name, is_on in states.items() if is_on)


@cache
def permissions_of(role: Role, switches: frozenset[str] = frozenset()) -> frozenset[str]:
    """All permission keys a role has in an organization with these switches turned on."""
    return frozenset(r.key for r in PERMISSIONS if r.allows(role, switches))


@cache
def permissions_of_token(
    role: Role, owner_role: Role, may_manage_people: bool, switches: frozenset[str] = frozenset()
) -> frozenset[str]:
    """What a token may do: its role, capped by its owner's role now, less people without the tick."""
    both = permissions_of(role, switches) & permissions_of(owner_role, switches)
    if tick_counts(role, owner_role, may_manage_people):
        return both
    return frozenset(key for key in both if not ROWS[key].manages_people)


def tick_counts(role: Role, owner_role: Role, may_manage_people: bool) -> bool:
    """Whether a token manages people: its tick counts where it and its owner are admins. Members may leave, and a token
    that may only look, or whose owner was demoted, is not to throw out its owner by that."""
    return may_manage_people and role == owner_role == "admin"


def gains_and_losses(before: Role, after: Role, switches: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Sentences of what somebody gains and loses by a change of role, in table order."""
    old, new = permissions_of(before, switches), permissions_of(after, switches)
    gains = [r.does for r in PERMISSIONS if r.key in new - old]
    losses = [r.does for r in PERMISSIONS if r.key in old - new]
    return gains, losses


def as_markdown() -> str:
    """The role table as Markdown, for the documents and the command line."""
    lines = ["| area | permission | lets one | admin | member | source |", "| --- | --- | --- | --- | --- | --- |"]
    for r in PERMISSIONS:
        member = (
            "yes"
            if r.member and not r.member_switch
            else f"yes, unless `{r.member_switch}` is off"
            if r.member
            else "no"
        )
        lines.append(f"| {r.area} | `{r.key}` | {r.does} | {'yes' if r.admin else 'no'} | {member} | {r.source} |")
    return "\n".join(lines)


def fresh_as_markdown() -> str:
    """What needs a fresh step, as Markdown for the documents."""
    lines = ["| permission or personal action | asked |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| `{key}` | {when} |" for key, when in FRESH.items())])


def as_text() -> str:
    """The role table for a terminal."""
    width = max(len(r.key) for r in PERMISSIONS)
    lines = [f"{'permission':{width}}  admin  member"]
    for r in PERMISSIONS:
        lines.append(f"{r.key:{width}}  {'yes' if r.admin else 'no':5}  {'yes' if r.member else 'no':6}  {r.does}")
    return "\n".join(lines)


def checked_role(role: str) -> Role:
    """The role, if it is one. Raises `Invalid`."""
    for name in ROLES:
        if role == name:
            return name
    raise Invalid("role", "Choose admin or member.")
