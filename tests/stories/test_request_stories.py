"""Forged requests: return targets, forms from elsewhere, caches, headers that claim an address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from fastpix.processes.gunicorn_config import access_log_format, mask
from fastpix.web import security
from tests.access.persons import Caller, ask
from tests.access.routes import guarded, right_input, routes
from tests.cast import PASSWORD, cookie_name
from tests.doors import ApiDoor, PageDoor
from tests.stories.tables import rows

# Class 19: where one is sent after signing in.
FOREIGN = [
    "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "/\r\nLocation: https://evil.example", "/\x00/evil.example", "javascript:alert(1)", "data:text/html,x", "http:evil.example",
    "https:/evil.example", "//localhost@evil.example", "https://localhost@evil.example", "//evil.example/%2f..", "/%5cevil.example",
    "/%2f%2fevil.example", "/%09/evil.example", "//[::1", "http://[", "evil.example", "/no-such-page", "/sign-out", "/sign-in",
    "/sign-in/done", "/static/app.css", "/.//evil.example", "/o/acme/..//evil.example", "/;@evil.example", "?next=//evil.example",
]  # fmt: skip
OURS = ["/account", "/o/acme/members/", "/o/acme/members/?q=x&role=admin", "/invite"]


def lands_at(location):
    """Where a browser goes: it drops tabs and line breaks and takes a backslash for a slash."""
    seen = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return urlsplit(urljoin("http://localhost/sign-in", seen))


def targets_after_sign_in(world, target):
    """Every Location on the way of a person who signs in with this return target, and who was signed in already."""
    page = PageDoor(world.app)
    shown = page.get("/sign-in", query_string={"next": target})
    yield re.search(r'name="next"[^>]*value="([^"]*)"', shown.get_data(as_text=True))[1]
    signed = page.post("/sign-in", {"email": "mel@mel.example", "password": PASSWORD, "next": target})
    assert signed.status_code == 303
    yield signed.location
    yield page.get(signed.location).location
    yield page.get("/sign-in", query_string={"next": target}).location
    yield page.get("/sign-in/done", query_string={"next": target}).location


@pytest.mark.sqlite
@pytest.mark.parametrize("target", FOREIGN, ids=ascii)
def test_the_location_header_never_leads_elsewhere(world, target):
    for location in targets_after_sign_in(world, target):
        place = lands_at(location)
        assert (place.scheme, place.netloc) == ("http", "localhost"), location
        assert "evil.example" not in location and "evil.example" not in place.path
        assert place.path in ("/", "/sign-in", "/sign-in/done"), location


@pytest.mark.sqlite
@pytest.mark.parametrize("target", OURS)
def test_pages_of_ours_are_returned_to(world, target):
    _, first, after, known, done = targets_after_sign_in(world, target)
    assert parse_qs(urlsplit(first).query) == {"next": [target]} and first.startswith("/sign-in/done?")
    assert [after, known, done] == [target] * 3


@pytest.mark.sqlite
def test_a_page_one_is_kept_out_of_is_returned_to(anonymous):
    sent = anonymous.page.get("/o/acme/members/?role=admin")
    assert sent.status_code == 302
    assert sent.location == "/sign-in?next=/o/acme/members/?role%3Dadmin"


@pytest.mark.sqlite
def test_a_prefix_check_would_let_the_tab_through(world, monkeypatch):
    """Breaks the guard on purpose with a check that was measured to let it through."""
    from fastpix.accounts import views

    monkeypatch.setattr(
        views, "safe_target", lambda t: t if t and t.startswith("/") and not t.startswith("//") else None
    )
    places = [lands_at(location).netloc for location in targets_after_sign_in(world, "/\t/evil.example")]
    assert "evil.example" in places


# Class 20: forms from elsewhere.

CHANGING = [r for r in guarded() if r.action and r.action.changes]
PAGE_CHANGES = [r for r in CHANGING if not r.is_api and r.method == "POST"]


@pytest.mark.full("six methods for every form")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", PAGE_CHANGES, ids=str)
def test_getting_the_address_of_a_change_changes_nothing(world, route):
    before = world.digest()
    answer, _ = ask(world, route, Caller("ada", "session"), method="GET")
    has_page = any(r.rule == route.rule and r.method == "GET" for r in routes())
    assert answer.status_code in ((200, 302) if has_page else (405,))
    assert has_page or set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        other, _ = ask(world, route, Caller("ada", "session"), method=method)
        assert method in ("HEAD", "OPTIONS") or other.status_code == 405
    assert world.digest() == before


def post_without(world, route, **options):
    """The right form of somebody who may, without the right token."""
    from tests.access.persons import scene_of
    from tests.access.routes import address

    caller = Caller("ada", "session")
    given = right_input(route, scene_of(world, route, caller))
    page = PageDoor(world.app, world.cast.people["ada"].session)
    for name, secret in given.cookies.items():
        page.client.set_cookie(name, secret, path="/invite")
    body = given.body | options.pop("more", {})
    return given, page.open("POST", address(route, given.values, "acme"), csrf=False, data=body, **options)


@pytest.mark.sqlite
@pytest.mark.parametrize("route", PAGE_CHANGES, ids=str)
@pytest.mark.parametrize(
    "tokens",
    [["ImFiYyI.aaaa.bbbb"], pytest.param([None, "", "made up"], marks=pytest.mark.full("one wrong token tells"))],
    ids=["forged", "none, empty, made up"],
)
def test_a_post_without_the_token_changes_nothing_and_keeps_what_was_typed(world, route, tokens):
    for token in tokens:
        before = world.digest()
        given, answer = post_without(world, route, more={} if token is None else {"csrf_token": token})
        assert world.digest() == before
        assert answer.status_code in (400, 302, 303)
        keeps_what_was_typed(route, given, answer)


def keeps_what_was_typed(route, given, answer):
    if answer.status_code != 400:
        assert route.endpoint in BUTTONS, "only a button without a page of its own may send one back to its page"
        return
    text = answer.get_data(as_text=True)
    assert "Nothing was changed" in text
    typed = {
        k: v for k, v in given.body.items() if k in ("name", "slug", "description", "emails", "email", "organization")
    }
    for value in typed.values():
        assert value in text, "what was typed is kept"
    for secret in (PASSWORD, "another long password"):
        assert secret not in text, "but never a password"


# Buttons on another page: without a token they lead back to it.
BUTTONS = {
    "account.theme",
    "account.checklist",
    "account.end_session",
    "account.end_other_sessions",
    "system.retry",
    "system.send_mails",
}


@pytest.mark.sqlite
@pytest.mark.parametrize("route", PAGE_CHANGES, ids=str)
@pytest.mark.parametrize(
    "origins",
    [
        ["http://localhost.evil.example"],
        pytest.param(
            ["https://evil.example", "http://evil.example:80"], marks=pytest.mark.full("one wrong origin tells")
        ),
    ],
    ids=["looks alike", "others"],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(world, route, origins):
    page = PageDoor(world.app, world.cast.people["ada"].session)
    from tests.access.persons import scene_of
    from tests.access.routes import address

    given = right_input(route, scene_of(world, route, Caller("ada", "session")))
    for name, secret in given.cookies.items():
        page.client.set_cookie(name, secret, path="/invite")
    before = world.digest()
    for origin in origins:
        answer = page.post(address(route, given.values, "acme"), given.body, headers={"Origin": origin})
        assert answer.status_code in (400, 302, 303) and world.digest() == before
        assert answer.status_code == 400 or route.endpoint in BUTTONS


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in PAGE_CHANGES if r.in_organization], ids=str)
def test_a_page_that_forgets_to_ask_is_stopped_by_the_verb(world, route, monkeypatch):
    """The second wall: a view that acts on any POST changes nothing when the token is missing."""
    from fastpix.web import forms

    monkeypatch.setattr(forms.Form, "is_sent", lambda form: True)
    monkeypatch.setattr(forms.OnceForm, "is_sent", lambda form: True)
    before = world.digest()
    _, answer = post_without(world, route)
    assert answer.status_code >= 400 and world.digest() == before


PUBLIC_FORMS = {
    "/sign-in": {"email": "mel@mel.example", "password": PASSWORD},
    "/forgot": {"email": "mel@mel.example"},
    "/invite/join": {"name": "Pat", "password": "a quite different phrase"},
}


@pytest.mark.parametrize("path", PUBLIC_FORMS)
def test_public_forms_need_the_token_as_well(office, path):
    """Login CSRF: nobody is signed in to a stranger's account by another site."""
    world, page = office.world, office.doors().page
    page.get(f"/i/{office.cast.acme.invite_secret}")
    before = world.digest()
    answer = page.post(path, PUBLIC_FORMS[path], csrf=False)
    assert answer.status_code == 400 and world.digest() == before
    assert page.client.get_cookie(cookie_name(world.app)) is None
    for value in (v for k, v in PUBLIC_FORMS[path].items() if k != "password"):
        assert value in answer.get_data(as_text=True)
    assert page.post(path, PUBLIC_FORMS[path]).status_code in (200, 303), "with the token it goes through"


@pytest.mark.sqlite
def test_without_the_check_a_forged_post_would_go_through(make_app, monkeypatch):
    """Breaks the guard on purpose: an application whose check looks away."""
    from tests.cast import make_cast

    monkeypatch.setattr(security, "check_csrf_of_page", lambda settings: None)
    app = make_app()
    cast = make_cast(app)
    page = PageDoor(app, cast.people["ada"].session)
    assert page.post("/o/acme/workspaces/new", {"name": "Forged", "kind": "qa"}, csrf=False).status_code == 303


API = [r for r in guarded() if r.is_api]


@pytest.mark.sqlite
@pytest.mark.parametrize("route", API, ids=str)
def test_the_api_with_the_session_cookie_only_is_nobody(world, route):
    before = world.digest()
    answer, _ = ask(world, route, Caller("ada", "a session at the API"))
    assert answer.status_code == 401 and answer.json["error"]["code"] == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert world.digest() == before


# Class 22: pages that stay behind.


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.method == "GET"], ids=str)
def test_what_is_shown_to_somebody_is_kept_nowhere(world, route):
    caller = Caller("ada", "people" if route.is_api else "session")
    answer, status = ask(world, route, caller)
    assert answer.status_code == status
    # What is polled is asked for again each time, and the same answer need not be sent twice.
    assert answer.headers["Cache-Control"] in (
        ("private, no-cache",) if route.endpoint in ("media.status", "live_streams.status") else ("no-store",)
    )


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["/sign-out", "/account/delete"])
def test_signing_out_clears_the_browser(world, sam, path):
    answer = sam.page.post(path, {"password": PASSWORD})
    assert answer.status_code == 303
    assert '"cache"' in answer.headers["Clear-Site-Data"] and '"storage"' in answer.headers["Clear-Site-Data"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert any(c.startswith("fastpix_session=;") for c in answer.headers.getlist("Set-Cookie"))
    with sam.page.client.session_transaction() as state:
        assert not set(state) - {"_flashes"}


# Class 29: forensics.


@pytest.mark.sqlite
def test_the_access_log_gets_the_id_of_the_token(world, ada, cast, monkeypatch):
    """gunicorn reads it from the WSGI environ after the answer."""
    logged, inner = [], world.app.wsgi_app

    def server(environ, start_response):
        answer = inner(environ, start_response)
        logged.append(environ.get("fastpix.token_id"))
        return answer

    monkeypatch.setattr(world.app, "wsgi_app", server)
    ada.api.get("iam/me")
    ApiDoor(world.app).get("iam/me")
    ada.page.get("/account")
    ada.api.get("iam/no-such-thing")
    assert logged[:3] == [str(cast.people["ada"].tokens["people"].id), None, None]
    assert "token=%({fastpix.token_id}e)s" in access_log_format


@pytest.mark.sqlite
def test_the_audit_row_of_a_token_holds_its_id(world, ada, cast):
    assert ada.api.post("iam/workspaces", {"name": "By a token"}).status_code == 201
    row = next(row for row in rows(world, "audit_log") if row["target_name"] == "By a token")
    assert (row["actor_kind"], row["actor_id"]) == ("token", str(cast.people["ada"].tokens["people"].id))
    assert row["door"] == "api" and row["request_id"]


@pytest.mark.parametrize(
    "path", ["/i/{}", "/reset/{}", "/email/{}", "/i/{}?x=1", "/play?token={}", "/play?a=1&token={}&b=2"]
)
def test_the_access_log_masks_secret_links(path):
    secret = "aB3_-" * 8
    line = f'"GET {path.format(secret)} HTTP/1.1" "https://x.example{path.format(secret)}"'
    assert secret not in mask(line) and "***" in mask(line)


# Class 30: the bucket of a limit.


def tries(app, count, headers_of, status_of_last, accounts=True):
    page = PageDoor(app)
    statuses = []
    for number in range(count):
        form = {"email": f"n{number}@n.example" if accounts else "one@n.example", "password": "wrong password"}
        statuses.append(page.post("/sign-in", form, headers=headers_of(number)).status_code)
    assert statuses[:-1] == [422] * (count - 1)
    assert statuses[-1] == status_of_last


def _from(number):
    return {
        "X-Forwarded-For": f"203.0.113.{number}",
        "X-Real-IP": f"203.0.113.{number}",
        "Forwarded": f"for=203.0.113.{number}",
    }


def test_a_claimed_address_does_not_change_the_bucket(make_app):
    """Five tries from one network address at one try an account; the sixth is refused, whatever the header says."""
    tries(make_app(sign_in_attempts=1), 6, _from, 429)


def test_a_trusted_proxy_names_the_address(make_app):
    tries(make_app(sign_in_attempts=1, trusted_proxies=1), 6, _from, 422)


def test_a_trusted_proxy_is_believed_for_the_last_address_only(make_app):
    app = make_app(sign_in_attempts=1, trusted_proxies=1)
    tries(app, 6, lambda number: {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"}, 429)


@pytest.mark.parametrize("spelling", ["203.0.113.7:{}", "[2001:db8::7]:{}", "nonsense-{}"])
def test_a_port_or_nonsense_in_the_header_is_no_way_around_the_limit(make_app, spelling):
    app = make_app(sign_in_attempts=1, trusted_proxies=1)
    tries(app, 6, lambda number: {"X-Forwarded-For": spelling.format(51000 + number)}, 429)


def test_the_bucket_of_an_account_does_not_change_with_the_address(make_app):
    tries(make_app(sign_in_attempts=3, trusted_proxies=1), 16, _from, 429, accounts=False)
