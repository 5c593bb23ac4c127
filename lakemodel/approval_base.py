"""What every kind of approval says: why, by whom, until when."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StrictStr, StringConstraints

SOON_DAYS: Final = 14
"""An approval with so many days left, or fewer, is about to expire."""

DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Text = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]


class Model(BaseModel):
    """A part of the register; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Approval(Model):
    """What every approval says, whatever it is about."""

    reason: Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=10)]
    """Why it is right here; at least ten characters."""
    owner: Text
    """Who answers for it: a team or an address."""
    expires: Annotated[StrictStr, StringConstraints(pattern=DAY)]
    """The last day it holds, YYYY-MM-DD."""

    @cached_property
    def last_day(self) -> date:
        """`expires` as a day."""
        return date.fromisoformat(self.expires)

    def is_expired(self, as_of: date) -> bool:
        """Whether its last day is past."""
        return self.last_day < as_of

    def expires_soon(self, as_of: date) -> bool:
        """Whether it holds, and for no more than `SOON_DAYS` days."""
        return as_of <= self.last_day <= as_of + timedelta(days=SOON_DAYS)
