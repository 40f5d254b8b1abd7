"""Wire shapes of the end of a membership."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from fastpix.resources.members.bulk.schemas import ChosenMembers
from fastpix.web.api import Wire


def _as_written(value: object) -> date:
    """A day in the one form that is documented: pydantic would also take numbers of seconds, and midnights."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("There is no such day. Look at month and day.") from None
    raise ValueError("Give a day such as 2027-03-01, or null for no end.")


class EndsOn(Wire):
    ends_on: Annotated[date, BeforeValidator(_as_written)] | None = Field(
        description="The last day, which ends in the organization's time zone, such as `2027-03-01`; null for no end."
    )


class ChosenEndOn(EndsOn, ChosenMembers):
    pass
