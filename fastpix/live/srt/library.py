"""libsrt's C interface, as much of it as a listener needs.

Names, numbers and rules are those of libsrt 1.5: its header, and its documents of API functions and socket options
(https://github.com/Haivision/srt).
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable
from ipaddress import IPv6Address

# Socket options.
_RCVSYN, _REUSEADDR, _PASSPHRASE, _RCVLATENCY, _MINVERSION, _IPV6ONLY = 2, 15, 26, 43, 45, 54
_CLOSED, _NONEXIST = 8, 9  # states of a socket that is no more
_EPOLL_IN, _AGAIN = 1, 6002
_LOG_CRITICAL = 2  # the rest goes to standard error, with stream ids in it
_VERSION_WITH_STREAM_ID = 0x010300
LONGEST_MESSAGE = 1500  # bytes: one of live mode fits into a packet

# Takes the socket to be, the handshake's version, the caller's address and the stream id; 0 lets it in.
Hook = Callable[[int, int, str, bytes], int]
_HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)


class _Event(ctypes.Structure):
    _fields_ = [("socket", ctypes.c_int), ("events", ctypes.c_int)]


class Library:
    """The calls, on a libsrt that was loaded. Numbers that are not checked here mean what libsrt's documents say.

    Raises OSError where a call fails, with libsrt's sentence.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._hooks: list[object] = []  # kept, since C holds no reference
        for name in ("srt_getlasterror_str",):
            getattr(library, name).restype = ctypes.c_char_p
        library.srt_epoll_uwait.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
        library.srt_recvmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
        self._check(library.srt_startup())
        library.srt_setloglevel(_LOG_CRITICAL)

    def clean_up(self) -> None:
        """Close what is open, and end libsrt's threads."""
        self._library.srt_cleanup()

    def listen(self, host: str, port: int, latency: int, hook: Hook) -> int:
        """A socket that listens. `latency` is in ms, the least that callers get. `hook` is called in a thread of libsrt's."""
        listening = self._check(self._library.srt_create_socket())
        try:
            for option, value in ((_RCVSYN, 0), (_RCVLATENCY, latency), (_MINVERSION, _VERSION_WITH_STREAM_ID)):
                self._set(listening, option, struct.pack("=i", value))
            self._set(listening, _IPV6ONLY, struct.pack("=i", 0))
            # Two programs on one UDP port would each get some of the packets.
            self._set(listening, _REUSEADDR, struct.pack("=i", 0))
            self._bind(listening, host, port)
            self._hooks.append(kept := _HOOK(lambda _, *call: _asked(hook, *call)))
            self._check(self._library.srt_listen_callback(listening, kept, None))
            self._check(self._library.srt_listen(listening, 64))
        except BaseException:
            self._library.srt_close(listening)
            raise
        return listening

    def _bind(self, listening: int, host: str, port: int) -> None:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        packed = struct.pack("=H", family) + struct.pack(">H", port)
        if family == socket.AF_INET6:
            packed += bytes(4) + socket.inet_pton(family, str(address[0])) + struct.pack("=I", int(address[-1]))
        else:
            packed += socket.inet_pton(family, str(address[0])) + bytes(8)
        self._check(self._library.srt_bind(listening, packed, len(packed)))

    def port(self, listening: int) -> int:
        """The UDP port it has."""
        name, size = ctypes.create_string_buffer(128), ctypes.c_int(128)
        self._check(self._library.srt_getsockname(listening, name, ctypes.byref(size)))
        return int.from_bytes(name.raw[2:4], "big")

    def watched(self, listening: int) -> int:
        """A number for `wait`."""
        epoll = self._check(self._library.srt_epoll_create())
        self._check(self._library.srt_epoll_add_usock(epoll, listening, ctypes.byref(ctypes.c_int(_EPOLL_IN))))
        return epoll

    def wait(self, epoll: int, milliseconds: int) -> None:
        """Until somebody is to be accepted, or the time is over."""
        self._library.srt_epoll_uwait(epoll, ctypes.byref(_Event()), 1, milliseconds)

    def accept(self, listening: int) -> int | None:
        """The next caller's socket; None: there is none."""
        accepted = int(self._library.srt_accept(listening, None, None))
        return accepted if accepted >= 0 else None

    def ask_for(self, passphrase: str, of: int) -> None:
        """In a hook: let this caller in only if it has the passphrase, of 10 to 79 characters."""
        self._set(of, _PASSPHRASE, passphrase.encode("ascii"))

    def reject(self, caller: int, reason: int) -> int:
        """In a hook: what to return, the caller being told the reason."""
        self._library.srt_setrejectreason(caller, reason)
        return -1

    def latency(self, caller: int) -> int:
        """What both sides agreed on, in ms."""
        value, size = ctypes.c_int(0), ctypes.c_int(4)
        self._library.srt_getsockflag(caller, _RCVLATENCY, ctypes.byref(value), ctypes.byref(size))
        return value.value

    def is_gone(self, caller: int) -> bool:
        return self._library.srt_getsockstate(caller) in (_CLOSED, _NONEXIST)

    def receive(self, caller: int, address: int) -> int:
        """Put the next message, of up to `LONGEST_MESSAGE` bytes, at an address. Its size; 0: there is none now.

        Raises ConnectionError when the connection is over, also while messages wait for their time: they come later.
        """
        size = int(self._library.srt_recvmsg(caller, address, LONGEST_MESSAGE))
        if size > 0:
            return size
        if size == 0 or self._library.srt_getlasterror(None) != _AGAIN:
            raise ConnectionError
        return 0

    def close(self, opened: int) -> None:
        self._library.srt_close(opened)

    def _set(self, of: int, option: int, value: bytes) -> None:
        self._check(self._library.srt_setsockflag(of, option, value, len(value)))

    def _check(self, result: int) -> int:
        if result < 0:
            raise OSError(self._library.srt_getlasterror_str().decode("utf-8", "replace"))
        return result


def _asked(hook: Hook, caller: int, version: int, address: int, stream_id: bytes | None) -> int:
    """Whatever goes wrong keeps the caller out: ctypes would make 0 of an exception, which lets it in."""
    try:
        return hook(caller, version, _ip_address(address), stream_id or b"")
    except BaseException:  # noqa: BLE001  # said above: no exception may let a caller in
        return -1


def _ip_address(address: int) -> str:
    """The IP address in a `sockaddr`; one of IPv4 that an IPv6 socket sees, as one of IPv4."""
    family = int.from_bytes(ctypes.string_at(address, 2), "little" if _IS_LITTLE else "big")
    if family != socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET, ctypes.string_at(address + 4, 4))
    found = IPv6Address(ctypes.string_at(address + 8, 16))
    return str(found.ipv4_mapped or found)


_IS_LITTLE = struct.pack("=H", 1) == b"\x01\x00"
