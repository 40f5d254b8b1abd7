"""The page that sets whether the original file of a media may be downloaded."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import presentation
from fastpix.resources.media.source import domain
from fastpix.resources.media.source.forms import SourceForm
from fastpix.resources.media.views import parts as pages
from fastpix.web.pages import go, show

__all__ = ["pages"]


@pages.page(domain.set_access, "GET POST", "/source")
def source(media_id: UUID) -> Any:
    media = media_domain.get(media_id)
    form = SourceForm(data={"source": media["source_access"]}) if request.method == "GET" else SourceForm()
    if form.is_sent():
        with form.catching():
            domain.set_access(media_id, form.source.data)
            return go("media.detail", "Access to the original file was saved.", media_id=media_id)
    return show("media/source.html", form=form, media=media, name=presentation.name(media))
