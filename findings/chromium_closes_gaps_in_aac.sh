#!/usr/bin/env bash
# Five seconds without sound in the middle of an AAC track are not played by Chromium: what comes behind sounds five
# seconds early, to the end of the film, without an error, and `buffered` shows one whole range.
#
# A film whose recorder lost sound from 3 s to 8 s, copied by ffmpeg into a fragmented MP4: the last sample before the gap
# gets the gap's length as its duration. Media Source takes that as sound that is there (one range from 0 to the end),
# the decoder gives the 1024 values of one AAC frame for it, and the renderer plays what follows right behind. The picture
# goes on by its own times.
# To be spared it: encode the sound with the gap filled (`aresample=async=1`); a copy cannot be right.
#
# Seen with ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's) and Chromium 156.0.8078.114: picture flashes at 1.08 and 9.08 s; the sound
# of the same moments is heard at 1.02 and 4.01 s.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 playwright==1.65.2 2>/dev/null
browser=$(command -v chromium-headless-shell || command -v chromium) || { echo "needs Debian's chromium"; exit 2; }
"$work/venv/bin/python" - "$work" "$browser" <<'PYTHON'
import functools, http.server, subprocess, sys, threading
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import sync_playwright

work, browser = Path(sys.argv[1]), sys.argv[2]
ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
print(subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
moments = "(between(t,1,1.4)+between(t,9,9.4))"
picture = f"color=black:s=160x90:r=25:d=12,drawbox=c=white:t=fill:enable='{moments}'"
sound = f"aevalsrc='0.5*sin(2*PI*1000*t)*{moments}':s=48000:d=12"
coded = ("-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest")
whole, film = str(work / "whole.mp4"), str(work / "film.mp4")
quiet = [ffmpeg, "-v", "error", "-y"]
subprocess.run([*quiet, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *coded, whole], check=True)
lost = ("-bsf:a", "noise=drop='between(pts*tb,3,8)'", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
subprocess.run([*quiet, "-i", whole, "-map", "0", "-c", "copy", *lost, film], check=True)
(work / "page.html").write_text("<!doctype html><title>film</title>")

PLAY = """async () => {
  const data = await (await fetch("film.mp4")).arrayBuffer();
  const video = document.body.appendChild(document.createElement("video"));
  const source = new MediaSource();
  const heard = (target, name) => new Promise((go) => target.addEventListener(name, go, { once: true }));
  video.src = URL.createObjectURL(source);
  await heard(source, "sourceopen");
  const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64000a,mp4a.40.2"');
  buffer.appendBuffer(data);
  await heard(buffer, "updateend");
  source.endOfStream();
  const ranges = [...Array(video.buffered.length).keys()].map((at) => [video.buffered.start(at), video.buffered.end(at)]);
  const context = new AudioContext(), ear = new AnalyserNode(context, { fftSize: 256 });
  context.createMediaElementSource(video).connect(ear);
  await context.resume();
  const eye = new OffscreenCanvas(16, 9).getContext("2d", { willReadFrequently: true });
  const flashes = [], beeps = [], values = new Float32Array(256);
  let isLit = false, isLoud = false;
  const look = (_now, { mediaTime }) => {
    eye.drawImage(video, 0, 0, 16, 9);
    const lit = eye.getImageData(8, 4, 1, 1).data[0] > 128;
    if (lit && !isLit) flashes.push(mediaTime);
    isLit = lit;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await video.play();
  while (!video.ended && !video.error) {
    ear.getFloatTimeDomainData(values);
    const loud = Math.max(...values.map(Math.abs)) > 0.1;
    if (loud && !isLoud) beeps.push(video.currentTime);
    isLoud = loud;
    await new Promise((go) => setTimeout(go, 5));
  }
  return { ranges, flashes, beeps, error: video.error?.message ?? "none" };
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_said):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(work)))
threading.Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    opened = playwright.chromium.launch(
        executable_path=browser, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    )
    print("Chromium", opened.version)
    page = opened.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/page.html")
    seen = page.evaluate(PLAY)
    opened.close()
for name, found in seen.items():
    print(f"{name}: {found}")
as_before = (
    len(seen["ranges"]) == 1 and len(seen["flashes"]) == len(seen["beeps"]) == 2 and seen["error"] == "none"
    and abs(seen["flashes"][0] - seen["beeps"][0]) < 0.2 and seen["flashes"][1] - seen["beeps"][1] > 4
)
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
