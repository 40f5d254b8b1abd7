"""Writes ffmpeg's command lines for a plan, and how much of the machine each may use. Works on ffmpeg 5.1 and 9.

Outputs are named relative to the folder ffmpeg runs in. Only the streams chosen are mapped; titles, chapters and the
like are left behind, since nobody asked to publish them.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

from fastpix.video.facts import AudioFacts, Facts, Limits, VideoFacts
from fastpix.video.plan import Plan
from fastpix.video.run import HARD

SEGMENT_SECONDS = 6
KEYFRAME_SECONDS = 2
SAMPLE_RATE = 48_000
THREADS = min(4, os.cpu_count() or 1)
ORIGINAL, SOUND = "source", "audio"  # the renditions that are no rungs
PLAYLIST, INIT, SEGMENTS = "index.m3u8", "init.mp4", "s%05d.m4s"

NOTHING_ELSE = ("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-max_muxing_queue_size", "1024")
# TS and raw AAC carry headers in every packet, which MP4 does not; where there are none, the filter does nothing.
COPIED_AAC = ("-c:a", "copy", "-bsf:a", "aac_adtstoasc")
# Keeps sound and picture together where the source has gaps, and begins both at zero.
IN_STEP = "aresample=async=1:first_pts=0"
# EBU R128, for the web: the integrated loudness that most players aim at.
LOUDNESS = f"loudnorm=I=-16:TP=-1.5:LRA=11,aresample={SAMPLE_RATE}"
# HDR is BT.2020; some files do not say so, and without it zscale finds no way from one to the other.
TO_SDR = (
    "zscale=pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)
# A container may understate its length. What is longer than this past it is cut off, and then found to be too long.
OVERTIME_SECONDS = 5

CPU_SECONDS, CPU_PER_SECOND = 60, 6  # of 1080p at 30 frames a second
MEMORY, MEMORY_FOR_LARGE = 3 << 30, 8 << 30
SLACK_BYTES = 64 << 20


def encode(source: Path, plan: Plan, *, can_tonemap: bool) -> list[str]:
    """The whole run that makes the renditions of `plan`, after the options that `run.ffmpeg` adds."""
    if plan.kind == "ladder":
        return _ladder(source, plan, can_tonemap=can_tonemap)
    name = ORIGINAL if plan.kind == "copy" else SOUND
    picture = ["-map", f"0:{plan.video.index}", "-c:v", "copy"] if plan.video else []
    sound = []
    if plan.audio:
        sound = ["-map", f"0:{plan.audio.index}", *(COPIED_AAC if plan.copies_audio else _aac(plan))]
    return [*_source(source, plan), *picture, *sound, *NOTHING_ELSE, *hls(name)]


def _source(source: Path, plan: Plan) -> list[str]:
    where = ["-ss", f"{plan.start:.3f}"] if plan.start else []
    seconds = plan.seconds if plan.is_cut else plan.seconds + OVERTIME_SECONDS
    return [*where, *HARD, "-i", str(source), "-t", f"{seconds:.3f}"]


def _sound_filter(plan: Plan) -> str:
    return f"{IN_STEP},{LOUDNESS}" if plan.normalizes_audio else IN_STEP


def _aac(plan: Plan) -> list[str]:
    return ["-filter:a", _sound_filter(plan), *aac(), "-b:a", "128k"]


def aac() -> list[str]:
    """Sound as every browser plays it."""
    return ["-c:a", "aac", "-ac", "2", "-ar", str(SAMPLE_RATE), "-threads", str(THREADS)]


def hls(name: str) -> list[str]:
    """One rendition in the folder `name`, which must exist; "" for the folder ffmpeg runs in."""
    folder = f"{name}/" if name else ""
    return [*_hls(f"{folder}{SEGMENTS}"), "-hls_fmp4_init_filename", INIT, f"{folder}{PLAYLIST}"]


def _hls(segments: str) -> list[str]:
    return [
        *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"),
        *("-hls_flags", "independent_segments", "-hls_segment_filename", segments),
    ]


def _ladder(source: Path, plan: Plan, *, can_tonemap: bool) -> list[str]:
    outputs: list[str] = []
    for number, rung in enumerate(plan.rungs):
        most = rung.max_kilobits
        outputs += ["-map", f"[v{number}]"]
        outputs += [f"-maxrate:v:{number}", f"{most}k", f"-bufsize:v:{number}", f"{most * 3 // 2}k"]
    if plan.audio:
        for number, rung in enumerate(plan.rungs):
            outputs += ["-map", f"[a{number}]", f"-b:a:{number}", f"{rung.audio_kilobits}k"]
    variants = " ".join(
        f"v:{number},a:{number},name:{rung.name}" if plan.audio else f"v:{number},name:{rung.name}"
        for number, rung in enumerate(plan.rungs)
    )
    return [
        *("-filter_complex_threads", str(THREADS)),
        *_source(source, plan),
        *("-filter_complex", _graph(plan, can_tonemap=can_tonemap), *outputs),
        *h264(),
        *(aac() if plan.audio else []),
        *NOTHING_ELSE,
        *_hls(f"%v/{SEGMENTS}"),
        *("-var_stream_map", variants, f"%v/{PLAYLIST}"),
    ]


def h264() -> list[str]:
    """A picture as every browser plays it, with the same keyframes in every rung so that players can change between."""
    return [
        *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "21", "-sc_threshold", "0"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{KEYFRAME_SECONDS})", "-threads", str(THREADS)),
    ]


def _graph(plan: Plan, *, can_tonemap: bool) -> str:
    """The filters: one decode; what costs much is done once, on the size of the largest rung."""
    video, top, count = plan.video, plan.rungs[0], len(plan.rungs)
    if video is None:
        raise ValueError("a ladder is of a picture")
    common = ["bwdif=mode=send_frame:deint=interlaced"] if video.is_interlaced else []
    # Never a variable rate: ffmpeg 5.1 then writes playlists whose durations are too short.
    common += [f"fps={_fraction(plan.frame_rate)}", f"scale={top.width}:{top.height}"]
    if video.is_hdr and can_tonemap:
        common += [TO_SDR]
    common += ["format=yuv420p", "setsar=1"]
    split = "".join(f"[s{number}]" for number in range(count))
    parts = [f"[0:{video.index}]{','.join(common)},split={count}{split}"]
    for number, rung in enumerate(plan.rungs):
        parts.append(f"[s{number}]{f'scale={rung.width}:{rung.height},setsar=1' if number else 'null'}[v{number}]")
    if plan.audio:
        copies = "".join(f"[a{number}]" for number in range(count))
        parts.append(f"[0:{plan.audio.index}]{_sound_filter(plan)},asplit={count}{copies}")
    return ";".join(parts)


def _fraction(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


def check(source: Path, plan: Plan, seconds: float) -> list[str]:
    """Decode the first `seconds` of what is to be copied, and end badly at the first error."""
    streams = [stream.index for stream in (plan.video, plan.audio) if stream]
    maps = [word for index in streams for word in ("-map", f"0:{index}")]
    return [
        "-xerror",
        "-err_detect",
        "explode",
        *HARD,
        "-i",
        str(source),
        "-t",
        f"{seconds:g}",
        *maps,
        "-f",
        "null",
        "-",
    ]


def track(source: Path, audio: AudioFacts, seconds: float) -> list[str]:
    """An audio track beside the video: exactly as long as it, with silence at the end where it is shorter."""
    return [
        *(*HARD, "-i", str(source), "-t", f"{seconds:.3f}", "-map", f"0:{audio.index}"),
        *("-filter:a", f"{IN_STEP},apad", *aac(), "-b:a", "128k", *NOTHING_ELSE, *hls("")),
    ]


def limits(facts: Facts, plan: Plan) -> Limits:
    """What a run for `plan` may use: in proportion to the seconds and to what each second holds."""
    cpu = int(CPU_SECONDS + CPU_PER_SECOND * plan.seconds * weight(facts.video))
    most_kilobits = sum(rung.max_kilobits + rung.audio_kilobits for rung in plan.rungs) or 256
    output = facts.size * 5 // 4 if plan.kind == "copy" else int(most_kilobits * 125 * plan.seconds * 1.5)
    is_large = facts.video is not None and max(facts.video.width, facts.video.height) > 1920
    return Limits(
        cpu_seconds=cpu,
        wall_seconds=600 + 4 * cpu,
        memory_bytes=MEMORY_FOR_LARGE if is_large else MEMORY,
        file_bytes=output + SLACK_BYTES,
        output_bytes=output + SLACK_BYTES,
    )


def weight(video: VideoFacts | None) -> float:
    """How much work a second of this is, next to one of 1080p at 30 frames; at least 1."""
    if video is None:
        return 1.0
    return max(1.0, video.width * video.height * video.frame_rate / (1920 * 1080 * 30))
