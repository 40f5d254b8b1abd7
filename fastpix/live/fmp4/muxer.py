"""Tags in, files out: each segment begins at a keyframe, and grows by fragments, so that what came lies on the disk. Pure.

The times of the samples are those of the tags, counted from the first one. No edit lists: players obey the times alone
(docs/decisions/2026-11-30-times-in-the-segments.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fastpix.live.fmp4 import fragment, init_segment
from fastpix.live.fmp4.fragment import Run, Sample
from fastpix.live.fmp4.setup import FRAME, Setup
from fastpix.live.rtmp import flv

INIT = "init.mp4"
SEGMENT_MS = 2000
# Times are rounded to milliseconds: a keyframe may seem to come a little before its time.
EARLY_MS = 20
PER_MS = init_segment.PICTURE_TIMESCALE // 1000
# Sound is counted in samples. Where its times are further off than this, in ms, they are believed: it came later (a gap),
# or encoders handed over several frames with the same time.
MOST_LATE, MOST_AHEAD = 30, 200
USUAL_PICTURE = 33 * PER_MS  # how long a single one is shown

Tag = tuple[int, int, bytes]


@dataclass(frozen=True)
class Write:
    """What is to be added to a file; with `is_whole` nothing more comes, and the file gets its name."""

    name: str
    data: bytes
    is_whole: bool


@dataclass
class _Segment:
    """One that is being written; it begins with a keyframe at `begin`, in ms."""

    number: int
    begin: int
    runs: dict[int, list[Sample]] = field(default_factory=lambda: {flv.VIDEO: [], flv.AUDIO: []})
    has_begun: bool = False


class Muxer:
    """Takes the tags of one part, in the order in which they come: pictures in the order of decoding."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._rate = setup.sound.rate if setup.sound else 0
        self._first: list[Tag] | None = []  # until it is known which is the earliest
        self._base = 0
        self._segments: list[_Segment] = []  # the last one, and the one before while its sound is still coming
        self._held: dict[int, tuple[Sample, _Segment]] = {}  # how long it lasts the next one says
        self._durations = {flv.VIDEO: USUAL_PICTURE, flv.AUDIO: FRAME}  # of the last ones
        self._cuts = self._fragments = 0
        self._writes: list[Write] = [Write(INIT, init_segment.written(setup), True)]

    def take(self, kind: int, at: int, payload: bytes) -> None:
        """One tag; `at` is in ms."""
        if kind == flv.DATA:
            return
        if self._first is not None:
            self._first.append((kind, at, payload))
        elif kind == flv.VIDEO:
            self._take_picture(max(0, at - self._base), payload)
        elif kind == flv.AUDIO and at >= self._base:  # else it lies before the beginning, which is written already
            self._take_sound(at - self._base, payload)

    def flush(self) -> list[Write]:
        """What is to be written now: all that came, but for the last sample of each track."""
        first, self._first = self._first, None
        if first:
            self._base = min(at for _, at, _ in first)
            for tag in first:
                self.take(*tag)
        elif first is not None:
            self._first = []
        for segment in self._segments:
            self._write(segment, is_whole=False)
        writes, self._writes = self._writes, []
        return writes

    def end(self) -> list[Write]:
        """The rest."""
        writes = self.flush()
        for kind, (sample, _) in self._held.items():
            self._release(kind, sample.at + self._durations[kind])
        self._held = {}
        for segment in self._segments:
            self._write(segment, is_whole=True)
        self._segments, rest = [], self._writes
        self._writes = []
        return writes + rest

    def _take_picture(self, at: int, payload: bytes) -> None:
        picture = flv.picture_in(payload)
        if picture is None:
            return
        data, delay, is_keyframe = picture
        moment = at * PER_MS
        held = self._held.get(flv.VIDEO)
        if held is not None:
            moment = max(moment, held[0].at + 1)
            self._release(flv.VIDEO, moment)
            if is_keyframe and at >= (self._cuts + 1) * SEGMENT_MS - EARLY_MS:
                self._cut(at)
        elif not is_keyframe:
            return  # nobody can decode it
        sample = Sample(moment, data, (at + delay) * PER_MS - moment, is_keyframe)
        self._held[flv.VIDEO] = (sample, self._last(at))

    def _take_sound(self, at: int, payload: bytes) -> None:
        data = flv.sound_in(payload)
        if data is None:
            return
        moment = at * self._rate // 1000
        held = self._held.get(flv.AUDIO)
        if held is not None:
            expected = held[0].at + FRAME
            late = (moment - expected) * 1000 / self._rate
            moment = expected if -MOST_AHEAD <= late <= MOST_LATE else max(moment, held[0].at + 1)
            self._release(flv.AUDIO, moment)
        segment = self._last(at)
        if len(self._segments) > 1:
            if at < segment.begin:
                segment = self._segments[0]
            else:
                self._finish_before()
        self._held[flv.AUDIO] = (Sample(moment, data), segment)

    def _release(self, kind: int, moment: int) -> None:
        """The sample that is held lasts until the next one."""
        held = self._held.get(kind)
        if held is not None:
            sample, segment = held
            sample.duration = self._durations[kind] = moment - sample.at
            segment.runs[kind].append(sample)

    def _last(self, at: int) -> _Segment:
        if not self._segments:
            self._segments.append(_Segment(0, at))
        return self._segments[-1]

    def _cut(self, at: int) -> None:
        """Another segment begins. The one before waits for the sound that belongs to it, if there is any."""
        if len(self._segments) > 1:
            self._finish_before()
        self._cuts += 1
        self._segments.append(_Segment(self._segments[-1].number + 1, at))
        if self._setup.sound is None:
            self._finish_before()

    def _finish_before(self) -> None:
        finished = self._segments.pop(0)
        self._write(finished, is_whole=True)
        for kind, (sample, segment) in self._held.items():
            if segment is finished:  # its sound comes later than another keyframe
                self._held[kind] = (sample, self._segments[0])

    def _write(self, segment: _Segment, *, is_whole: bool) -> None:
        runs = [run for run in self._runs(segment) if run.samples]
        if not runs and not is_whole:
            return
        data = b"" if segment.has_begun else fragment.TYPE
        if runs:
            self._fragments += 1
            data += fragment.written(self._fragments, runs)
        segment.runs = {flv.VIDEO: [], flv.AUDIO: []}
        segment.has_begun = True
        self._writes.append(Write(f"s{segment.number:05}.m4s", data, is_whole))

    def _runs(self, segment: _Segment) -> Iterator[Run]:
        yield Run(init_segment.PICTURE, segment.runs[flv.VIDEO], is_picture=True)
        yield Run(init_segment.SOUND, segment.runs[flv.AUDIO], is_picture=False)
