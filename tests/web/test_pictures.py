"""Icons, and what other sites and home screens show: every name is in the sprite, nothing in it is unused."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, STATIC = ROOT / "fastpix", ROOT / "fastpix/web/static"
SPRITE = re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())
SOURCES = {
    path: path.read_text()
    for kind in ("html", "py", "js")
    for path in PACKAGE.rglob(f"*.{kind}")
    if "vendor" not in path.parts
}
# How pages, menus, rows and scripts name an icon.
NAMED = re.compile(
    r"""\bicon\("([a-z0-9-]+)"|empty_state\("([a-z0-9-]+)"|Entry\("[^"]+", "[^"]+", "([a-z0-9-]+)"|["']?icon["']?: "([a-z0-9-]+)\""""
)
QUOTED = re.compile(r"""["'#]([a-z0-9-]+)["']""")


def test_every_icon_that_is_named_is_in_the_sprite():
    named = {next(filter(None, found)) for text in SOURCES.values() for found in NAMED.findall(text)}
    assert len(named) > 20
    assert named <= set(SPRITE)


def test_the_sprite_holds_nothing_that_no_page_names():
    quoted = {name for text in SOURCES.values() for name in QUOTED.findall(text)}
    assert [name for name in SPRITE if name not in quoted] == [], "take it out of ICONS in scripts/vendor.py too"


def test_the_script_that_makes_the_sprite_lists_the_same():
    listed = re.search(r"(?s)^ICONS = \[(.*?)\]", (ROOT / "scripts/vendor.py").read_text(), re.MULTILINE)
    assert re.findall(r'"([^"]+)"', listed[1]) == SPRITE


def size_of(path):
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return struct.unpack(">II", head[16:24])


def test_the_pictures_are_what_their_names_say():
    assert size_of(STATIC / "social.png") == (1200, 630)
    assert size_of(STATIC / "apple-touch-icon.png") == (180, 180)
    icon = (STATIC / "favicon.ico").read_bytes()
    assert struct.unpack("<HHH", icon[:6]) == (0, 1, 3)
    assert sum(path.stat().st_size for path in STATIC.glob("*.[pi][nc][go]")) < 60_000


@pytest.mark.sqlite
def test_public_pages_say_what_other_sites_show(world, anonymous):
    page = anonymous.page.get("/sign-in").text
    card = re.search(r'property="og:image" content="([^"]+)"', page)[1]
    assert card.startswith("http") and card.endswith("/static/social.png")
    for path in (*re.findall(r'<link rel="(?:icon|apple-touch-icon)" href="([^"]+)"', page), "/static/social.png"):
        assert anonymous.page.get(path).status_code == 200, path


@pytest.mark.sqlite
def test_pages_behind_the_sign_in_say_nothing_of_themselves(ada):
    assert "og:" not in ada.page.get("/o/acme/").text
