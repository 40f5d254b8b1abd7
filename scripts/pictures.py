"""Draws the rasters that browsers and other sites ask for out of `favicon.svg`: run again after the mark changed.

    python scripts/pictures.py        writes favicon.ico, apple-touch-icon.png and social.png into fastpix/web/static

Needs Chromium and playwright, as the browser tests do. Fonts are this machine's, so the result is kept in git.
"""

from __future__ import annotations

import base64
import shutil
import struct
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "fastpix/web/static"
SIZES = (16, 32, 48)
CARD = (1200, 630)
MARK = '<img src="data:image/svg+xml;base64,{svg}" style="display:block;width:{width}px;height:{width}px;{more}">'
WORDS = """<div style="display:grid;grid-template-columns:auto 1fr;gap:56px;align-items:center;width:1200px;height:630px;
 box-sizing:border-box;padding:0 96px;background:#14161b;color:#fff;font-family:sans-serif">{mark}<div>
 <div style="font-size:112px;font-weight:700;letter-spacing:-3px;line-height:1">fastpix</div>
 <div style="font-size:40px;line-height:1.35;margin-top:24px;color:#c3cad8">Video and live streams, on your own server</div>
 </div></div>"""


def mark(width: int, more: str = "") -> str:
    svg = base64.b64encode((STATIC / "favicon.svg").read_bytes()).decode()
    return MARK.format(svg=svg, width=width, more=more)


def shot(browser: Browser, html: str, width: int, height: int, *, is_clear: bool = False) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_content(f'<body style="margin:0">{html}')
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    picture = page.screenshot(omit_background=is_clear)
    page.close()
    return picture


def ico(pictures: dict[int, bytes]) -> bytes:
    """PNGs in the container of Windows icons: a head, an entry for each, then the pictures."""
    offset = 6 + 16 * len(pictures)
    entries, bodies = b"", b""
    for size, picture in pictures.items():
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(picture), offset + len(bodies))
        bodies += picture
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + bodies


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        small = {size: shot(browser, mark(size), size, size, is_clear=True) for size in SIZES}
        (STATIC / "favicon.ico").write_bytes(ico(small))
        touch = (
            f'<div style="display:grid;place-items:center;width:180px;height:180px;background:#fff">{mark(132)}</div>'
        )
        (STATIC / "apple-touch-icon.png").write_bytes(shot(browser, touch, 180, 180))
        (STATIC / "social.png").write_bytes(shot(browser, WORDS.format(mark=mark(300)), *CARD))
        browser.close()


if __name__ == "__main__":
    main()
