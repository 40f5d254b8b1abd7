"""What encoders send with B-frames: in step in the segments that viewers of a broadcast fetch, and in its recording."""

from __future__ import annotations

import subprocess

import pytest

from fastpix.video import live, package, recording, stretches
from tests.video.clips import clip
from tests.video.flashes import as_ffmpeg, own_times, picture, sound
from tests.video.odd_films import AAC, B_FRAMES, NAMED, Film, later
from tests.video.packages import make

pytestmark = pytest.mark.full("broadcasts are packaged, recorded and processed")

TEN = (*picture(rate=10), *sound(), *B_FRAMES, "-g", "20", *AAC)
SENT = (
    Film("b-frames flv", NAMED["b-frames flv"].make),
    Film("b-frames, 10 a second flv", lambda folder, name: clip(folder, name, *TEN), rate=10),
    Film("sound 0.4 s late flv", lambda folder, name: clip(folder, name, *picture(), *later(0.4), *B_FRAMES, *AAC)),
)


def packaged(film, folder):
    """The folder that ingest would have filled with what an encoder sent."""
    folder.mkdir()
    with film.open("rb") as sent:
        subprocess.run(live.from_pipe(), cwd=folder, stdin=sent, check=True, timeout=60)
    return folder


def joined(folder, to):
    to.write_bytes(b"".join(path.read_bytes() for path in (folder / live.INIT, *live.finished(folder))))
    return to


@pytest.mark.parametrize("film", SENT, ids=lambda film: film.name)
def test_a_broadcast_and_its_recording_are_in_step(film, tmp_path, each_ffmpeg):
    sent = packaged(film.at(tmp_path), tmp_path / "live")
    for look in (own_times, as_ffmpeg):
        assert not film.faults(*look(joined(sent, tmp_path / "joined.mp4")))
    (tmp_path / "work").mkdir()
    taken = stretches.join(sent / live.INIT, live.finished(sent), tmp_path / "work")
    recording.assemble(taken.stretches, tmp_path / "recording")
    assert not film.faults(*as_ffmpeg(tmp_path / "recording"))
    (tmp_path / "out").mkdir()
    made = make(tmp_path / "recording", tmp_path / "out")
    assert made.is_copy
    assert not film.faults(*own_times(package.join(package.read(tmp_path / "out/source"), tmp_path / "played.mp4")))
