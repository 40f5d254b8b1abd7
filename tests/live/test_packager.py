"""Who makes the segments of a part: we where that is proved, else ffmpeg; and what lies on the disk when we are killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import pytest

from fastpix.live import segment_files
from fastpix.live.executor import Executor
from fastpix.live.fmp4.muxer import Muxer
from fastpix.live.packager import Packager
from fastpix.live.rtmp import flv
from fastpix.video import boxes
from tests.live.fmp4.muxing import AAC, X264, film, is_config, made
from tests.live.test_segment_files import files_of_at_most
from tests.running.frames import tags

SECONDS = 5


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return made(tmp_path_factory.mktemp("clip") / "clip.flv", *film(SECONDS), *X264, "-g", "60", *AAC)


def packaged(sent, folder, *, starts_late=False, pauses=False):
    """Feed the tags, heads first, and end; with `pauses` what came in a second is written. The packager, and what it called: True for pause."""
    waits = []

    async def go():
        executor = Executor(None)  # without a database
        packager = Packager(executor, lambda: waits.append(True), lambda: waits.append(False))
        if not starts_late:
            await packager.start(folder)
        packager.begin({kind for kind, _, _ in sent} - {flv.DATA})
        for tag in sorted(sent, key=lambda tag: not is_config(tag)):
            packager.feed(*tag)
            if pauses and tag[1] % 1000 == 0:
                await asyncio.sleep(0.3)
        if starts_late:
            await packager.start(folder)
        await packager.end()
        await asyncio.sleep(0)
        executor.close()
        return packager

    return asyncio.run(go()), waits


def pictures(folder):
    tracks = boxes.tracks((folder / "init.mp4").read_bytes())
    return [boxes.sample_counts(file, tracks).get(1, 0) for file in sorted(folder.glob("s*.m4s"))]


@pytest.mark.parametrize("starts_late", [False, True])
def test_what_encoders_usually_send_takes_no_ffmpeg(clip, tmp_path, starts_late):
    packager, waits = packaged(tags(clip), tmp_path, starts_late=starts_late)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["init.mp4", "s00000.m4s", "s00001.m4s", "s00002.m4s"]
    assert pictures(tmp_path) == [60, 60, 30] and not packager.has_ended and waits in ([], [True, False])


@pytest.mark.parametrize("starts_late", [False, True])
def test_everything_else_is_left_to_ffmpeg(clip, tmp_path, starts_late):
    alone = [tag for tag in tags(clip) if tag[0] == flv.AUDIO]
    packaged(alone, tmp_path, starts_late=starts_late)
    assert (tmp_path / "index.m3u8").exists() and sum(pictures(tmp_path)) > SECONDS * 40


def test_nothing_that_came_leaves_nothing(tmp_path):
    packager, _ = packaged([], tmp_path)
    assert list(tmp_path.iterdir()) == [] and not packager.has_ended


def test_a_disk_that_is_full_ends_it_and_what_was_written_is_whole(clip, tmp_path):
    with files_of_at_most(20_000):
        packager, _ = packaged(tags(clip), tmp_path)
    assert packager.has_ended and "File too large" in packager.log
    # What fitted is still there for viewers and the recording.
    assert not segment_files.is_ours(tmp_path) and sum(pictures(tmp_path)) > 0


def test_a_fault_of_our_muxer_ends_it_and_what_was_written_is_whole(clip, tmp_path, monkeypatch):
    flush = Muxer.flush

    def fails(muxer):
        if any(segment.number for segment in muxer._segments):
            raise ValueError("a fault of ours")
        return flush(muxer)

    monkeypatch.setattr(Muxer, "flush", fails)
    packager, _ = packaged(tags(clip), tmp_path, pauses=True)
    assert packager.has_ended and "a fault of ours" in packager.log
    assert not segment_files.is_ours(tmp_path) and sum(pictures(tmp_path)) > 0


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from fastpix.live.executor import Executor
from fastpix.live.packager import Packager
from tests.live.fmp4.muxing import is_config
from tests.running.frames import tags

async def go(clip, folder, until):
    packager = Packager(Executor(None), lambda: None, lambda: None)
    await packager.start(folder)
    packager.begin({8, 9})
    for tag in sorted(tags(clip), key=lambda tag: not is_config(tag)):
        if tag[1] < until:
            packager.feed(*tag)
    while not ((file := folder / "s00001.m4s.open").exists() and file.stat().st_size):
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(go(Path(sys.argv[1]), Path(sys.argv[2]), 3300))
"""


def test_what_came_survives_kill_9(clip, tmp_path):
    ran = subprocess.run([sys.executable, "-c", KILLED, str(clip), str(tmp_path)], timeout=60, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert segment_files.is_ours(tmp_path)
    segment_files.finish(tmp_path)
    assert pictures(tmp_path) == [60, 38]  # of 99, but for the one whose length was not known yet
