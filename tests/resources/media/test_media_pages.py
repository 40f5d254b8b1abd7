"""The dashboard's pages of media: the library, a media's page, and what a member is not shown."""

from __future__ import annotations

import html
import re
import uuid

import pytest

from fastpix.db import db
from fastpix.resources.media import domain, lifecycle
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from tests.library import RENDITION, ready
from tests.resources.members.test_query_counts import quiet, statements  # noqa: F401  # `quiet` is a fixture
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sqlite
HOME = "/o/acme/media/"
TICK = 'type="checkbox"'


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.get_data(as_text=True))


def fill(acting, count, workspace, **asked):
    """Further media that are Ready; their ids."""
    made = []
    with acting("ada"):
        for number in range(count):
            media = creation.from_url(
                workspace, f"https://files.example/{number}.mp4", Options(title=f"Film {number}", **asked)
            )
            ready(media["id"])
            made.append(media["id"])
    return made


def failing(acting, media_id, reason="The file is damaged."):
    with acting("ada"):
        media = domain.load(media_id)
        media.status = "Processing"
        lifecycle.fail(media_id, reason, ("ffmpeg: /srv/secret/path broke",))
        db.session.flush()


@pytest.mark.full("statements are counted for 3 films and for 24")
@pytest.mark.parametrize("view", ["grid", "list"])
@pytest.mark.parametrize("who", ["ada", "mel"])
def test_the_library_costs_the_same_for_3_and_24_media(quiet, doors, acting, cast, who, view):  # noqa: F811
    person = doors(who)
    path = f"{HOME}?view={view}&status=Ready"
    fill(acting, 2, cast.acme.workspace)
    with statements(quiet.engine) as few:
        assert text_of(person.page.get(path)).count("thumb-time") == 3
    fill(acting, 21, cast.acme.workspace)
    with statements(quiet.engine) as many:
        assert text_of(person.page.get(path)).count("thumb-time") == 24
    assert len(many) == len(few) <= 9, many


def test_one_workspace_is_shown_at_a_time_and_a_foreign_one_never(ada, rex, acting, cast):
    fill(acting, 1, cast.acme.workspaces["development"])
    first = text_of(ada.page.get(HOME))
    assert "The acme clip" in first and "Film 0" not in first
    second = text_of(ada.page.get(f"{HOME}?workspace={cast.acme.workspaces['development']}"))
    assert "Film 0" in second and "The acme clip" not in second
    assert "The rival clip" not in text_of(ada.page.get(f"{HOME}?workspace={cast.rival.workspace}"))
    assert ada.page.get(f"{HOME}?workspace=nonsense").status_code == 200


def test_words_status_and_order_choose_what_is_shown(ada, acting, cast):
    ids = fill(acting, 3, cast.acme.workspace)
    failing(acting, ids[0])
    assert "The acme clip" not in text_of(ada.page.get(f"{HOME}?q=film"))
    failed = text_of(ada.page.get(f"{HOME}?status=Failed"))
    assert "Film 0" in failed and "Film 1" not in failed
    by_title = text_of(ada.page.get(f"{HOME}?sort=title"))
    assert by_title.index("Film 0") < by_title.index("Film 1") < by_title.index("The acme clip")
    assert "Nothing found" in text_of(ada.page.get(f"{HOME}?q=unheard"))


def test_pages_follow_each_other_and_lead_back(world, ada, acting, cast):
    fill(acting, 30, cast.acme.workspace)
    total = len(rows(world, "media", workspace_id=cast.acme.workspace))
    first = text_of(ada.page.get(HOME))
    assert f"24 of {total} shown" in first
    on = re.search(r'href="([^"]+)"[^>]*><span>Next', first)[1]
    second = text_of(ada.page.get(on))
    assert second.count("media-card") == total - 24 and "The acme clip" in second and ">Next<" not in second
    back = re.search(r'href="([^"]+)"[^>]*><span>Previous', second)[1]
    assert text_of(ada.page.get(back)).count("media-card") == 24


def test_an_empty_library_tells_a_member_who_can_upload(mel, ada, cast):
    path = f"{HOME}?workspace={cast.acme.workspaces['development']}"
    told = text_of(mel.page.get(path))
    assert "Ada Admin can upload" in told and "/media/upload" not in told
    assert "curl -u" in text_of(ada.page.get(path))


@pytest.mark.parametrize("view", ["grid", "list"])
def test_a_member_sees_media_and_no_way_to_change_them(mel, acting, cast, view):
    shelf = cast.acme.shelf
    library = text_of(mel.page.get(f"{HOME}?view={view}"))
    page = text_of(mel.page.get(f"{HOME}{shelf.media}"))
    assert "The acme clip" in library and str(shelf.playback_id) in page
    for told in (text.partition("<main")[2] for text in (library, page)):
        assert TICK not in told and "/delete" not in told and "/edit" not in told and "/new" not in told
        assert "/media/upload" not in told and "/from-url" not in told and "/upload/" not in told
    assert re.findall(r'<form method="post"[^>]*action="([^"]*)"', page) == ["/sign-out"]


def test_a_member_is_told_no_source_and_no_words_of_ffmpeg(world, mel, ada, acting, cast):
    shelf = cast.acme.shelf
    failing(acting, shelf.media)
    change(world, "media", {"id": shelf.media}, source_access=True)
    for person, sees in ((ada, True), (mel, False)):
        page = text_of(person.page.get(f"{HOME}{shelf.media}"))
        assert "The file is damaged." in page
        assert ("/srv/secret/path" in page) is sees
        assert (shelf.source_url in page) is sees
        assert ("https://files.example/acme.vtt" in page) is sees
        assert (f"/source/{shelf.media}?" in page) is sees
        assert ("/retry" in page) is sees


def test_the_page_plays_private_media_by_a_preview_address(mel, cast):
    page = text_of(mel.page.get(f"{HOME}{cast.acme.shelf.media}"))
    source = re.search(r'<video[^>]* src="([^"]+)"', page)[1]
    assert re.fullmatch(rf"/stream/m/\d+/preview/[\w-]+/{cast.acme.shelf.playback_id}/master\.m3u8", source)
    assert f'poster="{source.removesuffix("master.m3u8")}0123456789ab/poster.jpg"' in page
    assert "sprite.vtt" in page and f"{cast.acme.shelf.playback_id}.m3u8?token=TOKEN" in page
    assert f"tracks/{cast.acme.shelf.track}/cafe/subtitles.vtt" in page


def test_pages_hold_no_inline_script_and_no_inline_style(ada, cast):
    shelf = cast.acme.shelf
    paths = (HOME, f"{HOME}{shelf.media}", f"{HOME}upload", f"/o/acme/signing-keys/{cast.acme.signing_key}")
    for path in paths:
        page = text_of(ada.page.get(path))
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", page), path


def test_the_page_may_load_blobs_and_the_hosts_of_viewers_only(ada, make_app):
    policy = ada.page.get(HOME).headers["Content-Security-Policy"]
    assert (
        "media-src 'self' blob: data:;" in policy
        and "worker-src 'self' blob:;" in policy
        and "script-src 'self';" in policy
    )
    app = make_app(stream_url="https://stream.example.com/live", images_url="https://images.example.com")
    policy = app.test_client().get("/sign-in").headers["Content-Security-Policy"]
    there = "https://images.example.com https://stream.example.com"
    assert f"media-src 'self' blob: data: {there};" in policy and f"connect-src 'self' {there};" in policy
    assert "script-src 'self';" in policy and "style-src 'self';" in policy


def test_the_page_knows_of_what_it_was_written(ada, cast):
    """Else what was done before its first question would be no news."""
    page = text_of(ada.page.get(f"{HOME}{cast.acme.shelf.media}"))
    told = ada.page.get(f"{HOME}{cast.acme.shelf.media}/status").json["parts"]
    assert len(told) > 1 and f'data-parts="{",".join(told)}"' in page


def test_who_may_make_it_private_reads_before_what_stops(world, ada, mel, cast):
    change(world, "playback_ids", {}, access_policy="public")
    film, stops = f"{HOME}{cast.acme.shelf.media}", "it stops playing under these addresses within seconds, for good"
    assert stops in text_of(ada.page.get(film)) and stops not in text_of(mel.page.get(film))


def test_the_status_is_304_until_something_changes(ada, acting, cast):
    media_id = cast.acme.shelf.media
    path = f"{HOME}{media_id}/status"
    first = ada.page.get(path)
    assert first.json["status"] == "Ready" and first.json["done"] and first.json["settled"]
    same = ada.page.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304 and not same.data
    with acting("ada"):
        domain.load(media_id).status = "Processing"
        lifecycle.progress(media_id, 40)
        db.session.flush()
    new = ada.page.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert new.json["text"] == "Processing 40 %" and not new.json["done"]
    assert "private" in new.headers["Cache-Control"]


def test_work_under_way_shows_its_percent_and_a_link_to_look_again(mel, acting, cast):
    media_id = cast.acme.shelf.media
    with acting("ada"):
        media = domain.load(media_id)
        media.status, media.version = "Processing", ""
        lifecycle.progress(media_id, 40)
        db.session.flush()
    page = text_of(mel.page.get(f"{HOME}{media_id}"))
    assert re.search(r'<progress[^>]*value="40"', page) and "Look again" in page and "<video" not in page
    assert "media-status.js" in page and "player.js" in page


def test_what_plays_while_it_is_made_is_shown_with_a_sentence_and_its_status(mel, ada, acting, cast):
    media_id = cast.acme.shelf.media
    path = f"{HOME}{media_id}/status"
    with acting("ada"):
        media = domain.load(media_id)
        media.status, media.version = "Processing", ""
        db.session.flush()
    before = ada.page.get(path).json
    with acting("ada"):
        lifecycle.plays(media_id, "0123456789ab", [RENDITION])
        lifecycle.progress(media_id, 40)
        db.session.flush()
    page = text_of(mel.page.get(f"{HOME}{media_id}"))
    assert re.search(r'<progress[^>]*value="40"', page) and "<video" in page and " data-growing" in page
    assert "It plays already, from its beginning" in page and "when it can be played" not in page
    after = ada.page.get(path).json
    assert after["text"] == "Processing 40 %" and not after["done"]
    assert before["parts"] != after["parts"], "the open page takes over the player"


def test_a_failed_media_is_tried_again_by_its_button(world, ada, acting, cast):
    media_id = cast.acme.shelf.media
    failing(acting, media_id)
    assert ada.page.post(f"{HOME}{media_id}/retry").status_code == 303
    assert rows(world, "media", id=media_id)[0]["status"] == "In Queue"
    assert ada.page.post(f"{HOME}{media_id}/retry").status_code == 400, "it does not fail twice"


def test_the_ticked_media_are_deleted_after_a_page_that_names_them(world, ada, acting, cast):
    ids = fill(acting, 2, cast.acme.workspace)
    query = "&".join(f"media={one}" for one in (*ids, cast.rival.shelf.media, "nonsense"))
    page = text_of(ada.page.get(f"{HOME}delete?{query}"))
    assert "Film 0" in page and "Film 1" in page and "The rival clip" not in page
    before = {row["id"] for row in rows(world, "media")}
    assert {*ids, cast.rival.shelf.media} < before, "looking deletes nothing"
    sent = {"media": [str(one) for one in (*ids, cast.rival.shelf.media)]}
    assert ada.page.post(f"{HOME}delete", sent).status_code == 303
    left = {row["id"] for row in rows(world, "media")}
    assert left == before - set(ids), "another organization's media stays, and what was not ticked"


def test_deleting_nothing_says_so(ada):
    assert "Nothing is ticked" in text_of(ada.page.get(f"{HOME}delete"))
    assert ada.page.post(f"{HOME}delete", {"media": str(uuid.uuid4())}).status_code == 200


def test_rows_of_metadata_are_edited_without_a_script(world, ada, cast):
    path = f"{HOME}{cast.acme.shelf.media}/edit"
    sent = {"title": "New", "creator": "c-1", "key": ["show", "", "season"], "value": ["Hills", "", "2"]}
    more = ada.page.post(path, sent | {"more": "yes"})
    assert more.status_code == 200 and 'value="Hills"' in text_of(more), "more rows, and nothing saved yet"
    assert rows(world, "media", id=cast.acme.shelf.media)[0]["title"] == "The acme clip"
    assert ada.page.post(path, sent).status_code == 303
    row = rows(world, "media", id=cast.acme.shelf.media)[0]
    assert (row["title"], row["creator_id"], row["metadata"]) == ("New", "c-1", {"show": "Hills", "season": "2"})


@pytest.mark.parametrize(
    ("keys", "values", "says"),
    [
        (["a", "a"], ["1", "2"], "each name may stand once"),
        ([""], ["lost"], "give each value a name"),
        ([f"k{n}" for n in range(11)], ["v"] * 11, "at most 10"),
    ],
)
def test_metadata_that_cannot_be_kept_come_back_with_what_was_typed(world, ada, cast, keys, values, says):
    before = world.digest()
    answer = ada.page.post(
        f"{HOME}{cast.acme.shelf.media}/edit", {"title": "Kept", "creator": "", "key": keys, "value": values}
    )
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422 and says in page and 'value="Kept"' in page and f'value="{values[0]}"' in page
    assert world.digest() == before
