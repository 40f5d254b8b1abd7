"""AMF0: the values that commands are made of, and the ways to write them wrong."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.live.rtmp.amf import DEEPEST, MOST_VALUES, decode, encode
from fastpix.live.rtmp.messages import ProtocolError

TEXT = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = some.recursive(
    some.none() | some.booleans() | some.floats(allow_nan=False) | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT.filter(bool), inner, max_size=4),
    max_leaves=20,
).filter(lambda value: depth_of(value) <= DEEPEST)


def depth_of(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner)) if inner else 0


@given(some.lists(VALUES, max_size=4))
def test_what_is_written_is_read(values):
    assert decode(encode(*values)) == values


def test_whole_numbers_are_written_as_numbers_and_booleans_are_not():
    assert encode(1) == encode(1.0) == b"\x00" + struct.pack(">d", 1)
    assert encode(True) == b"\x01\x01"


def test_a_long_text_is_written_as_a_long_string():
    text = "ü" * 40_000
    assert encode(text)[:5] == b"\x0c" + struct.pack(">I", 80_000)
    assert decode(encode(text)) == [text]


def test_ecma_arrays_dates_undefined_and_unsupported_are_read():
    array = b"\x08\x00\x00\x00\x01" + b"\x00\x01a" + encode(7) + b"\x00\x00\x09"
    date = b"\x0b" + struct.pack(">d", 86_400_000) + b"\x00\x00"
    assert decode(array + date + b"\x06\x0d") == [{"a": 7}, 86_400_000, None, None]


def test_an_ecma_array_may_announce_fewer_than_it_has():
    assert decode(b"\x08\x00\x00\x00\x00" + b"\x00\x01a" + encode(7) + b"\x00\x00\x09") == [{"a": 7}]


def test_what_amf_has_no_word_for_is_not_written():
    with pytest.raises(TypeError):
        encode(object())


MALFORMED = {
    "a number that is cut off": b"\x00\x00\x00",
    "a boolean without a value": b"\x01",
    "a string without its length": b"\x02\x00",
    "a string shorter than announced": b"\x02\xff\xffabc",
    "a long string of 4 GB": b"\x0c\xff\xff\xff\xffabc",
    "a string that is not UTF-8": b"\x02\x00\x02\xff\xfe",
    "an object without an end": b"\x03\x00\x01a" + encode(1),
    "an object without a value": b"\x03\x00\x01a\x00\x00\x09",
    "an array of four billion": b"\x0a\xff\xff\xff\xff",
    "an ECMA array of four billion": b"\x08\xff\xff\xff\xff\x00\x00\x09",
    "an array with fewer than announced": b"\x0a\x00\x00\x00\x05\x05",
    "a date without a time zone": b"\x0b" + bytes(8),
    "an end without an object": b"\x09",
    "a reference": b"\x07\x00\x00",
    "XML": b"\x0f\x00\x00\x00\x01a",
    "a typed object": b"\x10\x00\x01a\x00\x00\x09",
    "AMF3": b"\x11\x01",
    "no marker at all": b"\xff",
    "objects 30 deep": b"\x03\x00\x01a" * 30,
    "arrays 10000 deep": b"\x0a\x00\x00\x00\x01" * 10_000,
    "too many values": encode(*[None] * (MOST_VALUES + 1)),
    "too many values in arrays of arrays": encode([[None] * 200] * 3),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(data):
    with pytest.raises(ProtocolError):
        decode(data)


def test_objects_may_be_eight_deep_and_no_deeper():
    value = None
    for _ in range(DEEPEST):
        value = {"a": value}
    assert decode(encode(value)) == [value]
    with pytest.raises(ProtocolError):
        decode(encode({"a": value}))


@given(some.binary(max_size=200) | some.lists(VALUES, max_size=3).map(lambda values: encode(*values)[:-1]))
def test_any_bytes_are_read_or_refused(data):
    with suppress(ProtocolError):
        decode(data)
