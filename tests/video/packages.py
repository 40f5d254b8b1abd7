"""What a test asks of a packaged rendition: whether a player that knows nothing of us would play it."""

from __future__ import annotations

import re
from array import array

import av

from fastpix.video import package, pipeline, probe
from fastpix.video.datatypes import Wish


def make(source, folder, wish=None, *, report=lambda share: None, should_stop=lambda: False):
    """The whole way of a file: probed, then made playable in `folder`."""
    return pipeline.process(source, folder, probe.probe(source), wish or Wish(), report, should_stop)


def played(folder, to):
    """The facts of a rendition, read by another program: init and segments one after the other."""
    return probe.probe(package.join(package.read(folder), to / f"{folder.name}.joined.mp4"))


def durations(folder):
    """What the playlist says of each segment, in seconds."""
    return [float(seconds) for seconds in re.findall(r"#EXTINF:([0-9.]+)", (folder / "index.m3u8").read_text())]


def levels(folder):
    """The loudest sample of each channel of the first rendition."""
    rendition = next(path.parent for path in sorted(folder.rglob("index.m3u8")))
    whole = b"".join(p.read_bytes() for p in (rendition / "init.mp4", *sorted(rendition.glob("*.m4s"))))
    (folder / "joined.mp4").write_bytes(whole)
    with av.open(str(folder / "joined.mp4")) as container:
        frames = list(container.decode(audio=0))
        assert {frame.format.name for frame in frames} == {"fltp"}
        samples = [[array("f", bytes(plane)[: frame.samples * 4]) for plane in frame.planes] for frame in frames]
    return [max(max(map(abs, frame[channel])) for frame in samples) for channel in range(len(samples[0]))]
