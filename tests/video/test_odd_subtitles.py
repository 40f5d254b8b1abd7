"""Files with subtitles as people have them, each odd in its own way: every cue that can be read is taken."""

from __future__ import annotations

import codecs
import re
import time

import pytest

from fastpix.video import subtitles
from fastpix.video.datatypes import Unplayable

A, B, C = "First words", "Second words\nin two lines", "Third words"
ALL = [A, B, C]
SRT = """1
00:00:01,000 --> 00:00:02,000
First words

2
00:00:03,000 --> 00:00:04,500
Second words
in two lines

3
00:01:05,000 --> 00:01:06,000
Third words
"""
VTT = "WEBVTT\n\n" + re.sub(r"(?m)^\d\n", "", SRT).replace(",", ".")
WITHOUT_COUNTERS = re.sub(r"(?m)^\d\n", "", SRT)


def srt(old, new):
    assert old in SRT
    return SRT.replace(old, new)


# Name: (file, the words that must come, a part of what is said).
ODD = {
    "plain SubRip": (SRT, ALL, ""),
    "plain WebVTT": (VTT, ALL, ""),
    "Windows line ends": (SRT.replace("\n", "\r\n"), ALL, ""),
    "old Mac line ends": (SRT.replace("\n", "\r"), ALL, ""),
    "line ends made twice": (SRT.replace("\n", "\r\r\n"), ALL, ""),
    "an empty line after each": (SRT.replace("\n", "\n\n"), ALL, ""),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + SRT.encode(), ALL, ""),
    "UTF-16 with a mark": (SRT.encode("utf-16"), ALL, ""),
    "UTF-16 without one": (SRT.encode("utf-16-le"), ALL, ""),
    "UTF-16 the other way round": (SRT.encode("utf-16-be"), ALL, ""),
    "UTF-32": (SRT.encode("utf-32"), ALL, ""),
    "Windows-1252": (srt(A, "Größe “groß” – naïve").encode("cp1252"), ["Größe “groß” – naïve", B, C], "Windows-1252"),
    "one broken letter in UTF-8": (
        srt(A, "Grüße aus Köln, schöne").encode() + b"\n4\n00:02:00,000 --> 00:02:01,000\nl\xe4ut\n",
        ["Grüße aus Köln, schöne", B, C, "l\ufffdut"],
        "not UTF-8",
    ),
    "a zero at the end": (SRT + "\0\0", ALL, ""),
    "YouTube's automatic captions": (
        "WEBVTT\nKind: captions\nLanguage: en\n\n00:00:01.000 --> 00:00:02.000 align:start position:0%\n \n"
        "First<00:00:01.200><c> words</c>\n\n00:00:03.000 --> 00:00:04.500 align:start position:0%\nSecond words\n \n",
        ["First<00:00:01.200><c> words</c>", "Second words"],
        "",
    ),
    "an empty line in a cue": (srt("words\nin", "words\n\nin"), ALL, ""),
    "a line of spaces in a cue": (srt("words\nin", "words\n   \nin"), ALL, ""),
    "an empty line above the words": (srt("02,000\nFirst", "02,000\n\nFirst"), ALL, ""),
    "no empty line between cues": (SRT.replace("\n\n", "\n"), ALL, ""),
    "many empty lines between cues": (SRT.replace("\n\n", "\n\n\n\n"), ALL, ""),
    "empty lines first": ("\n\n\n" + SRT, ALL, ""),
    "a note at the end": (SRT + "\nSubtitles by nobody@example.com\n", ALL, "“Subtitles by nobody@example.com”"),
    "a note at the beginning": ("Translated by a friend\n\n" + SRT, ALL, "Line 1: “Translated by a friend”"),
    "a cue that ends before it begins": (srt("00:00:04,500", "00:00:02,500"), [A, C], "Line 6: the subtitle ends before"),
    "a cue without length": (srt("00:00:04,500", "00:00:03,000"), [A, C], "Line 6: the subtitle ends when it begins"),
    "times that are none": (srt("00:00:04,500", "00:00:0x,500"), [A, C], "Line 6: a time such as"),
    "times that were forgotten": (srt("00:00:03,000 --> 00:00:04,500\n", ""), [A, C], "Line 6: a time such as"),
    "half of the times": (srt(" --> 00:00:04,500", " -->"), [A, C], "Line 6: a time such as"),
    "counters missing": (WITHOUT_COUNTERS, ALL, ""),
    "counters that begin at 0": (SRT.replace("\n3\n", "\n2\n").replace("\n2\n", "\n1\n", 1).replace("1\n", "0\n", 1), ALL, ""),
    "counters all 1": (re.sub(r"(?m)^\d$", "1", SRT), ALL, ""),
    "a counter with spaces": (re.sub(r"(?m)^(\d)$", r" \1 ", SRT), ALL, ""),
    "words that are a number": (srt(A, "1984"), ["1984", B, C], ""),
    "words that are a number, without counters": (WITHOUT_COUNTERS.replace(A, "1984"), ["1984", B, C], ""),
    "points for commas": (SRT.replace(",", "."), ALL, ""),
    "commas in WebVTT": (VTT.replace(".0", ",0"), ALL, ""),
    "colons for commas": (SRT.replace(",", ":"), ALL, ""),
    "no fractions": (re.sub(r",\d{3}(?=[ \n])", "", SRT), [A, B, C], ""),
    "fractions of six digits": (SRT.replace(",000", ",000000"), ALL, ""),
    "one digit for the hour": (SRT.replace("00:0", "0:0"), ALL, ""),
    "spaces around the times": (SRT.replace(" --> ", "   -->\t").replace("\n00:", "\n  00:"), ALL, ""),
    "no spaces around the arrow": (SRT.replace(" --> ", "-->"), ALL, ""),
    "an arrow of one dash": (SRT.replace("-->", "->"), ALL, ""),
    "an arrow that an editor made": (SRT.replace("-->", "–>"), ALL, ""),
    "a real arrow": (SRT.replace("-->", "→"), ALL, ""),
    "coordinates behind the times": (SRT.replace("000\nF", "000  X1:100 X2:600 Y1:050 Y2:100\nF"), ALL, ""),
    "SubViewer as YouTube gives it": ("0:00:01.000,0:00:02.000\nFirst words\n\n0:00:03.000,0:00:04.500\nThird words\n", [A, C], ""),
    "a title behind WEBVTT": (VTT.replace("WEBVTT", "WEBVTT - made by hand"), ALL, ""),
    "no empty line behind WEBVTT": (VTT.replace("WEBVTT\n\n", "WEBVTT\n"), ALL, ""),
    "headers of HLS": (VTT.replace("WEBVTT\n", "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n"), ALL, ""),
    "names of cues": (re.sub(r"(?m)^(00:)", r"cue about \1\n\1", VTT), ALL, ""),
    "notes and styles between": (VTT.replace("\n\n00:01", "\n\nNOTE of\nno one\n\nSTYLE\n::cue { color: red }\n\n00:01"), ALL, ""),
    "capital tags": (srt(A, "<I>First</I> words"), ["<i>First</i> words", B, C], ""),
    "tags of fonts": (srt(A, '<font color="#fff">First words</font>'), ALL, ""),
    "placings": (srt(A, "{\\an8}First words"), ALL, ""),
    "a cue without words": (srt("First words\n", ""), [B, C], ""),
    "out of order": (srt("00:01:05,000 --> 00:01:06", "00:00:00,100 --> 00:00:00,900").replace("900,000", "900"), [C, A, B], ""),
    "hours beyond a day": (srt("00:01:05,000 --> 00:01:06", "120:01:05,000 --> 120:01:06"), ALL, ""),
}  # fmt: skip


def words_of(text):
    """The words of each cue, as a browser would read them: an empty line ends one."""
    blocks = text.removeprefix("WEBVTT\n\n").rstrip("\n").split("\n\n")
    for block in blocks:
        assert re.fullmatch(r"\d\d+:\d\d:\d\d\.\d{3} --> \d\d+:\d\d:\d\d\.\d{3}(?: \S+)*", block.split("\n")[0]), block
    return [block.partition("\n")[2] for block in blocks]


ASS = r"""[Script Info]
Title: a film

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.50,0:00:00.90,Default,,0,0,0,,a note of the translator
Dialogue: 0,0:00:03.00,0:00:04.50,Default,Ada,0,0,0,,{\i1}Second words{\i0}\Nin two lines
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,First words
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\p1}m 0 0 l 10 0 10 10{\p0}
Dialogue: 0,0:01:05.00,0:01:06.00,Default,,0,0,0,,Third words
"""
ODD |= {
    "of Aegisub": (ASS, ALL, ""),
    "of Aegisub, with Windows line ends and a mark": (codecs.BOM_UTF8 + ASS.replace("\n", "\r\n").encode(), ALL, ""),
    "letters as web pages write them": (
        srt("First words", "It&#39;s &quot;t&#xe9;&quot; &eacute;"),
        ['It\'s "té" é', B, C],
        "",
    ),
    "line ends of web pages": (srt("words\nin two", "words<br/>in two"), ALL, ""),
    "line ends of Aegisub": (srt("words\nin two", r"words\Nin two"), ALL, ""),
    "a path of Windows": (srt("First words", r"C:\new"), [r"C:\new", B, C], ""),
    "a caption that names a part of Aegisub's": (srt("First words", "[Events]"), ["[Events]", B, C], ""),
    "line ends of SubViewer": ("00:00:03.00,00:00:04.50\nSecond words[br]in two lines\n", [B], ""),
    "pictures behind the seconds": (SRT.replace(",000", ":12"), ALL, "24 a second were taken"),
}


@pytest.mark.parametrize(
    ("most", "begin"), [(12, "00:00:01.500"), (24, "00:00:01.480"), (29, "00:00:01.400"), (99, "00:00:01.120")]
)
@pytest.mark.parametrize("mark", [":", ";"])
def test_pictures_behind_the_seconds_are_counted_by_the_rate_that_fits_the_file(mark, most, begin):
    """Editors export them so; what has more than any rate is hundredths."""
    text = f"00:00:01{mark}12 --> 00:00:02{mark}00\nFirst\n\n00:00:03{mark}00 --> 00:00:04{mark}{most}\nSecond\n"
    made = subtitles.clean(text.encode())
    assert f"{begin} --> 00:00:02.000\nFirst" in made.text
    assert bool(made.notices) is (most < 60)


@pytest.mark.parametrize(
    "text", ["a&#10;&#10;00:01.000 --&gt; 00:09.000", "x&#0;y", "&#xD800;", "&#x110000;", "&#128;"]
)
def test_no_letter_written_as_a_number_ends_a_cue_or_is_none(text):
    made = subtitles.clean(f"00:00:01.000 --> 00:00:02.000\n{text}\n".encode()).text
    assert made.count("-->") == 1
    assert len(made.splitlines()) == 4
    made.encode()


@pytest.mark.parametrize("name", ODD)
def test_every_cue_that_can_be_read_is_taken_and_the_others_are_named(name):
    raw, words, said = ODD[name]
    made = subtitles.clean(raw if isinstance(raw, bytes) else raw.encode())
    assert words_of(made.text) == words
    assert said in " ".join(made.notices)
    assert bool(made.notices) == bool(said), made.notices


@pytest.mark.parametrize(
    ("language", "page", "words"),
    [
        ("ru", "cp1251", "Первые слова"),
        ("pl", "cp1250", "Pierwsze słowa, żółć"),
        ("el", "cp1253", "Πρώτα λόγια"),
        ("tr-TR", "cp1254", "İlk sözler şimdi"),
        ("he", "cp1255", "מילים ראשונות"),
        ("ar", "cp1256", "الكلمات الأولى"),
        ("ja", "cp932", "最初の言葉"),
        ("ko", "cp949", "첫 번째 말"),
        ("zh-Hant", "gb18030", "第一句話"),
        ("th", "cp874", "คำแรก"),
    ],
)
def test_the_language_tells_which_code_page_an_old_file_is_in(language, page, words):
    made = subtitles.clean(srt(A, words).encode(page), language)
    assert words_of(made.text) == [words, B, C]
    assert "not UTF-8 and was read as" in made.notices[0]


def test_what_could_not_be_read_is_told_ten_times_and_then_counted():
    broken = SRT + "".join(f"\n{n}\n00:01:08,000 --> 00:01:07,000\nbackwards\n" for n in range(4, 40))
    made = subtitles.clean(broken.encode())
    assert words_of(made.text) == ALL
    assert len(made.notices) == 11
    assert made.notices[-1] == "26 more could not be read."


def test_where_not_one_can_be_read_the_first_reason_is_said():
    with pytest.raises(Unplayable, match=r"no subtitles in this file.*Line 2: the subtitle ends before"):
        subtitles.clean(b"1\n00:00:02,000 --> 00:00:01,000\nbackwards\n")


@pytest.mark.parametrize(
    "piece", ["{\\", "<", "<b", "&amp", "-->", "1 -->", "00:", "00:00:01,000 --> ", "\n1\n", " \n", "9" * 50, "\t-"]
)
def test_no_file_takes_long(piece):
    """Each of these, in a row, is what makes a pattern look again and again."""
    raw = (SRT + piece * (200_000 // len(piece))).encode()
    began = time.process_time()
    assert words_of(subtitles.clean(raw).text)[:2] == [A, B]
    assert time.process_time() - began < 3
