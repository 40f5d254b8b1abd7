"""How large a picture is, read from its first bytes: as real encoders wrote them, and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import headers

WRITTEN = [
    ("h264", "6764000cacb40a0cfcf808800000030080000019078a1550", (320, 180)),
    ("h264", "6764001eacd940a03db011000003000100000300320f162d96", (640, 480)),
    ("vp8", "0000009d012a4001b400", (320, 180)),
    ("vp9", "a2498342e013f00b36043824", (320, 180)),
    ("vp9", "a2498342e027f01df6003824", (640, 480)),
    ("mpeg2video", "000001b31400b433ffffe018", (320, 180)),
]


@pytest.mark.parametrize(("codec", "head", "size"), WRITTEN)
def test_reads_the_size_that_an_encoder_wrote(codec, head, size):
    assert headers.sizes(codec, [bytes.fromhex(head)]) == {size}


def test_of_several_sizes_each_is_told_once_and_of_other_formats_none():
    heads = [bytes.fromhex(head) for codec, head, _ in WRITTEN if codec == "h264"]
    assert headers.sizes("h264", [*heads, *heads]) == {(320, 180), (640, 480)}
    assert headers.sizes("av1", heads) == frozenset()


@given(some.sampled_from(sorted(headers.READERS)), some.binary(max_size=40))
def test_whatever_the_bytes_are_there_is_a_size_or_none(codec, head):
    assert all(min(size) > 0 for size in headers.sizes(codec, [head]))


@pytest.mark.parametrize(("codec", "head", "size"), WRITTEN)
def test_a_head_that_is_cut_off_tells_nothing_false(codec, head, size):
    whole = bytes.fromhex(head)
    for length in range(len(whole)):
        assert headers.sizes(codec, [whole[:length]]) <= {size}


@pytest.mark.parametrize(
    ("unit", "is_said"),
    [
        ("6764000cacb40a0cfcf808800000030080000019078a1550", False),
        ("67640016acd940a02ff97016a02020280000030008000003019078b16cb0", True),
    ],
)
def test_tells_whether_the_colours_are_said(unit, is_said):
    assert headers.says_colours(bytes.fromhex(unit)) is is_said
    assert not headers.says_colours(bytes.fromhex(unit)[:12])
