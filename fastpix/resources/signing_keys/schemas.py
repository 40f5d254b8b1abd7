"""Wire shapes of signing keys, as FastPix's published clients parse them (docs/fastpix-contract.md, section 5)."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment


class SigningKeyRow(Answer):
    id: UUID
    created_at: Moment


class SigningKeyCreated(Answer):
    id: UUID
    private_key: str = Field(description="Base64 of a PKCS#8 PEM. Shown now and never again.")
    created_at: Moment


class SigningKeyOut(Answer):
    workspace_id: UUID
    signing_key_id: UUID
    public_key: str = Field(description="PEM (SubjectPublicKeyInfo).")


class Deleted(Answer):
    message: str
