"""Access tokens in the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from fastpix import urls
from fastpix.access import principal
from fastpix.resources.access_tokens import domain
from fastpix.resources.access_tokens.forms import AccessTokenForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import remembered
from fastpix.web.confirm import confirm
from fastpix.web.forms import OnceForm
from fastpix.web.list_pages import numbered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, show

pages = Pages(
    "access_tokens",
    __name__,
    "/access-tokens",
    menu=(Entry("Access tokens", "access_tokens.index", "lock", "access_tokens.view", "Developers", "api credential"),),
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    may = principal.may_each("access_tokens", "create", "revoke")
    return numbered("access_tokens/index.html", domain.listed, workspaces.choices(), may=may)


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = AccessTokenForm()
    form.workspace.choices = workspaces.choices()
    if request.method == "GET":
        form.workspace.data = remembered.workspace(form.workspace.choices)
    if form.is_sent():
        with form.catching():
            token = domain.create(
                form.name.data or "",
                form.workspace.data,
                form.role.data,
                form.may_manage_people.data,
                form.expires_at,
            )
            return _shown_once(token)
    return show("access_tokens/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:token_id>")
def detail(token_id: UUID) -> Any:
    return show(
        "access_tokens/detail.html",
        token=domain.get(token_id),
        may=principal.may_each("access_tokens", "create", "revoke"),
    )


@pages.page(domain.adopt, "GET POST", "/<uuid:token_id>/adopt")
def adopt(token_id: UUID) -> Any:
    token = domain.get(token_id)
    form = OnceForm()
    secret = form.answer(lambda: _shown_once(domain.adopt(token_id)))
    return secret or show("access_tokens/adopt.html", form=form, token=token)


@pages.page(domain.revoke, "GET POST", "/<uuid:token_id>/revoke")
def revoke(token_id: UUID) -> Any:
    token = domain.get(token_id)
    message = f"The token {token['name']} was revoked. It stopped working at once."
    return confirm("access_tokens/revoke.html", lambda: domain.revoke(token_id), message, token=token)


def _shown_once(token: Mapping[str, object]) -> tuple[str, int]:
    """The secret, this one time, with lines for a `.env` file and a command to try it."""
    env = f"FASTPIX_USERNAME={token['id']}\nFASTPIX_PASSWORD={token['secret']}\nFASTPIX_SERVER_URL={urls.to('/v1/')}\n"
    curl = f"curl -u {token['id']}:{token['secret']} {urls.to('/v1/iam/me')}"
    return show("access_tokens/created.html", status=200, token=token, env=env, curl=curl)
