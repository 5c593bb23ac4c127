"""How text reports look: their width, and colours for terminals."""

from __future__ import annotations

from dataclasses import dataclass

from lakemodel.findings import Severity

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, or none: control codes are for terminals only."""

    color: bool = False

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
