"""Deliveries, as the worker does them: one attempt a job, no transaction open while the receiver thinks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.config import instance
from fastpix.crypto import seal
from fastpix.db import db, now, reading, transaction
from fastpix.jobs.models import FAILED as JOB_FAILED
from fastpix.jobs.models import Job
from fastpix.outbound import post
from fastpix.resources.webhooks import events, rules
from fastpix.resources.webhooks import lifecycle as webhooks
from fastpix.resources.webhooks.deliveries import lifecycle
from fastpix.resources.webhooks.deliveries.models import WAITING, WebhookAttempt, WebhookDelivery
from fastpix.resources.webhooks.models import Webhook, WebhookEvent

CANNOT_SIGN = "The instance's secret key was changed, and the signing secret cannot be opened any more. Rotate it."
FAULT = "This attempt ended with a fault of fastpix, before an answer came. The log of its worker says more."
GAVE_UP = "This was not sent: fastpix tried several times and met a fault of its own. Redeliver it when that is mended."
IS_OFF = "The webhook was switched off before this was sent."
log = logging.getLogger("fastpix.webhooks")
_ALL = (
    sa.select(WebhookDelivery, WebhookEvent, Webhook)
    .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
    .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
)


@dataclass(frozen=True)
class _Request:
    url: str
    body: bytes
    secret: str = ""  # none: it is not signed
    problem: str = ""


@dataclass(frozen=True)
class _Outcome:
    status: int | None
    milliseconds: int
    answer: str = ""
    problem: str = ""

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver(args: Mapping[str, Any]) -> None:
    """The job: one attempt at one delivery. An attempt that was made already, or is not wanted now, is left alone."""
    delivery_id, number = UUID(args["delivery_id"]), int(args["attempt"])
    with reading(), transaction():
        request = _request(delivery_id, number)
    outcome = _tried(request) if request is not None else None
    # Not so tight a lock that an event which is just being written for the endpoint would have to wait.
    row = db.session.execute(
        _ALL.where(WebhookDelivery.id == delivery_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None or not _is_due(row[0], number):
        return
    delivery, event, webhook = row
    if outcome is None:
        delivery.problem = IS_OFF
        lifecycle.finish(delivery, is_delivered=False)
        return
    _write(delivery, outcome)
    _conclude(delivery, event, webhook, outcome)


def _is_due(delivery: WebhookDelivery, number: int) -> bool:
    return delivery.state == WAITING and delivery.attempts == number - 1


def _request(delivery_id: UUID, number: int) -> _Request | None:
    """What is to be sent; None where nothing is: the delivery is gone, done, or its endpoint off."""
    row = db.session.execute(_ALL.where(WebhookDelivery.id == delivery_id)).one_or_none()
    if row is None or not _is_due(row[0], number) or not (row[2].is_enabled or row[0].is_asked):
        return None
    _, event, webhook = row
    body = event.body.encode()
    secret = seal.unseal(webhook.sealed_secret)
    if secret is None:
        return _Request(webhook.url, body, problem=CANNOT_SIGN)
    return _Request(webhook.url, body, "" if event.type == events.TEST else secret)


def signatures(body: bytes, secret: str, moment: int) -> dict[str, str]:
    """The headers that prove a body: FastPix's own, and one of ours that holds the time, too.

    See docs/fastpix-contract.md, section 9.
    """
    key = base64.b64decode(secret)
    plain = base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode()
    timed = hmac.digest(key, f"{moment}.".encode() + body, hashlib.sha256).hex()
    return {"FastPix-Signature": plain, "FastPix-Signature-Timestamp": f"t={moment},v1={timed}"}


def _tried(request: _Request) -> _Outcome:
    """What came of sending it. A fault of ours is an attempt, too: else the log would show one that never comes."""
    began = time.monotonic()
    try:
        return _send(request)
    except Exception:
        log.exception("webhook.fault")
        return _Outcome(None, _since(began), problem=FAULT)


def _send(request: _Request) -> _Outcome:
    if request.problem:
        return _Outcome(None, 0, problem=request.problem)
    headers = {"Content-Type": "application/json"}
    if request.secret:
        headers |= signatures(request.body, request.secret, int(now().timestamp()))
    began = time.monotonic()
    allow_private = instance.settings().fetch_allow_private
    try:
        answer = post.post(
            request.url,
            request.body,
            headers,
            allow_private=allow_private,
            seconds=rules.ANSWER_SECONDS,
            resolve=rules.resolve,
        )
    except post.NotPosted as problem:
        return _Outcome(None, _since(began), problem=str(problem)[:300])
    text = answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
    outcome = _Outcome(answer.status, _since(began), text)
    if outcome.is_good:
        return outcome
    rule = "A redirect is not followed." if 300 <= answer.status < 400 else "Anything but 2xx is a failure."
    return _Outcome(answer.status, outcome.milliseconds, text, f"The receiver answered {answer.status}. {rule}")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _write(delivery: WebhookDelivery, outcome: _Outcome) -> None:
    delivery.attempts += 1
    delivery.problem = outcome.problem
    attempt = WebhookAttempt(
        workspace_id=delivery.workspace_id,
        delivery_id=delivery.id,
        number=delivery.attempts,
        status=outcome.status,
        milliseconds=outcome.milliseconds,
        answer=outcome.answer,
        problem=outcome.problem,
    )
    db.session.add(attempt)


def _conclude(delivery: WebhookDelivery, event: WebhookEvent, webhook: Webhook, outcome: _Outcome) -> None:
    is_test = event.type == events.TEST
    if not outcome.is_good and not is_test and lifecycle.retry(delivery):
        return
    lifecycle.finish(delivery, is_delivered=outcome.is_good)
    if outcome.is_good:
        webhooks.note_success(webhook)
    elif not is_test:
        webhooks.note_failure(webhook, outcome.problem)


def fail_abandoned() -> int:
    """Fail the deliveries whose job gave up, with its worker or by a fault of ours: nobody else would say so. How many."""
    with tenancy.everywhere("housekeeping looks at the jobs of all organizations"):
        args = db.session.scalars(sa.select(Job.args).where(Job.state == JOB_FAILED, Job.kind == lifecycle.JOB)).all()
        numbers = {(UUID(each["delivery_id"]), int(each["attempt"])) for each in args}
        here = sa.select(WebhookDelivery.id, WebhookDelivery.organization_id, WebhookDelivery.attempts)
        ids = {delivery_id for delivery_id, _ in numbers}
        waiting = db.session.execute(here.where(WebhookDelivery.id.in_(ids), WebhookDelivery.state == WAITING)).all()
    abandoned = [row for row in waiting if (row.id, row.attempts + 1) in numbers]
    for row in abandoned:
        with principal.acting(principal.system("worker", row.organization_id)):
            delivery = db.session.scalars(sa.select(WebhookDelivery).where(WebhookDelivery.id == row.id)).one()
            delivery.problem = GAVE_UP
            lifecycle.finish(delivery, is_delivered=False)
            db.session.flush()
    return len(abandoned)
