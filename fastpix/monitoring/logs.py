"""What is logged, and how: lines for people, or one JSON object a line (`FASTPIX_LOG_FORMAT`); never with a secret.

Everybody logs with the standard library. What a line's words name (`log.info("live.over stream=%s", id)`) becomes a
field of its object, and who acts, in which request or job, is added by `tell_with`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Facts = Mapping[str, Any]

JSON = "json"
# One-time links, playback tokens in a query and signed prefixes are as good as a password to whoever reads the log.
PATHS = re.compile(
    r"(?P<before>/(?:i|reset|email)/|/m/[1-9][0-9]*/[^/?\s]+/|[?&](?:token|upload_id|signature)=)[^/?&#\s\"']+"
)
# What words may carry besides, in a library's message or the text of an exception.
_CREDENTIALS = re.compile(
    r"(?P<before>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}|(?P<scheme>://)[^/\s@\"']+(?=@)|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?: ?\b(?P<name>\w+)=)?(?P<place>%[-#0 +]*\d*(?:\.\d+)?[sdfgrx]|%%)")
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_tellers: list[Callable[[], Facts]] = []


def configure(level: str, shape: str) -> None:
    """Log to standard error in this process. Libraries speak from warnings on: their details hold headers and bodies."""
    logging.getLogger("fastpix").setLevel(level.upper())
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(formatter(shape))
        root.addHandler(handler)


def tell_with(*tellers: Callable[[], Facts]) -> None:
    """Give the functions that know who acts at the moment, and in what. Set once, by `fastpix.app`."""
    _tellers[:] = tellers


def formatter(shape: str) -> logging.Formatter:
    return Objects() if shape == JSON else Lines()


def mask(text: str) -> str:
    """The text with the secrets in its addresses replaced."""
    return PATHS.sub(r"\g<before>***", text)


def starred(text: str) -> str:
    """The text with all that looks like a secret replaced: in addresses, and credentials wherever they are."""

    def star(found: re.Match[str]) -> str:
        return f"{found['before'] or found['scheme'] or ''}***"

    return _CREDENTIALS.sub(star, mask(text))


class Lines(logging.Formatter):
    """Lines for people. Those of a request end with its id."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        told = _told()
        return super().formatMessage(record) + (f" request={told['request_id']}" if told.get("request_id") else "")

    def format(self, record: logging.LogRecord) -> str:
        return starred(super().format(record))


class Objects(logging.Formatter):
    """One JSON object a line. `record.facts`, where there is one, are fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        message, fields = _taken_apart(record)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": os.getpid(),
            "message": starred(message),
        }
        named = {name: starred(value) if isinstance(value, str) else value for name, value in fields.items()}
        # What is told of requests is ours, rules of routes among it: nothing in it needs a star.
        for name, value in {**_told(), **named, **getattr(record, "facts", {})}.items():
            if value is not None:
                line.setdefault(name, value)
        if record.exc_info:
            line["exception"] = starred(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda value: starred(str(value)))


def _told() -> dict[str, Any]:
    return {name: value for tell in _tellers for name, value in tell().items() if value is not None}


def _taken_apart(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """The words of a line, and what they name: `stream=%s` is a field, a place without a name stays in the words."""
    if not isinstance(record.args, tuple) or "=%" not in str(record.msg):
        return record.getMessage(), {}
    given, fields = iter(record.args), {}

    def take(found: re.Match[str]) -> str:
        if found["place"] == "%%":
            return f"{found['name']}=%" if found["name"] else "%"
        value = next(given)
        if found["name"] is None:
            return str(found["place"] % (value,))
        fields[found["name"]] = round(value, 3) if isinstance(value, float) else value
        return ""

    return _PLACE.sub(take, str(record.msg)).strip(), fields
