"""Forms of the organization."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional

from fastpix.text import zones
from fastpix.web.forms import SeenForm


class OrganizationForm(SeenForm):
    name = StringField("Name", validators=[DataRequired("Give the organization a name."), Length(max=80)])
    slug = StringField(
        "Address",
        validators=[DataRequired("Give the organization an address."), Length(max=40)],
        description="Stands in the addresses of its pages. Old addresses go on working.",
        render_kw={"spellcheck": "false", "autocapitalize": "none"},
    )
    members_edit_workspaces = BooleanField(
        "Members may edit workspace details",
        description="Name, type and description. Turned off, only admins may.",
    )
    audit_days = IntegerField(
        "Days the audit log is kept",
        validators=[Optional()],
        description="Older rows are removed, and the removal is told in the log. 0 keeps everything; 30 are the least.",
        render_kw={"min": "0", "max": "36500"},
    )
    require_second_factor = BooleanField(
        "Require a second factor",
        description="Who has none is sent to set it up before any page here opens, and their tokens stop until then. "
        "Nobody is removed.",
    )
    access_review_mail = BooleanField(
        "Remind admins every month to review the access",
        description="A mail with what deserves a look, and the link to the access review.",
    )
    time_zone = SelectField(
        "Time zone",
        choices={name: name for name in zones.NAMES},
        default=zones.UTC_NAME,
        description="Where a day ends, when somebody's access goes until a day. Ends that were set keep their day and move with it.",
    )
    wire_names = {"auditDays": "audit_days", "timeZone": "time_zone"}
