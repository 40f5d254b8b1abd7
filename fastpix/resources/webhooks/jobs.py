"""Deliveries, as the worker does them: one attempt a job, no transaction open while the receiver thinks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import posting, seal
from fastpix.access.action import Entry
from fastpix.db import db, now, reading, transaction
from fastpix.resources.audit import domain as audit
from fastpix.resources.members import notices
from fastpix.resources.webhooks import domain, events, targets
from fastpix.resources.webhooks.models import (
    DELIVERED,
    FAILED,
    WAITING,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)

# After the first, second, ... attempt that failed: 1 minute, and four times as long each time.
PAUSES = tuple(timedelta(minutes=4**power) for power in range(5))
MOST_FAILURES = 20
CANNOT_SIGN = "The instance's secret key was changed, and the signing secret cannot be opened any more. Rotate it."
IS_OFF = "The webhook was switched off before this was sent."
_ALL = (
    sa.select(WebhookDelivery, WebhookEvent, Webhook)
    .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
    .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
)


@dataclass(frozen=True)
class _Parcel:
    url: str
    body: bytes
    headers: dict[str, str]
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
        parcel = _packed(delivery_id, number)
    outcome = _send(parcel) if parcel is not None else None
    # Not so tight a lock that an event which is just being written for the endpoint would have to wait.
    row = db.session.execute(
        _ALL.where(WebhookDelivery.id == delivery_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None or not _is_due(row[0], number):
        return
    delivery, event, webhook = row
    if outcome is None:
        delivery.state, delivery.problem, delivery.next_at, delivery.finished_at = FAILED, IS_OFF, None, now()
        return
    _write(delivery, outcome)
    _conclude(delivery, event, webhook, outcome)


def _is_due(delivery: WebhookDelivery, number: int) -> bool:
    return delivery.state == WAITING and delivery.attempts == number - 1


def _packed(delivery_id: UUID, number: int) -> _Parcel | None:
    """What is to be sent; None where nothing is: the delivery is gone, done, or its endpoint off."""
    row = db.session.execute(_ALL.where(WebhookDelivery.id == delivery_id)).one_or_none()
    if row is None or not _is_due(row[0], number) or not (row[2].is_enabled or row[0].is_asked):
        return None
    _, event, webhook = row
    body = event.body.encode()
    headers = {"Content-Type": "application/json"}
    secret = seal.unseal(webhook.sealed_secret)
    if secret is None:
        return _Parcel(webhook.url, body, headers, CANNOT_SIGN)
    if event.type != events.TEST:
        headers |= signatures(body, secret, int(now().timestamp()))
    return _Parcel(webhook.url, body, headers)


def signatures(body: bytes, secret: str, moment: int) -> dict[str, str]:
    """The headers that prove a body: FastPix's own (contract section 9), and one of ours that holds the time, too."""
    key = base64.b64decode(secret)
    plain = base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode()
    timed = hmac.digest(key, f"{moment}.".encode() + body, hashlib.sha256).hex()
    return {"FastPix-Signature": plain, "FastPix-Signature-Timestamp": f"t={moment},v1={timed}"}


def _send(parcel: _Parcel) -> _Outcome:
    if parcel.problem:
        return _Outcome(None, 0, problem=parcel.problem)
    began = time.monotonic()
    policy = targets.policy
    options: dict[str, Any] = {
        "allow_private": policy.allow_private,
        "seconds": policy.seconds,
        "resolve": policy.resolve,
    }
    try:
        answered = posting.post(parcel.url, parcel.body, parcel.headers, **options)
    except posting.NotPosted as problem:
        return _Outcome(None, _since(began), problem=str(problem)[:300])
    shown = answered.body.decode("utf-8", "replace").replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
    outcome = _Outcome(answered.status, _since(began), shown)
    if outcome.is_good:
        return outcome
    words = "A redirect is not followed." if 300 <= answered.status < 400 else "Anything but 2xx is a failure."
    return _Outcome(answered.status, outcome.milliseconds, shown, f"The receiver answered {answered.status}. {words}")


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
    if not outcome.is_good and not is_test and delivery.attempts <= len(PAUSES):
        delivery.next_at = now() + PAUSES[delivery.attempts - 1]
        events.plan(delivery)
        return
    delivery.state, delivery.next_at, delivery.finished_at = DELIVERED if outcome.is_good else FAILED, None, now()
    if outcome.is_good:
        webhook.failures = 0
    elif not is_test:
        webhook.failures += 1
        if webhook.failures >= MOST_FAILURES and webhook.is_enabled:
            _switch_off(webhook, outcome.problem)


def _switch_off(webhook: Webhook, problem: str) -> None:
    """Once, since what is off is sent nothing more; an admin may switch it on again."""
    webhook.is_enabled = False
    webhook.off_reason = f"{MOST_FAILURES} deliveries in a row failed. The last one: {problem}"[:300]
    host = domain.host_of(webhook)
    told = {"enabled": False, "reason": webhook.off_reason}
    entry = Entry("webhooks.edit", "webhook", str(webhook.id), host, webhook.workspace_id, after=told)
    entry.organization_id = audit.organization()
    audit.record(entry)
    text = (
        f"The webhook to {host} was switched off: {MOST_FAILURES} deliveries in a row failed. The last one: {problem}"
    )
    notices.to_admins(f"{text} Switch it on again on its page when its receiver works.", f"webhooks/{webhook.id}")
