"""A difference in sentences, and as JSON, whose shape is `access_diff.schema.json` beside this module."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lakecheck.access.difference import Kind
from lakecheck.access.model import Action, DatasetKind
from lakecheck.access.saved import dataset_id, formula_data, step_data
from lakecheck.access.words import DOORS, RANK, actions as actions_in_words, condition, few, joined, place, step, verdict, what, who
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.report.access_json import line
from lakecheck.report.json import tool_version
from lakecheck.values import shown
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.access.difference import Change
    from lakecheck.access.grouping import Right
    from lakecheck.access.review import Judged, Review
    from lakemodel.approvals import RegisteredGain

SCHEMA_VERSION: Final = 1
_VERBS: Final = {Kind.GAIN: "gains", Kind.FOLLOWS: "gains", Kind.LOSS: "loses", Kind.CHANGE: "keeps"}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the changes it is about.

    Attributes:
        text: `permission-set/DataAnalyst gains read of sales.customers.email in Prod through direct S3`.
        judged: At least one.
    """

    text: str
    judged: tuple[Judged, ...]

    @property
    def first(self) -> Judged:
        """The one whose reasons are told."""
        return self.judged[0]


def sentences(judged: Iterable[Judged]) -> tuple[Said, ...]:
    """The changes in words: what is alike but for its action, its environment or its dataset is said once."""
    all_of_them = tuple(judged)
    unclear = _unclear(all_of_them)
    groups = [_Group((one,), (one.change.right.action,), (one.change.environment,), (place(one.change.to),)) for one in all_of_them]
    for field in ("actions", "environments", "names"):
        groups = _merged(groups, field, unclear)
    return tuple(Said(_sentence(group, unclear), group.judged) for group in groups)


class _Group(NamedTuple):
    """Changes that one sentence is about."""

    judged: tuple[Judged, ...]
    actions: tuple[Action, ...]
    environments: tuple[str, ...]
    names: tuple[str, ...]


def _merged(groups: Sequence[_Group], field: str, unclear: frozenset[tuple[str, str]]) -> list[_Group]:
    """Groups that differ in one field alone, joined."""
    found: dict[object, _Group] = {}
    for group in groups:
        key = (_likeness(group.judged[0], unclear), group._replace(judged=(), **{field: ()}))
        known = found.get(key)
        if known is None:
            found[key] = group
            continue
        values = tuple(dict.fromkeys((*getattr(known, field), *getattr(group, field))))
        found[key] = known._replace(judged=known.judged + group.judged, **{field: values})
    return list(found.values())


def _unclear(judged: Iterable[Judged]) -> frozenset[tuple[str, str]]:
    """Names that several principals have whose changes are in one environment."""
    arns: dict[tuple[str, str], set[str]] = {}
    for one in judged:
        arns.setdefault((one.change.principal, one.change.environment), set()).add(one.change.arn)
    return frozenset(key for key, found in arns.items() if len(found) > 1)


def _likeness(one: Judged, unclear: frozenset[tuple[str, str]]) -> tuple[object, ...]:
    change = one.change
    was = None if change.was is None else change.was._replace(action=Action.READ)
    now = None if change.now is None else change.now._replace(action=Action.READ)
    person = change.arn if (change.principal, change.environment) in unclear else change.principal
    approval = None if one.approval is None else id(one.approval)
    return change.kind, change.how, person, change.columns, was, now, approval, one.is_open, change.is_new_dataset, change.to.kind


def _sentence(group: _Group, unclear: frozenset[tuple[str, str]]) -> str:
    change = group.judged[0].change
    noun = "table" if change.to.kind is DatasetKind.TABLE else "dataset"
    thing = what(change.to, change.columns)
    if len(group.names) > 1:
        thing = few(group.names, noun)
        thing = thing if change.columns is None else f"{few(change.columns, 'column')} of {thing}"
    news = f" (new {noun}{'s' if len(group.names) > 1 else ''})" if change.is_new_dataset else ""
    places = joined([printable(one) for one in sorted(group.environments) if one not in ("", NO_ENVIRONMENT)])
    person = who(change.who)
    if (change.principal, change.environment) in unclear:
        person = f"{person} of {shown(change.who.account)}"
    said = f"{person} {_VERBS[change.kind]} {actions_in_words(group.actions)} of {thing}{news}{f' in {places}' if places else ''}"
    return f"{said} {_through(change.right)}{_respects(change)}"


def _through(right: Right) -> str:
    if not right.via:
        return f"through {DOORS[right.door]}"
    last = "" if right.via[-1].door is right.door else f", then {DOORS[right.door]}"
    return f"through {DOORS[right.first_door]}: it {', '.join(step(one) for one in right.via)}{last}"


def _respects(change: Change) -> str:
    was, now = change.was, change.now
    if was is None or now is None:
        right = change.right
        rows = f", rows where {printable(shown(right.rows))}" if right.rows else ""
        return f"{rows}{_if(right)}"
    told: list[str] = []
    if was.rows != now.rows:
        told.append(f"rows {_rows(now)} instead of {_rows(was)}")
    if was.conditions != now.conditions:
        told.append(f"{_when(now)} instead of {_when(was)}")
    if len(was.via) != len(now.via):
        told.append(f"in {len(now.via)} instead of {len(was.via)} steps")
    return f", {' and '.join(told)}" if told else ""


def _if(right: Right) -> str:
    words = condition(right.conditions)
    return f", if {words}" if words else ""


def _rows(right: Right) -> str:
    return f"where {printable(shown(right.rows))}" if right.rows else "without a filter"


def _when(right: Right) -> str:
    words = condition(right.conditions)
    return f"if {words}" if words else "without condition"


# --- as JSON ---------------------------------------------------------------------------------------------------------------------------


def render(review: Review) -> Iterable[str]:
    """The report piece by piece, one change a line; it ends with a line feed."""
    data = as_data(review)
    yield "{\n"
    for number, (key, value) in enumerate(data.items(), 1):
        comma = "," if number < len(data) else ""
        if isinstance(value, list) and value:
            yield f'"{key}": [\n' + ",\n".join(map(line, value)) + f"\n]{comma}\n"
        else:
            yield f'"{key}": {line(value)}{comma}\n'
    yield "}\n"


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
