"""Many media made public or private at once: a row of the log and a result for each, and a button that turns them back."""

from __future__ import annotations

import html
import re

import pytest

from tests.resources.media.test_media_pages import fill
from tests.stories.tables import rows

PRIVACY = "on-demand/bulk/privacy"
NOBODY = "00000000-0000-4000-8000-000000000000"


def policies(world, media_id):
    return sorted(row["access_policy"] for row in rows(world, "playback_ids", media_id=media_id))


def told(world):
    """Name, before and after of the rows of the log that tell of privacy."""
    kept = sorted(rows(world, "audit_log", target_kind="media", result="done"), key=lambda row: row["number"])
    return [(row["target_id"], row["before"], row["after"], row["workspace_id"]) for row in kept if "privacy" in row["after"]]  # fmt: skip


def test_each_gets_a_result_and_a_row_of_the_log(world, ada, acting, cast):
    """The media of the shelf is private, the new ones are public."""
    public = fill(acting, 2, cast.acme.workspace, access_policy="public")
    private = cast.acme.shelf.media
    body = {"mediaIds": [str(each) for each in (*public, private)] + [NOBODY], "accessPolicy": "private"}
    answer = ada.api.post(PRIVACY, body).json["data"]
    assert [(each["id"], each["result"], each["reason"]) for each in answer] == [
        (str(public[0]), "changed", ""),
        (str(public[1]), "changed", ""),
        (str(private), "skipped", "It is private already."),
        (NOBODY, "skipped", "There is no such media here."),
    ]
    assert [policies(world, each) for each in (*public, private)] == [["private"]] * 3
    assert sorted(told(world), key=str) == sorted(
        [
            (str(each), {"privacy": "public"}, {"privacy": "private"}, cast.acme.workspace)
            for each in public
        ],
        key=str,
    )  # fmt: skip
    again = ada.api.post(PRIVACY, body)
    assert again.status_code == 409 and "private already" in again.json["error"]["message"]
    assert len(told(world)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"mediaIds": [], "accessPolicy": "private"},
        {"mediaIds": ["x"], "accessPolicy": "private"},
        {"mediaIds": [NOBODY], "accessPolicy": "secret"},
        {"mediaIds": [NOBODY] * 101, "accessPolicy": "public"},
        {"accessPolicy": "public"},
    ],
)
def test_bad_lists_are_told_and_change_nothing(world, ada, body):
    before = world.digest()
    assert ada.api.post(PRIVACY, body).status_code == 422
    assert world.digest() == before


def test_members_and_other_houses_change_nothing(world, mel, rex, cast):
    before, media = world.digest(), str(cast.acme.shelf.media)
    assert mel.api.post(PRIVACY, {"mediaIds": [media], "accessPolicy": "public"}).status_code == 403
    assert rex.api.post(PRIVACY, {"mediaIds": [media], "accessPolicy": "public"}).status_code == 409
    assert mel.page.post("/o/acme/media/chosen/public", {"media": media}).status_code == 403
    assert rex.page.post("/o/rival/media/chosen/public", {"media": media}).status_code == 303
    assert "Nothing was chosen" in rex.page.get("/o/rival/media/").get_data(as_text=True)
    assert ada_finds_nothing(mel)
    assert world.digest() == before


def ada_finds_nothing(mel):
    """Members have no buttons."""
    return "Make public" not in mel.page.get("/o/acme/media/").get_data(as_text=True)


@pytest.mark.sqlite
def test_the_library_s_buttons_change_the_ticked_and_lead_back_with_one_that_undoes(world, ada, acting, cast):
    public = fill(acting, 2, cast.acme.workspace, access_policy="public")
    shown = html.unescape(ada.page.get("/o/acme/media/", query_string={"q": "film", "view": "list"}).get_data(as_text=True))  # fmt: skip
    assert 'formaction="/o/acme/media/chosen/private"' in shown
    back = re.search(r'name="back" value="([^"]+)"', shown)[1]
    sent = ada.page.post("/o/acme/media/chosen/private", {"media": [str(each) for each in public], "back": back})
    assert sent.status_code == 303 and sent.location.endswith("/media/?q=film&view=list")
    page = html.unescape(ada.page.get(sent.location).get_data(as_text=True))
    assert "2 media are private now." in page and "Make public again" in page
    undo = re.search(r'<form method="post" action="([^"]+)" class="undo">(.*?)</form>', page, re.DOTALL)
    fields = re.findall(r'name="(media|back)" value="([^"]*)"', undo[2])
    assert [value for name, value in fields if name == "media"] == [str(each) for each in public]
    turned = ada.page.post(undo[1], {"media": [str(each) for each in public], "back": dict(fields)["back"]})
    assert turned.location.endswith("/media/?q=film&view=list")
    assert [policies(world, each) for each in public] == [["public"]] * 2


@pytest.mark.sqlite
def test_nothing_is_undone_where_some_were_open_both_ways(world, ada, acting, cast):
    (media,) = fill(acting, 1, cast.acme.workspace, access_policy="public")
    ada.page.post(f"/o/acme/media/{media}/playback-ids/new", {"policy": "private"})
    sent = ada.page.post("/o/acme/media/chosen/private", {"media": [str(media), str(cast.acme.shelf.media)]})
    page = html.unescape(ada.page.get(sent.location).get_data(as_text=True))
    assert "Film 0 is private now." in page and "1 other was left as it was." in page
    assert "again</button>" not in page and policies(world, media) == ["private"]


@pytest.mark.sqlite
def test_one_switch_offers_to_turn_it_back(world, ada, cast):
    path = f"/o/acme/media/{cast.acme.shelf.media}"
    sent = ada.page.post(f"{path}/privacy", {"policy": "public"})
    page = html.unescape(ada.page.get(sent.location).get_data(as_text=True))
    assert "It is public now" in page and "Make private again" in page
    again = ada.page.post(f"{path}/privacy", {"policy": "public"})
    page = html.unescape(ada.page.get(again.location).get_data(as_text=True))
    assert "Make private again" not in page, "it was so before"
