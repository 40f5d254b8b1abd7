"""What the application registers of delivery: settings, blueprints, and the public endpoints with their reasons."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from fastpix.delivery import admission, counting, embed, files, images, key_use, live, making, presence, views
from fastpix.settings import Settings

BLUEPRINTS = [views.blueprint, images.blueprint, embed.blueprint]

PUBLIC = {
    "stream.master": "playback: public by policy, else a token is the proof",
    "stream.part": "playback: public by policy, else the signed address is the proof",
    "stream.download": "playback: public by policy, else a token is the proof",
    "images.image": "playback: public by policy, else a token is the proof",
    "embed.page": "playback: public by policy, else a token is the proof",
}


def configure(settings: Settings, belongs_to: Callable[[UUID, UUID], bool]) -> None:
    """Take over the settings, and forget what was known under others. Called by `fastpix.app`, after the storage.

    `belongs_to` says whether who asks is in an organization and sees a workspace of it: for previews of the dashboard.
    """
    bases = (settings.public_url, settings.stream_base, settings.images_base)
    admission.configure(frozenset(urlsplit(base).hostname or "" for base in bases), belongs_to)
    files.configure(settings.accel_prefix)
    making.forget()
    live.forget()
    presence.forget()
    counting.forget()
    key_use.forget()
    embed.configure(settings.stream_base, settings.images_base)
