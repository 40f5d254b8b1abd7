"""The list of people by name, role and last visit: whatever accents they have, by page, and by letter."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from fastpix.resources.members import ordering
from tests.resources.members.test_query_counts import fill, quiet, statements  # noqa: F401  # `quiet` is a fixture
from tests.stories.tables import change, rows

HOME = "/o/acme/members/"


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.get_data(as_text=True))


def names(page):
    return re.findall(r'class="person"[^>]*>([^<]+)</a>', page)


def rename(world, cast, **people):
    for key, name in people.items():
        change(world, "people", {"id": cast.people[key].id}, name=name, name_folded=name.lower())


def test_accents_and_capitals_do_not_order_names(world, ada, cast):
    rename(world, cast, ada="Zoë Adler", mel="émile Brun", dana="Ünal Can")
    assert names(text_of(ada.page.get(f"{HOME}?sort=name"))) == ["émile Brun", "Ünal Can", "Zoë Adler"]


def test_admins_and_who_was_here_last_stand_first(world, ada, cast):
    rename(world, cast, ada="Zoë", mel="Mel", dana="Dana")
    for key, year in (("mel", 2020), ("dana", 2021)):
        change(world, "members", {"id": cast.acme.members[key]}, last_seen_at=datetime(year, 1, 1, tzinfo=UTC))
    assert names(text_of(ada.page.get(f"{HOME}?sort=role"))) == ["Zoë", "Dana", "Mel"]
    assert names(text_of(ada.page.get(f"{HOME}?sort=seen"))) == ["Zoë", "Dana", "Mel"]
    change(world, "members", {"id": cast.acme.members["dana"]}, last_seen_at=None)
    assert names(text_of(ada.page.get(f"{HOME}?sort=seen"))) == ["Zoë", "Mel", "Dana"], "never seen is last"


def test_the_filter_holds_in_every_order(world, ada, cast):
    assert names(text_of(ada.page.get(f"{HOME}?sort=name&role=member"))) == ["Dana Demoted", "Mel Member"]
    page = text_of(ada.page.get(f"{HOME}?sort=name&role=member&q=mel"))
    assert names(page) == ["Mel Member"] and "sort=name" in page
    assert "Nobody found" in text_of(ada.page.get(f"{HOME}?sort=name&q=nobody"))
    assert names(text_of(ada.page.get(f"{HOME}?sort=height"))), "an unknown order is none"


def test_letters_and_numbers_lead_to_their_pages(world, ada, cast):
    """Three of the cast and sixty who are called Person and a number."""
    rename(world, cast, ada="Émile", mel="4 Hands", dana="Zoë")
    fill(world, 60, limited=0)
    page = text_of(ada.page.get(f"{HOME}?sort=name"))
    nav = re.search(r'aria-label="Names that begin with">(.*?)</nav>', page, re.DOTALL)[1]
    assert re.findall(r'page=(\d)#([\w-]+)">(.)</a>', nav) == [
        ("1", "at-other", "#"), ("1", "at-E", "E"), ("1", "at-P", "P"), ("3", "at-Z", "Z")]  # fmt: skip
    assert 'id="at-other"' in page and 'id="at-E"' in page and "63 people" in page
    last = text_of(ada.page.get(f"{HOME}?sort=name&page=9"))
    assert names(last)[-1] == "Zoë" and 'id="at-Z"' in last
    assert re.search(r'aria-current="page"><span class="visually-hidden">Page </span>3</a>', last)
    every = [name for number in (1, 2, 3) for name in names(text_of(ada.page.get(f"{HOME}?sort=name&page={number}")))]
    assert len(every) == len(set(every)) == 63


def test_a_sorted_page_costs_the_same_for_3_and_300_members(quiet, ada):  # noqa: F811
    with statements(quiet.engine) as few:
        ada.page.get(f"{HOME}?sort=name")
    fill(quiet, 297, limited=0)
    with statements(quiet.engine) as many:
        assert len(names(text_of(ada.page.get(f"{HOME}?sort=name&page=2")))) == 25
    assert len(many) == len(few)


@pytest.mark.sqlite
def test_a_large_organization_offers_no_order(world, ada, cast, monkeypatch):
    monkeypatch.setattr(ordering, "FEW", 2)
    page = text_of(ada.page.get(f"{HOME}?sort=name"))
    assert 'id="sort"' not in page and "newest first" in page and len(names(page)) == 3


@pytest.mark.sqlite
def test_what_was_done_leads_back_to_the_same_place(world, ada, cast):
    page = text_of(ada.page.get(f"{HOME}?sort=name&role=member"))
    mel = cast.acme.members["mel"]
    assert f'formaction="{HOME}{mel}/role"' in page
    back = re.search(r'id="role-form">.*?name="back" value="([^"]+)"', page, re.DOTALL)[1]
    done = ada.page.post(f"{HOME}{mel}/role", {"role": "admin", "back": back})
    assert done.status_code == 303 and done.location.endswith("/members/?role=member&sort=name")
    told = text_of(ada.page.get(done.location))
    assert "Mel Member is now an admin" in told
    undo = re.search(r'action="([^"]+)" class="undo"', told)[1]
    turned = ada.page.post(undo, {"role": "member", "member": str(mel)})
    assert turned.location.endswith("/members/?role=member&sort=name")


def test_the_menu_of_the_only_admin_says_why_not(world, ada, mel, cast):
    ada_id = cast.acme.members["ada"]
    before = world.digest()
    told = ada.page.post(f"{HOME}{ada_id}/role", {"role": "member"})
    assert told.status_code == 303 and "always keeps" in text_of(ada.page.get(told.location))
    assert [row["role"] for row in rows(world, "members", id=ada_id)] == ["admin"], "what the verb began is undone"
    assert ada.page.post(f"{HOME}{ada_id}/role", {"role": "owner"}).status_code == 422
    assert mel.page.post(f"{HOME}{ada_id}/role", {"role": "member"}).status_code == 403
    assert "role-form" not in text_of(mel.page.get(HOME))
    assert world.digest() == before
