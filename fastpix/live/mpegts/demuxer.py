"""A transport stream read into tags: packets, tables, tracks, and their codecs' own forms."""

from __future__ import annotations

from abc import abstractmethod

from fastpix.live.mpegts.adts import SAMPLES, FrameReader
from fastpix.live.mpegts.errors import StreamError, WrongCodec
from fastpix.live.mpegts.h264 import picture_in
from fastpix.live.mpegts.interleaving import Interleaver, Tag
from fastpix.live.mpegts.pes import PACKET_SIZE, Assembler, Unit
from fastpix.live.mpegts.tables import Sections, Track, program_in, tracks_in
from fastpix.live.rtmp import flv

MOST_SKIPPED = 256 << 10  # bytes that are no packets
TICKS = 90  # a millisecond
_SYNC = 0x47
_WRAP = 1 << 33
_NO_STREAM = "The encoder sends no MPEG-TS. Set its container to that."


class Demuxer:
    """The first program of a transport stream; of several tracks of a kind the first, rather one that is taken here."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipped = 0
        self._tables: dict[int, Sections] = {0: Sections()}
        self._program: int | None = None
        self._tracks: list[Track] = []
        self._readers: dict[int, _Reader] = {}
        self._interleaver = Interleaver(set(), None)
        self._clock = _Clock()

    def feed(self, data: bytes) -> list[Tag]:
        """The tags that these bytes complete. Raises StreamError."""
        data = self._rest + data
        place, end = 0, len(data) - PACKET_SIZE
        tags: list[Tag] = []
        while place <= end:
            if data[place] != _SYNC:
                place = self._skip_to_packet(data, place)
                continue
            packet_id = (data[place + 1] & 0x1F) << 8 | data[place + 2]
            reader = self._readers.get(packet_id)
            if reader is not None:
                tags += self._read_all(reader.feed(data, place))
                self._interleaver.leader_comes |= reader.waits_for_keyframe
            elif packet_id in self._tables:
                tags += self._read_table(packet_id, data[place : place + PACKET_SIZE])
            place += PACKET_SIZE
        self._rest = data[place:]
        return tags

    def flush(self) -> list[Tag]:
        """What is left when nothing more comes. Raises StreamError."""
        tags: list[Tag] = []
        for reader in self._readers.values():
            tags += self._read_all(reader.flush())
        return tags + self._interleaver.flush()

    def _skip_to_packet(self, data: bytes, place: int) -> int:
        found = data.find(_SYNC, place + 1)
        place, before = found if found > 0 else len(data), place
        self._skipped += place - before
        if self._skipped > MOST_SKIPPED:
            raise StreamError(_NO_STREAM)
        return place

    def _read_table(self, packet_id: int, packet: bytes) -> list[Tag]:
        control, start = packet[3] >> 4 & 3, 4
        start += 1 + packet[4] if control & 2 else 0
        section = self._tables[packet_id].feed(packet[start:] if control & 1 else b"", is_start=bool(packet[1] & 0x40))
        if section is None:
            return []
        self._skipped = 0
        if packet_id == 0:
            self._set_program(program_in(section))
            return []
        tracks = tracks_in(section)
        return self._set_tracks(tracks) if tracks and tracks != self._tracks else []

    def _set_program(self, packet_id: int | None) -> None:
        if packet_id and packet_id != self._program:
            self._program = packet_id
            self._tables = {0: self._tables[0], packet_id: Sections()}

    def _set_tracks(self, tracks: list[Track]) -> list[Tag]:
        """Read these tracks from now on. Of those that were there before nothing is lost; the rest that the others had."""
        picture, sound = (_chosen(tracks, is_picture) for is_picture in (True, False))
        before, self._readers = self._readers, {}
        for track, kind in ((picture, _Picture), (sound, _Sound)):
            if track is not None:
                kept = before.pop(track.packet_id, None) if track in self._tracks else None
                self._readers[track.packet_id] = kept or kind(self._clock)
        self._tracks = tracks
        tags = [tag for reader in before.values() for tag in self._read_all(reader.flush())]
        kinds = {reader.kind for reader in self._readers.values()}
        if self._interleaver.kinds:
            self._interleaver.set_kinds(kinds)
        else:
            self._interleaver = Interleaver(kinds, flv.VIDEO if picture else None)
        return tags

    def _read_all(self, found: list[Tag]) -> list[Tag]:
        return [tag for each in found for tag in self._interleaver.push(each)]


def _chosen(tracks: list[Track], is_picture: bool) -> Track | None:
    of_kind = [track for track in tracks if track.is_picture == is_picture]
    taken = [track for track in of_kind if track.codec in ("h264", "aac")]
    if of_kind and not taken:
        raise WrongCodec(of_kind[0].codec, is_picture=is_picture)
    return taken[0] if taken else None


class _Clock:
    """Times of 33 bits without their wrap, which comes every 26 hours."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, ticks: int) -> int:
        """In ticks; a time that lies less than half a wrap before the latest one lies before it."""
        last = ticks if self._last is None else self._last
        self._last = last + (ticks - last + _WRAP // 2) % _WRAP - _WRAP // 2
        return self._last


class _Reader:
    """What both kinds of tracks have."""

    kind: int
    waits_for_keyframe = False

    def __init__(self, clock: _Clock) -> None:
        self._clock, self._assembler, self._config = clock, Assembler(), b""

    def feed(self, data: bytes, place: int) -> list[Tag]:
        """The tags that the packet at `place` completes."""
        return [tag for unit in self._assembler.feed(data, place) for tag in self._read(unit)]

    def flush(self) -> list[Tag]:
        """What is left when nothing more comes."""
        return [tag for unit in self._assembler.flush() for tag in self._read(unit)]

    @abstractmethod
    def _read(self, unit: Unit) -> list[Tag]:
        """The tags of one unit."""


class _Picture(_Reader):
    """The track of H.264. Nothing is handed on before the first keyframe with its configuration."""

    kind = flv.VIDEO

    def _read(self, unit: Unit) -> list[Tag]:
        picture = picture_in(unit.data, is_entry=unit.is_entry)
        if picture is None or unit.presentation is None or unit.decoding is None:
            return []
        decoding = self._clock.unwrap(unit.decoding)
        delay = (unit.presentation - unit.decoding + _WRAP // 2) % _WRAP - _WRAP // 2
        time, shown = _milliseconds(decoding), _milliseconds(decoding + delay)
        tags = []
        if picture.config and picture.config != self._config:
            self._config = picture.config
            tags.append(Tag(flv.VIDEO, time, flv.h264_config(picture.config), is_config=True))
        self.waits_for_keyframe = not self._config
        if self._config:
            tags.append(Tag(flv.VIDEO, time, flv.h264_picture(picture.data, shown - time, picture.is_keyframe)))
        return tags


class _Sound(_Reader):
    """The track of AAC: several frames to a unit, and the last may end in the next one."""

    kind = flv.AUDIO

    def __init__(self, clock: _Clock) -> None:
        super().__init__(clock)
        self._frames = FrameReader()
        self._next = 0.0  # when the next frame is heard, in ticks

    def _read(self, unit: Unit) -> list[Tag]:
        if unit.follows_loss:
            self._frames.clear()
        is_begun = self._frames.has_rest  # its time is that of the unit before
        heard = None if unit.presentation is None else float(self._clock.unwrap(unit.presentation))
        tags = []
        for frame in self._frames.feed(unit.data):
            if heard is not None and not is_begun:
                self._next, heard = heard, None
            is_begun = False
            time = _milliseconds(round(self._next))
            if frame.config != self._config:
                self._config = frame.config
                tags.append(Tag(flv.AUDIO, time, flv.aac_config(frame.config), is_config=True))
            tags.append(Tag(flv.AUDIO, time, flv.aac_frame(frame.data)))
            self._next += SAMPLES * TICKS * 1000 / frame.rate
        return tags


def _milliseconds(ticks: int) -> int:
    return (ticks + TICKS // 2) // TICKS
