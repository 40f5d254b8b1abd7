"""What a test asks of a packaged rendition: whether a player that knows nothing of us would play it."""

from __future__ import annotations

import re

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
