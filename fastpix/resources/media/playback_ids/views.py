"""The playback ids of a media in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.resources.media import domain as media
from fastpix.resources.media import presentation
from fastpix.resources.media.playback_ids import domain
from fastpix.resources.media.views import parts as pages
from fastpix.resources.playback_ids import views as shared
from fastpix.resources.playback_ids.forms import PolicyAndResolutionForm
from fastpix.web.pages import go

__all__ = ["pages"]

UNDO_LABELS = {"public": "Make public again", "private": "Make private again"}


def other(policy: str) -> str:
    return "private" if policy == "public" else "public"


def _owner(media_id: UUID) -> shared.Owner:
    row = media.get(media_id)
    return shared.Owner(
        noun="media",
        name=presentation.name(row),
        page="media.detail",
        address={"media_id": media_id},
        playback_ids=row["playback_ids"],
        missing="There is no such playback id of this media.",
        is_id_in_subtitle=True,
    )


@pages.page(domain.set_privacy, "POST", "/privacy")
def set_privacy(media_id: UUID) -> Any:
    """The switch on the media's page, which asks no question. Turned back it gives new addresses."""
    policy = request.form.get("policy", "")
    before = {row["access_policy"] for row in domain.listed(media_id)}
    domain.set_privacy(media_id, policy)
    undo = {
        "url": url_for(".set_privacy", media_id=media_id),
        "fields": [["policy", other(policy)]],
        "label": UNDO_LABELS[other(policy)],
    }
    said = {
        "public": "It is public now: whoever has its address can watch it.",
        "private": "It is private now: its public addresses stop playing within seconds, for good. "
        "Made public again it has new ones.",
    }
    was_other = before == {other(policy)}
    return go("media.detail", said[policy], undo=undo if was_other else None, media_id=media_id)


shared.register(pages, domain, _owner, PolicyAndResolutionForm)
