#!/usr/bin/env bash
# A WebM with VP8 that says BT.709 in full range, as browsers record it, is decoded by ffmpeg 9 as BT.601 in limited range.
#
# VP8 has no field for the matrix, so the container alone can tell. ffmpeg reads it there, and says it of the stream; then
# its decoder writes what VP8's one bit of colour space stands for over it, and every filter believes that. Browsers
# believe the container. VP9 in the same file is right: it repeats the description in its own headers.
# To be spared it: setparams with what the container says, before any other filter.
#
# Seen with ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's):
#   vp8: the stream says pc, bt709; its frames say tv, bt470bg - vp9: pc, bt709 both times
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 2>/dev/null
"$work/venv/bin/python" - "$work" <<'PYTHON'
import re, subprocess, sys
from pathlib import Path

import imageio_ffmpeg

work, ffmpeg = Path(sys.argv[1]), imageio_ffmpeg.get_ffmpeg_exe()
print(subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
TAGS = "setparams=range=pc:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
SOURCE = ("-f", "lavfi", "-i", f"color=0xE00000:s=320x180:r=25:d=1,format=yuv420p,{TAGS}")
seen = {}
for name, codec in (("vp8", "libvpx"), ("vp9", "libvpx-vp9")):
    path = str(work / f"{name}.webm")
    subprocess.run([ffmpeg, "-v", "error", "-y", *SOURCE, "-c:v", codec, "-deadline", "realtime", path], check=True)
    said = subprocess.run([ffmpeg, "-i", path, "-vf", "showinfo", "-f", "null", "-"], capture_output=True, text=True).stderr
    stream = re.search(r"Video: .*?yuv420p\((\w+), (\w+)", said)
    frame = re.search(r"color_range:(\S+) color_space:(\S+)", said)
    seen[name] = (stream[1], stream[2], *frame.groups())
    print(f"{name}: the stream says {stream[1]}, {stream[2]}; its first frame says {frame[1]}, {frame[2]}")
as_before = seen == {"vp8": ("pc", "bt709", "tv", "bt470bg"), "vp9": ("pc", "bt709", "pc", "bt709")}
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
