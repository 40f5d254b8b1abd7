"""Usage: what delivery counts, what each workspace holds by day, and how many watch a broadcast

Revision ID: 20261124_13
Revises: 20261124_12
"""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "20261124_13"
down_revision = "20261124_12"
branch_labels = None
depends_on = None

DAYS = 366


def upgrade() -> None:
    op.create_table(
        "usage_counts",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("span", sa.String(length=4), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *_place("usage_counts"),
        sa.CheckConstraint("span IN ('hour', 'day')", name=op.f("ck_usage_counts_span")),
        sa.PrimaryKeyConstraint("subject_id", "span", "at", name=op.f("pk_usage_counts")),
    )
    op.create_index("ix_usage_counts_span", "usage_counts", ["span", "at"])
    days = op.create_table(
        "usage_days",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
        sa.Column("stored_seconds", sa.Double(), nullable=True),
        sa.Column("media", sa.Integer(), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *_place("usage_days")[1:],
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_usage_days")),
    )
    op.create_index("ix_usage_days_page", "usage_days", ["organization_id", "workspace_id", "day"])
    op.create_table(
        "live_viewer_samples",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("viewers", sa.Integer(), nullable=False),
        *_place("live_viewer_samples"),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["live_broadcasts.id"],
            name=op.f("fk_live_viewer_samples_broadcast_id_live_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "at", name=op.f("pk_live_viewer_samples")),
    )
    op.create_index("ix_live_viewer_samples_at", "live_viewer_samples", ["at"])
    _tell_the_past(days)


def _place(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_{table}_{one}_id_{one}s"), ondelete="CASCADE"
            )
            for one in ("workspace", "organization")
        ),
    ]


def _tell_the_past(days: sa.Table) -> None:
    """What each workspace held on the days of the last year, from the media that are there still, as if each had had
    its present size from the beginning. Media that were deleted are not told of."""
    bind, today = op.get_bind(), datetime.now(UTC).date()
    media = sa.table(
        "media", *(sa.column(name, sa.Uuid()) for name in ("workspace_id", "organization_id")),
        *(sa.column(name) for name in ("created_at", "size", "duration")),
    )  # fmt: skip
    at = sa.func.timezone("UTC", media.c.created_at) if bind.dialect.name == "postgresql" else media.c.created_at
    day = sa.cast(sa.func.date(at), sa.String(10)).label("day")
    sums = (sa.func.sum(media.c.size), sa.func.sum(sa.func.coalesce(media.c.duration, 0.0)), sa.func.count())
    named = (amount.label(name) for amount, name in zip(sums, ("bytes", "seconds", "media"), strict=True))
    by = (media.c.workspace_id, media.c.organization_id, day)
    made = bind.execute(sa.select(*by, *named).select_from(media).group_by(*by).order_by(*by)).all()
    by_workspace: dict[tuple[object, object], dict[date, tuple[int, float, int]]] = {}
    for row in made:
        told = (int(row.bytes), float(row.seconds), int(row.media))
        by_workspace.setdefault((row.workspace_id, row.organization_id), {})[date.fromisoformat(row.day)] = told
    for (workspace_id, organization_id), added in by_workspace.items():
        held, day, rows = (0, 0.0, 0), min(added), []
        while day <= today:
            more = added.get(day, (0, 0.0, 0))
            held = (held[0] + more[0], held[1] + more[1], held[2] + more[2])
            if day > today - timedelta(days=DAYS):
                rows.append(
                    {
                        "workspace_id": workspace_id,
                        "organization_id": organization_id,
                        "day": day,
                        "stored_bytes": held[0],
                        "stored_seconds": held[1],
                        "media": held[2],
                        "views": 0,
                        "seconds": 0.0,
                    }
                )
            day += timedelta(days=1)
        op.bulk_insert(days, rows)


def downgrade() -> None:
    op.drop_table("live_viewer_samples")
    op.drop_table("usage_days")
    op.drop_table("usage_counts")
