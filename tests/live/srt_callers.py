"""What the tests of SRT call with: a caller of our own over libsrt, and a network that loses and delays packets."""

from __future__ import annotations

import ctypes
import heapq
import random
import select
import socket
import struct
import threading
import time

from fastpix.config import srt_library

PATIENT = 20  # seconds that something may take on a busy machine; a deadline, not a pause
PASSPHRASE, STREAM_ID, CONNTIMEO = 26, 46, 36
BAD_SECRET, UNSECURE = 10, 11  # libsrt's own reasons, srtcore/srt.h
MESSAGE = 7 * 188


class RejectedError(Exception):
    """`reason` is SRT's number."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Caller:
    """Connects, or raises RejectedError. Sends at a pace, and leaves when all of it has arrived."""

    def __init__(self, port, stream_id, passphrase=""):
        self._library = srt_library.load()
        self._library.srt_startup()
        self._socket = self._library.srt_create_socket()
        for option, value in ((STREAM_ID, stream_id), (PASSPHRASE, passphrase)):
            if value:
                assert self._library.srt_setsockflag(self._socket, option, value.encode(), len(value)) == 0
        address = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + bytes(8)
        if self._library.srt_connect(self._socket, address, len(address)) < 0:
            reason = self._library.srt_getrejectreason(self._socket)
            self._library.srt_close(self._socket)
            raise RejectedError(reason)

    def send(self, data, bits_a_second=8_000_000):
        """Raises ConnectionError when the other side has ended it."""
        began = time.monotonic()
        for place in range(0, len(data), MESSAGE):
            message = data[place : place + MESSAGE]
            if self._library.srt_sendmsg(self._socket, message, len(message), -1, 1) < 0:
                raise ConnectionError
            time.sleep(max(0.0, began + place * 8 / bits_a_second - time.monotonic()))

    def leave(self):
        blocks = ctypes.c_size_t(1)
        end = time.monotonic() + PATIENT
        while blocks.value and time.monotonic() < end:
            if self._library.srt_getsndbuffer(self._socket, ctypes.byref(blocks), None) < 0:
                break
            time.sleep(0.01)
        self._library.srt_close(self._socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._library.srt_close(self._socket)


class LossyNetwork:
    """A relay of UDP between one caller and a port: loses a share of the packets, and delays each by up to `jitter` s.

    `late`: by how many seconds more, at most, since the machine was busy: then it was a worse network than it says.
    """

    def __init__(self, port, loss, jitter, seed=1):
        self._random, self._loss, self.jitter = random.Random(seed), loss, jitter
        self._front, self._back = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        self._front.bind(("127.0.0.1", 0))
        self._back.connect(("127.0.0.1", port))
        self.port = self._front.getsockname()[1]
        self.lost, self.late = 0, 0.0
        self._is_over = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()
        self._front.close()
        self._back.close()

    def _run(self):
        waiting, caller, count = [], None, 0
        while not self._is_over:
            until = waiting[0][0] - time.monotonic() if waiting else 0.05
            for ready in select.select([self._front, self._back], [], [], max(0.0, min(until, 0.05)))[0]:
                data, sender = ready.recvfrom(2048)
                caller = sender if ready is self._front else caller
                if self._random.random() < self._loss:
                    self.lost += 1
                    continue
                count += 1
                at = time.monotonic() + self._random.random() * self.jitter
                heapq.heappush(waiting, (at, count, ready is self._front, data))
            while waiting and waiting[0][0] <= time.monotonic():
                at, _, is_outward, data = heapq.heappop(waiting)
                self.late = max(self.late, time.monotonic() - at)
                if is_outward:
                    self._back.send(data)
                else:
                    self._front.sendto(data, caller)
