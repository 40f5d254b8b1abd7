"""What a file is, by ffmpeg's own words: for files on which our reader dies, and which ffmpeg reads.

Says less than the reader, in the same shape: nothing that would let the picture or the sound be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastpix.video import tools
from fastpix.video.child import Child
from fastpix.video.datatypes import Limits
from fastpix.video.run import HARD

LIMITS = Limits(cpu_seconds=60, wall_seconds=120, file_bytes=0)
# As much as files with many streams and their titles make it say.
MOST_LINES = 5000
_INPUT = re.compile(r"Input #0, ([\w,]+), from ")
_DURATION = re.compile(r"  Duration: (?:(\d+):(\d\d):(\d\d(?:\.\d+)?)|N/A)(?:, start: (-?[\d.]+))?")
_STREAM = re.compile(r"  Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?: (Video|Audio|Subtitle): (.*)")
_CODEC = re.compile(r"(\w+)")
_SIZE = re.compile(r", (\d+)x(\d+)(?: \[SAR (\d+):(\d+))?")
_RATE = re.compile(r", (\d+(?:\.\d+)?)(k?) fps")
_HERTZ = re.compile(r", (\d+) Hz, ([^,]+)")
_ROTATION = re.compile(r"(?i)display ?matrix: rotation of (-?[\d.]+) degrees")
# The form of the numbers with what the container says of them: `yuv420p(tv, bt709/bt709/iec61966-2-1, progressive)`.
_DECLARED = re.compile(r", \w+\((?:(tv|pc)\b(?:, )?)?(?:([\w-]+)(?:/([\w-]+)/([\w-]+))?)?")
_SHOWN = re.compile(r"fmt:(\w+) .* i:([PTB])")
_COLOURS = re.compile(r"color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)")
# By ffmpeg's names the numbers of ITU-T H.273; what is not named is unknown.
UNKNOWN = 2
_RANGES = {"tv": 1, "pc": 2}
_COMMON = {"bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7}
_MATRICES = {**_COMMON, "gbr": 0, "fcc": 4, "bt2020nc": 9, "bt2020c": 10}
_PRIMARIES = {**_COMMON, "film": 8, "bt2020": 9, "smpte431": 11, "smpte432": 12}
_TRANSFERS = {
    **_COMMON,
    **{"linear": 8, "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "arib-std-b67": 18},
}


def look(path: Path) -> dict[str, Any] | None:
    """What `fastpix.video.probe_child` would have told; None where ffmpeg cannot read it either."""
    heard = _listen(path, ["-c", "copy", "-t", "0"])
    found = _facts(heard)
    if found is None:
        return None
    if found["video"]:
        index = found["video"]["index"]
        shown = _listen(path, ["-map", f"0:{index}", "-vf", "showinfo", "-frames:v", "1"], before=("-noautorotate",))
        found["picture"] = _picture(shown)
    return found


def _listen(path: Path, arguments: Iterable[str], before: Iterable[str] = ()) -> list[str]:
    command = [
        tools.ffmpeg(),
        *("-hide_banner", "-nostdin", "-v", "info", *before, *HARD, "-i", str(path), *arguments, "-f", "null", "-"),
    ]
    with Child(command, Path("/"), LIMITS, lambda _line: None, most_lines=MOST_LINES) as child:
        child.ended(within=LIMITS.wall_seconds)
    return list(child.log)


def _facts(heard: list[str]) -> dict[str, Any] | None:
    container, duration, begin = "", 0.0, 0.0
    video: dict[str, Any] | None = None
    audio: list[dict[str, Any]] = []
    subtitles: list[str] = []
    for line in heard:
        if line.startswith("Output #0"):
            break
        if match := _INPUT.match(line):
            container = match[1]
        elif match := _DURATION.match(line):
            hours, minutes, seconds = (float(part or 0) for part in match.groups()[:3])
            duration, begin = hours * 3600 + minutes * 60 + seconds, float(match[4] or 0)
        elif (match := _STREAM.match(line)) and "(attached pic)" not in line:
            index, language, kind, words = int(match[1]), match[2] or "und", match[3], match[4]
            if kind == "Video":
                video = video or _video(index, words)
            elif kind == "Audio":
                audio.append(_audio(index, language, words))
            else:
                subtitles.append(language)
    if not container or not (video or audio):
        return None
    return {
        "container": container,
        "duration": duration or None,
        "begin": begin,
        "streams": len(audio) + len(subtitles) + bool(video),
        "subtitles": subtitles,
        "clocks": {},
        "has_several_setups": True,  # it is not known, so nothing is copied
        "is_fragmented": False,
        "is_cut_off": False,
        "video": video,
        "audio": audio,
    }


def _video(index: int, words: str) -> dict[str, Any]:
    size, rate = _SIZE.search(words), _RATE.search(words)
    wide, high = (int(size[3]), int(size[4])) if size and size[3] else (1, 1)
    codec = _CODEC.match(words)
    return {
        "index": index,
        "codec": codec[1] if codec and size else None,
        "profile": "",
        "level": 0,
        "pixel_format": "",
        "width": int(size[1]) if size else 0,
        "height": int(size[2]) if size else 0,
        "frame_rate": float(rate[1]) * (1000 if rate[2] else 1) if rate else 0.0,
        "pixel_aspect": wide / high if wide and high else 1.0,
        "is_interlaced": "top first" in words or "bottom first" in words or "top coded" in words,
        "bit_rate": None,
        "declared": _declared(words),
    }


def _declared(words: str) -> dict[str, int]:
    """What the container says of the colours. Where all three have one name, that is written once."""
    match = _DECLARED.search(words)
    full, matrix, primaries, transfer = match.groups() if match else (None, None, None, None)
    return _colours(full, matrix, primaries or matrix, transfer or matrix)


def _colours(full: str | None, matrix: str | None, primaries: str | None, transfer: str | None) -> dict[str, int]:
    return {
        "transfer": _TRANSFERS.get(transfer or "", UNKNOWN),
        "primaries": _PRIMARIES.get(primaries or "", UNKNOWN),
        "matrix": _MATRICES.get(matrix or "", UNKNOWN),
        "range": _RANGES.get(full or "", 0),
    }


def _audio(index: int, language: str, words: str) -> dict[str, Any]:
    hertz, codec = _HERTZ.search(words), _CODEC.match(words)
    return {
        "index": index,
        "codec": codec[1] if codec else "",
        "profile": "",
        "channels": _channels(hertz[2]) if hertz else 0,
        "sample_rate": int(hertz[1]) if hertz else 0,
        "language": language,
        "title": "",
        "is_default": "(default)" in words,
    }


def _channels(layout: str) -> int:
    """How many channels a layout has, as ffmpeg names it: `mono`, `stereo`, `5.1(side)`, `16 channels (...)`."""
    if match := re.match(r"(\d+) channels", layout):
        return int(match[1])
    if match := re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", layout):
        return sum(int(part or 0) for part in match.groups())
    return {"mono": 1, "stereo": 2}.get(layout.split("(")[0].strip(), 3)


def _picture(heard: list[str]) -> dict[str, Any] | None:
    """The first picture, where one could be decoded."""
    shown = next((match for line in heard if "showinfo" in line and (match := _SHOWN.search(line))), None)
    if shown is None:
        return None
    rotation = next((float(match[1]) for line in heard if (match := _ROTATION.search(line))), 0.0)
    colours = next((match for line in heard if (match := _COLOURS.search(line))), None)
    full, matrix, primaries, transfer = colours.groups() if colours else ("", "", "", "")
    return {
        "rotation": rotation,
        "is_interlaced": shown[2] != "P",
        **_colours(full, matrix, primaries, transfer),
        "pixel_format": shown[1],
    }
