"""A few damaged files of each kind, with seeds that are kept: the many are for `scripts/mutated_files.py`."""

from __future__ import annotations

import pytest

from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.video import run
from fastpix.video.datatypes import Failed, Limits
from scripts import mutated_files
from tests.video.clips import H264, picture

# Seen to end well with both ffmpegs.
SEEDS = range(24)
pytestmark = pytest.mark.full("damaged films of every kind, by the probe and by ffmpeg")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    with entered(Instance(Settings())):
        return mutated_files.make(tmp_path_factory.mktemp("films"))


@pytest.mark.parametrize(("seeds", "whole"), [(SEEDS, False), (SEEDS[::6], True)])
def test_damaged_files_end_in_facts_or_in_a_sentence(films, tmp_path, ffmpeg, seeds, whole):
    watch = mutated_files.Watch(tmp_path / "secrets", films[0])
    watch.was_opened()
    counted, wrong = mutated_files.run(films, seeds, tmp_path, 2, whole=whole)
    assert wrong == []
    assert sum(counted.values()) == len(seeds)
    assert not watch.was_opened()


def test_the_same_seed_makes_the_same_file_and_another_one_another(films):
    whole = films[0].read_bytes()
    assert mutated_files.mutate(whole, 1) == mutated_files.mutate(whole, 1)
    assert len({mutated_files.mutate(whole, seed) for seed in range(50)} - {whole}) == 50


@pytest.mark.parametrize("signal", ["ABRT", "SEGV"])
def test_an_ffmpeg_that_dies_blames_no_file_and_the_log_says_so(make_clip, tmp_path, caplog, signal):
    source = make_clip("plain.mp4", *picture(), *H264)
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho Assertion failed >&2\nkill -{signal} $$\n")
    program.chmod(0o755)
    with entered(Instance(Settings(ffmpeg=str(program)))), pytest.raises(Failed) as failed:
        run.ffmpeg([*run.HARD, "-i", str(source)], folder=tmp_path, planned_seconds=1, limits=Limits())
    assert str(failed.value) == run.BROKE
    assert f"SIG{signal}" in caplog.text


def test_an_ffmpeg_without_memory_says_that(make_clip, tmp_path):
    source = make_clip("plain.mp4", *picture(), *H264)
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho 'x264: Cannot allocate memory' >&2\nexit 1\n")
    program.chmod(0o755)
    with (
        entered(Instance(Settings(ffmpeg=str(program)))),
        pytest.raises(Failed, match="too much memory: more than 3 GiB"),
    ):
        run.ffmpeg([*run.HARD, "-i", str(source)], folder=tmp_path, planned_seconds=1, limits=Limits())
