"""A difference as JSON, whose shape is `access_diff.schema.json` beside this module, and the entries that would approve it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.difference import Kind
from lakecheck.access.model import Action
from lakecheck.access.saved import dataset_id, formula_data, step_data
from lakecheck.access.sentences import sentences
from lakecheck.access.words import RANK, condition, verdict
from lakecheck.report.access_json import line, one_a_line
from lakecheck.report.json import tool_version
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.access.grouping import Right
    from lakecheck.access.review import Judged, Review
    from lakecheck.access.sentences import Said
    from lakemodel.approvals import RegisteredGain

SCHEMA_VERSION: Final = 1


# --- as JSON ---------------------------------------------------------------------------------------------------------------------------


def render(review: Review) -> Iterable[str]:
    """The report piece by piece, one change a line; it ends with a line feed."""
    return one_a_line(as_data(review))


def as_data(review: Review) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "access_difference",
        "tool": {"name": "lakecheck", "version": tool_version()},
        "as_of": review.as_of.isoformat(),
        "passed": review.passed,
        "summary": summary(review),
        "changes": [_change(one) for one in review.judged],
        "approvals": {
            "expired": [approval_data(entry) for entry in review.expired],
            "expires_soon": [approval_data(entry) for entry in review.soon],
            "stale": [approval_data(entry) for entry in review.stale],
        },
        "base_not_known": [shown(reason) for reason in review.difference.base_not_known],
        "head_not_known": [shown(reason) for reason in review.difference.head_not_known],
    }


def summary(review: Review) -> dict[str, int]:
    """How many changes there are of each kind, and how many gains are open."""
    kinds = Counter(one.change.kind for one in review.judged)
    return {**{kind.value: kinds[kind] for kind in Kind}, "open": len(review.open)}


def _change(judged: Judged) -> dict[str, Any]:
    change = judged.change
    return {
        "kind": change.kind.value,
        "how": change.how.value,
        "open": judged.is_open,
        "says": sentences([judged])[0].text,
        "principal": change.principal,
        "arn": change.arn,
        "dataset": change.dataset,
        "dataset_id": dataset_id(change.to),
        "environment": change.environment,
        "columns": None if change.columns is None else [shown(name) for name in change.columns],
        "action": change.action,
        "door": change.door,
        "was": _right(change.was),
        "now": _right(change.now),
        "new_principal": change.is_new_principal,
        "new_dataset": change.is_new_dataset,
        "because": [shown(reason) for reason in change.because],
        "at": change.at or None,
        "approval": None if judged.approval is None else approval_data(judged.approval),
    }


def _right(right: Right | None) -> dict[str, Any] | None:
    if right is None:
        return None
    return {
        "door": right.door.value,
        "via": [step_data(one) for one in right.via],
        "rows": shown(right.rows),
        "verdict": verdict(right.conditions).value,
        "conditions": condition(right.conditions) or None,
        "formula": formula_data(right.conditions),
        "enforced_by_engine": right.enforced_by_engine,
    }


def approval_data(entry: RegisteredGain) -> dict[str, Any]:
    """An approval with its place."""
    return {"file": entry.place.file, "line": entry.place.line, **entry.approval.model_dump(mode="json")}


def entry_for(said: Said) -> list[str]:
    """The lines of the register's entry that would approve what a sentence says; reason, owner and last day are for a person to add."""
    change = said.first.change
    doubt = max((one.change.right for one in said.judged), key=lambda right: RANK[verdict(right.conditions)])
    names = list(dict.fromkeys(one.change.dataset for one in said.judged))
    arns = {one.change.arn for one in said.judged}
    values: list[tuple[str, str]] = [
        ("kind", "access_gain"),
        ("principal", _quoted(change.arn if f" of {shown(change.who.account)} " in said.text and len(arns) == 1 else change.principal)),
        ("dataset", _quoted(names[0])),
    ]
    if change.columns is not None:
        values.append(("columns", _flow(shown(name) for name in change.columns)))
    done = {one.change.right.action for one in said.judged}
    values.append(("actions", _flow(action.value for action in Action if action in done)))
    values.append(("door", change.door))
    values.append(("environments", _flow(dict.fromkeys(one.change.environment for one in said.judged))))
    if change.right.rows:
        values.append(("rows", _quoted(change.rows)))
    if condition(doubt.conditions):
        values.append(("conditions", _quoted(change.conditions)))
    more = [f"# and one for each of {len(names) - 1:,} more, which --format json names"] if len(names) > 1 else []
    return [*(f"{'  ' if number else '- '}{key}: {value}" for number, (key, value) in enumerate(values)), *more]


def _flow(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _quoted(text: str) -> str:
    """Text as YAML; a plain word stays plain."""
    if text and all(letter.isascii() and (letter.isalnum() or letter in "_./-") for letter in text) and text[0].isalpha():
        return text if text.lower() not in _YAML_WORDS else f'"{text}"'
    return line(text)


_YAML_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
