"""Access tokens: credentials of scripts for the API, bound to a workspace and capped by their owner's role."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.table import Role
from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise, id_column, now


class AccessToken(InWorkspace, Base):
    """Only the SHA-256 of the secret is kept. `owner_id` empties when the owner leaves: the token is suspended."""

    __tablename__ = "access_tokens"
    __table_args__ = (
        sa.Index("ix_access_tokens_page", "organization_id", "created_at", "id"),
        # Begins as the tenancy filter does and ends with the id, so that pages are counted off in it alone.
        sa.Index("ix_access_tokens_page_of_workspace", "organization_id", "workspace_id", "created_at", "id"),
        sa.Index("ix_access_tokens_workspace_id", "workspace_id"),  # a workspace's end takes its tokens along
    )

    id: Mapped[UUID] = id_column()
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[Role] = mapped_column(
        sa.Enum("admin", "member", name="token_role", native_enum=False, create_constraint=True, length=8)
    )
    may_manage_people: Mapped[bool] = mapped_column(default=False)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    # Which of its secrets, one after another, this is: what was begun with a former one is not finished.
    secret_number: Mapped[int] = mapped_column(default=1, server_default="1")
    owner_id: Mapped[UUID | None] = mapped_column(sa.Uuid, sa.ForeignKey("members.id", ondelete="SET NULL"), index=True)
    owner_name: Mapped[str] = mapped_column(sa.String(160))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_from: Mapped[str] = mapped_column(sa.String(64), default="")


class AccessTokenWord(InWorkspace, Base):
    """A word of a token's name, case-folded: search finds words by their beginning, by the index."""

    __tablename__ = "access_token_words"
    __table_args__ = (sa.Index("ix_access_token_words_find", "organization_id", "workspace_id", "word", "token_id"),)

    token_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("access_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)


Status = Literal["active", "suspended", "expired", "revoked"]


class AccessTokenRow(TypedDict):
    """A token without its secret. `is_capped`: its owner's role is now below its own. `open_uploads`: how many upload
    addresses that were asked for with it wait for their file; they end with it, and with its secret."""

    id: UUID
    name: str
    role: Role
    may_manage_people: bool
    workspace_id: UUID
    workspace_name: str
    owner_id: UUID | None
    owner_name: str
    owner_role: Role | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    status: Status
    is_capped: bool
    open_uploads: int


class CreatedToken(AccessTokenRow):
    """A token with its new secret, which is shown now and never again."""

    secret: str
