"""The migration that brings usage: what each workspace held in the past is told from the media that are there."""

from __future__ import annotations

from datetime import timedelta

import flask_migrate
import pytest
import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.app import create_app
from fastpix.db import db, now
from fastpix.resources.media.models import Media
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.usage.models import UsageDay
from fastpix.resources.workspaces.models import Workspace
from fastpix.web.health import MIGRATIONS
from tests.world import test_settings as settings_for

HERE, BEFORE = "20261124_13", "20261124_13-1"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_past_is_told_from_the_media_that_are_there(kind, request, tmp_path):
    url = request.getfixturevalue("postgres_server").create("usage") if kind == "postgres" else ""
    app = create_app(settings_for(tmp_path / "instance", database_url=url))
    with app.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        _make_media({400: (10, 60.0), 3: (5, 30.0), 1: (1, None)})
        flask_migrate.downgrade(str(MIGRATIONS), BEFORE)
        flask_migrate.upgrade(str(MIGRATIONS), HERE)
        with tenancy.everywhere("a test looks at all of it, whoever it belongs to"):
            rows = db.session.scalars(sa.select(UsageDay).order_by(UsageDay.day)).all()
        today = now().date()
        told = {(today - row.day).days: (row.stored_bytes, row.stored_seconds, row.media) for row in rows}
        db.session.remove()
        db.engine.dispose()
    assert told[365] == told[4] == (10, 60.0, 1), "what is older than a year is there on the first day told of"
    assert told[3] == told[2] == (15, 90.0, 2)
    assert told[1] == told[0] == (16, 90.0, 3)
    assert set(told) == set(range(366)), "a row for every day"
    assert {(row.views, row.seconds) for row in rows} == {(0, 0.0)}, "of views nothing is known"


def _make_media(days: dict[int, tuple[int, float | None]]) -> None:
    founder = people.add("ada@ada.example", "Ada", "correct horse battery", is_verified=True)
    with principal.acting(principal.Actor("person", "Ada", "dashboard", person_id=founder.id)):
        made = organizations.found("Acme", founder)
    with principal.acting(principal.system("a test", made["id"])):
        workspace_id = db.session.scalar(sa.select(Workspace.id).limit(1))
        for ago, (size, seconds) in days.items():
            media = Media(workspace_id=workspace_id, source_kind="upload", created_by="a test")
            media.size, media.duration, media.created_at = size, seconds, now() - timedelta(days=ago)
            db.session.add(media)
        db.session.commit()
