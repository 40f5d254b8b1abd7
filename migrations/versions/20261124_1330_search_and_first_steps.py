"""Words that find live streams and access tokens; whether the first steps are hidden

Revision ID: 20261124_14
Revises: 20261124_13
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "20261124_14"
down_revision = "20261124_13"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
ROWS = 1000


def upgrade() -> None:
    _create("live_stream_words", "stream_id", sa.String(length=32), "live_streams")
    _create("access_token_words", "token_id", sa.Uuid(), "access_tokens")
    _fill("live_stream_words", "stream_id", "live_streams", sa.column("metadata", sa.JSON()), _stream_name)
    _fill("access_token_words", "token_id", "access_tokens", sa.column("name", sa.String()), lambda _id, name: name)
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hides_checklist", sa.Boolean(), nullable=True))
    op.execute("UPDATE people SET hides_checklist = false")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.alter_column("hides_checklist", existing_type=sa.Boolean(), nullable=False)


def _create(name: str, target: str, kind: sa.types.TypeEngine, things: str) -> None:
    op.create_table(
        name,
        sa.Column(target, kind, nullable=False),
        sa.Column("word", BYTEWISE, nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            [target], [f"{things}.id"], name=op.f(f"fk_{name}_{target}_{things}"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{name}_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{name}_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(target, "word", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_find", ["organization_id", "workspace_id", "word", target], unique=False)


def _fill(name, target, things, named, name_of) -> None:
    """The words of what is there already, as `fastpix.words.of` made them on this day."""
    kind = sa.String() if target == "stream_id" else sa.Uuid()
    source = sa.table(things, sa.column("id", kind), named, *_scope())
    words = sa.table(name, sa.column(target, kind), sa.column("word", sa.String()), *_scope())
    connection = op.get_bind()
    rows = connection.execute(sa.select(source)).all()
    for start in range(0, len(rows), ROWS):
        made = [
            {target: thing, "word": word, "workspace_id": workspace, "organization_id": organization}
            for thing, given, workspace, organization in rows[start : start + ROWS]
            for word in _words(name_of(thing, given))
        ]
        if made:
            connection.execute(sa.insert(words), made)


def _scope() -> list[sa.ColumnClause]:
    return [sa.column("workspace_id", sa.Uuid()), sa.column("organization_id", sa.Uuid())]


def _stream_name(stream_id: str, metadata: object) -> str:
    told = json.loads(metadata) if isinstance(metadata, str) else metadata
    told = told if isinstance(told, dict) else {}
    return str(told.get("name") or told.get("title") or f"Stream {stream_id[:8]}")


def _words(text: str) -> set[str]:
    found = re.findall(r"\w+", text.casefold().replace("_", " "))
    return {word[:60] for word in found[:30]}


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("hides_checklist")
    op.drop_table("access_token_words")
    op.drop_table("live_stream_words")
