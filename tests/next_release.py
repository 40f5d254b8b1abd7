"""A release that is still to come: this version's migrations and one more step, in a folder of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fastpix import schema_revision
from fastpix.config import settings

REVISION = "29990101_1"
# Changes nothing in the end. On SQLite both tables, to which most others refer, are written anew.
REBUILD = """
    for table in ("organizations", "people"):
        with op.batch_alter_table(table) as batch:
            batch.alter_column("name", nullable=True)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("name", nullable=False)
"""
BREAK = """
    op.execute("DELETE FROM members")
    op.drop_table("playlist_items")
    raise RuntimeError("broken on purpose")
"""
STEP = '''"""A step of the next release"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():{body}

def downgrade():
    pass
'''


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str = REBUILD) -> str:
    """Applications made from here on are of that release. The revision before it, which is this version's."""
    before = str(schema_revision.script().get_current_head())
    shutil.copytree(settings.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "29990101_0000_next.py").write_text(
        STEP.format(revision=REVISION, before=before, body=body.rstrip())
    )
    monkeypatch.setattr(settings, "MIGRATIONS", folder)
    return before
