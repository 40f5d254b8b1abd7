"""The letters of a file with subtitles, whichever way it was saved: UTF-8, UTF-16, or an old code page by its language."""

from __future__ import annotations

import codecs

# What Windows, and so most editors of subtitles, used for a language before Unicode.
CODE_PAGES = {
    **dict.fromkeys(("bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"), "cp1250"),
    **dict.fromkeys(("be", "bg", "mk", "ru", "sr", "uk"), "cp1251"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    **{"el": "cp1253", "tr": "cp1254", "az": "cp1254", "he": "cp1255", "ar": "cp1256", "fa": "cp1256", "vi": "cp1258"},
    **{"th": "cp874", "ja": "cp932", "ko": "cp949", "zh": "gb18030"},
}
WESTERN = "cp1252"
# Encodings as people know them.
NAMES = {"cp874": "Windows-874", "cp932": "Shift JIS", "cp949": "Korean (949)", "gb18030": "GB 18030"}
_LINE_ENDS = str.maketrans(dict.fromkeys("\x0b\x0c\x85\u2028\u2029", "\n") | {"\0": ""})


def decode(raw: bytes, language: str = "") -> tuple[str, str]:
    """The text, its lines ended by `\\n`, and a sentence about how it was read where that was no UTF."""
    text, notice = _text(raw, language)
    for end in ("\r\r\n", "\r\n", "\r"):
        text = text.replace(end, "\n")
    return text.translate(_LINE_ENDS), notice


def _text(raw: bytes, language: str) -> tuple[str, str]:
    wide = _wide(raw)
    if wide:
        return raw.decode(wide, "replace"), ""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        text = raw.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    if sum(not character.isascii() for character in text) > 2 * broken:
        return text, f"{broken} letters are not UTF-8, as the others are; they are shown as \ufffd."
    page = CODE_PAGES.get(language.partition("-")[0].lower(), WESTERN)
    name = NAMES.get(page, page.replace("cp", "Windows-"))
    return (
        raw.decode(page, "replace"),
        f"The file is not UTF-8 and was read as {name}. If letters are wrong, save it as UTF-8 and send it again.",
    )


def _wide(raw: bytes) -> str:
    """Which UTF-16 (or UTF-32) it is; also without a mark, where every other byte of plain letters is 0."""
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = raw[:400]
    if len(start) >= 8 and start[1::2].count(0) > len(start) // 3 > 2 * start[0::2].count(0):
        return "utf-16-le"
    if len(start) >= 8 and start[0::2].count(0) > len(start) // 3 > 2 * start[1::2].count(0):
        return "utf-16-be"
    return ""
