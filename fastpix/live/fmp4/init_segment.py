"""What begins the pieces of a part: which tracks there are, and how their decoders are set up.

Sources: ISO/IEC 14496-12 (boxes), 14496-15 (avc1), 14496-14 and 14496-1 (mp4a, esds). It says what ffmpeg's says, since
recordings are copied only where all their parts are set up alike.
"""

from __future__ import annotations

from struct import pack

from fastpix.live.fmp4.boxes import box, full_box
from fastpix.live.fmp4.setup import PictureSetup, Setup, SoundSetup

PICTURE, SOUND = 1, 2  # numbers of tracks
PICTURE_TIMESCALE = 16_000  # ffmpeg's for times in milliseconds
_MOVIE_TIMESCALE = 1000
_MATRIX = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4  # the language
_IN_THIS_FILE = box(b"dinf", full_box(b"dref", 0, 0, pack(">I", 1), full_box(b"url ", 0, 1)))
_NO_SAMPLES = (
    full_box(b"stts", 0, 0, bytes(4))
    + full_box(b"stsc", 0, 0, bytes(4))
    + full_box(b"stsz", 0, 0, bytes(8))
    + full_box(b"stco", 0, 0, bytes(4))
)
_UNSAID = 2


def written(setup: Setup) -> bytes:
    """The init segment."""
    numbers = (PICTURE, SOUND) if setup.sound else (PICTURE,)
    header = pack(">5I", 0, 0, _MOVIE_TIMESCALE, 0, 0x10000) + pack(">H", 0x100) + bytes(10) + _MATRIX + bytes(24)
    traks = [_picture(setup.picture), *((_sound(setup.sound),) if setup.sound else ())]
    extends = [full_box(b"trex", 0, 0, pack(">5I", number, 1, 0, 0, 0)) for number in numbers]
    movie = box(
        b"moov",
        full_box(b"mvhd", 0, 0, header, pack(">I", numbers[-1] + 1)),
        *traks,
        box(b"mvex", *extends),
    )
    return box(b"ftyp", b"iso5", pack(">I", 0x200), b"iso5iso6mp41") + movie


def _picture(setup: PictureSetup) -> bytes:
    width, height = setup.sequence.size
    inner = [box(b"avcC", setup.config)]
    if setup.sequence.aspect:
        inner.append(box(b"pasp", pack(">II", *setup.sequence.aspect)))
    if setup.sequence.colours and _UNSAID not in setup.sequence.colours[:3]:
        *numbers, is_full = setup.sequence.colours
        inner.append(box(b"colr", b"nclx", pack(">3HB", *numbers, is_full << 7)))
    entry = bytes(6) + pack(">H", 1) + bytes(16) + pack(">HHII4xH", width, height, 0x480000, 0x480000, 1)
    avc1 = box(b"avc1", entry, bytes(32), pack(">Hh", 24, -1), *inner)
    return _trak(
        PICTURE,
        b"vide",
        avc1,
        PICTURE_TIMESCALE,
        full_box(b"vmhd", 0, 1, bytes(8)),
        pack(">II", width << 16, height << 16),
    )


def _sound(setup: SoundSetup) -> bytes:
    decoder = pack(">BBxHII", 0x40, 0x15, 0, 0, 0) + _descriptor(5, setup.config)  # AAC; an audio stream
    descriptor = _descriptor(3, pack(">HB", SOUND, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02"))
    entry = bytes(6) + pack(">H", 1) + bytes(8) + pack(">HHII", setup.channels, 16, 0, setup.rate << 16)
    mp4a = box(b"mp4a", entry, full_box(b"esds", 0, 0, descriptor))
    return _trak(SOUND, b"soun", mp4a, setup.rate, full_box(b"smhd", 0, 0, bytes(4)), bytes(8))


def _descriptor(tag: int, content: bytes) -> bytes:
    """One of 14496-1, section 8.3.3, shorter than 128 bytes."""
    return bytes((tag, len(content))) + content


def _trak(number: int, handler: bytes, entry: bytes, timescale: int, header: bytes, sides: bytes) -> bytes:
    is_sound = handler == b"soun"
    place = pack(">4H", 0, is_sound, 0x100 * is_sound, 0)  # layer, alternate group, volume
    head = full_box(b"tkhd", 0, 3, pack(">5I", 0, 0, number, 0, 0), bytes(8), place, _MATRIX, sides)
    media = full_box(b"mdhd", 0, 0, pack(">4IHH", 0, 0, timescale, 0, _UNDETERMINED, 0))
    name = b"SoundHandler\0" if is_sound else b"VideoHandler\0"
    kind = full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name)
    samples = box(b"stbl", full_box(b"stsd", 0, 0, pack(">I", 1), entry), _NO_SAMPLES)
    return box(b"trak", head, box(b"mdia", media, kind, box(b"minf", header, _IN_THIS_FILE, samples)))
