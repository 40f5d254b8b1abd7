#!/usr/bin/env bash
# ffmpeg that sends by SRT never puts the last packets of its output on the network: 0.2 to 0.3 s of sound are missing.
#
# What the muxer writes at the very end (the sound that it still gathers) is taken over by libsrt, and the socket is closed
# right behind: from then on libsrt sends nothing more, only keep-alives, whether the option `linger` is set (then ffmpeg waits
# those seconds for a buffer that nobody empties) or not. No packet is lost and none was refused; the exit code is 0.
# To be spared it: send a second of silence at the end, or leave the socket open until its send buffer is empty
# (srt_getsndbuffer), as a sender of one's own can.
#
# Seen with ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1's); Debian 12's 5.1.9 with libsrt 1.5.1 is missing the same frames:
#   a file: 283 frames of sound; on the wire 268, exit code 0, 6.5 s; with linger: 268, exit code 0, 11.6 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 2>/dev/null
"$work/venv/bin/python" - "$work" <<'PYTHON'
import socket, subprocess, sys, threading, time
from pathlib import Path

import imageio_ffmpeg

work = Path(sys.argv[1])
ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
print(subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout.splitlines()[0])
quiet = [ffmpeg, "-v", "error", "-nostdin", "-y"]
film, whole = str(work / "film.ts"), str(work / "whole.ts")
picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000")
coded = ("-t", "6", "-c:v", "libx264", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac")
subprocess.run([*quiet, *picture, *coded, film], check=True)
subprocess.run([*quiet, "-i", film, "-c", "copy", whole], check=True)


def frames(file):
    shown = subprocess.run([*quiet, "-i", file, "-map", "0:a", "-c", "copy", "-f", "framecrc", "-"], capture_output=True, text=True)
    return sum(not line.startswith("#") for line in shown.stdout.splitlines())


def on_the_wire(option):
    """What leaves the sender, by a relay that sees every packet: the file made of its data, the exit code, the seconds."""
    front, back, probe = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(3))
    front.bind(("127.0.0.1", 0))
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    receiver = subprocess.Popen(
        [*quiet, "-i", f"srt://127.0.0.1:{port}?mode=listener", "-c", "copy", "-f", "null", "-"], stderr=subprocess.DEVNULL
    )
    back.connect(("127.0.0.1", port))
    sender, data = [None], {}

    def outward():
        while True:
            packet, sender[0] = front.recvfrom(2048)
            if not packet[0] & 0x80:  # data: sequence number, and the payload behind 16 bytes
                data[int.from_bytes(packet[:4], "big")] = packet[16:]
            try:
                back.send(packet)
            except ConnectionRefusedError:
                pass

    def inward():
        while True:
            try:
                front.sendto(back.recv(2048), sender[0])
            except ConnectionRefusedError:
                pass

    for each in (outward, inward):
        threading.Thread(target=each, daemon=True).start()
    time.sleep(1)
    began = time.monotonic()
    url = f"srt://127.0.0.1:{front.getsockname()[1]}{option}"
    code = subprocess.run([*quiet, "-re", "-i", film, "-c", "copy", "-f", "mpegts", url], stderr=subprocess.DEVNULL).returncode
    seconds = time.monotonic() - began
    receiver.kill()
    receiver.wait()
    numbers = sorted(data)
    assert numbers[-1] - numbers[0] + 1 == len(numbers), "a packet never came by"
    wire = work / "wire.ts"
    wire.write_bytes(b"".join(data[number] for number in numbers))
    return frames(str(wire)), code, seconds


kept = frames(whole)
found, code, seconds = on_the_wire("")
print(f"a file: {kept} frames of sound; on the wire {found}, exit code {code}, {seconds:.1f} s")
lingering, code, longer = on_the_wire("?linger=5")
print(f"with linger: {lingering}, exit code {code}, {longer:.1f} s")
as_before = found < kept - 5 and lingering < kept - 5 and code == 0 and longer > seconds + 3
print("as it was seen" if as_before else "CHANGED: this surprise is gone")
sys.exit(0 if as_before else 1)
PYTHON
