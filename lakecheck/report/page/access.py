"""Access as a heat map: who by what, the strongest action and how sure it is; every way in words below it, which a cell leads to."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from lakecheck.access.words import ACTIONS, Verdict, actions, place, who
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.access_html import alike, respects, through
from lakecheck.report.page.estate import matrix_of
from lakecheck.report.page.heat import LETTERS, MARKS, heats, ways_of
from lakecheck.report.page.markup import Section, badge, code, fold, listed, nothing, text
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.grouping import Line
    from lakecheck.access.model import Matrix
    from lakecheck.estate.model import Principal
    from lakecheck.report.page.heat import Column, Heat, Square, Way
    from lakecheck.run import Run

MOST_CHARACTERS: Final = 900_000
"""What all ways in words may take; those of people come first."""

_FEW: Final = 3
_MOST_DATASETS: Final = 60
_MOST_COLUMNS: Final = 40
_CERTAIN: Final = {Verdict.YES: 0, Verdict.IF: 1, Verdict.UNKNOWN: 2}
_WORDS: Final = {Verdict.YES: "sure", Verdict.IF: "on conditions", Verdict.UNKNOWN: "not known"}


def section(run: Run) -> Section:
    """The section."""
    matrix = matrix_of(run)
    if matrix is None:
        return Section(id="access", title="Access", body=(nothing("Nobody looked at who can reach which data: the check was left out."),))
    if not matrix.accesses:
        words = "Nobody reaches any of the data." if matrix.datasets else "There is no data that the templates tell of."
        return Section(id="access", title="Access", body=(nothing(words), *_rests(matrix)))
    people = len({id(one.principal) for one in matrix.accesses})
    return Section(
        id="access", title="Access", count=plural(people, "principal"), body=_body(matrix, run.assembly.environments),
        lead="Who can do what to which data, as the templates are: the strongest action, and how sure it is. A cell opens the doors.",
    )  # fmt: skip


def _body(matrix: Matrix, environments: Sequence[str]) -> Iterator[str]:
    ways = ways_of(matrix)
    told, told_numbers = _told(matrix, ways)
    found = heats(matrix, ways, environments)
    yield from _legend()
    if len(found) > 1:
        yield '<fieldset class="switch scripted"><legend>Environment</legend>'
        for number, heat in enumerate(found):
            checked = " checked" if number == len(found) - 1 else ""
            yield f'<label><input type="radio" name="heat" value="heat-{number}"{checked}><span>{text(_name(heat))}</span></label>'
        yield "</fieldset>\n"
    for number, heat in enumerate(found):
        yield from _heat(heat, number, told_numbers)
    left_out = len(ways) - len(told_numbers)
    label = f"Every way in words: {plural(len(told_numbers), 'entry').replace('entrys', 'entries')}"
    yield f'<details class="quiet" id="ways"><summary>{label}</summary>\n'
    yield from told
    if left_out:
        yield nothing(f"{left_out:,} more ways have no room here: lakecheck access --format html writes them all.")
    yield "</details>\n"
    yield from _rests(matrix)


def _name(heat: Heat) -> str:
    return "Outside any environment" if heat.environment in ("", NO_ENVIRONMENT) else heat.environment


def _legend() -> Iterator[str]:
    yield '<p class="legend">'
    for state, words in _WORDS.items():
        steps = "".join(f'<i class="a{ACTIONS.index(action)} c{_CERTAIN[state]}">{LETTERS[action]}{MARKS[state]}</i>' for action in ACTIONS)
        yield f'<span class="steps">{steps} {words}</span>'
    yield f"<span>{', '.join(f'{letter} {action.value}' for action, letter in LETTERS.items())}</span>"
    yield '<span><i class="via sample"></i> only, or more, by way of others</span></p>\n'


# --- the map -----------------------------------------------------------------------------------------------------------------------------


def _heat(heat: Heat, number: int, told: frozenset[int]) -> Iterator[str]:
    name = _name(heat)
    yield f'<div class="heat group" id="heat-{number}"><h3 class="head">{text(name)}</h3>\n'
    if heat.by_database:
        yield nothing("A column is a database here; a cell says of which tables.")
    if heat.people:
        yield from _table(heat, heat.people, told, f"Who reaches what in {name}")
    else:
        yield nothing("Nobody but the lake's own machinery reaches anything here.")
    if heat.machinery:
        label = f"The lake's own machinery and AWS services: {plural(len(heat.machinery), 'principal')}"
        yield f'<details class="quiet"><summary>{label}</summary>'
        yield from _table(heat, heat.machinery, told, f"What the machinery reaches in {name}")
        yield "</details>\n"
    if heat.left_out:
        yield nothing(f"No room for {' and '.join(heat.left_out)}: lakecheck access --format html has all.")
    yield "</div>\n"


def _table(heat: Heat, rows: Sequence[tuple[Principal, dict[Column, Square]]], told: frozenset[int], caption: str) -> Iterator[str]:
    yield f'<div class="scroll"><table class="grid"><caption class="unseen">{text(caption)}</caption><thead><tr><td></td>'
    names: list[str] = []
    for group, members in groupby(heat.columns, key=lambda column: column.group):
        inside = list(members)
        if len(inside) == 1:
            # There is no room for the group's name above one narrow column.
            yield "<td></td>"
            names.append(inside[0].full)
            continue
        yield f'<th scope="colgroup" colspan="{len(inside)}" title="{text(group)}"><span>{text(group)}</span></th>'
        names += [column.name for column in inside]
    yield '</tr><tr><th scope="col" class="corner">Who</th>'
    for name, column in zip(names, heat.columns, strict=True):
        listed_names = "\n".join(map(text, heat.names.get(column, ())))
        data = f' data-columns="{listed_names}"' if listed_names else ""
        yield f'<th scope="col" title="{text(column.full)}"{data}><span>{text(name)}</span></th>'
    yield "</tr></thead><tbody>\n"
    for person, squares in rows:
        cells = "".join(_square(squares.get(column), told, heat.names.get(column, ())) for column in heat.columns)
        head = f'<th scope="row" title="{text(person.arn)}">{text(who(person))} <small>{text(shown(person.account))}</small></th>'
        yield f'<tr class="row">{head}{cells}</tr>\n'
    yield "</tbody></table></div>\n"


def _square(square: Square | None, told: frozenset[int], names: Sequence[str]) -> str:
    if square is None:
        return "<td></td>"
    action, state = square.strongest
    via = " via" if not square.own or square.more_by_others else ""
    known = [number for number in square.ways if number in told]
    marks = f'class="a{ACTIONS.index(action)} c{_CERTAIN[state]}{via}"'
    some = "" if square.columns is None else f' data-c="{_which(square.columns, names)}"'
    says, letter = text(square.says), f"{LETTERS[action]}{MARKS[state]}"
    if not known:
        return f'<td><a {marks}{some} role="link" aria-disabled="true" tabindex="0" title="{says}">{letter}</a></td>'
    more = f' data-w="{" ".join(map(str, known))}"' if len(known) > 1 else ""
    return f'<td><a {marks}{some} href="#w{known[0]}"{more} title="{says}">{letter}</a></td>'


def _which(columns: frozenset[str], names: Sequence[str]) -> str:
    """Which of a table's columns, as the bits of a number."""
    return f"{sum(1 << place for place, name in enumerate(names) if name in columns):x}"


# --- in words ----------------------------------------------------------------------------------------------------------------------------


def _told(matrix: Matrix, ways: Sequence[Way]) -> tuple[list[str], frozenset[int]]:
    """As many ways as there is room for, each person's together, and their numbers."""
    pieces: dict[int, list[str]] = {}
    persons: dict[int, Principal] = {}
    numbers: set[int] = set()
    room = MOST_CHARACTERS
    for way in ways:
        piece = _way(matrix, way)
        room -= len(piece)
        if room < 0:
            break
        numbers.add(way.number)
        persons[id(way.line.principal)] = way.line.principal
        pieces.setdefault(id(way.line.principal), []).append(piece)
    found = []
    for key, inside in pieces.items():
        person = persons[key]
        made = matrix.data_plane.get(person.arn)
        machinery = f" <small>machinery: {text(made)}</small>" if made is not None else ""
        head = f"<b>{text(who(person))}</b> <small>{text(person.account)}</small>{machinery}"
        found.append(fold(head, "".join(inside), attributes=' class="item person"') + "\n")
    return found, frozenset(numbers)


def _way(matrix: Matrix, way: Way) -> str:
    line = way.line
    stage = "" if line.environment in ("", NO_ENVIRONMENT) else f" {badge(line.environment, 'calm')}"
    every = len(matrix.columns.get(line.datasets[0], ()))
    rows = []
    for columns, rights in line.cell:
        for right, each in alike(rights).items():
            which = "" if columns is None else _columns(columns, every)
            when = respects(right)
            condition = f'<div class="when">{when}</div>' if when else ""
            verbs = f"<b>{actions(one.action for one in each)}</b>"
            rows.append(f"<li>{verbs}{which} <div>{'it' if right.via else 'through'} {through(line, right)}</div>{condition}</li>")
    via = ' <small class="soft">by way of others</small>' if way.by_others else ""
    return f'<article id="w{way.number}" tabindex="-1"><h4>{_datasets(line)}{stage}{via}</h4><ul>{"".join(rows)}</ul></article>'


def _datasets(line: Line) -> str:
    """The first few, the rest folded."""
    names = [code(place(dataset)) for dataset in line.datasets[:_MOST_DATASETS]]
    if len(names) <= _FEW:
        return ", ".join(names)
    rest = len(line.datasets) - len(names)
    more = f" and {rest:,} more" if rest else ""
    return fold(f"{names[0]} and {len(line.datasets) - 1:,} more", f"<div>{', '.join(names[1:])}{more}</div>")


def _columns(names: Sequence[str], every: int) -> str:
    listed_names = ", ".join(code(name) for name in names[:_MOST_COLUMNS])
    more = f" and {len(names) - _MOST_COLUMNS:,} more" if len(names) > _MOST_COLUMNS else ""
    of = f" of {every}" if every else ""
    return f" <small>{len(names):,}{of} columns: {listed_names}{more}</small>"


def _rests(matrix: Matrix) -> Iterator[str]:
    dead = [f"{shown(one.principal)}: {shown(one.what)}; missing: {shown(one.missing)}" for one in matrix.dead]
    for title, found in (("Grants that give nothing", dead), ("Not known", matrix.not_known), ("Assumed", matrix.assumptions)):
        if found:
            yield fold(f"{title}: {len(found):,}", listed(found), attributes=' class="item quiet"') + "\n"
