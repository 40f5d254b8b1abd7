"""The wire of resumable uploads: a subset of Google Cloud Storage's protocol. No Flask here.

See docs/fastpix-contract.md, section 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastpix.errors import Invalid

_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.ASCII)


@dataclass(frozen=True)
class Chunk:
    """What a PUT says it carries. `length` is None for a body that just ends, `total` None when it is not known yet;
    a status query carries nothing, and what is whole has no range."""

    start: int
    length: int | None
    total: int | None
    is_query: bool = False
    is_whole: bool = False


def parse(content_range: str | None, content_length: int | None) -> Chunk:
    """The chunk that the headers describe. Without Content-Range the body is the whole file. Raises `Invalid`."""
    if content_range is None:
        return Chunk(0, content_length, content_length, is_whole=True)
    match = _RANGE.fullmatch(content_range.strip())
    if match is None:
        raise Invalid("Content-Range", "Write bytes first-last/total, or bytes */total to ask what is stored.")
    first, last, whole = match.groups()
    total = None if whole == "*" else int(whole)
    if first is None:
        return Chunk(0, 0, total, is_query=True)
    start, length = int(first), int(last) - int(first) + 1
    # FastPix's uploader 1.0.5 lost count after a short write: it sends nothing from the end on, once all is there.
    if start == total and not content_length:
        return Chunk(0, 0, total, is_query=True)
    if length <= 0 or (total is not None and int(last) >= total):
        raise Invalid("Content-Range", "The last byte comes before the first one, or lies beyond the total.")
    if content_length is not None and content_length != length:
        raise Invalid("Content-Range", f"The range is {length} bytes long and the body {content_length}.")
    return Chunk(start, length, total)


def cors(origin: str) -> dict[str, str]:
    """What every answer carries, errors included, so that a page of `origin` may read it."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, PUT, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type, Content-Range, X-Goog-Resumable",
        "Access-Control-Expose-Headers": "Location, Range, X-Fastpix-Limit",
        "Access-Control-Max-Age": "3600",
        **({"Vary": "Origin"} if origin != "*" else {}),
    }
