"""Every page there is: axe-core in light and dark, no complaint in the console, nothing from elsewhere, no sideways
scroll, nothing that moves while it loads. The pages come from the URL map, so a new page is looked at the day it is written."""

from __future__ import annotations

import re
import tempfile
import uuid
from functools import cache
from pathlib import Path

import pytest

from fastpix.access import principal
from fastpix.accounts import operator, recovery
from fastpix.app import create_app
from fastpix.db import now
from fastpix.jobs import queue
from fastpix.resources.media.playback_ids import domain as playback_ids
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.people import domain as people
from tests.browser.looking import RUN_AXE, Watch, load_axe, new_context, send
from tests.cast import acting_as
from tests.world import test_settings as cheap_settings

FACTS = """() => ({
  h1: document.querySelectorAll("h1").length, lang: document.documentElement.lang, title: document.title.trim(),
  main: document.querySelectorAll("main").length, ids: [...document.querySelectorAll("[id]")].map((e) => e.id),
})"""
# How far things moved by themselves since the page began to show: Chromium keeps that until somebody asks.
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const add = (list) => { for (const entry of list) if (!entry.hadRecentInput) sum += entry.value; };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => { add(observer.takeRecords()); observer.disconnect(); done(sum); }));
})"""
WIDTH = "document.documentElement.scrollWidth"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 780}
# What axe looks at in each: colours change with the scheme alone, the shape with the width alone.
LOOKS = ((WIDE, "light", "all"), (WIDE, "dark", "colours"), (NARROW, "dark", ""), (NARROW, "light", "shape"))

# What GET answers without a page of its own, and why.
NOT_PAGES = {
    "static": "files",
    "healthz": "text for probes",
    "readyz": "JSON for probes",
    "metrics": "text for Prometheus",
    "docs.document": "JSON",
    "invitations.status": "JSON",
    "media.status": "JSON",
    "live_streams.status": "JSON",
    "search.results": "JSON",
    "stream.master": "a playlist",
    "stream.part": "playlists and segments",
    "stream.text": "a file",
    "stream.download": "a file",
    "usage.download": "a file",
    "members_bulk.export": "a file",
    "images.image": "pictures and what goes with them",
    "intake.source": "a file",
    "accounts.home": "goes on to where the visitor belongs; its own page is among STATES",
    "accounts.reset_link": "goes on to accounts.reset",
    "accounts.well_known_change_password": "goes on to account.password",
    "accounts.sign_in_code": "after a right password alone: test_second_factor.py",
    "accounts.arrived": "goes on, or shows the sign-in form",
    "accounts_more.email_link": "goes on to accounts_more.confirm_email",
    "invite.link": "goes on to invite.look",
    "accounts.set_up": "on a fresh instance: test_a_fresh_instance",
}
PUBLIC = ("accounts.", "docs.", "invite.", "embed.", "accounts_more.confirm_email")
# What a list sends along with the address.
TICKED = {
    "members_bulk.edit": "?all=1",
    "members_bulk.remove": "?all=1",
    "members_suspension.suspend": "?all=1",
    "members_suspension.resume": "?all=1",
    "members_until.end_on": "?all=1",
    "invitations.resend_chosen": "?invitation={invitation_id}",
    "invitations.revoke_chosen": "?invitation={invitation_id}",
    "media.delete_chosen": "?media={media_id}",
}
# Pages one only comes to by a secret link.
BY_LINK = {
    "accounts.reset": "/reset/{reset}",
    "embed.page": "/embed/{shown}",
    "accounts_more.confirm_email": "/email/{email}",
    "invite.look": "/i/{pat}",
}


@cache
def rules() -> dict[str, str]:
    """Endpoint and rule of everything that GET answers outside of the API."""
    app = create_app(cheap_settings(Path(tempfile.mkdtemp(prefix="fpx-pages-"))))
    return {
        rule.endpoint: rule.rule
        for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.endpoint)
        if "GET" in rule.methods and not rule.rule.startswith("/v1/") and rule.endpoint not in NOT_PAGES
    }


@pytest.fixture(scope="module")
def site(servers):
    return furnished(servers)


def furnished(servers, further=lambda: None, **settings):
    """A running web server with the cast and mail set up. `site.ids` fills the addresses; `further` changes what is there."""
    server = servers(smtp_url="smtp://127.0.0.1:9", **settings)
    ids = {}

    def also(cast):
        ada = people.get(cast.people["ada"].id)
        ids["reset"] = recovery._new_link("reset", ada).rpartition("/")[2]
        ids["email"] = recovery._new_link("email", ada, "ada@new.example").rpartition("/")[2]
        with acting_as(cast, "ada"):
            made = invitations.invite([cast.people["rex"].email], "admin")[0]
            ids["rex"] = made["link"].rpartition("/")[2]
            ids["shown"] = playback_ids.create(cast.acme.shelf.media, "public")["id"]
        operator.set_operator("ada@ada.example", True)
        gone = queue.enqueue("mail.deliver", {})
        job = queue.find(gone)
        job.state, job.error, job.finished_at = "failed", "The mail server does not answer: timed out", now()
        principal.enter(principal.NOBODY)
        further()

    server.cast = cast = server.seed(also)
    acme = cast.acme
    server.ids = ids | {
        "org": acme.slug,
        "pat": acme.invite_secret,
        "member_id": acme.members["mel"],
        "workspace_id": acme.workspace,
        "invitation_id": acme.invitation,
        "key_id": acme.signing_key,
        "token_id": acme.tokens["mel member"].id,
        "media_id": acme.shelf.media,
        "playback_id": acme.shelf.playback_id,
        "track_id": acme.shelf.track,
        "playlist_id": acme.playlist,
        "stream_id": acme.shelf.stream,
        "simulcast_id": acme.shelf.simulcast,
        "webhook_id": acme.webhook,
        "delivery_id": acme.delivery,
        "on_air": acme.shelf.active_stream,
        "disabled": acme.shelf.disabled_stream,
    }
    # Where the same name means another thing.
    server.live_ids = server.ids | {"playback_id": acme.shelf.live_playback_id}
    return server.start_web()


@pytest.fixture(scope="module")
def contexts(chromium, site):
    """`contexts("mel")`: one browser context for each person, signed in."""
    opened = {}

    def of(who):
        if who not in opened:
            person = site.cast.people.get(who)
            opened[who] = new_context(chromium, site, session=person.session if person else "")
        return opened[who]

    yield of
    for context in opened.values():
        context.close()


@pytest.fixture
def page_of(contexts, site):
    """`page_of("mel")`: a new page of that person, watched."""
    opened = []

    def begin(who):
        page = contexts(who).new_page()
        page.set_viewport_size(WIDE)
        page.watch = Watch(page, site)
        opened.append(page)
        return page

    yield begin
    for page in opened:
        page.close()


def test_no_exception_is_out_of_date():
    app = create_app(cheap_settings(Path(tempfile.mkdtemp(prefix="fpx-pages-"))))
    assert set(NOT_PAGES) | set(BY_LINK) <= set(app.view_functions)


@pytest.mark.parametrize("endpoint", rules())
def test_every_page(page_of, site, endpoint):
    page = page_of("nobody" if endpoint.startswith(PUBLIC) else "ada")
    assert page.goto(path_of(site, endpoint)).status == 200
    examine(page)


def path_of(site, endpoint):
    """Where the page of this endpoint is found in the site."""
    path = BY_LINK.get(endpoint) or re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rules()[endpoint])
    ids = site.live_ids if endpoint.startswith("live_") else site.ids
    return (path + TICKED.get(endpoint, "")).format(**ids)


STATES = {
    "overview of a member": ("mel", "/o/{org}/", 200),
    "members of a member": ("mel", "/o/{org}/members/", 200),
    "workspaces of a member": ("mel", "/o/{org}/workspaces/", 200),
    "workspace of a member": ("mel", "/o/{org}/workspaces/{workspace_id}", 200),
    "settings of a member": ("mel", "/o/{org}/settings", 200),
    "leaving as a member": ("mel", "/o/{org}/members/leave", 200),
    "live streams of a member": ("mel", "/o/{org}/live/", 200),
    "live stream of a member": ("mel", "/o/{org}/live/{stream_id}", 200),
    "live stream that is disabled": ("ada", "/o/{org}/live/{disabled}", 200),
    "disabling what is on air": ("ada", "/o/{org}/live/{on_air}/disable", 200),
    "forbidden": ("mel", "/o/{org}/signing-keys/", 403),
    "not found, signed in": ("ada", "/o/{org}/signing-keys/" + str(uuid.UUID(int=7)), 404),
    "not found, signed out": ("nobody", "/nothing", 404),
    "a dead link": ("nobody", "/i/nothing", 410),
    "no organization": ("sam", "/", 200),
    "nobody found": ("ada", "/o/{org}/members/?q=nobody", 200),
    "an invite for somebody else": ("mel", "/i/{pat}", 200),
    "an invite for me": ("rex", "/i/{rex}", 200),
    "an invite for one who has an account": ("nobody", "/i/{rex}", 200),
    "my own access, as the only admin": ("ada", "/o/{org}/members/{ada}/edit", 200),
    "documentation, signed in": ("ada", "/docs", 200),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state(page_of, site, state):
    who, path, status = STATES[state]
    page = page_of(who)
    answer = page.goto(path.format(**site.ids, ada=site.cast.acme.members["ada"]))
    assert answer.status == status
    examine(page)


def fill_nothing(page, path, field):
    page.goto(path)
    send(page, field)


def invite_two(page):
    page.goto("/o/acme/members/invitations/new")
    page.fill("#emails", f"{uuid.uuid4().hex}@new.example, not-an-address")
    page.check("input[name=role][value=member]")
    send(page, "#emails")


def new_token(page):
    page.goto("/o/acme/access-tokens/new")
    page.fill("#name", "Nightly import")
    page.check("input[name=role][value=member]")
    send(page, "#name")
    page.locator("#token-secret").wait_for()


def wrong_password(page):
    page.goto("/sign-in")
    page.fill("#email", "ada@ada.example")
    page.fill("#password", "wrong")
    send(page, "#password")


def new_key(page):
    page.goto("/o/acme/signing-keys/new")
    send(page, "#workspace")
    page.locator("#private-key").wait_for()


def new_webhook(page):
    page.goto("/o/acme/webhooks/new")
    page.fill("#url", "https://1.1.1.1/hooks")
    send(page, "#url")
    page.locator("#webhook-secret").wait_for()


def saved(page):
    page.goto("/account")
    send(page, "#name")


DONE = {
    "invite form with errors": ("ada", lambda p: fill_nothing(p, "/o/acme/members/invitations/new", "#emails")),
    "token form with errors": ("ada", lambda p: fill_nothing(p, "/o/acme/access-tokens/new", "#name")),
    "workspace form with errors": ("ada", lambda p: fill_nothing(p, "/o/acme/workspaces/new", "#description")),
    "live stream form with errors": ("ada", lambda p: fill_nothing(p, "/o/acme/live/new", "#name")),
    "deletion without the name": ("ada", lambda p: fill_nothing(p, "/o/acme/settings/delete", "#name")),
    "password form with errors": ("ada", lambda p: fill_nothing(p, "/account/password", "#new")),
    "join form with errors": ("nobody", None),
    "sign-in refused": ("nobody", wrong_password),
    "results of inviting": ("ada", invite_two),
    "key shown once": ("ada", new_key),
    "webhook form with errors": ("ada", lambda p: fill_nothing(p, "/o/acme/webhooks/new", "#url")),
    "secret of a webhook shown once": ("ada", new_webhook),
    "token shown once": ("ada", new_token),
    "something was saved": ("ada", saved),
}


@pytest.mark.parametrize("what", DONE)
def test_every_answer_to_a_form(page_of, site, what):
    who, do = DONE[what]
    page = page_of(who)
    if do:
        do(page)
    else:
        fill_nothing(page, f"/i/{site.ids['pat']}", "#name")
    examine(page)


def test_open_menus(page_of):
    page = page_of("ada")
    page.goto("/o/acme/")
    load_axe(page)
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        for menu in page.locator("header details > summary").all():
            if not menu.is_visible():
                continue
            menu.click()
            assert page.evaluate(WIDTH) <= size["width"]
            assert not page.evaluate(RUN_AXE)
            page.keyboard.press("Escape")
            assert page.locator("header details[open]").count() == 0
    assert not page.watch.found


def test_a_fresh_instance(servers, visit):
    """The set-up page, and what is empty afterwards, without a mail server."""
    server = servers()
    server.migrate()
    (server.folder / "setup_token").write_text("the-token\n")
    server.start_web()
    page = visit(server, viewport=WIDE)
    page.watch = Watch(page, server)
    page.goto("/")
    examine(page)
    send(page, "#token")
    examine(page)
    said = {"token": "the-token", "organization": "Acme", "name": "Ada", "email": "ada@a.example"}
    for name, value in (said | {"password": "correct horse battery"}).items():
        page.fill(f"#{name}", value)
    send(page, "#token")
    page.wait_for_url("**/o/acme/")
    examine(page)
    for path in ("members/invitations/", "members/invitations/new", "members/leave", "signing-keys/", "access-tokens/"):
        page.goto(f"/o/acme/{path}")
        examine(page)
    page.goto("/account/email")
    examine(page)
    page.goto("/o/acme/members/leave")
    assert page.locator("main a[href*=invit]").count() == 1


def examine(page) -> None:
    """Everything that must hold for every page, in both colour schemes, wide and narrow."""
    page.wait_for_load_state()
    facts = page.evaluate(FACTS)
    assert facts["h1"] == 1
    assert facts["main"] == 1
    assert facts["lang"] == "en"
    assert facts["title"].endswith("fastpix")
    assert not facts["title"].startswith("·")
    assert len(facts["ids"]) == len(set(facts["ids"])), "an id is there twice"
    assert page.evaluate(SHIFT) < 0.01, "something moved while the page was loading"
    load_axe(page)
    problems = []
    for size, scheme, part in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if (width := page.evaluate(WIDTH)) > size["width"]:
            problems.append(f"scrolls sideways at {size['width']}: {width} wide")
        if part:
            problems += [f"{scheme} at {size['width']}: {found}" for found in page.evaluate(RUN_AXE, part)]
    assert not problems, "\n".join(problems)
    assert not page.watch.found
