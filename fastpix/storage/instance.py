"""The storage of this instance, as the settings describe it."""

from __future__ import annotations

from fastpix.storage import Storage

_storage: Storage | None = None


def configure(storage: Storage) -> None:
    """Set the instance's storage. Called by `fastpix.app`."""
    global _storage
    _storage = storage


def get() -> Storage:
    """The instance's storage. RuntimeError before `configure`."""
    if _storage is None:
        raise RuntimeError("storage.instance.configure was not called")
    return _storage
