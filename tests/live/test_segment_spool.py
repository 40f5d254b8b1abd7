"""Finished segments on their way into the storage: in order, once each, and found again after a crash at any step."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import pytest

from fastpix.config import instance
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.live import segment_spool
from fastpix.storage import instance as storage
from fastpix.video import live, tools


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """A folder as ffmpeg leaves it: five segments of two seconds and what begins them."""
    folder = tmp_path_factory.mktemp("segments")
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine", "-t", "10"]
    encoded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv"]
    flv = subprocess.run(
        [tools.ffmpeg(), "-v", "error", *source, *encoded, "-"], capture_output=True, check=True
    ).stdout
    subprocess.run(live.from_pipe(), input=flv, cwd=folder, check=True)
    return folder


@pytest.fixture
def spool(tmp_path, segments):
    """The spool of a connection, on a storage of its own, with all segments on ffmpeg's side."""
    with instance.entered(Instance(Settings(instance_path=tmp_path))):
        made = segment_spool.open_spool(uuid4(), "org/workspace/broadcast/connection")
        for file in segments.iterdir():
            (made.folder / file.name).write_bytes(file.read_bytes())
        yield made


def stored(spool):
    return sorted(entry.key.rpartition("/")[2] for entry in storage.get().list(spool.prefix))


def names(spool):
    return [segment.name for segment in spool.stored]


ALL = [f"s{number:05}.m4s" for number in range(5)]


def test_segments_are_stored_in_order_with_their_lengths_and_times(spool):
    assert spool.has_segments
    spool.collect()
    assert names(spool) == ALL and stored(spool) == ["init.mp4", *ALL] and not spool.has_segments
    assert [(round(segment.seconds, 1), segment.frames) for segment in spool.stored] == [(2.0, 60)] * 5
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(spool.stored, spool.stored[1:], strict=False)]
    assert all(abs(gap - 2) < 0.1 for gap in gaps)
    assert spool.video.codecs.startswith("avc1.") and (spool.video.width, spool.video.height) == (320, 180)


def test_a_segment_that_ffmpeg_still_writes_waits(spool):
    (spool.folder / ALL[4]).rename(spool.folder / f"{ALL[4]}.tmp")
    spool.collect()
    assert names(spool) == ALL[:4]


def test_nothing_happens_before_the_first_segment(spool):
    for segment in live.finished(spool.folder):
        segment.unlink()
    spool.collect()
    assert not spool.has_segments and stored(spool) == [] and names(spool) == []


def test_trouble_of_the_storage_loses_nothing_and_keeps_the_order(spool, monkeypatch):
    real, calls = storage.get().add_folder, []

    def fails_at_the_third(folder, prefix):
        calls.append(folder)
        if len(calls) == 3:
            raise OSError("the bucket is away")
        return real(folder, prefix)

    monkeypatch.setattr(storage.get(), "add_folder", fails_at_the_third)
    with pytest.raises(OSError, match="bucket"):
        spool.collect()
    assert names(spool) == ALL[:2]
    spool.collect()
    assert names(spool) == ALL and stored(spool) == ["init.mp4", *ALL]


@pytest.mark.parametrize("listed", [0, 2, 5])
def test_what_a_crash_left_is_taken_up_wherever_it_lay(spool, listed):
    """Stored and written down, stored only, on its way, or still with ffmpeg: each segment comes in exactly once."""
    for name in ALL[2:]:
        (spool.folder / name).rename(spool.folder / f"later-{name}")
    spool.collect()
    for name in ALL[2:]:
        (spool.folder / f"later-{name}").rename(spool.folder / name)
    if listed < 3:  # killed between taking a segment and storing it
        outgoing = storage.get().work_folder(f"{spool.folder.name}-parcel")
        (spool.folder / ALL[2]).rename(outgoing / ALL[2])
    again = segment_spool.open_spool(uuid4(), spool.prefix)
    again.folder = spool.folder
    segment_spool.recover(again, set(ALL[:listed]) if listed < 5 else set(ALL[:2]))
    assert names(again) == ALL[min(listed, 2) :]
    assert stored(again) == ["init.mp4", *ALL]


def test_a_folder_without_anything_playable_is_nothing(spool):
    for file in spool.folder.iterdir():
        file.unlink()
    segment_spool.recover(spool, set())
    assert names(spool) == [] and stored(spool) == []
    spool.remove()
    assert list(segment_spool.leftover_connections()) == []


def test_a_segment_that_cannot_be_read_is_set_aside_and_the_rest_is_kept(spool):
    (spool.folder / ALL[1]).write_bytes(b"")
    (spool.folder / ALL[3]).write_bytes(b"\0\0\0\x10moof" + b"\xff" * 40)
    spool.collect()
    assert names(spool) == [ALL[0], ALL[2], ALL[4]] and not spool.has_segments


def test_an_init_that_is_stored_is_never_replaced(spool):
    storage.get().write(f"{spool.prefix}/init.mp4", b"the first")
    spool.collect()
    assert storage.get().read_bytes(f"{spool.prefix}/init.mp4") == b"the first" and names(spool) == ALL


def test_segments_that_were_trimmed_are_not_taken_up_again(spool):
    spool.collect()
    again = segment_spool.open_spool(uuid4(), spool.prefix)
    again.folder = spool.folder
    segment_spool.recover(again, {ALL[3]})  # the rows of the first three are gone, their bytes not yet
    assert names(again) == [ALL[4]]


def test_folders_of_earlier_runs_are_found_by_their_connection(spool):
    assert [f"live-{found}" for found in segment_spool.leftover_connections()] == [spool.folder.name]
