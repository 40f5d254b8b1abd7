"""Deliveries: signed as the contract says, tried again, switched off at last, and lost by nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from datetime import timedelta
from uuid import UUID

import pytest

from fastpix.db import now
from fastpix.jobs import queue
from fastpix.resources.webhooks import jobs as webhook_jobs
from fastpix.resources.webhooks import lifecycle as webhook_lifecycle
from fastpix.resources.webhooks import rules
from fastpix.resources.webhooks.deliveries import jobs, lifecycle
from tests.resources.webhooks.conftest import deliver, hurry, is_signed
from tests.stories.tables import change, rows

TITLE = {"title": "Renamed"}


def rename(api, cast):
    assert api.patch(f"on-demand/{cast.acme.shelf.media}", TITLE).status_code == 200


def deliveries(api, hook):
    return api.get(f"iam/webhooks/{hook['id']}/deliveries").json["data"]


def one(api, hook):
    (row,) = deliveries(api, hook)
    return api.get(f"iam/webhooks/{hook['id']}/deliveries/{row['id']}").json["data"]


def test_a_change_is_told_once_with_the_contracts_body_and_signatures(world, cast, api, hook, receiver):
    rename(api, cast)
    assert deliver(world) == 1
    ((headers, body),) = receiver.taken
    told = json.loads(body)
    assert list(told) == ["type", "id", "object", "workspace", "status", "data", "createdAt"]
    assert told["type"] == "video.media.updated"
    assert told["object"] == {"type": "media", "id": str(cast.acme.shelf.media)}
    assert told["workspace"] == {"id": str(cast.acme.workspace), "name": "production"}
    assert told["data"]["id"] == told["object"]["id"] and told["data"]["title"] == "Renamed"
    assert is_signed(headers, body, hook["secret"])
    moment, proof = headers["FastPix-Signature-Timestamp"].split(",")
    key = base64.b64decode(hook["secret"])
    signed = moment.removeprefix("t=").encode() + b"." + body
    assert proof == "v1=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
    log = one(api, hook)
    assert (log["state"], log["attempts"], log["problem"]) == ("delivered", 1, "")
    assert log["body"].encode() == body and log["eventId"] == told["id"]
    assert (log["log"][0]["status"], log["log"][0]["answer"]) == (200, "ok")


def test_a_change_that_is_rolled_back_tells_nobody(world, cast, api, hook, acting):
    from fastpix.db import db
    from fastpix.resources.media import domain

    before = world.digest()
    with acting("ada"):
        domain.edit(cast.acme.shelf.media, title="Never")
        db.session.rollback()
    assert world.digest() == before
    assert deliver(world) == 0


def test_only_the_chosen_events_are_told(world, cast, api, hook, receiver):
    api.patch(f"iam/webhooks/{hook['id']}", {"events": ["video.media.deleted"]})
    rename(api, cast)
    assert deliveries(api, hook) == []
    api.delete(f"on-demand/{cast.acme.shelf.media}")
    assert deliver(world) == 1
    assert json.loads(receiver.taken[0][1])["type"] == "video.media.deleted"


def test_a_failure_is_tried_five_times_more_and_the_event_keeps_its_id(world, cast, api, hook, receiver):
    receiver.answer = (500, {}, b"broken")
    rename(api, cast)
    for _ in range(6):
        assert deliver(world) == 1, "one attempt a job, and the next one waits"
        hurry(world)
    assert deliver(world) == 0
    assert [pause.total_seconds() / 60 for pause in lifecycle.PAUSES] == [1, 4, 16, 64, 256]
    log = one(api, hook)
    assert (log["state"], log["attempts"], log["nextAt"]) == ("failed", 6, None)
    assert {attempt["status"] for attempt in log["log"]} == {500}
    assert len({json.loads(body)["id"] for _, body in receiver.taken}) == 1


def test_the_pause_is_as_planned(world, cast, api, hook, receiver):
    receiver.answer = (503, {}, b"")
    rename(api, cast)
    before = now()
    deliver(world)
    (row,) = [job for job in rows(world, "jobs", kind="webhooks.deliver") if job["state"] == "queued"]
    assert timedelta(seconds=58) < row["run_at"].replace(tzinfo=before.tzinfo) - before < timedelta(seconds=70)


def test_a_redirect_is_an_answer_and_not_followed(world, cast, api, hook, receiver):
    receiver.answer = (302, {"Location": receiver.url + "&second"}, b"")
    rename(api, cast)
    deliver(world)
    assert len(receiver.taken) == 1
    log = one(api, hook)
    assert log["state"] == "waiting" and log["log"][0]["status"] == 302 and "redirect" in log["problem"]


def test_of_a_huge_answer_the_first_bytes_are_kept(world, cast, api, hook, receiver):
    receiver.answer = (200, {}, b"\0x" * 2_000_000)
    rename(api, cast)
    deliver(world)
    log = one(api, hook)
    assert log["state"] == "delivered" and len(log["log"][0]["answer"]) <= 4096


def test_a_receiver_that_does_not_answer_in_time_has_failed(world, cast, api, hook, receiver, monkeypatch):
    monkeypatch.setattr(rules, "ANSWER_SECONDS", 0.3)
    receiver.until = threading.Event()
    rename(api, cast)
    deliver(world)
    log = one(api, hook)
    assert log["state"] == "waiting" and log["log"][0]["status"] is None
    assert "no answer within 0.3 seconds" in log["problem"]


def test_what_a_dead_worker_had_in_hand_is_delivered_by_another(world, cast, api, hook, receiver):
    """kill -9: the job stays claimed until its lease ends."""
    rename(api, cast)
    with world.session():
        assert queue.claim("the dead one", ["webhooks.deliver"], lease=timedelta(seconds=-1)) is not None
    assert deliver(world) == 1
    assert one(api, hook)["state"] == "delivered" and len(receiver.taken) == 1


def test_an_attempt_that_was_made_is_not_made_again(world, cast, api, hook, receiver):
    rename(api, cast)
    deliver(world)
    change(world, "jobs", {"kind": "webhooks.deliver"}, state="queued")
    assert deliver(world) == 1
    assert len(receiver.taken) == 1 and one(api, hook)["attempts"] == 1


def test_a_rotated_secret_signs_what_was_waiting(world, cast, api, hook, receiver):
    rename(api, cast)
    secret = api.post(f"iam/webhooks/{hook['id']}/rotate").json["data"]["secret"]
    deliver(world)
    headers, body = receiver.taken[0]
    assert is_signed(headers, body, secret) and not is_signed(headers, body, hook["secret"])


def test_what_cannot_be_signed_any_more_is_not_sent(world, cast, api, hook, receiver):
    rename(api, cast)
    change(world, "webhooks", {"id": UUID(hook["id"])}, sealed_secret=b"sealed with another key")
    deliver(world)
    assert receiver.taken == [] and one(api, hook)["problem"] == jobs.CANNOT_SIGN


def test_an_endpoint_that_is_off_is_told_nothing(world, cast, api, hook, receiver):
    rename(api, cast)
    api.patch(f"iam/webhooks/{hook['id']}", {"isEnabled": False})
    rename(api, cast)
    assert deliver(world) == 1
    assert receiver.taken == [] and one(api, hook)["problem"] == jobs.IS_OFF


def test_a_test_is_an_unsigned_probe_that_is_not_tried_again(world, api, hook, receiver):
    receiver.answer = (500, {}, b"")
    assert api.post(f"iam/webhooks/{hook['id']}/test").status_code == 201
    assert deliver(world) == 1
    ((headers, body),) = receiver.taken
    assert body == b"{}" and "FastPix-Signature" not in headers
    assert one(api, hook)["state"] == "failed"
    assert rows(world, "webhooks", id=UUID(hook["id"]))[0]["failures"] == 0


def test_redelivering_sends_the_same_event_in_a_delivery_of_its_own(world, cast, api, hook, receiver):
    rename(api, cast)
    deliver(world)
    first = one(api, hook)
    made = api.post(f"iam/webhooks/{hook['id']}/deliveries/{first['id']}/redeliver").json["data"]
    assert made["id"] != first["id"] and made["eventId"] == first["eventId"]
    deliver(world)
    assert receiver.taken[0][1] == receiver.taken[1][1]


def test_after_twenty_failures_in_a_row_it_is_switched_off_and_the_admins_are_told_once(
    world, cast, api, hook, receiver, monkeypatch
):
    told = []
    monkeypatch.setattr(webhook_lifecycle.notifications, "to_admins", lambda text, page: told.append((text, page)))
    monkeypatch.setattr(lifecycle, "PAUSES", ())
    receiver.answer = (410, {}, b"")
    for _ in range(21):
        rename(api, cast)
    deliver(world, most=30)
    assert len(receiver.taken) == 20
    now_off = api.get(f"iam/webhooks/{hook['id']}").json["data"]
    assert now_off["isEnabled"] is False and "20 deliveries in a row failed" in now_off["offReason"]
    ((text, page),) = told
    assert "127.0.0.1" in text and "/hook" not in text and page == f"webhooks/{hook['id']}"
    again = api.patch(f"iam/webhooks/{hook['id']}", {"isEnabled": True}).json["data"]
    assert again["isEnabled"] and again["offReason"] == ""


def test_old_events_are_forgotten_with_their_log(world, cast, api, hook, receiver):
    rename(api, cast)
    deliver(world)
    event_id = one(api, hook)["eventId"]
    change(world, "webhook_events", {"id": UUID(event_id)}, created_at=now() - timedelta(days=31))
    with world.session():
        assert webhook_jobs.prune() == 1
    assert deliveries(api, hook) == []


PRIVATE = ["http://127.0.0.1/x", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/"]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_target_is_refused_when_it_is_saved(world, api, cast, url):
    answer = api.post("iam/webhooks", {"url": url})
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "url"
    assert api.patch(f"iam/webhooks/{cast.acme.webhook}", {"url": url}).status_code == 422


@pytest.mark.parametrize(
    "url", ["ftp://1.1.1.1/", "https://user:word@1.1.1.1/", "nonsense", "https:///x", "https://1.1.1.1:0/", "https://é..example/"]
)  # fmt: skip
def test_what_is_no_address_is_refused(api, url):
    assert api.post("iam/webhooks", {"url": url}).status_code == 422


def test_an_address_in_other_letters_is_kept_as_it_is_asked_for(api, private):
    made = api.post("iam/webhooks", {"url": "https://straße.example/Häk?x=ö"})
    assert made.status_code == 201, made.text
    assert made.json["data"]["url"] == "https://xn--strae-oqa.example/H%C3%A4k?x=%C3%B6"


def test_a_target_that_became_private_is_refused_at_the_test_and_at_delivery(world, cast, api, receiver, monkeypatch):
    """DNS rebinding: the name led to the internet when it was saved, and leads to this machine now."""
    name = receiver.url.replace("127.0.0.1", "rebinding.example")
    answers = [ipaddress.ip_address("1.1.1.1")]
    world.set(fetch_allow_private=False)
    monkeypatch.setattr(rules, "resolve", lambda _host, _port: answers[:1])
    hook = api.post("iam/webhooks", {"url": name}).json["data"]
    rename(api, cast)
    answers.insert(0, ipaddress.ip_address("127.0.0.1"))
    refused = api.post(f"iam/webhooks/{hook['id']}/test")
    assert refused.status_code == 409 and "not on the public internet" in refused.text
    deliver(world)
    assert receiver.taken == []
    assert "not on the public internet" in one(api, hook)["problem"]


def test_a_name_is_not_asked_again_between_check_and_connection(world, cast, api, receiver, monkeypatch):
    """Each look-up leads elsewhere: the one that was checked is the one that is connected to."""
    asked = []

    def resolve(host, _port):
        asked.append(host)
        return [ipaddress.ip_address("127.0.0.1")]

    world.set(fetch_allow_private=True)
    monkeypatch.setattr(rules, "resolve", resolve)
    hook = api.post("iam/webhooks", {"url": receiver.url.replace("127.0.0.1", "once.example")}).json["data"]
    rename(api, cast)
    deliver(world)
    assert asked == ["once.example"] and one(api, hook)["state"] == "delivered"
    assert receiver.taken[0][0]["Host"].startswith("once.example:")


def test_the_queries_of_a_change_without_an_endpoint_write_nothing(world, cast, api):
    rename(api, cast)
    assert len(rows(world, "webhook_events")) == 2, "the cast's own tests, of two houses"


def test_the_mail_to_the_admins_leads_to_the_webhook(office):
    """`kind` is that of every notice to admins; members get none."""
    from fastpix.resources.members import notifications

    with office.acting("ada"):
        notifications.to_admins("The webhook to example.com was switched off.", "webhooks/some-id")
    (letter,) = office.letters()
    assert letter.recipient == "ada@ada.example" and "switched off" in letter.text
    assert letter.links[0].endswith("/o/acme/webhooks/some-id")
