"""What stands in an address behind the question mark, in one form of Unicode: searches find what others wrote."""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.utils import cached_property

from fastpix.text import naming


class ComposedRequest(Request):
    """A request whose query is composed (`naming.composed`), as forms and bodies are by `web.forms` and `web.parsing`."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        given = super().args
        if b"%" not in self.query_string:  # all ASCII
            return given
        return ImmutableMultiDict((name, naming.composed(text)) for name, text in given.items(multi=True))
