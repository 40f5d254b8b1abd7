#!/usr/bin/env bash
# A frame of a standard-definition film, written by ffmpeg 9 as PNG, is shown by Chromium in other colours than the same
# frame written as JPEG.
#
# ffmpeg converts the frame to RGB for the PNG encoder, but leaves the film's own description on it, and the encoder
# writes that into the file as cICP, cHRM and gAMA: primaries and transfer curve of SMPTE 170M (6, 6). A PNG viewer that
# obeys them converts the numbers once more. A JPEG has no such chunks, so its numbers are taken as sRGB.
# To be spared it: setparams=color_primaries=bt709:color_trc=iec61966-2-1 behind format=rgb24.
#
# Seen with ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's) and Chromium 156.0.8078.114:
#   chunks: IHDR pHYs cICP cHRM gAMA IDAT IEND, cICP 6 6 0 1
#   the same frame: stored 32 126 31, shown from the PNG 34 117 17, shown from the JPEG 32 128 31
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 playwright==1.65.2 pillow==13.0.0 2>/dev/null
browser=$(command -v chromium-headless-shell || command -v chromium) || { echo "needs Debian's chromium"; exit 2; }
"$work/venv/bin/python" - "$work" "$browser" <<'PYTHON'
import base64, struct, subprocess, sys
from pathlib import Path

import imageio_ffmpeg
from PIL import Image
from playwright.sync_api import sync_playwright

work, browser = Path(sys.argv[1]), sys.argv[2]
ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
print(subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
described = "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv"
frame = ("-f", "lavfi", "-i", f"color=0x208020:s=64x64,format=yuv420p,{described}", "-frames:v", "1")
for name, codec in (("a.png", ("-c:v", "png")), ("a.jpg", ("-c:v", "mjpeg", "-q:v", "2"))):
    subprocess.run([ffmpeg, "-v", "error", "-y", *frame, *codec, str(work / name)], check=True)

data, at, chunks = (work / "a.png").read_bytes(), 8, {}
while at < len(data):
    length, name = struct.unpack(">I4s", data[at : at + 8])
    chunks[name.decode()] = data[at + 8 : at + 8 + length]
    at += 12 + length
print("chunks:", *chunks, "- cICP", *chunks.get("cICP", b"none"))

SHOWN = """async (address) => {
  const image = new Image(); image.src = address; await image.decode();
  const canvas = document.createElement("canvas"); canvas.width = canvas.height = 64;
  const drawing = canvas.getContext("2d"); drawing.drawImage(image, 0, 0);
  return [...drawing.getImageData(32, 32, 1, 1).data].slice(0, 3);
}"""
with sync_playwright() as playwright:
    opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
    print("Chromium", opened.version)
    page = opened.new_page()
    shown = {}
    for name, kind in (("a.png", "png"), ("a.jpg", "jpeg")):
        coded = base64.b64encode((work / name).read_bytes()).decode()
        shown[name] = page.evaluate(SHOWN, f"data:image/{kind};base64,{coded}")
    opened.close()
stored = Image.open(work / "a.png").convert("RGB").getpixel((32, 32))
print("stored in the PNG:", *stored, "- shown from it:", *shown["a.png"], "- shown from the JPEG:", *shown["a.jpg"])
apart = max(abs(one - other) for one, other in zip(shown["a.png"], shown["a.jpg"]))
as_before = list(chunks.get("cICP", b"")) == [6, 6, 0, 1] and apart > 8
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
