"""Chunks: whatever the pieces are, the messages are the same; and what is malformed is refused."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.live.rtmp.chunks import (
    FIRST_CHUNK_SIZE,
    LARGEST_CHUNK,
    LONGEST_MESSAGE,
    MOST_ABORTS,
    MOST_CHANNELS,
    MOST_EMPTY,
    ChunkReader,
    ChunkWriter,
)
from fastpix.live.rtmp.messages import ABORT, SET_CHUNK_SIZE, Message, ProtocolError, control

MESSAGES = some.builds(
    Message,
    kind=some.sampled_from([8, 9, 18, 20]),
    stream=some.integers(0, 0xFFFFFFFF),
    timestamp=some.integers(0, 0xFFFFFFFF) | some.sampled_from([0xFFFFFE, 0xFFFFFF, 0x1000000]),
    payload=some.binary(min_size=1, max_size=600),
)


def header(form, channel, time=0, length=0, kind=9, stream=1):
    """A chunk's header. `time` from 0xFFFFFF on is written behind it."""
    short = min(time, 0xFFFFFF).to_bytes(3, "big")
    fields = short + length.to_bytes(3, "big") + bytes((kind,)) + struct.pack("<I", stream)
    extended = struct.pack(">I", time) if time >= 0xFFFFFF else b""
    return bytes((form << 6 | channel,)) + fields[: (11, 7, 3, 0)[form]] + extended


def times(data):
    return [message.timestamp for message in ChunkReader().feed(data)]


@given(some.lists(some.tuples(MESSAGES, some.integers(2, 12)), max_size=12), some.integers(1, 300), some.data())
def test_messages_arrive_as_they_were_sent_however_the_bytes_are_split(sent, size, data):
    writer, reader = ChunkWriter(), ChunkReader()
    stream = writer.write(control(SET_CHUNK_SIZE, size), 2)
    writer.chunk_size = size
    stream += b"".join(writer.write(message, channel) for message, channel in sent)
    cuts = sorted(data.draw(some.lists(some.integers(0, len(stream)), max_size=30)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = [message for piece in pieces for message in reader.feed(piece)]
    assert found == [message for message, _ in sent]


def test_messages_arrive_byte_by_byte():
    writer, reader = ChunkWriter(), ChunkReader()
    sent = [Message(9, 1, 0x1000000 * each, bytes(300)) for each in range(3)]
    stream = b"".join(writer.write(message, 6) for message in sent)
    assert [message for place in range(len(stream)) for message in reader.feed(stream[place : place + 1])] == sent


def test_runs_of_chunks_are_taken_at_once_up_to_where_another_channel_comes_between():
    picture, sound = Message(9, 1, 40, bytes(range(256)) * 20), Message(8, 1, 40, b"sound" * 60)
    pictures, sounds = (ChunkWriter().write(each, number) for each, number in ((picture, 6), (sound, 4)))
    head, stride = 12, FIRST_CHUNK_SIZE + 1
    between = head + FIRST_CHUNK_SIZE + 10 * stride
    data = pictures[:between] + sounds + pictures[between:] + pictures
    for size in (len(data), 1000, stride, 700):
        reader = ChunkReader()
        found = [each for at in range(0, len(data), size) for each in reader.feed(data[at : at + size])]
        assert found == [sound, picture, picture]


def test_channels_may_take_turns_within_messages():
    long, short = bytes(range(200)), b"sound"
    stream = (
        header(0, 6, 10, 200) + long[:128]
        + header(0, 4, 20, len(short), kind=8) + short
        + header(3, 6) + long[128:]
    )  # fmt: skip
    assert ChunkReader().feed(stream) == [Message(8, 1, 20, short), Message(9, 1, 10, long)]


@pytest.mark.parametrize(
    ("first", "number"), [(b"\x00\x00", 64), (b"\x00\xff", 319), (b"\x01\x00\x01", 320), (b"\x01\xff\xff", 65599)]
)
def test_a_channels_number_may_take_two_or_three_bytes(first, number):
    again = bytes((first[0] | 0xC0,)) + first[1:]
    payload = bytes(200)
    stream = first + header(0, 3, 7, 200)[1:] + payload[:128] + again + payload[128:]
    for cut in range(len(stream)):
        reader = ChunkReader()
        assert reader.feed(stream[:cut]) + reader.feed(stream[cut:]) == [Message(9, 1, 7, payload)]
    assert number in reader._channels


def test_shorter_headers_keep_what_they_leave_out():
    stream = (
        header(0, 6, 100, 1, stream=5) + b"a"
        + header(1, 6, 40, 2, kind=8) + b"bb"
        + header(2, 6, 3) + b"cc"
        + header(3, 6) + b"dd"
    )  # fmt: skip
    assert ChunkReader().feed(stream) == [
        Message(9, 5, 100, b"a"), Message(8, 5, 140, b"bb"), Message(8, 5, 143, b"cc"), Message(8, 5, 146, b"dd"),
    ]  # fmt: skip


def test_a_message_right_behind_the_first_is_later_by_the_firsts_time():
    assert times(header(0, 6, 23, 1) + b"a" + header(3, 6) + b"b") == [23, 46]


def test_but_not_by_hours():
    assert times(header(0, 6, 9_000_000, 1) + b"a" + header(3, 6) + b"b") == [9_000_000, 9_000_000]
    assert (
        times(header(0, 6, 17_000_000, 1) + b"a" + header(3, 6) + struct.pack(">I", 17_000_000) + b"b")
        == [17_000_000] * 2
    )


def test_an_extended_time_stands_in_continuing_chunks_too():
    time = struct.pack(">I", 17_000_000)
    stream = (
        header(0, 6, 17_000_000, 300)
        + bytes(128)
        + (header(3, 6) + time + bytes(128))
        + header(3, 6)
        + time
        + bytes(44)
    )
    stream += header(2, 6, 33) + bytes(128) + (header(3, 6) + bytes(128)) + header(3, 6) + bytes(44)
    for size in (1, 7, len(stream)):
        reader = ChunkReader()
        found = [each for place in range(0, len(stream), size) for each in reader.feed(stream[place : place + size])]
        assert found == [Message(9, 1, 17_000_000, bytes(300)), Message(9, 1, 17_000_033, bytes(300))]


def test_a_step_may_be_extended():
    assert times(header(0, 6, 5, 1) + b"a" + header(1, 6, 0x1000000, 1) + b"b") == [5, 0x1000005]


def test_time_goes_round_after_49_days():
    assert times(header(0, 6, 0xFFFFFFF0, 1) + b"a" + header(2, 6, 0x20) + b"b") == [0xFFFFFFF0, 0x10]


def test_the_control_channel_may_begin_without_a_stream():
    assert ChunkReader().feed(header(1, 2, 0, 4, kind=3) + bytes(4)) == [Message(3, 0, 0, bytes(4))]


def test_an_aborted_message_is_forgotten():
    stream = header(0, 6, 1, 200) + bytes(128) + ChunkWriter().write(control(ABORT, 6), 2) + header(1, 6, 0, 3) + b"new"
    assert [message.payload for message in ChunkReader().feed(stream)] == [b"new"]


def test_the_writer_writes_extended_times_in_every_chunk():
    written = ChunkWriter().write(Message(9, 1, 0xFFFFFF, bytes(200)), 6)
    time = b"\x00\xff\xff\xff"
    assert written == b"\x06\xff\xff\xff\x00\x00\xc8\x09\x01\x00\x00\x00" + time + bytes(128) + b"\xc6" + time + bytes(
        72
    )


def test_a_message_of_the_longest_kind_passes_and_a_longer_one_is_refused_when_it_is_announced():
    assert (
        len(ChunkReader().feed(ChunkWriter().write(Message(9, 1, 0, bytes(LONGEST_MESSAGE)), 6))[0].payload)
        == LONGEST_MESSAGE
    )
    with pytest.raises(ProtocolError):
        ChunkReader().feed(header(0, 6, 0, LONGEST_MESSAGE + 1))


def test_the_longest_may_change_on_the_way():
    reader = ChunkReader(longest=100)
    reader.longest = 200
    assert len(reader.feed(header(0, 6, 0, 150) + bytes(128) + header(3, 6) + bytes(22))) == 1


MALFORMED = {
    "a message that continues what never began": header(3, 6),
    "a step from nothing": header(2, 6, 5),
    "a message inside another": header(0, 6, 0, 200) + bytes(128) + header(0, 6, 0, 200),
    "16 MB": header(0, 6, 0, 0xFFFFFF),
    "more channels than there may be": b"".join(header(0, 2 + each, 0, 1) + b"a" for each in range(MOST_CHANNELS + 1)),
    "many long messages at once": b"".join(header(0, 3 + each, 0, LONGEST_MESSAGE) + bytes(128) for each in range(3)),
    "chunks of no byte": ChunkWriter().write(control(SET_CHUNK_SIZE, 0), 2),
    "chunks of 2 GB": ChunkWriter().write(control(SET_CHUNK_SIZE, 2**31 - 1), 2),
    "chunks of a size with the highest bit": ChunkWriter().write(control(SET_CHUNK_SIZE, 2**31 + 4096), 2),
    "chunks over the largest": ChunkWriter().write(control(SET_CHUNK_SIZE, LARGEST_CHUNK + 1), 2),
    "a chunk size of two bytes": ChunkWriter().write(Message(SET_CHUNK_SIZE, 0, 0, b"\x10\x00"), 2),
    "an abort of nothing": header(0, 2, 0, 0, kind=ABORT, stream=0),
    "a flood of aborts": ChunkWriter().write(control(ABORT, 6), 2) * (MOST_ABORTS + 1),
    "a flood of empty messages": header(0, 6) + header(3, 6) * MOST_EMPTY,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(data):
    with pytest.raises(ProtocolError):
        ChunkReader().feed(data)


@some.composite
def nearly_right(draw):
    """What a sender might say, with some bytes changed."""
    sent = draw(some.lists(some.tuples(MESSAGES, some.integers(2, 8)), min_size=1, max_size=5))
    stream = bytearray(b"".join(ChunkWriter().write(message, channel) for message, channel in sent))
    for place in draw(some.lists(some.integers(0, len(stream) - 1), max_size=4)):
        stream[place] = draw(some.integers(0, 255))
    return bytes(stream)


@given(some.lists(some.binary(max_size=400) | nearly_right(), max_size=6))
def test_any_bytes_are_read_or_refused(pieces):
    reader = ChunkReader()
    with suppress(ProtocolError):
        for piece in pieces:
            reader.feed(piece)


@given(some.binary(max_size=400) | nearly_right(), some.data())
def test_any_bytes_mean_the_same_however_they_are_split(stream, data):
    cuts = sorted(data.draw(some.lists(some.integers(0, len(stream)), max_size=10)))

    def read(pieces):
        reader, found = ChunkReader(), []
        try:
            for piece in pieces:
                found += reader.feed(piece)
        except ProtocolError as problem:
            return str(problem)
        return found

    assert read([stream]) == read([stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)])
