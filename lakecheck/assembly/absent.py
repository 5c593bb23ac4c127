"""What may not be there at all: `AWS::NoValue`, and a value that an unknown condition may take away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakecheck.values import Unknown


class NoValue:
    """`AWS::NoValue`: the property or list element is left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = NoValue()


@dataclass(frozen=True, slots=True)
class Perhaps(Unknown):
    """An unknown value that may also not be there."""
