"""FastPix's own client against the running server: all operations of live streams.

See docs/fastpix-contract.md, section 4, L1 to L18.
"""

from __future__ import annotations

import re
import uuid

import pytest
from fastpix_python import Fastpix, errors, models

from fastpix.db import db, now, set_reading
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.viewers import domain as viewers
from tests.running.server import Server
from tests.running.test_published_client import IMPATIENT

TARGET = {"url": "rtmps://live.elsewhere.example/app", "stream_key": "a-key-of-theirs"}


@pytest.fixture(scope="module")
def live_server(tmp_path_factory):
    with Server.running(tmp_path_factory.mktemp("live-server"), Server.start_web) as server:
        yield server


def client_of(server, label):
    token = server.cast.people["ada"].tokens[label]
    security = models.Security(username=str(token.id), password=token.secret)
    return Fastpix(security=security, server_url=f"{server.url}/v1/", retry_config=IMPATIENT)


@pytest.fixture(scope="module")
def client(live_server):
    with client_of(live_server, "admin") as made:
        yield made


@pytest.fixture
def stream(client):
    """A new stream, as the create answered it."""
    return client.start_live_stream.create_new_stream(playback_settings={}, input_media_settings={}).data


def make_active(server, stream):
    """What ingest does when an encoder sends the first segment, on the instance's own database."""
    with server._database() as app, app.app_context():
        set_reading(False)
        admission = connections.admit(stream.stream_key, "192.0.2.1", "an ingest", "own")
        segment = StoredSegment("s00000.m4s", 2.0, 1000, now())
        assert broadcasts.add_segments(admission, [segment], VideoInfo("avc1.64001f", 1280, 720))
        workspace = server.cast.acme.workspace
        viewers.note([(stream.stream_id, "somebody", workspace, admission.organization_id)])
        db.session.commit()
        return admission


def leave(server, admission):
    with server._database() as app, app.app_context():
        set_reading(False)
        connections.close(admission, "The encoder left.")
        db.session.commit()


def test_creates_a_stream_of_nothing_but_defaults(stream):
    assert re.fullmatch("[0-9a-f]{32}", stream.stream_id)
    assert re.fullmatch(f"[0-9a-f]{{32}}k{stream.stream_id}", stream.stream_key)
    assert (stream.status, stream.trial, stream.max_resolution, stream.max_duration) == ("idle", False, "1080p", 0)
    assert (stream.reconnect_window, stream.media_policy) == (60, "public")
    assert (stream.enable_recording, stream.enable_dvr_mode) == (True, False)
    assert stream.metadata is stream.media_ids is stream.simulcast_responses is None
    assert [entry.access_policy for entry in stream.playback_ids] == ["public"]
    assert stream.srt_playback_response.srt_playback_stream_id == f"play{stream.stream_id}"
    assert len({stream.stream_key, stream.srt_secret, stream.srt_playback_response.srt_playback_secret}) == 3


def test_creates_what_is_asked_for(client):
    made = client.start_live_stream.create_new_stream(
        playback_settings={
            "access_policy": "private",
            "access_restrictions": {"domains": {"default_policy": "deny", "allow": ["example.com"]}},
        },
        input_media_settings={
            "max_resolution": "720p", "reconnect_window": 1800, "media_policy": "private", "metadata": {"name": "Studio"},
            "enable_dvr_mode": True, "enable_recording": False,
        },
    ).data  # fmt: skip
    assert (made.max_resolution, made.reconnect_window, made.media_policy) == ("720p", 1800, "private")
    assert (made.metadata, made.enable_dvr_mode, made.enable_recording) == ({"name": "Studio"}, True, False)
    got = client.live_playback.get_live_stream_playback_id(
        stream_id=made.stream_id, playback_id=made.playback_ids[0].id
    ).data
    assert (got.access_policy, got.access_restrictions.domains.allow) == ("private", ["example.com"])


def test_says_which_field_is_bad(client, stream):
    with pytest.raises(errors.ValidationErrorResponse) as caught:
        client.start_live_stream.create_new_stream(
            playback_settings={}, input_media_settings={"reconnect_window": 10, "metadata": {"a": "x" * 256}}
        )
    told = {entry["field"] for entry in caught.value.fields}
    assert told == {"inputMediaSettings.reconnectWindow", "inputMediaSettings.metadata"}
    with pytest.raises(errors.ValidationErrorResponse):
        client.manage_live_stream.get_all_streams(limit=51)
    with pytest.raises(errors.ValidationErrorResponse):
        client.manage_live_stream.get_live_stream_by_id(stream_id="x")
    with pytest.raises(errors.ValidationErrorResponse):
        client.simulcast_stream.create_simulcast_of_stream(stream_id=stream.stream_id)


def test_lists_gets_updates_and_deletes(client, stream):
    live = client.manage_live_stream
    newest = live.get_all_streams(limit=1)
    assert newest.data == [stream]
    assert newest.pagination.current_offset == 1
    assert newest.pagination.total_records == newest.pagination.offset_count > 1
    oldest = live.get_all_streams(limit=50, order_by="asc").data
    assert oldest[-1] == stream == live.get_live_stream_by_id(stream_id=stream.stream_id).data
    updated = live.update_live_stream(stream_id=stream.stream_id, metadata={"name": "News"}, reconnect_window=300).data
    assert (updated.metadata, updated.reconnect_window) == ({"name": "News"}, 300)
    assert (updated.stream_key, updated.srt_secret) == (stream.stream_key, stream.srt_secret)
    kept = live.update_live_stream(stream_id=stream.stream_id, metadata={"name": "Late"}, reconnect_window=None).data
    assert kept.reconnect_window == 300
    assert live.delete_live_stream(stream_id=stream.stream_id).success
    with pytest.raises(errors.NotFoundError):
        live.get_live_stream_by_id(stream_id=stream.stream_id)
    with pytest.raises(errors.LiveNotFoundError):
        live.delete_live_stream(stream_id=stream.stream_id)
    with pytest.raises(errors.LiveNotFoundError):
        live.update_live_stream(stream_id=stream.stream_id, metadata={})


def test_disables_and_enables_once_each(client, stream):
    live, one = client.manage_live_stream, {"stream_id": stream.stream_id}
    with pytest.raises(errors.BadRequest):
        live.enable_live_stream(**one)
    assert live.disable_live_stream(**one).success
    assert live.get_live_stream_by_id(**one).data.status == "disabled"
    with pytest.raises(errors.StreamAlreadyDisabledError):
        live.disable_live_stream(**one)
    assert live.enable_live_stream(**one).success
    assert live.get_live_stream_by_id(**one).data.status == "idle"
    for verb, error in (
        (live.enable_live_stream, errors.NotFoundError),
        (live.disable_live_stream, errors.LiveNotFoundError),
        (live.complete_live_stream, errors.NotFoundError),
        (live.get_live_stream_viewer_count_by_id, errors.LiveNotFoundError),
    ):
        with pytest.raises(error):
            verb(stream_id=uuid.uuid4().hex)


def test_completes_an_active_stream_and_its_recording_is_named(client, live_server, stream):
    live, one = client.manage_live_stream, {"stream_id": stream.stream_id}
    with pytest.raises(errors.UnauthorizedError) as caught:
        live.complete_live_stream(**one)
    assert caught.value.status_code == 400
    assert live.get_live_stream_viewer_count_by_id(**one).data.views == 0
    admission = make_active(live_server, stream)
    assert live.get_live_stream_by_id(**one).data.status == "active"
    assert live.get_live_stream_viewer_count_by_id(**one).data.views == 1
    assert live.complete_live_stream(**one).success
    leave(live_server, admission)
    told = live.get_live_stream_by_id(**one).data
    assert (told.status, len(told.media_ids)) == ("idle", 1)
    recordings = client.manage_videos.list_live_clips(livestream_id=stream.stream_id).data
    assert [row.id for row in recordings] == told.media_ids


def test_makes_restricts_and_deletes_playback_ids(client, stream):
    playback, one = client.live_playback, {"stream_id": stream.stream_id}
    assert playback.create_playback_id_of_stream(**one).data.access_policy == "public"
    made = playback.create_playback_id_of_stream(**one, access_policy="private").data
    inside = client.manage_live_stream.get_live_stream_by_id(**one).data.playback_ids
    assert [entry.access_policy for entry in inside] == ["public", "public", "private"]
    two = one | {"playback_id": made.id}
    rule = playback.update_live_stream_domain_restrictions(**two, default_policy="deny", allow=["example.com"]).data
    assert (rule.default_policy, rule.allow, rule.deny) == ("deny", ["example.com"], [])
    rule = playback.update_live_stream_user_agent_restrictions(**two, deny=["BadBot"]).data
    assert (rule.default_policy, rule.deny) == ("allow", ["BadBot"])
    got = playback.get_live_stream_playback_id(**two).data
    assert got.access_restrictions.domains.allow == ["example.com"]
    assert got.access_restrictions.user_agents.deny == ["BadBot"]
    assert playback.delete_playback_id_of_stream(**two).success
    for verb in (playback.get_live_stream_playback_id, playback.delete_playback_id_of_stream):
        with pytest.raises(errors.NotFoundErrorPlaybackID):
            verb(**two)
    with pytest.raises(errors.FastpixDefaultError) as caught:
        playback.update_live_stream_domain_restrictions(**two)
    assert caught.value.status_code == 404
    with pytest.raises(errors.LiveNotFoundError):
        playback.create_playback_id_of_stream(stream_id=uuid.uuid4().hex)


def test_adds_switches_and_deletes_simulcast_targets(client, live_server, stream):
    simulcast, one = client.simulcast_stream, {"stream_id": stream.stream_id}
    made = simulcast.create_simulcast_of_stream(**one, **TARGET, metadata={"to": "them"}).data
    assert re.fullmatch("[0-9a-f]{32}", made.simulcast_id)
    assert (made.url, made.stream_key, made.is_enabled) == (*TARGET.values(), True)
    two = one | {"simulcast_id": made.simulcast_id}
    assert simulcast.get_specific_simulcast_of_stream(**two).data == made
    changed = simulcast.update_specific_simulcast_of_stream(**two, is_enabled=False, metadata={"to": "nobody"}).data
    assert (changed.is_enabled, changed.metadata, changed.url) == (False, {"to": "nobody"}, TARGET["url"])
    inside = client.manage_live_stream.get_live_stream_by_id(**one).data.simulcast_responses
    assert [(entry.simulcast_id, entry.is_enabled) for entry in inside] == [(made.simulcast_id, False)]
    assert simulcast.delete_simulcast_of_stream(**two).success
    for verb in (
        simulcast.get_specific_simulcast_of_stream, simulcast.update_specific_simulcast_of_stream,
        simulcast.delete_simulcast_of_stream,
    ):  # fmt: skip
        with pytest.raises(errors.NotFoundErrorSimulcast):
            verb(**two)
    make_active(live_server, stream)
    with pytest.raises(errors.SimulcastUnavailableError):
        simulcast.create_simulcast_of_stream(**one, **TARGET)
    with pytest.raises(errors.LiveNotFoundError):
        simulcast.create_simulcast_of_stream(stream_id=uuid.uuid4().hex, **TARGET)


def test_a_members_token_reads_without_keys_and_changes_nothing(client, live_server, stream):
    client.simulcast_stream.create_simulcast_of_stream(stream_id=stream.stream_id, **TARGET)
    with client_of(live_server, "member") as member:
        told = member.manage_live_stream.get_live_stream_by_id(stream_id=stream.stream_id).data
        assert told.stream_id == stream.stream_id
        assert told.stream_key is told.srt_secret is told.srt_playback_response.srt_playback_secret is None
        (target,) = told.simulcast_responses
        assert target.is_enabled
        assert target.url is target.stream_key is None
        assert all(row.stream_key is None for row in member.manage_live_stream.get_all_streams(limit=50).data)
        with pytest.raises(errors.InvalidPermissionError):
            member.start_live_stream.create_new_stream(playback_settings={}, input_media_settings={})
        with pytest.raises(errors.InvalidPermissionError):
            member.manage_live_stream.disable_live_stream(stream_id=stream.stream_id)


def test_a_wrong_secret_is_unauthorized(live_server):
    token = live_server.cast.people["ada"].tokens["admin"]
    security = models.Security(username=str(token.id), password="wrong")
    with (
        Fastpix(security=security, server_url=f"{live_server.url}/v1/", retry_config=IMPATIENT) as nobody,
        pytest.raises(errors.UnauthorizedError) as caught,
    ):
        nobody.manage_live_stream.get_all_streams()
    assert caught.value.status_code == 401
