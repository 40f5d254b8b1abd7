"""The page that has captions made of what is said in a media."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import presentation
from fastpix.resources.media.captions import domain
from fastpix.resources.media.captions.forms import CaptionsForm
from fastpix.resources.media.views import parts as pages
from fastpix.video import speech
from fastpix.web.pages import go, show

__all__ = ["pages"]


@pages.page(domain.generate, "GET POST", "/captions")
def captions(media_id: UUID) -> Any:
    media = media_domain.get(media_id)
    form = CaptionsForm()
    if form.is_sent():
        with form.catching():
            code, name = form.language_code.data or "", form.language_name.data or ""
            domain.generate(media_id, None, code, name, is_anew=True)
            return go("media.detail", "The captions are being made.", media_id=media_id)
    name = presentation.name(media)
    return show("media/captions.html", form=form, media=media, name=name, missing=speech.missing())
