"""The matrix as text: by environment who reaches which data through which door, then who else; then what is dead, assumed, not known."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.grouping import Line, lines
from lakecheck.access.model import Action, DatasetKind, Door
from lakecheck.access.words import DOORS, Verdict, condition, facts, few, joined, place, step, verdict, who, whose
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.estate.model import PrincipalKind
from lakecheck.report.style import WIDTH, Style
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.grouping import Cell, Right
    from lakecheck.access.model import Access, Dataset, Matrix
    from lakecheck.estate.model import Principal

SHORT: Final = {
    Door.LAKE_FORMATION: "LF",
    Door.IAM_CATALOG: "IAM",
    Door.S3: "S3",
    Door.ACCESS_POINT: "point",
    Door.ACCESS_GRANT: "S3grant",
    Door.REPLICA: "replica",
    Door.TEMPORARY_FILES: "temp",
    Door.ATHENA_RESULTS: "results",
    Door.REDSHIFT: "Redshift",
    Door.ASSUMED_ROLE: "assume",
    Door.SELF_GRANT: "selfgrant",
    Door.PASS_ROLE: "passrole",
    Door.CODE_UPDATE: "code",
    Door.POLICY_EDIT: "policy",
}
"""What a door is called in a cell of the matrix."""

MOST_LISTED: Final = 20
_COLUMN: Final = 14
_LABEL: Final = 44
_MARKS: Final = {Verdict.YES: "", Verdict.IF: "*", Verdict.UNKNOWN: "?"}
_LEGEND: Final = "r read, w write, a alter, d drop, g grant; /5 five columns; ~ some rows; * conditional; ? not known"
_LETTERS: Final = {"read": "r", "write": "w", "alter": "a", "drop": "d", "grant": "g"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the matrix: datasets that everybody in it reaches alike."""

    datasets: tuple[Dataset, ...]
    cells: tuple[Cell | None, ...]


def render(
    matrix: Matrix, *, style: Style | None = None, width: int = WIDTH, list_all: bool = False, only_dead: bool = False
) -> Iterator[str]:
    """The report line by line.

    Args:
        matrix: What is to be shown, filtered already.
        style: Colours; none by default.
        width: Longest line; names of data are never cut.
        list_all: Show the lake's machinery and every entry of a long list, too.
        only_dead: Show grants that give nothing, and nothing else.
    """
    style = Style() if style is None else style
    texts = _dead(matrix, style, width, list_all=True) if only_dead else _lines(matrix, style, width, list_all=list_all)
    for text in texts:
        yield text.rstrip() + "\n"


def is_machinery(principal: Principal, matrix: Matrix) -> bool:
    """Whether it is part of the lake's own machinery, or an AWS service, rather than somebody."""
    return principal.arn in matrix.data_plane or principal.kind in (PrincipalKind.SERVICE, PrincipalKind.SERVICE_LINKED_ROLE)


def _lines(matrix: Matrix, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    people = [access for access in matrix.accesses if list_all or not is_machinery(access.principal, matrix)]
    machinery = len({id(one.principal) for one in matrix.accesses}) - len({id(one.principal) for one in people})
    notes = Notes()
    environments = dict.fromkeys(access.dataset.environment for access in matrix.accesses)
    for environment in environments:
        here = [access for access in people if access.dataset.environment == environment]
        yield from _environment(matrix, environment, here, notes, style, width, list_all=list_all)
        yield ""
    if people:
        yield from (style.faint(line) for text in (_LEGEND, _doors(people)) for line in textwrap.wrap(text, width))
    if not environments:
        yield "nobody reaches anything of it"
    if machinery:
        yield f"{plural(machinery, 'principal')} of the lake's own machinery and of AWS left out: --all shows them"
    elif list_all:
        yield from _machinery(matrix, style, width)
    yield from _ending(matrix, notes, style, width, list_all=list_all)


def _machinery(matrix: Matrix, style: Style, width: int) -> Iterator[str]:
    """What makes whom part of the machinery, of those that the matrix has."""
    named = {access.principal.arn: access.principal for access in matrix.accesses}
    found = [(named[arn], reason) for arn, reason in matrix.data_plane.items() if arn in named]
    if found:
        yield style.bold("the lake's own machinery")
    for one, reason in found:
        yield from _wrapped(f"{whose(one)}: {printable(shown(reason))}", width)


def _doors(people: Iterable[Access]) -> str:
    """What the doors of the matrix are called in full; only those that stand in it."""
    used = {access.door for access in people if not access.via}
    return ", ".join(f"{short} {DOORS[door]}" for door, short in SHORT.items() if door in used)


def _environment(
    matrix: Matrix, environment: str, here: Sequence[Access], notes: Notes, style: Style, width: int, *, list_all: bool
) -> Iterator[str]:
    own = lines(matrix, (access for access in here if not access.via))
    others = lines(matrix, (access for access in here if access.via))
    name = printable(environment) if environment and environment != NO_ENVIRONMENT else "outside any environment"
    tables = sum(dataset.kind is DatasetKind.TABLE and dataset.environment == environment for dataset in matrix.datasets)
    people = len({id(line.principal) for line in own})
    yield style.bold(name) + f"   {plural(tables, 'table')}, {plural(people, 'principal')} with access of their own"
    if own:
        yield ""
        yield from _matrix(own, style, width, list_all=list_all)
        yield from _details(own, notes, width)
    if others:
        yield ""
        yield style.bold(f"{name}: by way of others")
        yield from _others(others, notes, width)


def _matrix(own: Sequence[Line], style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    """Datasets by principals, what is alike together; in as many blocks as the width asks for."""
    by_principal: dict[int, dict[Dataset, Cell]] = {}
    principals: dict[int, Principal] = {}
    for line in own:
        principals[id(line.principal)] = line.principal
        by_principal.setdefault(id(line.principal), {}).update(dict.fromkeys(line.datasets, line.cell))
    alike: dict[frozenset[tuple[Dataset, Cell]], list[int]] = {}
    for key, cells in by_principal.items():
        alike.setdefault(frozenset(cells.items()), []).append(key)
    heads = [_Head([principals[key] for key in group], by_principal[group[0]]) for group in alike.values()]
    block: list[_Head] = []
    for head in heads:
        if block and _LABEL + sum(each.width + 2 for each in (*block, head)) > width:
            yield from _block(block, style)
            block = []
        block.append(head)
    yield from _block(block, style)
    grouped = [head for head in heads if len(head.group) > 1]
    if grouped:
        yield ""
    for head in grouped:
        yield from _wrapped(f"{' '.join(head.headings)}: {_members(head.group, list_all=list_all)}", width)


class _Head:
    """A column of the matrix: principals that reach the same in the same way."""

    def __init__(self, group: Sequence[Principal], cells: dict[Dataset, Cell]) -> None:
        self.group = group
        self.cells = cells
        self.texts = {cell: _cell(cell) for cell in cells.values()}
        name = who(group[0]).partition("/")[2] or who(group[0])
        more = f"and {len(group) - 1:,} more" if len(group) > 1 else printable(shown(group[0].account))
        self.headings = [*textwrap.wrap(name, _COLUMN), more]
        self.width = max(map(len, (*self.headings, *self.texts.values())))


def _members(group: Sequence[Principal], *, list_all: bool) -> str:
    """Those that one column of the matrix stands for, by account."""
    by_account: dict[str, list[str]] = {}
    for one in group if list_all else group[:MOST_LISTED]:
        by_account.setdefault(printable(shown(one.account)), []).append(who(one))
    named = "; ".join(f"{joined(names)} of {account}" for account, names in by_account.items())
    return named if list_all or len(group) <= MOST_LISTED else f"{named}; and {len(group) - MOST_LISTED:,} more: --all names them"


def _rows(cells: Sequence[dict[Dataset, Cell]]) -> list[_Row]:
    found: dict[tuple[str, tuple[Cell | None, ...]], list[Dataset]] = {}
    for dataset in dict.fromkeys(dataset for each in cells for dataset in each):
        row = tuple(each.get(dataset) for each in cells)
        found.setdefault((dataset.kind.value, row), []).append(dataset)
    rows = [_Row(tuple(datasets), row) for (_, row), datasets in found.items()]
    return sorted(rows, key=lambda row: (row.datasets[0].kind is not DatasetKind.TABLE, row.datasets[0].name))


def _block(heads: Sequence[_Head], style: Style) -> Iterator[str]:
    rows = _rows([head.cells for head in heads])
    for index in range(max(len(head.headings) for head in heads)):
        texts = ((head.headings[index] if index < len(head.headings) else "").ljust(head.width) for head in heads)
        yield style.faint(" " * _LABEL + "  ".join(texts))
    for row in rows:
        label = f"  {_datasets(row.datasets)}"
        cells = ((head.texts[cell] if cell else "·").ljust(head.width) for head, cell in zip(heads, row.cells, strict=True))
        if len(label) >= _LABEL:
            yield label
            label = ""
        yield label.ljust(_LABEL) + "  ".join(cells)


def _cell(cell: Cell) -> str:
    """`r LF`: reads through Lake Formation; `r/5`: five columns; `*`: on a condition; `?`: not known; `~`: some rows."""
    by_door: dict[str, dict[str, list[str]]] = {}
    for names, rights in cell:
        for right in rights:
            some = "" if names is None else f"/{len(names)}"
            mark = f"{some}{'~' if right.rows else ''}{_MARKS.get(verdict(right.conditions), '')}"
            letters = by_door.setdefault(SHORT[right.first_door], {}).setdefault(mark, [])
            if (letter := _LETTERS[right.action.value]) not in letters:
                letters.append(letter)
    return ", ".join(f"{','.join(''.join(letters) + mark for mark, letters in marks.items())} {door}" for door, marks in by_door.items())


def _datasets(datasets: Sequence[Dataset], most: int = 2) -> str:
    names = [place(dataset) for dataset in datasets]
    return ", ".join(names) if len(names) <= most else f"{names[0]} and {len(names) - 1:,} more"


def _details(own: Sequence[Line], notes: Notes, width: int) -> Iterator[str]:
    """What a cell cannot say: which columns, which rows, on what condition; what is not known by its number."""
    told: dict[str, dict[str, None]] = {}
    doubts: dict[str, dict[int, None]] = {}
    for line in own:
        person = who(line.principal)
        for names, rights in line.cell:
            for right, actions in _by_action(rights):
                if verdict(right.conditions) is Verdict.UNKNOWN:
                    doubts.setdefault(person, {}).update(dict.fromkeys(notes.numbers(right)))
                rest = _rest(right, notes)
                if names is not None or right.rows or (rest and verdict(right.conditions) is Verdict.IF):
                    columns = "" if names is None else f"{joined([printable(shown(name)) for name in names])} of "
                    told.setdefault(f"{actions} {columns}{_datasets(line.datasets)} through {DOORS[right.door]}{rest}", {})[person] = None
    if told or doubts:
        yield ""
    for text, names_of in told.items():
        yield from _wrapped(f"{few(list(names_of), 'principal')}: {text}", width)
    for person, numbers in doubts.items():
        yield from _wrapped(f"? of {person} depends on [{', '.join(map(str, sorted(numbers)))}]", width)


class Notes:
    """Numbers what is not known, so that it is said once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, right: Right) -> list[int]:
        """The numbers of what a right depends on."""
        return [self._numbers.setdefault(each, len(self._numbers) + 1) for each in facts(right.conditions)]

    def of(self, right: Right) -> str:
        """The same as text: `[1, 3]`."""
        return f"[{', '.join(map(str, self.numbers(right)))}]"

    def texts(self) -> Iterator[str]:
        """Each note with its number."""
        return (f"[{number}] {printable(shown(text))}" for text, number in self._numbers.items())


def _by_action(rights: Iterable[Right]) -> Iterator[tuple[Right, str]]:
    """Rights that differ in the action alone, together."""
    found: dict[Right, list[str]] = {}
    for right in rights:
        found.setdefault(right._replace(action=Action.READ), []).append(right.action.value)
    for right, actions in found.items():
        yield right, joined(list(dict.fromkeys(actions)))


def _rest(right: Right, notes: Notes) -> str:
    rows = f", rows where {printable(shown(right.rows))}" if right.rows else ""
    engine = ", if the engine holds the rest back" if right.enforced_by_engine else ""
    if verdict(right.conditions) is Verdict.UNKNOWN:
        return f"{rows}{engine}, not known {notes.of(right)}"
    words = condition(right.conditions)
    return f"{rows}{engine}{f', if {words}' if words else ''}"


def _others(more: Sequence[Line], notes: Notes, width: int) -> Iterator[str]:
    """Who reaches data as somebody else: each way once, with what it leads to."""
    found: dict[tuple[int, str], tuple[Principal, dict[str, dict[Dataset, None]]]] = {}
    for line in more:
        for _, rights in line.cell:
            for right, actions in _by_action(rights):
                way = ", ".join(step(one) for one in right.via)
                key = (id(line.principal), f"{way}{_rest(right, notes)}")
                _, done = found.setdefault(key, (line.principal, {}))
                done.setdefault(actions, {}).update(dict.fromkeys(line.datasets))
    by_words: dict[tuple[str, str], list[Principal]] = {}
    for (_, way), (principal, done) in found.items():
        told = "; ".join(f"{actions} {_datasets(list(datasets))}" for actions, datasets in done.items())
        by_words.setdefault((way, told), []).append(principal)
    for (way, told), principals in by_words.items():
        names = [whose(one) for one in principals]
        yield from _wrapped(f"{few(names, 'principal')}: {way} → {told}", width)


def _ending(matrix: Matrix, notes: Notes, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    if matrix.dead:
        yield ""
        yield from _dead(matrix, style, width, list_all=list_all)
    numbered = list(notes.texts())
    if numbered or matrix.not_known:
        yield ""
        yield style.severity(Severity.WARNING, "not known")
        yield from _list(numbered, width, list_all=True)
        yield from _list([printable(shown(each)) for each in matrix.not_known], width, list_all=list_all)
    yield ""
    if list_all:
        yield style.faint("assumed")
        yield from _list([printable(shown(each)) for each in matrix.assumptions], width, list_all=True)
    else:
        yield style.faint(f"under {plural(len(matrix.assumptions), 'assumption')}; --all lists them")


def _dead(matrix: Matrix, style: Style, width: int, *, list_all: bool) -> Iterator[str]:
    yield style.severity(Severity.WARNING, "grants that give nothing") if matrix.dead else "each grant gives something"
    dead = [shown(f"{one.principal}: {one.what}; missing: {one.missing}") for one in matrix.dead]
    yield from _list([printable(each) for each in dead], width, list_all=list_all)


def _list(texts: Sequence[str], width: int, *, list_all: bool) -> Iterator[str]:
    most = len(texts) if list_all else MOST_LISTED
    for text in texts[:most]:
        yield from _wrapped(text, width)
    if len(texts) > most:
        yield f"  and {len(texts) - most:,} more: --all prints them"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
