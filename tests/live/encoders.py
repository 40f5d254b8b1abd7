"""What the tests of RTMP speak with: our server in a thread of its own, ffmpeg, and connections that misbehave."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from contextlib import suppress

from fastpix.live.rtmp import amf
from fastpix.live.rtmp.chunks import ChunkWriter
from fastpix.live.rtmp.listener import listen
from fastpix.live.rtmp.messages import COMMAND, Message
from fastpix.live.rtmp.session import Limits, Rejected
from fastpix.video import tools

KEY = "a-key-that-is-right"
WRONG = "a-key-that-is-wrong"
PATIENT = 20  # seconds that something may take on a busy machine; a deadline, not a pause


class Memory:
    """A sink that keeps what it gets."""

    def __init__(self):
        self.tags, self.reasons = [], []
        self.session = None

    def media(self, kind, timestamp, payload):
        assert not self.reasons, "media after the end"
        self.tags.append((kind, timestamp, payload))

    def ended(self, reason):
        self.reasons.append(reason)


class Broadcast:
    """A listener on a free port and the handler behind it, in a thread; `sinks` in the order of publishing."""

    def __init__(self, limits=None, *, sink=Memory, ssl=None, decide=None, **options):
        self.sinks, self.requests = [], []
        self._make_sink, self._decide = sink, decide
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        limits = limits or Limits()
        self.listener = self.run(listen(self, "127.0.0.1", 0, ssl=ssl, limits=limits, **options))
        self.port = self.listener.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call(self.listener.close)
        self.run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENT)
        self._loop.close()

    async def _leave(self):
        for session in list(self.listener.sessions):
            session.cut("The test is over.")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        async with asyncio.timeout(PATIENT):
            while self.listener.sessions:
                await asyncio.sleep(0.01)

    async def publish(self, session, app, key):
        self.requests.append((app, key))
        if self._decide:
            await self._decide(session, key)
        if key != KEY:
            raise Rejected("There is no stream with this key.")
        sink = self._make_sink()
        sink.session = session
        self.sinks.append(sink)
        return sink

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENT)

    def call(self, function, *arguments):
        """Call it in the server's thread."""

        async def there():
            return function(*arguments)

        return self.run(there())

    def url(self, key=KEY):
        return f"rtmp://127.0.0.1:{self.port}/live/{key}"


def encoder(
    url,
    *,
    seconds=3,
    before=(),
    speed=("-re",),
    codec=("-c:v", "libx264", "-preset", "ultrafast", "-g", "60"),
    after=(),
    environment=None,
):
    """ffmpeg, which sends a test picture and a tone there."""
    return subprocess.Popen(
        [
            tools.ffmpeg(), "-hide_banner", "-nostdin", "-v", "error", *before,
            *speed, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", *speed, "-f", "lavfi", "-i", "sine",
            *codec, "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", str(seconds), *after, "-f", "flv", url,
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | (environment or {}),
    )  # fmt: skip


def said(process):
    """The exit code of ffmpeg, and what it printed."""
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def connection(port, seconds=PATIENT, buffer=None):
    """`buffer`: bytes that the kernel keeps for who does not read."""
    made = socket.socket()
    made.settimeout(seconds)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    try:
        made.connect(("127.0.0.1", port))
    except BaseException:
        made.close()
        raise
    return made


def greeted(port, **options):
    """A connection whose handshake is done."""
    made = connection(port, **options)
    made.sendall(b"\x03" + bytes(1536))
    assert len(receive(made, 3073)) == 3073
    made.sendall(bytes(1536))
    return made


def receive(made, size):
    data = b""
    while len(data) < size and (more := made.recv(size - len(data))):
        data += more
    return data


def is_closed(made, seconds=PATIENT):
    """Whether the other side closes, whatever it says before."""
    made.settimeout(seconds)
    with suppress(ConnectionError):
        while made.recv(65536):
            pass
    return True


def chunks(*messages, channel=3):
    writer = ChunkWriter()
    return b"".join(writer.write(message, channel) for message in messages)


def command(*values, stream=0):
    return chunks(Message(COMMAND, stream, 0, amf.encode(*values)))


CONNECT = command("connect", 1, {"app": "live", "tcUrl": "rtmp://localhost/live"})
PUBLISH = command("publish", 5, None, KEY, "live", stream=1)
