"""A comparison of contracts as JSON; its shape is `contracts_diff.schema.json` beside this module."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from lakecheck.report.json import tool_version
from lakemodel.contracts.diff.model import ChangeClass, Product, Verdict

if TYPE_CHECKING:
    from lakemodel.approvals import Registered
    from lakemodel.contracts.diff.verdict import Judged, Review

SCHEMA_VERSION = 1


def render(review: Review) -> str:
    """The report's text, which ends with a line feed."""
    return json.dumps(as_data(review), indent=2, ensure_ascii=False) + "\n"


def as_data(review: Review) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "lakecheck", "version": tool_version()},
        "as_of": review.as_of.isoformat(),
        "passed": review.passed,
        "summary": summary(review),
        "refused": [finding.as_dict() for finding in review.diff.refused],
        "known": [finding.as_dict() for finding in review.diff.known],
        "base_findings": [finding.as_dict() for finding in review.diff.base_findings],
        "products": [
            {
                "contract": product.contract,
                "state": product.state.value,
                "file": product.file,
                "base_file": product.base_file,
                "base_version": product.base_version,
                "head_version": product.head_version,
                "new_major": product.is_major,
                "warnings": list(product.warnings),
                "changes": [_change(one) for one in judged],
            }
            for product, judged in review.products()
        ],
        "approvals": {
            "expired": [_approval(entry) for entry in review.expired],
            "expires_soon": [_approval(entry) for entry in review.soon],
            "stale": [_approval(entry) for entry in review.stale],
        },
    }


def summary(review: Review) -> dict[str, int]:
    """How many products and changes there are of each kind; a change of several classes counts in each."""
    states = Counter(product.state for product in review.diff.products)
    classes = Counter(one for judged in review.all for one in judged.change.rule.classes)
    verdicts = Counter(judged.verdict for judged in review.all)
    return {
        **{state.value: states[state] for state in Product},
        "refused": len({finding.place.file for finding in review.diff.refused}),
        "changes": len(review.all),
        **{one.value: classes[one] for one in ChangeClass},
        **{verdict.value: verdicts[verdict] for verdict in Verdict},
    }


def classes_of(judged: Judged) -> list[str]:
    """The classes of a change in the order in which they are documented."""
    return [one.value for one in ChangeClass if one in judged.change.rule.classes]


def _change(judged: Judged) -> dict[str, Any]:
    change = judged.change
    return {
        "rule": change.rule.id,
        "classes": classes_of(judged),
        "verdict": judged.verdict.value,
        "contract": change.contract,
        "path": change.path,
        "was": change.was,
        "now": change.now,
        "file": change.place.file,
        "line": change.place.line,
        "in_base": change.is_gone,
        "what": change.rule.what,
        "why": change.rule.why,
        "remedy": change.rule.remedy or None,
        "hint": change.hint or None,
        "approval": None if judged.approval is None else _approval(judged.approval),
    }


def _approval(entry: Registered) -> dict[str, Any]:
    return {"file": entry.place.file, "line": entry.place.line, **entry.approval.model_dump(mode="json")}
