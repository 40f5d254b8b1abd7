"""Forms of access tokens."""

from __future__ import annotations

from datetime import UTC, datetime, time

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from fastpix.web.forms import OnceForm, as_uuid

ROLE_SENTENCES = {
    "admin": "Read and write: everything an admin may do in this workspace.",
    "member": "What a member may: see, and edit the workspace's details. No keys, no tokens, no uploads.",
}


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
    expires_on = DateField("Expires on", validators=[Optional()], description="Leave empty for no expiry.")
    wire_names = {
        "workspaceId": "workspace",
        "mayManagePeople": "may_manage_people",
        "expiresAt": "expires_on",
    }

    @property
    def expires_at(self) -> datetime | None:
        """The end of the chosen day, UTC."""
        chosen = self.expires_on.data
        return datetime.combine(chosen, time(23, 59, 59), UTC) if chosen else None
