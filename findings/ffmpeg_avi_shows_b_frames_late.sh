#!/usr/bin/env bash
# A film with B-frames that ffmpeg 9 writes as AVI and reads again has its picture 0.08 to 0.16 s later than its sound.
#
# AVI holds no times of presentation: a frame's time follows from its place in the file. ffmpeg's reader takes the place
# as a time of decoding, and its decoder gives that on: the first picture, at place 0, comes out at the decoder's delay.
# Writing Xvid adds empty places behind the first picture, which count as well. The sound begins at 0 both times.
# To be spared it: setpts=PTS-STARTPTS on the picture, where all of the film is read.
#
# Seen with ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's), 25 pictures a second:
#   first picture at: h264 without B-frames 0.00 s, h264 with three 0.08 s, xvid with two 0.16 s; sound at 0.00 s
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
SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2:r=48000")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
KINDS = {"h264 without B-frames": X264, "h264 with three": (*X264, "-bf", "3"), "xvid with two": ("-c:v", "libxvid", "-bf", "2")}


def first(path, kind):
    """Seconds of the first picture or sound that is decoded."""
    shown = ("-vf", "showinfo") if kind == "v" else ("-af", "ashowinfo")
    ran = subprocess.run([ffmpeg, "-i", path, "-map", f"0:{kind}", *shown, "-f", "null", "-"], capture_output=True, text=True)
    return float(re.search(r"n: *0 .*?pts_time:(\S+)", ran.stderr)[1])


seen = {}
for name, codec in KINDS.items():
    path = str(work / "film.avi")
    subprocess.run([ffmpeg, "-v", "error", "-y", *SOURCE, *codec, "-c:a", "libmp3lame", path], check=True)
    seen[name] = first(path, "v")
    print(f"{name}: picture at {seen[name]:.2f} s, sound at {first(path, 'a'):.2f} s")
as_before = [round(at, 2) for at in seen.values()] == [0.0, 0.08, 0.16]
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
