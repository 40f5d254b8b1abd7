"""What surrounds every page: who is signed in, where, the menu, the organizations one can switch to."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from flask import Flask, g, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from fastpix import __version__, urls
from fastpix.access import principal
from fastpix.accounts import identity
from fastpix.config.settings import Settings
from fastpix.db import now
from fastpix.resources.members.membership import Membership
from fastpix.text import counting, relative
from fastpix.web import menu, remembered


def install(app: Flask, settings: Settings) -> None:
    """Take the organization out of every address, give it back to `url_for`, and offer `shell` to templates."""

    @app.url_value_preprocessor
    def take_organization(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "org" in values:
            g.organization_slug = values.pop("org")

    @app.url_defaults
    def give_organization(endpoint: str, values: dict[str, Any]) -> None:
        if "org" not in values and app.url_map.is_endpoint_expecting(endpoint, "org"):
            values["org"] = g.get("organization_slug", "-")

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {"shell": _shell(settings)}

    # Pages have dozens of icons: their sprite's address is built once.
    # A list is a fifth smaller without the white space of its tags.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["absolute"] = urls.to
    app.jinja_env.filters["counted"] = counting.counted
    app.jinja_env.globals["icons_url"] = f"{app.static_url_path}/icons.svg"
    app.add_template_filter(moment)
    app.add_template_filter(day)
    app.add_template_filter(seen)
    app.add_template_filter(lambda text: base64.b64encode(text.encode()).decode(), "base64")


def moment(at: datetime | None) -> dict[str, str] | None:
    """A time for `<time>`: {iso, text, near}, in UTC; a script shows it in the viewer's zone. `near` is how long ago it is,
    empty beyond a week."""
    if at is None:
        return None
    text = f"{at.day} {at:%b %Y, %H:%M} UTC"
    return {"iso": f"{at:%Y-%m-%dT%H:%M:%SZ}", "text": text, "near": relative.of(at, now())}


def seen(at: datetime | None) -> dict[str, str] | None:
    """How long ago it is, and beyond a week the day alone: {iso, text, near}."""
    told = moment(at)
    return told if told is None or told["near"] else day(at)


def day(at: datetime | None) -> dict[str, str] | None:
    """A day for `<time>`: {iso, text}."""
    return {"iso": f"{at:%Y-%m-%dT%H:%M:%SZ}", "text": f"{at.day} {at:%b %Y}"} if at else None


def _shell(settings: Settings) -> dict[str, Any]:
    signed_in = bool(current_user.is_authenticated)
    may_found = signed_in and settings.organization_creation
    membership, entries = _place() if signed_in else (None, [])
    slug = membership.slug if membership else ""
    organization = None
    if membership is not None:
        home = url_for("organizations.overview", org=slug)
        organization = {"name": membership.organization_name, "slug": slug, "url": home}
    return {
        "signed_in": signed_in,
        "person": {"name": current_user.name, "email": current_user.email} if signed_in else None,
        "organization": organization,
        # Whether this page is the organization's; else it is the one that the person came from.
        "is_inside": "membership" in g,
        "role": membership.role if membership else None,
        "is_operator": signed_in and current_user.is_operator,
        "is_viewing": signed_in and current_user.is_viewing,
        "organizations": _organizations(slug) if signed_in else [],
        "create_organization_url": url_for("accounts_more.found") if may_found else None,
        "menu": entries,
        "new": _new(membership) if membership else [],
        "access_url": url_for("organizations.access", org=slug) if membership else None,
        "search_url": url_for("search.index", org=slug) if membership else None,
        "docs_url": url_for("docs.index"),
        "csrf_token": generate_csrf,
        "theme": current_user.theme if signed_in else "",
        "request_id": g.get("request_id", ""),
        "version": __version__,
        "path": request.path,
    }


def _place() -> tuple[Membership | None, list[dict[str, object]]]:
    """The membership whose menu is shown, and the menu: of the organization one is in, else of the one one came from."""
    membership: Membership | None = g.get("membership")
    if membership is not None:
        remembered.note_organization(membership.slug)
        return membership, menu.visible(membership.slug)
    last = identity.came_from(remembered.organization())
    if last is None:
        return None, []
    membership, actor = last
    with principal.acting(actor):
        return membership, menu.visible(membership.slug)


def _new(membership: Membership) -> list[dict[str, object]]:
    """What can be made from every page of the organization; nothing on pages of none, where no rights are in force."""
    return menu.new(membership.slug) if "membership" in g else []


def _organizations(current: str) -> list[dict[str, Any]]:
    return [
        {
            "name": s.organization_name,
            "url": url_for("organizations.overview", org=s.slug),
            "role": s.role,
            "current": s.slug == current,
        }
        for s in identity.memberships()
        if not s.closed
    ]
