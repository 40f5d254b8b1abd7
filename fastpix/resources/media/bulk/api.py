"""Changes of many media over the HTTP API. FastPix has none of its own."""

from __future__ import annotations

from typing import Any

from fastpix.resources.media.bulk import domain
from fastpix.resources.media.bulk.schemas import BulkPrivacy, OutcomeOut
from fastpix.web.api import Api

api = Api("media_bulk", __name__, "Media")


@api.operation(
    domain.set_privacy, "POST", "/on-demand/bulk/privacy", body=BulkPrivacy, answer=OutcomeOut, is_answer_list=True
)
def set_privacy(body: BulkPrivacy) -> Any:
    """Make many media public or private in one change, with a result for each."""
    return domain.set_privacy(body.media_ids, body.access_policy)
