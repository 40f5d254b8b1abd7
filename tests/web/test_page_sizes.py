"""Every list, with a full page of rows that have the longest names there may be, is HTML of less than 100 kB; and a page's
scripts are less than 60 kB packed, but for those of the player."""

from __future__ import annotations

import gzip
import re
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from fastpix.db import db, now
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.models import Member
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.playlists import domain as playlists
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.webhooks import domain as webhooks
from fastpix.resources.workspaces import domain as workspaces

MOST_BYTES, MOST_SCRIPT = 100_000, 60_000
STATIC = Path(__file__).parents[2] / "fastpix/web/static"
OF_THE_PLAYER = re.compile(r"vendor/(hls|plyr)/|js/player")
ROWS = 26  # one more than any page shows
# Every other letter has two bytes, and some are escaped in HTML.
LONG = "Äaöbüc d&e" * 40
PAGES = (
    "", "members/", "members/?q=a", "members/invitations/", "workspaces/", "media/?view=grid", "media/?view=list", "live/", "members/?sort=name",
    "playlists/", "signing-keys/", "access-tokens/", "webhooks/", "audit/", "access-review/", "access", "search/?q=%C3%A4",
)  # fmt: skip

pytestmark = pytest.mark.sqlite


def name(number, most):
    return f"{LONG[: most - 4]} {number:03}"


def fill(house):
    here = house.workspace
    for number in range(ROWS):
        workspaces.create(name(number, 80), "qa", LONG[:400])
        access_tokens.create(name(number, 80), here, "admin", may_manage_people=True)
        live_streams.create(here, StreamOptions(metadata={"name": name(number, 255)}))
        creation.from_url(here, f"https://files.example/{'a' * 900}.mp4", Options(title=name(number, 255)))
        playlists.create(here, name(number, 100), "manual", reference_id=f"list-{number}")
        places = list(house.workspaces.values())
        webhooks.create(places[number % 2], f"https://1.1.1.1/{'a' * 400}{number}", [])
        person = Person(
            email=f"{'a' * 200}{number}@a.example",
            email_canonical=f"{'a' * 200}{number}@a.example",
            name=name(number, 120),
            name_folded=name(number, 120).casefold(),
        )
        db.session.add(person)
        db.session.flush()
        db.session.add_all(people.words_of(person.id, person.name, person.email_canonical))
        made = Member(person_id=person.id, role="admin", last_seen_at=now() - timedelta(days=90))
        key = SigningKey(workspace_id=here, public_key=secrets.token_hex(400), created_by=name(number, 160))
        key.created_at = now() - timedelta(days=365)
        db.session.add_all([made, key])
    invitations.invite([f"{'a' * 200}{number}@b.example" for number in range(ROWS)], "member")
    db.session.commit()


def test_no_list_is_heavy(world, ada, acting, cast):
    with acting("ada"):
        fill(cast.acme)
    sizes = {}
    for path in PAGES:
        answer = ada.page.get(f"/o/acme/{path}")
        assert answer.status_code == 200, path
        sizes[path] = len(answer.data)
        assert sum(scripts(answer.text).values()) < MOST_SCRIPT, (path, scripts(answer.text))
    assert {path: size for path, size in sizes.items() if size >= MOST_BYTES} == {}, sizes


def scripts(page):
    """The bytes of each script of a page as a server packs them, without the player's."""
    names = re.findall(r'<script src="/static/([^"?]+)', page)
    assert names, "the page has no script at all"
    return {name: len(gzip.compress((STATIC / name).read_bytes())) for name in names if not OF_THE_PLAYER.search(name)}


def test_forms_and_the_page_of_a_film_bring_little_beside_the_player(ada, cast):
    for path in (
        f"media/{cast.acme.shelf.media}",
        f"live/{cast.acme.shelf.stream}",
        "media/upload",
        "members/invitations/new",
    ):
        page = ada.page.get(f"/o/acme/{path}").text
        assert sum(scripts(page).values()) < MOST_SCRIPT, (path, scripts(page))
