"""Films of red, green and blue whose numbers mean these colours in one way or another, said or not."""

from __future__ import annotations

from pathlib import Path

from tests.video.clips import clip
from tests.video.flashes import picture

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "50")
# Where none of red is there, a step of other primaries is many of ours.
EXACT = ("-c:v", "ffv1")
SD, HD, DV = {"size": "640x360"}, {"size": "1280x720"}, {"size": "720x576"}


def turned(matrix: str, full: str = "tv", form: str = "yuv420p") -> tuple[str, ...]:
    """From the source's RGB into these numbers; what they mean is not said."""
    return (
        "-vf",
        f"scale=out_color_matrix={matrix}:out_range={full},format={form},setparams=range={full}:colorspace=unknown",
    )


def wide(primaries: str, transfer: str, matrix: str) -> tuple[str, ...]:
    """From the source's RGB into 16 bits of other primaries, by zscale's names, which are said."""
    into = f"p={primaries}:t={transfer}:m={matrix}:r=limited"
    return ("-vf", f"zscale=pin=709:tin=709:min=gbr:rin=full:{into},format=yuv420p16le")


def said(matrix: int = 2, primaries: int = 2, transfer: int = 2, full: int | None = None) -> tuple[str, ...]:
    """What an H.264 film says of its colours; 2 is nothing."""
    numbers = f"colour_primaries={primaries}:transfer_characteristics={transfer}:matrix_coefficients={matrix}"
    whole = "" if full is None else f":video_full_range_flag={full}"
    return ("-bsf:v", f"h264_metadata={numbers}{whole}")


def around(
    matrix: str, full: str = "tv", form: str = "yuv420p", *, primaries: str = "bt709", transfer: str = "bt709"
) -> tuple[str, ...]:
    """From the source's RGB into numbers of which the container says what they mean."""
    tags = f"setparams=range={full}:colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}"
    return ("-vf", f"scale=out_color_matrix={matrix}:out_range={full},format={form},{tags}")


VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "2M")
TO_YCGCO = "zscale=pin=709:tin=709:min=gbr:rin=full:p=709:t=709:m=ycgco:r=limited"
NTSC = {"primaries": "smpte170m", "transfer": "smpte170m"}


# By name: the ending, and the arguments.
COLOURED: dict[str, tuple[str, tuple[str, ...]]] = {
    "hd, said": ("mp4", (*picture(2, moments=(), **HD), *turned("bt709"), *X264, *said(1, 1, 1))),
    "hd, unsaid": ("mp4", (*picture(2, moments=(), **HD), *turned("bt709"), *X264)),
    "hd of 601, said": ("mp4", (*picture(2, moments=(), **HD), *turned("bt601"), *X264, *said(6, 1, 1))),
    "hd of 601, half said": ("mp4", (*picture(2, moments=(), **HD), *turned("bt601"), *X264, *said(6))),
    "hd in vp9": (
        "webm",
        (*picture(2, moments=(), **HD), *turned("bt709"), "-c:v", "libvpx-vp9", "-deadline", "realtime"),
    ),
    "hd in 10 bits": (
        "mp4",
        (*picture(2, moments=(), **HD), *turned("bt709", form="yuv420p10le"), *X264, *said(1, 1, 1)),
    ),
    "hd in full range, half said": (
        "mp4",
        (*picture(2, moments=(), **HD), *turned("bt709", "pc", "yuvj420p"), *X264, *said(1, full=1)),
    ),
    "hd in full range, said": (
        "mp4",
        (*picture(2, moments=(), **HD), *turned("bt709", "pc", "yuvj420p"), *X264, *said(1, 1, 1, 1)),
    ),
    "bt.2020": ("mkv", (*picture(2, moments=(), **HD), *wide("2020", "2020_10", "2020_ncl"), *EXACT)),
    "display p3": ("mkv", (*picture(2, moments=(), **HD), *wide("smpte432", "709", "709"), *EXACT)),
    "sd, unsaid": ("mp4", (*picture(2, moments=(), **SD), *turned("bt601"), *X264)),
    "sd, unsaid, ts": ("ts", (*picture(2, moments=(), **SD), *turned("bt601"), *X264)),
    "sd, said": ("mp4", (*picture(2, moments=(), **SD), *turned("bt601"), *X264, *said(6, 6, 6))),
    "sd, half said": ("mp4", (*picture(2, moments=(), **SD), *turned("bt601"), *X264, *said(6))),
    "sd of 709, said": ("mp4", (*picture(2, moments=(), **SD), *turned("bt709"), *X264, *said(1, 1, 1))),
    "sd in full range, unsaid": ("mp4", (*picture(2, moments=(), **SD), *turned("bt601", "pc", "yuvj420p"), *X264)),
    "avi": ("avi", (*picture(2, moments=(), **SD), *turned("bt601"), "-c:v", "mpeg4", "-q:v", "2")),
    "dvd": (
        "mpg",
        (*picture(2, moments=(), **DV), *turned("bt601"), "-c:v", "mpeg2video", "-q:v", "2", "-aspect", "16:9"),
    ),
    "dv": ("avi", (*picture(2, moments=(), **DV), *turned("bt601"), "-c:v", "dvvideo", "-aspect", "16:9")),
    "rgb in h.264": (
        "mkv",
        (*picture(2, moments=(), **SD), "-c:v", "libx264rgb", "-preset", "veryfast", "-pix_fmt", "rgb24"),
    ),
    "rgb, hd, png": ("mov", (*picture(2, moments=(), **HD), "-c:v", "png", "-pix_fmt", "rgb24")),
    "rgb, animation": ("mov", (*picture(2, moments=(), **SD), "-c:v", "qtrle", "-pix_fmt", "rgb24")),
    "motion jpeg, hd": (
        "avi",
        (*picture(2, moments=(), **HD), *turned("bt601", "pc", "yuvj420p"), "-c:v", "mjpeg", "-q:v", "2"),
    ),
    "vp8 as a browser records it": (
        "webm",
        (*picture(2, moments=(), **HD), *around("bt709", "pc", transfer="iec61966-2-1"), *VP8),
    ),
    "vp8, hd": ("webm", (*picture(2, moments=(), **HD), *around("bt709"), *VP8)),
    "vp8, sd of 709": ("webm", (*picture(2, moments=(), **SD), *around("bt709"), *VP8)),
    "vp8, sd, unsaid": ("webm", (*picture(2, moments=(), **SD), *turned("bt601"), *VP8)),
    "hd of 601, said by mp4 alone": (
        "mp4",
        (*picture(2, moments=(), **HD), *around("smpte170m", **NTSC), *X264, *said()),
    ),
    "hd of 601, said by matroska alone": (
        "mkv",
        (*picture(2, moments=(), **HD), *around("smpte170m", **NTSC), *X264, *said()),
    ),
    "sd of 709, said by mp4 alone": ("mp4", (*picture(2, moments=(), **SD), *around("bt709"), *X264, *said())),
    "sd of 709, said by matroska alone": ("mkv", (*picture(2, moments=(), **SD), *around("bt709"), *X264, *said())),
    "motion jpeg of 709": (
        "mov",
        (*picture(2, moments=(), **HD), *around("bt709", "pc", "yuvj420p"), "-c:v", "mjpeg", "-q:v", "2"),
    ),
    "smpte 240m, half said": ("mp4", (*picture(2, moments=(), **HD), *turned("smpte240m"), *X264, *said(7))),
    "ycgco": (
        "mkv",
        (*picture(2, moments=(), **HD), "-vf", f"{TO_YCGCO},format=yuv444p", *X264, *said(8, 1, 1)),
    ),
    "4:4:4": ("mkv", (*picture(2, moments=(), **SD), *turned("bt601", form="yuv444p"), *X264)),
}


def coloured(name: str, folder: Path) -> Path:
    """The film of this name in the folder."""
    ending, arguments = COLOURED[name]
    return clip(folder, f"film.{ending}", *arguments)
