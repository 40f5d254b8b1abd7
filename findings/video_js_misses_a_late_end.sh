#!/usr/bin/env bash
# video.js never ends a live broadcast whose end is told alone: it stands at the last picture with a spinner, for good.
#
# An HLS playlist that grows lists its last segment, and is fetched once more with `#EXT-X-ENDLIST` behind it: valid by RFC 8216
# (6.2.1: a server may append that tag), and what comes of an encoder that stops, and is waited for in vain. video.js loads the
# playlist and the tag, but closes its Media Source only when it appends a segment while it knows of the end; nothing is left to
# append. `ended` never comes, `readyState` stays 2. Told together with the last segment the end is an end.
# To be spared it: keep the last segment back until what comes after it, or the end, is known.
#
# Seen with video.js 8.24.1, ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's) and Chromium 156.0.8078.114: told together it ended at 8.0 s;
# told alone it had not ended 20 s later, and stood at 7.96 s.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v npm >/dev/null || { echo "needs npm"; exit 2; }
browser=$(command -v chromium-headless-shell || command -v chromium) || { echo "needs Debian's chromium"; exit 2; }
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 playwright==1.65.2 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$work" video.js@8.24.1 >/dev/null
"$work/venv/bin/python" - "$work" "$browser" <<'PYTHON'
import functools, http.server, subprocess, sys, threading, time
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import sync_playwright

work, browser = Path(sys.argv[1]), sys.argv[2]
ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
print(subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
site = work / "site"
site.mkdir()
script = (work / "node_modules/video.js/dist/video.min.js").read_text()
(site / "video.js").write_text(script)
source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=8", "-f", "lavfi", "-i", "sine=sample_rate=48000:d=8")
coded = ("-c:v", "libx264", "-g", "50", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac")
pieces = ("-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_type", "fmp4", str(site / "all.m3u8"))
subprocess.run([ffmpeg, "-v", "error", *source, *coded, *pieces], check=True)
lines = (site / "all.m3u8").read_text().splitlines()
head = [line for line in lines if line.startswith("#EXT") and not line.startswith(("#EXTINF", "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST"))]
segments = list(zip(*[iter(line for line in lines if line.startswith("#EXTINF") or not line.startswith("#"))] * 2))


def playlist(count, is_over):
    listed = [line for segment in segments[:count] for line in segment]
    return "\n".join([*head, *listed, *(["#EXT-X-ENDLIST"] if is_over else [])]) + "\n"


# How each broadcast goes on with each second since it is watched: so many segments, and whether that is all.
LAST = len(segments)
WAYS = {
    "together": lambda passed: (LAST - 1, False) if passed < 4 else (LAST, True),
    "alone": lambda passed: (LAST - 1, False) if passed < 4 else (LAST, passed > 10),
}
begun = {}


class Broadcasts(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        way = self.path.strip("/").removesuffix(".m3u8")
        if way not in WAYS:
            return super().do_GET()
        body = playlist(*WAYS[way](time.monotonic() - begun.setdefault(way, time.monotonic()))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apple.mpegurl")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said):
        pass


(site / "page.html").write_text("""<!doctype html><video muted autoplay></video><script src="video.js"></script><script>
const media = document.querySelector("video");
videojs(media).src({ src: location.search.slice(1) + ".m3u8", type: "application/vnd.apple.mpegurl" });
</script>""")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Broadcasts, directory=str(site)))
threading.Thread(target=server.serve_forever, daemon=True).start()
found = {}
with sync_playwright() as playwright:
    opened = playwright.chromium.launch(
        executable_path=browser, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    )
    print("Chromium", opened.version)
    for way in WAYS:
        page = opened.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/page.html?{way}")
        page.wait_for_timeout(31_000)
        found[way] = page.evaluate("""() => { const media = document.querySelector("video");
          return { ended: media.ended, at: media.currentTime, ready: media.readyState, error: media.error?.message ?? "none" }; }""")
        print(f"told {way}: {found[way]}")
        page.close()
    opened.close()
as_before = (
    found["together"]["ended"] and not found["alone"]["ended"]
    and found["alone"]["at"] > 7.5 and found["alone"]["error"] == "none"
)
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
