"""Pages of what belongs to a media: playback ids, tracks, files; and the sign-a-URL tool of a signing key."""

from __future__ import annotations

import html
import io
import re

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fastpix.resources.media.playback_ids import domain as playback_ids
from fastpix.storage import instance as storage
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite


@pytest.fixture
def path(cast):
    return f"/o/acme/media/{cast.acme.shelf.media}"


def text_of(answer):
    return html.unescape(answer.get_data(as_text=True))


def test_a_playback_id_is_added_once_however_often_it_is_sent(world, ada, cast, path):
    sent = {"policy": "public", "resolution": "720p", "once_key": "k" * 32}
    assert ada.page.post(f"{path}/playback-ids/new", sent).status_code == 303
    assert ada.page.post(f"{path}/playback-ids/new", sent).status_code == 409
    added = [
        row for row in rows(world, "playback_ids", media_id=cast.acme.shelf.media) if row["access_policy"] == "public"
    ]
    assert [row["resolution"] for row in added] == ["720p"]
    assert "up to 720p" in text_of(ada.page.get(path))


def test_a_media_is_made_private_and_public_again_in_one_act_each(world, ada, mel, cast, path):
    ada.page.post(f"{path}/playback-ids/{cast.acme.shelf.playback_id}", {
        "domains_policy": "deny", "domains_allow": "example.com", "agents_policy": "allow"})  # fmt: skip

    def kept():
        return rows(world, "playback_ids", media_id=cast.acme.shelf.media)

    assert [row["access_policy"] for row in kept()] == ["private"]
    for policy in ("public", "private"):
        before = kept()
        assert mel.page.post(f"{path}/privacy", {"policy": policy}).status_code == 403 and kept() == before
        assert ada.page.post(f"{path}/privacy", {"policy": policy}).status_code == 303
        (row,) = kept()
        assert row["access_policy"] == policy and row["id"] != before[0]["id"], "the old address plays no more"
        assert row["restrictions"]["domains"]["allow"] == ["example.com"], "who may not watch may not watch now either"
        assert f'value="{policy}" aria-pressed="true"' in text_of(ada.page.get(path))
        assert ada.page.post(f"{path}/privacy", {"policy": policy}).status_code == 303 and kept() == [row], (
            "once is enough"
        )
    assert ada.page.post(f"{path}/privacy", {"policy": "drm"}).status_code == 422 and kept() == [row]
    told = [row for row in rows(world, "audit_log", target_kind="media") if "privacy" in row["after"]]
    assert [row["after"]["privacy"] for row in told if row["before"] != row["after"]] == ["public", "private"]


def test_what_is_shared_both_ways_loses_the_other_way_alone(world, ada, cast, path):
    ada.page.post(f"{path}/playback-ids/new", {"policy": "public"})
    assert ada.page.post(f"{path}/privacy", {"policy": "private"}).status_code == 303
    (row,) = rows(world, "playback_ids", media_id=cast.acme.shelf.media)
    assert row["id"] == cast.acme.shelf.playback_id


def test_restrictions_are_typed_one_a_line(world, ada, cast, path):
    sent = {
        "domains_policy": "deny",
        "domains_allow": "example.com\n\n *.example.org \n",
        "agents_policy": "allow",
        "agents_deny": "curl",
    }
    assert ada.page.post(f"{path}/playback-ids/{cast.acme.shelf.playback_id}", sent).status_code == 303
    kept = rows(world, "playback_ids", id=cast.acme.shelf.playback_id)[0]["restrictions"]
    assert kept["domains"] == {"defaultPolicy": "deny", "allow": ["example.com", "*.example.org"], "deny": []}
    assert kept["userAgents"]["deny"] == ["curl"]
    assert "Only these sites: example.com, *.example.org" in text_of(ada.page.get(path))
    form = text_of(ada.page.get(f"{path}/playback-ids/{cast.acme.shelf.playback_id}"))
    assert "example.com\n*.example.org</textarea>" in form


@pytest.mark.parametrize(
    "typed",
    [{"domains_policy": "allow", "domains_allow": "example.com"}, {"agents_policy": "deny", "agents_deny": "curl"}],
)
def test_names_that_would_restrict_nothing_are_refused_and_kept(world, ada, cast, path, typed):
    """Who types the only site that may, and leaves “All but some” chosen, would believe the video restricted."""
    before = world.digest()
    answer = ada.page.post(
        f"{path}/playback-ids/{cast.acme.shelf.playback_id}",
        {"domains_policy": "allow", "agents_policy": "allow"} | typed,
    )
    assert answer.status_code == 422 and "alone: choose that, or empty this box." in text_of(answer)
    assert f"{list(typed.values())[1]}</textarea>" in text_of(answer)
    assert world.digest() == before


def test_a_bad_site_changes_neither_rule(world, ada, cast, path):
    before = world.digest()
    sent = {
        "domains_policy": "deny",
        "domains_allow": "good.example",
        "agents_policy": "allow",
        "agents_deny": "x" * 300,
    }
    answer = ada.page.post(f"{path}/playback-ids/{cast.acme.shelf.playback_id}", sent)
    assert answer.status_code == 422 and "good.example" in text_of(answer)
    assert world.digest() == before


def test_the_last_playback_id_can_go_and_the_page_says_that_nobody_can_watch(ada, cast, path):
    there = f"{path}/playback-ids/{cast.acme.shelf.playback_id}/delete"
    assert "It is the only one" in text_of(ada.page.get(there))
    assert ada.page.post(there).status_code == 303
    page = text_of(ada.page.get(path))
    assert "It cannot be watched" in page and "<video" not in page
    assert "The acme clip" in text_of(ada.page.get("/o/acme/media/"))


def test_subtitles_come_as_a_file(world, ada, cast, path):
    content = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
    sent = {
        "kind": "subtitle",
        "language_code": "de",
        "language_name": "German",
        "file": (io.BytesIO(content), "de.vtt"),
    }
    answer = ada.page.post(f"{path}/tracks/new", sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    track = next(row for row in rows(world, "tracks", media_id=cast.acme.shelf.media) if row["language_code"] == "de")
    key = f"{cast.acme.id}/{cast.acme.workspace}/{cast.acme.shelf.media}/tracks/{track['id']}/source"
    assert storage.get().read_bytes(key) == content
    assert track["status"] == "preparing" and track["url"] == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "begins with http://"),
        ({"file": b"x" * ((5 << 20) + 1)}, "Send subtitles (SRT, WebVTT or .ass) of at most 5 MB"),
        ({"language_name": "English"}, "duplicate"),
        ({"language_code": "not a code"}, "language code"),
    ],
)
def test_a_track_that_cannot_be_is_told_at_the_form(world, ada, path, given, says):
    sent = {"kind": "subtitle", "language_code": "de", "language_name": "German", "title": "Kept"} | given
    if "file" in given:
        sent["file"] = FileStorage(io.BytesIO(given["file"]), "de.vtt")
    elif given:
        sent["url"] = "https://files.example/x.vtt"
    before = world.digest()
    boundary, body = encode_multipart(sent)
    headers = {"X-CSRFToken": ada.page.csrf_token()}
    kind = f"multipart/form-data; boundary={boundary}"
    answer = ada.page.post(f"{path}/tracks/new", body, content_type=kind, headers=headers, csrf=False)
    assert answer.status_code in (409, 422) and says in text_of(answer) and 'value="Kept"' in text_of(answer)
    assert world.digest() == before


def test_a_track_is_edited_and_fetched_anew_only_from_another_address(world, ada, cast, path):
    there = f"{path}/tracks/{cast.acme.shelf.track}"
    same = {"language_code": "en-GB", "language_name": "British English", "url": "https://files.example/acme.vtt"}
    assert ada.page.post(there, same).status_code == 303
    assert rows(world, "tracks", id=cast.acme.shelf.track)[0]["status"] == "available"
    assert ada.page.post(there, same | {"url": "https://files.example/other.vtt"}).status_code == 303
    assert rows(world, "tracks", id=cast.acme.shelf.track)[0]["status"] == "preparing"


def test_the_medias_own_picture_is_no_track_to_change(world, ada, cast, path):
    own = next(row for row in rows(world, "tracks", media_id=cast.acme.shelf.media) if not row["is_added"])
    for there in ("", "/delete"):
        assert ada.page.get(f"{path}/tracks/{own['id']}{there}").status_code == 404


def test_files_for_download_are_chosen_and_choosing_the_same_is_no_error(world, ada, cast, path):
    for _ in range(2):
        assert ada.page.post(f"{path}/downloads", {"mp4": "audioOnly,capped_4k"}).status_code == 303
    row = rows(world, "media", id=cast.acme.shelf.media)[0]
    assert row["mp4_support"] == "audioOnly,capped_4k" and set(row["downloads"]) == {"capped-4k.mp4", "audio.m4a"}


def test_the_original_is_offered_only_when_it_is_switched_on(ada, path):
    assert "/source/" not in text_of(ada.page.get(path))
    assert ada.page.post(f"{path}/source", {"source": "y"}).status_code == 303
    assert re.search(r'href="[^"]*/source/[0-9a-f-]+\?until=\d+&signature=', text_of(ada.page.get(path)))
    assert ada.page.post(f"{path}/source").status_code == 303
    assert "/source/" not in text_of(ada.page.get(path)).replace(f"{path}/source", "")


def test_the_tool_offers_private_ids_of_the_keys_workspace(ada, acting, cast):
    with acting("ada"):
        public = playback_ids.create(cast.acme.shelf.media, "public")["id"]
    page = text_of(ada.page.get(f"/o/acme/signing-keys/{cast.acme.signing_key}"))
    offered = re.findall(r'<option value="([0-9a-f-]{36})"', page)
    assert offered == [str(cast.acme.shelf.playback_id)]
    assert str(public) not in page and "The rival clip" not in page
    for id in ("code-python", "code-node", "code-curl"):
        code = re.search(rf'<pre id="{id}"[^>]*>(.*?)</pre>', page, re.S)[1]
        assert (
            f"{cast.acme.shelf.playback_id}.m3u8?token=" in code
            and str(cast.acme.signing_key) in code
            and "86400" in code
        )


def test_the_programs_follow_what_was_chosen(ada, cast):
    other = "0d9bdf1c-7c35-4d0c-8a3f-54a3d4ba0d77"
    page = text_of(ada.page.get(f"/o/acme/signing-keys/{cast.acme.signing_key}?hours=1&other={other}"))
    assert f"media:{other}" in page and "exp: now + 3600" in page
    bad = text_of(ada.page.get(f"/o/acme/signing-keys/{cast.acme.signing_key}?hours=99&other='><script>"))
    assert "exp: now + 86400" in bad and "'><script>" not in bad


def test_no_field_of_the_private_key_has_a_name_so_that_no_form_can_send_it(ada, cast):
    page = ada.page.get(f"/o/acme/signing-keys/{cast.acme.signing_key}").get_data(as_text=True)
    for id in ("private-key", "private-file"):
        field = re.search(rf"<(?:textarea|input)[^>]*id=\"{id}\"[^>]*>", page)[0]
        assert " name=" not in field and " form=" not in field
    form = re.search(r'<form method="get" id="sign-form".*?</form>', page, re.S)[0]
    assert "private" not in form.lower().replace("private media", "")
