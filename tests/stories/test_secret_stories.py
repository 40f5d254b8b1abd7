"""Secrets fed to the wrong consumer, and secrets where they should not be."""

from __future__ import annotations

import re

import pytest

from fastpix.accounts import recovery, setup
from fastpix.crypto import tokens
from fastpix.db import now
from fastpix.resources.members import domain as members
from tests.cast import PASSWORD
from tests.doors import ApiDoor, PageDoor
from tests.stories.tables import change, everything, rows

NEW = "a quite different phrase"
INVITED = "new@new.example"

# Class 4: one secret, several purposes.


@pytest.fixture
def secrets_of(office):
    """One living secret of every kind."""
    made = office.doors("ada").api.post("iam/invitations", {"emails": [INVITED], "role": "member"}).json["data"][0]
    office.doors().page.post("/forgot", {"email": "mel@mel.example"})
    office.doors("mel").page.post("/account/email", {"email": "mel.new@mel.example"})
    return {
        "shown invite": made["link"].rpartition("/")[2],
        "mailed invite": office.path(INVITED, "invitation").rpartition("/")[2],
        "reset": office.path("mel@mel.example", "password_reset").rpartition("/")[2],
        "email": office.path("mel.new@mel.example", "email_change").rpartition("/")[2],
        "session": office.cast.people["mel"].session,
        "token": office.cast.people["ada"].tokens["people"].secret,
    }


def _linked(prefix, method, form):
    """A consumer behind a link: the secret goes in as in a browser, then the page is shown, or the form is sent."""

    def consume(office, secret):
        page = PageDoor(office.app)
        page.get(f"/{prefix[0]}/{secret}")
        return page.open(method, prefix[1], data=form).status_code in (200, 303)

    return consume


def _session(office, secret):
    return PageDoor(office.app, secret).get("/account").status_code == 200


def _token(office, secret):
    door = ApiDoor(office.app, office.cast.people["ada"].tokens["people"])
    door.token = type(door.token)(door.token.id, secret, "")
    return door.get("iam/me").status_code == 200


def _set_up(office, secret):
    form = {"token": secret, "organization": "Mine", "name": "Me", "email": "me@me.example", "password": NEW}
    answer = PageDoor(office.app).post("/set-up", form)
    return answer.status_code != 303 or "/o/" in answer.location


CONSUMERS = {
    "invite page": (_linked(("i", "/invite"), "GET", None), {"shown invite", "mailed invite"}),
    "joining": (
        _linked(("i", "/invite/join"), "POST", {"name": "New", "password": NEW}),
        {"shown invite", "mailed invite"},
    ),
    "reset page": (_linked(("reset", "/reset"), "GET", None), {"reset"}),
    "resetting": (_linked(("reset", "/reset"), "POST", {"password": NEW}), {"reset"}),
    "address page": (_linked(("email", "/email"), "GET", None), {"email"}),
    "changing the address": (_linked(("email", "/email"), "POST", {}), {"email"}),
    "session cookie": (_session, {"session"}),
    "API": (_token, {"token"}),
    "set-up": (_set_up, set()),
}
KINDS = ("shown invite", "mailed invite", "reset", "email", "session", "token")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_secret_works_where_it_belongs_and_nowhere_else(office, secrets_of, kind, consumer):
    consume, accepted = CONSUMERS[consumer]
    before = office.world.digest()
    assert consume(office, secrets_of[kind]) is (kind in accepted)
    if kind not in accepted:
        assert office.world.digest() == before


@pytest.mark.full("an application for each address")
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_the_set_up_token_opens_the_set_up_and_nothing_else(office, make_app, consumer):
    fresh = make_app()
    token = setup.make_token(fresh.config["FASTPIX"]).read_text().strip()
    office.world.reset()
    assert CONSUMERS[consumer][0](office, token) is False


@pytest.mark.full("an application for each secret")
@pytest.mark.parametrize("kind", KINDS)
def test_the_set_up_accepts_its_token_only(office, secrets_of, make_app, kind):
    fresh = make_app()
    setup.make_token(fresh.config["FASTPIX"])
    form = {"token": secrets_of[kind], "organization": "Mine", "name": "Me", "email": "me@me.example", "password": NEW}
    assert PageDoor(fresh).post("/set-up", form).status_code == 422


def test_a_link_without_its_purpose_would_serve_two(office, secrets_of, monkeypatch):
    """Breaks the guard on purpose: with the purpose unasked, a reset link opens the address page."""
    look_up = recovery.look_up
    monkeypatch.setattr(recovery, "look_up", lambda purpose, secret: look_up("reset", secret))
    assert CONSUMERS["address page"][0](office, secrets_of["reset"]) is True


@pytest.mark.parametrize(("prefix", "page"), [("i", "/invite"), ("reset", "/reset"), ("email", "/email")])
def test_a_hash_is_not_a_secret(office, secrets_of, prefix, page):
    """Whoever reads the database cannot open what its hashes guard."""
    for kind in ("mailed invite", "reset", "email"):
        door = PageDoor(office.app)
        door.get(f"/{prefix}/{tokens.digest(secrets_of[kind])}")
        assert door.get(page).status_code == 410


@pytest.mark.parametrize("name", ["reset", "email"])
def test_a_mailed_link_works_once(office, secrets_of, name):
    page = PageDoor(office.app)
    page.get(f"/{name}/{secrets_of[name]}")
    form = {"password": NEW} if name == "reset" else {}
    assert page.post(f"/{name}", form).status_code == 303
    again = PageDoor(office.app)
    again.get(f"/{name}/{secrets_of[name]}")
    before = office.world.digest()
    assert again.get(f"/{name}").status_code == 410
    assert again.post(f"/{name}", form).status_code == 410
    assert office.world.digest() == before


def test_opening_a_link_uses_nothing_up(office, secrets_of):
    """Mail scanners open links."""
    before = office.world.digest()
    for path in (f"/i/{secrets_of['mailed invite']}", f"/reset/{secrets_of['reset']}", f"/email/{secrets_of['email']}"):
        scanner = office.app.test_client()
        for _ in range(3):
            assert scanner.get(path, follow_redirects=True).status_code == 200
    assert office.world.digest() == before


# Class 5: secrets that leak.


def all_secrets(office, extra):
    cast = office.cast
    told = {f"{key} {label} token": t.secret for key, p in cast.people.items() for label, t in p.tokens.items()}
    told |= {f"session of {key}": person.session for key, person in cast.people.items()}
    told |= {f"invite of {house.slug}": house.invite_secret for house in (cast.acme, cast.rival)}
    told |= extra | {"the password": PASSWORD}
    return told | {f"hash of {name}": tokens.digest(secret) for name, secret in told.items()}


def found_in(secrets, text):
    return sorted(name for name, secret in secrets.items() if secret in text)


def crawl(page, start, most=400):
    """Every page one can click to from here: {path: response}."""
    seen, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path] = page.get(path)
        assert len(seen) <= most, "the crawl does not end"
        for link in re.findall(r'href="(/[^"]*)"', seen[path].get_data(as_text=True)):
            target = link.replace("&amp;", "&").partition("#")[0]
            if not target.startswith("/static/"):
                waiting.append(target)
    return seen


@pytest.mark.full("every page, four times")
@pytest.mark.parametrize("who", ["ada", "mel", "rex", "sam"])
def test_no_page_shows_a_secret_again(office, secrets_of, who):
    secrets = all_secrets(office, secrets_of)
    pages = crawl(office.doors(who).page, "/")
    assert len(pages) > (15 if who != "sam" else 5)
    for path, answer in pages.items():
        assert answer.status_code < 500, path
        assert found_in(secrets, answer.get_data(as_text=True) + str(answer.headers)) == [], path


API_LISTS = (
    "me",
    "permissions",
    "organization",
    "members",
    "invitations",
    "workspaces",
    "signing-keys",
    "access-tokens",
)


@pytest.mark.parametrize("path", API_LISTS)
def test_no_list_of_the_api_shows_a_secret_again(office, secrets_of, path):
    secrets = all_secrets(office, secrets_of)
    answer = office.doors("ada").api.get(f"iam/{path}")
    assert answer.status_code == 200
    assert found_in(secrets, answer.get_data(as_text=True)) == []
    for row in answer.json["data"] if isinstance(answer.json["data"], list) else []:
        if "id" in row:
            assert (
                found_in(secrets, office.doors("ada").api.get(f"iam/{path}/{row['id']}").get_data(as_text=True)) == []
            )


def test_a_members_pages_name_no_key_and_no_token(office):
    """ "Can't see at all": no menu entry, no count, no name, no id."""
    cast = office.cast
    hidden = [str(cast.acme.signing_key)] + [str(t.id) for t in cast.acme.tokens.values()]
    hidden += [t.name for t in cast.acme.tokens.values()]
    pages = crawl(office.doors("mel").page, "/o/acme/")
    for path, answer in pages.items():
        text = answer.get_data(as_text=True)
        assert not [word for word in hidden if word in text], path
        if path.endswith("/access"):
            continue  # the page that says who can do what names them as what a member cannot see
        menu = re.findall(r'href="/o/acme/(signing-keys|access-tokens)', text)
        assert menu == [], path


def test_mails_carry_a_secret_only_to_whom_it_belongs(office, secrets_of):
    owner = {"mailed invite": INVITED, "reset": "mel@mel.example", "email": "mel.new@mel.example"}
    with office.acting("ada"):
        members.edit(office.cast.acme.members["mel"], role="admin")
        members.remove(office.cast.acme.members["mel"])
    secrets = all_secrets(office, secrets_of)
    letters = office.letters()
    assert {letter.kind for letter in letters} >= {"invitation", "password_reset", "email_change", "membership_changed"}
    for letter in letters:
        allowed = {name for name, address in owner.items() if address == letter.recipient}
        assert set(found_in(secrets, f"{letter.subject} {letter.text} {letter.html}")) <= allowed, letter


def test_the_database_holds_no_secret_in_the_clear(office, secrets_of):
    """Sealed mails, hashes, audit rows, jobs: no cell is a secret, whoever reads a backup."""
    secrets = {name: s for name, s in all_secrets(office, secrets_of).items() if not name.startswith("hash of")}
    for table, found in everything(office.world).items():
        for row in found.values():
            assert found_in(secrets, repr(row)) == [], table
    assert any(row["sealed"] for row in rows(office.world, "mails"))


def test_audit_rows_hold_not_even_hashes(office, secrets_of):
    secrets = all_secrets(office, secrets_of)
    assert found_in(secrets, repr(rows(office.world, "audit_log"))) == []


@pytest.mark.parametrize(("kind", "prefix", "page"), [
    ("mailed invite", "i", "/invite"), ("reset", "reset", "/reset"), ("email", "email", "/email"),
])  # fmt: skip
def test_pages_of_secret_links_tell_nobody_and_are_kept_nowhere(office, secrets_of, kind, prefix, page):
    door = PageDoor(office.app)
    moved = door.get(f"/{prefix}/{secrets_of[kind]}")
    shown = door.get(page)
    assert moved.status_code == 302 and moved.location == page and shown.status_code == 200
    for answer in (moved, shown):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert secrets_of[kind] not in shown.get_data(as_text=True)
    cookie = moved.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and f"Path={page}" in cookie and "Max-Age=1800" in cookie


@pytest.mark.parametrize("page", ["/invite", "/reset", "/email"])
def test_a_dead_link_tells_nobody_either(office, page):
    answer = PageDoor(office.app).get(page)
    assert answer.status_code == 410
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.full("every page, twice; the policy in the headers forbids it too")
@pytest.mark.parametrize("who", ["ada", None])
def test_no_page_loads_anything_from_elsewhere(office, secrets_of, who):
    door = office.doors(who).page
    door.get(f"/i/{secrets_of['mailed invite']}")
    door.get(f"/reset/{secrets_of['reset']}")
    pages = crawl(door, "/") | {path: door.get(path) for path in ("/invite", "/reset", "/docs", "/forgot", "/sign-in")}
    for path, answer in pages.items():
        text = answer.get_data(as_text=True)
        loaded = re.findall(r'(?:src|srcset|poster|data)="([^"]+)"', text) + re.findall(
            r'<link[^>]+href="([^"]+)"', text
        )
        assert [url for url in loaded if not url.startswith(("/", "data:"))] == [], path
        assert [url for url in loaded if url.startswith("//")] == [], path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"], path


def test_expired_secrets_are_as_dead_as_used_ones(office, secrets_of):
    change(office.world, "mailed_links", {"purpose": "reset"}, expires_at=now())
    change(office.world, "sessions", {"person_id": office.cast.people["mel"].id}, expires_at=now())
    change(office.world, "access_tokens", {"id": office.cast.people["ada"].tokens["people"].id}, expires_at=now())
    assert CONSUMERS["reset page"][0](office, secrets_of["reset"]) is False
    assert CONSUMERS["session cookie"][0](office, secrets_of["session"]) is False
    assert CONSUMERS["API"][0](office, secrets_of["token"]) is False
