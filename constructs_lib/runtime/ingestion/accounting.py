"""The equation every run has to satisfy: input = good + quarantined + duplicates. No side is derived from the other.

- *input*: records counted in the files by `survey`, before anything is cast, and held file by file against the records that were
  read;
- *lines*: what records, empty lines and headers take together, held against the line ends counted in the bytes, so that no stretch
  of a file was skipped;
- *good*, *quarantined*: rows counted in the files that were written, read back;
- *duplicates*: rows that were judged to be one; and all records of a file that was published before, byte by byte: the manifest names the
  run, whose own equation they are part of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import AccountingError
from .validation import DUPLICATE, GOOD, QUARANTINED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .survey import FileSurvey


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """A run's four numbers, in records."""

    input: int
    good: int
    quarantined: int
    duplicates: int


def settle(
    surveys: Sequence[FileSurvey],
    outcomes: Mapping[tuple[str, str], int],
    *,
    framed_lines: Mapping[str, int],
    written_good: int,
    written_quarantined: int,
) -> Counts:
    """The run's counts, once they add up.

    Args:
        surveys: What each file holds.
        outcomes: Judged records by file and outcome.
        framed_lines: Lines that the judged records of a file take, by file.
        written_good: Good rows in the files that were written.
        written_quarantined: Quarantined rows in the files that were written.

    Raises:
        AccountingError: If they do not; says everything that differs.
    """
    differences = []
    for item in surveys:
        if item.framed_lines != item.lines:
            differences.append(f"{item.path}: {item.lines} lines delivered, {item.framed_lines} looked at")
        judged = sum(count for (file, _), count in outcomes.items() if file == item.path)
        if judged != item.records:
            differences.append(f"{item.path}: {item.records} records delivered, {judged} judged")
        if item.framed_lines is not None and framed_lines.get(item.path, 0) > item.framed_lines:
            differences.append(f"{item.path}: judged records take {framed_lines[item.path]} lines of {item.framed_lines}")
    unknown = {file for file, _ in outcomes} - {item.path for item in surveys}
    differences += [f"{file}: judged, but not delivered" for file in sorted(unknown)]
    by_outcome = {
        outcome: sum(count for (_, found), count in outcomes.items() if found == outcome) for outcome in (GOOD, QUARANTINED, DUPLICATE)
    }
    if by_outcome[GOOD] != written_good:
        differences.append(f"{by_outcome[GOOD]} rows judged good, {written_good} written")
    if by_outcome[QUARANTINED] != written_quarantined:
        differences.append(f"{by_outcome[QUARANTINED]} rows judged bad, {written_quarantined} written to quarantine")
    counts = Counts(
        input=sum(item.records for item in surveys),
        good=written_good,
        quarantined=written_quarantined,
        duplicates=by_outcome[DUPLICATE],
    )
    if counts.input != counts.good + counts.quarantined + counts.duplicates:
        differences.append(
            f"input {counts.input} is not good {counts.good} + quarantined {counts.quarantined} + duplicates {counts.duplicates}"
        )
    if differences:
        raise AccountingError("; ".join(differences))
    return counts
