"""FLV: the bytes around a payload, and what its first ones say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.live.rtmp import amf, flv


def test_a_tag_has_its_size_before_and_behind():
    assert flv.tag(flv.VIDEO, 0x123456, b"abc") == (
        b"\x09" b"\x00\x00\x03" b"\x12\x34\x56" b"\x00" b"\x00\x00\x00" b"abc" b"\x00\x00\x00\x0e"
    )  # fmt: skip


def test_the_time_has_its_highest_byte_behind_the_others():
    assert flv.tag(flv.AUDIO, 0x01020304, b"")[4:8] == b"\x02\x03\x04\x01"
    assert flv.tag(flv.AUDIO, 0xFFFFFFFF, b"")[4:8] == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("kinds", "flags"), [((flv.AUDIO, flv.VIDEO), 5), ((flv.AUDIO,), 4), ((flv.VIDEO,), 1)])
def test_the_header_says_what_there_is(kinds, flags):
    assert flv.header(kinds) == b"FLV\x01" + bytes((flags,)) + b"\x00\x00\x00\x09\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("payload", "codec"),
    [
        (b"\x17\x01", "h264"), (b"\x27\x01", "h264"), (b"\x22", "flv1"), (b"\x24", "vp6"), (b"\x1c\x00", "hevc"), (b"\x1d", "av1"),
        (b"\x90hvc1", "hevc"), (b"\x91av01", "av1"), (b"\x91vp09", "vp9"), (b"\x90avc1", "h264"), (b"\x96\x00hvc1", "hevc"),
        (b"\x90hv", "unknown"), (b"\x90XXXX", "unknown"), (b"\x10", "unknown"), (b"", "unknown"),
    ],
)  # fmt: skip
def test_the_codec_of_the_picture_is_named(payload, codec):
    assert flv.video_codec(payload) == codec


@pytest.mark.parametrize(
    ("payload", "codec"),
    [
        (b"\xaf\x01", "aac"), (b"\x2f", "mp3"), (b"\xe2", "mp3"), (b"\xb6", "speex"), (b"\x72", "pcm_alaw"), (b"\x62", "nellymoser"),
        (b"\x90Opus", "opus"), (b"\x91mp4a", "aac"), (b"\x95\x00ac-3", "ac3"), (b"\xc0", "unknown"), (b"", "unknown"),
    ],
)  # fmt: skip
def test_the_codec_of_the_sound_is_named(payload, codec):
    assert flv.audio_codec(payload) == codec


def test_a_configuration_is_no_picture():
    config, keyframe, other = b"\x17\x00\x00\x00\x00\x01", b"\x17\x01\x00\x00\x00", b"\x27\x01\x00\x00\x00"
    assert [flv.is_video_config(each) for each in (config, keyframe, other)] == [True, False, False]
    assert [flv.is_keyframe(each) for each in (config, keyframe, other)] == [False, True, False]


def test_a_configuration_is_told_in_enhanced_rtmp_too():
    config, keyframe, other = b"\x90avc1\x01", b"\x91avc1\x00\x00\x00", b"\xa3avc1"
    assert [flv.is_video_config(each) for each in (config, keyframe, other)] == [True, False, False]
    assert [flv.is_keyframe(each) for each in (config, keyframe, other)] == [False, True, False]
    assert not flv.is_video_config(b"\x90hvc1\x01"), "of H.264 alone"


def test_a_configuration_of_sound_is_told():
    assert flv.is_audio_config(b"\xaf\x00\x12\x10") and flv.is_audio_config(b"\x90mp4a\x12\x10")
    assert not flv.is_audio_config(b"\xaf\x01") and not flv.is_audio_config(b"\x2f\x00")


@given(some.binary(max_size=8))
def test_any_payload_can_be_asked(payload):
    assert flv.video_codec(payload) and flv.audio_codec(payload)
    assert not (flv.is_keyframe(payload) and flv.is_video_config(payload))
    flv.is_audio_config(payload)


@pytest.mark.parametrize(
    ("told", "codec"),
    [(7.0, "h264"), (12.0, "hevc"), (float(0x68766331), "hevc"), ("av01", "av1"), (0.0, "unknown"), (-1.0, "unknown"), (None, "unknown")],
)  # fmt: skip
def test_an_announcement_names_the_codec_of_the_picture(told, codec):
    assert flv.announced_video_codec(amf.encode("onMetaData", {"videocodecid": told})) == codec


@given(some.binary(max_size=60))
def test_any_script_may_be_asked_for_an_announcement(script):
    assert flv.announced_video_codec(script)
