"""What a rule requires and nobody gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.invariants.candidates import Candidate, best, possibility
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.model import ALL_ROWS, Action, DatasetKind
from lakecheck.formula import Truth
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.invariants.candidates import Possibility, Situation
    from lakecheck.access.invariants.model import Rule
    from lakecheck.access.model import Access, Dataset
    from lakecheck.estate.model import Principal

_OPPOSITE = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.OPEN: Truth.OPEN}


def missing_accesses(situation: Situation, rule: Rule) -> Iterator[Candidate]:
    """Whatever of the rule's data its principals cannot do what it requires; everything they can is a candidate that is not so."""
    given = Given(situation)
    for principal in situation.questions.estate.principals:
        if not situation.who.fits(principal, rule.who):
            continue
        for dataset in situation.matrix.datasets:
            if rule.crossing is not None:
                continue
            columns = [part.columns for part in situation.data.matching(dataset, rule.data, forbidden=False)]
            wanted = tuple(sorted({column for part in columns for column in part or ()}))
            for action in rule.do or (Action.READ,) if columns else ():
                yield given.requirement(principal, dataset, action, wanted)


class Given:
    """What principals have, column by column, by whatever sure or possible way."""

    def __init__(self, situation: Situation) -> None:
        self._accesses: dict[tuple[int, Dataset, Action], list[Access]] = {}
        for access in situation.matrix.accesses:
            self._accesses.setdefault((id(access.principal), access.dataset, access.action), []).append(access)

    def requirement(
        self, principal: Principal, dataset: Dataset, action: Action, columns: tuple[str, ...], *, rows: str = ALL_ROWS
    ) -> Candidate:
        """Whether something required is missing.

        Args:
            principal: Who has to have it.
            dataset: On what.
            action: What it has to be able to do.
            columns: Every one of these; the dataset as it is when there are none.
            rows: The rows it has to see; a right to all of them suffices.
        """
        accesses = [
            each for each in self._accesses.get((id(principal), dataset, action), ()) if each.rows in {ALL_ROWS, rows} and not each.via
        ]
        by_column = {column: best(possibility(each.conditions) for each in accesses if _has(each, column)) for column in columns or ("",)}
        return _candidate(principal, dataset, action, by_column)


def _has(access: Access, column: str) -> bool:
    return access.columns is None or not column or column in access.columns


def _candidate(principal: Principal, dataset: Dataset, action: Action, by_column: Mapping[str, Possibility]) -> Candidate:
    worst = _worst(by_column.values())
    lacking = tuple(sorted(column for column, each in by_column.items() if each.truth is worst and column))
    name = dataset.name if dataset.kind is DatasetKind.TABLE else shown(dataset.name)
    which = f" ({', '.join(lacking)})" if lacking and len(lacking) < len(by_column) else ""
    can = "cannot" if worst is Truth.FALSE else "may be unable to"
    example = Counterexample(
        summary=f"{principal.name} {can} {action} {name}{which}",
        environment=dataset.environment,
        columns=lacking,
        reasons=tuple(sorted({reason for each in by_column.values() for reason in each.reasons})) if worst is Truth.OPEN else (),
        remedy="Grant it, or look among the dead grants for the missing piece.",
    )
    return Candidate(principal=principal, example=example, possible=_OPPOSITE[worst])


def _worst(found: Iterable[Possibility]) -> Truth:
    truths = {each.truth for each in found}
    return Truth.FALSE if Truth.FALSE in truths else Truth.OPEN if Truth.OPEN in truths else Truth.TRUE
