"""Runs migrations on SQLite and PostgreSQL, each as one transaction.

Three repairs to Flask-Migrate's stock file, each measured: foreign keys are off while SQLite rebuilds a table (else
cascades delete rows), the transaction is begun by hand (else a failed migration leaves its half behind), and the engine
is taken without deprecated calls.
"""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from fastpix.db import Base, UtcDateTime

target = Base.metadata


def include(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def render(kind: str, item: object, _context: object) -> str | bool:
    """Migrations name plain types, so that they stay true when our own types change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # Through the driver: our BEGIN comes with SQLAlchemy's first statement, and inside a transaction the PRAGMA
        # does nothing.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=target,
        transactional_ddl=True,
        compare_type=True,
        include_object=include,
        render_item=render,
        render_as_batch=sqlite,
    )
    with context.begin_transaction():
        context.run_migrations()
        if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            raise RuntimeError(f"the migration left broken references: {broken[:5]}")
    connection.commit()
    if sqlite:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


with current_app.extensions["migrate"].db.engine.connect() as connection:
    run(connection)
