"""What several commands take on their command lines."""

from __future__ import annotations

import argparse
import re
from datetime import date
from typing import Final

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(text: str) -> date:
    """A day as people write it here.

    Raises:
        ArgumentTypeError: For anything but YYYY-MM-DD, other spellings that Python reads among it.
    """
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    msg = f"got {text!r}; allowed is a day as YYYY-MM-DD"
    raise argparse.ArgumentTypeError(msg)
