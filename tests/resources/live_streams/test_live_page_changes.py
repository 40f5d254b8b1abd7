"""What is changed on a stream's pages: edit, disable, finish, keys, playback ids, targets."""

from __future__ import annotations

import re

import pytest

from fastpix.db import db
from fastpix.resources.live_streams import domain
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from tests.resources.live_streams.test_live_pages import HOME, main_of, on_air, text_of  # fixtures too
from tests.resources.members.test_query_counts import quiet, statements  # noqa: F401  # `quiet` is a fixture
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sqlite


def test_name_window_and_metadata_are_edited_together(world, ada, cast):
    path = f"{HOME}{cast.acme.shelf.stream}/edit"
    page = text_of(ada.page.get(path))
    assert 'value="The acme stream"' in page and 'name="key" value="name"' not in page
    sent = {"name": "Renamed", "window": "300", "key": ["show", ""], "value": ["Hills", ""]}
    more = ada.page.post(path, sent | {"more": "yes"})
    assert 'value="Hills"' in text_of(more), "more rows, and nothing saved yet"
    assert rows(world, "live_streams", id=cast.acme.shelf.stream)[0]["metadata"] == {"name": "The acme stream"}
    assert ada.page.post(path, sent).status_code == 303
    row = rows(world, "live_streams", id=cast.acme.shelf.stream)[0]
    assert (row["metadata"], row["reconnect_window"]) == ({"name": "Renamed", "show": "Hills"}, 300)
    assert ada.page.post(path, sent | {"name": ""}).status_code == 303
    assert rows(world, "live_streams", id=cast.acme.shelf.stream)[0]["metadata"] == {"show": "Hills"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"window": "1801"}, "Give 60 to 1800 seconds"),
        ({"key": ["name"], "value": ["b"]}, "the name has a field of its own"),
        ({"key": ["a", "a"], "value": ["b", "c"]}, "each name may stand once"),
        ({"key": [f"k{n}" for n in range(10)], "value": ["b"] * 10}, "at most 10"),
    ],
)
def test_an_edit_that_cannot_be_kept_comes_back_with_what_was_typed(world, ada, cast, wrong, says):
    before = world.digest()
    sent = {"name": "Kept", "window": "300", "key": ["a"], "value": ["b"]} | wrong
    page = text_of(ada.page.post(f"{HOME}{cast.acme.shelf.stream}/edit", sent), 422)
    assert says in page and 'value="Kept"' in page and 'value="b"' in page and f'value="{sent["window"]}"' in page
    assert world.digest() == before


def test_a_disabled_stream_offers_to_be_enabled_and_refuses_edits(world, ada, cast):
    stream_id = cast.acme.shelf.disabled_stream
    page = main_of(ada.page.get(f"{HOME}{stream_id}"))
    assert f"{stream_id}/enable" in page and f'"{HOME}{stream_id}/edit"' not in page
    sent = {"name": "Kept", "window": "300"}
    assert "Enable it first" in text_of(ada.page.post(f"{HOME}{stream_id}/edit", sent), 409)
    assert ada.page.post(f"{HOME}{stream_id}/enable").status_code == 303
    assert rows(world, "live_streams", id=stream_id)[0]["status"] == "idle"
    assert ada.page.post(f"{HOME}{stream_id}/enable").status_code == 400


def test_disabling_asks_first_when_the_stream_went_on_air_meanwhile(world, ada, acting, cast):
    stream_id = cast.acme.shelf.stream
    page = main_of(ada.page.get(f"{HOME}{stream_id}"))
    assert re.search(rf'action="{HOME}{stream_id}/disable">.*name="state" value="idle"', page)
    on_air(acting, stream_id)
    asked = text_of(ada.page.post(f"{HOME}{stream_id}/disable", {"state": "idle"}))
    assert "It is on air now" in asked and rows(world, "live_streams", id=stream_id)[0]["status"] == "active"
    page = main_of(ada.page.get(f"{HOME}{stream_id}"))
    assert f'href="{HOME}{stream_id}/disable"' in page and f'href="{HOME}{stream_id}/finish"' in page
    assert ada.page.post(f"{HOME}{stream_id}/disable").status_code == 303
    assert rows(world, "live_streams", id=stream_id)[0]["status"] == "disabled"


def test_finishing_tells_to_stop_the_encoder_and_ends_the_broadcast(world, ada, acting, cast):
    path = f"{HOME}{cast.acme.shelf.stream}/finish"
    assert "nothing to finish" in text_of(ada.page.get(path))
    assert "Only active streams" in text_of(ada.page.post(path), 409)
    on_air(acting, cast.acme.shelf.stream)
    assert "Stop the encoder first" in text_of(ada.page.get(path))
    assert ada.page.post(path).status_code == 303
    assert rows(world, "live_streams", id=cast.acme.shelf.stream)[0]["status"] == "idle"


def test_a_reset_key_is_another_one(ada, cast):
    path = f"{HOME}{cast.acme.shelf.stream}"
    assert "is cut off" in text_of(ada.page.get(f"{path}/reset-key"))
    assert ada.page.post(f"{path}/reset-key").status_code == 303
    page = text_of(ada.page.get(path))
    assert cast.acme.shelf.stream_secrets["stream_key"] not in page and 'id="stream-key"' in page


def test_deleting_leaves_the_recordings(world, ada, cast):
    path = f"{HOME}{cast.acme.shelf.stream}"
    assert "The recordings stay" in text_of(ada.page.get(f"{path}/delete"))
    media = len(rows(world, "media"))
    answer = ada.page.post(f"{path}/delete")
    assert answer.status_code == 303 and str(cast.acme.workspace) in answer.location
    assert not rows(world, "live_streams", id=cast.acme.shelf.stream) and len(rows(world, "media")) == media
    assert ada.page.get(path).status_code == 404


def test_the_last_playback_id_is_told_to_be_the_last(world, ada, cast):
    shelf = cast.acme.shelf
    path = f"{HOME}{shelf.stream}/playback-ids"
    assert "It is the only one" in text_of(ada.page.get(f"{path}/{shelf.live_playback_id}/delete"))
    assert ada.page.post(f"{path}/new", {"policy": "public"}).status_code == 303
    assert "It is the only one" not in text_of(ada.page.get(f"{path}/{shelf.live_playback_id}/delete"))
    page = text_of(ada.page.get(f"{HOME}{shelf.stream}"))
    assert f"{shelf.live_playback_id}.m3u8?token=TOKEN" in page and "Embed code" in page
    wrong = ada.page.post(f"{path}/{shelf.live_playback_id}", {"domains_policy": "deny", "domains_allow": "not a site"})
    assert "not a site" in text_of(wrong, 422)
    right = {"domains_policy": "deny", "domains_allow": "example.com", "agents_policy": "allow"}
    assert ada.page.post(f"{path}/{shelf.live_playback_id}", right).status_code == 303
    assert "Only these sites: example.com" in text_of(ada.page.get(f"{HOME}{shelf.stream}"))
    assert ada.page.get(f"{path}/{shelf.playback_id}").status_code == 404, "a media's playback id is none of a stream's"


def test_a_simulcast_target_is_added_while_idle_switched_and_deleted(world, ada, acting, cast):
    stream_id = cast.acme.shelf.stream
    path = f"{HOME}{stream_id}/simulcasts"
    kept = text_of(ada.page.post(f"{path}/new", {"url": "https://wrong.example", "key": "typed key"}), 422)
    assert 'value="https://wrong.example"' in kept and 'value="typed key"' in kept and 'type="password"' in kept
    right = {"url": "rtmp://right.example/app", "key": "typed key"}
    assert ada.page.post(f"{path}/new", right).status_code == 303
    assert "typed key" not in text_of(ada.page.get(f"{HOME}{stream_id}"))
    target = rows(world, "live_simulcasts", url=right["url"])[0]["id"]
    assert ada.page.post(f"{path}/{target}/switch", {"on": ""}).status_code == 303
    assert rows(world, "live_simulcasts", id=target)[0]["is_enabled"] in (False, 0)
    assert "Switch on" in text_of(ada.page.get(f"{HOME}{stream_id}"))
    assert ada.page.post(f"{path}/{target}/switch", {"on": "yes"}).status_code == 303
    on_air(acting, stream_id)
    with acting("ada"):
        simulcasts.write_state(target, domain.load(stream_id).connection_id, "failed", "It does not answer.")
        db.session.flush()
    assert "It does not answer." in text_of(ada.page.get(f"{HOME}{stream_id}"))
    assert "only while the stream is idle" in text_of(ada.page.get(f"{path}/new"))
    refused = text_of(ada.page.post(f"{path}/new", right), 409)
    assert 'value="rtmp://right.example/app"' in refused
    assert "right.example" in text_of(ada.page.get(f"{path}/{target}/delete"))
    assert ada.page.post(f"{path}/{target}/delete").status_code == 303
    assert not rows(world, "live_simulcasts", id=target)
    assert ada.page.get(f"{path}/{'0' * 32}/delete").status_code == 404


def test_refused_encoders_stand_in_the_log_of_those_who_can_help(world, ada, mel, cast):
    stream_id = cast.acme.shelf.stream
    with world.session():
        connections.log_refusal(connections.NotAdmitted(connections.WRONG_KEY, stream_id), "198.51.100.9")
    assert "198.51.100.9 was refused" in text_of(ada.page.get(f"{HOME}{stream_id}"))
    assert "198.51.100.9" not in text_of(mel.page.get(f"{HOME}{stream_id}"))


def test_a_workspace_that_is_deleted_names_its_streams(ada, cast):
    assert "3 live streams" in text_of(ada.page.get(f"/o/acme/workspaces/{cast.acme.workspace}/delete"))


def test_what_was_typed_as_a_name_is_shown_as_text(world, ada, mel, cast):
    name = '<b>Loud</b> & "quoted" \''
    change(world, "live_streams", {"id": cast.acme.shelf.stream}, metadata={"name": name, "<i>": "<u>"})
    for person in (ada, mel):
        for path in (HOME, f"{HOME}{cast.acme.shelf.stream}"):
            raw = person.page.get(path).get_data(as_text=True)
            assert "<b>Loud" not in raw and "<u>" not in raw and "&lt;b&gt;Loud" in raw
