"""The storage of this instance, as its settings describe it."""

from __future__ import annotations

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured
from fastpix.storage import Storage, open_storage
from fastpix.storage.failing import SayingStorage


def of(settings: Settings) -> Storage:
    """The storage that these settings name. Raises `Misconfigured`."""
    try:
        opened = open_storage(
            settings.storage_url,
            settings.storage_path,
            access_key=settings.storage_access_key,
            secret_key=settings.storage_secret_key,
            endpoint=settings.storage_endpoint,
            region=settings.storage_region,
        )
    except Misconfigured as problem:
        raise Misconfigured(f"FASTPIX_STORAGE_URL: {problem}") from None
    return SayingStorage(opened)


def get() -> Storage:
    """The instance's storage."""
    return instance.part(of)
