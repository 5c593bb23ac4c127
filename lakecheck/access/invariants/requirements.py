"""What a rule requires and nobody gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import Candidate, best, possibility
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.model import ALL_ROWS, Action, DatasetKind
from lakecheck.formula import TRUE, Truth
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.invariants.candidates import Possibility, Situation
    from lakecheck.access.invariants.model import Rule
    from lakecheck.access.model import Access, Dataset
    from lakecheck.estate.model import Principal

_NOTHING: Final = Counterexample(summary="")
"""What is told of a requirement that is met."""
_OPPOSITE: Final = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.OPEN: Truth.OPEN}


def missing_accesses(situation: Situation, rule: Rule) -> Iterator[Candidate]:
    """Whatever of the rule's data its principals cannot do what it requires; everything they can is a candidate that is not so."""
    given = Given(situation)
    principals = [each for each in situation.questions.estate.principals if situation.who.fits(each, rule.who, forbidden=False)]
    wanted: list[tuple[Dataset, tuple[str, ...]]] = []
    for dataset in situation.matrix.datasets:
        parts = [part.columns for part in situation.data.matching(dataset, rule.data, forbidden=False)]
        if parts:
            wanted.append((dataset, tuple(sorted({column for columns in parts for column in columns or ()}))))
    if not principals or not wanted:
        yield nothing_to_require("whom it is about" if not principals else "the data it is about")
    for principal in principals:
        for dataset, columns in wanted:
            for action in rule.do or (Action.READ,):
                yield given.requirement(principal, dataset, action, columns)


def nothing_to_require(what: str) -> Candidate:
    """A requirement of nobody, or about nothing, is not met: a misspelt name would prove it."""
    summary = f"the estate has nothing that is {what}"
    remedy = "Correct the names in the rule, or describe what is missing in estate.yaml."
    return Candidate(principal=None, example=Counterexample(summary=summary, remedy=remedy), possible=Truth.TRUE)


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
        if any(each.columns is None and each.conditions == TRUE for each in accesses):
            return Candidate(principal=principal, example=_NOTHING, possible=Truth.FALSE)
        ways = [(each, possibility(each.conditions)) for each in accesses]
        by_column = {column: best(found for each, found in ways if _has(each, column)) for column in columns or ("",)}
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
