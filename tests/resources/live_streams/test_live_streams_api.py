"""The API's live streams as clients read them: shapes, refusals, and what a member is not told.

See docs/fastpix-contract.md, section 4.
"""

from __future__ import annotations

import re
import uuid

import pytest

from fastpix.resources.live_streams.viewers import domain as viewers
from fastpix.resources.live_streams.viewers.models import PRESENT
from tests.stories.tables import change, rows

CREATE = {"playbackSettings": {}, "inputMediaSettings": {}}
ALWAYS = {
    "streamId", "streamKey", "srtSecret", "trial", "status", "maxResolution", "maxDuration", "createdAt",
    "reconnectWindow", "enableRecording", "enableDvrMode", "mediaPolicy", "lowLatency", "closedCaptions", "playbackIds",
    "srtPlaybackResponse",
}  # fmt: skip


def fields(answer):
    assert answer.status_code == 422, answer.text
    assert answer.json["error"]["message"] == "payload validation failed"
    return {entry["field"]: entry["message"] for entry in answer.json["error"]["fields"]}


def make(api, plays=None, comes_in=None):
    answer = api.post("live/streams", {"playbackSettings": plays or {}, "inputMediaSettings": comes_in or {}})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def put(api, path, body=None):
    return api.open("PUT", path, json=body)


# L1 to L5: the streams.


def test_two_empty_objects_make_a_stream_with_the_contracts_defaults(api, cast):
    data = make(api)
    assert set(data) == ALWAYS
    stream_id = data["streamId"]
    assert re.fullmatch("[0-9a-f]{32}", stream_id)
    assert re.fullmatch(f"[0-9a-f]{{32}}k{stream_id}", data["streamKey"])
    assert re.fullmatch(f"[0-9a-f]{{32}}k{stream_id}", data["srtSecret"])
    srt = data["srtPlaybackResponse"]
    assert set(srt) == {"srtPlaybackStreamId", "srtPlaybackSecret"}
    assert srt["srtPlaybackStreamId"] == f"play{stream_id}"
    assert re.fullmatch(f"[0-9a-f]{{32}}k{stream_id}", srt["srtPlaybackSecret"])
    assert len({data["streamKey"], data["srtSecret"], srt["srtPlaybackSecret"]}) == 3
    assert (data["status"], data["maxResolution"], data["maxDuration"], data["reconnectWindow"]) == (
        "idle", "1080p", 0, 60,
    )  # fmt: skip
    assert (data["enableRecording"], data["enableDvrMode"], data["mediaPolicy"]) == (True, False, "public")
    assert (data["trial"], data["lowLatency"], data["closedCaptions"]) == (False, False, False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", data["createdAt"])
    (first,) = data["playbackIds"]
    assert set(first) == {"id", "accessPolicy"}
    assert first["accessPolicy"] == "public"
    assert str(uuid.UUID(first["id"])) == first["id"]


def test_what_is_asked_for_is_what_one_gets(api):
    restricted = {"domains": {"defaultPolicy": "deny", "allow": ["example.com"]}}
    comes_in = {
        "maxResolution": "480p", "reconnectWindow": 1800, "mediaPolicy": "private", "metadata": {"name": "Studio"},
        "enableDvrMode": True, "enableRecording": False,
    }  # fmt: skip
    data = make(api, {"accessPolicy": "private", "accessRestrictions": restricted}, comes_in)
    assert {name: data[name] for name in comes_in} == comes_in
    assert data["playbackIds"][0]["accessPolicy"] == "private"
    one = f"live/streams/{data['streamId']}/playback-ids/{data['playbackIds'][0]['id']}/restrictions"
    told = api.get(one).json["data"]
    assert told["domains"] == {"defaultPolicy": "deny", "allow": ["example.com"], "deny": []}
    assert told["userAgents"] == {"defaultPolicy": "allow", "allow": [], "deny": []}
    assert api.get(f"live/streams/{data['streamId']}").json == {"success": True, "data": data}


@pytest.mark.parametrize(
    ("plays", "comes_in", "field"),
    [
        ({"accessPolicy": "drm"}, {}, "playbackSettings.accessPolicy"),
        ({"accessPolicy": 1}, {}, "playbackSettings.accessPolicy"),
        ({"accessRestrictions": {"domains": {"allow": ["localhost"]}}}, {}, "playbackSettings.accessRestrictions"),
        ({"accessRestrictions": {"domains": {"defaultPolicy": "maybe"}}}, {},
         "playbackSettings.accessRestrictions.domains.defaultPolicy"),
        ({"unknown": 1}, {}, "playbackSettings.unknown"),
        ({}, {"maxResolution": "2160p"}, "inputMediaSettings.maxResolution"),
        ({}, {"lowLatency": True}, "inputMediaSettings.lowLatency"),
        ({}, {"reconnectWindow": 59}, "inputMediaSettings.reconnectWindow"),
        ({}, {"reconnectWindow": 1801}, "inputMediaSettings.reconnectWindow"),
        ({}, {"reconnectWindow": "60"}, "inputMediaSettings.reconnectWindow"),
        ({}, {"reconnectWindow": True}, "inputMediaSettings.reconnectWindow"),
        ({}, {"mediaPolicy": "drm"}, "inputMediaSettings.mediaPolicy"),
        ({}, {"metadata": {str(number): "x" for number in range(11)}}, "inputMediaSettings.metadata"),
        ({}, {"metadata": {"a": "x" * 256}}, "inputMediaSettings.metadata"),
        ({}, {"metadata": {"a": 1}}, "inputMediaSettings.metadata"),
        ({}, {"metadata": "a"}, "inputMediaSettings.metadata"),
        ({}, {"enableDvrMode": "yes"}, "inputMediaSettings.enableDvrMode"),
        ({}, {"enableRecording": 0}, "inputMediaSettings.enableRecording"),
        ({}, {"latency": "low"}, "inputMediaSettings.latency"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.sqlite
def test_a_bad_field_is_422_by_its_whole_path(world, api, plays, comes_in, field):
    before = world.digest()
    told = fields(api.post("live/streams", {"playbackSettings": plays, "inputMediaSettings": comes_in}))
    assert list(told) == [field]
    assert world.digest() == before


@pytest.mark.sqlite
def test_both_objects_are_required_and_every_bad_field_is_named(api):
    assert set(fields(api.post("live/streams", {}))) == {"playbackSettings", "inputMediaSettings"}
    assert set(fields(api.post("live/streams", {"playbackSettings": {}}))) == {"inputMediaSettings"}
    assert set(fields(api.post("live/streams", CREATE | {"name": "x"}))) == {"name"}
    told = fields(
        api.post(
            "live/streams",
            {
                "playbackSettings": {"accessPolicy": "drm"},
                "inputMediaSettings": {"reconnectWindow": 1, "metadata": {"": "x"}, "maxResolution": "8K"},
            },
        )
    )
    assert set(told) == {
        "playbackSettings.accessPolicy", "inputMediaSettings.reconnectWindow", "inputMediaSettings.metadata",
        "inputMediaSettings.maxResolution",
    }  # fmt: skip


@pytest.mark.sqlite
def test_a_body_that_is_no_json_is_refused(api):
    assert api.open("POST", "live/streams", data="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert api.open("POST", "live/streams", data="a=b").status_code == 415


def test_a_repeated_create_makes_one_stream(api, world):
    before = len(rows(world, "live_streams"))
    answers = [api.post("live/streams", CREATE, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(rows(world, "live_streams")) == before + 1


def test_the_list_is_paged_newest_first_and_holds_whole_streams(api, shelf):
    made = [make(api)["streamId"] for _ in range(3)]
    page = api.get("live/streams?limit=2&offset=1&orderBy=desc").json
    assert [row["streamId"] for row in page["data"]] == [made[2], made[1]]
    assert page["pagination"] == {"totalRecords": 6, "currentOffset": 1, "offsetCount": 3}
    oldest = api.get("live/streams?orderBy=asc").json["data"]
    assert oldest[0]["streamId"] == shelf.stream
    assert [row["streamId"] for row in oldest][-3:] == made
    assert oldest[0] == api.get(f"live/streams/{shelf.stream}").json["data"]
    assert api.get("live/streams?offset=9").json["data"] == []


@pytest.mark.sqlite
@pytest.mark.parametrize("query", ["limit=51", "limit=0", "offset=0", "limit=x", "orderBy=newest"])
def test_a_bad_page_is_422(api, query):
    assert list(fields(api.get(f"live/streams?{query}"))) == [query.partition("=")[0]]


def test_all_that_belongs_to_a_stream_is_in_it(api, shelf, world):
    data = api.get(f"live/streams/{shelf.stream}").json["data"]
    assert data["metadata"] == {"name": "The acme stream"}
    secrets = shelf.stream_secrets
    assert data["simulcastResponses"] == [
        {
            "simulcastId": shelf.simulcast,
            "url": secrets["simulcast_url"],
            "streamKey": secrets["simulcast_key"],
            "isEnabled": True,
        }
    ]
    assert "mediaIds" not in data
    assert data["streamKey"] == secrets["stream_key"]
    media_id = shelf.media
    active = rows(world, "live_streams", id=shelf.active_stream)[0]
    change(world, "live_broadcasts", {"id": active["broadcast_id"]}, media_id=media_id)
    assert api.get(f"live/streams/{shelf.active_stream}").json["data"]["mediaIds"] == [str(media_id)]


def test_metadata_and_window_change_and_the_keys_do_not(api, shelf):
    path = f"live/streams/{shelf.stream}"
    before = api.get(path).json["data"]
    del before["simulcastResponses"]  # FastPix's answer to an edit has none
    after = api.patch(path, {"metadata": {"a": "b"}, "reconnectWindow": 1800}).json["data"]
    assert after == before | {"metadata": {"a": "b"}, "reconnectWindow": 1800}
    assert api.patch(path, {"metadata": {"c": "d"}}).json["data"]["reconnectWindow"] == 1800
    assert api.patch(path, {"reconnectWindow": 60}).json["data"]["metadata"] == {"c": "d"}
    assert "metadata" not in api.patch(path, {"metadata": {}}).json["data"]
    assert api.patch(path, {}).status_code == 200


def test_a_patch_ignores_enable_recording_and_refuses_what_else_is_fixed(api, shelf):
    path = f"live/streams/{shelf.stream}"
    assert api.patch(path, {"enableRecording": False}).json["data"]["enableRecording"] is True
    assert list(fields(api.patch(path, {"maxResolution": "720p"}))) == ["maxResolution"]
    told = fields(api.patch(path, {"reconnectWindow": 59, "metadata": {"a": 1}}))
    assert set(told) == {"reconnectWindow", "metadata"}


def test_a_disabled_stream_is_not_changed(api, shelf, world):
    before = world.digest()
    answer = api.patch(f"live/streams/{shelf.disabled_stream}", {"reconnectWindow": 120})
    assert answer.status_code == 400
    assert answer.json["error"]["message"] == "stream is disabled"
    assert world.digest() == before


def test_a_deleted_stream_is_gone_with_its_playback_ids_and_targets(api, shelf, world):
    assert api.delete(f"live/streams/{shelf.stream}").json == {"success": True}
    assert api.get(f"live/streams/{shelf.stream}").status_code == 404
    assert api.delete(f"live/streams/{shelf.stream}").status_code == 404
    assert rows(world, "live_playback_ids", stream_id=shelf.stream) == []
    assert rows(world, "live_simulcasts", stream_id=shelf.stream) == []


# L6 to L9: states.


def test_disable_and_enable_work_once_each(api, shelf):
    path = f"live/streams/{shelf.stream}"
    wrong = put(api, f"{path}/live-enable")
    assert wrong.status_code == 400
    assert wrong.json["error"]["message"] == "stream is not disabled"
    assert put(api, f"{path}/live-disable").json == {"success": True}
    assert api.get(path).json["data"]["status"] == "disabled"
    again = put(api, f"{path}/live-disable")
    assert again.status_code == 400
    assert again.json["error"]["message"] == "stream already disabled"
    assert put(api, f"{path}/live-enable").json == {"success": True}
    assert api.get(path).json["data"]["status"] == "idle"


def test_finish_wants_an_active_stream_and_says_so_in_the_recorded_words(api, shelf):
    for stream_id in (shelf.stream, shelf.disabled_stream):
        answer = put(api, f"live/streams/{stream_id}/finish")
        assert answer.status_code == 400
        error = answer.json["error"]
        assert (error["code"], error["message"], error["description"]) == (
            400, "stream cannot be completed", "Only active streams can be marked as completed.",
        )  # fmt: skip
    assert put(api, f"live/streams/{shelf.active_stream}/finish").json == {"success": True}
    assert api.get(f"live/streams/{shelf.active_stream}").json["data"]["status"] == "idle"


def test_viewers_are_counted_while_they_are_there(api, shelf, world, cast):
    path = f"live/streams/{shelf.stream}/viewer-count"
    assert api.get(path).json == {"success": True, "data": {"views": 0}}
    with world.session():
        viewers.note([(shelf.stream, name, cast.acme.workspace, cast.acme.id) for name in ("one", "two", "one")][:2])
        viewers.note([(shelf.stream, "two", cast.acme.workspace, cast.acme.id)])
        viewers.note([("0" * 32, "two", cast.acme.workspace, cast.acme.id)])
    assert api.get(path).json["data"] == {"views": 2}
    gone = rows(world, "live_viewers", viewer="one", stream_id=shelf.stream)[0]["seen_at"] - PRESENT
    change(world, "live_viewers", {"viewer": "one", "stream_id": shelf.stream}, seen_at=gone)
    assert api.get(path).json["data"] == {"views": 1}


def test_a_reset_key_is_another_one_and_the_stream_is_the_same(api, shelf):
    answer = api.post(f"live/streams/{shelf.stream}/reset-key")
    assert answer.status_code == 200
    after = answer.json["data"]
    assert after["streamId"] == shelf.stream
    new = {after["streamKey"], after["srtSecret"], after["srtPlaybackResponse"]["srtPlaybackSecret"]}
    assert len(new) == 3
    assert not new & set(shelf.stream_secrets.values())
    assert api.get(f"live/streams/{shelf.stream}").json["data"] == after


# L10 to L14: playback ids.


# L15 to L18: simulcast targets.


# Ids.


# Who may see what.


def test_the_list_is_searched_and_filtered(api):
    for name in ("Morning show", "Evening show"):
        make(api, comes_in={"metadata": {"name": name}})

    def names(query):
        answer = api.get(f"live/streams?{query}")
        assert answer.status_code == 200, answer.text
        return [row["metadata"]["name"] for row in answer.json["data"]], answer.json["pagination"]["totalRecords"]

    assert names("query=show&orderBy=asc") == (["Morning show", "Evening show"], 2)
    assert names("query=sho+mor") == (["Morning show"], 1)
    assert names("query=show&status=disabled") == ([], 0)
    assert fields(api.get("live/streams?status=on")).keys() == {"status"}
