"""A rehearsal as JSON, one resource a line; its shape is `rehearsal.schema.json` beside this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.comparison.summary import by_type, counts
from lakecheck.report.access_json import one_a_line
from lakecheck.report.json import tool_version
from lakecheck.report.rehearsal_told import verdict, withheld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rehearsal.comparison.summary import Counts, TypeSummary
    from lakecheck.rehearsal.model import Difference, Report, ResourceResult

SCHEMA_VERSION: Final = 1


def render(report: Report) -> Iterator[str]:
    """The report piece by piece; it ends with a line feed."""
    return one_a_line(as_data(report))


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "rehearsal",
        "tool": {"name": "lakecheck", "version": tool_version()},
        "assembly": report.assembly,
        "environment": report.environment or None,
        "accounts": list(report.accounts),
        "emulator": report.emulator,
        "enough": report.is_enough,
        "required": report.required,
        "verdict": verdict(report),
        "summary": _counts(counts(report.resources)),
        "steps": [
            {
                "name": step.name,
                "title": step.title,
                "outcome": step.outcome.value,
                "seconds": round(step.seconds, 3),
                "facts": list(step.facts),
                "reason": step.reason or None,
            }
            for step in report.steps
        ],
        "types": [_type(one) for one in by_type(report.resources)],
        "resources": [_resource(one) for one in report.resources],
        "retained": [
            {
                "account": one.account,
                "region": one.region,
                "stack": one.stack,
                "logical_id": one.logical_id,
                "type": one.type,
                "physical_id": one.physical_id,
            }
            for one in report.retained
        ],
        "rewritten": list(report.rewritten),
        "untruths": list(report.untruths),
    }


def _counts(found: Counts) -> dict[str, Any]:
    return {
        "emulator": found.emulator,
        "adapter": found.adapter,
        "none": found.missed,
        "nowhere": found.nowhere,
        "percentage": found.percentage,
        "properties": found.properties,
        "returned": found.returned,
    }


def _type(one: TypeSummary) -> dict[str, Any]:
    return {
        "type": one.type,
        **_counts(one.counts),
        "reasons": [{"reason": reason, "resources": len(results)} for reason, results in one.reasons],
        "differing": [{"path": path, "times": number} for path, number in one.differing],
        "unread": list(one.unread),
        "notes": list(one.notes),
    }


def _resource(one: ResourceResult) -> dict[str, Any]:
    return {
        "account": one.account,
        "region": one.region,
        "stack": one.stack,
        "logical_id": one.logical_id,
        "type": one.type,
        "physical_id": one.physical_id,
        "construct_path": one.path or None,
        "rehearsed": one.rehearsed.value,
        "properties": one.properties,
        "returned": one.returned,
        "differences": [_difference(each) for each in one.differences],
        "unread": list(one.unread),
        "reason": one.reason or None,
        "note": one.note or None,
        "added": list(one.added),
    }


def _difference(one: Difference) -> dict[str, Any]:
    name = one.path.rpartition(".")[2]
    return {"path": one.path, "stated": withheld(one.stated, name), "found": withheld(one.found, name), "is_returned": one.is_returned}
