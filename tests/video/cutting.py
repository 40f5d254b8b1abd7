"""Cuts a file into the segments that ingest would have made of it, with ffmpeg's own packager, by copying."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fastpix.video import tools
from fastpix.video.arguments import OWN_TIMES

HLS = (
    *("-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_type", "fmp4"),
    *("-hls_flags", "independent_segments+temp_file", "-hls_fmp4_init_filename", "init.mp4"),
    *("-hls_segment_filename", "s%05d.m4s", *OWN_TIMES),
)


def cut(source: Path, folder: Path, before=(), after=()) -> Path:
    """Segments of `source` in `folder`, which has to exist; `before` and `after` are options of input and output."""
    command = [tools.ffmpeg(), "-v", "error", *before, "-i", str(source), "-c", "copy", *after, *HLS, "index.m3u8"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return folder


def listed(folder: Path) -> list[float]:
    """Seconds of each segment, as the packager wrote them down."""
    lines = (folder / "index.m3u8").read_text().splitlines()
    return [float(line[8:].rstrip(",")) for line in lines if line.startswith("#EXTINF:")]
