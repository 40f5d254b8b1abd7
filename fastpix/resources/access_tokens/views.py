"""Access tokens in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix import links
from fastpix.access import principal
from fastpix.resources.access_tokens import domain
from fastpix.resources.access_tokens.forms import AccessTokenForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm, OnceForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

PAGE = 25
pages = Pages(
    "access_tokens",
    __name__,
    "/access-tokens",
    menu=(Entry("Access tokens", "access_tokens.index", "lock", "access_tokens.view"),),
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    number = max(1, min(request.args.get("page", 1, type=int), 100000))
    chosen = request.args.get("workspace", None, type=UUID)
    tokens, total = domain.listed(number, PAGE, chosen)
    return show(
        "access_tokens/index.html",
        tokens=tokens,
        total=total,
        workspaces=workspaces.choices(),
        chosen=chosen,
        newer_url=url_for(".index", page=number - 1, workspace=chosen) if number > 1 else None,
        older_url=url_for(".index", page=number + 1, workspace=chosen) if number * PAGE < total else None,
        may={key: principal.may(f"access_tokens.{key}") for key in ("create", "revoke")},
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = AccessTokenForm()
    form.workspace.choices = workspaces.choices()
    if form.is_sent():
        with form.catching():
            made = domain.create(
                form.name.data or "",
                form.workspace.data,
                form.role.data,
                form.may_manage_people.data,
                form.expires_at,
            )
            return _shown_once(made)
    return show("access_tokens/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:token_id>")
def detail(token_id: UUID) -> Any:
    return show(
        "access_tokens/detail.html",
        token=domain.get(token_id),
        may={key: principal.may(f"access_tokens.{key}") for key in ("create", "revoke")},
    )


@pages.page(domain.adopt, "GET POST", "/<uuid:token_id>/adopt")
def adopt(token_id: UUID) -> Any:
    token = domain.get(token_id)
    form = OnceForm()
    if form.is_sent():
        with form.catching():
            return _shown_once(domain.adopt(token_id))
    return show("access_tokens/adopt.html", form=form, token=token)


@pages.page(domain.revoke, "GET POST", "/<uuid:token_id>/revoke")
def revoke(token_id: UUID) -> Any:
    token = domain.get(token_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.revoke(token_id)
            return go(".index", f"The token {token['name']} was revoked. It stopped working at once.")
    return show("access_tokens/revoke.html", form=form, token=token)


def _shown_once(made: dict[str, Any]) -> tuple[str, int]:
    """The secret, this one time, with lines for a `.env` file and a command to try it."""
    env = f"FASTPIX_USERNAME={made['id']}\nFASTPIX_PASSWORD={made['secret']}\nFASTPIX_SERVER_URL={links.to('/v1/')}\n"
    curl = f"curl -u {made['id']}:{made['secret']} {links.to('/v1/iam/me')}"
    return show("access_tokens/created.html", status=200, token=made, env=env, curl=curl)
