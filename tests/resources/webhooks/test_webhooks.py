"""Webhooks at both doors: the secret is shown once and kept sealed, and members see nothing of it all."""

from __future__ import annotations

import base64
import re

import pytest

from tests.stories.tables import everything, rows

URL = "https://1.1.1.1/hooks"


def test_the_secret_is_32_bytes_shown_once_and_stored_sealed(world, ada, cast):
    made = ada.api.post("iam/webhooks", {"url": URL, "events": ["video.media.ready"]}).json["data"]
    assert len(base64.b64decode(made["secret"], validate=True)) == 32
    assert made["secret"] not in repr(everything(world))
    told = ada.api.get(f"iam/webhooks/{made['id']}").json["data"]
    assert "secret" not in told and (told["url"], told["events"]) == (URL, ["video.media.ready"])
    assert told["workspaceId"] == str(cast.acme.workspace) and told["isEnabled"] is True


def test_the_page_shows_the_secret_once(world, ada, cast):
    form = {"workspace": str(cast.acme.workspace), "url": URL, "which": "all", "is_enabled": "y", "once_key": "k" * 32}
    page = ada.page.post("/o/acme/webhooks/new", form)
    secret = re.search(r'id="webhook-secret"[^>]*value="([^"]+)"', page.text)[1]
    assert page.status_code == 200 and len(base64.b64decode(secret)) == 32
    assert page.headers["Cache-Control"] == "no-store"
    again = ada.page.post("/o/acme/webhooks/new", form)
    assert again.status_code == 409 and "webhook-secret" not in again.text
    assert URL in ada.page.get("/o/acme/webhooks/").text


def test_rotating_gives_another_secret(ada, cast):
    one = ada.api.post(f"iam/webhooks/{cast.acme.webhook}/rotate").json["data"]
    assert one["secret"] != cast.acme.webhook_secret and one["rotatedAt"]


def test_an_unknown_event_is_refused(ada):
    answer = ada.api.post("iam/webhooks", {"url": URL, "events": ["video.media.eaten"]})
    assert answer.status_code == 422 and "video.media.eaten" in answer.text


def test_these_events_means_at_least_one(ada, cast):
    form = {"workspace": str(cast.acme.workspace), "url": URL, "which": "these"}
    page = ada.page.post("/o/acme/webhooks/new", form)
    assert page.status_code == 422 and "Tick at least one event" in page.text


@pytest.mark.sqlite
def test_a_workspace_has_at_most_twenty(ada):
    for _ in range(19):
        assert ada.api.post("iam/webhooks", {"url": URL}).status_code == 201
    assert ada.api.post("iam/webhooks", {"url": URL}).status_code == 409


def test_the_audit_names_the_host_and_not_the_rest_of_the_address(world, ada):
    ada.api.post("iam/webhooks", {"url": "https://1.1.1.1/services/a-secret-path"})
    (row,) = [r for r in rows(world, "audit_log", action="webhooks.create") if r["after"].get("enabled")]
    assert row["after"]["host"] == "1.1.1.1" and "a-secret-path" not in repr(row)


def test_the_pages_of_a_webhook(ada, cast):
    root = f"/o/acme/webhooks/{cast.acme.webhook}"
    page = ada.page.get(root)
    assert cast.acme.webhook_url in page.text and "Deliveries" in page.text and "switched off" in page.text
    assert "acme answered" in ada.page.get(f"{root}/deliveries/{cast.acme.delivery}").text
    assert ada.page.post(f"{root}/test").status_code == 303
    assert ada.page.post(f"{root}/deliveries/{cast.acme.delivery}/redeliver").status_code == 303
    saved = ada.page.post(f"{root}/edit", {"url": URL, "which": "all", "description": "Ours", "is_enabled": "y"})
    assert saved.status_code == 303 and "Ours" in ada.page.get(root).text
    assert ada.page.post(f"{root}/delete").status_code == 303
    assert ada.page.get(root).status_code == 404


def test_a_delivery_belongs_to_its_webhook(ada, cast):
    made = ada.api.post("iam/webhooks", {"url": URL}).json["data"]["id"]
    assert ada.api.get(f"iam/webhooks/{made}/deliveries/{cast.acme.delivery}").status_code == 404
    assert ada.api.post(f"iam/webhooks/{made}/deliveries/{cast.acme.delivery}/redeliver").status_code == 404


@pytest.mark.parametrize("who", ["mel", "dana"])
def test_members_cannot_see_webhooks_at_all(doors, cast, who):
    person = doors(who)
    for path in ("", f"/{cast.acme.webhook}", f"/{cast.acme.webhook}/deliveries"):
        assert person.api.get(f"iam/webhooks{path}").status_code == 403
    assert person.page.get("/o/acme/webhooks/").status_code == 403


def test_the_page_that_deletes_a_workspace_counts_them(ada, cast):
    assert "webhook" in ada.page.get(f"/o/acme/workspaces/{cast.acme.workspace}/delete").text


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("example.com/hooks", "begin with https"),
        ("ftp://example.com/hooks", "begin with https"),
        ("https:///hooks", "names no server"),
        ("https://user:secret@example.com/hooks", "user name or a password"),
        ("https://example.com/hooks#part", "behind #"),
        ("https://example.com/a b", "blank"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:0/", "port 0"),
        ("https://example.com/" + "x" * 1000, "1000 characters"),
        ("https://exa mple.com/", "blank"),
        ("http://127.0.0.1/hooks", "not on the public internet"),
    ],
)
@pytest.mark.sqlite
def test_a_refused_address_is_told_why(ada, url, reason):
    answer = ada.api.post("iam/webhooks", {"url": url})
    assert answer.status_code == 422
    message = answer.json["error"]["fields"][0]["message"]
    assert reason in message and "secret" not in message
