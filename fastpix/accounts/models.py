"""Browser sessions, mailed one-time links, and the mark that the instance is set up. Secrets are kept as SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, id_column, now


class BrowserSession(Base):
    """A signed-in browser. Ending it deletes the row; nothing ever writes an ended one back."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = id_column()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    is_remembered: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    # When the person last proved who they are; what is in `table.FRESH` needs this to be minutes ago.
    proved_at: Mapped[datetime] = mapped_column(default=now)
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(300), default="")
    # "View as member" (`accounts.view_as`): of which organization, with which workspaces (null: all), and how long. No
    # foreign key: it gives nobody anything, and an organization that is gone has no page to look at.
    viewing_organization_id: Mapped[UUID | None]
    viewing_workspaces: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    viewing_until: Mapped[datetime | None]


class HalfSession(Base):
    """A right password that waits for its code. It opens nothing but the page that asks for the code."""

    __tablename__ = "half_sessions"

    id: Mapped[UUID] = id_column()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    is_remembered: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KnownDevice(Base):
    """A browser in which the account was opened before, by the SHA-256 of a secret that its cookie carries."""

    __tablename__ = "known_devices"
    __table_args__ = (sa.UniqueConstraint("person_id", "token_hash"),)

    id: Mapped[UUID] = id_column()
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    last_seen_at: Mapped[datetime]


class SecondFactor(Base):
    """A person's authenticator app: its secret, sealed. It counts once a right code was taken."""

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes]
    # The newest time step whose code was taken, 0 while it waits for its first: a code works once, and none before it any more.
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Passkey(Base):
    """A credential of WebAuthn: the public key alone, and how often its authenticator says it was used."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = id_column()
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    # Whether it is kept on several devices, as it said when it was made; None of those from before this was kept.
    is_synced: Mapped[bool | None]
    name: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for who lost the authenticator. It works once."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = id_column()
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None]


class MailedLink(Base):
    """A one-time link sent to a person. It serves one purpose only and dies with its first use."""

    __tablename__ = "mailed_links"

    id: Mapped[UUID] = id_column()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(
        sa.Enum("reset", "email", name="purpose", native_enum=False, create_constraint=True, length=8)
    )
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    new_email: Mapped[str] = mapped_column(sa.String(254), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SetUp(Base):
    """The single row that is written when the instance gets its first person; its key makes that happen once."""

    __tablename__ = "set_up"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(default=now)


class SessionRow(TypedDict):
    """A living session as its person sees it; `browser` in words."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_remembered: bool
    address: str
    browser: str


class MemberSession(TypedDict):
    """A living session as an admin sees it: no network address, which would tell where somebody is."""

    id: UUID
    browser: str
    created_at: datetime
    last_seen_at: datetime


class PasskeyRow(TypedDict):
    """`last_used_at` is None until it was used."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class SecondFactorState(TypedDict):
    """`since` is None while it is off; the secret is there only while the app waits for its first code."""

    since: datetime | None
    has_app: bool
    codes_left: int
    secret: str | None
    uri: str | None


class FirstPerson(TypedDict):
    """What whoever sets the instance up types of themselves."""

    email: str
    name: str
    password: str
