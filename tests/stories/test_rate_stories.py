"""Attacks on the limits of requests: a claimed address, many addresses of one network, guessed tokens and sessions."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import replace

import pytest

from fastpix.ratelimit import attempts
from fastpix.resources.access_tokens import authentication
from tests.limited import limited

pytestmark = pytest.mark.sqlite


def guess(world, address="203.0.113.9", headers=None, path="/v1/iam/me"):
    pair = base64.b64encode(f"{uuid.uuid4()}:{secrets.token_urlsafe(32)}".encode()).decode()
    client = world.app.test_client(use_cookies=False)
    given = {"Authorization": f"Basic {pair}", **(headers or {})}
    return client.get(path, headers=given, environ_base={"REMOTE_ADDR": address})


def _claimed(number):
    return {
        "X-Forwarded-For": f"198.51.100.{number}",
        "X-Real-IP": f"198.51.100.{number}",
        "Forwarded": f"for=198.51.100.{number}",
    }


def claimed_addresses(world):
    return [guess(world, headers=_claimed(number)).status_code for number in range(5)]


def test_guessing_tokens_is_limited_by_the_address_of_the_socket(world, ada):
    limited(world, requests_per_address=3)
    assert claimed_addresses(world) == [401, 401, 401, 429, 429]
    refused = guess(world)
    assert refused.json["error"]["code"] == 429 and 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"address";q=3;w=60'
    assert guess(world, "203.0.113.10").status_code == 401
    pair = base64.b64encode(f"{ada.api.token.id}:{ada.api.token.secret}".encode()).decode()
    right = guess(world, headers={"Authorization": f"Basic {pair}"})
    assert right.status_code == 200, "a neighbour who guesses must not lock out who knows"


def test_the_story_above_would_see_a_claimed_address_that_counts(world, monkeypatch):
    """The guard broken on purpose: the address is taken from the header."""
    from flask import request

    limited(world, requests_per_address=3)
    monkeypatch.setattr(attempts, "network", lambda _address: request.headers.get("X-Forwarded-For", ""))
    assert claimed_addresses(world) == [401] * 5


def test_one_network_of_ipv6_is_one_stranger(world):
    limited(world, requests_per_address=2)
    statuses = [guess(world, f"2001:db8:1:2::{number}").status_code for number in (1, 2, 3)]
    assert statuses == [401, 401, 429]
    assert guess(world, "2001:db8:1:3::1").status_code == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_what_counts_as_one_address(address, counted):
    assert attempts.network(address) == counted


def test_strangers_at_pages_are_counted_with_those_at_the_api(world):
    limited(world, requests_per_address=3)
    client = world.app.test_client()
    client.set_cookie("fastpix_session", secrets.token_urlsafe(32))
    first = [client.get(path).status_code for path in ("/o/acme/settings", "/sign-in")]
    assert first == [302, 200]
    assert guess(world, "127.0.0.1").status_code == 401
    last = client.get("/o/acme/settings")
    assert last.status_code == 429 and "Retry-After" in last.headers, (
        "a guessed session costs as much as a guessed token"
    )
    assert client.get("/sign-in").status_code == 429


def test_a_trusted_proxy_names_the_stranger(make_app):
    app = make_app(requests_per_address=1, trusted_proxies=1)
    client = app.test_client(use_cookies=False)

    def ask(forwarded):
        return client.get("/v1/iam/me", headers={"X-Forwarded-For": forwarded}).status_code

    # A limit of one is settled with every request; the window may end between two of these, so each asks twice.
    assert [ask("203.0.113.1"), ask("203.0.113.2")] == [401, 401]
    assert 429 in [ask("198.51.100.1, 203.0.113.1") for _ in range(3)], "what the client claims is not believed"


def test_permanent_refusals_are_never_429(world, mel, ada, cast):
    """Published clients repeat a 429 for up to an hour: missing rights, rules and used-up quotas say something else."""
    assert mel.api.post("iam/workspaces", {"name": "No"}).status_code == 403
    resend = f"iam/invitations/{cast.acme.invitation}/resend"
    statuses = {ada.api.post(resend).status_code for _ in range(12)}
    assert statuses == {200, 409}, "ten mails an hour to one address"


def test_who_probes_the_names_of_foreign_organizations_is_counted_too(world, mel):
    """The identity's loader refuses them before anybody was counted."""
    limited(world, requests_per_person=3, requests_per_address=3)
    assert 429 in [mel.page.get(f"/o/not-there-{n}/settings").status_code for n in range(8)]


def test_a_token_whose_owner_lacks_a_second_factor_is_counted_too(world, ada, monkeypatch):
    real = authentication.prove

    def lacking(*given):
        found = real(*given)
        return found and replace(found, owner_lacks_second_factor=True)

    monkeypatch.setattr(authentication, "prove", lacking)
    limited(world, requests_per_token=3, requests_per_address=3)
    assert 429 in [ada.api.get("iam/me").status_code for _ in range(8)]
