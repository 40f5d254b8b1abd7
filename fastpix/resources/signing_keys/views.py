"""Signing keys in the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request

from fastpix import urls
from fastpix.access import principal
from fastpix.resources.media import playback
from fastpix.resources.signing_keys import domain
from fastpix.resources.signing_keys.forms import SigningKeyForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import remembered
from fastpix.web.confirm import confirm
from fastpix.web.list_pages import numbered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, show

if TYPE_CHECKING:
    from fastpix.resources.signing_keys.models import SigningKeyRow

# For how long a signed URL may be good, in hours.
SPANS = {1: "1 hour", 24: "1 day", 168: "7 days", 720: "30 days"}
pages = Pages(
    "signing_keys",
    __name__,
    "/signing-keys",
    menu=(Entry("Signing keys", "signing_keys.index", "key", "signing_keys.view", "Developers", "private jwt"),),
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    may = principal.may_each("signing_keys", "create", "delete")
    return numbered("signing_keys/index.html", domain.listed, workspaces.choices(), may=may)


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = SigningKeyForm()
    form.workspace.choices = workspaces.choices()
    if request.method == "GET":
        form.workspace.data = remembered.workspace(form.workspace.choices)
    if form.is_sent():
        with form.catching():
            key = domain.create(form.workspace.data)
            return show("signing_keys/created.html", status=200, key=key)
    return show("signing_keys/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:key_id>")
def detail(key_id: UUID) -> Any:
    key = domain.get(key_id)
    return show("signing_keys/detail.html", key=key, sign=_signing(key))


@pages.page(domain.delete, "GET POST", "/<uuid:key_id>/delete")
def delete(key_id: UUID) -> Any:
    key = domain.get(key_id)
    message = f"The signing key {key_id} was deleted. What it signed stopped working."
    return confirm("signing_keys/delete.html", lambda: domain.delete(key_id), message, key=key)


def _signing(key: SigningKeyRow) -> dict[str, Any]:
    """What the sign-a-URL tool offers: private playback ids of the key's workspace, spans, addresses to complete."""
    choices = playback.private_ids(key["workspace_id"])
    playback_id = request.args.get("playback_id", None, type=UUID)
    if playback_id not in [choice["id"] for choice in choices]:
        playback_id = choices[0]["id"] if choices else None
    hours = request.args.get("hours", 24, type=int)
    return {
        "choices": choices,
        "playback_id": playback_id,
        "other": request.args.get("other", None, type=UUID),
        "hours": hours if hours in SPANS else 24,
        "spans": SPANS,
        "stream": urls.stream("PLAYBACK_ID.m3u8"),
        "embed": urls.embed("PLAYBACK_ID"),
    }
