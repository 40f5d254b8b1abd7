"""The chain of the audit log: one unbroken line per organization, in which every edit, gap and new order shows."""

from __future__ import annotations

import itertools
import threading
import uuid

import pytest
import sqlalchemy as sa

from fastpix.access.action import Entry
from fastpix.db import Base, db, set_reading, transaction
from fastpix.errors import Refused
from fastpix.resources.audit import domain
from fastpix.resources.audit.chain import rules, verify
from fastpix.resources.audit.models import NOWHERE
from tests.cast import acting_as
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sql("one chain an organization, by locks")

LOG, HEADS = Base.metadata.tables["audit_log"], Base.metadata.tables["audit_heads"]


def faults(world, of=None):
    with world.session():
        verify.begin()
        reports = [verify.check(of or world.cast.acme.id)]
        return [fault for report in reports for fault in report.faults]


def sql(world, statement):
    set_reading(False)
    with world.engine.begin() as connection:
        connection.execute(statement)


def of_acme(world):
    return sorted(rows(world, "audit_log", chain=world.cast.acme.id), key=lambda row: row["number"])


@pytest.fixture
def told(world, ada):
    """Acme's rows, some more than the cast left, without a fault."""
    for name in ("One", "Two", "Three"):
        assert ada.api.post("iam/workspaces", {"name": name}).status_code == 201
    assert faults(world) == []
    return of_acme(world)


def test_numbers_have_no_gap_and_times_only_rise(world, told):
    assert [row["number"] for row in told] == list(range(1, len(told) + 1))
    assert all(a["at"] < b["at"] and a["hash"] == b["previous_hash"] for a, b in itertools.pairwise(told))


def test_what_people_do_to_their_accounts_has_a_chain_of_its_own(world, mel):
    mel.page.post("/account/theme", {"theme": "dark"})
    assert [row["organization_id"] for row in rows(world, "audit_log", chain=NOWHERE)][-1] is None
    assert faults(world, NOWHERE) == []


EDITS = {
    "action": "media.view", "actor_name": "Somebody else", "actor_id": "x", "actor_kind": "system", "address": "10.0.0.1",
    "door": "cli", "target_name": "Another", "target_id": "y", "target_kind": "z", "result": "refused", "area": "a",
    "before": {"a": 1}, "after": {"b": 2}, "request_id": "r", "organization_id": None, "hash": "0" * 64,
    "previous_hash": "1" * 64, "workspace_id": uuid.UUID(int=5),
}  # fmt: skip


@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_is_found_and_the_row_named(world, told, column):
    row = told[-2]
    change(world, "audit_log", {"id": row["id"]}, **{column: EDITS[column]})
    found = faults(world)
    assert found and any(str(row["id"]) in fault and f"row {row['number']} " in fault for fault in found), found


@pytest.mark.parametrize("place", [0, 1, -2, -1])
def test_a_deleted_row_is_found_wherever_it_was(world, told, place):
    row = told[place]
    sql(world, LOG.delete().where(LOG.c.id == row["id"]))
    (fault,) = faults(world)
    assert f"row {row['number']} is missing" in fault


def test_an_end_cut_off_with_its_head_moved_back_is_found(world, told):
    last, before = told[-1], told[-2]
    sql(world, LOG.delete().where(LOG.c.id == last["id"]))
    values = {"number": before["number"], "hash": before["hash"], "at": before["at"]}
    change(world, "audit_heads", {"chain": world.cast.acme.id}, **values)
    (fault,) = faults(world)
    assert "the head of the chain" in fault


def test_a_head_that_is_gone_is_found(world, told):
    sql(world, HEADS.delete().where(HEADS.c.chain == world.cast.acme.id))
    assert "head of the chain is missing" in faults(world)[0]


def test_rows_that_changed_places_are_found(world, told):
    one, two = told[-3], told[-2]
    for row, number in ((one, 10**6), (two, one["number"]), (one, two["number"])):
        change(world, "audit_log", {"id": row["id"]}, number=number)
    found = " ".join(faults(world))
    assert str(one["id"]) in found and str(two["id"]) in found


def test_a_row_put_in_is_found(world, told):
    forged = {**told[-1], "id": uuid.uuid4(), "number": told[-1]["number"] + 1, "previous_hash": told[-1]["hash"]}
    sql(world, LOG.insert().values(**forged))
    found = " ".join(faults(world))
    assert str(forged["id"]) in found and "inserted" in found


def test_a_chain_rebuilt_without_the_secret_key_is_found(world, told):
    """What somebody with the database and the source can do: everything but know the key."""
    world.set(secret_key="another key, as long as the one of all tests")
    row = {**told[-1], "actor_name": "Nobody"}
    row["hash"] = rules.row_hash(row)
    head = rows(world, "audit_heads", chain=world.cast.acme.id)[0] | {"hash": row["hash"]}
    forged = rules.head_seal(head)
    world.set()
    change(world, "audit_log", {"id": row["id"]}, actor_name="Nobody", hash=row["hash"])
    change(world, "audit_heads", {"chain": world.cast.acme.id}, hash=row["hash"], seal=forged)
    assert len(faults(world)) == 2


def test_writers_at_the_same_moment_keep_one_unbroken_chain(world):
    before = len(of_acme(world))
    failed = []

    def write(who):
        try:
            for number in range(10):
                with world.app.app_context():
                    set_reading(False)
                    with transaction(), acting_as(world.cast, who):
                        domain.record(
                            Entry("media.edit", "media", str(number), who, organization_id=world.cast.acme.id)
                        )
        except Exception as problem:
            failed.append(problem)

    threads = [threading.Thread(target=write, args=(who,)) for who in ("ada", "mel", "dana", "ada")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and faults(world) == []
    assert len(of_acme(world)) == before + 40


def test_the_first_rows_of_a_chain_at_the_same_moment_are_one_chain(world):
    house, failed = uuid.uuid4(), []
    ready = threading.Barrier(4)

    def write():
        try:
            with world.app.app_context():
                set_reading(False)
                ready.wait()
                with transaction():
                    domain.record(Entry("media.edit", "media", "1", "first", organization_id=house))
        except Exception as problem:
            failed.append(problem)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and faults(world, house) == []
    assert sorted(row["number"] for row in rows(world, "audit_log", chain=house)) == [1, 2, 3, 4]


def test_what_is_undone_leaves_no_row_and_no_gap(world, acting, told):
    here = world.cast.acme.id

    def entry(name):
        return Entry("media.edit", "media", "1", name, organization_id=here)

    with acting("ada"):
        domain.record(entry("undone"))
        db.session.rollback()
        with pytest.raises(Refused), db.session.begin_nested():
            domain.record(entry("undone to the savepoint"))
            raise Refused("no")
        with db.session.begin_nested():
            domain.record(entry("kept"))
    assert [row["target_name"] for row in of_acme(world)[len(told) :]] == ["kept"]
    assert faults(world) == []


# What was not allowed.


def denied(world, **where):
    return rows(world, "audit_log", result="denied", **where)


def test_a_denied_attempt_leaves_one_row_a_minute(world, mel, cast):
    member = cast.acme.members["dana"]
    for _ in range(3):
        answer = mel.page.post(f"/o/acme/members/{member}/remove", {})
    assert answer.status_code == 403
    (row,) = denied(world)
    assert (row["action"], row["actor_name"], row["door"]) == ("members.remove", "Mel Member", "dashboard")
    assert (row["target_kind"], row["target_id"], row["address"]) == ("member", str(member), "127.0.0.1")
    assert (row["organization_id"], row["chain"]) == (cast.acme.id, cast.acme.id) and row["request_id"]
    assert faults(world) == []


def test_an_attempt_through_the_api_names_the_token(world, mel, cast):
    assert mel.api.get("iam/signing-keys").status_code == 403
    (row,) = denied(world, action="signing_keys.view")
    assert (row["actor_kind"], row["door"], row["actor_id"]) == ("token", "api", str(mel.api.token.id))


@pytest.mark.parametrize("door", ["api", "page"])
def test_what_a_rule_refuses_is_told_with_its_reason(world, rex, door):
    answer = rex.api.post("iam/leave", {}) if door == "api" else rex.page.post("/o/rival/members/leave", {})
    assert answer.status_code == 409
    (row,) = rows(world, "audit_log", result="refused", chain=world.cast.rival.id)
    assert row["action"] == "members.leave" and row["after"]["reason"]


def test_strangers_leave_no_row(world, anonymous, rex):
    before = len(rows(world, "audit_log"))
    assert anonymous.page.get("/o/acme/members/").status_code == 302
    assert anonymous.api.get("iam/members").status_code == 401
    assert rex.page.get("/o/acme/members/").status_code == 404
    assert len(rows(world, "audit_log")) == before


def test_a_log_that_cannot_be_written_spoils_no_refusal(world, mel, monkeypatch):
    def broken(_entry):
        raise sa.exc.OperationalError("no", {}, Exception("no"))

    monkeypatch.setattr(domain, "_is_recorded", broken)
    assert mel.page.get("/o/acme/signing-keys/").status_code == 403
