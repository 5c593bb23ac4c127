"""`once`, by the name under which some families know it."""

from lakecheck.rules.base import once

__all__ = ["once"]
