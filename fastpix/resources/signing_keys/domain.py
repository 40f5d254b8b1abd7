"""Signing keys: create, list, delete. The private half leaves once and is never stored."""

from __future__ import annotations

import base64
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.signing_keys.models import NewSigningKey, SigningKey, SigningKeyRow
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces.models import Workspace
from fastpix.text import word_index

_ROWS = sa.select(
    SigningKey.id,
    SigningKey.workspace_id,
    SigningKey.public_key,
    SigningKey.created_by,
    SigningKey.created_at,
    SigningKey.last_used_at,
    Workspace.name.label("workspace_name"),
).join(Workspace, Workspace.id == SigningKey.workspace_id)
_NEWEST = _ROWS.order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
_COUNT = sa.select(sa.func.count(SigningKey.id))
_ONE = _ROWS.where(SigningKey.id == sa.bindparam("key_id"))


@action("signing_keys.view")
def listed(offset: int = 1, limit: int = 50, workspace_id: UUID | None = None) -> tuple[list[SigningKeyRow], int]:
    """The keys by page number (1-based), newest first, with the total; all workspaces unless one is named."""
    here = SigningKey.workspace_id == workspace_id if workspace_id is not None else sa.true()
    rows = db.session.execute(_NEWEST.where(here).offset((offset - 1) * limit).limit(limit))
    return [_as_row(row) for row in rows], db.session.scalar(_COUNT.where(here)) or 0


@action("signing_keys.view")
def find(text: str, most: int) -> list[SigningKeyRow]:
    """At most `most` keys whose ids begin with the text: keys have no other name."""
    span = word_index.id_range(text)
    rows = db.session.execute(_NEWEST.where(SigningKey.id.between(*span)).limit(most)) if span else ()
    return [_as_row(row) for row in rows]


@action("signing_keys.view")
def get(key_id: UUID) -> SigningKeyRow:
    """One key with its public half. Raises `Missing`."""
    row = db.session.execute(_ONE, {"key_id": key_id}).one_or_none()
    if row is None:
        raise Missing("signing key not found")
    return _as_row(row)


@action("signing_keys.create")
def create(workspace_id: UUID) -> NewSigningKey:
    """A new RSA 2048 pair, with its private half. Raises `Invalid`.

    The wire form is FastPix's (docs/fastpix-contract.md, section 5).
    """
    workspaces.check(workspace_id)
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = SigningKey(
        workspace_id=workspace_id,
        public_key=public.decode(),
        created_by=current().name,
        created_by_id=current().member_id,
    )
    db.session.add(key)
    db.session.flush()
    describe("signing_key", key.id, str(key.id), after={"workspace_id": str(workspace_id)}, workspace_id=workspace_id)
    return {
        "id": key.id,
        "private_key": base64.b64encode(pem).decode(),
        "pem": pem.decode(),
        "created_at": key.created_at,
    }


@action("signing_keys.delete")
def delete(key_id: UUID) -> None:
    """Delete a key: every URL signed with it stops working. Raises `Missing`."""
    key = db.session.scalar(sa.select(SigningKey).where(SigningKey.id == key_id))
    if key is None:
        raise Missing("signing key not found")
    describe("signing_key", key_id, str(key_id), before={"created_by": key.created_by}, workspace_id=key.workspace_id)
    db.session.delete(key)
    db.session.flush()


def _as_row(row: sa.Row[UUID, UUID, str, str, datetime, datetime | None, str]) -> SigningKeyRow:
    id_, workspace_id, public_key, created_by, created_at, last_used_at, workspace_name = row
    return {
        "id": id_,
        "workspace_id": workspace_id,
        "public_key": public_key,
        "created_by": created_by,
        "created_at": created_at,
        "last_used_at": last_used_at,
        "workspace_name": workspace_name,
    }
