"""What an encoder's configurations say, where they are of the kind that we write ourselves: proved against ffmpeg.

Sources: ISO/IEC 14496-15, section 5.3.3.1 (avcC); 14496-3, section 1.6.2.1 (AudioSpecificConfig).
"""

from __future__ import annotations

from dataclasses import dataclass

from fastpix.live.rtmp import flv
from fastpix.video import headers

# Baseline, Main, Extended, High: pictures of eight bits in 4:2:0.
PROFILES = (66, 77, 88, 100)
SQUARE = (1, 1)
LOW_COMPLEXITY, EXPLICIT_SBR = 2, 0x2B7
FRAME = 1024  # samples of a frame of AAC-LC
# Hz. Sound of a lower rate may be HE-AAC that does not say so: twice the rate, and half of it made up by the decoder.
_RATES = (96000, 88200, 64000, 48000, 44100, 32000)
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8}


@dataclass(frozen=True)
class PictureSetup:
    """H.264: `config` is its AVCDecoderConfigurationRecord."""

    config: bytes
    sequence: headers.Sequence


@dataclass(frozen=True)
class SoundSetup:
    """AAC-LC: `config` is its AudioSpecificConfig, `rate` in Hz."""

    config: bytes
    rate: int
    channels: int


@dataclass(frozen=True)
class Setup:
    """What a part is begun with."""

    picture: PictureSetup
    sound: SoundSetup | None


def of(configs: dict[int, bytes]) -> Setup | None:
    """By the payloads of the tags that configure a picture and sound; None where ffmpeg is the one to write them."""
    picture = _picture(configs.get(flv.VIDEO, b""))
    sound = _sound(configs[flv.AUDIO]) if flv.AUDIO in configs else None
    if picture is None or (sound is None and flv.AUDIO in configs):
        return None
    return Setup(picture, sound)


def _picture(payload: bytes) -> PictureSetup | None:
    config = payload[5:]
    if (
        payload[:2] != b"\x17\x00"
        or len(config) < 8
        or config[0] != 1
        or config[1] not in PROFILES
        or config[5] & 31 != 1
    ):
        return None
    length = int.from_bytes(config[6:8], "big")
    sequence = headers.sequence(config[8 : 8 + length])
    if sequence is None or not sequence.is_progressive or sequence.aspect not in (None, SQUARE):
        return None
    return PictureSetup(config, sequence) if min(sequence.size) > 0 else None


def _sound(payload: bytes) -> SoundSetup | None:
    config = payload[2:]
    if payload[0] >> 4 != 10 or len(config) not in (2, 5):
        return None
    bits = int.from_bytes(config[:2], "big")
    kind, rate, channels, others = bits >> 11, bits >> 7 & 15, bits >> 3 & 15, bits & 7
    # `others`: frames of another length, and what no AAC-LC has.
    if kind != LOW_COMPLEXITY or rate >= len(_RATES) or channels not in _CHANNELS or others:
        return None
    if len(config) == 5 and int.from_bytes(config[2:], "big") >> 7 != EXPLICIT_SBR << 6 | 5 << 1:
        return None  # it says that half of the sound is made up
    return SoundSetup(config, _RATES[rate], _CHANNELS[channels])
