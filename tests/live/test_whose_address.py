"""Encoders that are refused are counted by whose address it is: a subscriber of IPv6 has a whole /64."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from fastpix.live.rtmp.listener import Listener as RtmpListener
from fastpix.live.rtmp.session import DEFAULT_LIMITS
from fastpix.live.srt.listener import Limits
from fastpix.live.srt.listener import Listener as SrtListener
from fastpix.live.srt.rejection import Rejected
from fastpix.ratelimit.attempts import network

OF_ONE = [f"2001:db8::{number:x}" for number in range(1, 4)]
ANOTHER = "2001:db8:0:1::1"


def test_rtmp_has_no_room_for_a_third_address_of_one_subscriber():
    listener = RtmpListener(None, DEFAULT_LIMITS, 10, 2, network)
    listener.sessions |= {_Waiting(address) for address in OF_ONE[:2]}
    assert not listener.has_room_for(OF_ONE[2])
    assert listener.has_room_for(ANOTHER)


class _Waiting(SimpleNamespace):
    def __init__(self, address):
        super().__init__(address=address, is_publishing=False)

    __hash__ = object.__hash__


async def refusals(listener, addresses):
    """Which of them are not even looked up."""
    listener._is_listening = True
    return [_is_refused(listener, address) for address in addresses]


def _is_refused(listener, address):
    try:
        listener._check_limits(0x10500, address)
    except Rejected:
        return True
    listener._reject(address)
    return False


def test_srt_looks_up_no_more_keys_of_one_subscriber_than_of_one_address():
    async def ask():
        listener = SrtListener(None, None, Limits(rejections=2), network)
        return await refusals(listener, [*OF_ONE, ANOTHER])

    assert asyncio.run(ask()) == [False, False, True, False]


@pytest.mark.parametrize("address", ["192.0.2.1", "::ffff:192.0.2.1"])
def test_an_ipv4_address_is_its_own(address):
    assert network(address) == "192.0.2.1"
