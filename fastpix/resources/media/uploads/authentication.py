"""Who sends to an upload's address: whoever asked for it, found by the address alone, as long as their right stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import authority, principal, tenancy
from fastpix.access.principal import Actor, Denied
from fastpix.crypto import seal
from fastpix.db import db
from fastpix.errors import Gone, Missing
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.media.uploads.lifecycle import key_of
from fastpix.resources.media.uploads.models import Upload
from fastpix.resources.members.models import Member

PURPOSE = "upload"
PERMISSION = "media.create"
_ONE = (
    sa.select(Upload, Member.person_id, AccessToken.name)
    .outerjoin(Member, Member.id == Upload.by_member_id)
    .outerjoin(AccessToken, AccessToken.id == Upload.by_token_id)
    .where(Upload.id == sa.bindparam("upload_id"))
)


class RightEnded(Gone):
    """What the upload's address was asked with gives no right any more."""


@dataclass(frozen=True)
class Receiving:
    """An upload as the one who receives its bytes needs it. `actor` is whoever asked for it, as they were then."""

    id: UUID
    organization_id: UUID
    status: str
    cors_origin: str
    expires_at: datetime
    attempt: str
    size: int | None
    actor: Actor

    @property
    def key(self) -> str:
        return key_of(self.id, self.attempt)


def find(upload_id: UUID, secret: str, **of_request: Any) -> Receiving:
    """The upload behind an address; the address is the proof. `of_request` as in `Actor`. Raises `Missing` for one that is none of ours, and
    `RightEnded` for one whose member was removed, or whose workspace is gone."""
    if not seal.is_signed(secret, PURPOSE, upload_id):
        raise Missing("There is no such upload.")
    with tenancy.everywhere("who sends a file is known by the address alone"):
        row = db.session.execute(_ONE, {"upload_id": upload_id}).one_or_none()
    if row is None:
        raise RightEnded("This upload has ended: whoever asked for it was removed, or its workspace was deleted.")
    upload, person_id, token_name = row
    columns = ("id", "organization_id", "status", "cors_origin", "expires_at", "attempt", "size")
    return Receiving(
        **{name: getattr(upload, name) for name in columns}, actor=_actor(upload, person_id, token_name, of_request)
    )


def check(receiving: Receiving, *, is_to_write: bool = True) -> None:
    """Look up whoever asked for the upload, in the running transaction, which they may write in then.

    Not `is_to_write`: in one that only reads. Raises `RightEnded`. To be called before a row of the upload is touched (the order of locks: `access.locks`).
    """
    who, with_token = receiving.actor.shown_name, receiving.actor.kind == "token"
    try:
        with principal.acting(receiving.actor):
            if is_to_write:
                authority.read(PERMISSION, is_personal=False, is_alone=False)
            else:
                authority.look(PERMISSION)
            principal.demand(PERMISSION)
            if principal.current().workspace_ids == frozenset():
                raise Denied(PERMISSION)
    except authority.Ended:
        how = (
            "the access token it was asked for with was revoked, adopted or has expired, or its owner left or was suspended"
            if with_token
            else f"{who} signed out"
        )
        raise RightEnded(f"This upload has ended: {how}. Ask for a new one.") from None
    except Denied:
        raise RightEnded(f"This upload has ended: {who}, who asked for it, may add no media here any more.") from None


def _actor(upload: Upload, person_id: UUID | None, token_name: str | None, of_request: dict[str, Any]) -> Actor:
    of_all = {
        **of_request,
        "organization_id": upload.organization_id,
        "workspace_ids": frozenset({upload.workspace_id}),
        "permissions": frozenset({PERMISSION}),
        "person_id": person_id,
        "member_id": upload.by_member_id,
    }
    if upload.by_token_id is not None:
        of_all |= {"token_id": upload.by_token_id, "token_secret": upload.by_token_secret}
        return Actor("token", f"token {token_name}", "api", owner_name=upload.created_by, **of_all)
    if upload.by_member_id is not None:
        return Actor("person", upload.created_by, "api", session_id=upload.by_session_id, **of_all)
    return Actor("system", f"upload by {upload.created_by}", "api", **of_all)
