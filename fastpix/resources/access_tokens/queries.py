"""What a credential has handed out: upload addresses that wait for their file, and whose right to it stands.

They are asked for here, below the resource they belong to, since pages that end a credential count what ends with it.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.media.uploads.models import WAITING, Upload
from fastpix.resources.members.models import IS_ACTIVE_ADMIN, Member

MOMENT = sa.bindparam("moment", callable_=now, type_=Upload.expires_at.type)
_TOKEN = sa.exists().where(
    AccessToken.id == Upload.by_token_id,
    AccessToken.secret_number == Upload.by_token_secret,
    AccessToken.revoked_at.is_(None),
    sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > MOMENT),
)
_ADMIN = sa.exists().where(Member.id == Upload.by_member_id, IS_ACTIVE_ADMIN)
# A session that has ended is seen when somebody sends with it (`media.uploads.authentication`).
IS_WAITING = sa.and_(
    Upload.status == WAITING,
    Upload.expires_at > MOMENT,
    sa.or_(Upload.by_member_id.is_(None), _ADMIN),
    sa.or_(Upload.by_token_id.is_(None), _TOKEN),
)
UPLOADS_OF_TOKEN = (
    sa.select(sa.func.count(Upload.id))
    .where(IS_WAITING, Upload.by_token_id == AccessToken.id)
    .correlate(AccessToken)
    .scalar_subquery()
)
_COUNT = sa.select(sa.func.count(Upload.id)).where(IS_WAITING)


def count_of_uploads(
    workspace_id: UUID | None = None, *, token_id: UUID | None = None, member_id: UUID | None = None
) -> int:
    """How many wait in the organization, or of them in a workspace, of a token, of a member and their tokens."""
    wanted = ((Upload.workspace_id, workspace_id), (Upload.by_token_id, token_id), (Upload.by_member_id, member_id))
    here = [column == value for column, value in wanted if value is not None]
    return db.session.scalar(_COUNT.where(*here)) or 0
