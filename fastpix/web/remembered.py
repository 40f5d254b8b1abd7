"""Where somebody was: the organization they came from, and the workspace they chose in each. No right hangs on it.

It is kept in the signed session cookie of this browser, and ends with it and with signing out.
"""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from flask import g, request, session

# Of the organizations whose workspace is remembered; the cookie stays small.
MOST = 20
ORGANIZATION, WORKSPACES = "organization", "workspaces"


def note_organization(slug: str) -> None:
    if session.get(ORGANIZATION) != slug:
        session[ORGANIZATION] = slug


def organization() -> str:
    """The slug of the organization somebody was in last, empty where they were in none."""
    return str(session.get(ORGANIZATION, ""))


def workspace(seen: Container[str]) -> UUID | None:
    """The workspace that the address names, else the one chosen last; None for all of them.

    `seen` are those the person sees, by id: another one is never remembered.
    """
    here, chosen = g.get("organization_slug", ""), session.get(WORKSPACES, {})
    if "workspace" not in request.args:
        last = chosen.get(here, "")
        return UUID(last) if last in seen else None
    wanted = request.args["workspace"]
    if (not wanted or wanted in seen) and chosen.get(here, "") != wanted:
        others = [(slug, each) for slug, each in chosen.items() if slug != here][-MOST:]
        session[WORKSPACES] = dict([*others, (here, wanted)])
    return request.args.get("workspace", None, type=UUID)
