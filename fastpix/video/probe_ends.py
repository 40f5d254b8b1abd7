"""Whether a file breaks off before its end, for the program that looks into it: by what the file says of its own size.

Imports nothing else of fastpix, as `fastpix.video.probe_child`, which runs it.
Sources: RFC 8794 and 9559 (Matroska), the RIFF chunks of AVI with OpenDML, Adobe's FLV 10.1 (annex E), Microsoft's ASF.
"""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO

HEAD_BYTES = 4096
# A cluster is at most a few seconds long. Only the last one is looked at, however long the file is.
TAIL_BYTES, MOST_ELEMENTS, MOST_TRIES = 16 << 20, 100_000, 1000
MOST_CHUNKS = 1000  # of 1 GB each, in OpenDML
SEGMENT, CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
CLUSTER_BEGINS = (b"\xe7", b"\xec", b"\xbf")  # its time stamp, or padding or a sum before that
FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def is_cut_off(container: str, file: FileIO, size: int) -> bool:
    """Whether the file of `size` bytes breaks off: False also where its container, by libav's name, does not tell."""
    read = READERS.get(container.partition(",")[0])
    if read is None:
        return False
    place = file.tell()
    try:
        return read(file, size)
    except (IndexError, ValueError):
        return False
    finally:
        file.seek(place)


def _number(file: FileIO, at: int, length: int, order: str = "little") -> int:
    file.seek(at)
    data = file.read(length)
    if len(data) < length:
        raise ValueError("the file ends here")
    return int.from_bytes(data, "big" if order == "big" else "little")


def _avi(file: FileIO, size: int) -> bool:
    """A chunk of the outermost kind is longer than what is there of it."""
    place = 0
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        if place + 8 > size or file.read(4) != b"RIFF":
            return False
        length = _number(file, place + 4, 4)
        place += 8 + length + length % 2
        if place > size + 1:
            return True
    return False


def _flv(file: FileIO, size: int) -> bool:
    """The last four bytes do not tell the length of a tag that ends before them."""
    length = _number(file, size - 4, 4, "big")
    if not 11 <= length <= size - 4:
        return True
    return _number(file, size - 4 - length + 1, 3, "big") + 11 != length


def _asf(file: FileIO, size: int) -> bool:
    """The header tells a larger size. What is broadcast tells none."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    start = head.index(FILE_PROPERTIES)
    told, flags = head[start + 40 : start + 48], head[start + 88]
    return not flags & 1 and int.from_bytes(told, "little") > size


def _matroska(file: FileIO, size: int) -> bool:
    """The segment is longer than what is there of it; where it does not say how long it is, its last cluster is."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    start = head.index(SEGMENT) + len(SEGMENT)
    length, width = _size(head[start : start + 8])
    if length is not None:
        return start + width + length > size
    return _is_last_cluster_broken(file, size)


def _size(data: bytes) -> tuple[int | None, int]:
    """The length of an element, None where it is unknown, and in how many bytes it is written."""
    width = 9 - data[0].bit_length()
    if not data[0] or len(data) < width:
        raise ValueError("no size of an element")
    length = int.from_bytes(data[:width], "big") - (1 << 7 * width)
    return (None if length == (1 << 7 * width) - 1 else length), width


def _is_last_cluster_broken(file: FileIO, size: int) -> bool:
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read(TAIL_BYTES)
    place = _last_cluster(tail)
    # Elements one after the other; the children of a cluster that does not say how long it is follow it.
    for _ in range(MOST_ELEMENTS):
        if place == len(tail):
            return False
        name = 9 - tail[place].bit_length()
        if name > 4:
            return False  # no element begins like that: what follows is no Matroska
        if place + name >= len(tail):
            return True
        head = tail[place + name : place + name + 8]
        if len(head) < 9 - head[0].bit_length():
            return True
        length, width = _size(head)
        place += name + width + (length or 0)
        if place > len(tail):
            return True
    return False


def _last_cluster(tail: bytes) -> int:
    """Where the last cluster begins. Raises ValueError where there is none, as in a file that holds no more than a header."""
    end = len(tail)
    for _ in range(MOST_TRIES):
        start = tail.rindex(CLUSTER, 0, end)
        inside = tail[start + 4 : start + 12]
        width = 9 - inside[0].bit_length() if inside else 0
        if width < 9 and (not inside[width:] or inside[width : width + 1] in CLUSTER_BEGINS):
            return start
        end = start + 3
    raise ValueError("no cluster")


READERS: dict[str, Callable[[FileIO, int], bool]] = {"avi": _avi, "flv": _flv, "asf": _asf, "matroska": _matroska}
