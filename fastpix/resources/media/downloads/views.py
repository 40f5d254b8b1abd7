"""The page that sets which files of a media can be downloaded."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import presentation
from fastpix.resources.media.downloads import domain
from fastpix.resources.media.downloads.forms import DownloadsForm
from fastpix.resources.media.views import parts as pages
from fastpix.web.pages import go, show

__all__ = ["pages"]


@pages.page(domain.set_mp4_support, "GET POST", "/downloads")
def downloads(media_id: UUID) -> Any:
    media = media_domain.get(media_id)
    form = DownloadsForm(data={"mp4": media["mp4_support"] or "none"}) if request.method == "GET" else DownloadsForm()
    if form.is_sent():
        with form.catching():
            if form.mp4.data != (media["mp4_support"] or "none"):
                domain.set_mp4_support(media_id, form.mp4.data)
            return go("media.detail", "The files for download were saved.", media_id=media_id)
    return show("media/downloads.html", form=form, media=media, name=presentation.name(media))
