"""The words of a cue as WebVTT writes them: its own tags and entities stay, all else is text and escaped."""

from __future__ import annotations

import html
import re

# SubRip's own: {\an8} says where; <font> and the like go, with what they hold kept.
_PLACING = re.compile(r"\{\\[^{}]*\}")
_TAG = re.compile(r"</?(?:[biuc]|ruby|rt|v|lang)(?:\.[\w.-]+)?(?:[ \t][^<>&]*)?>|<(?:\d+:)?\d\d:\d\d\.\d{3}>")
_PLAIN_TAG = re.compile(r"</?[BIU]>")
_ANY_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|nbsp|lrm|rlm);")
_OTHER_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NO_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")


def shown(written: str) -> str:
    """The words of a cue as people read and type them: `typed` makes the same of it again."""
    text = written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text if typed(text) == written else written


def typed(text: str) -> str:
    """What somebody typed as the words of a cue, as WebVTT writes it: an empty line would end the cue."""
    return "\n".join(filter(None, (line(each, is_typed=True) for each in text.replace("\0", "").splitlines())))


def plain(written: str) -> str:
    """The words of a cue alone, in one line, without tags."""
    return " ".join(html.unescape(_ANY_TAG.sub("", written)).replace("\0", "").split())


def line(text: str, *, is_typed: bool = False) -> str:
    """One line of a cue: WebVTT's tags stay, other tags go, what could be read as markup or a time is escaped.

    `is_typed`: by somebody who sees what becomes of it, so that other tags are words.
    """
    text = _CONTROL.sub("", text if is_typed else _PLACING.sub("", text))
    kept, place = [], 0
    for tag in _ANY_TAG.finditer(text):
        kept.append(_escape(text[place : tag.start()]))
        if _TAG.fullmatch(tag[0]):
            kept.append(tag[0])
        elif _PLAIN_TAG.fullmatch(tag[0]):
            kept.append(tag[0].lower())
        elif is_typed or not re.match(r"</?[a-zA-Z]", tag[0]):
            kept.append(_escape(tag[0]))  # no tag at all: 1 < 2 > 0
        place = tag.end()
    kept.append(_escape(text[place:]))
    return "".join(kept).strip()


def _escape(text: str) -> str:
    pieces, place = [], 0
    for entity in _ENTITY.finditer(text):
        pieces += [_plain(text[place : entity.start()]), entity[0]]
        place = entity.end()
    pieces.append(_plain(text[place:]))
    return "".join(pieces)


def _plain(text: str) -> str:
    """Words with the letters that `&#39;` and the like stand for, escaped."""
    letters = _OTHER_ENTITY.sub(lambda entity: _NO_WORD.sub(" ", html.unescape(entity[0])), text)
    return letters.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
