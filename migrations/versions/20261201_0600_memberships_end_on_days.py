"""The end of a membership is a day of the organization's, kept beside the moment at which it is over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "20261201_ends_on"
down_revision = "20261201_until"
branch_labels = None
depends_on = None

MEMBERS = sa.table(
    "members",
    sa.column("id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
    sa.column("ends_at", sa.DateTime(timezone=True)),
    sa.column("ends_on", sa.Date()),
)
ORGANIZATIONS = sa.table("organizations", sa.column("id", sa.Uuid()), sa.column("time_zone", sa.String()))


def upgrade() -> None:
    with op.batch_alter_table("members") as members:
        members.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
    connection = op.get_bind()
    ending = (
        sa.select(MEMBERS.c.id, MEMBERS.c.ends_at, ORGANIZATIONS.c.time_zone)
        .join(ORGANIZATIONS, ORGANIZATIONS.c.id == MEMBERS.c.organization_id)
        .where(MEMBERS.c.ends_at.is_not(None))
    )
    for row in connection.execute(ending).all():
        day = _day(row.ends_at, row.time_zone)
        connection.execute(sa.update(MEMBERS).where(MEMBERS.c.id == row.id).values(ends_on=day))


def downgrade() -> None:
    with op.batch_alter_table("members") as members:
        members.drop_column("ends_on")


def _day(at: datetime, zone: str) -> date:
    """Which day it is there; that of UTC where the zone is not known here, or the calendar does not go that far."""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    try:
        return at.astimezone(ZoneInfo(zone)).date()
    except (OverflowError, ValueError, LookupError, OSError):
        return at.astimezone(UTC).date()
