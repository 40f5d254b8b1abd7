"""Which of FastPix's published clients asks, by its User-Agent: some of them read a form that the others do not."""

from __future__ import annotations

import re
from typing import NamedTuple

from flask import has_request_context, request

# Such as "fastpix-sdk/python 1.2.0 2.723.4 1.2.0 fastpix_python"; older ones begin with their generator's name.
_AGENT = re.compile(r"(?:fastpix|speakeasy)-sdk/([a-z]+) (\d{1,4})\.(\d{1,4})\.(\d{1,4})\b", re.ASCII)


class Client(NamedTuple):
    """A published client: its language, such as "python", and its version."""

    language: str
    version: tuple[int, int, int]


def asking() -> Client | None:
    """The client of this request; None for anything else."""
    match = _AGENT.match(request.headers.get("User-Agent", "")) if has_request_context() else None
    return Client(match[1], (int(match[2]), int(match[3]), int(match[4]))) if match else None
