"""The operator's page: nobody else's, what it shows, and the one change it makes."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest

from fastpix.access import principal
from fastpix.accounts import operator
from fastpix.backup import backup
from fastpix.config import instance_lock
from fastpix.db import db, now
from fastpix.errors import Missing
from fastpix.jobs import queue
from fastpix.jobs.models import FAILED, Job
from fastpix.mail.models import Mail
from fastpix.monitoring import doctor
from fastpix.monitoring.system import domain
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sqlite


def promote(world, key="mel", is_on=True):
    with world.app.app_context():
        operator.set_operator(f"{key}@{key}.example", is_on)
        db.session.commit()


def failed_job(world, kind="mail.deliver", error="the mail server is away", **args):
    job = Job(id=uuid.uuid4(), kind=kind, args=args, state=FAILED, attempts=12, error=error, finished_at=now())
    job.organization_id = world.cast.acme.id
    with world.app.app_context():
        db.session.add(job)
        db.session.commit()
    return job.id


def text_of(answer):
    return " ".join(re.sub(r"<[^>]*>", " ", answer.get_data(as_text=True)).split())


@pytest.mark.parametrize("who", ["ada", "mel", "rex", "sam"])
def test_to_everybody_else_there_is_no_such_page(world, doors, who):
    job, page = failed_job(world), doors(who).page
    before = world.digest()
    assert page.get("/system").status_code == page.post(f"/system/jobs/{job}/retry").status_code == 404
    assert page.get("/system").text.count("There is no such page") == 1
    assert "/system" not in page.get("/account").text and world.digest() == before


def test_who_is_not_signed_in_is_asked_to(anonymous):
    assert anonymous.page.get("/system").status_code == 302


def test_no_role_and_no_token_makes_an_operator(world, ada):
    assert ada.api.get("../system").status_code in (302, 404)
    assert not [row for row in rows(world, "people") if row["is_operator"]]


def test_an_operator_gains_nothing_in_any_organization(world, mel):
    promote(world)
    assert mel.page.get("/system").status_code == 200
    assert mel.page.get("/o/acme/access-tokens/").status_code == 403 and mel.page.get("/o/rival/").status_code == 404


def test_whoever_is_no_operator_any_more_sees_it_no_more_at_once(world, mel):
    promote(world)
    assert "/system" in mel.page.get("/account").text
    promote(world, is_on=False)
    assert mel.page.get("/system").status_code == 404


def test_without_the_look_at_the_flag_everybody_would_see_it(world, ada, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(domain, "_demand", lambda: None)
    assert ada.page.get("/system").status_code == 200


def test_it_shows_checks_numbers_and_jobs(world, mel):
    failed_job(world, error="refused: https://v.example/i/s3cret-link and Bearer s3cret-bearer")
    promote(world)
    told = text_of(mel.page.get("/system"))
    for part in ("Database Good", "Public address Good http://localhost answers, through no proxy", "Backup Look at it None was made",
                 "Mail Look at it Not set up", "Live streams on air 2", "Uploads open 2", "mail.deliver 0 0 1", "Jobs that gave up 1",
                 "/i/***", "Bearer ***"):  # fmt: skip
        assert part in told, part
    assert "s3cret" not in told
    for person in world.cast.people.values():
        assert person.email not in told or person.key == "mel"
    assert "Rival" not in told


def test_a_request_that_came_another_way_is_told(world, mel):
    promote(world)
    answer = mel.page.get("/system", headers={"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https"})
    assert "Requests came through 1 proxy, and FASTPIX_TRUSTED_PROXIES is 0" in text_of(answer)


def test_a_job_that_gave_up_is_tried_again_and_it_is_told(world, mel):
    job = failed_job(world)
    promote(world)
    answer = mel.page.post(f"/system/jobs/{job}/retry")
    assert (answer.status_code, answer.location) == (303, "/system")
    (row,) = rows(world, "jobs", id=job)
    assert (row["state"], row["attempts"], row["error"]) == ("queued", 0, None)
    told = [
        row for row in rows(world, "audit_log") if row["action"] == "instance.operate" and row["door"] == "dashboard"
    ]
    assert [(row["target_id"], row["actor_name"], row["after"]) for row in told] == [
        (str(job), "Mel Member", {"state": "queued"})
    ]
    again = mel.page.post(f"/system/jobs/{job}/retry", follow_redirects=True)
    assert "has not given up" in text_of(again)
    assert mel.page.post(f"/system/jobs/{uuid.uuid4()}/retry").status_code == 404


def test_a_media_that_failed_is_asked_for_anew_in_its_own_organization(world, mel):
    failed = world.cast.acme.shelf.failed
    job = failed_job(world, "media.process", "the disk was full", media_id=str(failed))
    promote(world)
    assert mel.page.post(f"/system/jobs/{job}/retry").status_code == 303
    assert not rows(world, "jobs", id=job) and rows(world, "media", id=failed)[0]["status"] == "In Queue"
    (told,) = [
        row for row in rows(world, "audit_log") if row["action"] == "media.edit" and row["actor_kind"] == "system"
    ]
    assert told["actor_name"] == "the operator" and told["organization_id"] == world.cast.acme.id
    gone = failed_job(world, "media.process", media_id=str(world.cast.acme.shelf.media))
    before = world.digest()
    answer = mel.page.post(f"/system/jobs/{gone}/retry", follow_redirects=True)
    assert "Only a media that failed" in text_of(answer) and rows(world, "jobs", id=gone)
    assert world.digest() == before


def unsent_mail(world, step, state, error="501 5.1.7 Bad sender address syntax"):
    with world.app.app_context():
        mail = Mail(recipient="x@x.example", subject="s", kind="test", sealed=b"x", state=state, step=step, error=error)
        db.session.add(mail)
        db.session.commit()
        return mail.id


def test_mails_that_wait_are_shown_with_their_reason_and_sent_by_a_button(world, mel):
    waits, refused = (
        unsent_mail(world, "MAIL FROM", "waiting"),
        unsent_mail(world, "RCPT TO", "failed", "550 no such person"),
    )
    promote(world)
    told = text_of(mel.page.get("/system"))
    assert "to MAIL FROM the mail server answered 501 5.1.7 Bad sender address syntax Waits 1" in told
    assert "550 no such person Refused 1" in told
    for form, sent in ({}, {waits}), ({"refused": "yes"}, {waits, refused}):
        assert mel.page.post("/system/mails/retry", form).status_code == 303
        assert {row["id"] for row in rows(world, "mails") if row["job_id"] and row["state"] == "waiting"} == sent
    (last, _) = sorted(
        (row for row in rows(world, "audit_log") if row["target_kind"] == "mail"),
        key=lambda row: row["at"],
        reverse=True,
    )
    assert (last["actor_name"], last["after"]) == ("Mel Member", {"sent_again": 2, "refused_too": True})


@pytest.mark.parametrize("who", ["ada", "mel"])
def test_nobody_but_an_operator_sends_mails_again(world, doors, who):
    unsent_mail(world, "MAIL FROM", "waiting")
    before = world.digest()
    assert doors(who).page.post("/system/mails/retry").status_code == 404 and world.digest() == before


def test_a_forged_form_tries_nothing_again(world, mel):
    job = failed_job(world)
    promote(world)
    mel.page.client.post(f"/system/jobs/{job}/retry", data={})
    assert rows(world, "jobs", id=job)[0]["state"] == "failed"


def test_becoming_an_operator_is_in_the_audit_log(world):
    promote(world)
    promote(world, is_on=False)
    told = [row for row in rows(world, "audit_log") if row["action"] == "instance.operate"]
    assert [(row["actor_name"], row["after"]) for row in told] == [
        ("fastpix operator", {"operator": True}), ("fastpix operator", {"operator": False}),
    ]  # fmt: skip


def test_the_last_backup_is_told(world):
    settings = world.app.config["FASTPIX"]
    marker = settings.instance_path / backup.LAST
    try:
        for days, state in ((0, "ok"), (6, "ok"), (8, "warn")):
            marker.write_text((now() - timedelta(days=days, minutes=1)).isoformat())
            (found,) = doctor._backup(settings)
            assert found.state == state and ("less than a day" if days == 0 else f"{days} days") in found.text
        marker.write_text("nonsense")
        assert next(iter(doctor._backup(settings))).state == "warn"
    finally:
        marker.unlink()


def test_processes_that_use_the_instance_are_seen(tmp_path):
    assert instance_lock.holders(tmp_path) == []
    instance_lock.share(tmp_path)
    (held,) = instance_lock.holders(tmp_path)
    assert held.since < now() and held.pid > 0


def test_jobs_are_listed_newest_first(world):
    with world.app.app_context():
        for hours in (3, 1, 2):
            moment = now() - timedelta(hours=hours)
            db.session.add(Job(kind=f"k{hours}", args={}, state=FAILED, attempts=1, finished_at=moment))
        db.session.flush()
        assert [job.kind for job in queue.gave_up(2)] == ["k1", "k2"]
        assert not queue.forget(uuid.uuid4())


def test_nobody_but_an_operator_may_call_the_verbs(world):
    with world.app.app_context(), principal.acting(world.cast.actor("ada")):
        for call in (
            lambda: domain.retry(uuid.uuid4()),
            lambda: domain.send_mails(is_refused_too=True),
            lambda: domain.look(world.app.config["FASTPIX"], {}),
        ):
            with pytest.raises(Missing, match="There is no such page"):
                call()


def test_a_stale_flag_in_an_old_session_counts_for_nothing(world, mel):
    promote(world)
    assert mel.page.get("/system").status_code == 200
    change(world, "people", {"id": world.cast.people["mel"].id}, is_operator=False)
    assert mel.page.get("/system").status_code == 404
