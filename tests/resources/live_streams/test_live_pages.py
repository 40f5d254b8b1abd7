"""The dashboard's pages of live streams: the list, a stream's page, its forms, and what a member is not shown."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta

import pytest

from fastpix.config import srt_library
from fastpix.db import db, now
from fastpix.resources.live_streams import domain, lifecycle, presentation
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import ACTIVE
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.viewers.models import LiveViewer
from tests.resources.members.test_query_counts import quiet, statements  # noqa: F401  # `quiet` is a fixture
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite
HOME = "/o/acme/live/"
NEW = {"policy": "public", "media_policy": "private", "resolution": "720p", "window": "120", "name": "Studio"}


def text_of(answer, status=200):
    assert answer.status_code == status, answer.status_code
    return html.unescape(answer.get_data(as_text=True))


def main_of(answer, status=200):
    return text_of(answer, status).partition("<main")[2]


def make(acting, workspace, name="A stream", **wanted):
    with acting("ada"):
        return domain.create(workspace, StreamOptions(metadata={"name": name}, **wanted))["id"]


def on_air(acting, stream_id, *, away=False, longest=2.0, viewers=0):
    """What ingest writes of an encoder that sends."""
    with acting("ada"):
        stream = domain.load(stream_id)
        of = {"workspace_id": stream.workspace_id}
        broadcast = LiveBroadcast(
            stream_id=stream_id, is_recorded=True, is_dvr=False, position=5, seconds=10.0, longest=longest,
            codecs="avc1.64001f,mp4a.40.2", width=1280, height=720, recording={"title": "Evening", "policy": "public",
            "metadata": {}, "max_resolution": "1080p"}, **of,
        )  # fmt: skip
        db.session.add(broadcast)
        db.session.flush()
        connection = LiveConnection(
            broadcast_id=broadcast.id, owner="a test", engine="own", bit_rate=2_612_345,
            lease_until=now() + timedelta(hours=1), ended_at=now() if away else None, **of,
        )  # fmt: skip
        db.session.add(connection)
        db.session.flush()
        stream.status, stream.broadcast_id = ACTIVE, broadcast.id
        stream.connection_id = None if away else connection.id
        stream.disconnected_at = now() if away else None
        for number in range(viewers):
            db.session.add(LiveViewer(stream_id=stream_id, viewer=f"viewer {number}", seen_at=now(), **of))
        db.session.flush()


@pytest.mark.parametrize("who", ["ada", "mel"])
def test_the_list_costs_the_same_for_3_and_24_streams(quiet, doors, acting, cast, who):  # noqa: F811
    person, workspace = doors(who), cast.acme.workspaces["development"]
    path = f"{HOME}?workspace={workspace}"
    made = [make(acting, workspace, f"Stream {number}") for number in range(3)]
    on_air(acting, made[0])
    with statements(quiet.engine) as few:
        assert text_of(person.page.get(path)).count('scope="row"') == 3
    for number in range(21):
        made.append(make(acting, workspace, f"Stream {number + 3}"))
    on_air(acting, made[-1])
    with statements(quiet.engine) as many:
        assert text_of(person.page.get(path)).count('scope="row"') == 24
    assert len(many) == len(few) <= 12, many


def test_the_list_tells_for_how_long_a_stream_is_on_air_and_how_many_watch(ada, acting, cast):
    workspace = cast.acme.workspaces["development"]
    on_air(acting, make(acting, workspace), viewers=2)
    make(acting, workspace, "Another")
    page = main_of(ada.page.get(f"{HOME}?workspace={workspace}"))
    assert page.count("data-running=") == 1 and "2 viewers" in page and "chip bad live" in page


def test_the_list_tells_every_state_and_pages_by_number(ada, acting, cast):
    workspace = cast.acme.workspaces["development"]
    made = [make(acting, workspace, f"Stream {number}") for number in range(26)]
    on_air(acting, made[-1])
    on_air(acting, made[-2], away=True)
    with acting("ada"):
        domain.disable(made[-3])
    path = f"{HOME}?workspace={workspace}"
    first = text_of(ada.page.get(path))
    assert "24 of 26 shown" in first
    for state in ("Idle", "On air", "Reconnecting", "Disabled"):
        assert f">{state}</span>" in first
    older = re.search(r'href="([^"]+)"[^>]*><span>Older', first)[1]
    second = text_of(ada.page.get(older))
    assert "Stream 0" in second and "Stream 2<" not in second and ">Older<" not in second
    assert "Nothing on this page" in text_of(ada.page.get(f"{path}&page=9"))


def test_one_workspace_is_shown_at_a_time_and_a_foreign_one_never(ada, acting, cast):
    make(acting, cast.acme.workspaces["development"], "Rehearsal")
    first = text_of(ada.page.get(HOME))
    assert "The acme stream" in first and "Rehearsal" not in first
    assert "The rival stream" not in text_of(ada.page.get(f"{HOME}?workspace={cast.rival.workspace}"))
    for query in ("workspace=nonsense", "page=x", "page=-3"):
        assert "The acme stream" in text_of(ada.page.get(f"{HOME}?{query}"))


def test_an_empty_list_names_the_next_step(mel, ada, cast):
    path = f"{HOME}?workspace={cast.acme.workspaces['development']}"
    told = main_of(mel.page.get(path))
    assert "Ada Admin can create one" in told and "/live/new" not in told
    assert "Create a live stream" in text_of(ada.page.get(path)) and "curl -u" in text_of(ada.page.get(path))


def test_a_stream_is_created_as_the_form_says(world, ada, cast):
    sent = NEW | {"workspace": str(cast.acme.workspace), "policy": "private", "dvr": "y", "name": "  My   studio "}
    answer = ada.page.post(f"{HOME}new", sent)
    assert answer.status_code == 303
    row = rows(world, "live_streams", id=answer.location.rpartition("/")[2])[0]
    told = ("metadata", "max_resolution", "reconnect_window", "media_policy", "enable_recording", "enable_dvr")
    assert [row[name] for name in told] == [{"name": "My studio"}, "720p", 120, "private", False, True]
    assert rows(world, "live_playback_ids", stream_id=row["id"])[0]["access_policy"] == "private"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Give the stream a name"),
        ({"window": "59"}, "Give 60 to 1800 seconds"),
        ({"window": "a while"}, "Not a valid integer"),
        ({"policy": "drm"}, "Not a valid choice"),
        ({"resolution": "2160p"}, "Not a valid choice"),
        ({"name": "x" * 256}, "255"),
    ],
)
def test_a_form_that_cannot_be_followed_comes_back_as_it_was_typed(world, ada, cast, wrong, says):
    before = world.digest()
    sent = NEW | {"workspace": str(cast.acme.workspaces["development"]), "recording": "y"} | wrong
    page = text_of(ada.page.post(f"{HOME}new", sent), 422)
    assert says in page and f'value="{sent["window"]}"' in page and f'value="{sent["name"]}"' in page
    assert re.search(r'id="media_policy-1"[^>]* checked', page) and re.search(r'id="recording"[^>]* checked', page)
    assert not re.search(r'id="dvr"[^>]* checked', page)
    assert re.search(rf'<option selected value="{sent["workspace"]}"', page)
    assert world.digest() == before


def test_the_very_same_form_creates_one_stream(world, ada, cast):
    sent = NEW | {"workspace": str(cast.acme.workspace), "once_key": "the same key"}
    assert ada.page.post(f"{HOME}new", sent).status_code == 303
    count = len(rows(world, "live_streams"))
    assert "sent already" in text_of(ada.page.post(f"{HOME}new", sent), 409)
    assert len(rows(world, "live_streams")) == count


def test_an_admin_finds_server_key_and_a_command_without_the_key(ada, cast):
    shelf = cast.acme.shelf
    page = text_of(ada.page.get(f"{HOME}{shelf.stream}"))
    key = shelf.stream_secrets["stream_key"]
    assert re.search(rf'type="password" id="stream-key" value="{key}" readonly', page)
    assert 'value="rtmp://localhost/live"' in page and "unencrypted" not in page
    assert '-f flv "rtmp://localhost/live/STREAM_KEY"' in page
    assert f"live/{key}" not in page
    assert shelf.stream_secrets["simulcast_key"] not in page
    assert shelf.stream_secrets["simulcast_url"] in page


@pytest.fixture
def srt(monkeypatch):
    """Whether this machine has libsrt, as the test wants it."""

    def put(library):
        monkeypatch.setattr(srt_library, "load", lambda: library)

    return put


def test_an_admin_finds_the_address_stream_id_and_hidden_passphrase_of_srt_where_it_is_listened_for(
    ada, mel, cast, srt
):
    srt(object())
    shelf = cast.acme.shelf
    path = f"{HOME}{shelf.stream}"
    page = text_of(ada.page.get(path))
    key, passphrase = (shelf.stream_secrets[what] for what in ("stream_key", "srt_secret"))
    assert 'id="srt-server" value="srt://localhost:1945" readonly' in page
    assert f'type="password" id="srt-stream-id" value="{key}" readonly' in page
    assert f'type="password" id="srt-passphrase" value="{passphrase}" readonly' in page
    assert '-f mpegts "srt://localhost:1945?streamid=STREAM_KEY&passphrase=PASSPHRASE&latency=500000"' in page
    assert "libsrt" not in page and f"passphrase={passphrase}" not in page
    assert "srt" not in main_of(mel.page.get(path)).lower()


def test_without_libsrt_the_page_says_how_to_get_it_and_names_no_address(ada, mel, cast, srt):
    srt(None)
    path = f"{HOME}{cast.acme.shelf.stream}"
    page = text_of(ada.page.get(path))
    assert "apt-get install libsrt1.5-openssl" in page and "srt://" not in page
    assert cast.acme.shelf.stream_secrets["srt_secret"] not in page
    assert "libsrt" not in text_of(mel.page.get(path))


@pytest.mark.parametrize(
    ("server", "is_open"),
    [
        ("rtmp://localhost/live", False),
        ("rtmp://127.0.0.1:1936/live", False),
        ("rtmp://[::1]/live", False),
        ("rtmp://192.168.1.5/live", True),
        ("rtmp://video.example.com/live", True),
        ("rtmps://video.example.com/live", False),
        ("", False),
    ],
)
def test_a_key_that_crosses_the_network_in_the_open_is_told_of(server, is_open):
    assert presentation.is_open(server) is is_open


def test_an_instance_that_takes_no_streams_says_so(ada, cast, monkeypatch):
    monkeypatch.setattr("fastpix.urls.live_server", lambda: "")
    monkeypatch.setattr("fastpix.urls.srt_server", lambda: "")
    for path in (HOME, f"{HOME}{cast.acme.shelf.stream}"):
        assert "takes no streams in" in text_of(ada.page.get(path)), path
    assert "stream-key" not in text_of(ada.page.get(f"{HOME}{cast.acme.shelf.stream}"))


def test_a_member_sees_the_stream_and_no_way_to_send_or_change_it(mel, acting, cast):
    shelf = cast.acme.shelf
    on_air(acting, shelf.stream)
    paths = (HOME, f"{HOME}{shelf.stream}", f"{HOME}{shelf.stream}/status", f"{HOME}{shelf.active_stream}")
    for path in paths:
        told = main_of(mel.page.get(path)) if path != paths[2] else mel.page.get(path).get_data(as_text=True)
        for what, secret in shelf.stream_secrets.items():
            assert secret not in told, f"{path} tells the {what}"
        for word in ("stream-key", "/edit", "/delete", "/new", "/reset-key", "/finish", "/disable", "/enable", "rtmp"):
            assert word not in told, f"{path}: {word}"
        assert "<form" not in told.replace('<form method="get"', ""), path
    page = main_of(mel.page.get(paths[1]))
    assert "1 target: 1 waiting" in page and "<video" in page and str(shelf.live_playback_id) in page


def test_no_refusal_tells_a_member_a_secret(mel, cast):
    shelf = cast.acme.shelf
    for path in ("edit", "reset-key", "simulcasts/new", f"simulcasts/{shelf.simulcast}/delete"):
        for answer in (mel.page.get(f"{HOME}{shelf.stream}/{path}"), mel.page.post(f"{HOME}{shelf.stream}/{path}")):
            told = text_of(answer, 403)
            assert not [what for what, secret in shelf.stream_secrets.items() if secret in told]


@pytest.mark.parametrize("ident", ["nonsense", "\0", "A" * 32, "%2e%2e", str(uuid.UUID(int=7)), "0" * 32, "a" * 500])
def test_what_is_no_id_of_a_stream_is_not_found(ada, ident):
    for path in ("", "/status", "/edit", "/simulcasts/new", "/playback-ids/new"):
        assert ada.page.get(f"{HOME}{ident}{path}").status_code == 404, path


def test_the_page_plays_what_is_on_air_by_a_preview_address(mel, acting, cast):
    stream_id = cast.acme.shelf.stream
    assert "<video" not in text_of(mel.page.get(f"{HOME}{stream_id}"))
    on_air(acting, stream_id, viewers=2)
    page = text_of(mel.page.get(f"{HOME}{stream_id}"))
    video = re.search(r"<video[^>]*>", page)[0]
    assert " muted autoplay" in video and " playsinline" in video and " controls" in video
    ident = cast.acme.shelf.live_playback_id
    assert re.search(rf' src="/stream/m/\d+/preview/[\w-]+/{ident}/master\.m3u8"', video)
    assert "data-player data-live" in page and page.count("js/player.js") == 1 and page.count("js/live.js") == 1
    assert "1280 × 720" in page and "2.6 Mbit/s" in page


def test_rare_keyframes_are_told_to_who_can_set_the_encoder(ada, mel, acting, cast):
    stream_id = cast.acme.shelf.stream
    on_air(acting, stream_id, longest=4.0)
    assert "Keyframes come rarely" not in text_of(ada.page.get(f"{HOME}{stream_id}"))
    with acting("ada"):
        lifecycle.load_broadcast(domain.load(stream_id).broadcast_id).longest = 8.3
        db.session.flush()
    assert "gap was 8.3 seconds" in text_of(ada.page.get(f"{HOME}{stream_id}"))
    assert "Keyframes come rarely" not in text_of(mel.page.get(f"{HOME}{stream_id}"))


@pytest.mark.parametrize(
    ("codecs", "said"),
    [("avc1.F4001F,mp4a.40.2", "4:4:4 colour"), ("mp4a.40.2,avc1.6e0028", "10 bits a colour"), ("avc1.64001F", "")],
)
def test_a_picture_that_phones_cannot_show_is_told_to_who_can_set_the_encoder(ada, mel, acting, cast, codecs, said):
    stream_id = cast.acme.shelf.stream
    on_air(acting, stream_id)
    with acting("ada"):
        lifecycle.load_broadcast(domain.load(stream_id).broadcast_id).codecs = codecs
        db.session.flush()
    page = text_of(ada.page.get(f"{HOME}{stream_id}"))
    assert ("Phones and televisions cannot show" in page) is bool(said)
    assert f"it has {said}" in page or not said
    assert "Phones and televisions" not in text_of(mel.page.get(f"{HOME}{stream_id}"))


def test_pages_hold_no_inline_script_and_no_inline_style(ada, acting, cast):
    on_air(acting, cast.acme.shelf.stream)
    for path in ("", "new", cast.acme.shelf.stream, f"{cast.acme.shelf.stream}/simulcasts/new"):
        page = text_of(ada.page.get(f"{HOME}{path}"))
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", page), path


def test_the_status_is_304_until_something_changes(ada, acting, cast):
    path = f"{HOME}{cast.acme.shelf.stream}/status"
    first = ada.page.get(path)
    assert (first.json["status"], first.json["text"], first.json["isOnAir"]) == ("idle", "Idle", False)
    assert first.json["since"] is None and "private" in first.headers["Cache-Control"]
    same = ada.page.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304 and not same.data
    on_air(acting, cast.acme.shelf.stream, viewers=3)
    told = ada.page.get(path, headers={"If-None-Match": first.headers["ETag"]}).json
    assert (told["status"], told["text"], told["isOnAir"]) == ("active", "On air", True)
    assert told["signal"] == {"picture": "1280 × 720", "bit_rate": "2.6 Mbit/s", "viewers": "3"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["since"])
    assert told["parts"] != first.json["parts"]


def test_the_page_says_what_the_status_says_so_that_nothing_is_drawn_twice(ada, acting, cast):
    stream_id = cast.acme.shelf.stream
    for prepare in (None, on_air):
        if prepare:
            prepare(acting, stream_id)
        told = ada.page.get(f"{HOME}{stream_id}/status").json
        page = text_of(ada.page.get(f"{HOME}{stream_id}"))
        assert f'data-parts="{",".join(told["parts"])}"' in page and f'data-state="{told["text"]}"' in page


def test_the_recordings_that_are_left_are_linked(world, mel, acting, cast):
    shelf = cast.acme.shelf
    on_air(acting, shelf.stream, away=True)
    with acting("ada"):
        lifecycle.end(domain.load(shelf.stream), "The encoder said goodbye.")
        db.session.add(
            LiveBroadcast(
                stream_id=shelf.stream, workspace_id=cast.acme.workspace, is_recorded=True, is_dvr=False,
                media_id=uuid.uuid4(), ended_at=now(), settled_at=now(),
            )
        )  # fmt: skip
        db.session.flush()
    page = main_of(mel.page.get(f"{HOME}{shelf.stream}"))
    media_id = rows(world, "media", title="Evening")[0]["id"]
    assert page.count(f'href="/o/acme/media/{media_id}"') == 2 and "The latest recording" in page
    assert page.count('data-label="Recording"') == 1


def test_the_list_is_searched_and_filtered_and_says_by_what(ada, mel, acting, cast):
    workspace = cast.acme.workspaces["development"]
    path = f"{HOME}?workspace={workspace}"
    made = {name: make(acting, workspace, name) for name in ("Morning show", "Evening show", "Été en direct")}
    on_air(acting, made["Evening show"])

    def names(more):
        return re.findall(
            r'scope="row" data-label="Name"><a .*?<span>([^<]+)</span></a>', text_of(mel.page.get(path + more))
        )

    assert names("&q=show") == ["Evening show", "Morning show"]
    assert names("&q=sho+mor") == ["Morning show"], "all words, by their beginnings"
    assert names("&q=%C3%A9T") == ["Été en direct"]
    assert names("&status=active") == ["Evening show"] and names("&status=active&q=morning") == []
    assert len(names("&status=nonsense")) == 3
    assert names("&q=%21%21") == [], "no word finds nothing, and not everything"
    page = text_of(ada.page.get(f"{path}&q=show&status=idle"))
    assert "“show”" in page and "Idle" in page and "take this filter away" in page and "Show everything" in page
    assert "Nothing found" in text_of(ada.page.get(f"{path}&q=nobody"))


def test_the_pages_of_a_filter_keep_it(ada, acting, cast):
    workspace = cast.acme.workspaces["development"]
    for number in range(26):
        make(acting, workspace, f"Show {number}")
    make(acting, workspace, "Other")
    page = text_of(ada.page.get(f"{HOME}?workspace={workspace}&q=show"))
    assert "24 of 26 shown" in page
    on = re.search(r'href="([^"]*page=2[^"]*)"', page)[1]
    assert "q=show" in on and text_of(ada.page.get(on)).count('scope="row"') == 2
