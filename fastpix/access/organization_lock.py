"""The lock of an organization: touching its row serializes whatever must not happen twice at once."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from fastpix.access import locks, principal, tenancy
from fastpix.db import Base, affected_rows
from fastpix.errors import Missing


def take() -> None:
    """Lock the row of the organization in scope until the transaction ends. Raises `Missing` when it is gone.

    Whoever uses a right in it has finished by then, or waits until this transaction has (`access.locks`).
    """
    here = tenancy.organization_id()
    locks.alone("organization", here, in_request=principal.current().request_id is not None)
    if affected_rows(_touch(), {"organization": here}) != 1:
        raise Missing("This organization does not exist any more.")


@cache
def _touch() -> sa.Update:
    """Built when it is first needed: the table stands above, and is known here by its mixin alone."""
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    (organization,) = (each for each in mapped if issubclass(each, tenancy.IsOrganization))
    return (
        sa.update(organization)
        .where(organization.id == sa.bindparam("organization"))
        .values(member_version=organization.member_version + 1)
        .execution_options(synchronize_session=False)
    )
