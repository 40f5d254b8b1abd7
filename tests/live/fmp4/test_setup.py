"""What is left to ffmpeg: whatever our muxer was not held against."""

from __future__ import annotations

import pytest

from fastpix.live.fmp4 import setup
from fastpix.live.rtmp import flv
from tests.live.fmp4.muxing import AAC, X264, film, is_config, made
from tests.running.frames import tags

H264 = "-c:v", "libx264", "-preset", "veryfast"


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """The configurations that an encoder with these options sends."""
    file = tmp_path_factory.mktemp("clips") / "clip.flv"

    def sent(*options):
        found = tags(made(file, *film(1), *options))
        return {kind: payload for kind, at, payload in found if kind != flv.DATA and is_config((kind, at, payload))}

    return sent


@pytest.fixture(scope="module")
def usual(configs):
    return configs(*X264, *AAC)


def test_what_encoders_usually_send_is_ours(usual):
    found = setup.of(usual)
    assert found.picture.sequence.size == (320, 180) and (found.sound.rate, found.sound.channels) == (48_000, 1)
    assert setup.of({flv.VIDEO: usual[flv.VIDEO]}).sound is None


ODD_PICTURES = {
    "ten bits": (*H264, "-pix_fmt", "yuv420p10le"),
    "4:4:4": (*H264, "-pix_fmt", "yuv444p"),
    "4:2:2": (*H264, "-pix_fmt", "yuv422p"),
    "interlaced": (*X264, "-flags", "+ildct+ilme"),
    "pixels that are not square": (*X264, "-vf", "setsar=4/3"),
}


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_pictures_are_left_to_ffmpeg(configs, name):
    assert setup.of(configs(*ODD_PICTURES[name], *AAC)) is None


ODD_SOUNDS = {
    "HE-AAC": bytes.fromhex("2b0a0800"),
    "HE-AAC, told behind": bytes.fromhex("131056e598"),
    "HE-AAC that does not say so, perhaps": bytes.fromhex("1310"),
    "frames of 960": bytes.fromhex("1194"),
    "a layout of its own": bytes.fromhex("1180"),
    "AAC-Main": bytes.fromhex("0990"),
    "cut off": bytes.fromhex("11"),
}


@pytest.mark.parametrize("name", ODD_SOUNDS)
def test_odd_sound_is_left_to_ffmpeg(usual, name):
    assert setup.of(usual | {flv.AUDIO: flv.aac_config(ODD_SOUNDS[name])}) is None


def test_sound_alone_and_newer_ways_to_tell_it_are_left_to_ffmpeg(usual):
    assert setup.of({flv.AUDIO: usual[flv.AUDIO]}) is None
    assert setup.of(usual | {flv.VIDEO: b"\x90avc1" + usual[flv.VIDEO][5:]}) is None
    assert setup.of(usual | {flv.VIDEO: b"\x17\x00\x00\x00\x00"}) is None
    assert setup.of(usual | {flv.AUDIO: b"\x90mp4a" + usual[flv.AUDIO][2:]}) is None
