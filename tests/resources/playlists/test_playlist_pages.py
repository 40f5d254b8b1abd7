"""Playlists in the dashboard: made, filled, ordered and deleted by hand; members look on."""

from __future__ import annotations

import re

import pytest

from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite
ROOT = "/o/acme/playlists"
MANUAL = {"name": "Talks", "type": "manual", "limit": "10", "play_order": "createdDate ASC"}


@pytest.fixture
def page_of(cast):
    return f"{ROOT}/{cast.acme.playlist}"


def shown(answer):
    """The titles of a playlist's page, from top to bottom."""
    return re.findall(r'data-label="Title"><a [^>]*>([^<]*)</a>', answer.text)


@pytest.fixture
def filled(ada, page_of, films):
    """Acme's playlist with three more media in it, added by the form."""
    answer = ada.page.post(f"{page_of}/add", {"media": [str(each) for each in films]})
    assert answer.status_code == 303
    return films


def test_a_playlist_is_made_and_found(ada, cast, world):
    form = MANUAL | {"workspace": str(cast.acme.workspace), "description": "All talks", "once_key": "k" * 32}
    made = ada.page.post(f"{ROOT}/new", form)
    assert made.status_code == 303
    text = ada.page.get(made.location).text
    assert "Talks" in text and "Nothing in it yet" in text and "All talks" in text
    assert "Talks" in ada.page.get(f"{ROOT}/").text
    assert ada.page.post(f"{ROOT}/new", form).status_code == 409, "the form sent twice makes one playlist"
    assert len(rows(world, "playlists", name="Talks")) == 1


def test_a_smart_playlist_is_made_with_its_days(world, ada, cast):
    form = MANUAL | {
        "workspace": str(cast.acme.workspace),
        "type": "smart",
        "created_from": "2020-01-01",
        "created_until": "2099-12-31",
        "play_order": "createdDate DESC",
    }
    made = ada.page.post(f"{ROOT}/new", form)
    assert made.status_code == 303
    answer = ada.page.get(made.location)
    assert "from 2020-01-01 until 2099-12-31" in answer.text and shown(answer) == ["The acme clip"]
    assert "formaction" not in answer.text, "it fills itself"
    (row,) = rows(world, "playlists", name="Talks")
    assert row["rules"] == {"createdDate": {"startDate": "2020-01-01", "endDate": "2099-12-31"}}
    path = made.location.removeprefix("http://localhost")
    assert "fills itself by its rules" in ada.page.get(f"{path}/add").text
    assert ada.page.post(f"{path}/add", {"media": str(cast.acme.shelf.media)}).status_code == 409


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_is_kept(world, ada, cast):
    form = MANUAL | {"workspace": str(cast.acme.workspace), "description": "kept words"}
    before = world.digest()
    no_days = ada.page.post(f"{ROOT}/new", form | {"type": "smart"})
    assert no_days.status_code == 422 and "needs a start or an end" in no_days.text and "kept words" in no_days.text
    turned = {"type": "smart", "created_from": "2026-02-02", "created_until": "2026-01-01"}
    wrong = ada.page.post(f"{ROOT}/new", form | turned)
    assert wrong.status_code == 422 and 'id="created_until-error"' in wrong.text
    taken = ada.page.post(f"{ROOT}/new", form | {"reference_id": "best"})
    assert taken.status_code == 409 and "already" in taken.text and "kept words" in taken.text
    assert world.digest() == before


def test_media_is_found_and_added(ada, page_of, films, film):
    film("Waiting", status="Processing")
    page = ada.page.get(f"{page_of}/add").text
    assert "Dawn" in page and "Waiting" not in page, "only what is Ready"
    assert page.count("in the playlist already") == 1
    narrowed = ada.page.get(f"{page_of}/add", query_string={"q": "daw"}).text
    assert "Dawn" in narrowed and "Dusk" not in narrowed
    answer = ada.page.post(f"{page_of}/add", {"media": [str(films[2]), str(films[0])]})
    assert answer.status_code == 303
    after = ada.page.get(page_of)
    assert shown(after) == ["The acme clip", "Dusk", "Dawn"] and "2 media added." in after.text


def test_adding_nothing_or_something_foreign_is_said(world, ada, page_of, cast):
    before = world.digest()
    for media in ([], [str(cast.rival.shelf.media)], ["nonsense"]):
        answer = ada.page.post(f"{page_of}/add", {"media": media})
        assert answer.status_code == 422 and 'role="alert"' in answer.text
        assert "rival clip" not in answer.text
    assert world.digest() == before


def test_media_moves_up_and_down(ada, page_of, filled):
    moved = ada.page.post(f"{page_of}/order", {"up": str(filled[0])})
    assert moved.status_code == 303 and moved.location.endswith(f"#m-{filled[0]}")
    assert shown(ada.page.get(page_of)) == ["Dawn", "The acme clip", "Noon", "Dusk"]
    ada.page.post(f"{page_of}/order", {"down": str(filled[0])})
    ada.page.post(f"{page_of}/order", {"down": str(filled[1])})
    assert shown(ada.page.get(page_of)) == ["The acme clip", "Dawn", "Dusk", "Noon"]
    assert ada.page.post(f"{page_of}/order", {"down": str(filled[1])}).status_code == 303
    assert shown(ada.page.get(page_of)) == ["The acme clip", "Dawn", "Dusk", "Noon"], "the last goes no further"


def test_what_was_taken_out_is_put_back_where_it_was(ada, page_of, filled):
    before = shown(ada.page.get(page_of))
    assert len(before) == 4
    for media_id in filled:  # the first, those between, and the last
        sent = ada.page.post(f"{page_of}/remove", {"remove": str(media_id)})
        page = ada.page.get(sent.location).text
        fields = dict(
            re.findall(r'name="(media|at)" value="([^"]+)"', page.partition('class="undo"')[2].partition("</form>")[0])
        )
        assert fields["media"] == str(media_id)
        assert ada.page.post(f"{page_of}/add", fields).status_code == 303
        assert shown(ada.page.get(page_of)) == before
    some = str(filled[1])
    ada.page.post(f"{page_of}/remove", {"remove": some})
    left = shown(ada.page.get(page_of))
    ada.page.post(f"{page_of}/add", {"media": some, "at": "99"})
    after = shown(ada.page.get(page_of))
    assert after[:-1] == left and set(after) == set(before), "beyond the end is the end"


def test_media_is_taken_out(ada, page_of, filled):
    assert ada.page.post(f"{page_of}/remove", {"remove": str(filled[1])}).status_code == 303
    assert shown(ada.page.get(page_of)) == ["The acme clip", "Dawn", "Dusk"]
    again = ada.page.post(f"{page_of}/remove", {"remove": str(filled[1])})
    assert again.status_code == 422 and "not in this playlist" in again.text
    assert shown(again) == ["The acme clip", "Dawn", "Dusk"], "the page as it is, with what went wrong"


def test_a_stale_form_changes_nothing_and_comes_back(world, ada, page_of, filled):
    before = world.digest()
    for end in ("order", "remove"):
        answer = ada.page.post(f"{page_of}/{end}", {"up": str(filled[0]), "remove": str(filled[0])}, csrf=False)
        assert answer.status_code == 400 and "open for too long" in answer.text
    assert world.digest() == before


def test_a_playlist_is_renamed_and_deleted(world, ada, page_of):
    assert ada.page.post(f"{page_of}/edit", {"name": "Better", "description": "new words"}).status_code == 303
    assert "Better" in ada.page.get(page_of).text
    assert "1 media stay" in ada.page.get(f"{page_of}/delete").text
    assert ada.page.post(f"{page_of}/delete").status_code == 303
    assert ada.page.get(page_of).status_code == 404
    assert rows(world, "playlists", name="Better") == []


@pytest.mark.parametrize("who", ["mel", "dana"])
def test_members_look_and_are_offered_nothing_to_change(doors, page_of, who):
    person = doors(who)
    overview, one = person.page.get(f"{ROOT}/"), person.page.get(page_of)
    assert "Best of acme" in overview.text and shown(one) == ["The acme clip"]
    for text in (overview.text, one.text):
        assert 'href="/o/acme/playlists/"' in text, "in the menu"
        assert "formaction" not in text
        assert not re.search(r"/playlists/(new|[^\"/]+/(add|edit|delete|order|remove))", text)


def test_the_list_shows_one_workspace_when_asked(ada, acting, cast):
    from fastpix.resources.playlists import domain

    with acting("ada"):
        domain.create(cast.acme.workspaces["development"], "Elsewhere", "manual")
    everything = ada.page.get(f"{ROOT}/").text
    assert "Elsewhere" in everything and "Best of acme" in everything
    here = ada.page.get(f"{ROOT}/", query_string={"workspace": str(cast.acme.workspace)}).text
    assert "Elsewhere" not in here and "Best of acme" in here
    assert "Best of rival" not in everything
    foreign = ada.page.get(f"{ROOT}/", query_string={"workspace": str(cast.rival.workspace)}).text
    assert "Best of" not in foreign and "No playlist" in foreign
