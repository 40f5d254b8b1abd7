"""The library: a file that is dropped on it is sent at once, and ticked media change who can watch them by one button."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Watch
from tests.video.clips import H264, picture

DROP = """({ bytes, names }) => {
  const carried = new DataTransfer();
  for (const name of names) carried.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: "video/mp4" }));
  const at = document.querySelector("main");
  for (const kind of ["dragover", "drop"]) {
    at.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start_web()


@pytest.mark.parametrize("width", [1280, 360])
def test_files_that_are_dropped_are_sent_and_stand_in_the_library(site, visit, film, width):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": width, "height": 800})
    watch = Watch(page, site)
    page.goto("/o/acme/media/")
    data = base64.b64encode(film("dropped.mp4", *picture(seconds=1), *H264).read_bytes()).decode()
    names = [f"Dropped {width}.mp4", f"Also {width}.mp4"]
    page.evaluate(DROP, {"bytes": data, "names": names})
    panel = page.get_by_role("region", name="Uploads")
    expect(panel.get_by_text("Uploads to production")).to_be_visible()
    for name in names:
        expect(panel.get_by_role("listitem").filter(has_text=name)).to_contain_text("Received.")
    more = f"Later {width}.mp4"
    page.evaluate(DROP, {"bytes": data, "names": [more]})  # now the form itself hears it
    expect(panel.get_by_role("listitem").filter(has_text=more)).to_contain_text("Received.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watch.found == []
    panel.get_by_role("button", name="Close").click()
    expect(page.locator(".media-name").filter(has_text=more)).to_be_visible()
    assert page.locator(".media-name").filter(has_text=str(width)).count() == 3


def test_members_drop_nothing(site, visit):
    page = visit(site, session=site.cast.people["mel"].session)
    page.goto("/o/acme/media/")
    assert page.locator("script[src*=drop]").count() == 0


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_ticked_media_are_made_public_and_private_by_one_button_each(site, visit, script):
    page = visit(site, session=site.cast.people["ada"].session, script=script)
    page.goto("/o/acme/media/?status=Ready")
    first = page.locator(".media-card").first
    now = "private" if first.get_by_text("Private", exact=True).count() else "public"
    other = "public" if now == "private" else "private"
    first.get_by_role("checkbox").check()
    page.get_by_role("button", name=f"Make {other}").click()
    expect(page.get_by_text(f"is {other} now.")).to_be_visible()
    assert "status=Ready" in page.url and "csrf" not in page.url
    page.get_by_role("button", name=f"Make {now} again").click()
    expect(page.get_by_text(f"is {now} now.")).to_be_visible()
    first.get_by_role("checkbox").check()
    page.get_by_role("button", name=f"Make {now}", exact=True).click()
    expect(page.get_by_text(f"It is {now} already.")).to_be_visible()
