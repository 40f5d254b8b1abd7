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
SEEN = datetime(2026, 1, 1, tzinfo=UTC)


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
    assert "sort-head" not in page and 'id="only"' not in page and "newest first" in page and len(names(page)) == 3


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


def test_who_was_never_here_and_who_has_no_second_factor_is_found(world, ada, mel, cast):
    """The second by those alone who could change it; what is done with all that were found is done with these."""
    for key, seen in (("ada", SEEN), ("mel", SEEN), ("dana", None)):
        change(world, "members", {"id": cast.acme.members[key]}, last_seen_at=seen)
    change(world, "people", {"id": cast.people["mel"].id}, second_factor_at=SEEN)
    page = text_of(ada.page.get(f"{HOME}?only=never"))
    assert names(page) == ["Dana Demoted"] and "Never seen" in page and "1 person" in page
    assert names(text_of(ada.page.get(f"{HOME}?only=unprotected&role=member"))) == ["Dana Demoted"]
    assert len(names(text_of(mel.page.get(f"{HOME}?only=unprotected")))) == 3
    assert "Without second factor" not in text_of(mel.page.get(HOME))
    chosen = text_of(ada.page.get(f"{HOME}chosen/remove?all=1&only=never"))
    assert "Dana Demoted" in chosen and "Mel Member" not in chosen
    file = text_of(ada.page.get(f"{HOME}chosen/people.csv?only=never"))
    assert "Dana Demoted" in file and "Mel Member" not in file
    file = text_of(mel.page.get(f"{HOME}chosen/people.csv?only=unprotected"))
    assert "Dana Demoted" in file and "Mel Member" in file


def test_heads_put_in_order_and_as_many_rows_as_wanted_are_shown(world, ada):
    fill(world, 60, limited=0)
    page = text_of(ada.page.get(f"{HOME}?role=member"))
    assert len(names(page)) == 25
    heads = dict(re.findall(r'class="sort-head" href="([^"]+)">([^<]+)', page))
    assert [f"{HOME}?role=member&sort=name", "Name"] in [list(each) for each in heads.items()]
    assert len(heads) == 4 and "aria-sort" in page
    assert len(names(text_of(ada.page.get(f"{HOME}?rows=50")))) == 50
    by_name = text_of(ada.page.get(f"{HOME}?rows=50&sort=name"))
    assert len(names(by_name)) == 50 and "rows=50" in re.search(r'href="([^"]+page=2)"', by_name)[1]
    assert len(names(text_of(ada.page.get(f"{HOME}?rows=7")))) == 25, "an unknown number is the usual one"


def test_programs_get_the_same_orders_and_filters(world, ada, cast, monkeypatch):
    rename(world, cast, ada="Zoë Adler", mel="émile Brun", dana="Ünal Can")
    for key, seen in (("ada", SEEN), ("mel", SEEN), ("dana", None)):
        change(world, "members", {"id": cast.acme.members[key]}, last_seen_at=seen)

    def told(query):
        answer = ada.api.get(f"iam/members?{query}")
        assert answer.status_code == 200, answer.text
        return [row["name"] for row in answer.json["data"]], answer.json["pagination"]["totalRecords"]

    assert told("sortBy=name") == (["émile Brun", "Ünal Can", "Zoë Adler"], 3)
    assert told("sortBy=name&limit=2&offset=2") == (["Zoë Adler"], 3)
    assert told("sortBy=role&role=admin") == (["Zoë Adler"], 1)
    assert told("neverSeen=true") == (["Ünal Can"], 1)
    assert ada.api.get("iam/members?sortBy=height").status_code == 422
    monkeypatch.setattr(ordering, "FEW", 2)
    for query in ("sortBy=name", "neverSeen=true"):
        refused = ada.api.get(f"iam/members?{query}")
        assert refused.status_code == 422 and "newest first alone" in refused.text
    assert told("sortBy=joined")[1] == 3
