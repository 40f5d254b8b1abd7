"""The UDP port that callers publish to: a thread that accepts and reads, and the hook that decides in the handshake."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

from fastpix.live.srt.caller import Caller, CallHandler
from fastpix.live.srt.library import LONGEST_MESSAGE, Library
from fastpix.live.srt.rejection import OLD_VERSION, OVERLOAD, SERVER_ERROR, Rejected
from fastpix.live.srt.stream_id import published

log = logging.getLogger("fastpix.live")
# In ms. Waking for every packet cost more than all the rest of receiving RTMP (docs/live.md, "Measured").
TICK, IDLE_TICK = 40, 250
READ_SIZE = 512 << 10  # bytes of one caller in a tick, at most: 100 Mbit/s
HANDSHAKE_VERSION = 5  # the first with a stream id
# After the hook said yes, libsrt looks at the passphrase and is done within a millisecond.
PASSPHRASE_SECONDS = 0.25
AFTER_LOSS_SECONDS = 0.2


@dataclass(frozen=True)
class Limits:
    """`rejections` are of one address, within `rejected_seconds`; then it is not even looked up for a while.

    `latency` is in ms: what callers get who ask for less. `decision` are the seconds that a handshake, and with it what all
    others send, may wait for the handler.
    """

    callers: int = 200
    rejections: int = 20
    rejected_seconds: float = 10.0
    latency: int = 500
    decision: float = 0.5


DEFAULT_LIMITS = Limits()
MOST_ADDRESSES = 10_000


@dataclass
class _Connection:
    """`lost_at`: when it broke; what waits for its time is read all the same."""

    caller: Caller
    latency: float
    lost_at: float = 0.0


class Listener:
    """`handler` lives in the event loop, and libsrt's sockets in this listener's thread. `whose` tells as what an address
    is counted: somebody has many of them with IPv6."""

    def __init__(
        self,
        library: Library,
        handler: CallHandler,
        limits: Limits = DEFAULT_LIMITS,
        whose: Callable[[str], str] = str,
    ) -> None:
        self._library, self._handler, self._limits, self._whose = library, handler, limits, whose
        self._loop = asyncio.get_running_loop()
        self._connections: dict[int, _Connection] = {}
        # Let in by the hook, not accepted yet: socket -> name, address, when.
        self._pending: dict[int, tuple[str, str, float]] = {}
        self._rejections: dict[str, list[float]] = defaultdict(list)
        self._socket = self._epoll = -1
        self._is_listening = self._is_stopped = False
        self._buffer = ctypes.create_string_buffer(READ_SIZE)
        self._thread = threading.Thread(target=self._serve, name="live-srt", daemon=True)

    @property
    def port(self) -> int:
        return self._library.port(self._socket)

    def open(self, host: str, port: int) -> None:
        """Listen; a `port` of 0 is any free one. Raises OSError."""
        self._socket = self._library.listen(host, port, self._limits.latency, self._decide)
        self._epoll = self._library.watched(self._socket)
        self._is_listening = True
        self._thread.start()

    def close(self) -> None:
        """Listen no more. Who is connected stays."""
        self._is_listening = False

    def stop(self) -> None:
        """End it all, and wait. Blocks for a moment."""
        self._is_listening, self._is_stopped = False, True
        if self._thread.is_alive():
            self._thread.join()
        self._library.clean_up()

    def _decide(self, socket: int, version: int, address: str, text: bytes) -> int:
        """The hook, in libsrt's receiving thread: meanwhile nothing of anybody is received."""
        try:
            self._check_limits(version, address)
            name = published(text)
            asked = asyncio.run_coroutine_threadsafe(self._handler.passphrase(name, address), self._loop)
            try:
                passphrase = asked.result(self._limits.decision)
            except TimeoutError:
                asked.cancel()
                raise Rejected("The stream key was not looked up in time.", SERVER_ERROR) from None
            self._library.ask_for(passphrase, socket)
        except Rejected as rejected:
            if rejected.reason != OVERLOAD:  # or whoever tries again and again would never get in
                self._reject(address)
            log.info("srt.refused address=%s reason=%s", address, rejected)
            return self._library.reject(socket, rejected.reason)
        except Exception as problem:  # noqa: BLE001  # a database that is down must not leave the caller waiting
            log.error("srt.failed address=%s error=%s", address, type(problem).__name__)
            return self._library.reject(socket, SERVER_ERROR)
        self._pending[socket] = (name, address, monotonic())
        return 0

    def _reject(self, address: str) -> None:
        self._rejections[self._whose(address)].append(monotonic())

    def _check_limits(self, version: int, address: str) -> None:
        if version < HANDSHAKE_VERSION:
            raise Rejected("Its SRT is older than 1.3 and has no stream id.", OLD_VERSION)
        if len(self._connections) + len(self._pending) >= self._limits.callers or not self._is_listening:
            raise Rejected("There are too many callers.", OVERLOAD)
        if len(self._rejections) > MOST_ADDRESSES:
            self._rejections.clear()
        since = monotonic() - self._limits.rejected_seconds
        whose = self._whose(address)
        recent = [at for at in self._rejections.pop(whose, ()) if at > since]
        if recent:
            self._rejections[whose] = recent[-self._limits.rejections :]
        if len(recent) >= self._limits.rejections:
            raise Rejected("Too many callers of this address were rejected lately.", OVERLOAD)

    def _serve(self) -> None:
        while not self._is_stopped:
            try:
                self._wait()
                self._accept()
                self._look_at_pending()
                for socket, connection in list(self._connections.items()):
                    self._read(socket, connection)
            except Exception:
                log.exception("srt.thread_failed")
        for connection in self._connections.values():
            self._call(connection.caller.lost)

    def _wait(self) -> None:
        if self._is_listening:
            self._library.wait(self._epoll, TICK if self._connections else IDLE_TICK)
            return
        if self._socket >= 0:
            self._library.close(self._socket)
            self._socket = -1
        sleep(TICK / 1000)

    def _accept(self) -> None:
        while self._is_listening and (socket := self._library.accept(self._socket)) is not None:
            name, address, _ = self._pending.pop(socket)
            caller = Caller(address)
            self._connections[socket] = _Connection(caller, self._library.latency(socket) / 1000)
            self._call(caller.begin, self._handler, name)

    def _look_at_pending(self) -> None:
        """Those that libsrt rejected after the hook: there is no other way to hear of it."""
        for socket, (name, address, at) in list(self._pending.items()):
            if monotonic() - at > PASSPHRASE_SECONDS and self._library.is_gone(socket):
                del self._pending[socket]
                self._reject(address)
                self._call(self._handler.wrong_passphrase, name, address)

    def _read(self, socket: int, connection: _Connection) -> None:
        caller = connection.caller
        is_over = caller.is_closing
        if caller.is_reading and not is_over:
            try:
                is_over = self._drain(socket, caller) == 0 and self._is_late(connection)
            except ConnectionError:
                connection.lost_at = connection.lost_at or monotonic()
                is_over = self._is_late(connection)
        if is_over:
            self._call(caller.lost)
            del self._connections[socket]
            self._library.close(socket)

    def _is_late(self, connection: _Connection) -> bool:
        """Whether all that came before it broke has had its time: it is handed out no sooner than the latency."""
        return bool(connection.lost_at) and monotonic() - connection.lost_at > connection.latency + AFTER_LOSS_SECONDS

    def _drain(self, socket: int, caller: Caller) -> int:
        """Hand on what is there. How many bytes. Raises ConnectionError."""
        size, start = 0, ctypes.addressof(self._buffer)
        try:
            while size <= READ_SIZE - LONGEST_MESSAGE and (count := self._library.receive(socket, start + size)):
                size += count
        finally:
            if size:
                self._call(caller.received, ctypes.string_at(start, size))
        return size

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """In the event loop, which is closed only after `stop`."""
        self._loop.call_soon_threadsafe(function, *arguments)
