"""Small parts that are on many pages: icons are drawn whole, and every copy button says what became of it."""

from __future__ import annotations

import re

import pytest

from tests.browser.looking import PLAIN_HOST, Watch
from tests.browser.test_accessibility import DONE, PUBLIC, furnished, path_of, rules

PAGES = [endpoint for endpoint in rules() if not endpoint.startswith(PUBLIC)]
# What somebody sees of a dot: a line of no length, which has only its round ends.
PAINTED = """async (name) => {
  document.body.insertAdjacentHTML("beforeend", `<svg class="icon"><use href="/static/icons.svg#${name}"/></svg>`);
  const icon = document.body.lastElementChild;
  icon.style.cssText = "position:fixed;left:0;top:0;width:240px;height:240px;background:#fff;color:#000;z-index:99999";
}"""
COPY = "button[data-copy]"


@pytest.fixture(scope="module", params=["localhost", PLAIN_HOST])
def site(servers, request):
    """On localhost the browser gives its clipboard; on plain http there is none, as on an operator's own network."""
    return furnished(servers, host=request.param)


def test_icons_have_their_dots_and_round_ends(site, visit):
    """The dot of an exclamation mark, at 12, 16 of 24: Chromium draws nothing there without round ends."""
    page = visit(site, viewport={"width": 300, "height": 300})
    page.goto("/sign-in")
    page.evaluate(PAINTED, "alert-circle")
    page.wait_for_load_state("networkidle")
    shot = page.screenshot(clip={"x": 0, "y": 0, "width": 240, "height": 240}).hex()
    colours = page.evaluate(
        """async (hex) => {
          const bytes = new Uint8Array(hex.match(/../g).map((each) => parseInt(each, 16)));
          const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = new OffscreenCanvas(240, 240).getContext("2d");
          canvas.drawImage(picture, 0, 0);
          return [[120, 160], [120, 100], [120, 140]].map(([x, y]) => canvas.getImageData(x, y, 1, 1).data[0]);
        }""",
        shot,
    )
    dot, line, between = colours
    assert line < 60, "the line of the mark is not drawn at all"
    assert between > 200
    assert dot < 60, "the dot is missing"


@pytest.mark.full("each page is opened, on two kinds of address")
def test_every_copy_button_says_what_became_of_it(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    is_secure = PLAIN_HOST not in site.url
    if is_secure:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page.watch = Watch(page, site)
    pressed = {}
    for endpoint in PAGES:
        assert page.goto(path_of(site, endpoint)).status == 200
        pressed[endpoint] = press_all(page, is_secure)
    for what in ("results of inviting", "key shown once", "secret of a webhook shown once", "token shown once"):
        DONE[what][1](page)
        pressed[what] = press_all(page, is_secure)
    # Chromium warns of plain http itself; what counts there is that no script stumbles.
    assert not [each for each in page.watch.found if is_secure or each.startswith("script:")]
    assert sum(pressed.values()) > 30, pressed
    assert pressed["media.index"] >= 1
    assert all(count for endpoint, count in pressed.items() if endpoint in DONE), pressed


def press_all(page, is_secure):
    """Press each copy button of the page; how many there were."""
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
    count = 0
    for button in page.locator(COPY).all():
        if not button.is_visible():
            continue
        button.click()
        shown = button.locator("span:not(.visually-hidden)")
        shown.wait_for()
        count += 1
        page.wait_for_function(
            "(button) => /Copied|press Ctrl/.test(button.innerText)", arg=button.element_handle(), timeout=5000
        )
        if is_secure:
            source = page.locator(f"[id='{button.get_attribute('data-copy')}']")
            value = source.evaluate("(each) => each.value ?? each.textContent")
            assert "Copied" in shown.inner_text(), page.url
            assert page.evaluate("navigator.clipboard.readText()") == value, page.url
    return count


def test_copy_buttons_are_made_by_the_macros_alone():
    """So that those pressed here stand for all."""
    from tests.web.test_pictures import SOURCES

    made = {path.name for path, text in SOURCES.items() if re.search(r"<button[^>]*data-copy=", text)}
    assert made == {"ui.html", "copy.js"}


def test_filters_act_when_they_are_changed_and_keep_the_place(site, visit):
    """By mouse at once; by keyboard once nobody walks on, and one stands in the same field afterwards."""
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/members/")
    page.select_option("#role", "member")
    page.wait_for_url(re.compile(r"/members/\?q=&role=member(&|$)"))
    page.wait_for_function("document.activeElement.id === 'role'")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.wait_for_url(re.compile(r"/members/\?q=&role=(&|$)"))
    page.wait_for_function("document.activeElement.id === 'role'")
    page.goto("/o/acme/webhooks/")
    assert page.get_by_role("button", name="Show", exact=True).count() == 0


def test_without_scripts_filters_have_their_button(site, visit):
    page = visit(site, session=site.cast.people["ada"].session, script=False)
    page.goto("/o/acme/webhooks/")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/webhooks/?workspace=*")
