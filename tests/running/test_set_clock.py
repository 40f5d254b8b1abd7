"""A clock that was ahead and is set back (libfaketime): the audit log says so, doctor warns, and nothing of the future counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fastpix.accounts import sessions
from fastpix.accounts.models import BrowserSession
from fastpix.db import CLOCKS_DIFFER, now
from fastpix.errors import TooMany
from fastpix.jobs import clock
from fastpix.jobs.models import Job
from fastpix.monitoring import doctor
from fastpix.ratelimit import attempts
from fastpix.resources.audit.chain import verify
from fastpix.resources.audit.models import AuditRow
from tests.doors import Doors, PageDoor
from tests.world import World
from tests.world import test_settings as settings_of

pytestmark = pytest.mark.sqlite
ROOT = Path(__file__).resolve().parents[2]
# How a request by the public address looked to the doctor.
SEEN = {"url": "http://localhost", "address": "127.0.0.1", "hops": 0}

# Signs Ada in on an instance of its own process, queues a job, and prints her cookie.
AHEAD = """
import json, sys
from datetime import timedelta
from pathlib import Path
from fastpix.access import principal
from fastpix.access.action import Entry
from fastpix.access.principal import Actor
from fastpix.accounts import sessions
from fastpix.app import create_app
from fastpix.db import db, set_reading
from fastpix.jobs import queue
from fastpix.ratelimit import attempts
from fastpix.resources.audit import domain as audit
from fastpix.resources.organizations import domain as organizations
from tests.world import test_settings

folder, person, organization, token = sys.argv[1:]
app = create_app(test_settings(Path(folder)))
from uuid import UUID
with app.app_context():
    set_reading(False)
    with principal.acting(principal.system("the test", UUID(organization))):
        organizations.edit(name="Acme of the future")
    life = {"is_remembered": True, "address": "127.0.0.1", "user_agent": "test"}
    cookie = sessions.start(UUID(person), timedelta(days=90), **life)
    queue.enqueue("media.remove", {"folder": "nothing"})
    attempts.count("sign-in to", "somebody", 1, 15)
    db.session.commit()
    with principal.acting(Actor("token", "Mel's", "api", token_id=UUID(token), organization_id=UUID(organization))):
        audit.attempt(Entry("workspaces.create", organization_id=UUID(organization), result="denied"))
print(json.dumps(cookie))
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World("sqlite", settings_of(tmp_path_factory.mktemp("clock") / "instance"))
    made.instance.put(sessions.most_ahead, CLOCKS_DIFFER)  # the cast of all tests is proved a day ahead
    with made.session() as session:
        session.execute(sa.update(BrowserSession).values(proved_at=now()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def cookie(world):
    """Of a session that began when the clock was 30 days ahead; it is right again now."""
    ada, mel, acme = world.cast.people["ada"], world.cast.people["mel"], world.cast.acme
    arguments = [str(world.settings.instance_path), str(ada.id), str(acme.id), str(mel.tokens["people"].id)]
    command = ["faketime", "-f", "+30d", sys.executable, "-c", AHEAD, *arguments]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.fixture
def ada(world):
    return Doors(world.app, world.cast.people["ada"])


def audit_rows(world):
    chosen = sa.select(AuditRow.number, AuditRow.at, AuditRow.after, AuditRow.target_name)
    with world.session() as session:
        return session.execute(chosen.where(AuditRow.chain == world.cast.acme.id).order_by(AuditRow.number)).all()


def test_the_audit_log_stays_in_order_and_says_what_the_clock_read(world, cookie, ada):
    assert ada.api.post("iam/workspaces", {"name": "Made when the clock was right again"}).status_code == 201
    *_, before, last = audit_rows(world)
    assert last.target_name == "Made when the clock was right again"
    assert last.at > before.at > now() + timedelta(days=29)
    read = datetime.fromisoformat(last.after["clock_reads"])
    assert abs(read - now()) < timedelta(minutes=1)
    assert "clock_reads" not in before.after
    page = ada.page.get("/o/acme/audit/").text
    assert "The clock, set back:" in page
    with world.session():
        assert verify.check(world.cast.acme.id).faults == []
        (finding,) = (each for each in doctor.examine(world.settings, seen=SEEN) if each.name == "clock")
    assert finding.state == "warn"
    assert "set back" in finding.text


def test_a_proof_of_the_future_is_not_fresh(world, cookie, ada):
    form = {"name": "By a proof of the future", "workspace": str(world.cast.acme.workspace), "role": "member"}
    thief = PageDoor(world.app, cookie)
    assert thief.get("/o/acme/").status_code == 200
    refused = thief.post("/o/acme/access-tokens/new", form)
    assert "Confirm that it is you" in refused.text
    assert "By a proof of the future" not in ada.page.get("/o/acme/access-tokens/").text
    assert "Confirm that it is you" not in ada.page.post("/o/acme/access-tokens/new", form).text


def test_what_was_queued_and_counted_then_waits_no_month(world, cookie):
    with world.session() as session:
        waiting = sa.select(Job.run_at).where(Job.args["folder"].as_string() == "nothing")
        assert session.scalar(waiting) > now() + timedelta(days=29)
        assert clock.catch_up() == 1
        assert session.scalar(waiting) <= now()
        assert clock.catch_up() == 0
        attempts.count("sign-in to", "somebody", 1, 15)  # the one of the future would be the second, for a month
        with pytest.raises(TooMany) as refused:
            attempts.count("sign-in to", "somebody", 1, 15)
        assert refused.value.retry_after <= 15 * 60


def test_the_same_denied_attempt_is_recorded_though_one_of_the_future_is_there(world, cookie):
    count = len(audit_rows(world))
    mel = Doors(world.app, world.cast.people["mel"])
    assert mel.api.post("iam/workspaces", {"name": "Not hers"}).status_code == 403
    assert len(audit_rows(world)) == count + 1
