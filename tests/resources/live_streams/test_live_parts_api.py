"""The API of a stream's parts: playback ids and simulcast targets; unknown ids; a member's token."""
# fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

import re
import uuid

import pytest

from tests.resources.live_streams.test_live_streams_api import ALWAYS, CREATE, fields, make, put


def test_playback_ids_are_made_got_and_deleted(api, shelf):
    path = f"live/streams/{shelf.stream}/playback-ids"
    made = api.post(path, {})
    assert made.status_code == 201
    assert made.json["data"]["accessPolicy"] == "public"
    private = api.post(path, {"accessPolicy": "private"}).json["data"]
    assert api.get(f"{path}/{private['id']}").json["data"] == private
    inside = api.get(f"live/streams/{shelf.stream}").json["data"]["playbackIds"]
    assert [entry["accessPolicy"] for entry in inside] == ["private", "public", "private"]
    assert api.delete(f"{path}?playbackId={private['id']}").json == {"success": True}
    assert api.get(f"{path}/{private['id']}").status_code == 404
    assert api.delete(f"{path}?playbackId={private['id']}").status_code == 404


def test_a_playback_id_of_another_stream_is_not_there(api, shelf):
    foreign = make(api)["playbackIds"][0]["id"]
    path = f"live/streams/{shelf.stream}/playback-ids"
    assert api.get(f"{path}/{foreign}").status_code == 404
    assert api.delete(f"{path}?playbackId={foreign}").status_code == 404
    assert api.patch(f"{path}/{foreign}/domains", {"allow": []}).status_code == 404


def test_rules_change_one_by_one_and_what_is_absent_stays(api, shelf):
    path = f"live/streams/{shelf.stream}/playback-ids/{shelf.live_playback_id}"
    rule = {"defaultPolicy": "deny", "allow": ["example.com"], "deny": []}
    assert api.patch(f"{path}/domains", rule).json == {"success": True, "data": rule}
    after = api.patch(f"{path}/domains", {"deny": ["evil.example"]}).json["data"]
    assert after == rule | {"deny": ["evil.example"]}
    assert api.patch(f"{path}/user-agents", {"deny": ["curl"]}).json["data"]["deny"] == ["curl"]
    told = api.get(f"{path}/restrictions").json["data"]
    assert (told["domains"], told["userAgents"]["deny"]) == (after, ["curl"])


@pytest.mark.sqlite
def test_bad_playback_ids_are_422(api, shelf):
    path = f"live/streams/{shelf.stream}/playback-ids"
    assert list(fields(api.post(path, {"accessPolicy": "drm"}))) == ["accessPolicy"]
    assert list(fields(api.get(f"{path}/x"))) == ["playbackId"]
    assert list(fields(api.delete(f"{path}?playbackId=x"))) == ["playbackId"]
    assert list(fields(api.delete(path))) == ["playbackId"]
    assert list(fields(api.patch(f"{path}/{shelf.live_playback_id}/domains", {"allow": ["a b"]}))) == ["allow"]


TARGET = {"url": "rtmps://live.elsewhere.example/app", "streamKey": "a-key"}


def test_targets_are_made_switched_and_deleted(api, shelf):
    path = f"live/streams/{shelf.stream}/simulcast"
    answer = api.post(path, TARGET | {"metadata": {"to": "elsewhere"}})
    assert answer.status_code == 201
    made = answer.json["data"]
    assert re.fullmatch("[0-9a-f]{32}", made["simulcastId"])
    assert made == TARGET | {"simulcastId": made["simulcastId"], "isEnabled": True, "metadata": {"to": "elsewhere"}}
    one = f"{path}/{made['simulcastId']}"
    assert api.get(one).json["data"] == made
    assert put(api, one, {"isEnabled": False}).json["data"] == made | {"isEnabled": False}
    after = put(api, one, {"metadata": {}}).json["data"]
    assert "metadata" not in after
    assert after["isEnabled"] is False
    assert api.delete(one).json == {"success": True}
    assert api.get(one).status_code == 404
    assert put(api, one, {"isEnabled": True}).status_code == 404


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["url", "streamKey"]),
        ({"url": "", "streamKey": ""}, ["url", "streamKey"]),
        (TARGET | {"url": "https://a.example/app"}, ["url"]),
        (TARGET | {"url": "rtmp://a.example"}, ["url"]),
        (TARGET | {"url": "rtmp://user:word@a.example/app"}, ["url"]),
        (TARGET | {"url": "rtmp://a.example:0/app"}, ["url"]),
        (TARGET | {"url": "rtmp://[::1/app"}, ["url"]),
        (TARGET | {"streamKey": "x" * 501}, ["streamKey"]),
        (TARGET | {"streamKey": "a\nb"}, ["streamKey"]),
        (TARGET | {"metadata": {"a": 1}}, ["metadata"]),
        (TARGET | {"isEnabled": False}, ["isEnabled"]),
    ],
    ids=str,
)
def test_a_bad_target_is_422_and_nothing_is_kept(api, shelf, world, body, names):
    before = world.digest()
    assert list(fields(api.post(f"live/streams/{shelf.stream}/simulcast", body))) == names
    assert world.digest() == before


@pytest.mark.sqlite
def test_url_and_key_of_a_target_are_fixed(api, shelf):
    path = f"live/streams/{shelf.stream}/simulcast/{shelf.simulcast}"
    assert set(fields(put(api, path, TARGET))) == {"url", "streamKey"}
    assert set(fields(put(api, path, {"isEnabled": "no"}))) == {"isEnabled"}


def test_targets_are_added_to_an_idle_stream_only(api, shelf, world):
    before = world.digest()
    for stream_id in (shelf.active_stream, shelf.disabled_stream):
        assert api.post(f"live/streams/{stream_id}/simulcast", TARGET).status_code == 400
    assert world.digest() == before
    put(api, f"live/streams/{shelf.stream}/live-disable")
    assert put(api, f"live/streams/{shelf.stream}/simulcast/{shelf.simulcast}", {"isEnabled": True}).status_code == 400


def test_a_stream_has_ten_targets_at_most(api, shelf):
    path = f"live/streams/{shelf.stream}/simulcast"
    assert [api.post(path, TARGET).status_code for _ in range(10)] == [201] * 9 + [400]


PATHS = [
    ("GET", "", None), ("PATCH", "", {}), ("DELETE", "", None), ("PUT", "/live-enable", None), ("PUT", "/live-disable", None),
    ("PUT", "/finish", None), ("POST", "/reset-key", None), ("GET", "/viewer-count", None), ("POST", "/playback-ids", {}),
    ("GET", "/playback-ids/{uuid}", None), ("DELETE", "/playback-ids?playbackId={uuid}", None),
    ("PATCH", "/playback-ids/{uuid}/domains", {}), ("PATCH", "/playback-ids/{uuid}/user-agents", {}),
    ("POST", "/simulcast", TARGET), ("GET", "/simulcast/{hex}", None), ("PUT", "/simulcast/{hex}", {}),
    ("DELETE", "/simulcast/{hex}", None),
]  # fmt: skip


@pytest.mark.sqlite
@pytest.mark.parametrize(("method", "rest", "body"), PATHS, ids=str)
def test_an_unknown_id_is_404_and_a_malformed_one_422(api, method, rest, body):
    known = {"uuid": str(uuid.uuid4()), "hex": uuid.uuid4().hex}
    rest = rest.format(**known)
    missing = api.open(method, f"live/streams/{uuid.uuid4().hex}{rest}", json=body)
    assert (missing.status_code, missing.json["error"]["code"]) == (404, 404)
    for malformed in ("x", str(uuid.uuid4()), uuid.uuid4().hex.upper() + "A"):
        assert list(fields(api.open(method, f"live/streams/{malformed}{rest}", json=body))) == ["streamId"]


@pytest.mark.sqlite
def test_an_empty_id_is_never_the_collection(api, world):
    before = world.digest()
    assert api.get("live/streams/").status_code == 404
    assert api.delete("live/streams/").status_code == 404
    assert list(fields(api.get(f"live/streams/{'0' * 32}/simulcast/x"))) == ["simulcastId"]
    assert world.digest() == before


def test_a_members_token_sees_streams_without_what_lets_one_publish(ada, shelf):
    member = ada.api_with("member")
    data = member.get(f"live/streams/{shelf.stream}").json["data"]
    assert set(data) == ALWAYS - {"streamKey", "srtSecret"} | {"metadata", "simulcastResponses"}
    assert data["srtPlaybackResponse"] == {"srtPlaybackStreamId": f"play{shelf.stream}"}
    assert data["simulcastResponses"] == [{"simulcastId": shelf.simulcast, "isEnabled": True}]
    assert member.get("live/streams?orderBy=asc").json["data"][0] == data
    one = member.get(f"live/streams/{shelf.stream}/simulcast/{shelf.simulcast}").json["data"]
    assert one == data["simulcastResponses"][0]
    said = member.get("live/streams?limit=50").text
    assert not [secret for secret in shelf.stream_secrets.values() if secret in said]


@pytest.mark.parametrize(("method", "rest", "body"), [p for p in PATHS if p[0] != "GET"], ids=str)
@pytest.mark.sqlite
def test_a_members_token_changes_nothing(ada, world, shelf, method, rest, body):
    before = world.digest()
    rest = rest.format(uuid=shelf.live_playback_id, hex=shelf.simulcast)
    answer = ada.api_with("member").open(method, f"live/streams/{shelf.stream}{rest}", json=body)
    assert answer.status_code == 403
    assert "permission" in answer.json["error"]["description"]
    assert ada.api_with("member").post("live/streams", CREATE).status_code == 403
    assert world.digest() == before


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "[::1]", "[::ffff:192.168.0.1]", "0x7f000001", "169.254.169.254"]
)
@pytest.mark.sqlite
def test_a_target_on_a_private_address_is_refused_when_it_is_saved(world, api, shelf, host):
    path, target = f"live/streams/{shelf.stream}/simulcast", TARGET | {"url": f"rtmp://{host}/app"}
    answer = api.post(path, target)
    assert "not on the public internet" in fields(answer)["url"]
    world.set(fetch_allow_private=True)
    assert api.post(path, target).status_code == 201
