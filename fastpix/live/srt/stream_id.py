"""The stream id of a caller: a bare name, or the form of SRT's Access Control Guidelines (https://github.com/Haivision/srt)."""

from __future__ import annotations

from fastpix.live.srt.rejection import BAD_MODE, BAD_REQUEST, Rejected

_FORM = "#!::"


def published(text: bytes) -> str:
    """The name of what a caller wants to publish: `NAME`, or `#!::r=NAME,m=publish`. Raises Rejected."""
    try:
        name = text.decode("ascii")
    except UnicodeDecodeError:
        raise Rejected("The stream id is no text.", BAD_REQUEST) from None
    if name.startswith(_FORM):
        keys = dict(part.partition("=")[::2] for part in name.removeprefix(_FORM).split(","))
        if keys.get("m", "request") != "publish":
            raise Rejected("The stream id does not say m=publish: this server plays nothing by SRT.", BAD_MODE)
        name = keys.get("r", "")
    if not name or name.startswith("#!"):
        raise Rejected("There is no stream key in the stream id.", BAD_REQUEST)
    return name
