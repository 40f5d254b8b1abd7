"""What plays of a ladder before all of it is made: only whole segments, told once and for all."""

from __future__ import annotations

import re

import pytest

from fastpix.video import growing, pipeline, probe
from fastpix.video.datatypes import Wish
from fastpix.video.growing import Growing, playlist
from fastpix.video.plan import plan
from tests.video.clips import clip, colour, tone

pytestmark = pytest.mark.full("a ladder is made")
SEGMENT = re.compile(r"#EXTINF:([0-9.]+),\n(\S+)")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A ladder of two rungs and four segments, as it is in the end: the folder and its plan."""
    folder = tmp_path_factory.mktemp("ladder")
    source = clip(folder, "a.avi", *colour("854x480", 5, 20), *tone(20), "-c:v", "mpeg4", "-c:a", "mp2")
    facts = probe.probe(source)
    made = folder / "made"
    made.mkdir()
    pipeline.process(source, made, facts, Wish(), lambda share: None, lambda: False)
    return made, plan(facts, Wish())


@pytest.fixture
def ladder(made, tmp_path, monkeypatch):
    """`ladder(0, 1)`: the named segments appear in both rungs; answers what is handed over then."""
    monkeypatch.setattr(growing, "LOOK_SECONDS", 0.0)
    whole, planned = made
    taken = []
    growth = Growing(tmp_path, planned, taken.append)
    for rung in planned.rungs:
        (tmp_path / rung.name).mkdir()

    def appear(*numbers, rungs=("480p", "360p"), share=1.0):
        taken.clear()
        for name in rungs:
            init = next((whole / name).glob("init*.mp4"))
            (tmp_path / name / init.name).write_bytes(init.read_bytes())
            for number in numbers:
                data = (whole / name / f"s{number:05}.m4s").read_bytes()
                (tmp_path / name / f"s{number:05}.m4s").write_bytes(data[: int(len(data) * share)])
        growth.look()
        return taken[-1] if taken else None

    return appear


def names(rung):
    return [segment.path.name for segment in rung.segments]


def test_a_segment_is_shown_once_the_next_one_has_begun(ladder):
    assert ladder(0) is None
    large, small = ladder(1)
    assert names(large) == names(small) == ["s00000.m4s"]
    assert [names(rung) for rung in ladder(2, 3)] == [["s00000.m4s", "s00001.m4s", "s00002.m4s"]] * 2


def test_nothing_is_shown_before_every_rung_has_a_segment(ladder):
    assert ladder(0, 1, rungs=["360p"]) is None
    assert ladder(0, 1, rungs=["480p"]) is not None


@pytest.mark.parametrize("share", [0, 0.001, 0.02])
def test_a_segment_of_which_a_piece_is_written_counts_for_nothing(ladder, share):
    ladder(0, 1)
    assert [names(rung) for rung in ladder(2, share=share)] in (
        [["s00000.m4s"]] * 2,
        [["s00000.m4s", "s00001.m4s"]] * 2,
    )
    large, small = ladder(2)
    assert names(large) == names(small) == ["s00000.m4s", "s00001.m4s"]


def test_what_is_told_on_the_way_is_what_stands_there_in_the_end(ladder, made):
    ladder(0)
    for number in range(1, 4):
        for rung in ladder(number):
            whole = SEGMENT.findall((made[0] / rung.rendition.name / "index.m3u8").read_text())
            assert SEGMENT.findall(playlist(rung)) == whole[:number]
            assert all(float(seconds) < growing.TARGET_SECONDS for seconds, _ in whole)


def test_the_playlist_begins_at_its_beginning_and_has_no_end(ladder):
    ladder(0)
    text = playlist(ladder(1)[0])
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in text
    assert "#EXT-X-START:TIME-OFFSET=0\n" in text
    assert re.search(r'#EXT-X-MAP:URI="init\w*.mp4"\n', text)
    assert "#EXT-X-ENDLIST" not in text


def test_the_line_in_the_master_holds_for_all_that_is_to_come(ladder, made):
    """Codecs and sizes are those of the end, bandwidths the most that the plan allows."""
    ladder(0)
    whole, planned = made
    for rung, of_plan in zip(ladder(1), planned.rungs, strict=True):
        line = rung.rendition
        assert (line.name, line.width, line.height) == (of_plan.name, of_plan.width, of_plan.height)
        assert line.codecs.startswith("avc1.64")
        assert line.codecs.endswith(",mp4a.40.2")
        assert line.frame_rate == 5.0
        assert line.bandwidth > line.average_bandwidth > of_plan.max_kilobits * 1000
        sizes = [path.stat().st_size for path in sorted((whole / rung.rendition.name).glob("s*.m4s"))]
        assert max(sizes) * 8 / 6 < line.bandwidth
