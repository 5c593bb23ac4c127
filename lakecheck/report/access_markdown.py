"""The matrix as Markdown for a pull request: short first, details folded; nothing of a template can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.grouping import lines
from lakecheck.access.words import DOORS, actions, condition, place, step, verdict, who
from lakecheck.checks.base import plural
from lakecheck.report.access_text import is_machinery
from lakecheck.report.contracts_diff_markdown import MOST_CHARACTERS, code
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.grouping import Line, Right
    from lakecheck.access.model import Access, Dataset, Matrix

_HEAD: Final = ("| who | may | what | through | if |", "|---|---|---|---|---|")
_MOST_NAMES: Final = 12
_TOO_LONG: Final = "too long for a comment; `lakecheck access` prints all."


def render(matrix: Matrix, *, list_all: bool = False) -> Iterator[str]:
    """The report piece by piece, no longer than a comment may be."""
    accesses = [one for one in matrix.accesses if list_all or not is_machinery(one.principal, matrix)]
    own = [one for one in accesses if not one.via]
    people = len({id(one.principal) for one in own})
    top = [f"## Access: {plural(people, 'principal')} with access of their own, {plural(len(matrix.datasets), 'dataset')}", ""]
    rest = [*_list("Grants that give nothing", [f"{one.principal}: {one.what}; missing: {one.missing}" for one in matrix.dead])]
    rest += [*_list("Not known", matrix.not_known), *_list("Assumed", matrix.assumptions)]
    room = MOST_CHARACTERS - sum(len(line) + 1 for line in (*top, *rest))
    for line in (*top, *_fitting(matrix, accesses, room), *rest):
        yield line + "\n"


def _fitting(matrix: Matrix, accesses: Sequence[Access], room: int) -> Iterator[str]:
    for environment in dict.fromkeys(one.dataset.environment for one in accesses):
        for title, others in ((code(environment or "outside any environment"), False), (f"{code(environment)}: by way of others", True)):
            chosen = (one for one in accesses if one.dataset.environment == environment and bool(one.via) is others)
            rows = [row for line in lines(matrix, chosen) for row in _rows(line, matrix)]
            if not rows:
                continue
            head = ["<details>", f"<summary>{title}: {plural(len(rows), 'row')}</summary>", "", *_HEAD]
            if not others:
                head = [f"### {title}", "", *_HEAD]
            room -= sum(len(line) + 1 for line in head) + 80
            yield from head
            for number, row in enumerate(rows):
                room -= len(row) + 1
                if room < 0:
                    yield ""
                    yield f"{plural(len(rows) - number, 'row')} more: {_TOO_LONG}"
                    break
                yield row
            yield ""
            if others:
                yield from ("</details>", "")


def _rows(line: Line, matrix: Matrix) -> Iterator[str]:
    for names, rights in line.cell:
        alike: dict[Right, list[Right]] = {}
        for right in rights:
            alike.setdefault(right._replace(action=rights[0].action), []).append(right)
        for right, each in alike.items():
            data = _datasets(line.datasets)
            every = len(matrix.columns.get(line.datasets[0], ()))
            columns = "" if names is None else f" ({len(names)} of {every} columns: {_names(names)})"
            when = [f"rows where {code(right.rows)}"] if right.rows else []
            if words := condition(right.conditions):
                when.append(("**not known**: " if verdict(right.conditions).value == "unknown" else "") + code(words, 300))
            steps = ", ".join(step(one) for one in right.via)
            door = DOORS[right.door]
            if steps:
                door = code(steps) + ("" if right.via[-1].door is right.door else f", then {door}")
            person = f"{code(who(line.principal))}<br>{code(line.principal.account)}"
            yield f"| {person} | {actions(one.action for one in each)} | {data}{columns} | {door} | {'; '.join(when)} |"


def _datasets(datasets: Sequence[Dataset]) -> str:
    shown_names = ", ".join(code(place(dataset)) for dataset in datasets[:_MOST_NAMES])
    return shown_names if len(datasets) <= _MOST_NAMES else f"{shown_names} and {len(datasets) - _MOST_NAMES:,} more"


def _names(names: Sequence[str]) -> str:
    return ", ".join(code(name) for name in names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    found = list(texts)
    if found:
        yield from ("<details>", f"<summary>{title}: {len(found):,}</summary>", "")
        for text in found[:100]:
            yield f"- {code(shown(text), 400)}"
        if len(found) > 100:  # noqa: PLR2004 - as many as a comment bears
            yield f"- {len(found) - 100:,} more: {_TOO_LONG}"
        yield from ("", "</details>", "")
