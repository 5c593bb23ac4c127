"""What is wrong with what became of a delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakecheck.rehearsal.lake.deliveries import Landing, Run
from lakecheck.rehearsal.lake.samples import Delivery
from lakecheck.rehearsal.lake.steps import problems

KEY = "travel/routes/routes/a.csv"
DONE = {"arn": "a", "status": "SUCCEEDED"}


def run(
    *counts: tuple[int, int, int, int], expected: dict[str, int] | None = None, executions: tuple[dict[str, str], ...] = (DONE,)
) -> Run:
    names = ("input", "good", "quarantined", "duplicates")
    landing = Landing(account="111111111111", region="eu-west-1", bucket="landing", rule="Rule")
    outcomes = [{"counts": dict(zip(names, one, strict=True))} for one in counts]
    return Run(delivery=Delivery(path=Path("a.csv"), key=KEY, expected=expected), landing=landing, executions=executions, outcomes=outcomes)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (run((4, 2, 1, 1)), None),
        (run((4, 2, 1, 1), expected={"good": 2, "quarantined": 1, "duplicates": 1}), None),
        (run(), "left no account of its rows: no bucket has a new travel/routes/_manifests/routes/"),
        (run((4, 2, 1, 0)), "do not add up"),
        (run((4, 2, 1, 1), expected={"good": 3, "quarantined": 1, "duplicates": 0}), "expected were"),
        (run((4, 2, 1, 1), executions=()), "started nothing"),
        (run(executions=({"arn": "a", "status": "FAILED", "error": "Lake.Error", "cause": "why"},)), "FAILED, Lake.Error: why"),
    ],
)
def test_every_row_has_to_be_accounted_for(found: Run, told: str | None):
    """An execution that succeeds without a word of its rows is no success."""
    wrong = problems(found)
    assert wrong == [] if told is None else told in wrong[0]
