"""The address of a visitor, however a proxy writes it."""

from __future__ import annotations

import pytest

from fastpix.accounts import cookies
from fastpix.config.settings import Settings
from fastpix.web.visitor_address import UNKNOWN, plain


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.12", "203.0.113.12"), ("203.0.113.12:51234", "203.0.113.12"), (" 203.0.113.12 ", "203.0.113.12"),
        ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("[2001:DB8::1]:4711", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("::ffff:203.0.113.12", "203.0.113.12"),
        ("[::ffff:203.0.113.12]:80", "203.0.113.12"), ("", UNKNOWN), ("unknown", UNKNOWN), ("_hidden", UNKNOWN), ("999.1.1.1:5", UNKNOWN),
        ("evil<script>", UNKNOWN), ("[", UNKNOWN), (":", UNKNOWN), ("1.2.3.4:5:6", UNKNOWN),
    ],
)  # fmt: skip
def test_every_spelling_is_one_address(written, address):
    assert plain(written) == address


def test_instances_on_other_ports_of_one_host_have_cookies_of_their_own():
    """A browser keeps one jar for all of them: signing in at the second one signed out at the first."""
    urls = (
        "http://h.example",
        "http://h.example:8000",
        "http://h.example:8001",
        "https://h.example",
        "https://h.example:8443",
    )
    assert len({cookies.session_cookie(Settings(public_url=url)) for url in urls}) == len(urls)
    assert cookies.session_cookie(Settings(public_url="https://h.example")) == "__Host-fastpix_session"
    assert cookies.session_cookie(Settings(public_url="https://h.example:8443")).startswith("__Host-")
