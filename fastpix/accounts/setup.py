"""The first person of an instance: proved by a token in the instance folder, made once and never again."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

import sqlalchemy as sa

from fastpix.access.action import describe, personal
from fastpix.accounts import domain
from fastpix.accounts.domain import Browser
from fastpix.accounts.models import FirstPerson, SetUp
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.errors import Invalid, Refused
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.organizations.models import OrganizationRow
from fastpix.resources.people import domain as people

DONE = "This instance is set up already. Sign in."


def token_path(settings: Settings) -> Path:
    return settings.instance_path / "setup_token"


def make_token(settings: Settings) -> Path:
    """Make the set-up token with mode 0600 unless it is there; where it lies."""
    path = token_path(settings)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n")
    return path


def is_open() -> bool:
    """Whether the set-up page may be shown: nobody exists yet and it was never done."""
    return not people.exist() and db.session.scalar(sa.select(SetUp.id).limit(1)) is None


@personal("instance.set_up")
def set_up(
    settings: Settings, token: str, organization: str, person: FirstPerson, browser: Browser
) -> tuple[str, OrganizationRow]:
    """The first person, as admin of the first organization; signed in: (session secret, organization).

    Raises `Invalid`, and `Refused` once somebody exists.
    """
    close()
    path = token_path(settings)
    expected = path.read_text().strip() if path.exists() else ""
    if not expected or not hmac.compare_digest(expected.encode(), token.strip().encode()):
        raise Invalid("token", f"This is not the set-up token. It is in the file {path} on the server.")
    admin = people.add(person["email"], person["name"], person["password"], is_verified=True)
    session = domain.begin(settings, admin, is_remembered=False, browser=browser)
    first = organizations.as_dict(organizations.add(organization, admin))
    describe("person", admin.id, admin.name, after={"organization": first["slug"]}, organization_id=first["id"])
    return session, first


def close() -> None:
    """Write the row that ends the set-up for good. Raises `Refused` when it was ended, by whomever got there first."""
    if not is_open():
        raise Refused(DONE)
    db.session.add(SetUp(id=1))
    try:
        db.session.flush()
    except sa.exc.IntegrityError:
        db.session.rollback()
        raise Refused(DONE) from None


def forget_token(settings: Settings) -> None:
    """Delete the token's file after the set-up was saved."""
    token_path(settings).unlink(missing_ok=True)
