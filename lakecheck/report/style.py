"""How text reports look: their width, and colours for terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lakemodel.findings import Severity, printable

WIDTH = 100
_COLOUR: Final = re.compile("(\x1b\\[[0-9;]*m)")


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, or none: control codes are for terminals only."""

    color: bool = False

    def plain(self, line: str) -> str:
        """The line with its colours, and escapes for all else that cannot be printed: no name starts a line or a code of its own."""
        if not self.color:
            return printable(line)
        return "".join(part if place % 2 else printable(part) for place, part in enumerate(_COLOUR.split(line)))

    def _code(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def bold(self, text: str) -> str:
        """For headings."""
        return self._code("1", text)

    def faint(self, text: str) -> str:
        """For what can be passed over."""
        return self._code("2", text)

    def good(self, text: str) -> str:
        """For what passed."""
        return self._code("32", text)

    def severity(self, severity: Severity, text: str) -> str:
        """For a finding's first line."""
        return self._code({Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "36"}[severity], text)
