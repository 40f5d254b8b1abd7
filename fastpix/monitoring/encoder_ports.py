"""Whether somebody listens where encoders are awaited."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from fastpix.config import encoder_addresses, srt_library
from fastpix.config.parsers import OFF
from fastpix.config.settings import Settings

TCP_SECONDS, UDP_SECONDS, UDP_TRIES = 3.0, 0.5, 4
# A handshake's first packet, "induction", as every caller sends it (draft-sharabayko-srt, sections 3.2 and 4.3.1.1): a control
# packet; version 4, kind 2 (a datagram socket), first number, MTU, window, 1 for induction, socket id, no cookie yet, no address.
_CONTROL = b"\x80\x00"
_INDUCTION = _CONTROL + bytes(14) + struct.pack(">IHHIIIIII16x", 4, 0, 2, 1, 1500, 8192, 1, 1, 0)


def looked_at(settings: Settings) -> Iterator[tuple[str, Literal["ok", "warn"], str]]:
    """What was looked at, how it is, and a sentence."""
    yield ("live", *_rtmp(settings.live_bind))
    if encoder_addresses.is_srt_missing(settings):
        yield "srt", "ok", srt_library.IS_MISSING
    elif (bind := encoder_addresses.srt_listening(settings)) != OFF:
        yield ("srt", *_srt(bind))


def _rtmp(bind: str) -> tuple[Literal["ok", "warn"], str]:
    if bind == OFF:
        return "ok", "Switched off, or taken in elsewhere."
    if takes_connections(bind):
        return "ok", f"Encoders are awaited at {bind}."
    return "warn", f"Nothing listens at {bind}. Does `fastpix live` run?"


def _srt(bind: str) -> tuple[Literal["ok", "warn"], str]:
    if answers_srt(bind):
        return "ok", f"Encoders are awaited at {bind} (UDP)."
    return "warn", f"Nothing answers by SRT at {bind} (UDP). Does `fastpix live` run?"


def takes_connections(bind: str) -> bool:
    """Whether a TCP connection to what listens at `bind` (host:port) is taken."""
    address, port = _reached_by(bind)
    with socket.socket(_family(address)) as probe:
        probe.settimeout(TCP_SECONDS)
        return probe.connect_ex((address, port)) == 0


def answers_srt(bind: str) -> bool:
    """Whether an SRT handshake is answered at `bind` (host:port). Takes up to two seconds."""
    address, port = _reached_by(bind)
    with socket.socket(_family(address), socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.settimeout(UDP_SECONDS)
        probe.connect((address, port))
        for _ in range(UDP_TRIES):
            probe.send(_INDUCTION)
            with suppress(TimeoutError):
                return probe.recv(1500).startswith(_CONTROL)
    return False


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _reached_by(bind: str) -> tuple[str, int]:
    """Where this machine reaches what listens at an address."""
    host, _, port = bind.rpartition(":")
    return "127.0.0.1" if host in ("0.0.0.0", "[::]") else host.strip("[]"), int(port)  # noqa: S104  # compared, not bound
