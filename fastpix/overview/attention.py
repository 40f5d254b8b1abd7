"""What needs somebody's attention: only of what the actor may see and could mend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TypedDict
from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import action
from fastpix.db import now
from fastpix.mail import outbox
from fastpix.resources.media import queries as media
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain
from fastpix.resources.webhooks import domain as webhooks
from fastpix.storage import room
from fastpix.text.counting import counted

LOOKED_BACK = timedelta(days=30)
SOON = timedelta(hours=48)
MOST_OF_A_KIND = 3


class Matter(TypedDict):
    """One thing to look at. `kind` says which page it is mended on, `id` of what, where it is of one thing."""

    kind: str
    id: UUID | None
    text: str
    detail: str


_DISK = Matter(
    kind="disk",
    id=None,
    text="The server's disk is nearly full",
    detail="Uploads and recordings stop when it is. Delete media that nobody needs, or ask whoever runs the server for room.",
)


@action("organizations.view")
def matters(workspace_ids: list[UUID]) -> list[Matter]:
    """What failed, is failing or is about to end, the most urgent first."""
    organization = domain.get()
    found: list[Matter] = []
    if principal.may("media.delete") and room.is_little():
        found.append(_DISK)
    if principal.may("media.edit"):
        found += _failed_media(workspace_ids)
    if principal.may("webhooks.view"):
        found += _failing_webhooks()
    if principal.may("members.invite"):
        found += _mails(organization["id"])
        found += _expiring_invites()
    if principal.may("members.edit") and organization["require_second_factor"]:
        found += _unprotected()
    return found


def _failed_media(workspace_ids: list[UUID]) -> Iterator[Matter]:
    for row in media.failed(workspace_ids, now() - LOOKED_BACK, MOST_OF_A_KIND):
        name = row["title"] or row["source_name"] or str(row["id"])
        yield Matter(kind="media", id=row["id"], text=f"{name} could not be made ready", detail=row["failure"])


def _failing_webhooks() -> Iterator[Matter]:
    for row in webhooks.failing(MOST_OF_A_KIND):
        detail = row["off_reason"] or f"{counted(row['failures'], 'delivery', 'deliveries')} in a row failed."
        yield Matter(kind="webhook", id=row["id"], text=f"The webhook to {row['url']} fails", detail=detail)


def _mails(organization_id: UUID) -> Iterator[Matter]:
    if count := outbox.failed_count(organization_id, "invitation"):
        text = f"{counted(count, 'mail')} could not be delivered"
        yield Matter(kind="invite", id=None, text=text, detail="The pending invites say why.")


def _expiring_invites() -> Iterator[Matter]:
    if count := invitations.count_expiring(now() + SOON):
        text = f"{counted(count, 'invite')} {'ends' if count == 1 else 'end'} soon or ended already"
        yield Matter(kind="invite", id=None, text=text, detail="A new link gives its person more time.")


def _unprotected() -> Iterator[Matter]:
    count, names = members.without_second_factor(MOST_OF_A_KIND)
    if count:
        who = ", ".join(names) + (" and others" if count > len(names) else "")
        text = f"{counted(count, 'person', 'people')} without the second factor that is required here"
        yield Matter(kind="member", id=None, text=text, detail=f"{who} cannot come in before they set one up.")
