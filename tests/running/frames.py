"""The frames of a broadcast, as ffmpeg reads what viewers fetch, and the tags of a file, as an encoder sends them."""

from __future__ import annotations

import asyncio
import re
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

import av
import httpx

from fastpix.errors import FastpixError
from fastpix.live.rtmp.client import Client
from tests.running.stream import Playlist

Tag = tuple[int, int, bytes]
LONGEST_PAUSE = 10_000  # ms


def times(file: bytes, form: str | None = None) -> dict[str, list[float]]:
    """When ffmpeg shows the frames of a file, in seconds since its first sound."""
    shown: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(BytesIO(file), format=form) as container:
        for packet in container.demux():
            if packet.pts is not None:
                shown[packet.stream.type].append(float(packet.pts * packet.time_base))
    first = min(shown["audio"] or shown["video"])
    return {kind: sorted(round(time - first, 3) for time in found) for kind, found in shown.items()}


def parts(playlist: Playlist) -> list[bytes]:
    """What a playlist names, as one file for each of its parts."""
    found = []
    for part in re.split("#EXT-X-DISCONTINUITY\n", playlist.text):
        init = part.partition('EXT-X-MAP:URI="')[2].partition('"')[0]
        names = [init, *re.findall(r"^\S+\.m4s$", part, re.MULTILINE)]
        found.append(b"".join(httpx.get(urljoin(playlist.url, name), timeout=30).content for name in names))
    return found


def tags(file: Path) -> list[Tag]:
    """The tags of an FLV file."""
    data, place, found = file.read_bytes(), 13, []
    while place < len(data):
        size = int.from_bytes(data[place + 1 : place + 4], "big")
        time = int.from_bytes(data[place + 4 : place + 7], "big") | data[place + 7] << 24
        found.append((data[place], time, data[place + 11 : place + 11 + size]))
        place += size + 15
    return found


def late(sent: list[Tag], kind: int, begins: int) -> list[Tag]:
    """The same tags with a sound or picture, with what configures it, that begins only at that time, in ms."""
    config = next(tag for tag in sent if tag[0] == kind)
    kept = [tag for tag in sent if tag[0] != kind or (tag[1] >= begins and tag is not config)]
    place = next(place for place, tag in enumerate(kept) if tag[0] == kind)
    return [*kept[:place], (kind, begins, config[2]), *kept[place:]]


def without(sent: list[Tag], kind: int, begin: int, end: int) -> list[Tag]:
    """The same tags without the sound or picture between two times, in ms."""
    return [tag for tag in sent if tag[0] != kind or not begin <= tag[1] < end or tag[2][1] == 0]


async def send(url: str, sent: list[Tag], faster: float) -> str:
    """Publish tags in their order, so many times faster than their own time; after a jump at once.

    What the server said when it ended that, "" if it did not.
    """
    host, _, rest = url.removeprefix("rtmp://").partition(":")
    port, app, key = rest.split("/")
    client = await Client.connect(host, int(port), tc_url=url.rpartition("/")[0], app=app)
    await client.publish(key)
    hearing = asyncio.create_task(client.read_until_closed())
    try:
        await _pace(client, sent, faster, hearing)
        if hearing.done():
            hearing.result()
        return ""
    except (OSError, FastpixError) as problem:
        return str(problem) or "The connection broke."
    finally:
        hearing.cancel()
        await client.close()


async def _pace(client: Client, sent: list[Tag], faster: float, hearing: asyncio.Task[None]) -> None:
    before = sent[0][1]
    for kind, time, payload in sent:
        if 0 < time - before < LONGEST_PAUSE:
            await asyncio.wait([hearing], timeout=(time - before) / 1000 / faster)
        if hearing.done():
            return
        before = max(before, time) if time - before < LONGEST_PAUSE else time
        client.send(kind, time, payload)
    await client.drain()
