"""The master playlist is composed as RFC 8216 wants it, filtered as the query and the playback id say."""

from __future__ import annotations

import pytest

from fastpix.delivery import master_playlist
from fastpix.delivery.master_playlist import Selection
from fastpix.errors import Invalid
from tests.delivery.screening import HEIGHTS, rendition

ALL = [rendition(name) for name in HEIGHTS]


def names(found):
    return [each["name"] for each in found]


def composed(renditions, tracks=(), **uris):
    return master_playlist.master(
        renditions, tracks, **{"version_uri": "m/v1", "tracks_uri": "m/tracks"} | uris
    ).splitlines()


def track(kind, **given):
    known = {"id": "t1", "type": kind, "version": "v9", "language_code": "it", "language_name": "Italian", "title": ""}
    return known | {"details": {}} | given


def test_a_variant_says_all_that_a_player_chooses_by():
    assert composed([rendition("720p", frame_rate=29.97)]) == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-STREAM-INF:BANDWIDTH=2160000,AVERAGE-BANDWIDTH=1800000,CODECS="avc1.64001f,mp4a.40.2",'
        "RESOLUTION=1280x720,FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE",
        "m/v1/720p/index.m3u8",
    ]


def test_sound_alone_has_neither_size_nor_frame_rate():
    line = composed([rendition("audio", codecs="mp4a.40.2", frame_rate=0.0)])[3]
    assert "RESOLUTION" not in line
    assert "FRAME-RATE" not in line
    assert 'CODECS="mp4a.40.2"' in line


def test_an_added_sound_stands_beside_the_variants_own_which_has_no_address():
    lines = composed(ALL, [track("audio")])
    assert lines[3] == '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Default",DEFAULT=YES,AUTOSELECT=YES'
    assert lines[4] == (
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Italian",LANGUAGE="it",DEFAULT=NO,AUTOSELECT=YES,'
        'URI="m/tracks/t1/v9/index.m3u8"'
    )
    assert all('AUDIO="sound"' in line for line in lines if "STREAM-INF" in line)


def test_where_the_film_is_silent_the_first_added_sound_is_the_default():
    lines = composed([rendition("720p", codecs="avc1.64001f")], [track("audio"), track("audio", id="t2")])
    assert 'DEFAULT=YES,AUTOSELECT=YES,URI="m/tracks/t1' in lines[3]
    assert 'NAME="Italian 2"' in lines[4]
    assert "DEFAULT=NO" in lines[4]
    assert 'CODECS="avc1.64001f,mp4a.40.2"' in lines[5]


def test_an_added_sound_counts_in_the_bandwidth():
    heavy = track("audio", details={"bandwidth": 1000, "average_bandwidth": 900, "codecs": "mp4a.40.2"})
    assert "BANDWIDTH=2161000,AVERAGE-BANDWIDTH=1800900" in composed([rendition("720p")], [heavy])[5]


def test_subtitles_are_a_group_of_their_own():
    lines = composed([rendition("720p")], [track("subtitle")])
    assert lines[3] == (
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Italian",LANGUAGE="it",DEFAULT=NO,AUTOSELECT=YES,'
        'FORCED=NO,URI="m/tracks/t1/v9/index.m3u8"'
    )
    assert 'SUBTITLES="text"' in lines[4]


@pytest.mark.parametrize(
    "title", ['x"\n#EXT-X-KEY:METHOD=NONE', 'a",URI="https://evil.example', "\u2028x\r\n#EXTINF:1,"]
)
def test_a_title_can_add_neither_a_line_nor_an_attribute(title):
    lines = composed([rendition("720p")], [track("subtitle", title=title)])
    assert len(lines) == 6
    assert lines[3].count('"') == 8
    assert not any(line.startswith(("#EXT-X-KEY", "#EXTINF")) for line in lines)


def test_renditions_come_in_the_order_asked_for_and_the_smallest_first_otherwise():
    assert names(master_playlist.selected(ALL, Selection())) == ["360p", "720p", "1080p"]
    assert names(master_playlist.selected(ALL, Selection(is_descending=True))) == ["1080p", "720p", "360p"]


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        (Selection(least=700), ["720p", "1080p"]),
        (Selection(most=720), ["360p", "720p"]),
        (Selection(least=360, most=360), ["360p"]),
        (Selection(exactly=720), ["720p"]),
        (Selection(most=240), ["360p"]),
        (Selection(least=240, most=300), ["360p"]),
    ],
)
def test_the_query_leaves_out_what_it_does_not_want(wish, left):
    assert names(master_playlist.selected(ALL, wish)) == left


def test_a_query_that_leaves_nothing_is_told_what_there_is():
    with pytest.raises(Invalid) as caught:
        master_playlist.selected(ALL, Selection(exactly=480))
    assert caught.value.fields == {"resolution": "There is none such. This media has 360p, 720p, 1080p."}


def test_sound_alone_is_no_matter_of_resolution():
    assert names(master_playlist.selected([rendition("audio")], Selection(most=360))) == ["audio"]


def test_the_short_side_counts_so_a_portrait_720p_is_720p():
    portrait = rendition("720p", width=720, height=1280)
    assert names(master_playlist.capped([portrait, rendition("1080p")], 720)) == ["720p"]


def test_every_bad_field_of_a_query_is_said_by_its_name():
    with pytest.raises(Invalid) as caught:
        master_playlist.selection(
            {"minResolution": "low", "maxResolution": "٧٢٠p", "resolution": "720", "renditionOrder": "up"}
        )
    assert set(caught.value.fields) == {"minResolution", "maxResolution", "resolution", "order"}


def test_a_least_above_the_most_is_refused():
    with pytest.raises(Invalid) as caught:
        master_playlist.selection({"minResolution": "1080p", "maxResolution": "360p"})
    assert set(caught.value.fields) == {"minResolution"}


def test_a_good_query_is_understood():
    wish = master_playlist.selection(
        {"minResolution": "360p", "maxResolution": "1080p", "renditionOrder": "desc", "token": "x"}
    )
    assert wish == Selection(360, 1080, None, True)
    assert master_playlist.selection({}) == Selection()
