"""What a member "can't see at all": keys and tokens of acme stand nowhere for anybody without the right to them.

A marker stands for every secret and every trace of one; the crawl goes to every page and operation there is.
"""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.accounts.models import BrowserSession
from fastpix.crypto import tokens
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members.invitations.models import Invitation
from tests.access.persons import Caller, ask
from tests.access.routes import guarded, routes

CRAWLERS = [
    Caller("mel", "session"), Caller("dana", "session"), Caller("rex", "session"), Caller("eve", "session"),
    Caller("sam", "session"), Caller(None, "session"),
]  # fmt: skip
SCRIPTS = [
    Caller("mel", "people"), Caller("mel", "member"), Caller("dana", "people"), Caller("dana", "member"),
    Caller("ada", "member"), Caller("eve", "people"), Caller("rex", "people"), Caller(None, "nothing"),
]  # fmt: skip


@pytest.fixture
def markers(world):
    """Every trace of a key, a token or a link of acme, by what it is."""
    acme = world.cast.acme
    found = {"id of the signing key": str(acme.signing_key), "public key": acme.public_key.splitlines()[2]}
    for label, token in acme.tokens.items():
        found[f"id of {label}"] = str(token.id)
        found[f"name of {label}"] = token.name
        found[f"secret of {label}"] = token.secret
        found[f"hash of {label}"] = tokens.digest(token.secret)
    found["id of the webhook"], found["id of its delivery"] = str(acme.webhook), str(acme.delivery)
    found["address of the webhook"], found["secret of the webhook"] = acme.webhook_url, acme.webhook_secret
    found["invite link"] = acme.invite_secret
    found["source of the media"] = acme.shelf.source_url
    found["address of the upload"] = acme.shelf.upload_url.partition("upload_id=")[2]
    found["words of ffmpeg"] = "moov atom not found"
    for what, secret in acme.shelf.stream_secrets.items():
        found[f"secret of the live stream: {what}" if what != "simulcast_url" else what] = secret
    with world.session() as session, tenancy.everywhere("the test looks"):
        for row in session.execute(sa.select(Invitation.id, Invitation.mailed_hash, Invitation.shown_hash)):
            found[f"mailed hash of invite {row.id}"], found[f"shown hash of invite {row.id}"] = row[1:]
        for number, digest in enumerate(session.scalars(sa.select(BrowserSession.token_hash))):
            found[f"hash of session {number}"] = digest
        assert session.scalar(sa.select(sa.func.count(AccessToken.id))) >= 9
    for key, person in world.cast.people.items():
        found[f"session of {key}"] = person.session
    return found


def allowed(world, caller):
    """What a token knows of itself: its own id and name."""
    person = world.cast.people.get(caller.who)
    token = person.tokens.get(caller.proof) if person else None
    return {str(token.id), token.name} if token else set()


# Who stands for all in the quick lane; the rest go in the full one.
SOME = [("mel", "session"), ("rex", "session"), ("mel", "people"), ("ada", "member")]
crawled_by = pytest.mark.parametrize(
    "is_chosen",
    [
        pytest.param(lambda caller: caller in SOME, id="some"),
        pytest.param(
            lambda caller: caller not in SOME, id="the rest", marks=pytest.mark.full("four stand for them all")
        ),
    ],
)


def traces(world, markers, caller, route):
    response, _ = ask(world, route, caller)
    said = response.text + str(response.headers)
    asked = response.request.path + response.request.query_string.decode()
    own = allowed(world, caller)
    world.reset()
    return [
        f"{route} tells {caller} the {what}"
        for what, marker in markers.items()
        if marker in said and marker not in asked and marker not in own and not _carried(route, what)
    ]


def _carried(route, what):
    """The link itself moves its own secret into a cookie."""
    return route.endpoint == "invite.link" and what == "invite link"


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in routes() if not r.is_api and r.method == "GET"], ids=str)
@crawled_by
def test_no_page_tells_a_secret_to_who_may_not_know_it(world, markers, route, is_chosen):
    found = [t for caller in filter(is_chosen, CRAWLERS) for t in traces(world, markers, caller, route)]
    assert not found, "\n".join(found)


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.in_organization and r.method == "POST"], ids=str)
@crawled_by
def test_no_answer_to_a_form_tells_a_secret(world, markers, route, is_chosen):
    found = [t for caller in filter(is_chosen, CRAWLERS) for t in traces(world, markers, caller, route)]
    assert not found, "\n".join(found)


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.is_api], ids=str)
@crawled_by
def test_no_operation_tells_a_secret(world, markers, route, is_chosen):
    found = [t for caller in filter(is_chosen, SCRIPTS) for t in traces(world, markers, caller, route)]
    assert not found, "\n".join(found)


@pytest.mark.sqlite
def test_secrets_are_stored_nowhere(world, markers):
    """Only SHA-256 of them: the secrets themselves are in no table."""
    stored = repr(world.rows())
    assert [
        what
        for what, marker in markers.items()
        if what.startswith(("secret", "session", "invite link")) and marker in stored
    ] == []


@pytest.mark.full("23 seconds: everybody goes everywhere, and every line is looked at")
@pytest.mark.sqlite
def test_no_secret_reaches_the_logs(world, markers, caplog):
    """Everybody goes everywhere, the admin too, with every logger wide open."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    try:
        for route in routes():
            crawlers = [*SCRIPTS, Caller("ada", "people")] if route.is_api else [*CRAWLERS, Caller("ada", "session")]
            for caller in crawlers if route.action is not None else [Caller("mel", "session")]:
                ask(world, route, caller)
                if route.method != "GET":  # looking changes nothing, as the matrix shows
                    world.reset()
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    assert caplog.text
    secret = ("secret", "session", "invite link", "hash", "mailed", "shown")
    assert [what for what, marker in markers.items() if what.startswith(secret) and marker in caplog.text] == []


@pytest.mark.sqlite
def test_the_menu_and_the_overview_of_a_member_know_no_keys_and_tokens(mel, ada):
    for word in ("signing-keys", "access-tokens", "webhooks", "Signing keys", "Access tokens", "Webhooks"):
        assert word not in mel.page.get("/o/acme/").text
        assert word in ada.page.get("/o/acme/").text


@pytest.mark.sqlite
def test_the_admin_sees_what_is_hidden_from_the_others(world, markers, ada):
    """The markers are good for something: Ada's pages do hold them."""
    said = ada.page.get("/o/acme/signing-keys/").text + ada.page.get("/o/acme/access-tokens/").text
    assert markers["id of the signing key"] in said and markers["name of ada admin"] in said
    assert markers["id of ada admin"] in said
    assert not [what for what, marker in markers.items() if what.startswith(("secret", "hash")) and marker in said]


@pytest.mark.sqlite
def test_the_audit_log_and_its_files_hold_no_secret(world, markers, ada, mel):
    """After everything was tried once by whoever may, and by whoever may not."""
    for path in ("/o/acme/signing-keys/", "/o/acme/access-tokens/"):
        mel.page.get(path)
    made = ada.api.post(
        "iam/access-tokens", {"name": "A new one", "workspaceId": str(world.cast.acme.workspace), "role": "member"}
    )
    assert made.status_code == 201
    markers["secret just made"] = made.json["data"]["secret"]
    said = (
        "".join(ada.page.get(f"/o/acme/audit/{path}").text for path in ("", "export?form=csv", "export?form=jsonl"))
        + ada.api.get("iam/audit?limit=50").text
    )
    kinds = ("secret", "hash", "session", "invite link", "mailed", "shown")
    assert [what for what, marker in markers.items() if what.startswith(kinds) and marker in said] == []
