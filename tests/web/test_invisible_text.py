"""Titles, names and descriptions that could deceive a reader: refused at both doors, taken out of the names of files."""

from __future__ import annotations

import pytest

from fastpix.errors import Invalid
from fastpix.text import naming

pytestmark = pytest.mark.sqlite
DECEIVING = ["gpj\u202e.4pm", "a\u2066b\u2069", "a\u200bb", "a\ufeffb", "a\x1bb"]
PERSIAN = "می\u200cخواهم 👨\u200d👩\u200d👧"


def wanted(cast, text):
    """Each operation that takes a text people read: method, path, body, and the field that is complained of."""
    shelf = cast.acme.shelf
    inputs = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
    playlist = {"name": "A list", "referenceId": "r", "type": "manual"}
    stream = {"playbackSettings": {"accessPolicy": "public"}, "inputMediaSettings": {}}
    hook = {"url": "https://1.1.1.1/", "events": []}
    return [
        ("POST", "/v1/on-demand", inputs | {"title": text}, "title"),
        ("PATCH", f"/v1/on-demand/{shelf.media}", {"title": text}, "title"),
        ("PATCH", f"/v1/on-demand/{shelf.media}", {"creatorId": text}, "creatorId"),
        ("POST", "/v1/on-demand/playlists", playlist | {"name": text}, "name"),
        ("POST", "/v1/on-demand/playlists", playlist | {"description": text}, "description"),
        ("POST", "/v1/live/streams", stream | {"inputMediaSettings": {"metadata": {"name": text}}}, "metadata"),
        ("PATCH", f"/v1/live/streams/{shelf.stream}", {"metadata": {"title": text}}, "metadata"),
        ("POST", "/v1/iam/webhooks", hook | {"description": text}, "description"),
    ]


@pytest.mark.parametrize("text", DECEIVING, ids=ascii)
def test_the_api_refuses_them_by_the_name_of_the_field(world, ada, cast, text):
    for method, path, body, field in wanted(cast, text):
        answer = ada.api.open(method, path, json=body)
        assert answer.status_code == 422, (method, path, answer.json)
        (told,) = answer.json["error"]["fields"]
        assert told["field"] == field and told["message"].startswith("Leave out invisible characters"), (path, told)


def test_letters_that_are_joined_stay_joined(world, ada, cast):
    media = cast.acme.shelf.media
    assert ada.api.patch(f"/v1/on-demand/{media}", {"title": PERSIAN}).status_code == 200
    assert ada.api.get(f"/v1/on-demand/{media}").json["data"]["title"] == PERSIAN


def test_the_pages_refuse_them_too(world, ada, cast):
    shelf = cast.acme.shelf
    told = "Leave out invisible characters"
    for path, form in (
        (f"/o/acme/media/{shelf.media}/edit", {"title": "gpj\u202e.4pm"}),
        (f"/o/acme/live/{shelf.stream}/edit", {"name": "gpj\u202e.4pm", "window": "60"}),
    ):
        answer = ada.page.post(path, data=form)
        assert answer.status_code == 422 and told in answer.get_data(as_text=True), path


def test_the_name_of_a_file_loses_them_and_fails_nothing(world, ada):
    body = {
        "inputs": [{"type": "video", "url": "https://files.example/a%E2%80%AE%E2%80%8B4pm.exe"}],
        "accessPolicy": "public",
    }
    made = ada.api.post("/v1/on-demand", body)
    assert made.status_code == 201
    page = ada.page.get(f"/o/acme/media/{made.json['data']['id']}").get_data(as_text=True)
    assert "a4pm.exe" in page and "\u202e" not in page and "\u200b" not in page


def test_what_was_kept_before_they_were_refused_is_cleaned_and_not_lost():
    assert naming.cleaned(f"a\u202eb\u200b {PERSIAN}\nc") == f"ab {PERSIAN}\nc"
    with pytest.raises(Invalid):
        naming.visible("a\u202eb", "title")
