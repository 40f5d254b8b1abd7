"""A delivery that met a fault of ours says so: nobody waits for an attempt that never comes."""

from __future__ import annotations

from uuid import UUID

from fastpix.crypto import seal
from fastpix.db import transaction
from fastpix.resources.webhooks.deliveries import jobs, lifecycle
from tests.resources.webhooks.conftest import deliver
from tests.resources.webhooks.test_deliveries import one, rename
from tests.stories.tables import change


def sweep(world):
    with world.app.app_context(), transaction():
        return jobs.fail_abandoned()


def test_a_fault_of_ours_is_an_attempt_with_a_sentence(world, cast, api, hook, receiver, monkeypatch):
    monkeypatch.setattr(lifecycle, "PAUSES", ())
    rename(api, cast)
    with world.session():
        sealed = seal.seal("abc")  # no base64, which nothing here could have written
    change(world, "webhooks", {"id": UUID(hook["id"])}, sealed_secret=sealed)
    assert deliver(world) == 1
    log = one(api, hook)
    assert (log["state"], log["attempts"], log["problem"], log["nextAt"]) == ("failed", 1, jobs.FAULT, None)
    assert [attempt["problem"] for attempt in log["log"]] == [jobs.FAULT] and receiver.taken == []


def test_a_delivery_whose_job_gave_up_has_failed_with_a_sentence(world, cast, api, hook):
    rename(api, cast)
    assert sweep(world) == 0
    change(world, "jobs", {"kind": "webhooks.deliver"}, state="failed")
    assert sweep(world) == 1 and sweep(world) == 0
    log = one(api, hook)
    assert (log["state"], log["problem"], log["nextAt"]) == ("failed", jobs.GAVE_UP, None)
