"""What surrounds every page: who is signed in, where, the menu, the organizations one can switch to."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from flask import Flask, g, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from fastpix import __version__, links
from fastpix.access import identity
from fastpix.settings import Settings
from fastpix.web import menu


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
    app.jinja_env.globals["absolute"] = links.to
    app.jinja_env.globals["icons_url"] = f"{app.static_url_path}/icons.svg"
    app.add_template_filter(moment)
    app.add_template_filter(day)
    app.add_template_filter(lambda text: base64.b64encode(text.encode()).decode(), "base64")


def moment(at: datetime | None) -> dict[str, str] | None:
    """A time for `<time>`: {iso, text}, in UTC; a script shows it in the viewer's zone."""
    return {"iso": f"{at:%Y-%m-%dT%H:%M:%SZ}", "text": f"{at.day} {at:%b %Y, %H:%M} UTC"} if at else None


def day(at: datetime | None) -> dict[str, str] | None:
    """A day for `<time>`: {iso, text}."""
    return {"iso": f"{at:%Y-%m-%dT%H:%M:%SZ}", "text": f"{at.day} {at:%b %Y}"} if at else None


def _shell(settings: Settings) -> dict[str, Any]:
    standing = g.get("standing")
    signed_in = bool(current_user.is_authenticated)
    may_found = signed_in and settings.organization_creation
    organization = None
    if standing is not None:
        home = url_for("organizations.overview", org=standing.slug)
        organization = {"name": standing.organization_name, "slug": standing.slug, "url": home}
    return {
        "signed_in": signed_in,
        "person": {"name": current_user.name, "email": current_user.email} if signed_in else None,
        "organization": organization,
        "role": standing.role if standing else None,
        "is_operator": signed_in and current_user.is_operator,
        "is_viewing": signed_in and current_user.is_viewing,
        "organizations": _organizations(standing.slug if standing else None) if signed_in else [],
        "create_organization_url": url_for("accounts_more.found") if may_found else None,
        "menu": menu.visible() if standing else [],
        "access_url": url_for("organizations.access") if standing else None,
        "search_url": url_for("search.index") if standing else None,
        "docs_url": url_for("docs.index"),
        "csrf_token": generate_csrf,
        "theme": current_user.theme if signed_in else "",
        "request_id": g.get("request_id", ""),
        "version": __version__,
        "path": request.path,
    }


def _organizations(current: str | None) -> list[dict[str, Any]]:
    return [
        {
            "name": s.organization_name,
            "url": url_for("organizations.overview", org=s.slug),
            "role": s.role,
            "current": s.slug == current,
        }
        for s in identity.standings()
    ]
