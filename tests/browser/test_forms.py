"""Forms as browsers really send them: too late, twice, without a script; copying, the theme, a mail's late answer."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.looking import PLAIN_HOST, Watch, send


@pytest.fixture(scope="module")
def site(servers):
    """A running web server with the cast, at an address that browsers do not trust as they trust localhost."""
    server = servers(host=PLAIN_HOST)
    server.cast = server.seed()
    return server.start_web()


@pytest.fixture
def ada(site, visit):
    return lambda **options: visit(site, session=site.cast.people["ada"].session, **options)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def script(request):
    return request.param


def test_a_form_with_a_stale_token_comes_back_with_what_was_typed(ada, site, script):
    page = ada(script=script)
    page.goto("/o/acme/workspaces/new")
    name = f"Stale {script}"
    page.fill("#name", name)
    page.fill("#description", "typed with care")
    page.select_option("#kind", "qa")
    page.context.clear_cookies(name=re.compile("fastpix_state"))  # what the token is tied to is gone
    with page.expect_response(lambda answer: answer.request.method == "POST") as waiting:
        send(page, "#description")
    assert waiting.value.status == 400
    expect(page.locator("#name")).to_have_value(name)
    expect(page.locator("#description")).to_have_value("typed with care")
    expect(page.locator("#kind")).to_have_value("qa")
    expect(page.locator("main [role=alert]")).to_contain_text("Send it again")
    assert workspaces_named(site, name) == 0
    send(page, "#description")
    expect(page).not_to_have_url(re.compile("/new$"))
    assert workspaces_named(site, name) == 1


def test_a_create_form_sent_twice_creates_one_thing(ada, site, script):
    page = ada(script=script)
    page.goto("/o/acme/workspaces/new")
    name = f"Twice {script}"
    page.fill("#name", name)
    form = page.locator("form", has=page.locator("#description"))
    form.locator("button:not([type=button])").last.dblclick(no_wait_after=True)
    expect(page.locator("main")).to_contain_text(re.compile(f"{name}|already"))
    page.goto("/o/acme/workspaces/")
    assert workspaces_named(site, name) == 1


def test_the_very_same_form_sent_again_later_creates_nothing_more(ada, site):
    page = ada(script=False)
    page.goto("/o/acme/workspaces/new")
    page.fill("#name", "Once")
    data = dict(page.evaluate("[...new FormData(document.querySelector('main form[method=post]'))]"))
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
    headers = {"Host": f"{PLAIN_HOST}:{site.port}", "Cookie": cookies}
    address = f"{site.loopback}/o/acme/workspaces/new"
    answers = [httpx.post(address, data=data, headers=headers, timeout=20) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "sent already" in answers[1].text
    assert workspaces_named(site, "Once") == 1


def test_copy_buttons_work_on_plain_http(ada, site):
    page = ada()
    watch = Watch(page, site)
    page.goto("/o/acme/workspaces/")
    page.locator("main tbody a").first.click()
    assert not page.evaluate("isSecureContext")
    field = page.locator("#workspace-id")
    button = page.locator('button[data-copy="workspace-id"]')
    before = button.inner_text()
    button.click()
    expect(button).not_to_have_text(before)
    expect(page.locator("#announce")).not_to_be_empty()
    said, value = button.inner_text(), field.input_value()
    if "Copied" in said:
        page.goto("/o/acme/workspaces/new")
        page.focus("#name")
        page.keyboard.press("ControlOrMeta+v")
        assert page.input_value("#name") == value
    else:
        chosen = field.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
        assert chosen == value
    assert not watch.found


def test_without_javascript_no_button_is_there_that_does_nothing(ada):
    page = ada(script=False)
    for path in ("/o/acme/workspaces/new", "/account/password", "/o/acme/signing-keys/new"):
        page.goto(path)
        for button in page.locator("button[type=button]").all():
            expect(button).to_be_hidden()


def test_a_value_to_copy_is_selected_when_it_gets_the_focus(ada):
    page = ada()
    page.goto("/o/acme/workspaces/")
    page.locator("main tbody a").first.click()
    page.wait_for_url("**/workspaces/*-*")
    page.wait_for_load_state()  # the script that selects is there then
    page.locator("#workspace-id").focus()
    assert page.evaluate("getSelection().toString()") == page.locator("#workspace-id").input_value()


@pytest.mark.parametrize(("theme", "system"), [("dark", "light"), ("light", "dark")])
def test_the_chosen_theme_is_in_the_first_byte_of_the_page(ada, theme, system):
    """The server sets it, so no script has to repaint the page: no flash."""
    page = ada(script=False, color_scheme=system)
    page.goto("/account")
    by_system = brightness(page)
    page.check(f"input[name=theme][value={theme}]")
    send(page, "input[name=theme]")
    answer = page.goto("/o/acme/members/")
    assert re.search(rf'<html[^>]*data-bs-theme="{theme}"', answer.text())
    chosen = brightness(page)
    assert (chosen < 80 < 180 < by_system) if theme == "dark" else (by_system < 80 < 180 < chosen)
    page.goto("/account")
    page.check('input[name=theme][value=""]')
    send(page, "input[name=theme]")
    answer = page.goto("/o/acme/members/")
    assert "data-bs-theme" not in answer.text()
    assert brightness(page) == by_system


def test_the_result_of_inviting_tells_what_became_of_the_mail(servers, visit):
    """The mail takes longer than the page waits; the page goes on asking and shows the answer when there is one."""
    server = servers(smtp_url="smtp://127.0.0.1:9")
    cast = server.seed()
    server.start_web()  # nobody sends: the mail waits until the test says that it was sent
    page = visit(server, session=cast.people["ada"].session)
    watch = Watch(page, server)
    page.goto("/o/acme/members/invitations/new")
    page.fill("#emails", "late@late.example")
    page.check("input[name=role][value=member]")
    send(page, "#emails")
    status = page.locator("[data-status-for]")
    expect(status).to_contain_text("late@late.example")
    with closing(sqlite3.connect(server.folder / "fastpix.db", timeout=10)) as database, database:
        database.execute("UPDATE mails SET state = 'sent', sealed = NULL WHERE recipient = 'late@late.example'")
    expect(status).to_have_text("Sent to late@late.example.", timeout=20_000)
    assert not watch.found


def workspaces_named(site, name: str) -> int:
    """Counted in the database, past the dashboard."""
    with closing(sqlite3.connect(site.folder / "fastpix.db", timeout=10)) as database:
        return database.execute("SELECT count(*) FROM workspaces WHERE name = ?", [name]).fetchone()[0]


def brightness(page) -> float:
    red, green, blue = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    return 0.299 * red + 0.587 * green + 0.114 * blue
