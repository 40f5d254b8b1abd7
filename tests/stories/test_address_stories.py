"""Addresses that look alike, addresses that must not be found out, and links that must lead to us alone."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

from fastpix.config import instance
from fastpix.crypto import passwords
from fastpix.db import db, set_reading
from fastpix.resources.people import domain as people
from tests.cast import PASSWORD, make_cast
from tests.doors import Doors, PageDoor
from tests.stories.post_office import PostOffice
from tests.stories.tables import change, rows

NEW = "a quite different phrase"

# docs/threat-model.md, class 18: pairs that some comparison or other calls equal. The account is the first; the second must never be taken for it.
PAIRS = [
    ("mike@pairs.example", "mıke@pairs.example"),
    ("kim@pairs.example", "\u212aim@pairs.example"),
    ("sam@pairs.example", "ſam@pairs.example"),
    ("strasse@pairs.example", "straße@pairs.example"),
    ("ana@pairs.example", "ａna@pairs.example"),
    ("rene@pairs.example", "rené@pairs.example"),
    ("rene@pairs.example", "rene\u0301@pairs.example"),
    ("paul@example.org", "paul@ex\u0430mple.org"),
    ("nul@pairs.example", "nul@pairs.example\x00.evil.example"),
    ("crlf@pairs.example", "crlf@pairs.example\r\nBcc: eve@eve.example"),
    ("two@pairs.example", "two@pairs.example,eve@eve.example"),
    ("plus@pairs.example", "plus+x@pairs.example"),
    ("dot@pairs.example", "d.ot@pairs.example"),
]
IDS = [ascii(pair[1]) for pair in PAIRS]
# The same address in another spelling: these are the account's.
SAME = ["MIKE@PAIRS.EXAMPLE", " mike@pairs.example ", "Mike@Pairs.Example"]


def register(office, address):
    with office.world.session():
        return people.add(address, "Account Holder", PASSWORD, is_verified=True).id


@pytest.mark.parametrize(("account", "lookalike"), PAIRS, ids=IDS)
def test_a_lookalike_gets_no_reset_mail_and_no_session(office, account, lookalike):
    person = register(office, account)
    page = PageDoor(office.app)
    page.post("/forgot", {"email": lookalike})
    assert office.letters() == []
    assert page.post("/sign-in", {"email": lookalike, "password": PASSWORD}).status_code == 422
    assert rows(office.world, "sessions", person_id=person) == []


@pytest.mark.parametrize(("account", "lookalike"), PAIRS, ids=IDS)
def test_a_lookalike_is_not_invited_as_the_account(office, account, lookalike):
    """Refused, or taken for the different address it is; the account can accept only its own invite."""
    person = register(office, account)
    made = office.doors("ada").api.post("iam/invitations", {"emails": [lookalike], "role": "admin"})
    results = made.json["data"] if made.status_code == 201 else []
    for result in results:
        if result["email"] == account:
            continue  # a list of two addresses: the first is the account's own
        if result["status"] == "invited":
            secret = result["link"].rpartition("/")[2]
            page = PageDoor(office.app)
            assert page.post("/sign-in", {"email": account, "password": PASSWORD}).status_code == 303
            page.get(f"/i/{secret}")
            assert page.post("/invite/accept").status_code == 409
        else:
            assert result["status"] == "invalid"
    assert rows(office.world, "members", person_id=person) == []
    assert {letter.recipient for letter in office.letters(kind="invitation")} <= {r["email"] for r in results}


@pytest.mark.parametrize("spelling", SAME)
def test_another_spelling_of_the_address_is_the_account(office, spelling):
    register(office, "mike@pairs.example")
    page = PageDoor(office.app)
    assert page.post("/forgot", {"email": spelling}).status_code == 200
    assert [letter.recipient for letter in office.letters()] == ["mike@pairs.example"], "sent to the stored address"
    assert page.post("/sign-in", {"email": spelling, "password": PASSWORD}).status_code == 303
    with office.world.session(), pytest.raises(people.Invalid):
        people.add(spelling, "Another", PASSWORD, is_verified=True)


def test_a_domain_is_the_same_in_unicode_and_punycode(office):
    register(office, "jo@bücher.example")
    page = PageDoor(office.app)
    assert page.post("/sign-in", {"email": "jo@xn--bcher-kva.example", "password": PASSWORD}).status_code == 303
    made = office.doors("ada").api.post(
        "iam/invitations", {"emails": ["jo@bücher.example", "jo@xn--bcher-kva.example"], "role": "member"}
    )
    assert [r["status"] for r in made.json["data"]] == ["invited", "already_invited"]


# Class 23: who has an account.


@pytest.fixture
def hashed(office):
    """How often a password was checked."""
    checks, hasher = [], office.world.instance.part(passwords._hasher)

    class Counting:
        def __getattr__(self, name):
            return getattr(hasher, name)

        def verify(self, stored, password):
            checks.append(stored)
            return hasher.verify(stored, password)

    office.world.instance.put(passwords._hasher, Counting())
    return checks


def _cookies(answer):
    return [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]


def _plain(answer, address):
    """The body without what differs from request to request for everybody: the typed address, the CSRF token, the id."""
    text = answer.get_data(as_text=True).replace(address, "ADDRESS")
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", text)
    text = re.sub(r'data-options="[^"]+"', "", text)  # the challenge for a passkey, another one each time
    return text.replace(answer.headers["X-Request-Id"], "")


@pytest.mark.parametrize("state", ["known", "never proved", "without a password"])
def test_signing_in_tells_nobody_who_has_an_account(office, hashed, state):
    if state == "never proved":
        change(office.world, "people", {"email": "mel@mel.example"}, email_verified_at=None)
    if state == "without a password":
        change(office.world, "people", {"email": "mel@mel.example"}, password_hash="")
    said = {}
    for address in ("mel@mel.example", "zoe@zoe.example"):
        hashed.clear()
        answer = PageDoor(office.app).post("/sign-in", {"email": address, "password": "not this one"})
        said[address] = (answer.status_code, _plain(answer, address), _cookies(answer), len(hashed))
    known, unknown = said.values()
    assert known == unknown
    assert known[0] == 422 and known[3] == 1, "the hasher ran once in both"


def test_a_forgotten_password_tells_nobody_who_has_an_account(office, hashed):
    said = {}
    for address in ("mel@mel.example", "zoe@zoe.example"):
        answer = PageDoor(office.app).post("/forgot", {"email": address})
        said[address] = (answer.status_code, _plain(answer, address), _cookies(answer))
    assert len(set(map(str, said.values()))) == 1
    assert said["mel@mel.example"][0] == 200
    assert len(office.letters("mel@mel.example", "password_reset")) == 1 and len(office.letters()) == 1


def test_a_new_address_that_is_taken_gets_the_same_answer(office):
    said = []
    for address in ("sam@sam.example", "zoe@zoe.example"):
        page = office.doors("mel").page
        answer = page.post("/account/email", {"email": address})
        said.append((answer.status_code, answer.location, _plain(page.get("/account"), address)))
    assert said[0] == said[1]
    assert [letter.recipient for letter in office.letters(kind="email_change")] == ["zoe@zoe.example"]


def test_inviting_tells_an_admin_nothing_of_other_organizations(office):
    made = office.doors("ada").api.post(
        "iam/invitations", {"emails": ["rex@rex.example", "zoe@zoe.example"], "role": "member"}
    )
    known, unknown = made.json["data"]
    assert known["status"] == unknown["status"] == "invited"
    assert known["message"] == unknown["message"] and known.keys() == unknown.keys()


def test_an_early_return_would_be_seen(office, hashed, monkeypatch):
    """Breaks the guard on purpose: without a check for nobody, the count of checks differs."""
    monkeypatch.setattr(
        passwords,
        "matches",
        lambda stored, password: bool(stored) and instance.part(passwords._hasher).verify(stored, password),
    )
    PageDoor(office.app).post("/sign-in", {"email": "zoe@zoe.example", "password": "not this one"})
    assert hashed == []


# Class 25: a forged Host header.


@pytest.fixture
def public(make_app):
    """An instance known as https://video.example.com, with the cast."""

    def build(**given):
        app = make_app(public_url="https://video.example.com", smtp_url="smtp://127.0.0.1:9", **given)
        office = PostOffice.__new__(PostOffice)
        office.app, office.cast, office.world = app, make_cast(app), _Looking(app)
        office.kept = len(office.rows())
        return office

    return build


class _Looking:
    """As much of a world as the post office needs."""

    def __init__(self, app):
        self.app = app

    @contextmanager
    def session(self):
        with self.app.app_context():
            set_reading(False)
            yield db.session
            db.session.commit()


def post_at(page, path, form, **options):
    """Send a page's form as a browser at the public address does."""
    options["base_url"] = "https://video.example.com"
    shown = page.get(path, **options).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)[1]
    return page.open("POST", path, csrf=False, data=form | {"csrf_token": token}, **options)


FORGED = [
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444"},
    {"X-Host": "evil.example", "X-Original-URL": "https://evil.example/"},
    {"Forwarded": "host=evil.example;proto=https"},
]


@pytest.mark.parametrize(
    "headers",
    [
        FORGED[1],
        *(
            pytest.param(each, marks=pytest.mark.full("one forged header tells"))
            for each in FORGED
            if each is not FORGED[1]
        ),
    ],
    ids=lambda h: " ".join(h),
)
def test_mailed_links_have_the_public_address_whatever_the_headers_say(public, headers):
    office = public()
    answer = post_at(PageDoor(office.app), "/forgot", {"email": "mel@mel.example"}, headers=headers)
    assert answer.status_code == 200
    ada = Doors(office.app, office.cast.people["ada"])
    body = {"emails": ["new@new.example"], "role": "admin"}
    made = ada.api.post("iam/invitations", body, base_url="https://video.example.com", headers=headers)
    assert made.json["data"][0]["link"].startswith("https://video.example.com/i/")
    letters = office.letters()
    assert {letter.kind for letter in letters} == {"password_reset", "invitation", "membership_changed"}
    for letter in letters:
        assert letter.links and all(link.startswith("https://video.example.com/") for link in letter.links)
        assert "evil" not in letter.text + letter.html + letter.subject


UNKNOWN = ("evil.example", "video.example.com.evil.example", "evil.example:443", "localhost", "127.0.0.1",
           "video.example.com@evil.example", "xvideo.example.com")  # fmt: skip


def test_an_unknown_host_is_refused(public):
    office = public()
    for host in UNKNOWN:
        is_refused(office, host)


def is_refused(office, host):
    before = office.letters()
    for path in ("/", "/sign-in", "/v1/iam/me", "/v1/openapi.json"):
        answer = office.app.test_client().get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "https://video.example.com" in answer.get_data(as_text=True), "the address to use is named"
    answer = office.app.test_client().post("/forgot", data={"email": "mel@mel.example"}, headers={"Host": host})
    assert answer.status_code == 400 and office.letters() == before
    assert office.app.test_client().get("/healthz", headers={"Host": host}).status_code == 200


def test_a_trusted_proxy_may_name_the_public_host_and_no_other(public):
    office = public(trusted_proxies=1)
    client = office.app.test_client()
    inside = {"Host": "10.0.0.7:8000", "X-Forwarded-Proto": "https"}
    assert client.get("/sign-in", headers=inside | {"X-Forwarded-Host": "video.example.com"}).status_code == 200
    assert client.get("/sign-in", headers=inside | {"X-Forwarded-Host": "evil.example"}).status_code == 400


def test_behind_https_cookies_are_secure_and_bound_to_the_host(public):
    office = public()
    answer = post_at(PageDoor(office.app), "/sign-in", {"email": "mel@mel.example", "password": PASSWORD})
    assert answer.status_code == 303
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-fastpix_session="))
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
