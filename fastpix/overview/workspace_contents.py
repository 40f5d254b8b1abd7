"""What lies in a workspace and goes with it, counted for the page that deletes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.media import queries
from fastpix.resources.playlists.models import Playlist
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.webhooks.models import Webhook


@action("workspaces.delete", changes=False)
def of(workspace_id: UUID) -> dict[str, int]:
    """How many of each kind of thing the workspace holds, by its name in the singular."""
    kinds: dict[str, Any] = {
        "live stream": LiveStream,
        "playlist": Playlist,
        "signing key": SigningKey,
        "access token": AccessToken,
        "webhook": Webhook,
    }
    return {"media": queries.total(workspace_id)} | {
        name: db.session.scalar(sa.select(sa.func.count(kind.id)).where(kind.workspace_id == workspace_id)) or 0
        for name, kind in kinds.items()
    }
