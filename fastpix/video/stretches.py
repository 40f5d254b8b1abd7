"""What an encoder sent without a break, as a file: put together from segments, timed, and told from others.

For segments that our own ffmpeg cut: fragmented MP4, an init segment for each connection. Of each segment little is
read, so that hours cost seconds. Source of the formats: ISO/IEC 14496-12, 14496-15 (avcC), 14496-1 (esds).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fastpix.video import boxes
from fastpix.video.boxes import AUDIO_ENTRY, VISUAL_ENTRY, Track
from fastpix.video.datatypes import ShouldStop, Stopped

# What reading something that is no MP4, or half of one, ends in.
BROKEN = (struct.error, ValueError, KeyError, IndexError, StopIteration)
# A bit rate that was declared says nothing of how to decode.
HEARSAY = (b"btrt",)


@dataclass(frozen=True)
class Picture:
    """What a decoder of pictures is set up with. Where all of it is equal, pictures can follow each other as they are."""

    setup: bytes
    width: int
    height: int
    timescale: int


@dataclass(frozen=True)
class Sound:
    """The same of sound. `object_type` is 2 for AAC-LC, 0 for what is no AAC."""

    setup: bytes
    object_type: int
    rate: int
    channels: int


@dataclass(frozen=True)
class Kind:
    """What is in a stretch. `is_plain`: the picture comes first, then the sound, and nothing else."""

    picture: Picture | None
    sound: Sound | None
    is_plain: bool = True


@dataclass(frozen=True)
class Stretch:
    """A file of one kind without a gap; it plays for `seconds`, from its first picture or sound to its last."""

    path: Path
    kind: Kind
    seconds: float
    size: int


@dataclass(frozen=True)
class Joined:
    """What one connection sent: a stretch, or several where segments lack between. `damaged` segments were left out."""

    stretches: tuple[Stretch, ...]
    damaged: int


def join(init: Path, segments: Iterable[Path | None], folder: Path, should_stop: ShouldStop = lambda: False) -> Joined:
    """Put a connection's segments together in `folder`, as p00000.mp4 and so on after those that are there.

    None stands for a segment that is missing: what follows it is another stretch, so that no gap stays. Removes each
    segment once it is in, since there is not room for all twice. Raises Stopped.
    """
    head = init.read_bytes()
    try:
        kind, timing = _kind(head), _Timing(head)
    except BROKEN:
        return Joined((), sum(1 for segment in segments if segment is not None))
    made: list[Stretch] = []
    writing: _Writing | None = None
    damaged = 0
    for segment in segments:
        if should_stop():
            raise Stopped("The work was called off.")
        is_damaged = segment is not None and not timing.take(segment, begins=writing is None)
        damaged += is_damaged
        if segment is None or is_damaged:
            made += [writing.end(kind)] if writing else []
            writing = None
        else:
            writing = writing or _Writing(_next(folder), head, timing)
            writing.add(segment)
    made += [writing.end(kind)] if writing else []
    return Joined(tuple(made), damaged)


def _next(folder: Path) -> Path:
    return folder / f"p{len(list(folder.glob('p*.mp4'))):05}.mp4"


class _Writing:
    """A stretch that is being written."""

    def __init__(self, path: Path, head: bytes, timing: _Timing) -> None:
        self._path, self._timing = path, timing
        path.write_bytes(head)

    def add(self, segment: Path) -> None:
        with self._path.open("ab") as file, segment.open("rb") as part:
            shutil.copyfileobj(part, file, 1 << 20)
        segment.unlink()

    def end(self, kind: Kind) -> Stretch:
        return Stretch(self._path, kind, self._timing.seconds, self._path.stat().st_size)


@dataclass
class _Timing:
    """When what was taken in begins and ends, as players see it: after the init segment's edit lists."""

    head: bytes
    _tracks: list[Track] = field(init=False)
    _shifts: dict[int, float] = field(init=False)
    _spans: dict[int, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tracks, self._shifts = boxes.tracks(self.head), _shifts(self.head)

    @property
    def seconds(self) -> float:
        spans = self._spans.values()
        return max(end for _, end in spans) - min(begin for begin, _ in spans)

    def take(self, segment: Path, *, begins: bool) -> bool:
        """Take in a segment; with `begins` it is the first of a stretch. False: it is not whole, and was not taken in."""
        try:
            first = _first_fragment(segment)
            spans = boxes.spans(segment, self._tracks) if first else {}
            delays = _delays(first, {track.id: track.timescale for track in self._tracks}) if first else {}
        except BROKEN:
            return False
        if not spans:
            return False
        if begins:
            self._spans = {}
        for number, (begin, end) in spans.items():
            # Pictures are shown later than they are decoded, by what the first one is.
            shift = self._shifts.get(number, 0.0) + delays.get(number, 0.0)
            self._spans[number] = (self._spans.get(number, (begin + shift, 0.0))[0], end + shift)
        return True


def top_level(file: IO[bytes], size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and bytes of each box of a file, without what is in it; one that is cut off comes out as it should be."""
    place = 0
    while place < size:
        file.seek(place)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = struct.unpack(">Q", file.read(8))[0]
        if length < 8:
            raise ValueError(f"a box of {length} bytes")
        yield name, place, length
        place += length


def _first_fragment(segment: Path) -> bytes:
    """What is written about the first fragment of a segment; nothing if the segment is cut off or holds none."""
    size, first, end, names = segment.stat().st_size, b"", 0, set()
    with segment.open("rb") as file:
        for name, place, length in top_level(file, size):
            end = place + length
            names.add(name)
            if name == b"moof" and not first and end <= size:
                file.seek(place)
                first = file.read(length)
    return first if end == size and b"mdat" in names else b""


def _delays(fragment: bytes, timescales: dict[int, int]) -> dict[int, float]:
    """How much later than it is decoded the first picture of each track is shown, in seconds."""
    found: dict[int, float] = {}
    number = 0
    for name, content in boxes.walk(fragment):
        if name == b"tfhd":
            number = struct.unpack_from(">I", content, 4)[0]
        elif name == b"trun" and number in timescales and number not in found:
            flags, count = int.from_bytes(content[1:4], "big"), struct.unpack_from(">I", content, 4)[0]
            found[number] = 0.0
            if flags & 0x800 and count:
                place = 8 + sum(4 for bit in (0x1, 0x4, 0x100, 0x200, 0x400) if flags & bit)
                form = ">i" if content[0] else ">I"
                found[number] = struct.unpack_from(form, content, place)[0] / timescales[number]
    return found


def _shifts(head: bytes) -> dict[int, float]:
    """By how many seconds the edit list of each track moves it."""
    found: dict[int, float] = {}
    movie, number, empty, skipped = 1, 0, 0, 0
    for name, content in boxes.walk(head):
        if name == b"mvhd":
            movie = struct.unpack_from(">I", content, 20 if content[0] else 12)[0]
        elif name == b"tkhd":
            number = struct.unpack_from(">I", content, 20 if content[0] else 12)[0]
            empty = skipped = 0
        elif name == b"edts":
            empty, skipped = _edits(dict(boxes.walk(content))[b"elst"])
        elif name == b"mdhd":
            found[number] = empty / movie - skipped / struct.unpack_from(">I", content, 20 if content[0] else 12)[0]
    return found


def _edits(elst: bytes) -> tuple[int, int]:
    """Units of the movie that are empty before it begins, and units of the track that are skipped."""
    form = ">qqI" if elst[0] else ">IiI"
    empty = skipped = 0
    for number in range(struct.unpack_from(">I", elst, 4)[0]):
        duration, begin, _ = struct.unpack_from(form, elst, 8 + number * struct.calcsize(form))
        if begin >= 0:
            skipped = begin
            break
        empty += duration
    return empty, skipped


def _kind(head: bytes) -> Kind:
    """What an init segment announces: of each sort the first track."""
    picture: Picture | None = None
    sound: Sound | None = None
    sorts = []
    timescale = 0
    for name, content in boxes.walk(head):
        if name == b"mdhd":
            timescale = struct.unpack_from(">I", content, 20 if content[0] else 12)[0]
        elif name == b"hdlr" and content[8:12] in (b"vide", b"soun", b"subt", b"text", b"meta"):
            sorts.append(content[8:12])
        elif name == b"stsd" and sorts[-1] == b"vide":
            picture = picture or _picture(*next(boxes.walk(content[8:])), timescale)
        elif name == b"stsd" and sorts[-1] == b"soun":
            sound = sound or _sound(*next(boxes.walk(content[8:])), timescale)
    if picture is None and sound is None:
        raise ValueError("neither picture nor sound")
    return Kind(picture, sound, sorts == [b"vide"] * bool(picture) + [b"soun"] * bool(sound))


def _picture(codec: bytes, entry: bytes, timescale: int) -> Picture:
    width, height = struct.unpack_from(">HH", entry, 24)
    inner = [name + content for name, content in boxes.walk(entry, VISUAL_ENTRY) if name not in HEARSAY]
    return Picture(b"".join((codec, *sorted(inner))), width, height, timescale)


def _sound(codec: bytes, entry: bytes, timescale: int) -> Sound:
    channels = struct.unpack_from(">H", entry, 16)[0]
    inner = dict(boxes.walk(entry, AUDIO_ENTRY))
    if codec != b"mp4a":
        return Sound(codec + entry, 0, timescale, channels)
    # The first two bytes name object type, rate and channels; what may follow only says that nothing does.
    config = _decoder_config(inner[b"esds"])[:2]
    return Sound(codec + config, config[0] >> 3, timescale, (config[1] >> 3) & 15)


def _decoder_config(esds: bytes) -> bytes:
    """The AudioSpecificConfig (14496-3, 1.6.2.1): the content of the descriptor with the tag 5."""
    place = 4  # version and flags
    while place < len(esds):
        tag, length = esds[place], 0
        place += 1
        while True:  # the length, seven bits a byte
            length = length << 7 | esds[place] & 0x7F
            place += 1
            if not esds[place - 1] & 0x80:
                break
        if tag == 5:
            return esds[place : place + length]
        place += {3: 3, 4: 13}.get(tag, length)  # go into these two, behind their own fields
    raise ValueError("no AudioSpecificConfig")
