"""What is worth doing first, from how things really are: only what the actor may do, and gone when all of it is done."""

from __future__ import annotations

from typing import Any

from fastpix.access import principal
from fastpix.access.action import action
from fastpix.mail import outbox
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.media import search as media
from fastpix.resources.members import invitations
from fastpix.resources.organizations import domain
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces


@action("organizations.view")
def steps() -> list[dict[str, Any]]:
    """{key, label, done} in the order to do them in; "mail" is the operator's, who alone sets it up."""
    found = []
    person_id = principal.current().person_id
    if principal.may("members.invite"):
        is_alone = domain.get()["member_count"] < 2 and not invitations.waiting()
        found.append(_step("invite", "Invite a teammate", not is_alone))
    if principal.may("media.create"):
        has_media = any(media.total(workspace_id) for workspace_id in workspaces.ids())
        found.append(_step("upload", "Upload a first video", has_media))
    if principal.may("access_tokens.create"):
        has_token = access_tokens.listed(1, 1)[1] > 0
        found.append(_step("token", "Create an access token for a script", has_token))
    if person_id is not None:
        is_protected = people.second_factor_since(person_id) is not None
        found.append(_step("second_factor", "Protect your account with a second factor", is_protected))
    if principal.may("members.invite"):
        found.append(_step("mail", "Set up mail, so that invites are sent by themselves", outbox.is_configured()))
    return found


def _step(key: str, label: str, done: bool) -> dict[str, Any]:
    return {"key": key, "label": label, "done": done}
