"""Which entry of the register would approve what a finding of a run tells of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.sentences import sentences
from lakecheck.report import access_diff, upgrade_told
from lakecheck.upgrade.review import finding_of

if TYPE_CHECKING:
    from lakecheck.findings import Finding
    from lakecheck.run import Run

_Key = tuple[str, str, str, str, str]


class Entries:
    """The entries of a run, by finding.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._lines: dict[_Key, tuple[str, ...]] = {}
        for one in upgrade_told.told(run.upgrade.open) if run.upgrade is not None else ():
            lines = tuple(upgrade_told.entry_for(one))
            for judged in one.judged:
                found = finding_of(judged)
                if found is not None:
                    self._lines[_key(found)] = lines
        self._gains = {said.text: tuple(access_diff.entry_for(said)) for said in sentences(run.gains.open)} if run.gains is not None else {}

    def of(self, finding: Finding) -> tuple[str, ...]:
        """The entry's lines, without reason, owner and last day; none for what needs no approval."""
        return self._lines.get(_key(finding)) or (self._gains.get(finding.message, ()) if finding.category == "access_gain" else ())


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.stack, finding.logical_id, finding.construct_path, finding.message
