"""Names of servers in ASCII, as Chromium 156 was seen to make them of an address; it also takes some that are no names."""

from __future__ import annotations

import pytest

from fastpix import hostnames


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com."),
        ("foo_bar.example", "foo_bar.example"),
        ("xn--strae-oqa.example", "xn--strae-oqa.example"),
        ("straße.de", "xn--strae-oqa.de"),
        ("STRAẞE.de", "xn--strae-oqa.de"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("i❤.ws", "xn--i-7iq.ws"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("１２７.0.0.1", "127.0.0.1"),
    ],
)
def test_a_name_is_what_browsers_make_of_it(name, expected):
    assert hostnames.in_ascii(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "a..b",
        "a" * 64 + ".de",
        "é..de",
        "a\u200cb.de",
        "é" * 64 + ".de",
        "a/é",
        "a b.é",
        "é\0",
        "⒈.com",
        "é." + "a." * 130,
    ],
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UnicodeError):
        hostnames.in_ascii(name)
    assert hostnames.same_in_ascii(name) == name.lower()
