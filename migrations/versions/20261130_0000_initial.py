"""The schema of the first release: a function a table, those before that others refer to.

It is what the models were that day and imports nothing of fastpix, whose types and rules will change. One long file,
since a step of the history is read, reviewed and run as a whole.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_1"
down_revision = None
branch_labels = None
depends_on = None

# Compared byte by byte on every database, so that prefix search and keyset order use the index.
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _reference(table: str, column: str, to: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [to], name=name, ondelete=ondelete)


def _set_up() -> None:
    op.create_table(
        "set_up",
        sa.Column("id", sa.Integer(), autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_up")),
    )


def _form_keys() -> None:
    op.create_table(
        "form_keys",
        sa.Column("key", sa.String(64)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_form_keys")),
    )
    op.create_index("ix_form_keys_at", "form_keys", ["at"])


def _kept_answers() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.Uuid()),
        sa.Column("of_token_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answers")),
        sa.UniqueConstraint("of_token_id", "operation", "key", name=op.f("uq_kept_answers_of_token_id_operation_key")),
    )
    op.create_index("ix_kept_answers_at", "kept_answers", ["at"])


def _limit_counts() -> None:
    op.create_table(
        "limit_counts",
        sa.Column("key", sa.String(300)),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_counts")),
    )
    op.create_index("ix_limit_counts_ends_at", "limit_counts", ["ends_at"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid()),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(120), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="12", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_jobs_state")),
    )
    op.create_index("ix_jobs_state_run_at", "jobs", ["state", "run_at"])


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid()),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_mails_state")),
    )
    op.create_index("ix_mails_about", "mails", ["about"])
    op.create_index("ix_mails_organization_id_state", "mails", ["organization_id", "state"])


def _audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.Uuid()),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_number", sa.BigInteger(), nullable=False),
        sa.Column("start_hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor_kind", sa.String(8), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("actor_name", sa.String(160), nullable=False),
        sa.Column("door", sa.String(12), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("target_kind", sa.String(32), nullable=False),
        sa.Column("target_id", sa.String(64), nullable=False),
        sa.Column("target_name", sa.String(254), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("result", sa.String(8), nullable=False),
        sa.Column("area", sa.String(64), nullable=False),
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("chain", "number", name=op.f("uq_audit_log_chain_number")),
    )
    op.create_index("ix_audit_log_action", "audit_log", ["chain", "action", "number"])
    op.create_index("ix_audit_log_actor_id", "audit_log", ["chain", "actor_id", "number"])
    op.create_index("ix_audit_log_area", "audit_log", ["chain", "area", "number"])
    op.create_index("ix_audit_log_chain_at", "audit_log", ["chain", "at"])
    op.create_index("ix_audit_log_door", "audit_log", ["chain", "door", "number"])
    op.create_index("ix_audit_log_result", "audit_log", ["chain", "result", "number"])
    op.create_index("ix_audit_log_target_kind", "audit_log", ["chain", "target_kind", "number"])
    op.create_index("ix_audit_log_workspace_id", "audit_log", ["chain", "workspace_id", "number"])


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid()),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_canonical", BYTEWISE, nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_folded", BYTEWISE, nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rights_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hides_checklist", sa.Boolean(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("theme", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email_canonical", name=op.f("uq_people_email_canonical")),
    )
    op.create_index("ix_people_name_folded", "people", ["name_folded"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid()),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("viewing_organization_id", sa.Uuid(), nullable=True),
        sa.Column("viewing_workspaces", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("viewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        _reference("sessions", "person_id", "people.id"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])


def _half_sessions() -> None:
    op.create_table(
        "half_sessions",
        sa.Column("id", sa.Uuid()),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_sessions")),
        _reference("half_sessions", "person_id", "people.id"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_half_sessions_token_hash")),
    )
    op.create_index("ix_half_sessions_expires_at", "half_sessions", ["expires_at"])
    op.create_index("ix_half_sessions_person_id", "half_sessions", ["person_id"])


def _mailed_links() -> None:
    op.create_table(
        "mailed_links",
        sa.Column("id", sa.Uuid()),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("new_email", sa.String(254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_links")),
        _reference("mailed_links", "person_id", "people.id"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mailed_links_token_hash")),
        sa.CheckConstraint("purpose IN ('reset', 'email')", name=op.f("ck_mailed_links_purpose")),
    )
    op.create_index("ix_mailed_links_person_id", "mailed_links", ["person_id"])


def _known_devices() -> None:
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        _reference("known_devices", "person_id", "people.id"),
        sa.UniqueConstraint("person_id", "token_hash", name=op.f("uq_known_devices_person_id_token_hash")),
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        _reference("passkeys", "person_id", "people.id"),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])


def _second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.Uuid()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
        _reference("second_factors", "person_id", "people.id"),
    )


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        _reference("recovery_codes", "person_id", "people.id"),
    )
    op.create_index("ix_recovery_codes_person_id", "recovery_codes", ["person_id"])


def _organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid()),
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("members_edit_workspaces", sa.Boolean(), nullable=False),
        sa.Column("require_second_factor", sa.Boolean(), nullable=False),
        sa.Column("member_version", sa.Integer(), nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("audit_days", sa.Integer(), nullable=False),
        sa.Column("access_review_mail", sa.Boolean(), nullable=False),
        sa.Column("access_review_mailed", sa.String(7), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
    )


def _former_slugs() -> None:
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(40)),
        sa.Column("of_organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
        _reference("former_slugs", "of_organization_id", "organizations.id"),
    )
    op.create_index("ix_former_slugs_of_organization_id", "former_slugs", ["of_organization_id"])


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("all_workspaces", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        _reference("members", "organization_id", "organizations.id"),
        _reference("members", "person_id", "people.id"),
        sa.UniqueConstraint("organization_id", "person_id", name=op.f("uq_members_organization_id_person_id")),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_members_role")),
    )
    op.create_index("ix_members_page", "members", ["organization_id", "joined_at", "id"])
    op.create_index("ix_members_page_by_role", "members", ["organization_id", "role", "joined_at", "id"])
    op.create_index("ix_members_person_id", "members", ["person_id"])


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid()),
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_folded", sa.String(240), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        _reference("workspaces", "organization_id", "organizations.id"),
        sa.UniqueConstraint("organization_id", "name_folded", name=op.f("uq_workspaces_organization_id_name_folded")),
        sa.UniqueConstraint("organization_id", "slug", name=op.f("uq_workspaces_organization_id_slug")),
        sa.CheckConstraint("kind IN ('development', 'production', 'qa', 'staging')", name=op.f("ck_workspaces_kind")),
    )
    op.create_index("ix_workspaces_page", "workspaces", ["organization_id", "created_at", "id"])


def _member_workspaces() -> None:
    op.create_table(
        "member_workspaces",
        sa.Column("member_id", sa.Uuid()),
        sa.Column("to_workspace_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("member_id", "to_workspace_id", name=op.f("pk_member_workspaces")),
        _reference("member_workspaces", "member_id", "members.id"),
        _reference("member_workspaces", "to_workspace_id", "workspaces.id"),
    )
    op.create_index("ix_member_workspaces_to_workspace_id", "member_workspaces", ["to_workspace_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid()),
        sa.Column("inviter_id", sa.Uuid(), nullable=True),
        sa.Column("inviter_name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_canonical", BYTEWISE, nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("all_workspaces", sa.Boolean(), nullable=False),
        sa.Column("mailed_hash", sa.String(64), nullable=False),
        sa.Column("shown_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        _reference("invitations", "inviter_id", "members.id"),
        _reference("invitations", "organization_id", "organizations.id"),
        sa.UniqueConstraint("mailed_hash", name=op.f("uq_invitations_mailed_hash")),
        sa.UniqueConstraint("shown_hash", name=op.f("uq_invitations_shown_hash")),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_invitations_role")),
    )
    op.create_index("ix_invitations_inviter_id", "invitations", ["inviter_id"])
    op.create_index("ix_invitations_page", "invitations", ["organization_id", "created_at", "id"])
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["organization_id", "email_canonical"],
        unique=True,
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def _invitation_workspaces() -> None:
    op.create_table(
        "invitation_workspaces",
        sa.Column("invitation_id", sa.Uuid()),
        sa.Column("to_workspace_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("invitation_id", "to_workspace_id", name=op.f("pk_invitation_workspaces")),
        _reference("invitation_workspaces", "invitation_id", "invitations.id"),
        _reference("invitation_workspaces", "to_workspace_id", "workspaces.id"),
    )
    op.create_index("ix_invitation_workspaces_to_workspace_id", "invitation_workspaces", ["to_workspace_id"])


def _access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Uuid()),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("may_manage_people", sa.Boolean(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.String(160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_from", sa.String(64), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        _reference("access_tokens", "organization_id", "organizations.id"),
        _reference("access_tokens", "owner_id", "members.id", ondelete="SET NULL"),
        _reference("access_tokens", "workspace_id", "workspaces.id"),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_access_tokens_token_role")),
    )
    op.create_index("ix_access_tokens_owner_id", "access_tokens", ["owner_id"])
    op.create_index("ix_access_tokens_page", "access_tokens", ["organization_id", "created_at", "id"])
    op.create_index(
        "ix_access_tokens_page_of_workspace", "access_tokens", ["organization_id", "workspace_id", "created_at", "id"]
    )
    op.create_index("ix_access_tokens_workspace_id", "access_tokens", ["workspace_id"])


def _access_token_words() -> None:
    op.create_table(
        "access_token_words",
        sa.Column("token_id", sa.Uuid()),
        sa.Column("word", BYTEWISE),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "word", name=op.f("pk_access_token_words")),
        _reference("access_token_words", "organization_id", "organizations.id"),
        _reference("access_token_words", "token_id", "access_tokens.id"),
        _reference("access_token_words", "workspace_id", "workspaces.id"),
    )
    op.create_index(
        "ix_access_token_words_find", "access_token_words", ["organization_id", "workspace_id", "word", "token_id"]
    )


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid()),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
        _reference("signing_keys", "created_by_id", "members.id", ondelete="SET NULL"),
        _reference("signing_keys", "organization_id", "organizations.id"),
        _reference("signing_keys", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_signing_keys_created_by_id", "signing_keys", ["created_by_id"])
    op.create_index("ix_signing_keys_page", "signing_keys", ["organization_id", "created_at", "id"])
    op.create_index("ix_signing_keys_page_of_workspace", "signing_keys", ["workspace_id", "created_at", "id"])


def _media() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid()),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("title_folded", BYTEWISE, nullable=False),
        sa.Column("creator_id", sa.String(255), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("media_quality", sa.String(8), nullable=False),
        sa.Column("max_resolution", sa.String(6), nullable=False),
        sa.Column("optimize_audio", sa.Boolean(), nullable=False),
        sa.Column("source_access", sa.Boolean(), nullable=False),
        sa.Column("mp4_support", sa.String(24), nullable=False),
        sa.Column("downloads", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("source_kind", sa.String(12), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("source_name", sa.String(255), nullable=False),
        sa.Column("source_size", sa.BigInteger(), nullable=True),
        sa.Column("source_media_id", sa.Uuid(), nullable=True),
        sa.Column("stream_id", sa.String(32), nullable=True),
        sa.Column("start_time", sa.Double(), nullable=True),
        sa.Column("end_time", sa.Double(), nullable=True),
        sa.Column("container", sa.String(24), nullable=False),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frame_rate", sa.Double(), nullable=True),
        sa.Column("is_audio_only", sa.Boolean(), nullable=False),
        sa.Column("has_sound", sa.Boolean(), nullable=False),
        sa.Column("renditions", sa.JSON(), nullable=False),
        sa.Column("sprite", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("has_poster", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("generation", sa.String(16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        _reference("media", "organization_id", "organizations.id"),
        _reference("media", "workspace_id", "workspaces.id"),
        sa.CheckConstraint(
            "status IN ('Created', 'Downloading', 'Downloaded', 'Validating', 'In Queue', 'Processing', 'Ready', 'Failed')",
            name=op.f("ck_media_status"),
        ),
    )
    op.create_index("ix_media_clips", "media", ["source_media_id", "created_at", "id"])
    op.create_index("ix_media_page", "media", ["organization_id", "workspace_id", "created_at", "id"])
    op.create_index("ix_media_page_by_title", "media", ["organization_id", "workspace_id", "title_folded", "id"])
    op.create_index(
        "ix_media_page_of_status", "media", ["organization_id", "workspace_id", "status", "created_at", "id"]
    )
    op.create_index("ix_media_recordings", "media", ["stream_id", "created_at", "id"])


def _tracks() -> None:
    op.create_table(
        "tracks",
        sa.Column("id", sa.Uuid()),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("language_code", sa.String(35), nullable=False),
        sa.Column("language_name", sa.String(80), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("is_added", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        _reference("tracks", "media_id", "media.id"),
        _reference("tracks", "organization_id", "organizations.id"),
        _reference("tracks", "workspace_id", "workspaces.id"),
        sa.CheckConstraint("type IN ('video', 'audio', 'subtitle')", name=op.f("ck_tracks_type")),
    )
    op.create_index("ix_tracks_media_id", "tracks", ["media_id"])


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid()),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("cors_origin", sa.String(255), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("by_member_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        _reference("uploads", "by_member_id", "members.id"),
        _reference("uploads", "organization_id", "organizations.id"),
        _reference("uploads", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_uploads_expiry", "uploads", ["status", "expires_at"])
    op.create_index("ix_uploads_page", "uploads", ["organization_id", "workspace_id", "status", "created_at", "id"])


def _playback_ids() -> None:
    op.create_table(
        "playback_ids",
        sa.Column("id", sa.Uuid()),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("access_policy", sa.String(8), nullable=False),
        sa.Column("resolution", sa.String(6), nullable=True),
        sa.Column("restrictions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playback_ids")),
        _reference("playback_ids", "media_id", "media.id"),
        _reference("playback_ids", "organization_id", "organizations.id"),
        _reference("playback_ids", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_playback_ids_media_id", "playback_ids", ["media_id"])


def _media_counts() -> None:
    op.create_table(
        "media_counts",
        sa.Column("workspace_id", sa.Uuid()),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_media_counts")),
        _reference("media_counts", "organization_id", "organizations.id"),
        _reference("media_counts", "workspace_id", "workspaces.id"),
    )


def _media_log() -> None:
    op.create_table(
        "media_log",
        sa.Column("id", sa.Uuid()),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_log")),
        _reference("media_log", "media_id", "media.id"),
        _reference("media_log", "organization_id", "organizations.id"),
        _reference("media_log", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_media_log_page", "media_log", ["media_id", "at", "id"])


def _media_words() -> None:
    op.create_table(
        "media_words",
        sa.Column("media_id", sa.Uuid()),
        sa.Column("word", BYTEWISE),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("media_id", "word", name=op.f("pk_media_words")),
        _reference("media_words", "media_id", "media.id"),
        _reference("media_words", "organization_id", "organizations.id"),
        _reference("media_words", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_media_words_find", "media_words", ["organization_id", "workspace_id", "word", "media_id"])


def _playlists() -> None:
    op.create_table(
        "playlists",
        sa.Column("id", sa.Uuid()),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("reference_id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(6), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("play_order", sa.String(16), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playlists")),
        _reference("playlists", "organization_id", "organizations.id"),
        _reference("playlists", "workspace_id", "workspaces.id"),
        sa.UniqueConstraint("workspace_id", "reference_id", name=op.f("uq_playlists_workspace_id_reference_id")),
        sa.CheckConstraint("type IN ('manual', 'smart')", name=op.f("ck_playlists_type")),
    )
    op.create_index("ix_playlists_page", "playlists", ["organization_id", "created_at", "id"])
    op.create_index(
        "ix_playlists_page_of_workspace", "playlists", ["organization_id", "workspace_id", "created_at", "id"]
    )


def _playlist_items() -> None:
    op.create_table(
        "playlist_items",
        sa.Column("playlist_id", sa.Uuid()),
        sa.Column("media_id", sa.Uuid()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("playlist_id", "media_id", name=op.f("pk_playlist_items")),
        _reference("playlist_items", "media_id", "media.id"),
        _reference("playlist_items", "organization_id", "organizations.id"),
        _reference("playlist_items", "playlist_id", "playlists.id"),
        _reference("playlist_items", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_playlist_items_media_id", "playlist_items", ["media_id"])
    op.create_index("ix_playlist_items_order", "playlist_items", ["playlist_id", "position", "media_id"])


def _live_streams() -> None:
    op.create_table(
        "live_streams",
        sa.Column("id", sa.String(32)),
        sa.Column("status", sa.String(9), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("max_resolution", sa.String(6), nullable=False),
        sa.Column("reconnect_window", sa.Integer(), nullable=False),
        sa.Column("media_policy", sa.String(8), nullable=False),
        sa.Column("enable_recording", sa.Boolean(), nullable=False),
        sa.Column("enable_dvr", sa.Boolean(), nullable=False),
        sa.Column("key_generation", sa.String(32), nullable=False),
        sa.Column("generation", sa.String(16), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=True),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_streams")),
        _reference("live_streams", "organization_id", "organizations.id"),
        _reference("live_streams", "workspace_id", "workspaces.id"),
        sa.CheckConstraint(
            "status IN ('idle', 'preparing', 'active', 'disabled')", name=op.f("ck_live_streams_status")
        ),
    )
    op.create_index("ix_live_streams_on_air", "live_streams", ["broadcast_id"])
    op.create_index("ix_live_streams_page", "live_streams", ["organization_id", "workspace_id", "created_at", "id"])


def _live_broadcasts() -> None:
    op.create_table(
        "live_broadcasts",
        sa.Column("id", sa.Uuid()),
        sa.Column("stream_id", sa.String(32), nullable=False),
        sa.Column("recording", sa.JSON(), nullable=False),
        sa.Column("is_recorded", sa.Boolean(), nullable=False),
        sa.Column("is_dvr", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("longest", sa.Double(), nullable=False),
        sa.Column("codecs", sa.String(80), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_broadcasts")),
        _reference("live_broadcasts", "organization_id", "organizations.id"),
        _reference("live_broadcasts", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_broadcasts_of_stream", "live_broadcasts", ["stream_id", "started_at"])
    op.create_index("ix_live_broadcasts_uncleared", "live_broadcasts", ["cleared_at", "settled_at"])
    op.create_index("ix_live_broadcasts_unsettled", "live_broadcasts", ["settled_at", "ended_at"])


def _live_connections() -> None:
    op.create_table(
        "live_connections",
        sa.Column("id", sa.Uuid()),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(160), nullable=False),
        sa.Column("engine", sa.String(8), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("bit_rate", sa.Integer(), nullable=False),
        sa.Column("bytes_received", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(300), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_connections")),
        _reference("live_connections", "broadcast_id", "live_broadcasts.id"),
        _reference("live_connections", "organization_id", "organizations.id"),
        _reference("live_connections", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_connections_of_broadcast", "live_connections", ["broadcast_id", "started_at"])
    op.create_index("ix_live_connections_open", "live_connections", ["ended_at", "owner"])


def _live_segments() -> None:
    op.create_table(
        "live_segments",
        sa.Column("broadcast_id", sa.Uuid()),
        sa.Column("position", sa.Integer()),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "position", name=op.f("pk_live_segments")),
        _reference("live_segments", "broadcast_id", "live_broadcasts.id"),
        _reference("live_segments", "organization_id", "organizations.id"),
        _reference("live_segments", "workspace_id", "workspaces.id"),
    )


def _live_playback_ids() -> None:
    op.create_table(
        "live_playback_ids",
        sa.Column("id", sa.Uuid()),
        sa.Column("stream_id", sa.String(32), nullable=False),
        sa.Column("access_policy", sa.String(8), nullable=False),
        sa.Column("restrictions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_playback_ids")),
        _reference("live_playback_ids", "organization_id", "organizations.id"),
        _reference("live_playback_ids", "stream_id", "live_streams.id"),
        _reference("live_playback_ids", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_playback_ids_stream_id", "live_playback_ids", ["stream_id"])


def _live_simulcasts() -> None:
    op.create_table(
        "live_simulcasts",
        sa.Column("id", sa.String(32)),
        sa.Column("stream_id", sa.String(32), nullable=False),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("state_text", sa.String(300), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_simulcasts")),
        _reference("live_simulcasts", "organization_id", "organizations.id"),
        _reference("live_simulcasts", "stream_id", "live_streams.id"),
        _reference("live_simulcasts", "workspace_id", "workspaces.id"),
        sa.CheckConstraint(
            "state IN ('idle', 'connecting', 'broadcasting', 'failed')", name=op.f("ck_live_simulcasts_state")
        ),
    )
    op.create_index("ix_live_simulcasts_stream_id", "live_simulcasts", ["stream_id"])


def _live_log() -> None:
    op.create_table(
        "live_log",
        sa.Column("id", sa.Uuid()),
        sa.Column("stream_id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("refused", sa.String(80), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_log")),
        _reference("live_log", "organization_id", "organizations.id"),
        _reference("live_log", "stream_id", "live_streams.id"),
        _reference("live_log", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_log_page", "live_log", ["stream_id", "at", "id"])


def _live_viewers() -> None:
    op.create_table(
        "live_viewers",
        sa.Column("stream_id", sa.String(32)),
        sa.Column("viewer", sa.String(24)),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "viewer", name=op.f("pk_live_viewers")),
        _reference("live_viewers", "organization_id", "organizations.id"),
        _reference("live_viewers", "stream_id", "live_streams.id"),
        _reference("live_viewers", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_viewers_seen", "live_viewers", ["seen_at"])


def _live_viewer_samples() -> None:
    op.create_table(
        "live_viewer_samples",
        sa.Column("broadcast_id", sa.Uuid()),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("viewers", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "at", name=op.f("pk_live_viewer_samples")),
        _reference("live_viewer_samples", "broadcast_id", "live_broadcasts.id"),
        _reference("live_viewer_samples", "organization_id", "organizations.id"),
        _reference("live_viewer_samples", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_live_viewer_samples_at", "live_viewer_samples", ["at"])


def _live_stream_words() -> None:
    op.create_table(
        "live_stream_words",
        sa.Column("stream_id", sa.String(32)),
        sa.Column("word", BYTEWISE),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "word", name=op.f("pk_live_stream_words")),
        _reference("live_stream_words", "organization_id", "organizations.id"),
        _reference("live_stream_words", "stream_id", "live_streams.id"),
        _reference("live_stream_words", "workspace_id", "workspaces.id"),
    )
    op.create_index(
        "ix_live_stream_words_find", "live_stream_words", ["organization_id", "workspace_id", "word", "stream_id"]
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid()),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("off_reason", sa.String(300), nullable=False),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        _reference("webhooks", "organization_id", "organizations.id"),
        _reference("webhooks", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_webhooks_of_workspace", "webhooks", ["workspace_id", "is_enabled"])
    op.create_index("ix_webhooks_page", "webhooks", ["organization_id", "created_at", "id"])


def _webhook_events() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid()),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        _reference("webhook_events", "organization_id", "organizations.id"),
        _reference("webhook_events", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_webhook_events_old", "webhook_events", ["created_at"])


def _webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid()),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("is_asked", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        _reference("webhook_deliveries", "event_id", "webhook_events.id"),
        _reference("webhook_deliveries", "organization_id", "organizations.id"),
        _reference("webhook_deliveries", "webhook_id", "webhooks.id"),
        _reference("webhook_deliveries", "workspace_id", "workspaces.id"),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
    )
    op.create_index("ix_webhook_deliveries_of_event", "webhook_deliveries", ["event_id"])
    op.create_index("ix_webhook_deliveries_page", "webhook_deliveries", ["webhook_id", "created_at", "id"])


def _webhook_attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.Uuid()),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
        _reference("webhook_attempts", "delivery_id", "webhook_deliveries.id"),
        _reference("webhook_attempts", "organization_id", "organizations.id"),
        _reference("webhook_attempts", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_webhook_attempts_of_delivery", "webhook_attempts", ["delivery_id", "number"])


def _usage_counts() -> None:
    op.create_table(
        "usage_counts",
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("span", sa.String(4)),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "span", "at", name=op.f("pk_usage_counts")),
        _reference("usage_counts", "organization_id", "organizations.id"),
        _reference("usage_counts", "workspace_id", "workspaces.id"),
        sa.CheckConstraint("span IN ('hour', 'day')", name=op.f("ck_usage_counts_span")),
    )
    op.create_index("ix_usage_counts_span", "usage_counts", ["span", "at"])


def _usage_days() -> None:
    op.create_table(
        "usage_days",
        sa.Column("workspace_id", sa.Uuid()),
        sa.Column("day", sa.Date()),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
        sa.Column("stored_seconds", sa.Double(), nullable=True),
        sa.Column("media", sa.Integer(), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_usage_days")),
        _reference("usage_days", "organization_id", "organizations.id"),
        _reference("usage_days", "workspace_id", "workspaces.id"),
    )
    op.create_index("ix_usage_days_page", "usage_days", ["organization_id", "workspace_id", "day"])


TABLES = {
    "set_up": _set_up,
    "form_keys": _form_keys,
    "kept_answers": _kept_answers,
    "limit_counts": _limit_counts,
    "jobs": _jobs,
    "mails": _mails,
    "audit_heads": _audit_heads,
    "audit_log": _audit_log,
    "people": _people,
    "sessions": _sessions,
    "half_sessions": _half_sessions,
    "mailed_links": _mailed_links,
    "known_devices": _known_devices,
    "passkeys": _passkeys,
    "second_factors": _second_factors,
    "recovery_codes": _recovery_codes,
    "organizations": _organizations,
    "former_slugs": _former_slugs,
    "members": _members,
    "workspaces": _workspaces,
    "member_workspaces": _member_workspaces,
    "invitations": _invitations,
    "invitation_workspaces": _invitation_workspaces,
    "access_tokens": _access_tokens,
    "access_token_words": _access_token_words,
    "signing_keys": _signing_keys,
    "media": _media,
    "tracks": _tracks,
    "uploads": _uploads,
    "playback_ids": _playback_ids,
    "media_counts": _media_counts,
    "media_log": _media_log,
    "media_words": _media_words,
    "playlists": _playlists,
    "playlist_items": _playlist_items,
    "live_streams": _live_streams,
    "live_broadcasts": _live_broadcasts,
    "live_connections": _live_connections,
    "live_segments": _live_segments,
    "live_playback_ids": _live_playback_ids,
    "live_simulcasts": _live_simulcasts,
    "live_log": _live_log,
    "live_viewers": _live_viewers,
    "live_viewer_samples": _live_viewer_samples,
    "live_stream_words": _live_stream_words,
    "webhooks": _webhooks,
    "webhook_events": _webhook_events,
    "webhook_deliveries": _webhook_deliveries,
    "webhook_attempts": _webhook_attempts,
    "usage_counts": _usage_counts,
    "usage_days": _usage_days,
}


def upgrade() -> None:
    for create in TABLES.values():
        create()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
