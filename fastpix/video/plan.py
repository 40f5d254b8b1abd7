"""Decides, from what a file holds and what was asked for, how it becomes playable: copied, encoded, or sound alone.

Pure: no file is touched here. A copied video has one rendition, `source`, and no smaller ones for slow lines: a copy is
ready within seconds, and encoding smaller ones beside it would cost what the copy saved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from fastpix.video.colours import SMPTE_240M, YCGCO, is_wide
from fastpix.video.datatypes import AudioFacts, Facts, Unplayable, VideoFacts, Wish, halves

# What every browser's decoder takes as it is.
COPY_CONTAINERS = ("mov", "mp4", "flv", "mpegts", "matroska", "webm")
COPY_PROFILES = ("Constrained Baseline", "Baseline", "Main", "High")
COPY_MAX_LEVEL, COPY_LONG_SIDE, COPY_SHORT_SIDE = 42, 1920, 1080
COPY_MAX_GOP_SECONDS, COPY_MAX_BIT_RATE = 10.0, 10_000_000
MAX_CHANNELS = 2
# A player's buffer begins where both are there, and it ends where the shorter one does; it hears no gap but what lies
# behind it too early. What sound is further from the picture's times than this, in seconds, is encoded to fit them.
MOST_LATE, MOST_EARLY, MOST_STRAY, MOST_SHORT = 0.1, 0.5, 0.03, 0.5
# Packets of sound before the first that is heard, which are an encoder's delay; what else an edit list hides, a copy would play.
MOST_DELAY = 3

STANDARD_HEIGHTS = (2160, 1440, 1080, 720, 480, 360)
ONLY_AS_TOP = 480  # too close to its neighbours to be worth an encode of its own
MAX_FRAME_RATE = 60
HIGH_FRAME_RATE = 32  # above it, rungs get half as many bits again
MAX_KILOBITS = {2160: 17_120, 1440: 9_630, 1080: 5_350, 720: 2_996, 480: 1_498, 360: 856}
LEAST_KILOBITS = 250
AUDIO_KILOBITS, LOW_AUDIO_KILOBITS, LOW_AUDIO_UP_TO = 128, 96, 480
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True)
class Rung:
    """One encode of the ladder. Sides are even; `max_kilobits` is the most the picture may take in a second."""

    name: str
    width: int
    height: int
    max_kilobits: int
    audio_kilobits: int


@dataclass(frozen=True)
class Plan:
    """How a file is made playable; `refits_audio`: its sound is copied anew, so that it fits the picture. `start` and `seconds` are of the source; `is_cut` if only a part of it is wanted."""

    kind: Literal["copy", "ladder", "audio"]
    start: float
    seconds: float
    is_cut: bool
    video: VideoFacts | None
    audio: AudioFacts | None
    copies_audio: bool
    normalizes_audio: bool
    refits_audio: bool = False
    rungs: tuple[Rung, ...] = ()
    frame_rate: Fraction = Fraction(0)
    # The right half of the sound, where each is a sound of its own in the file.
    right: AudioFacts | None = None

    @property
    def is_copy(self) -> bool:
        """Whether the picture, or of a file without one the sound, goes through as it is."""
        return self.kind == "copy" or (self.kind == "audio" and self.copies_audio)


def plan(facts: Facts, wish: Wish, *, may_copy: bool = True) -> Plan:
    """How `facts` is made playable as `wish` says; with `may_copy=False` the picture is encoded in any case.

    Raises Unplayable if there is neither picture nor sound, or if the part asked for is not in the file.
    """
    start, seconds = _part(facts, wish)
    audio = facts.audio[0] if facts.audio else None
    audio, right = halves(facts.audio) or (audio, None)
    is_cut = seconds < facts.duration
    may_stay = (
        audio is not None
        and may_copy_audio(audio)
        and not (facts.is_rough or facts.lead)
        and not right
        and not is_cut
        and not wish.normalize_audio
    )
    sound_as_it_is = may_stay and audio is not None and fits(audio, facts.video)
    common = Plan(
        "audio", start, seconds, is_cut, facts.video, audio, sound_as_it_is, wish.normalize_audio, right=right
    )
    if facts.video is None:
        if audio is None:
            raise Unplayable("This file holds neither picture nor sound. Send a video or an audio file.")
        return replace(common, copies_audio=sound_as_it_is and may_copy)
    if may_copy and not is_cut and may_copy_video(facts, wish.max_height):
        return replace(
            common, kind="copy", refits_audio=may_stay and not sound_as_it_is, frame_rate=frame_rate(facts.video)
        )
    return replace(
        common,
        kind="ladder",
        copies_audio=False,
        rungs=rungs(facts.video, wish.max_height),
        frame_rate=min(frame_rate(facts.video), Fraction(MAX_FRAME_RATE)),
    )


def _part(facts: Facts, wish: Wish) -> tuple[float, float]:
    """Start and length, in seconds, of what is wanted of the file."""
    start = wish.start or 0.0
    end = facts.duration if wish.end is None else min(wish.end, facts.duration)
    if wish.start is not None and start >= facts.duration:
        raise Unplayable(f"The start time is {start:g} s, but the file is only {facts.duration:.1f} s long.")
    if end - start < SHORTEST_SECONDS and (wish.start is not None or wish.end is not None):
        raise Unplayable("The end time must be after the start time.")
    return start + facts.lead, end - start


def may_copy_audio(audio: AudioFacts) -> bool:
    """Whether browsers play the sound as it is, and no more than is in it: AAC-LC, at most stereo."""
    is_plain = audio.codec == "aac" and audio.profile == "LC" and 1 <= audio.channels <= MAX_CHANNELS
    return is_plain and not audio.changes and audio.hidden <= MOST_DELAY


def fits(audio: AudioFacts, video: VideoFacts | None) -> bool:
    """Whether the sound as it is stays in step with the picture, and goes on as long."""
    if video is None:
        return True
    ends_too_soon = audio.ends is not None and video.ends is not None and audio.ends < video.ends - MOST_SHORT
    return audio.begins - video.begins <= MOST_LATE and audio.strays <= MOST_STRAY and not ends_too_soon


def may_copy_video(facts: Facts, max_height: int) -> bool:
    """Whether browsers play the picture as it is, and can seek in it. `max_height` is of the short side."""
    video = facts.video
    if video is None or facts.container not in COPY_CONTAINERS:
        return False
    short, long = sorted((video.width, video.height))
    bit_rate = video.bit_rate or facts.size * 8 / max(facts.duration, SHORTEST_SECONDS)
    return (
        video.codec == "h264"
        and video.profile in COPY_PROFILES
        and 0 < video.level <= COPY_MAX_LEVEL
        and video.pixel_format == "yuv420p"
        and not (video.is_hdr or is_wide(video.colours) or video.colours.matrix in (SMPTE_240M, YCGCO))
        and long <= COPY_LONG_SIDE
        and short <= min(COPY_SHORT_SIDE, max_height)
        and video.width % 2 == video.height % 2 == 0
        and video.rotation == 0
        and video.pixel_aspect == 1.0
        and not video.is_interlaced
        and not video.changes
        and not (video.hidden or facts.lead)
        and not video.is_open
        and not facts.is_rough
        and not any(video.begins - sound.begins > MOST_EARLY for sound in facts.audio[:1])
        and video.frame_rate <= MAX_FRAME_RATE + 1
        and video.longest_gop is not None
        and video.longest_gop <= COPY_MAX_GOP_SECONDS
        and bit_rate <= COPY_MAX_BIT_RATE
    )


def frame_rate(video: VideoFacts) -> Fraction:
    """The average rate as the fraction it was meant to be: 23.976 is 24000/1001."""
    broadcast = Fraction(round(video.frame_rate) * 1000, 1001)
    is_broadcast = abs(float(broadcast) - video.frame_rate) < 0.001
    return max(broadcast if is_broadcast else Fraction(video.frame_rate).limit_denominator(1001), Fraction(1))


def rungs(video: VideoFacts, max_height: int) -> tuple[Rung, ...]:
    """The encodes of the ladder, largest first; at least one, none larger than the source. Sizes are of the short side."""
    limit = _even(min(video.width, video.height, max_height))
    fitting = [height for height in STANDARD_HEIGHTS if height <= limit]
    heights = [height for height in fitting if height != ONLY_AS_TOP or height == fitting[0]]
    return tuple(_rung(video, height) for height in heights or [limit])


def _rung(video: VideoFacts, short: int) -> Rung:
    scale = Fraction(short, min(video.width, video.height))
    long = _even(round(max(video.width, video.height) * scale))
    width, height = (short, long) if video.width < video.height else (long, short)
    kilobits = MAX_KILOBITS.get(short) or max(LEAST_KILOBITS, round(MAX_KILOBITS[360] * short / 360))
    if video.frame_rate > HIGH_FRAME_RATE:
        kilobits = kilobits * 3 // 2
    audio = LOW_AUDIO_KILOBITS if short < LOW_AUDIO_UP_TO else AUDIO_KILOBITS
    return Rung(f"{short}p", width, height, kilobits, audio)


def _even(side: int) -> int:
    """The next lower even number, at least 2: 4:2:0 pictures have no odd sides."""
    return max(2, side // 2 * 2)
