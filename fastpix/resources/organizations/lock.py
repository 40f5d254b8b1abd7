"""The lock of an organization: touching its row serializes whatever must not happen twice at once."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.organizations.models import Organization

_TOUCH = (
    sa.update(Organization)
    .where(Organization.id == sa.bindparam("organization"))
    .values(member_version=Organization.member_version + 1)
    .execution_options(synchronize_session=False)
)


def touch() -> None:
    """Lock the row of the organization in scope until the transaction ends. Raises `Missing` when it is gone."""
    touched = db.session.execute(_TOUCH, {"organization": tenancy.organization_id()})
    if cast(Any, touched).rowcount != 1:
        raise Missing("This organization does not exist any more.")
