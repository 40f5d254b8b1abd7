"""Which revision of the schema the database has, and how it stands to the migrations of this version.

Every process asks this at its start, and `/readyz` again and again: so the steps are read from the files' own lines, and
Alembic, which is 250 modules with what it loads, is left to whoever migrates.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastpix.config import settings
from fastpix.db import db

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

# Schemas of the days before the first release: no version has the steps from them to its own.
_UNRELEASED = re.compile(r"2026112[34]_\d+")
_REVISION = re.compile(r"""^revision\b[^=\n]*= ["'](\w+)["']""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision\b[^=\n]*= ["'](\w+)["']""", re.MULTILINE)


def state() -> str:
    """How the database's schema stands to this version's: current, older, newer or unreleased. Needs an app context."""
    present = _present()
    if present == heads():
        return "current"
    origins = {origin(name) for name in present}
    return next((state for state in ("unreleased", "newer") if state in origins), "older")


def current() -> str:
    """The migration the database is at; empty for a database without tables. Needs an app context."""
    return ",".join(sorted(_present()))


def origin(revision: str) -> str:
    """Whose schema this is: of a release known here, of a newer one, or unreleased. Without tables ("") it is known."""
    if not revision or revision in steps():
        return "known"
    return "unreleased" if _UNRELEASED.fullmatch(revision) else "newer"


def heads() -> set[str]:
    """The newest migrations of this version; one, as long as there is one line of history."""
    known = steps()
    return set(known) - set(known.values())


def script() -> ScriptDirectory:
    """The migrations of this version, as Alembic has them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(settings.MIGRATIONS))
    return ScriptDirectory.from_config(config)


def _present() -> set[str]:
    try:
        return set(db.session.execute(sa.text("SELECT version_num FROM alembic_version")).scalars())
    except sa.exc.DBAPIError:
        db.session.rollback()  # PostgreSQL takes no further statement in this transaction
        if sa.inspect(db.session.connection()).has_table("alembic_version"):
            raise
        return set()


def steps() -> dict[str, str]:
    """Each migration of this version with the one before it ("" for the first)."""
    return _read_steps(tuple(sorted((settings.MIGRATIONS / "versions").glob("*.py"))))


@cache
def _read_steps(files: tuple[Path, ...]) -> dict[str, str]:
    known = {}
    for file in files:
        text = file.read_text()
        revision, before = _REVISION.search(text), _BEFORE.search(text)
        if revision is None:
            raise RuntimeError(f"{file} has no line `revision = ...` with its name")
        known[revision[1]] = before[1] if before else ""
    return known
