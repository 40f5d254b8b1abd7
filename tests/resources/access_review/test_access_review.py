"""The access review: what deserves a look is found, the look is kept, and the monthly mail comes once a month."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fastpix.access import principal
from fastpix.db import Base, now, set_reading
from fastpix.resources.access_review import domain
from fastpix.resources.access_review import jobs as review_jobs
from tests.resources.members.test_query_counts import fill, statements
from tests.stories.tables import change, rows

OLD = timedelta(days=100)


def review(door):
    return door.api.get("iam/access-review").json["data"]


def names(section, field="name"):
    return {row[field] for row in section["rows"]}


def test_it_finds_what_deserves_a_look(world, ada, mel, cast):
    acme = cast.acme
    for _ in range(2):
        mel.page.get("/o/acme/signing-keys/")
    change(world, "members", {"id": acme.members["mel"]}, last_seen_at=now() - OLD)
    change(world, "access_tokens", {"id": acme.tokens["ada admin"].id}, last_used_at=now() - OLD)
    change(world, "access_tokens", {"id": acme.tokens["ada member"].id}, last_used_at=None, created_at=now() - OLD)
    found = review(ada)
    assert names(found["admins"]) == {"Ada Admin"}
    assert names(found["unseen"]) == {"Mel Member"}
    assert {acme.tokens["ada admin"].name, acme.tokens["ada member"].name} <= names(found["tokens"])
    assert acme.tokens["ada people"].name not in names(found["tokens"])
    assert str(acme.signing_key) in names(found["keys"], "id")
    assert found["invitations"]["total"] == 1
    denial = next(row for row in found["denials"]["rows"] if row["action"] == "signing_keys.view")
    assert denial["actorName"] == "Mel Member" and denial["count"] == 1
    assert found["last"] is None and found["isDue"]
    page = ada.page.get("/o/acme/access-review/").text
    for text in ("Mel Member", acme.tokens["ada member"].name, str(acme.signing_key), "signing_keys.view"):
        assert text in page


def test_what_is_in_use_or_ended_is_not_in_it(world, ada, cast):
    acme = cast.acme
    change(world, "signing_keys", {"id": acme.signing_key}, last_used_at=now())
    change(world, "access_tokens", {}, last_used_at=now() - OLD, revoked_at=now())
    change(world, "access_tokens", {"id": acme.tokens["ada people"].id}, revoked_at=None)
    ada.api.get("iam/me")
    change(world, "members", {}, last_seen_at=now())
    change(world, "invitations", {}, revoked_at=now())
    found = review(ada)
    assert names(found["tokens"]) == set(), "the only living one was used a moment ago"
    assert [found[name]["total"] for name in ("unseen", "keys", "invitations")] == [0, 0, 0]


def test_nothing_of_another_organization_is_in_it(world, ada, cast):
    change(world, "members", {}, last_seen_at=now() - OLD)
    text = ada.api.get("iam/access-review").text
    assert "Rex" not in text and str(cast.rival.signing_key) not in text


def test_the_review_is_kept_and_due_again_after_a_month(world, ada):
    assert ada.page.post("/o/acme/access-review/done", {"note": "  removed\n nobody "}).status_code == 303
    (row,) = [r for r in rows(world, "audit_log", action="access_review.complete") if r["result"] == "done"]
    assert row["after"]["note"] == "removed nobody" and row["after"]["admins"] == 1
    found = review(ada)
    assert (found["last"]["by"], found["last"]["note"], found["isDue"]) == ("Ada Admin", "removed nobody", False)
    assert "Last reviewed by Ada Admin" in ada.page.get("/o/acme/access-review/").text
    with world.session(), principal.acting(principal.system("a test", world.cast.acme.id)):
        assert domain.is_due(now() + domain.EVERY + timedelta(hours=1))


def test_too_long_a_note_is_kept_in_the_form(ada):
    answer = ada.page.post("/o/acme/access-review/done", {"note": "x" * 501})
    assert answer.status_code == 422 and "x" * 501 in answer.text


def test_members_have_no_page_and_no_entry(mel):
    assert mel.page.get("/o/acme/access-review/").status_code == 403
    assert "Access review" not in mel.page.get("/o/acme/").text


def test_it_costs_the_same_for_3_and_300_members(world, ada, cast):
    ada.page.get("/o/acme/access-review/")
    with statements(world.engine) as few:
        assert ada.page.get("/o/acme/access-review/").status_code == 200
    fill(world, 297, limited=0)
    change(world, "members", {}, last_seen_at=now() - OLD)
    change(world, "members", {"id": cast.acme.members["ada"]}, last_seen_at=now())
    with statements(world.engine) as many:
        page = ada.page.get("/o/acme/access-review/")
    assert "15 of 299 are shown" in page.text
    assert len(many) <= len(few) + 1 <= 14, many


# The monthly mail.


@pytest.fixture
def asked(office):
    office.doors("ada").api.patch("iam/organization", {"accessReviewMail": True})
    office.kept = len(office.rows())
    return office


def remind(office):
    with office.app.app_context():
        return review_jobs.remind()


def test_the_admins_are_reminded_once_a_month(asked):
    assert [remind(asked) for _ in range(3)] == [1, 0, 0]
    (letter,) = asked.letters(kind="membership_changed")
    assert letter.recipient == "ada@ada.example"
    assert "1 admins" in letter.text and "It was never reviewed." in letter.text
    assert "http://localhost/o/acme/access-review/" in letter.text
    change(asked.world, "organizations", {"id": asked.cast.acme.id}, access_review_mailed="2020-01")
    assert remind(asked) == 1


def test_who_did_not_ask_is_not_reminded(office):
    assert remind(office) == 0 and office.letters() == []


def test_two_workers_at_once_remind_once(world):
    world_now = []
    set_reading(False)
    with world.engine.begin() as connection:
        connection.execute(sa.update(Base.metadata.tables["organizations"]).values(access_review_mail=True))
    barrier = threading.Barrier(2)

    def work():
        with world.app.app_context():
            barrier.wait()
            world_now.append(review_jobs.remind())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(world_now) == len(rows(world, "organizations")), world_now


def test_who_has_no_access_now_is_marked_and_their_tokens_too(world, ada, cast):
    member, at = cast.acme.members["mel"], now()
    old = at - timedelta(days=200)
    for token in rows(world, "access_tokens"):
        change(world, "access_tokens", {"id": token["id"]}, created_at=old, last_used_at=old)
    for closed, values in (
        ("suspended", {"suspended_at": at}),
        ("ended", {"suspended_at": None, "ends_at": at - timedelta(days=1), "ends_on": at.date() - timedelta(days=1)}),
    ):
        change(world, "members", {"id": member}, role="admin", **values)
        review = ada.api.get("iam/access-review").json["data"]
        assert {row["name"]: row["closed"] for row in review["admins"]["rows"]}["Mel Member"] == closed
        assert {row["isSuspended"] for row in review["tokens"]["rows"] if row["ownerName"] == "Mel Member"} == {True}
        assert {row["isSuspended"] for row in review["tokens"]["rows"] if row["ownerName"] == "Ada Admin"} == {False}
        page = ada.page.get("/o/acme/access-review/").text
        assert closed.capitalize() in page and "has no access now; the token is suspended" in page
