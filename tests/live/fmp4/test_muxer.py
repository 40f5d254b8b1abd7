"""Our muxer, whatever encoders do: what came is on the disk at once, nothing of it is lost, and times only go on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fastpix.live import segment_files
from fastpix.live.rtmp import flv
from fastpix.video import boxes, live
from tests.live.fmp4.muxing import AAC, X264, by_us, film, is_config, made, muxer, put
from tests.running.frames import tags


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    return tags(made(tmp_path_factory.mktemp("clip") / "clip.flv", *film(), *X264, "-bf", "2", "-g", "60", *AAC))


@pytest.fixture(scope="module")
def media(sent):
    return [tag for tag in sent if not is_config(tag)]


def held(folder, names="s*.m4s"):
    """How many samples of each track the segments have, and the spans of each."""
    tracks = boxes.tracks((folder / "init.mp4").read_bytes())
    counts, spans = {1: 0, 2: 0}, []
    for file in sorted(folder.glob(names)):
        for track, count in boxes.sample_counts(file, tracks).items():
            counts[track] += count
        spans.append(boxes.spans(file, tracks))
    return counts, spans


def counted(tags):
    return {
        1: sum(kind == flv.VIDEO and flv.picture_in(payload) is not None for kind, _, payload in tags),
        2: sum(kind == flv.AUDIO and flv.sound_in(payload) is not None for kind, _, payload in tags),
    }


def test_all_but_the_last_sample_of_each_track_is_written_at_each_flush(sent, media, tmp_path):
    ours = muxer(sent)
    for number, tag in enumerate(media, 1):
        ours.take(*tag)
        if number % 50 == 0:
            put(ours.flush(), tmp_path)
            came = counted(media[:number])
            assert held(tmp_path)[0] == {1: came[1] - 1, 2: came[2] - 1}


def test_segments_follow_each_other_without_a_gap(sent, tmp_path):
    _, spans = held(by_us(sent, tmp_path))
    for before, after in pairwise(spans):
        assert before[1][1] == pytest.approx(after[1][0], abs=0.001)
        assert before[2][1] == pytest.approx(after[2][0], abs=0.001)


def test_a_segment_is_whole_once_its_sound_has_come_and_the_next_one_grows_meanwhile(sent, media, tmp_path):
    ours = muxer(sent)
    pictures, sounds = ([tag for tag in media if tag[0] == kind] for kind in (flv.VIDEO, flv.AUDIO))
    early = [tag for tag in pictures if tag[1] < 2500] + [tag for tag in sounds if tag[1] < 1500]
    for tag in early:
        ours.take(*tag)
    writes = ours.flush()
    assert [(write.name, write.is_whole) for write in writes] == [
        ("init.mp4", True),
        ("s00000.m4s", False),
        ("s00001.m4s", False),
    ]
    for tag in (tag for tag in sounds if 1500 <= tag[1] < 2500):
        ours.take(*tag)
    assert [(write.name, write.is_whole) for write in ours.flush()] == [("s00000.m4s", True), ("s00001.m4s", False)]


def test_sound_that_is_later_than_another_keyframe_is_not_lost(sent, media, tmp_path):
    """Its segment was finished without it: it is in the next one."""
    late = sorted(media, key=lambda tag: tag[1] + (4500 if tag[0] == flv.AUDIO else 0))
    ours = muxer(sent)
    ours.flush()
    for number, tag in enumerate(late):
        ours.take(*tag)
        if number % 8 == 0:
            put(ours.flush(), tmp_path)
    put(ours.end(), tmp_path)
    (tmp_path / "init.mp4").write_bytes(muxer(sent).flush()[0].data)
    assert held(tmp_path)[0] == counted(media)


def test_a_film_cut_off_anywhere_is_whole_to_its_last_fragment(sent, tmp_path):
    folder = by_us(sent, tmp_path)
    file, tracks = folder / "s00001.m4s", boxes.tracks((folder / "init.mp4").read_bytes())
    data, before = file.read_bytes(), 0
    for size in range(40, len(data), len(data) // 23):
        (cut := folder / "s00001.m4s.open").write_bytes(data[:size])
        file.unlink()
        segment_files.finish(folder)
        assert not cut.exists()
        count = boxes.sample_counts(file, tracks)[1] if file.exists() else 0
        assert count >= before and (not count or live.measure(file, folder / "init.mp4").frames == count)
        before = count
        file.write_bytes(b"")
    assert before > 50


def test_pictures_of_the_same_time_or_an_earlier_one_are_decoded_one_after_the_other(sent, media, tmp_path):
    pictures = [tag for tag in media if tag[0] == flv.VIDEO and tag[1] < 2000]
    odd = [(kind, at - (at % 200), payload) for kind, at, payload in pictures[:-1]] + [
        (flv.VIDEO, 500, pictures[-1][2])
    ]
    ours = muxer([tag for tag in sent if tag[0] == flv.VIDEO])
    for tag in odd:
        ours.take(*tag)
    put(ours.end(), tmp_path)
    assert held(tmp_path)[0][1] == len(odd)
    tracks = boxes.tracks((tmp_path / "init.mp4").read_bytes())
    durations = []
    for _, _, run, _ in boxes._runs(tmp_path / "s00000.m4s", tracks):
        count = int.from_bytes(run[4:8], "big")
        durations += [int.from_bytes(run[12 + 16 * number : 16 + 16 * number], "big") for number in range(count)]
    assert len(durations) == len(odd) and min(durations) >= 1 and sum(durations[:-1]) < 2000 * 16


def test_sound_handed_over_in_heaps_is_even(sent, media, tmp_path):
    """Several frames with the time of the last of them."""
    heaps = [(kind, at - at % 100 if kind == flv.AUDIO else at, payload) for kind, at, payload in media]
    by_us([tag for tag in sent if is_config(tag)] + heaps, tmp_path)
    assert held(tmp_path)[0] == counted(media)
    tracks = boxes.tracks((tmp_path / "init.mp4").read_bytes())
    runs = [run for file in sorted(tmp_path.glob("s*.m4s")) for run in boxes._runs(file, tracks) if run[0].id == 2]
    # In a run whose frames differ each has a length of its own.
    assert sum(bool(int.from_bytes(box[1:4], "big") & 0x100) for _, _, box, _ in runs) <= 1  # the first heap is smaller
    assert {duration for _, _, box, duration in runs if not int.from_bytes(box[1:4], "big") & 0x100} == {1024}


def test_what_nobody_can_decode_is_left_out(sent, media, tmp_path):
    """Pictures before the first keyframe; what announces an end; what is empty."""
    keyframe = next(place for place, tag in enumerate(media) if tag[1] > 100 and flv.is_keyframe(tag[2]))
    odd = [
        (flv.VIDEO, 0, b"\x17\x02\x00\x00\x00"),
        (flv.VIDEO, 0, b"\x27\x01\x00\x00\x00"),
        (flv.AUDIO, 0, b"\xaf\x01"),
    ]
    by_us([tag for tag in sent if is_config(tag)] + odd + media[30:], tmp_path)
    assert held(tmp_path)[0] == {1: counted(media[keyframe:])[1], 2: counted(media[30:])[2]}


def test_newer_forms_of_the_same_tags_are_the_same(sent, media, tmp_path):
    def newer(tag):
        kind, at, payload = tag
        if kind == flv.AUDIO:
            return kind, at, b"\x91mp4a" + payload[2:]
        return kind, at, bytes((0x80 | payload[0] & 0xF0 | 1,)) + b"avc1" + payload[2:]

    (old := tmp_path / "old").mkdir()
    (new := tmp_path / "new").mkdir()
    by_us(sent, old)
    by_us([tag for tag in sent if is_config(tag)] + [newer(tag) for tag in media], new)
    assert [file.read_bytes() for file in sorted(new.iterdir())] == [
        file.read_bytes() for file in sorted(old.iterdir())
    ]
