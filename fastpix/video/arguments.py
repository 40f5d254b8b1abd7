"""Writes ffmpeg's command lines for a plan, and how much of the machine each may use. Works on ffmpeg 5.1 and 9.

Outputs are named relative to the folder ffmpeg runs in. Only the streams chosen are mapped; titles, chapters and the
like are left behind, since nobody asked to publish them.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

from fastpix.video import colours
from fastpix.video.datatypes import AudioFacts, Facts, Limits, VideoFacts
from fastpix.video.plan import Plan, Rung
from fastpix.video.run import HARD
from fastpix.video.sound import Fitted

SEGMENT_SECONDS = 6
KEYFRAME_SECONDS = 2
SAMPLE_RATE = 48_000
THREADS = min(4, os.cpu_count() or 1)
ORIGINAL, SOUND = "source", "audio"  # the renditions that are no rungs
PLAYLIST, INIT, SEGMENTS = "index.m3u8", "init.mp4", "s%05d.m4s"

# Players obey a segment's own times and no edit lists, into which ffmpeg writes the delay of B-frames and of late sound.
OWN_TIMES = ("-hls_segment_options", "movflags=+frag_discont:use_editlist=0:avoid_negative_ts=make_non_negative")
NOTHING_ELSE = ("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-max_muxing_queue_size", "1024")
# TS and raw AAC carry headers in every packet, which MP4 does not; where there are none, the filter does nothing.
COPIED_AAC = ("-c:a", "copy", "-bsf:a", "aac_adtstoasc")
# Keeps sound and picture together where the source has gaps, and begins both at zero. By itself it mends only what is
# off by a tenth of a second, which one sees.
GAPS_FILLED = "aresample=async=1:min_hard_comp=0.04"
IN_STEP = f"{GAPS_FILLED}:first_pts=0"
# EBU R128, for the web: the integrated loudness that most players aim at.
LOUDNESS = f"loudnorm=I=-16:TP=-1.5:LRA=11,aresample={SAMPLE_RATE}"
# HDR is BT.2020; some files do not say so, and without it zscale finds no way from one to the other.
TO_SDR = (
    "zscale=pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)
SOON = 0.1  # seconds, for which a player waits for the other one
# A container may understate its length. What is longer than this past it is cut off, and then found to be too long.
OVERTIME_SECONDS = 5

CPU_SECONDS, CPU_PER_SECOND = 60, 6  # of 1080p at 30 frames a second
MEMORY, MEMORY_FOR_LARGE = 3 << 30, 8 << 30
SLACK_BYTES = 64 << 20


def encode(source: Path, plan: Plan, *, can_tonemap: bool, fitted: Fitted | None = None) -> list[str]:
    """The whole run that makes the renditions of `plan`, after the options that `run.ffmpeg` adds.

    `fitted` is its sound, made to fit the picture, where the plan wants that and it could be.
    """
    if plan.kind == "ladder":
        return _ladder(source, plan, can_tonemap=can_tonemap)
    name = ORIGINAL if plan.kind == "copy" else SOUND
    picture = ["-map", f"0:{plan.video.index}", "-c:v", "copy", *_described(plan.video)] if plan.video else []
    sound = []
    if plan.audio and plan.right:
        graph = f"{_heard(plan)}{_sound_filter(plan)}[a]"
        sound = ["-filter_complex", graph, "-map", "[a]", *aac(), "-b:a", "128k"]
    elif fitted:
        sound = ["-map", "1:0", *COPIED_AAC]
    elif plan.audio:
        sound = ["-map", f"0:{plan.audio.index}", *(COPIED_AAC if plan.copies_audio else _aac(plan))]
    return [*_source(source, plan, fitted), *picture, *sound, *NOTHING_ELSE, *hls(name)]


def _described(video: VideoFacts) -> list[str]:
    """Writes into a copied picture what its colours are, where players would take them for others. Costs as much again."""
    numbers = colours.unbelieved(video.colours, video.width, video.height)
    if numbers is None:
        return []
    names = ("colour_primaries", "transfer_characteristics", "matrix_coefficients")
    said = ":".join(f"{name}={number}" for name, number in zip(names, numbers, strict=True))
    return ["-bsf:v", f"h264_metadata={said}:video_full_range_flag=0"]


def _source(source: Path, plan: Plan, fitted: Fitted | None = None) -> list[str]:
    where = ["-ss", f"{plan.start:.3f}"] if plan.start else []
    seconds = plan.seconds if plan.is_cut else plan.seconds + OVERTIME_SECONDS
    beside = ["-itsoffset", f"{fitted.begins:.6f}", *HARD, "-i", str(fitted.path)] if fitted else []
    return [*where, *HARD, "-i", str(source), *beside, "-t", f"{seconds:.3f}"]


def _sound_filter(plan: Plan) -> str:
    """In step with the picture, and as long. Silence is put before only what begins late: where the sound's layout
    changes, ffmpeg sets up the filters anew, and what is put before would be put in there once more."""
    audio, video = plan.audio, plan.video
    if audio is None:
        raise ValueError("a filter of sound is for sound")
    filters = [IN_STEP if audio.begins > plan.start + SOON else GAPS_FILLED]
    if plan.normalizes_audio:
        filters.append(LOUDNESS)
    if video and video.ends and audio.ends and audio.ends < min(video.ends, plan.start + plan.seconds):
        end = min(video.ends - plan.start, plan.seconds)
        filters.append(f"apad=whole_dur={end:.3f},atrim=end={end:.3f}")
    return ",".join(filters)


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
        *("-hls_flags", "independent_segments", *OWN_TIMES, "-hls_segment_filename", segments),
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
        *("-filter_complex", _graph(plan, can_tonemap=can_tonemap), *_sounds(plan), *outputs),
        *(*h264(), *colours.WRITTEN),
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
    common = colours.retold(video.colours) + (colours.to_known(video.colours) if can_tonemap else [])
    # The first picture of an AVI is its first packet's (findings/ffmpeg_avi_shows_b_frames_late.sh); of a piece nobody knows.
    common += ["setpts=PTS-STARTPTS"] if video.is_delayed and not plan.start else []
    common += ["bwdif=mode=send_frame:deint=interlaced"] if video.is_interlaced else []
    # Never a variable rate: ffmpeg 5.1 then writes playlists whose durations are too short.
    # From zero, where that is: what is heard before the first picture is heard with it.
    begins_late = video.begins > plan.start + SOON
    common += [
        f"fps={_fraction(plan.frame_rate)}{':start_time=0' if begins_late else ''}",
        *_fitted(video, top, can_tonemap=can_tonemap),
    ]
    if video.is_hdr and can_tonemap:
        common += [TO_SDR]
    elif colours.is_wide(video.colours) and can_tonemap:
        common += [colours.to_narrow(video.colours)]
    common += ["format=yuv420p", "setsar=1", colours.SAID]
    split = "".join(f"[s{number}]" for number in range(count))
    parts = [f"[0:{video.index}]{','.join(common)},split={count}{split}"]
    for number, rung in enumerate(plan.rungs):
        parts.append(f"[s{number}]{f'scale={rung.width}:{rung.height},setsar=1' if number else 'null'}[v{number}]")
    return ";".join(parts)


def _fitted(video: VideoFacts, rung: Rung, *, can_tonemap: bool) -> list[str]:
    """The picture in the size of the rung, and in our colours.

    One that changes its shape on the way keeps each, with black around it.
    """
    size = f"{rung.width}:{rung.height}"
    if not (video.is_hdr and can_tonemap):
        size += f":{colours.to_video(video.colours, video.matrix)}"
    if not video.changes:
        return [f"scale={size}"]
    fitted = f"scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    return [fitted, f"pad={rung.width}:{rung.height}:(ow-iw)/2:(oh-ih)/2"]


def _sounds(plan: Plan) -> list[str]:
    """The sound of all rungs. In filters of its own, which ffmpeg does not set up anew when the picture's size changes."""
    if not plan.audio:
        return []
    count = len(plan.rungs)
    copies = "".join(f"[a{number}]" for number in range(count))
    return ["-filter_complex", f"{_heard(plan)}{_sound_filter(plan)},asplit={count}{copies}"]


def _heard(plan: Plan) -> str:
    """The sound of the file, as the beginning of a filter; where left and right are two, both."""
    left, right = plan.audio, plan.right
    if left is None:
        raise ValueError("there is no sound")
    if right is None:
        return f"[0:{left.index}]"
    return f"[0:{left.index}][0:{right.index}]join=inputs=2:channel_layout=stereo,"


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


def track(source: Path, audio: AudioFacts, seconds: float, origin: float = 0.0) -> list[str]:
    """An audio track beside the video: exactly as long as it, with silence at the end where it is shorter, and as late
    in its own times: `origin` seconds."""
    return [
        *(*HARD, "-i", str(source), "-t", f"{seconds:.3f}", "-map", f"0:{audio.index}"),
        *(
            "-filter:a",
            f"{IN_STEP if audio.begins > SOON else GAPS_FILLED},apad",
            *aac(),
            "-b:a",
            "128k",
            *NOTHING_ELSE,
            *("-output_ts_offset", f"{origin:.6f}"),
            *hls(""),
        ),
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
