"""FastPix's own client against the running server with real processing: media, uploads, playback ids, tracks, playlists."""

from __future__ import annotations

import uuid

import httpx
import pytest
from fastpix_python import Fastpix, errors, models

from tests.running.server import Server, eventually
from tests.running.shelf_server import files_at
from tests.running.test_published_client import IMPATIENT
from tests.video.clips import H264, clip, colour, tone

VTT = "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """The address of a folder with a clip and subtitles."""
    folder = tmp_path_factory.mktemp("shelf")
    made = clip(folder, "clip.mp4", *colour(seconds=2), *tone(2), *H264, "-c:a", "aac", "-shortest")
    (folder / "clip.mp4").write_bytes(made.read_bytes())
    (folder / "en.vtt").write_text(VTT)
    with files_at(folder) as address:
        yield address


@pytest.fixture(scope="module")
def media_server(tmp_path_factory):
    with Server.running(tmp_path_factory.mktemp("media-server"), fetch_allow_private="true") as server:
        yield server


@pytest.fixture(scope="module")
def client(media_server):
    token = media_server.cast.people["ada"].tokens["admin"]
    security = models.Security(username=str(token.id), password=token.secret)
    with Fastpix(security=security, server_url=f"{media_server.url}/v1/", retry_config=IMPATIENT) as made:
        yield made


@pytest.fixture(scope="module")
def ready(client, shelf):
    """A media made from an address, Ready; and what the create answered."""
    made = client.input_video.create_media(
        inputs=[{"type": "video", "url": f"{shelf}/clip.mp4"}],
        access_policy="public",
        metadata={"season": "one"},
        mp4_support="audioOnly",
    )
    assert made.success
    return wait(client, made.data.id), made.data


def wait(client, media_id, status="Ready"):
    """The media, once it has the status."""

    def look():
        told = client.manage_videos.get_media(media_id=media_id).data
        assert told.status == status or told.status != "Failed", told
        return told if told.status == status else None

    return eventually(look, 60)


def test_creates_a_media_from_an_address_that_plays(ready, media_server):
    told, made = ready
    assert made.status == "Created"
    assert (made.max_resolution, made.trial) == ("1080p", False)
    assert (told.duration, told.source_resolution, told.aspect_ratio) == (2.0, "180", "16:9")
    assert told.metadata == {"season": "one"}
    playlist = httpx.get(f"{media_server.url}/stream/{told.playback_ids[0].id}.m3u8")
    assert playlist.status_code == 200
    assert playlist.text.startswith("#EXTM3U")
    assert httpx.get(told.thumbnail).headers["Content-Type"] == "image/jpeg"


def test_lists_gets_and_updates(client, ready):
    told, _ = ready
    listed = client.manage_videos.list_media(limit=50)
    assert told.id in {row.id for row in listed.data}
    assert listed.pagination.total_records == len(listed.data)
    updated = client.manage_videos.updated_media(media_id=told.id, metadata={"season": "two"}).data
    assert updated.metadata == {"season": "two"}
    oldest = client.manage_videos.list_media(limit=50, order_by="asc").data
    assert [row.id for row in oldest] == [row.id for row in reversed(client.manage_videos.list_media(limit=50).data)]


def test_uploads_directly(client, media_server, shelf):
    made = client.input_video.direct_upload_video_media(
        request={"cors_origin": "*", "push_media_settings": {"access_policy": "private", "max_resolution": "720p"}}
    ).data
    assert (made.status, made.timeout) == ("waiting", 14400)
    assert made.upload_id in {row.upload_id for row in client.manage_videos.list_uploads(limit=50).data}
    file = httpx.get(f"{shelf}/clip.mp4").content
    session = httpx.post(made.url, headers={"x-goog-resumable": "start"}).headers["Location"]
    half = len(file) // 2
    first = httpx.put(session, content=file[:half], headers={"Content-Range": f"bytes 0-{half - 1}/{len(file)}"})
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{half - 1}")
    rest = {"Content-Range": f"bytes {half}-{len(file) - 1}/{len(file)}"}
    assert httpx.put(session, content=file[half:], headers=rest).status_code == 200
    told = wait(client, made.upload_id)
    assert told.playback_ids[0].access_policy == "private"
    assert httpx.get(f"{media_server.url}/stream/{told.playback_ids[0].id}.m3u8").status_code == 401
    assert made.upload_id not in {row.upload_id for row in client.manage_videos.list_uploads(limit=50).data}


def test_cancels_an_upload_once(client):
    made = client.input_video.direct_upload_video_media(
        request={"cors_origin": "https://app.example", "push_media_settings": {"access_policy": "public"}}
    ).data
    cancelled = client.manage_videos.cancel_upload(upload_id=made.upload_id).data
    assert (cancelled.status, cancelled.cors_origin) == ("cancelled", "https://app.example")
    with pytest.raises(errors.BadRequestError):
        client.manage_videos.cancel_upload(upload_id=made.upload_id)


def test_makes_restricts_and_deletes_playback_ids(client, ready):
    told, _ = ready
    made = client.playback.create_media_playback_id(media_id=told.id, access_policy="private", resolution="480p").data
    assert (made.access_policy, made.resolution) == ("private", "480p")
    listed = client.playback.list_playback_ids(media_id=told.id).data
    assert made.id in {row.id for row in listed}
    rule = client.playback.update_domain_restrictions(
        media_id=told.id, playback_id=made.id, default_policy="deny", allow=["example.com"]
    ).data
    assert (rule.default_policy, rule.allow, rule.deny) == ("deny", ["example.com"], [])
    client.playback.update_user_agent_restrictions(media_id=told.id, playback_id=made.id, deny=["BadBot"])
    got = client.playback.get_playback_id(media_id=told.id, playback_id=made.id).data
    assert got.access_restrictions.domains.allow == ["example.com"]
    assert got.access_restrictions.user_agents.deny == ["BadBot"]
    assert client.playback.delete_media_playback_id(media_id=told.id, playback_id=made.id).success
    with pytest.raises(errors.MediaOrPlaybackNotFoundError):
        client.playback.get_playback_id(media_id=told.id, playback_id=made.id)


def test_adds_changes_and_deletes_tracks(client, ready, shelf):
    told, _ = ready
    request = {"url": f"{shelf}/en.vtt", "type": "subtitle", "language_code": "en-US", "language_name": "English"}
    made = client.manage_videos.add_media_track(media_id=told.id, tracks=request).data
    assert (made.type, made.language_code) == ("subtitle", "en-US")
    with pytest.raises(errors.TrackDuplicateRequestError):
        client.manage_videos.add_media_track(media_id=told.id, tracks=request)

    def available():
        tracks = client.manage_videos.get_media(media_id=told.id).data.tracks
        return [t for t in tracks if t.id == made.id and t.status == "available"]

    eventually(available, 30)
    changed = client.manage_videos.update_media_track(
        media_id=told.id, track_id=made.id, language_name="British", language_code="en-GB"
    ).data
    assert changed.language_name == "British"
    audio = next(t for t in client.manage_videos.get_media(media_id=told.id).data.tracks if t.type == "audio")
    with pytest.raises(errors.FastpixDefaultError) as caught:
        client.manage_videos.generate_subtitle_track(
            media_id=told.id, track_id=audio.id, language_name="English", language_code="en-US"
        )
    assert caught.value.status_code == 501
    assert client.manage_videos.delete_media_track(media_id=told.id, track_id=made.id).success


def test_mp4_support_makes_files_that_download(client, ready, media_server):
    told, _ = ready
    with pytest.raises(errors.DuplicateMp4SupportError):
        client.manage_videos.updated_mp4_support(media_id=told.id, mp4_support="audioOnly")
    client.manage_videos.updated_mp4_support(media_id=told.id, mp4_support="audioOnly,capped_4k")

    def both():
        entries = client.manage_videos.get_media(media_id=told.id).data.mp4_support or []
        return {entry.type for entry in entries if entry.status == "ready"} == {"capped_4k", "audioOnly"}

    eventually(both, 30)
    for name, kind in (("capped-4k.mp4", "video/mp4"), ("audio.m4a", "audio/mp4")):
        address = f"{media_server.url}/stream/{told.playback_ids[0].id}/{name}"
        # Delivery looks at most four seconds back.
        file = eventually(lambda at=address: found if (found := httpx.get(at)).status_code == 200 else None)
        assert file.headers["Content-Type"] == kind
        assert file.content[4:8] == b"ftyp"


def test_source_access_opens_and_closes_the_original(client, ready, shelf):
    told, _ = ready
    file = httpx.get(f"{shelf}/clip.mp4").content
    assert client.manage_videos.updated_source_access(media_id=told.id, source_access=True).data.source_access is True
    info = client.manage_videos.retrieve_media_input_info(media_id=told.id).data
    assert info.file.container_format == "mp4"
    assert httpx.get(info.configuration.url).content == file
    client.manage_videos.updated_source_access(media_id=told.id, source_access=False)
    assert httpx.get(info.configuration.url).status_code == 401


def test_makes_clips_of_a_media(client, ready):
    told, _ = ready
    made = client.input_video.create_media(
        inputs=[{"type": "video", "url": f"fastpix-media://{told.id}", "start_time": 0, "end_time": 1}],
        access_policy="public",
    ).data
    wait(client, made.id)
    clips = client.manage_videos.get_media_clips(source_media_id=told.id)
    assert [(row.id, row.status) for row in clips.data] == [(made.id, "Ready")]
    with pytest.raises(errors.MediaClipNotFoundError):
        client.manage_videos.get_media_clips(source_media_id=str(uuid.uuid4()))


def test_keeps_playlists(client, ready):
    told, _ = ready
    name = uuid.uuid4().hex
    made = client.playlist.create_a_playlist(name="Best of", reference_id=name, type_="manual", description="All").data
    with pytest.raises(errors.DuplicateReferenceIDErrorResponse):
        client.playlist.create_a_playlist(name="Best of", reference_id=name, type_="manual")
    filled = client.playlist.add_media_to_playlist(playlist_id=made.id, media_ids=[told.id]).data
    assert [row.id for row in filled.media_list] == [told.id]
    assert filled.media_list[0].duration == 2.0
    client.playlist.change_media_order_in_playlist(playlist_id=made.id, media_ids=[told.id])
    changed = client.playlist.update_a_playlist(playlist_id=made.id, name="Worst of", description="None").data
    assert changed.name == "Worst of"
    assert made.id in {row.id for row in client.playlist.get_all_playlists(limit=50).data}
    emptied = client.playlist.delete_media_from_playlist(playlist_id=made.id, media_ids=[told.id]).data
    assert emptied.media_count == 0
    assert client.playlist.delete_a_playlist(playlist_id=made.id).success
    with pytest.raises(errors.NotFoundError):
        client.playlist.get_playlist_by_id(playlist_id=made.id)


def test_an_address_that_gives_no_video_fails_with_a_reason(client, shelf):
    made = client.input_video.create_media(
        inputs=[{"type": "video", "url": f"{shelf}/en.vtt"}], access_policy="public"
    ).data
    wait(client, made.id, "Failed")


def test_deletes(client, shelf):
    made = client.input_video.create_media(
        inputs=[{"type": "video", "url": f"{shelf}/clip.mp4"}], access_policy="public"
    ).data
    assert client.manage_videos.delete_media(media_id=made.id).success
    with pytest.raises(errors.MediaNotFoundError):
        client.manage_videos.get_media(media_id=made.id)


def test_a_members_token_reads_without_addresses_that_let_one_write(media_server, ready):
    told, _ = ready
    token = media_server.cast.people["ada"].tokens["member"]
    security = models.Security(username=str(token.id), password=token.secret)
    with Fastpix(security=security, server_url=f"{media_server.url}/v1/", retry_config=IMPATIENT) as member:
        assert member.manage_videos.get_media(media_id=told.id).data.id == told.id
        assert all(not row.url for row in member.manage_videos.list_uploads(limit=50).data)
        assert member.manage_videos.retrieve_media_input_info(media_id=told.id).data.configuration.url is None
        with pytest.raises(errors.ForbiddenError):
            member.manage_videos.delete_media(media_id=told.id)
