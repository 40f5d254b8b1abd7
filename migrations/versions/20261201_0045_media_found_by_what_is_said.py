"""Media are found by what is said in them: words and sentences of their subtitles, which jobs fill for those that are there."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "20261201_said"
down_revision = "20261201_track_jobs"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TRACKS = sa.table("tracks", sa.column("organization_id", sa.Uuid()), sa.column("type"), sa.column("status"))
JOBS = sa.table(
    "jobs",
    sa.column("id", sa.Uuid()),
    sa.column("kind"),
    sa.column("args", sa.JSON()),
    sa.column("organization_id", sa.Uuid()),
    sa.column("state"),
    sa.column("run_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("attempts"),
)


def upgrade() -> None:
    op.create_table(
        "track_transcripts",
        sa.Column("track_id", sa.Uuid()),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        *_owners("track_transcripts"),
        sa.PrimaryKeyConstraint("track_id", name=op.f("pk_track_transcripts")),
        _reference("track_transcripts", "track_id", "tracks"),
        _reference("track_transcripts", "media_id", "media"),
    )
    op.create_index(op.f("ix_track_transcripts_media_id"), "track_transcripts", ["media_id"])
    op.create_table(
        "track_words",
        sa.Column("track_id", sa.Uuid()),
        sa.Column("word", BYTEWISE),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        *_owners("track_words"),
        sa.PrimaryKeyConstraint("track_id", "word", name=op.f("pk_track_words")),
        _reference("track_words", "track_id", "tracks"),
    )
    op.create_index("ix_track_words_find", "track_words", ["organization_id", "workspace_id", "word", "media_id"])
    _plan()


def downgrade() -> None:
    op.get_bind().execute(sa.delete(JOBS).where(JOBS.c.kind == "media.transcripts"))
    op.drop_index("ix_track_words_find", "track_words")
    op.drop_table("track_words")
    op.drop_index(op.f("ix_track_transcripts_media_id"), "track_transcripts")
    op.drop_table("track_transcripts")


def _owners(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        _reference(table, "organization_id", "organizations"),
        _reference(table, "workspace_id", "workspaces"),
    ]


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete="CASCADE")


def _plan() -> None:
    """One job for each organization with subtitles: their files lie in the storage, which no migration reads."""
    connection, moment = op.get_bind(), datetime.now(UTC)
    here = sa.select(TRACKS.c.organization_id).where(TRACKS.c.type == "subtitle", TRACKS.c.status == "available")
    for organization_id in connection.scalars(here.distinct()).all():
        job = {"id": uuid4(), "kind": "media.transcripts", "args": {}, "organization_id": organization_id}
        connection.execute(sa.insert(JOBS).values(**job, state="queued", run_at=moment, created_at=moment, attempts=0))
