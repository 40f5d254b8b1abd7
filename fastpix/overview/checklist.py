"""What is worth doing first, from how things really are: only what the actor may do, and gone when all of it is done."""

from __future__ import annotations

from typing import TypedDict

from fastpix.access import principal
from fastpix.access.action import action
from fastpix.mail import outbox
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.media import queries as media
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces


class Step(TypedDict):
    """One of the first steps, and whether it is done. `key` names it; "mail" is the operator's, who alone sets it up."""

    key: str
    label: str
    done: bool


@action("organizations.view")
def steps() -> list[Step]:
    """In the order to do them in."""
    shown: list[Step] = []
    person_id = principal.current().person_id
    if principal.may("members.invite"):
        is_alone = domain.get()["member_count"] < 2 and not invitations.count_open()
        shown.append(Step(key="invite", label="Invite a teammate", done=not is_alone))
    if principal.may("media.create"):
        has_media = any(media.total(workspace_id) for workspace_id in workspaces.ids())
        shown.append(Step(key="upload", label="Upload a first video", done=has_media))
    if principal.may("access_tokens.create"):
        has_token = access_tokens.listed(1, 1)[1] > 0
        shown.append(Step(key="token", label="Create an access token for a script", done=has_token))
    if person_id is not None:
        is_protected = people.second_factor_since(person_id) is not None
        shown.append(Step(key="second_factor", label="Protect your account with a second factor", done=is_protected))
    if principal.may("members.invite"):
        label = "Set up mail, so that invites are sent by themselves"
        shown.append(Step(key="mail", label=label, done=outbox.is_configured()))
    return shown
