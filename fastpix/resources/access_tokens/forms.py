"""Forms of access tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from fastpix.errors import Invalid
from fastpix.web.forms import OnceForm, as_uuid

ROLE_SENTENCES = {
    "admin": "Read and write: everything an admin may do in this workspace.",
    "member": "What a member may: see, and edit the workspace's details. No keys, no tokens, no uploads.",
}


# By how many minutes UTC is ahead of a zone, as browsers count it; zones differ from UTC by 14 hours at most.
_MINUTES = re.compile(r"-?[0-9]{1,3}", re.ASCII)
MOST_MINUTES = 14 * 60


class AccessTokenForm(OnceForm):
    name = StringField(
        "Name",
        validators=[DataRequired("Say what will use the token."), Length(max=80)],
        description="Such as “Nightly import”.",
    )
    workspace = SelectField("Workspace", coerce=as_uuid, description="The token works in this workspace only.")
    role = RadioField(
        "Role",
        choices={"member": "Member", "admin": "Admin"},
        validators=[InputRequired("Choose admin or member.")],
        render_kw={"consequences": ROLE_SENTENCES},
    )
    may_manage_people = BooleanField(
        "May manage people",
        description="Invite, edit and remove people and edit the organization; for the role admin only. "
        "Leave it off unless a script needs it.",
    )
    expires_on = DateField("Expires on", validators=[Optional()])
    # Filled in by times.js, which also says on the page which zone is meant.
    utc_offset = HiddenField(render_kw={"data-end-of": "expires_on"})
    wire_names = {
        "workspaceId": "workspace",
        "mayManagePeople": "may_manage_people",
        "expiresAt": "expires_on",
    }

    @property
    def expires_at(self) -> datetime | None:
        """The end of the chosen day in the person's zone, as their browser told it; of a browser without scripts in UTC.

        Raises `Invalid` for a day after which no calendar goes on.
        """
        last_day = self.expires_on.data
        if last_day is None:
            return None
        text = self.utc_offset.data or ""
        minutes = int(text) if _MINUTES.fullmatch(text) and abs(int(text)) <= MOST_MINUTES else 0
        try:
            return datetime.combine(last_day, time(23, 59, 59), UTC) + timedelta(minutes=minutes)
        except OverflowError:
            raise Invalid("expires_on", "Choose an earlier day, or none for no expiry.") from None
