"""Rows whose time is over go, the rest of the chain stays whole, and the command says whether it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from fastpix.cli import context, maintenance
from fastpix.db import db, now
from fastpix.resources.audit import jobs as audit_jobs
from fastpix.resources.audit.chain import verify
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sql("what is old is deleted in pieces")


def of_acme(world):
    return sorted(rows(world, "audit_log", chain=world.cast.acme.id), key=lambda row: row["number"])


def expire(world):
    with world.app.app_context():
        audit_jobs.expire()


def faults(world):
    with world.session():
        verify.begin()
        return verify.check(world.cast.acme.id).faults


@pytest.fixture
def told(world, ada, monkeypatch):
    """Acme's rows, of which all but the last two are taken for old."""
    ada.api.patch("iam/organization", {"auditDays": 30})
    for number in range(6):
        ada.api.patch("iam/organization", {"name": f"Acme {number}"})
    found = of_acme(world)
    monkeypatch.setattr(audit_jobs, "now", lambda: found[-2]["at"] + timedelta(days=30))
    return found


@pytest.mark.parametrize("batch", [2000, 3])
def test_old_rows_go_and_the_chain_stays_whole(world, told, batch, monkeypatch):
    monkeypatch.setattr(audit_jobs, "BATCH", batch)
    expire(world)
    left = of_acme(world)
    assert [row["id"] for row in left[:2]] == [row["id"] for row in told[-2:]]
    removals = left[2:]
    assert {row["action"] for row in removals} == {"audit.expire"} and removals[0]["actor_name"] == "worker"
    assert sum(row["after"]["rows"] for row in removals) == len(told) - 2
    assert faults(world) == []
    expire(world)
    assert of_acme(world) == left, "nothing more is old, so nothing is told"


def test_after_a_removal_a_deleted_row_is_still_found(world, told):
    expire(world)
    first = of_acme(world)[0]
    change(world, "audit_log", {"id": first["id"]}, number=10**6)
    assert any("missing" in fault for fault in faults(world))


def test_a_removed_row_that_comes_back_is_found(world, told):
    expire(world)
    last = of_acme(world)[-1]
    change(world, "audit_log", {"id": last["id"]}, number=1)
    assert any("before the beginning" in fault for fault in faults(world))


def test_without_the_setting_everything_is_kept(world, ada):
    before = of_acme(world)
    change(world, "audit_log", {"id": before[0]["id"]}, at=now() - timedelta(days=5000))
    expire(world)
    assert len(of_acme(world)) == len(before)


@pytest.mark.parametrize(("days", "status"), [(0, 200), (29, 422), (30, 200), (36500, 200), (36501, 422), (-1, 422)])
def test_the_setting_takes_sensible_days_only(ada, days, status):
    assert ada.api.patch("iam/organization", {"auditDays": days}).status_code == status


def test_the_form_says_which_days_it_takes(ada):
    sent = {"name": "Acme", "slug": "acme", "audit_days": "7"}
    answer = ada.page.post("/o/acme/settings/edit", sent)
    assert answer.status_code == 422 and "30 to 36500" in answer.text
    assert ada.page.post("/o/acme/settings/edit", sent | {"audit_days": "90"}).status_code == 303
    assert "90 days" in ada.page.get("/o/acme/settings").text


# The command.


@pytest.fixture
def command(world, monkeypatch):
    """`command(*arguments)`: `fastpix audit ...` on this world's instance."""
    monkeypatch.setattr(context, "create_app", lambda _given: world.app)

    def run(*arguments):
        found = CliRunner().invoke(maintenance.audit, arguments)
        with world.app.app_context():
            db.session.remove()
        return found

    return run


def test_the_command_says_that_all_is_whole(command, told):
    found = command("verify")
    assert found.exit_code == 0 and "all are whole" in found.output, found.output
    assert command("verify", "--organization", "acme").exit_code == 0


def test_the_command_names_the_row_that_was_edited(world, command, told):
    row = told[3]
    change(world, "audit_log", {"id": row["id"]}, actor_name="Somebody else")
    for arguments in (["verify"], ["verify", "--organization", "acme"]):
        found = command(*arguments)
        assert found.exit_code == 1
        for part in (f"row {row['number']} ", str(row["id"]), row["action"], row["at"].isoformat()[:19]):
            assert part in found.output
    assert command("verify", "--organization", "rival").exit_code == 0


def test_the_command_knows_no_other_organization(command):
    assert command("verify", "--organization", "nobody").exit_code == 1
