"""live streams"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_2"
down_revision = "20261124_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "live_broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.JSON(), nullable=False),
        sa.Column("is_recorded", sa.Boolean(), nullable=False),
        sa.Column("is_dvr", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("longest", sa.Double(), nullable=False),
        sa.Column("codecs", sa.String(length=80), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_broadcasts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_broadcasts_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_broadcasts")),
    )
    with op.batch_alter_table("live_broadcasts", schema=None) as batch_op:
        batch_op.create_index("ix_live_broadcasts_of_stream", ["stream_id", "started_at"], unique=False)
        batch_op.create_index("ix_live_broadcasts_unsettled", ["settled_at", "ended_at"], unique=False)
        batch_op.create_index("ix_live_broadcasts_uncleared", ["cleared_at", "settled_at"], unique=False)

    op.create_table(
        "live_streams",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("max_resolution", sa.String(length=6), nullable=False),
        sa.Column("reconnect_window", sa.Integer(), nullable=False),
        sa.Column("media_policy", sa.String(length=8), nullable=False),
        sa.Column("enable_recording", sa.Boolean(), nullable=False),
        sa.Column("enable_dvr", sa.Boolean(), nullable=False),
        sa.Column("key_generation", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.String(length=16), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=True),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('idle', 'preparing', 'active', 'disabled')", name=op.f("ck_live_streams_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_streams_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_streams_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_streams")),
    )
    with op.batch_alter_table("live_streams", schema=None) as batch_op:
        batch_op.create_index("ix_live_streams_on_air", ["broadcast_id"], unique=False)
        batch_op.create_index(
            "ix_live_streams_page", ["organization_id", "workspace_id", "created_at", "id"], unique=False
        )

    op.create_table(
        "live_connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=160), nullable=False),
        sa.Column("engine", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("bit_rate", sa.Integer(), nullable=False),
        sa.Column("bytes_received", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=300), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["live_broadcasts.id"],
            name=op.f("fk_live_connections_broadcast_id_live_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_connections_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_connections_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_connections")),
    )
    with op.batch_alter_table("live_connections", schema=None) as batch_op:
        batch_op.create_index("ix_live_connections_of_broadcast", ["broadcast_id", "started_at"], unique=False)
        batch_op.create_index("ix_live_connections_open", ["ended_at", "owner"], unique=False)

    op.create_table(
        "live_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("refused", sa.String(length=80), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_log_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["live_streams.id"], name=op.f("fk_live_log_stream_id_live_streams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_live_log_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_log")),
    )
    with op.batch_alter_table("live_log", schema=None) as batch_op:
        batch_op.create_index("ix_live_log_page", ["stream_id", "at", "id"], unique=False)

    op.create_table(
        "live_playback_ids",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("access_policy", sa.String(length=8), nullable=False),
        sa.Column("restrictions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_playback_ids_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"],
            ["live_streams.id"],
            name=op.f("fk_live_playback_ids_stream_id_live_streams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_playback_ids_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_playback_ids")),
    )
    with op.batch_alter_table("live_playback_ids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_playback_ids_stream_id"), ["stream_id"], unique=False)

    op.create_table(
        "live_segments",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["live_broadcasts.id"],
            name=op.f("fk_live_segments_broadcast_id_live_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_segments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_segments_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "position", name=op.f("pk_live_segments")),
    )
    op.create_table(
        "live_simulcasts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_text", sa.String(length=300), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('idle', 'connecting', 'broadcasting', 'failed')", name=op.f("ck_live_simulcasts_state")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_simulcasts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"],
            ["live_streams.id"],
            name=op.f("fk_live_simulcasts_stream_id_live_streams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_simulcasts_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_simulcasts")),
    )
    with op.batch_alter_table("live_simulcasts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_simulcasts_stream_id"), ["stream_id"], unique=False)

    op.create_table(
        "live_viewers",
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("viewer", sa.String(length=24), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_viewers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["live_streams.id"], name=op.f("fk_live_viewers_stream_id_live_streams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_live_viewers_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("stream_id", "viewer", name=op.f("pk_live_viewers")),
    )
    with op.batch_alter_table("live_viewers", schema=None) as batch_op:
        batch_op.create_index("ix_live_viewers_seen", ["seen_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("live_viewers", schema=None) as batch_op:
        batch_op.drop_index("ix_live_viewers_seen")

    op.drop_table("live_viewers")
    with op.batch_alter_table("live_simulcasts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_live_simulcasts_stream_id"))

    op.drop_table("live_simulcasts")
    op.drop_table("live_segments")
    with op.batch_alter_table("live_playback_ids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_live_playback_ids_stream_id"))

    op.drop_table("live_playback_ids")
    with op.batch_alter_table("live_log", schema=None) as batch_op:
        batch_op.drop_index("ix_live_log_page")

    op.drop_table("live_log")
    with op.batch_alter_table("live_connections", schema=None) as batch_op:
        batch_op.drop_index("ix_live_connections_open")
        batch_op.drop_index("ix_live_connections_of_broadcast")

    op.drop_table("live_connections")
    with op.batch_alter_table("live_streams", schema=None) as batch_op:
        batch_op.drop_index("ix_live_streams_page")
        batch_op.drop_index("ix_live_streams_on_air")

    op.drop_table("live_streams")
    with op.batch_alter_table("live_broadcasts", schema=None) as batch_op:
        batch_op.drop_index("ix_live_broadcasts_uncleared")
        batch_op.drop_index("ix_live_broadcasts_unsettled")
        batch_op.drop_index("ix_live_broadcasts_of_stream")

    op.drop_table("live_broadcasts")
