"""Facts of the schema: a removed member keeps nothing by a side table, an organization takes only its own with it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.stories.tables import changed_columns, everything, rows

pytestmark = pytest.mark.sql("the schema, asked of the database itself")

# Class 12. A token outlives its owner on purpose: it is suspended, so that a page can show what stopped and why.
SUSPENDED = {("access_tokens", "owner_id"), ("signing_keys", "created_by_id")}
OF_A_PERSON = {
    "members",
    "sessions",
    "mailed_links",
    "half_sessions",
    "person_words",
    "second_factors",
    "recovery_codes",
} | {
    "known_devices",
    "passkeys",
}


@pytest.fixture
def schema(world):
    return sa.inspect(world.engine)


def test_only_memberships_tie_a_person_to_an_organization(schema):
    """Asked of the database, not of the code: whatever else hangs on both hangs on the membership."""
    ties = {}
    for table in schema.get_table_names():
        for key in schema.get_foreign_keys(table):
            ties.setdefault(table, {})[key["referred_table"]] = key
    assert {table for table, keys in ties.items() if "people" in keys} == OF_A_PERSON
    assert [table for table, keys in ties.items() if "people" in keys and "organizations" in keys] == ["members"]
    assert (
        "members" in ties["invitations"]
        and "members" in ties["access_tokens"]
        and "members" in ties["member_workspaces"]
    )


def test_what_hangs_on_a_membership_goes_with_it(schema):
    found = 0
    for table in schema.get_table_names():
        for key in schema.get_foreign_keys(table):
            column = (table, key["constrained_columns"][0])
            if key["referred_table"] == "members":
                found += 1
                expected = "SET NULL" if column in SUSPENDED else "CASCADE"
                assert key["options"].get("ondelete") == expected, column
            elif column == ("members", "person_id"):
                assert key["options"].get("ondelete") == "RESTRICT", "a cascade would go round the last admin"
            else:
                assert key["options"].get("ondelete") == "CASCADE", column
    assert found >= 3


def test_no_column_names_a_member_or_person_without_a_foreign_key(schema):
    for table in set(schema.get_table_names()) - {"alembic_version", "audit_log", "mails"}:
        keys = {column for key in schema.get_foreign_keys(table) for column in key["constrained_columns"]}
        named = {c["name"] for c in schema.get_columns(table)}
        loose = {name for name in named if name in ("person_id", "member_id", "owner_id", "inviter_id")} - keys
        assert loose == set(), table


def test_removing_a_member_removes_their_grants_and_invites_and_suspends_their_tokens(world, ada, cast, acting):
    from fastpix.resources.members import domain as members
    from fastpix.resources.members.invitations import domain as invitations

    mel = cast.acme.members["mel"]
    with acting("ada"):
        members.edit(mel, role="admin", workspace_access=[cast.acme.workspace])
    with acting("mel"):
        invitations.invite(["new@new.example"], "member", [cast.acme.workspace])
    before = everything(world)
    assert ada.api.delete(f"iam/members/{mel}").status_code == 200
    changed = changed_columns(before, everything(world))
    gone = {"-members", "-member_workspaces", "-invitations", "-invitation_workspaces"}
    noted = {"access_tokens.last_used_at", "access_tokens.last_used_from"}
    assert changed - noted == gone | {"+audit_log", "access_tokens.owner_id", "organizations.member_count",
                                      "organizations.member_version", "people.rights_changed_at"}  # fmt: skip
    assert {t["owner_id"] for t in rows(world, "access_tokens") if t["name"].startswith("mel ")} == {None}
    assert rows(world, "people", id=cast.people["mel"].id), "the account is never removed"
    assert rows(world, "sessions", person_id=cast.people["mel"].id)


# Class 27: an organization's admin reaches what is not the organization's.


def test_deleting_an_organization_removes_its_own_rows_and_nobody(world, ada, cast):
    before = everything(world)
    assert ada.page.post("/o/acme/settings/delete", {"name": "Acme"}).status_code == 303
    after = everything(world)
    acme, rival = cast.acme.id, cast.rival.id
    for table, old in before.items():
        for key, row in old.items():
            if row.get("organization_id") == acme or (table == "organizations" and row["id"] == acme):
                assert (key in after[table]) is (table in ("audit_log", "mails")), table
            elif row.get("organization_id") == rival:
                assert after[table][key] == row, table
    assert before["people"] == after["people"]
    assert before["sessions"].keys() == after["sessions"].keys()
    assert [
        row["organization_id"] for row in after["audit_log"].values() if row["action"] == "organizations.delete"
    ] == [acme]
    assert {row["organization_id"] for row in after["members"].values()} == {rival}


def test_the_name_must_be_typed_to_delete_an_organization(world, ada):
    before = world.digest()
    for typed in ("", "acme", "Acme!", "Rival"):
        answer = ada.page.post("/o/acme/settings/delete", {"name": typed})
        assert answer.status_code == 422 and b"Type Acme exactly" in answer.data
    assert world.digest() == before
