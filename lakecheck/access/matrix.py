"""Builds the matrix: every principal's own accesses through every door, closed over whom it can become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.closure import Closure, in_order
from lakecheck.access.composition import Numbers, Rows, tidied
from lakecheck.access.doors.places import dataset_of, places
from lakecheck.access.model import Action, Dataset, DatasetKind, Door, Matrix
from lakecheck.access.words import access_in_words, who
from lakecheck.formula import TRUE
from lakecheck.progress import quiet
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lakecheck.access.composition import Entries
    from lakecheck.access.model import Access, DeadGrant, Edge, Leak
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Estate, NotKnown, Principal
    from lakecheck.progress import Tell

MOST_ACCESSES: Final = 2_000_000
"""So many rows are kept; whose rows come after that is told as not known."""

ASSUMPTIONS: Final = (
    "Accounts are as the templates leave them: what was granted in a console, by another tool or by hand is not seen.",
    "A caller calls over TLS 1.3, by itself, and without a session policy; networks, second factors, times and tags stay conditions.",
    "What the templates do not define, and no supplement tells, is not known; it is never taken for a no.",
    "What an account's administrators give away there, as by results of their queries, is not told of those who get it.",
)
"""What every matrix rests on; each door adds its own."""


def build_matrix(
    estate: Estate, *, questions: Questions | None = None, progress: Tell = quiet, most_accesses: int = MOST_ACCESSES
) -> Matrix:
    """Everybody's access to everything.

    Args:
        estate: What was read.
        questions: Asks about that estate; made when left out.
        progress: Is told what goes on.
        most_accesses: So many rows are kept; principals beyond are told as not known.

    Example:
        >>> from lakecheck.access.matrix import build_matrix
        >>> from lakecheck.estate.model import Estate
        >>> build_matrix(Estate()).accesses
        ()
    """
    from lakecheck.access import doors, lake_formation  # noqa: PLC0415 - each door is a module of its own, and none is needed for `--help`
    from lakecheck.access.questions import Questions  # noqa: PLC0415

    questions = Questions(estate) if questions is None else questions
    found: list[Access] = []
    for name, door in (("Lake Formation", lake_formation.accesses), *((_name(each), each) for each in doors.DIRECT)):
        progress(f"access: {name}")
        found += door(questions)
    progress("access: who can become whom")
    edges = [edge for each in doors.EDGES for edge in each(questions)]
    leaks = [leak for each in doors.LEAKS for leak in each(questions)]
    progress("access: grants that give nothing")
    dead = tuple(lake_formation.dead_grants(questions))
    return compose(
        estate,
        found,
        edges,
        leaks,
        dead=dead,
        data_plane=dict(doors.data_plane(questions)),
        datasets=tuple(_datasets(questions)),
        assumptions=(*ASSUMPTIONS, *lake_formation.ASSUMPTIONS, *doors.assumptions(questions)),
        progress=progress,
        most_accesses=most_accesses,
    )


def compose(
    estate: Estate,
    own: Iterable[Access],
    edges: Sequence[Edge] = (),
    leaks: Sequence[Leak] = (),
    *,
    dead: Sequence[DeadGrant] = (),
    data_plane: Mapping[str, str] | None = None,
    datasets: Iterable[Dataset] = (),
    assumptions: Sequence[str] = ASSUMPTIONS,
    progress: Tell = quiet,
    most_accesses: int = MOST_ACCESSES,
) -> Matrix:
    """The matrix of accesses that principals have by themselves, of who can become whom, and of who reads what others leave.

    Args:
        estate: What tables, buckets, accounts and principals there are.
        own: Accesses of the principals' own.
        edges: Who can become whom.
        leaks: Who reads what another one has read. What an account's administrators leave there is left out: they could hand it over.
        dead: Grants that give nothing.
        data_plane: ARNs of the lake's own machinery, each with what makes it that.
        datasets: What was looked at; what the accesses are to is added.
        assumptions: What the matrix rests on.
        progress: Is told what goes on.
        most_accesses: So many rows are kept.
    """
    by_principal: dict[int, list[Access]] = {}
    principals: dict[int, Principal] = {id(one): one for one in estate.principals}
    for access in own:
        by_principal.setdefault(id(access.principal), []).append(access)
        principals.setdefault(id(access.principal), access.principal)
    for edge in edges:
        principals |= {id(one): one for one in (edge.source, edge.target) if one is not None}
    owners = {(id(edge.source), edge.account) for edge in edges if edge.target is None and edge.conditions == TRUE}
    leaks = [leak for leak in leaks if (id(leak.member), leak.source.account) not in owners]
    for leak in leaks:
        principals |= {id(leak.source): leak.source, id(leak.member): leak.member}
    known = sorted({*datasets, *(one.dataset for rows in by_principal.values() for one in rows)}, key=_place)
    everybody = in_order(principals.values())
    maker = _Composer(Numbers(known), by_principal, Closure(edges, everybody), leaks)
    accesses: list[Access] = []
    left_out: list[Principal] = []
    for count, principal in enumerate(everybody):
        if not count % 50:
            progress(f"access: {count:,} of {len(everybody):,} principals")
        if len(accesses) >= most_accesses:
            left_out.append(principal)
        else:
            accesses += maker.rows(principal)
    told = [f"rows of {who(one)} in {shown(one.account)}: there are more than {most_accesses:,} before them" for one in left_out]
    return Matrix(
        accesses=tuple(accesses),
        edges=tuple(sorted(edges, key=_edge_place)),
        leaks=tuple(leaks),
        dead=tuple(sorted(dead, key=lambda one: (one.principal, one.what, one.missing))),
        datasets=tuple(known),
        data_plane=dict(sorted((data_plane or {}).items())),
        columns=dict(_columns(estate)),
        environments={key: account.environments for key, account in estate.accounts.items()},
        assumptions=tuple(dict.fromkeys(assumptions)),
        not_known=(*dict.fromkeys((*_not_known(estate.not_known), *maker.not_known, *told)),),
    )


class _Composer:
    """Makes the rows of one principal after another; keeps what several need."""

    def __init__(self, numbers: Numbers, own: Mapping[int, list[Access]], closure: Closure, leaks: Iterable[Leak]) -> None:
        self._numbers = numbers
        self._closure = closure
        self._by_itself: dict[int, Entries] = {key: numbers.entries(tidied(accesses)) for key, accesses in own.items()}
        self._leaks: dict[int, list[Leak]] = {}
        for leak in leaks:
            self._leaks.setdefault(id(leak.source), []).append(leak)
        self._readings: dict[int, Entries] = {}
        self._sets: dict[int, tuple[Entries, frozenset[int]]] = {}
        self._with_leaks: dict[int, Entries] = {}
        self._of_account: dict[str, Entries] = {}

    @property
    def not_known(self) -> tuple[str, ...]:
        """Whose ways were not all tried."""
        return self._closure.not_known

    def rows(self, principal: Principal) -> list[Access]:
        """Everything that the principal can do, in order."""
        rows = Rows(principal, self._own(principal))
        # What an account's administrator gets comes first of each door: it makes most of the rest superfluous.
        ways = list(self._closure.ways(principal))
        for way in ways:
            if way.target is None:
                if way.account not in self._of_account:
                    self._of_account[way.account] = self._numbers.everything(way.account, principal)
                everything = self._of_account[way.account]
                rows.add_all_of(way.steps, way.conditions, everything, self._numbers_of(everything))
        for way in ways:
            if way.target is not None:
                entries = self._own(way.target)
                rows.add(way.steps, way.conditions, entries, numbers=self._numbers_of(entries))
        return rows.in_order()

    def _numbers_of(self, entries: Entries) -> frozenset[int]:
        if id(entries) not in self._sets:
            # The entries are kept beside, so that no others get their identity.
            self._sets[id(entries)] = (entries, frozenset(number for number, _ in entries))
        return self._sets[id(entries)][1]

    def _own(self, principal: Principal) -> Entries:
        """What the principal can do without becoming somebody else."""
        leaks = self._leaks.get(id(principal))
        if not leaks:
            return self._by_itself.get(id(principal), [])
        if id(principal) not in self._with_leaks:
            rows = Rows(principal, self._by_itself.get(id(principal), []))
            for leak in sorted(leaks, key=lambda one: (one.step.door, one.member.name, one.member.account, one.step.target)):
                if leak.member is not principal:
                    step = replace(leak.step, target=f"{leak.step.target} of {leak.member.name}")
                    rows.add((step,), leak.conditions, self._readings_of(leak.member), door=step.door)
            self._with_leaks[id(principal)] = sorted(rows.entries, key=lambda entry: entry[0])
        return self._with_leaks[id(principal)]

    def _readings_of(self, member: Principal) -> Entries:
        """What the member reads by itself or as a role, which is what it can leave copies of."""
        if id(member) not in self._readings:
            rows = Rows(member, _reads(self._by_itself.get(id(member), [])))
            for way in self._closure.ways(member, through=Door.ASSUMED_ROLE):
                if way.target is not None:
                    rows.add(way.steps, way.conditions, _reads(self._by_itself.get(id(way.target), [])))
            self._readings[id(member)] = [(number, _told(access)) for number, access in sorted(rows.entries, key=lambda entry: entry[0])]
        return self._readings[id(member)]


def _told(access: Access) -> Access:
    """The access with itself as the only reason: whoever reads a copy of it wants to know whose reading left it."""
    return replace(access, because=(access_in_words(access),))


def _reads(entries: Entries) -> Entries:
    return [entry for entry in entries if entry[1].action is Action.READ]


def _columns(estate: Estate) -> Iterator[tuple[Dataset, tuple[str, ...]]]:
    """The columns of each table, links aside."""
    for table in estate.tables:
        if table.target is None and table.columns:
            yield dataset_of(table), table.columns


def _datasets(questions: Questions) -> Iterator[Dataset]:
    """All data there is: tables, and what lies in buckets without one."""
    yield from (dataset_of(table) for table in questions.estate.tables if table.target is None)
    found = places(questions)
    yield from (place.dataset for bucket in found.buckets for place in found.of(bucket))


def _not_known(entries: Iterable[NotKnown]) -> Iterator[str]:
    """Each reason with its place, in order."""
    return (shown(f"{one.origin}: {one.reason}" if one.origin is not None else one.reason) for one in entries)


def _place(dataset: Dataset) -> tuple[str, str, str, str, str]:
    """Where a dataset stands in reports: environment, tables before buckets, name."""
    return (
        dataset.environment,
        {DatasetKind.TABLE: "0", DatasetKind.BUCKET: "1"}.get(dataset.kind, "2"),
        dataset.name,
        dataset.account,
        dataset.region,
    )


def _edge_place(edge: Edge) -> tuple[str, ...]:
    target = ("", edge.account, "") if edge.target is None else (edge.target.name, edge.target.account, edge.target.arn)
    return (edge.source.name, edge.source.account, edge.source.arn, edge.step.door, *target, edge.step.target)


def _name(function: Callable[..., object]) -> str:
    """A door's name, for the progress: that of its module."""
    return function.__module__.rpartition(".")[2].replace("_", " ")
