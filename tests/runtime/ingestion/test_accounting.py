"""A run that does not add up is not published, whichever number is off."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from constructs_lib.runtime.ingestion.accounting import Counts, settle
from constructs_lib.runtime.ingestion.errors import AccountingError
from constructs_lib.runtime.ingestion.survey import FileSurvey

A = FileSurvey(path="a", size=9, sha256="", lines=9, framed_lines=9, records=6, empty_lines=2)
P = FileSurvey(path="p", size=9, sha256="", records=2)
OUTCOMES = {("a", "good"): 3, ("a", "quarantined"): 2, ("a", "duplicate"): 1, ("p", "good"): 2}


def settled(**changed: Any) -> Counts:
    given = {"surveys": [A, P], "outcomes": OUTCOMES, "framed_lines": {"a": 7, "p": 2}, "written_good": 5, "written_quarantined": 2}
    given |= changed
    return settle(
        given["surveys"],
        given["outcomes"],
        framed_lines=given["framed_lines"],
        written_good=given["written_good"],
        written_quarantined=given["written_quarantined"],
    )


def test_settles_what_adds_up() -> None:
    """Input is what was counted in the files."""
    assert settled() == Counts(input=8, good=5, quarantined=2, duplicates=1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"written_good": 4}, "5 rows judged good, 4 written.*input 8 is not good 4"),
        ({"written_quarantined": 3}, "2 rows judged bad, 3 written"),
        ({"surveys": [dataclasses.replace(A, records=7), P]}, "a: 7 records delivered, 6 judged.*input 9"),
        ({"surveys": [dataclasses.replace(A, lines=10), P]}, "a: 10 lines delivered, 9 looked at"),
        ({"surveys": [A]}, "p: judged, but not delivered"),
        ({"framed_lines": {"a": 10, "p": 2}}, "a: judged records take 10 lines of 9"),
        ({"outcomes": {**OUTCOMES, ("a", "good"): 2, ("p", "good"): 3}}, "a: 6 records delivered, 5 judged; p: 2 records delivered, 3"),
    ],
)
def test_fails_when_a_number_is_off(changed: dict[str, Any], message: str) -> None:
    """Also when the sums agree and only the files differ."""
    with pytest.raises(AccountingError, match=message):
        settled(**changed)
