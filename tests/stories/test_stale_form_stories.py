"""Two people edit the same thing: the second is told what the first one stored, and loses nothing they typed."""

from __future__ import annotations

import html
import re

import pytest

from fastpix.resources.members import domain as members
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite


def opened(door, path):
    """What the page's form knows of the state it shows."""
    page = door.page.get(path)
    assert page.status_code == 200
    return re.search(r'name="seen"[^>]*value="(\w+)"', page.text)[1]


def text_of(answer):
    return html.unescape(answer.text)


def test_a_description_does_not_undo_a_new_name_unseen(world, ada, cast):
    path = f"/o/acme/workspaces/{cast.acme.workspace}/edit"
    seen = opened(ada, path)
    first = {"name": "Films", "kind": "production", "description": "", "seen": seen}
    assert ada.page.post(path, first).status_code == 303
    second = {"name": "production", "kind": "production", "description": "Of the second tab", "seen": seen}
    told = ada.page.post(path, second)
    assert told.status_code == 409 and "Name “Films”" in text_of(told) and "Of the second tab" in text_of(told)
    assert rows(world, "workspaces", id=cast.acme.workspace)[0]["name"] == "Films"
    again = second | {"seen": re.search(r'name="seen"[^>]*value="(\w+)"', told.text)[1]}
    assert ada.page.post(path, again).status_code == 303, "who was told may replace it"
    assert rows(world, "workspaces", id=cast.acme.workspace)[0]["name"] == "production"


def test_an_edit_of_access_does_not_pass_one_that_took_a_role_away(world, ada, cast, acting):
    member = cast.acme.members["mel"]
    path = f"/o/acme/members/{member}/edit"
    with acting("ada"):
        members.edit(member, role="admin")
    seen = opened(ada, path)
    with acting("ada"):
        members.edit(member, role="member", workspace_access=[cast.acme.workspace])
    told = ada.page.post(path, {"role": "admin", "access": "all", "seen": seen})
    assert told.status_code == 409
    assert "Role “Member”" in text_of(told) and "Which workspaces “production”" in text_of(told)
    assert rows(world, "members", id=member)[0]["role"] == "member"


def test_a_switch_that_somebody_turned_is_told_in_words(ada, cast):
    sent = {"name": "Acme", "slug": "acme", "audit_days": "365", "seen": "0" * 32}
    told = ada.page.post("/o/acme/settings/edit", sent | {"require_second_factor": "y"})
    assert told.status_code == 409
    assert "off" in text_of(told).partition("Stored is now: ")[2].partition("What you typed")[0]


@pytest.mark.parametrize("seen", ["", "nonsense"])
def test_a_form_that_knows_nothing_is_taken_and_one_that_lies_is_told(ada, cast, seen):
    path = f"/o/acme/workspaces/{cast.acme.workspace}/edit"
    sent = {"name": "Films", "kind": "production", "description": "", "seen": seen}
    assert ada.page.post(path, sent).status_code == (409 if seen else 303)


def test_a_form_that_shows_nothing_stored_takes_no_notice(ada):
    sent = {"name": "Films", "kind": "production", "description": "", "seen": "nonsense"}
    assert ada.page.post("/o/acme/workspaces/new", sent).status_code == 303


PAGES = [
    "settings/edit",
    "workspaces/{workspace}/edit",
    "members/{mel}/edit",
    "members/invitations/{invitation}/edit",
    "media/{media}/edit",
    "live/{stream}/edit",
    "playlists/{playlist}/edit",
    "webhooks/{webhook}/edit",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_edit_knows_what_it_shows_and_a_second_look_is_the_same(ada, cast, path):
    acme = cast.acme
    ids = {name: getattr(acme, name) for name in ("workspace", "invitation", "playlist", "webhook")}
    ids |= {"mel": acme.members["mel"], "media": acme.shelf.media, "stream": acme.shelf.stream}
    address = f"/o/acme/{path.format(**ids)}"
    assert opened(ada, address) == opened(ada, address)
