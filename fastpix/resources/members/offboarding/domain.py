"""What ends with a membership or with the admin role: shown before, kept in the audit row, and shown again as a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import action
from fastpix.db import db
from fastpix.errors import Invalid, Missing
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.access_tokens.models import CreatedToken
from fastpix.resources.audit.models import AuditRow
from fastpix.resources.members.offboarding import queries
from fastpix.resources.members.offboarding.models import Ending, EndingNames, Receipt

# The key under which a row of the audit log holds what ended.
STOPPED = "stopped"


@action("members.remove", changes=False)
def preview(member_id: UUID) -> Ending:
    """What removing a member, or taking the admin role away, would end."""
    return queries.of(member_id)


@action("members.leave", changes=False)
def preview_of_mine() -> Ending:
    """What ends when the actor leaves; nothing for a member, who sees neither tokens nor keys nor made any."""
    member_id = principal.current().member_id
    if member_id is None or not principal.may("access_tokens.view"):
        return {"tokens": [], "invitations": [], "signing_keys": [], "uploads": 0}
    return queries.of(member_id)


@action("audit.view")
def receipt(member_id: UUID) -> Receipt:
    """What ended when somebody was removed or demoted last.

    It is read from the audit log, so it is there as long as the log is. Raises `Missing`.
    """
    newest = (
        sa.select(AuditRow)
        .where(
            AuditRow.chain == tenancy.organization_id(),
            AuditRow.action.in_(("members.remove", "members.edit")),
            AuditRow.target_id == str(member_id),
            AuditRow.result == "done",
        )
        .order_by(AuditRow.number.desc())
        .limit(20)
    )
    row = next((row for row in db.session.scalars(newest) if STOPPED in row.after), None)
    if row is None:
        raise Missing("Nobody with this id was removed or lost the admin role here.")
    ended: EndingNames = row.after[STOPPED]
    return {
        **ended,
        "adopted": ended.get("adopted", []),  # rows of before have none
        "name": row.target_name,
        "by": row.actor_name,
        "at": row.at,
        "is_removed": row.action == "members.remove",
    }


def adopt(member_id: UUID, token_ids: Iterable[UUID]) -> list[CreatedToken]:
    """Adopt some of a member's tokens, in the transaction that removes the member. Not a verb: each adoption is one.

    Raises `Invalid` for a token that is not a working one of theirs.
    """
    chosen_ids = list(dict.fromkeys(token_ids))
    if set(chosen_ids) - {token["id"] for token in (queries.working_tokens(member_id) if chosen_ids else ())}:
        raise Invalid("adopt", "Choose among the tokens shown; one of those you chose stopped meanwhile.")
    return [access_tokens.adopt(token_id) for token_id in chosen_ids]
