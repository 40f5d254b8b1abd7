"""What is wrong with a transport stream."""

from __future__ import annotations

from fastpix.errors import FastpixError


class StreamError(FastpixError):
    """There is no going on. The message is a sentence for whoever set the encoder up."""


class WrongCodec(StreamError):
    """The message is the codec's name; `is_picture` says of what."""

    def __init__(self, codec: str, *, is_picture: bool) -> None:
        super().__init__(codec)
        self.is_picture = is_picture
