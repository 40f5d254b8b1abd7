"""Which colours the numbers of a picture stand for, and the filters that turn them into those we write: BT.709, limited range.

Numbers are those of ITU-T H.273. A film that does not say it is taken as players do: standard definition as BT.601, all that
is larger as BT.709. JPEG and WebP have a description of their own: BT.601, full and limited range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNSAID = 2
# A matrix that browsers take for BT.601.
SMPTE_240M = 7
# Of libav's numbers of the range: 0 is unsaid, 1 limited.
FULL = 2
# Their pictures have no field for the colours, and their decoders claim BT.601 (findings/ffmpeg_vp8_hides_the_colours_of_webm.sh).
SILENT_CODECS = ("vp8", "mjpeg")
# As far as the oldest ffmpeg that we work on knows them.
LAST_PRIMARIES, LAST_TRANSFER, LAST_MATRIX = 22, 18, 14
# How swscale calls the matrices.
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
# One that it does not know: zscale makes BT.709 of it first.
YCGCO = 8
# Of a film that does not say: what is larger is high definition.
SD_WIDTH, SD_HEIGHT = 1024, 576

# Primaries of more colours than BT.709 has: BT.2020, DCI-P3 and Display P3, by zscale's names; and the curves that differ
# from those of BT.709, BT.601 and BT.2020, which are one.
WIDE = {9: "2020", 11: "smpte431", 12: "smpte432"}
CURVES = {13: "iec61966-2-1"}

# What we write, and write out: players do not believe a description with gaps.
WRITTEN = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
SAID = "setparams=range=limited:color_primaries=bt709:color_trc=bt709:colorspace=bt709"


@dataclass(frozen=True)
class Colours:
    """What a film says of its colours: numbers of H.273, 2 where it says nothing; `is_full` is its range.

    `is_retold`: its container says some of it, and the decoded frames say something else or nothing.
    """

    primaries: int = UNSAID
    transfer: int = UNSAID
    matrix: int = UNSAID
    is_full: bool = False
    is_retold: bool = False

    @property
    def is_described(self) -> bool:
        return UNSAID not in (self.primaries, self.transfer, self.matrix)


def read(picture: Mapping[str, object], declared: Mapping[str, object], codec: str) -> Colours:
    """What a film says by its first decoded `picture`, and by its container where the coded picture has no word for it.

    Both have `primaries`, `transfer`, `matrix` and `range`; the picture also its `pixel_format`. Raises KeyError and
    ValueError where that is missing or no number.
    """
    seen = {name: int(str(picture[name])) for name in ("primaries", "transfer", "matrix", "range")}
    told = {name: int(str(declared[name])) for name in seen}
    nothing = {"primaries": UNSAID, "transfer": UNSAID, "matrix": UNSAID, "range": 0}
    most = {"primaries": LAST_PRIMARIES, "transfer": LAST_TRANSFER, "matrix": LAST_MATRIX, "range": FULL}
    meant = dict(seen)
    for name, number in told.items():
        is_said = number != nothing[name] and 0 < number <= most[name]
        if is_said and (codec in SILENT_CODECS or seen[name] == nothing[name]):
            meant[name] = number
    is_jpeg = str(picture["pixel_format"]).startswith("yuvj")
    return Colours(
        primaries=meant["primaries"],
        transfer=meant["transfer"],
        matrix=meant["matrix"],
        is_full=meant["range"] == FULL or is_jpeg,
        is_retold=meant != seen,
    )


def retold(colours: Colours) -> list[str]:
    """Filters that write into decoded frames what the container says of them."""
    if not colours.is_retold:
        return []
    said = f"color_primaries={colours.primaries}:color_trc={colours.transfer}:colorspace={colours.matrix}"
    return [f"setparams=range={'full' if colours.is_full else 'limited'}:{said}"]


def to_known(colours: Colours) -> list[str]:
    """Filters before all that know only swscale's matrices, which `matrix` names."""
    return ["zscale=min=ycgco:m=709"] if colours.matrix == YCGCO else []


def matrix(colours: Colours, width: int, height: int, codec: str = "") -> str:
    """The name of the matrix a picture of this size was made with; of YCgCo, of the one it is turned into."""
    if colours.matrix == YCGCO:
        return "bt709"
    if colours.matrix in MATRICES:
        return MATRICES[colours.matrix]
    return "bt601" if is_sd(width, height) or codec == "mjpeg" else "bt709"


def unbelieved(colours: Colours, width: int, height: int) -> tuple[int, int, int] | None:
    """Primaries, transfer and matrix to be written into a copy, where players would take other ones than were meant.

    They take what is not described wholly as BT.709, and some believe the picture alone and not what is around it.
    """
    named = matrix(colours, width, height)
    if not colours.is_retold and (colours.is_described or named == "bt709"):
        return None
    primaries = 1 if colours.primaries == UNSAID else colours.primaries
    transfer = 1 if colours.transfer == UNSAID else colours.transfer
    return primaries, transfer, colours.matrix if colours.matrix in MATRICES else 1 if named == "bt709" else 6


def is_sd(width: int, height: int) -> bool:
    """Whether a picture of this size is standard definition."""
    return width <= SD_WIDTH and height <= SD_HEIGHT


def to_video(colours: Colours, named: str) -> str:
    """Options of a `scale` from these colours to what we write; exact, which costs more, where numbers change at all."""
    flags = ":flags=bicubic+accurate_rnd" if colours.is_full or named != "bt709" else ""
    return f"in_color_matrix={named}:out_color_matrix=bt709:out_range=tv{flags}"


def is_wide(colours: Colours) -> bool:
    """Whether it has colours that BT.709 does not: players that do not know show them paler."""
    return colours.primaries in WIDE


def to_narrow(colours: Colours) -> str:
    """Filters that turn wide colours, in numbers of BT.709 already, into those of BT.709; what is dark needs exact ones."""
    primaries, curve = WIDE[colours.primaries], CURVES.get(colours.transfer, "709")
    into = f"p=709:t={curve}:m=709:r=limited"
    return f"format=yuv444p16le,zscale=pin={primaries}:tin={curve}:min=709:rin=limited:{into}"


def to_jpeg(named: str) -> str:
    """Options of a `scale` from this matrix to what is in every JPEG."""
    return f"in_color_matrix={named}:out_color_matrix=bt601:out_range=pc"


def to_webp(named: str) -> str:
    """Options of a `scale` from this matrix to what is in every WebP."""
    return f"in_color_matrix={named}:out_color_matrix=bt601:out_range=tv"


def to_rgb(named: str) -> str:
    """Options of a `scale` from this matrix to red, green and blue; by itself it is up to 14 steps off."""
    return f"in_color_matrix={named}:out_range=pc:flags=lanczos+accurate_rnd+full_chroma_int"
