"""What people send by mistake for a film, told by how the file begins."""

from __future__ import annotations

import re
from pathlib import Path

from fastpix.video import subtitle_encoding
from fastpix.video.datatypes import Unplayable

START_BYTES = 1024
SEND = "Send the video or audio file itself."

MISTAKES: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"<svg", "an SVG picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"#EXTM3U", "a playlist, which only names other files"),
    (b"ffconcat", "a playlist, which only names other files"),
    (b"<?xml", "an XML document"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<head", "a web page"),
    (b"<!--", "a web page"),
)
# Of HEIF (ISO/IEC 23008-12) and AVIF, still and moving.
STILL_BRANDS = frozenset(b"heic heix heim heis mif1 hevc hevx hevm hevs msf1 avif avis".split())


# What is taken as a track begins like that: WebVTT, SubRip and ASS.
SUBTITLES = re.compile(r"WEBVTT\b|\[Script Info\]|(?:\d+[ \t]*\n)?\d+:\d\d:\d\d[.,]\d+[ \t]*-->", re.IGNORECASE)
TO_TRACKS = (
    "These are subtitles. They are added to a media, on its page under Tracks: send the video or audio file first."
)
# Of APNG, animated WebP and AVIF. Of a GIF its beginning does not tell.
MOVING = (b"GIF8", b"acTL", b"ANIM", b"ftypavis")
NOT_MOVING = "Moving pictures in GIF, PNG, WebP or AVIF are not taken: convert them to MP4 and send that."


def refuse(path: Path) -> None:
    """Raise Unplayable, with the name of what it is, where the file is a picture, a document, subtitles or a playlist."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    # The case counts of what no person writes, such as a GIF's name.
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    begins = (start, text, text.lower())
    kind = next((kind for magic, kind in MISTAKES if any(begin.startswith(magic) for begin in begins)), "")
    if (start[4:8] == b"ftyp" and start[8:12] in STILL_BRANDS) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
        kind = "a picture"
    if kind:
        is_moving = "picture" in kind and any(sign in start for sign in MOVING)
        raise Unplayable(f"This is {kind}. {NOT_MOVING if is_moving else SEND}")
    if SUBTITLES.match(subtitle_encoding.decode(start)[0].lstrip("\ufeff \t\n")):
        raise Unplayable(TO_TRACKS)
