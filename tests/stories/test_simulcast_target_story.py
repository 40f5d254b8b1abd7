"""A simulcast target that points into the operator's own network: nobody there ever hears of it."""

from __future__ import annotations

import asyncio

import pytest

from fastpix.live.simulcast import BROKEN, Simulcast
from fastpix.resources.live_streams.simulcasts.models import Target


async def pushed(host, allow_private):
    """(connections a server of this machine saw, what the push said of itself until it broke)."""
    seen, said, broke = [], [], asyncio.Event()

    async def tell(_target, state, text):
        said.append(text)
        if state == BROKEN:
            broke.set()

    def answer(_reader, writer):
        seen.append(1)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    simulcast = Simulcast(tell, allow_private=allow_private)
    simulcast.refresh([Target("one", f"rtmp://{host}:{port}/app", "the-secret-key")])
    async with asyncio.timeout(10):
        await broke.wait()
    simulcast.stop()
    server.close()
    await server.wait_closed()
    return len(seen), " ".join(said)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_simulcast_target_inside_is_never_connected_to(host):
    seen, said = asyncio.run(pushed(host, allow_private=False))
    assert seen == 0 and "Trying again" in said and "the-secret-key" not in said


def test_without_the_check_it_would_be_connected_to():
    seen, _ = asyncio.run(pushed("127.0.0.1", allow_private=True))
    assert seen == 1
