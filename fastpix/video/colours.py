"""Which colours the numbers of a picture stand for, and the filters that turn them into those we write: BT.709, limited range.

Numbers are those of ITU-T H.273. A film that does not say it is taken as players do: standard definition as BT.601, all that
is larger as BT.709. JPEG and WebP have a description of their own: BT.601, full and limited range.
"""

from __future__ import annotations

from dataclasses import dataclass

UNSAID = 2
# How swscale calls the matrices.
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
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
    """What a film says of its colours: numbers of H.273, 2 where it says nothing; `is_full` is its range."""

    primaries: int = UNSAID
    transfer: int = UNSAID
    matrix: int = UNSAID
    is_full: bool = False

    @property
    def is_described(self) -> bool:
        return UNSAID not in (self.primaries, self.transfer, self.matrix)


def matrix(colours: Colours, width: int, height: int, codec: str = "") -> str:
    """The name of the matrix a picture of this size was made with."""
    if colours.matrix in MATRICES:
        return MATRICES[colours.matrix]
    return "bt601" if is_sd(width, height) or codec == "mjpeg" else "bt709"


def unbelieved(colours: Colours, width: int, height: int) -> tuple[int, int, int] | None:
    """Primaries, transfer and matrix to be written into a copy, where players would take other ones than were meant.

    They take what is not described wholly as BT.709.
    """
    if colours.is_described or matrix(colours, width, height) == "bt709":
        return None
    primaries = 1 if colours.primaries == UNSAID else colours.primaries
    transfer = 1 if colours.transfer == UNSAID else colours.transfer
    return primaries, transfer, colours.matrix if colours.matrix in MATRICES else 6


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
