#!/usr/bin/env bash
# nginx-rtmp (Debian's libnginx-mod-rtmp, 1.2.2) gives out the sound of a stream of Enhanced RTMP and none of its pictures,
# and says nothing: HEVC and AV1 as OBS and ffmpeg send them. Pictures with the old codec number 12 are given out.
#
# Seen on 2026-11-30, nginx 1.22.1 of Debian 12, Linux x86_64: of 20 sounds and 20 pictures, by the first byte of the picture
#   0x17 (H.264), 0x1c (HEVC, old):  40 messages arrive at who plays
#   0x90 (key frame, Enhanced RTMP): 20 messages, the sounds
# Why, as far as it can be seen from outside: the upper half of that byte is taken as the kind of frame, and with it as how soon
# a message may be dropped; the new bit for "four letters follow" makes that 9, above all that is kept.
# What it costs: whoever plays from there sees an encoder with sound alone. Only the announcement (onMetaData) tells.
#
# Needs /usr/sbin/nginx with the module, and this repository's RTMP client.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
PYTHONPATH=$root "${PYTHON:-python3}" - <<'PYTHON'
import asyncio
import tempfile
from pathlib import Path

from fastpix.live.rtmp import flv
from tests.live.test_rtmp_with_nginx import going, nginx

COUNT = 20


async def arrived(port, first):
    player, publisher = await going(port), await going(port)
    played, found = await player.play("x"), []

    async def listen():
        async for message in played:
            found.append(message.kind)

    listening = asyncio.create_task(listen())
    await publisher.publish("x")
    for number in range(COUNT):
        publisher.send(flv.AUDIO, number * 30, b"\xaf\x01" + bytes(100) if number else b"\xaf\x00\x12\x10")
        publisher.send(flv.VIDEO, number * 30, first + bytes(100))
        await asyncio.sleep(0.02)
    await publisher.close()
    await asyncio.wait([listening], timeout=5)
    await player.close()
    return found.count(flv.AUDIO), found.count(flv.VIDEO)


with nginx(Path(tempfile.mkdtemp()), "application live { live on; }") as port:
    seen = [asyncio.run(arrived(port, first)) for first in (b"\x17\x01\0\0\0", b"\x1c\x01\0\0\0", b"\x90hvc1")]
for name, counts in zip(("H.264", "HEVC, old", "HEVC, Enhanced RTMP"), seen, strict=True):
    print(f"{name}: sounds, pictures that arrived: {counts}")
if seen != [(COUNT, COUNT), (COUNT, COUNT), (COUNT, 0)]:
    raise SystemExit("This has changed.")
PYTHON
echo "As it was seen."
