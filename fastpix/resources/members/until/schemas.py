"""Wire shapes of the end of a membership."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from fastpix.resources.members.bulk.schemas import ChosenMembers
from fastpix.web.api import Wire


class EndsOn(Wire):
    ends_on: date | None = Field(
        description="The last day, which ends in the organization's time zone, such as `2027-03-01`; null for no end."
    )


class ChosenEndOn(EndsOn, ChosenMembers):
    pass
