"""Whether an endpoint is on: switched by somebody, or off by itself when too many deliveries in a row failed."""

from __future__ import annotations

from fastpix.access.action import Entry
from fastpix.resources.audit import domain as audit
from fastpix.resources.members import notifications
from fastpix.resources.webhooks import rules
from fastpix.resources.webhooks.models import Webhook

MOST_FAILURES = 20


def switch(webhook: Webhook, is_enabled: bool) -> None:
    """On or off, as somebody wishes. Switched on again, its failures are forgotten."""
    if is_enabled and not webhook.is_enabled:
        webhook.failures = 0
    webhook.is_enabled, webhook.off_reason = is_enabled, "" if is_enabled else webhook.off_reason


def note_success(webhook: Webhook) -> None:
    webhook.failures = 0


def note_failure(webhook: Webhook, problem: str) -> None:
    """One more delivery that failed for good, for this reason."""
    webhook.failures += 1
    if webhook.failures >= MOST_FAILURES and webhook.is_enabled:
        _switch_off(webhook, problem)


def _switch_off(webhook: Webhook, problem: str) -> None:
    """Once, since what is off is sent nothing more; an admin may switch it on again."""
    webhook.is_enabled = False
    webhook.off_reason = f"{MOST_FAILURES} deliveries in a row failed. The last one: {problem}"[:300]
    host = rules.host_of(webhook.url)
    after = {"enabled": False, "reason": webhook.off_reason}
    entry = Entry("webhooks.edit", "webhook", str(webhook.id), host, webhook.workspace_id, after=after)
    entry.organization_id = audit.organization()
    audit.record(entry)
    text = (
        f"The webhook to {host} was switched off: {MOST_FAILURES} deliveries in a row failed. The last one: {problem}"
    )
    notifications.to_admins(f"{text} Switch it on again on its page when its receiver works.", f"webhooks/{webhook.id}")
