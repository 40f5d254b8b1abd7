"""The access review over the HTTP API."""

from __future__ import annotations

from typing import Any

from fastpix.resources.access_review import domain
from fastpix.resources.access_review.schemas import LastReview, ReviewDone, ReviewOut
from fastpix.web.api import Api

api = Api("access_review", __name__, "Access review")


@api.operation(domain.review, "GET", "/iam/access-review", answer=ReviewOut)
def get() -> Any:
    """What deserves a look: admins, people unseen, tokens and keys unused, invites waiting, denied attempts."""
    return domain.review()


@api.operation(domain.complete, "POST", "/iam/access-review/complete", body=ReviewDone, answer=LastReview)
def complete(body: ReviewDone) -> Any:
    """Keep in the audit log that everything was looked through now."""
    return domain.complete(body.note)
