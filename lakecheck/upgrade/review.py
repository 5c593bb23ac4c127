"""Decides about a change: what is at risk passes only when it was approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.findings import Acknowledged, Finding
from lakecheck.upgrade.model import Category, Comparison, Fate, ResourceChange, Risk
from lakemodel.approvals import Register, RegisteredRisk, unused
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from lakecheck.snapshot import Snapshot

NAME: Final = "upgrade"
"""The check's name in findings."""

FAILING: Final = frozenset({Category.DATA_LOSS, Category.LOST_ACCESS, Category.COLLISION, Category.SECURITY_WEAKENED})
"""The categories that fail a review unless approved."""

RULES: Final = {f"harmless.{fate.value}": f"A resource of which nobody named a risk: {fate.value.replace('_', ' ')}." for fate in Fate}
"""What is said of changes that no judge names."""

_ORDER: Final = {category: place for place, category in enumerate(Category)}
_PREFIX: Final = "lakecheck-upgrade"


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRisk:
    """A risk with what was decided about it.

    Attributes:
        approval: What allows it; for an open one an approval that would, if it had not expired.
        is_open: Whether it fails the review.
    """

    risk: Risk
    approval: RegisteredRisk | None = None
    is_open: bool = False

    @property
    def is_approved(self) -> bool:
        """Whether an approval allows it."""
        return self.approval is not None and not self.is_open


@dataclass(frozen=True, kw_only=True, slots=True)
class UpgradeReview:
    """A comparison that was judged.

    Attributes:
        judged: Every risk and every harmless change, by category in the order of `Category`, then by environment and stack.
        expired: Approvals of risks that are past their day.
        soon: Approvals that allow something, and not for long any more.
        stale: Approvals that allow nothing that changed.
    """

    comparison: Comparison
    as_of: date
    judged: tuple[JudgedRisk, ...]
    expired: tuple[RegisteredRisk, ...] = ()
    soon: tuple[RegisteredRisk, ...] = ()
    stale: tuple[RegisteredRisk, ...] = ()

    @property
    def open(self) -> tuple[JudgedRisk, ...]:
        """Those that fail."""
        return tuple(one for one in self.judged if one.is_open)

    @property
    def passed(self) -> bool:
        """Whether nothing is open."""
        return not self.open

    def of(self, category: Category) -> tuple[JudgedRisk, ...]:
        """Those of a category, approved or not."""
        return tuple(one for one in self.judged if one.risk.category is category)


def judge_upgrade(base: Snapshot, head: Snapshot, register: Register, *, as_of: date) -> UpgradeReview:
    """Compares two states, lets every judge look, and decides.

    Args:
        base: What is deployed.
        head: What is to be.
        register: What was approved.
        as_of: The day by which approvals have expired or not.

    Raises:
        InvalidInput: If a snapshot's supplement cannot be read.
    """
    from lakecheck.upgrade.comparison.comparison import compare  # noqa: PLC0415 - a report that is only shown needs no schemas
    from lakecheck.upgrade.judges import JUDGES  # noqa: PLC0415

    comparison = compare(base, head)
    return review(comparison, (risk for judge in JUDGES for risk in judge(comparison)), register, as_of=as_of)


def review(comparison: Comparison, risks: Iterable[Risk], register: Register, *, as_of: date) -> UpgradeReview:
    """Judges every risk, and tells of every change that has none.

    Args:
        comparison: What changed.
        risks: What the judges named; what two of them name alike is told once.
        register: What was approved.
        as_of: The day by which approvals have expired or not.
    """
    named = tuple(dict.fromkeys(risks))
    places = _Places(comparison)
    told = sorted((*named, *_harmless(comparison, named)), key=places.key)
    entries = register.upgrade_risks()
    judged = tuple(_judged(risk, entries, as_of) for risk in told)
    stale = unused(entries, [one.approval for one in judged if one.approval is not None])
    expired = tuple(entry for entry in entries if entry.approval.is_expired(as_of))
    return UpgradeReview(
        comparison=comparison,
        as_of=as_of,
        judged=judged,
        expired=expired,
        soon=tuple(entry for entry in entries if entry not in stale and entry.approval.expires_soon(as_of)),
        stale=tuple(entry for entry in stale if entry not in expired),
    )


def finding_of(judged: JudgedRisk) -> Finding | None:
    """A risk as a finding of `lakecheck run`; None for what is harmless.

    What fails is an error when it will happen, and a warning when it depends on what no template tells: both fail a run by default, and
    somebody who wants to see only what is certain can let errors alone fail. A changed identity is a note, as it is for somebody outside
    to know. What was approved keeps its severity and names the approval.

    Args:
        judged: The risk with what was decided.
    """
    risk = judged.risk
    if risk.category is Category.HARMLESS:
        return None
    severity = Severity.NOTE
    if risk.category in FAILING:
        severity = Severity.ERROR if risk.is_certain else Severity.WARNING
    acknowledged = None
    if judged.is_approved and judged.approval is not None:
        approval = judged.approval.approval
        acknowledged = Acknowledged(
            rule=f"{_PREFIX}::{risk.rule}",
            at=str(judged.approval.place),
            reason=approval.reason,
            owner=approval.owner,
            expires=approval.expires,
        )
    return Finding(
        check=NAME,
        rule=risk.rule,
        severity=severity,
        message=risk.says(),
        remedy=risk.remedy,
        environment=risk.environment,
        stack=risk.stack,
        logical_id=risk.logical_id,
        construct_path=risk.construct_path,
        source=risk.source,
        acknowledged=acknowledged,
        details=(*([risk.consequence] if risk.consequence else []), *risk.because),
        category=risk.category.value,
    )


def _judged(risk: Risk, entries: tuple[RegisteredRisk, ...], as_of: date) -> JudgedRisk:
    if risk.category not in FAILING:
        return JudgedRisk(risk=risk)
    covering = [entry for entry in entries if entry.approval.covers(risk)]
    holding = next((entry for entry in covering if not entry.approval.is_expired(as_of)), None)
    if holding is not None:
        return JudgedRisk(risk=risk, approval=holding)
    return JudgedRisk(risk=risk, approval=next(iter(covering), None), is_open=True)


# --- what is harmless --------------------------------------------------------------------------------------------------------------------

_HARMLESS: Final = {
    Fate.ADDED: ("is added", "It is made; nothing else is touched."),
    Fate.REMOVED: ("is removed", "Nothing is in it that is lost with it."),
    Fate.REPLACED: ("is replaced", "A new one is made, then the old one goes; nothing is in it that is lost with it."),
    Fate.PERHAPS_REPLACED: ("is perhaps replaced", "Nothing is in it that is lost with it."),
    Fate.UPDATED: ("is updated", "It is changed in place."),
    Fate.MOVED: ("moves to another stack", "Nothing is in it that is lost with it."),
    Fate.RENAMED: ("has another logical id", "A new one is made, then the old one goes; nothing is in it that is lost with it."),
    Fate.TYPE_CHANGED: ("has another type", "Nothing is in it that is lost with it."),
    Fate.LEFT_BEHIND: ("stays deployed", "Its stack is in HEAD no more, and stays until somebody deletes it."),
}


def _harmless(comparison: Comparison, named: tuple[Risk, ...]) -> Iterator[Risk]:
    """The changes that nobody named a risk of."""
    risky = {(risk.stack, risk.logical_id) for risk in named}
    for change in comparison.changes:
        if risky.isdisjoint(_names(change)):
            yield _harmless_risk(change)


def _names(change: ResourceChange) -> set[tuple[str, str]]:
    nodes = [node for node in (change.was, change.now) if node is not None]
    return {(node.stack.path, node.resource.origin.logical_id) for node in nodes}


def _harmless_risk(change: ResourceChange) -> Risk:
    node = change.node
    what, consequence = _HARMLESS[change.fate]
    origin = node.resource.origin
    changed = ", ".join(_changed(change)) if change.fate is Fate.UPDATED else ""
    return Risk(
        category=Category.HARMLESS,
        rule=f"harmless.{change.fate.value}",
        environment=node.stack.environment,
        stack=node.stack.path,
        logical_id=origin.logical_id,
        type=change.type,
        message=f"{origin.logical_id} {what}{f': {changed}' if changed else ''}",
        consequence=consequence,
        remedy="",
        because=change.because,
        construct_path=origin.construct_path,
        source=origin.source,
    )


def _changed(change: ResourceChange) -> Iterator[str]:
    """The paths that differ; what is write-only is said to be, as nobody can read at AWS what it was or is."""
    from lakecheck.upgrade.comparison.schemas import facts  # noqa: PLC0415 - a report that is only shown needs no schemas

    known = facts(change.type)
    unseen = () if known is None else known.write_only
    for path in dict.fromkeys(each.path for each in change.properties):
        steps = path.split(".")
        is_unseen = any(
            len(each) <= len(steps) and all(one in ("*", step) for one, step in zip(each, steps, strict=False)) for each in unseen
        )
        yield f"{path} (write-only)" if is_unseen else path


class _Places:
    """The order of environments and stacks: as the assemblies have them."""

    def __init__(self, comparison: Comparison) -> None:
        stacks = (*comparison.head.assembly.stacks, *comparison.base.assembly.stacks)
        self._environments = {name: place for place, name in enumerate(dict.fromkeys(stack.environment for stack in stacks))}
        self._stacks = {name: place for place, name in enumerate(dict.fromkeys(stack.path for stack in stacks))}

    def key(self, risk: Risk) -> tuple[object, ...]:
        """Category first, then what is certain, then where it is."""
        return (
            _ORDER[risk.category],
            not risk.is_certain,
            self._environments.get(risk.environment, len(self._environments)),
            self._stacks.get(risk.stack, len(self._stacks)),
            risk.stack,
            risk.logical_id,
            risk.property,
            risk.rule,
            risk.was,
            risk.now,
            risk.message,
        )
