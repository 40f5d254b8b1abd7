"""Recordings: what encoders sent, in segments as ingest cuts them, becomes one file that plays from beginning to end."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fastpix.video import boxes, probe, recording, run, stretches, tools
from fastpix.video.datatypes import Failed, Limits, Stopped
from tests.video.clips import H264, picture, tone
from tests.video.cutting import cut, listed

ENCODER = (*H264, "-bf", "2", "-g", "60", "-c:a", "aac")


@pytest.fixture(scope="module")
def sent(make_clip, tmp_path_factory):
    """`sent("name", *inputs and encoder)`: the folder that ingest would have made of it. Not to be changed by a test."""
    made = {}

    def make(*arguments, before=(), after=()):
        key = (tools.ffmpeg(), arguments, before, after)
        if key not in made:
            made[key] = cut(
                make_clip("sent.flv", *arguments, "-f", "flv"), tmp_path_factory.mktemp("sent"), before, after
            )
        return made[key]

    return make


@pytest.fixture
def usual(sent):
    """Seven seconds of picture and sound."""
    return sent(*picture(seconds=7), *tone(7), *ENCODER)


@pytest.fixture
def work(tmp_path):
    """The folder of the stretches; `out` beside it is where recordings go."""
    (tmp_path / "out").mkdir()
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def take(folder, work, *, missing=(), torn=()):
    """Join what was sent, as the worker does: from copies, since they are consumed."""
    copies = []
    for number, segment in enumerate(sorted(folder.glob("s*.m4s"))):
        copy = work / f"segment-{len(list(work.iterdir()))}"
        shutil.copy(segment, copy)
        if number in torn:
            with copy.open("r+b") as file:
                file.truncate(copy.stat().st_size * 2 // 3)
        copies.append(None if number in missing else copy)
    return stretches.join(folder / "init.mp4", copies, work)


def assemble(work, *joined, **options):
    to = work.parent / "out" / "source"
    return recording.assemble([each for one in joined for each in one.stretches], to, **options), to


def complaints(path):
    """What ffmpeg says when it decodes the whole file."""
    command = [tools.ffmpeg(), "-hide_banner", "-v", "error", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr


def begins(path):
    """When the file, and each of its streams, begins, as ffmpeg sees it."""
    said = subprocess.run([tools.ffmpeg(), "-hide_banner", "-i", str(path)], capture_output=True, text=True).stderr
    return float(said.partition("start: ")[2].partition(",")[0])


def check(path, seconds, *, within=0.5):
    """It is a regular MP4 that begins at zero with its index, decodes cleanly and is as long as it was sent."""
    raw = path.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")
    assert b"moof" not in raw
    assert complaints(path) == ""
    assert begins(path) == pytest.approx(0, abs=0.001)
    facts = probe.probe(path)
    assert facts.duration == pytest.approx(seconds, abs=within)
    return facts


def test_one_connection_is_copied_and_begins_at_zero(usual, work, each_ffmpeg):
    shares = []
    joined = take(usual, work)
    made, path = assemble(work, joined, report=shares.append)
    facts = check(path, sum(listed(usual)))
    assert (made.is_copy, len(joined.stretches), joined.damaged) == (True, 1, 0)
    assert made.seconds == pytest.approx(facts.duration, abs=0.01)
    assert (facts.video.width, facts.video.height, len(facts.audio)) == (320, 180, 1)
    assert facts.video.longest_gop == pytest.approx(2.0, abs=0.05)
    assert shares[-1] == pytest.approx(1.0)
    assert not [file for file in work.iterdir() if file.name.startswith("segment")], "segments go once they are in"


def test_an_encoder_that_came_back_twice_leaves_no_gaps(usual, sent, work, each_ffmpeg):
    later = sent(*picture(seconds=5), *tone(5), *ENCODER, after=("-output_ts_offset", "17000"))
    folders = [usual, later, usual]
    made, path = assemble(work, *[take(folder, work) for folder in folders])
    facts = check(path, sum(sum(listed(folder)) for folder in folders))
    assert made.is_copy
    assert facts.duration == pytest.approx(19, abs=0.3)


@pytest.mark.parametrize(("before", "after"), [((), ("-output_ts_offset", "17000")), (("-copyts",), ())])
def test_timestamps_of_many_hours_begin_at_zero_all_the_same(sent, work, before, after):
    offset = ("-output_ts_offset", "17000") if before else ()
    folder = sent(*picture(seconds=5), *tone(5), *ENCODER, *offset, before=before, after=after)
    made, path = assemble(work, take(folder, work), take(folder, work))
    check(path, 2 * sum(listed(folder)))
    assert made.is_copy


def test_sound_that_begins_before_the_picture_stays_in_step(sent, work):
    folder = sent("-itsoffset", "0.7", *picture(seconds=4), *tone(4), *ENCODER)
    joined = take(folder, work)
    made, path = assemble(work, joined)
    check(path, 4.7, within=0.2)
    said = subprocess.run([tools.ffmpeg(), "-hide_banner", "-i", str(path)], capture_output=True, text=True).stderr
    line = next(line for line in said.splitlines() if "Video:" in line)
    assert float(line.partition("start ")[2].split()[0]) == pytest.approx(0.7, abs=0.1)
    assert made.is_copy


def test_pictures_without_sound_are_copied(sent, work):
    folder = sent(*picture(seconds=5), *ENCODER)
    made, path = assemble(work, take(folder, work), take(folder, work))
    facts = check(path, 2 * sum(listed(folder)))
    assert (made.is_copy, facts.audio) == (True, ())


def test_sound_alone_is_copied(sent, work):
    folder = sent(*tone(5), "-c:a", "aac")
    made, path = assemble(work, take(folder, work), take(folder, work))
    facts = check(path, 2 * sum(listed(folder)))
    assert (made.is_copy, facts.video) == (True, None)


def test_pictures_of_another_size_get_the_one_that_was_sent_longest(usual, sent, work, each_ffmpeg):
    small = sent(*picture("160x120", seconds=3), *tone(3), *ENCODER)
    shares = []
    made, path = assemble(work, take(small, work), take(usual, work), report=shares.append)
    facts = check(path, sum(listed(small) + listed(usual)))
    assert not made.is_copy
    assert (facts.video.width, facts.video.height) == (320, 180)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_where_the_sound_was_away_there_is_silence_and_the_picture_is_copied(usual, sent, work, each_ffmpeg):
    silent = sent(*picture(seconds=5), *ENCODER)
    made, path = assemble(work, take(silent, work), take(usual, work), take(silent, work))
    facts = check(path, sum(listed(silent) + listed(usual) + listed(silent)))
    assert not made.is_copy and made.cpu_seconds < 3
    assert (len(facts.audio), facts.audio[0].sample_rate, facts.audio[0].channels) == (1, 44100, 1)
    assert (
        "x264" not in path.read_bytes().decode("latin-1")[:0] and volume(path, 0, 4) < -80 and volume(path, 6, 4) > -40
    )


def codecs(folder):
    """The boxes of the picture's sample entry."""
    stsd = next(content for name, content in boxes.walk((folder / "init.mp4").read_bytes()) if name == b"stsd")
    return next(boxes.walk(stsd[8:]))[1][boxes.VISUAL_ENTRY :]


def volume(path, start, seconds):
    """The mean volume of a part in dB."""
    command = [tools.ffmpeg(), "-hide_banner", "-ss", str(start), "-i", str(path), "-t", str(seconds)]
    command += ["-af", "volumedetect", "-vn", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr
    return float(said.partition("mean_volume: ")[2].split()[0])


def test_sound_of_another_rate_becomes_the_one_that_was_sent_longest(usual, sent, work):
    other = sent(*picture(seconds=3), *tone(3), *ENCODER, "-ar", "22050", "-ac", "2")
    made, path = assemble(work, take(usual, work), take(other, work))
    facts = check(path, sum(listed(usual) + listed(other)))
    assert not made.is_copy
    assert (facts.audio[0].sample_rate, facts.audio[0].channels) == (44100, 1)
    assert volume(path, 7.5, 2) > -40


def test_where_the_picture_was_away_it_is_black(usual, sent, work):
    heard = sent(*tone(3), "-c:a", "aac")
    made, path = assemble(work, take(usual, work), take(heard, work))
    facts = check(path, sum(listed(usual) + listed(heard)))
    assert not made.is_copy
    assert (facts.video.width, facts.video.height) == (320, 180)


def test_a_last_segment_that_is_cut_off_is_left_out(usual, work):
    joined = take(usual, work, torn={3})
    made, path = assemble(work, joined)
    check(path, 6.0)
    assert (joined.damaged, made.is_copy) == (1, True)


@pytest.mark.parametrize("how", ["missing", "torn"])
def test_a_segment_in_the_middle_that_is_gone_leaves_no_gap(usual, work, how):
    joined = take(usual, work, **{how: {1}})
    assert [round(each.seconds) for each in joined.stretches] == [2, 3]
    _, path = assemble(work, joined)
    check(path, sum(listed(usual)) - 2)
    assert joined.damaged == (how == "torn")


def test_of_a_connection_whose_beginning_is_no_video_nothing_is_used(usual, work, tmp_path):
    bad = tmp_path / "bad"
    shutil.copytree(usual, bad)
    (bad / "init.mp4").write_bytes(b"\0\0\0\x14ftypisom")
    assert take(bad, work) == stretches.Joined((), 4)
    (bad / "s00000.m4s").write_bytes(b"<html>no segment at all</html>")
    shutil.copy(usual / "init.mp4", bad / "init.mp4")
    joined = take(bad, work)
    assert (len(joined.stretches), joined.damaged) == (1, 1)


def test_a_recording_that_came_out_short_is_none(usual, work):
    joined = take(usual, work)
    promised = [stretches.Stretch(each.path, each.kind, 60.0, each.size) for each in joined.stretches]
    with pytest.raises(Failed, match=r"7\.0 seconds long instead of 60\.0"):
        recording.assemble(promised, work.parent / "out" / "source")


def test_work_that_is_called_off_stops(usual, sent, work):
    with pytest.raises(Stopped):
        stretches.join(usual / "init.mp4", [usual / "s00000.m4s"], work, should_stop=lambda: True)
    small = sent(*picture("160x120", seconds=3), *tone(3), *ENCODER)
    joined = [take(usual, work), take(small, work)]
    with pytest.raises(Stopped):
        assemble(work, *joined, should_stop=lambda: True)


def listing(folder, text, name="list.ffconcat"):
    path = folder / name
    path.write_text(text)
    return [*run.LISTED, "-i", str(path), "-c", "copy", "out.mp4"]


def test_a_list_may_name_nothing_but_our_own_files_beside_it(usual, work, tmp_path):
    joined = take(usual, work)
    good = f"ffconcat version 1.0\nfile '{joined.stretches[0].path.name}'\nduration 7.000000\n"
    head = "ffconcat version 1.0\n"
    for text in (
        f"{head}file '/etc/p00000.mp4'\nduration 7.000000\n",
        f"{head}file '../p00000.mp4'\nduration 7.000000\n",
        f"{head}file 'source'\nduration 7.000000\n",
        f"{head}file 'http://127.0.0.1/p00000.mp4'\nduration 7.000000\n",
        good + "option safe 0\n",
        good.replace("1.0\n", "1.0\r\n"),
        head,
        "",
    ):
        with pytest.raises(ValueError, match="not a list of our own"):
            run.ffmpeg(listing(work, text), folder=work, planned_seconds=7, limits=Limits())
    arguments = listing(work, good)
    for wrong in (
        ["-f", "concat", *run.HARD, "-i", arguments[-4], "out.mp4"],
        [*run.HARD, "-f", "concat", "-safe", "0", "-i", arguments[-4], "out.mp4"],
        [*run.LISTED, "-safe", "0", "-i", arguments[-4], "out.mp4"],
    ):
        with pytest.raises((ValueError, Failed)):
            run.ffmpeg(wrong, folder=work, planned_seconds=7, limits=Limits())
    link = tmp_path / "link.ffconcat"
    link.symlink_to(work / "list.ffconcat")
    with pytest.raises(ValueError, match="not a list"):
        run.ffmpeg([*run.LISTED, "-i", str(link), "out.mp4"], folder=work, planned_seconds=7, limits=Limits())
    assert not (work / "out.mp4").exists()
    run.ffmpeg(arguments, folder=work, planned_seconds=7, limits=Limits())
    assert Path(work / "out.mp4").stat().st_size > 1000


def test_a_stranger_s_playlist_in_a_stretch_is_not_followed(usual, work, secrets):
    """Even a stretch that is none: the demuxers of the list's files are those of MP4."""
    joined = take(usual, work)
    joined.stretches[0].path.write_text(f"#EXTM3U\n#EXTINF:2,\n{secrets.folder}/secret.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(Failed, match="could not be put together") as failed:
        assemble(work, joined)
    assert failed.value.log
