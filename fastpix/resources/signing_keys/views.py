"""Signing keys in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix import links
from fastpix.access import principal
from fastpix.resources.media import preview
from fastpix.resources.signing_keys import domain
from fastpix.resources.signing_keys.forms import SigningKeyForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

PAGE = 25
# For how long a signed URL may be good, in hours.
SPANS = {1: "1 hour", 24: "1 day", 168: "7 days", 720: "30 days"}
pages = Pages(
    "signing_keys",
    __name__,
    "/signing-keys",
    menu=(Entry("Signing keys", "signing_keys.index", "key", "signing_keys.view"),),
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    number = max(1, min(request.args.get("page", 1, type=int), 100000))
    chosen = request.args.get("workspace", None, type=UUID)
    keys, total = domain.listed(number, PAGE, chosen)
    return show(
        "signing_keys/index.html",
        keys=keys,
        total=total,
        workspaces=workspaces.choices(),
        chosen=chosen,
        newer_url=url_for(".index", page=number - 1, workspace=chosen) if number > 1 else None,
        older_url=url_for(".index", page=number + 1, workspace=chosen) if number * PAGE < total else None,
        may={key: principal.may(f"signing_keys.{key}") for key in ("create", "delete")},
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = SigningKeyForm()
    form.workspace.choices = workspaces.choices()
    if form.is_sent():
        with form.catching():
            made = domain.create(form.workspace.data)
            return show("signing_keys/created.html", status=200, key=made)
    return show("signing_keys/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:key_id>")
def detail(key_id: UUID) -> Any:
    key = domain.get(key_id)
    return show("signing_keys/detail.html", key=key, sign=_signing(key))


@pages.page(domain.delete, "GET POST", "/<uuid:key_id>/delete")
def delete(key_id: UUID) -> Any:
    key = domain.get(key_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.delete(key_id)
            return go(".index", f"The signing key {key_id} was deleted. What it signed stopped working.")
    return show("signing_keys/delete.html", form=form, key=key)


def _signing(key: dict[str, Any]) -> dict[str, Any]:
    """What the sign-a-URL tool offers: private playback ids of the key's workspace, spans, addresses to complete."""
    choices = preview.private_ids(key["workspace_id"])
    asked = request.args.get("playback_id", None, type=UUID)
    hours = request.args.get("hours", 24, type=int)
    return {
        "choices": choices,
        "playback_id": asked if asked in [each["id"] for each in choices] else choices[0]["id"] if choices else None,
        "other": request.args.get("other", None, type=UUID),
        "hours": hours if hours in SPANS else 24,
        "spans": SPANS,
        "stream": links.stream("PLAYBACK_ID.m3u8"),
        "embed": links.embed("PLAYBACK_ID"),
    }
