"""What deploying over a base would lose, take away or weaken, and who would gain access to what."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import Kind
from lakecheck.access.sentences import sentences
from lakecheck.checks.base import CheckResult, plural
from lakecheck.findings import Acknowledged, Finding
from lakecheck.progress import quiet
from lakecheck.upgrade.model import Category
from lakecheck.values import shown
from lakemodel.approvals import Register
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from lakecheck.access.review import Judged, Review
    from lakecheck.progress import Tell
    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.review import UpgradeReview

NAME: Final = "upgrade"
GAIN: Final = "access_gain"
_PREFIX: Final = "lakecheck-upgrade"
_COUNTED: Final = {
    Category.DATA_LOSS: "data loss",
    Category.LOST_ACCESS: "lost access",
    Category.COLLISION: "collision",
    Category.SECURITY_WEAKENED: "security weakened",
    Category.IDENTITY: "identity",
}
_NO_BASE: Final = "no --base to compare with"


@dataclass(slots=True)
class Outcome:
    """What the check found beside its findings.

    Attributes:
        review: What is at risk; None without a base.
        gains: Who gains or loses access; None without a base.
    """

    review: UpgradeReview | None = None
    gains: Review | None = None


def check(
    base: Snapshot | None,
    head: Snapshot,
    register: Register | None,
    *,
    as_of: date,
    into: Outcome | None = None,
    progress: Tell = quiet,
) -> CheckResult:
    """Judges a change.

    Args:
        base: What is deployed; without one nothing can be said, and the result says so.
        head: What is to be.
        register: What was approved; nothing when None.
        as_of: The day by which approvals have expired or not.
        into: Gets both reviews; nobody when left out.
        progress: Told what goes on.

    Raises:
        InvalidInput: If a supplement cannot be read.
    """
    from lakecheck.access.difference import difference  # noqa: PLC0415 - only with a base
    from lakecheck.access.review import review  # noqa: PLC0415
    from lakecheck.upgrade.review import finding_of, judge_upgrade  # noqa: PLC0415

    if base is None:
        return CheckResult(name=NAME, title="", not_run=_NO_BASE)
    started = time.perf_counter()
    approved = Register() if register is None else register
    progress("upgrade: comparing resources")
    reviewed = judge_upgrade(base, head, approved, as_of=as_of)
    progress("upgrade: comparing access")
    gains = review(difference(reviewed.comparison.base_under_names_of_head().matrix, head.matrix), approved, as_of=as_of)
    if into is not None:
        into.review, into.gains = reviewed, gains
    risks = [found for judged in reviewed.judged if (found := finding_of(judged)) is not None]
    counts = [f"{len(reviewed.of(category)):,} {words}" for category, words in _COUNTED.items()]
    return CheckResult(
        name=NAME,
        title="changes",
        findings=(*risks, *_gains(gains)),
        detail=", ".join([*counts, plural(sum(judged.is_open for judged in gains.judged), "gain") + " of access"]),
        seconds=time.perf_counter() - started,
    )


def _gains(reviewed: Review) -> Iterator[Finding]:
    told = [one for one in reviewed.judged if one.change.kind is Kind.GAIN]
    for said in sentences(told):
        judged = said.first
        change = judged.change
        steps = [reason for step in change.right.via for reason in step.because]
        yield Finding(
            check=NAME,
            rule=GAIN,
            severity=Severity.ERROR,
            message=said.text,
            remedy="Take it away again, or approve exactly this in the register of exceptions, as access_gain.",
            environment=change.environment,
            construct_path=change.at,
            details=tuple(shown(reason) for reason in dict.fromkeys((*steps, *change.because))),
            category=GAIN,
            acknowledged=_approved(judged),
        )


def _approved(judged: Judged) -> Acknowledged | None:
    if judged.approval is None or judged.is_open:
        return None
    approval, place = judged.approval.approval, judged.approval.place
    return Acknowledged(
        rule=f"{_PREFIX}::{GAIN}", at=str(place), reason=approval.reason, owner=approval.owner, expires=approval.expires
    )  # fmt: skip
