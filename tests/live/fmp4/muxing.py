"""Segments in a folder, made of the same tags by our muxer and by ffmpeg, as ingest runs it."""

from __future__ import annotations

import subprocess

from fastpix.live.fmp4 import setup
from fastpix.live.fmp4.muxer import Muxer
from fastpix.live.rtmp import flv
from fastpix.video import live, tools

SOURCE = ("-f", "lavfi", "-i")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0")
AAC = ("-c:a", "aac")


def film(seconds=7, rate="30", sound="sine=sample_rate=48000"):
    """Arguments of ffmpeg: a moving picture of that many a second, and a tone."""
    tone = (*SOURCE, sound) if sound else ()
    return (*SOURCE, f"testsrc2=size=320x180:rate={rate}", *tone, "-t", str(seconds))


def made(file, *arguments):
    """A clip that ffmpeg makes."""
    subprocess.run([tools.ffmpeg(), "-y", "-v", "error", *arguments, str(file)], check=True, timeout=60)
    return file


def is_config(tag):
    kind, _, payload = tag
    return flv.is_video_config(payload) if kind == flv.VIDEO else kind == flv.DATA or flv.is_audio_config(payload)


def muxer(tags):
    """One that is set up as these tags say."""
    found = setup.of({kind: payload for kind, _, payload in tags if kind != flv.DATA and is_config((kind, 0, payload))})
    assert found is not None
    return Muxer(found)


def put(writes, folder):
    for write in writes:
        with (folder / write.name).open("ab") as file:
            file.write(write.data)


def by_us(tags, folder, every=8):
    """Segments that our muxer makes, which writes after so many tags."""
    ours = muxer(tags)
    put(ours.flush(), folder)
    for number, tag in enumerate(tag for tag in tags if not is_config(tag)):
        ours.take(*tag)
        if number % every == every - 1:
            put(ours.flush(), folder)
    put(ours.end(), folder)
    return folder


def by_ffmpeg(tags, folder):
    kinds = {kind for kind, _, _ in tags} - {flv.DATA}
    data = flv.header(kinds) + b"".join(flv.tag(*tag) for tag in tags)
    subprocess.run(live.from_pipe(), input=data, cwd=folder, check=True, timeout=60)
    return folder
