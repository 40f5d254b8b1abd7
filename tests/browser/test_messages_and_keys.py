"""What was done is told in a corner and offers to undo it; single keys open pages, tell of themselves, and can be switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from fastpix.resources.playlists import domain as playlists
from tests.browser.looking import AXE, RUN_AXE, Watch
from tests.cast import acting_as


@pytest.fixture(scope="module")
def site(servers):
    server = servers()

    def also(cast):
        with acting_as(cast, "ada"):
            made = playlists.create(cast.acme.workspace, "Evenings", "manual")
            playlists.add(made["id"], [cast.acme.shelf.media])
            server.playlist = made["id"]

    server.cast = server.seed(also)
    return server.start_web()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("width", [1280, 360])
def test_what_was_taken_out_is_put_back_by_the_message(site, visit, script, width):
    page = visit(site, session=site.cast.people["ada"].session, script=script, viewport={"width": width, "height": 800})
    watch = Watch(page, site)
    page.goto(f"/o/acme/playlists/{site.playlist}")
    page.get_by_role("button", name="Take out").click()
    toast = page.get_by_role("status").filter(has_text="Taken out of the playlist")
    expect(toast).to_be_visible()
    expect(page.get_by_text("Nothing in it yet")).to_be_visible()
    if script:
        box = toast.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 800
        page.evaluate(AXE)
        assert page.evaluate(RUN_AXE, "all") == []
    toast.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 media added.")).to_be_visible()
    expect(page.get_by_role("button", name="Take out")).to_be_visible()
    assert watch.found == []


def test_a_message_goes_by_itself_unless_somebody_is_in_it(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.clock.install()
    for is_in_it in (True, False):
        page.goto(f"/o/acme/playlists/{site.playlist}")
        page.get_by_role("button", name="Take out").click()
        toast = page.get_by_role("status").filter(has_text="Taken out of the playlist")
        expect(toast).to_be_visible()
        if is_in_it:
            toast.get_by_role("button", name="Undo").focus()
            page.clock.fast_forward(60_000)
            expect(toast).to_be_visible()
            page.keyboard.press("Enter")
            expect(page.get_by_text("1 media added.")).to_be_visible()
        else:
            page.mouse.move(2, 2)
            page.clock.fast_forward(60_000)
            expect(toast).to_be_hidden()
            page.go_back()
            page.goto(f"/o/acme/playlists/{site.playlist}/add")
            page.get_by_role("checkbox").first.check()
            page.get_by_role("button", name="Add").last.click()
            expect(page.get_by_text("1 media added.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 media added.")).to_be_hidden()


def test_g_and_a_letter_open_a_page(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/")
    page.keyboard.type("gm")
    page.wait_for_url("**/media/")
    page.keyboard.type("gt")
    page.wait_for_url("**/members/")
    page.get_by_label("Name or address").focus()
    page.keyboard.type("gm")
    expect(page.get_by_label("Name or address")).to_have_value("gm")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_keys_tell_of_themselves_and_can_be_switched_off(site, visit, scheme):
    page = visit(site, session=site.cast.people["mel"].session, color_scheme=scheme)
    page.goto("/o/acme/")
    page.keyboard.press("?")
    box = page.get_by_role("dialog", name="Keys")
    expect(box).to_contain_text("Overview")
    expect(box.get_by_text("Audit log")).to_have_count(0)
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, "all") == []
    box.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("?")
    page.keyboard.press("/")
    assert page.locator("dialog[open]").count() == 0
    page.get_by_role("button", name="Keys").click()
    box.get_by_role("checkbox").check()
    box.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()


def test_a_message_waits_for_who_has_no_mouse_and_n_goes_to_it(site, visit):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": 1280, "height": 800})
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # however long this machine takes
    page.goto(f"/o/acme/media/{site.cast.acme.shelf.failed}")
    page.get_by_role("button", name="Private").click()
    toast = page.get_by_role("status").filter(has_text="It is private now")
    undo = toast.get_by_role("button", name="Make public again")
    expect(undo).to_be_visible()
    assert undo.evaluate("b => b.scrollWidth <= b.clientWidth"), "its words stand in its box"
    page.mouse.move(2, 2)
    page.clock.fast_forward(20_000)
    expect(toast).to_be_visible()
    link = page.get_by_role("link", name="Media", exact=True).first
    link.focus()
    page.keyboard.press("n")
    expect(undo).to_be_focused()
    page.clock.fast_forward(300_000)
    expect(toast).to_be_visible()
    page.keyboard.press("Escape")
    expect(toast).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("n")
    expect(link).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to the newest message")


@pytest.mark.parametrize(("keys", "to"), [("gl", "live"), ("gm", "media")])
def test_g_and_a_letter_count_before_the_keys_of_the_player(site, visit, keys, to):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/")
    page.add_script_tag(url="/static/vendor/plyr/plyr.min.js")
    page.evaluate("""() => {
        document.querySelector("main").insertAdjacentHTML("beforeend", '<video tabindex="0"></video>');
        window.player = new Plyr(document.querySelector("main video"), {
          controls: ["play", "progress"], blankVideo: "", iconUrl: "/static/vendor/plyr/plyr.svg", keyboard: { focused: true, global: false },
        });
    }""")
    state = "(() => [window.player.loop, window.player.muted])()"
    before = page.evaluate(state)
    page.locator(".plyr [data-plyr=seek]").focus()
    page.keyboard.press(keys[1])
    after = page.evaluate(state)
    assert after != before, "its own keys stay its own"
    page.evaluate(
        "document.addEventListener('click', (event) => { event.preventDefault(); window.led = event.target.closest('a')?.href; })"
    )
    page.keyboard.press("g")
    page.keyboard.press(keys[1])
    assert page.evaluate(state) == after
    assert page.evaluate("window.led").endswith(f"/o/acme/{to}/")
