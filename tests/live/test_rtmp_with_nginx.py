"""The RTMP client and server against Debian's nginx-rtmp."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from fastpix.live.rtmp import flv
from fastpix.live.rtmp.client import ServerRefused
from fastpix.video import tools
from tests.live.encoders import PATIENT, encoder, said
from tests.live.rtmp.test_rtmp_client import TAGS, broadcast, going, run  # noqa: F401  # fixtures too
from tests.running.server import eventually, free_port

NGINX, MODULE = Path("/usr/sbin/nginx"), Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


@contextmanager
def nginx(folder, applications):
    """The port of an nginx with its RTMP module."""
    if not (NGINX.exists() and MODULE.exists()):
        pytest.skip("needs nginx with RTMP: apt-get install nginx-light libnginx-mod-rtmp")
    port, user = free_port(), "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"""
        load_module {MODULE}; {user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 64; }}
        rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 4096; ping 200ms; ping_timeout 500ms; {applications} }} }}
    """)
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        eventually(lambda: _listens(port), what="nginx did not start")
        yield port
    finally:
        process.terminate()
        process.wait(PATIENT)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with nginx(tmp_path_factory.mktemp("nginx"), "application live { live on; }") as port:
        yield port


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_nginx_passes_on_what_the_client_publishes(engine):
    async def broadcast():
        publisher = await going(engine)
        await publisher.publish("here")
        player = await going(engine)
        messages = []
        async with aclosing(await player.play("here")) as stream:
            listening = asyncio.create_task(_gather(stream, messages, 4 * len(TAGS)))
            time = 0
            while not listening.done():  # a player hears what comes after it
                publisher.send(flv.VIDEO, time, b"\x17\x01" + bytes(9000))
                publisher.send(flv.AUDIO, time + 5, b"\xaf\x01" + bytes(300))
                time += 33
                await asyncio.sleep(0.005)
            await listening
        await player.close()
        await publisher.close()
        return messages

    messages = run(broadcast())
    assert {(message.kind, len(message.payload)) for message in messages} == {(flv.VIDEO, 9002), (flv.AUDIO, 302)}
    assert [message.timestamp for message in messages] == sorted(message.timestamp for message in messages)


def test_what_ffmpeg_publishes_to_nginx_is_played_and_decodes(engine, tmp_path):
    async def play():
        messages = []
        player = await going(engine)
        async with aclosing(await player.play("film")) as stream:
            await _gather(stream, messages, 150)
        await player.close()
        return messages

    process = encoder(f"rtmp://127.0.0.1:{engine}/live/film", seconds=60)
    try:
        messages = run(play())
    finally:
        process.kill()
        process.communicate()
    _decodes(tmp_path / "played.flv", [(each.kind, each.timestamp, each.payload) for each in messages])


async def _gather(stream, messages, count):
    async for message in stream:
        messages.append(message)
        if len(messages) >= count:
            return


def _decodes(file, tags):
    file.write_bytes(flv.header() + b"".join(flv.tag(*each) for each in tags))
    done = subprocess.run(
        [tools.ffmpeg(), "-v", "error", "-i", str(file), "-f", "null", "-"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_nginx_turns_away_who_publishes_what_is_on_air(engine):
    async def publish():
        first, second = await going(engine), await going(engine)
        try:
            await first.publish("taken")
            await second.publish("taken")
        finally:
            await first.close()
            await second.close()

    with pytest.raises(ServerRefused, match=r"^Already publishing$"):
        run(publish())


def test_nginx_turns_away_who_plays_what_is_not_on_air(tmp_path):
    async def play(port):
        player = await going(port)
        try:
            async with aclosing(await player.play("nothing")) as stream:
                await _gather(stream, [], 1)
        finally:
            await player.close()

    with (
        nginx(tmp_path, "application live { live on; idle_streams off; }") as port,
        pytest.raises(ServerRefused, match=r"^No such stream$"),
    ):
        run(play(port))


def test_nginx_pings_and_the_client_answers_as_long_as_it_reads(engine):
    """Without an answer nginx would close after less than a second here."""

    async def publish():
        client = await going(engine)
        await client.publish("quiet")
        reading = asyncio.create_task(client.read_until_closed())
        done, _ = await asyncio.wait([reading], timeout=2)
        assert not done
        reading.cancel()
        await client.close()

    run(publish())


def test_our_server_takes_what_nginx_pushes(broadcast, tmp_path):
    """nginx as an encoder: other headers than ffmpeg's, and chunks of 4096 bytes."""
    before = len(broadcast.sinks)
    with nginx(tmp_path, f"application live {{ live on; push {broadcast.url()}; }}") as port:
        codec = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10")  # it pushes from the next keyframe on
        code, output = said(encoder(f"rtmp://127.0.0.1:{port}/live/any", seconds=2, codec=codec))
        assert (code, output) == (0, "")
        sink = eventually(lambda: broadcast.sinks[before:])[0]
        assert eventually(lambda: sink.reasons)
    assert len([kind for kind, _, _ in sink.tags if kind == flv.VIDEO]) >= 30
    _decodes(tmp_path / "pushed.flv", sink.tags)
