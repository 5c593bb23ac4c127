"""A judged change as JSON, one risk a line, harmless ones too; its shape is `upgrade.schema.json` beside this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.report.access_json import one_a_line
from lakecheck.report.json import tool_version
from lakecheck.report.upgrade_told import counts, entry_for, told
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.upgrade.review import JudgedRisk, UpgradeReview
    from lakemodel.approvals import RegisteredRisk

SCHEMA_VERSION: Final = 1


def render(review: UpgradeReview) -> Iterator[str]:
    """The report piece by piece; it ends with a line feed."""
    return one_a_line(as_data(review))


def as_data(review: UpgradeReview) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "upgrade_review",
        "tool": {"name": "lakecheck", "version": tool_version()},
        "as_of": review.as_of.isoformat(),
        "passed": review.passed,
        "summary": counts(review),
        "risks": [risk_data(one) for one in review.judged],
        "approvals": {
            "expired": [approval_data(entry) for entry in review.expired],
            "expires_soon": [approval_data(entry) for entry in review.soon],
            "stale": [approval_data(entry) for entry in review.stale],
        },
        "not_known": [shown(reason) for reason in review.comparison.not_known],
    }


def risk_data(judged: JudgedRisk) -> dict[str, Any]:
    """A risk with what was decided about it; for an open one also the entry that would approve it."""
    risk = judged.risk
    return {
        "category": risk.category.value,
        "rule": risk.rule,
        "open": judged.is_open,
        "certain": risk.is_certain,
        "environment": risk.environment,
        "stack": risk.stack,
        "logical_id": risk.logical_id or None,
        "type": risk.type or None,
        "property": risk.property or None,
        "was": risk.was or None,
        "now": risk.now or None,
        "message": risk.message,
        "consequence": risk.consequence,
        "remedy": risk.remedy or None,
        "because": list(risk.because),
        "construct_path": risk.construct_path or None,
        "source": risk.source or None,
        "approval": None if judged.approval is None else approval_data(judged.approval),
        "needs": "\n".join(entry_for(told([judged])[0])) if judged.is_open else None,
    }


def approval_data(entry: RegisteredRisk) -> dict[str, Any]:
    """An approval with its place."""
    return {"file": entry.place.file, "line": entry.place.line, **entry.approval.model_dump(mode="json")}
