"""Where encoders publish by SRT: what is listened for, and what people paste, with libsrt and without."""

from __future__ import annotations

import pytest

from fastpix.config import encoder_addresses, srt_library
from fastpix.config.settings import load

OUTSIDE = {"FASTPIX_PUBLIC_URL": "https://video.example.com"}


@pytest.fixture
def library(monkeypatch):
    def put(there):
        monkeypatch.setattr(srt_library, "load", lambda: object() if there else None)

    put(True)
    return put


@pytest.mark.parametrize(
    ("given", "bind", "server"),
    [
        ({}, "127.0.0.1:1945", "srt://video.example.com:1945"),
        ({"LIVE_BIND": "0.0.0.0:1940"}, "0.0.0.0:1945", "srt://video.example.com:1945"),
        ({"LIVE_BIND": "[::]:1935"}, "[::]:1945", "srt://video.example.com:1945"),
        ({"LIVE_BIND": "off"}, "off", ""),
        ({"LIVE_BIND": "off", "SRT_BIND": "0.0.0.0:9000"}, "0.0.0.0:9000", "srt://video.example.com:9000"),
        ({"SRT_BIND": "OFF"}, "off", ""),
        ({"LIVE_BIND": "off", "SRT_URL": "srt://live.example.com:1945/"}, "off", "srt://live.example.com:1945"),
        ({"PUBLIC_URL": "http://[::1]:8000"}, "127.0.0.1:1945", "srt://[::1]:1945"),
    ],
)
def test_the_port_follows_rtmps_unless_it_is_set(library, given, bind, server):
    settings = load(OUTSIDE | {f"FASTPIX_{name}": text for name, text in given.items()})
    assert encoder_addresses.srt_wanted(settings) == bind
    assert (encoder_addresses.srt_listening(settings), encoder_addresses.srt_server(settings)) == (bind, server)
    assert not encoder_addresses.is_srt_missing(settings)


def test_without_libsrt_nothing_listens_and_that_is_known(library):
    library(False)
    settings = load(OUTSIDE)
    assert encoder_addresses.srt_listening(settings) == "off" and encoder_addresses.srt_server(settings) == ""
    assert encoder_addresses.is_srt_missing(settings)
    elsewhere = load(OUTSIDE | {"FASTPIX_SRT_URL": "srt://live.example.com:1945"})
    assert encoder_addresses.srt_server(elsewhere) and not encoder_addresses.is_srt_missing(elsewhere)
    assert not encoder_addresses.is_srt_missing(load(OUTSIDE | {"FASTPIX_SRT_BIND": "off"}))
