"""Nobody is deleted while a member of anything: a membership ends by the rules for it, never by a cascade."""

from __future__ import annotations

from alembic import op

revision = "20261130_hold"
down_revision = "20261130_mails"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _refer("RESTRICT")


def downgrade() -> None:
    _refer("CASCADE")


def _refer(ondelete: str) -> None:
    name = op.f("fk_members_person_id_people")
    with op.batch_alter_table("members") as members:
        members.drop_constraint(name, type_="foreignkey")
        members.create_foreign_key(name, "people", ["person_id"], ["id"], ondelete=ondelete)
