"""Re-asks what refutes an invariant with every condition key known: nothing is printed that the concrete evaluator does not allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakecheck.access.invariants.candidates import possibility
from lakecheck.access.invariants.verdicts import Asked
from lakecheck.access.matrix import build_matrix
from lakecheck.access.model import DatasetKind
from lakecheck.access.questions import Questions
from lakecheck.formula import Truth
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.access.invariants.verdicts import Counterexample
    from lakecheck.access.model import Access
    from lakecheck.estate.model import Estate


def confirmed(estate: Estate, example: Counterexample) -> Counterexample | None:
    """The example with the requests that show it; None when they are not allowed after all.

    The same doors are tried again on a small estate, in which every condition key has the witness's value or is missing.
    """
    access = example.access
    if access is None:
        return example
    questions = Questions(_narrowed(estate, access), assuming=example.context or {})
    matrix = build_matrix(questions.estate, questions=questions)
    if not any(_is_same(each, access) and possibility(each.conditions).truth is Truth.TRUE for each in matrix.accesses):
        return None
    return replace(example, requests=_requests(questions, access, example.context or {}))


def _narrowed(estate: Estate, access: Access) -> Estate:
    """What the access is about: its principal, those on the way, and one dataset."""
    names = {step.target for step in access.via}
    principals = tuple(
        each for each in estate.principals if each is access.principal or each.name in names or each.arn in names or access.via
    )
    tables = estate.tables
    if access.dataset.kind is DatasetKind.TABLE:
        database, _, name = access.dataset.name.partition(".")
        tables = tuple(each for each in tables if each.target is not None or (each.database, each.name) == (database, name))
    return replace(estate, principals=principals, tables=tables)


def _is_same(found: Access, access: Access) -> bool:
    return (
        found.principal is access.principal
        and found.dataset == access.dataset
        and found.action is access.action
        and found.door is access.door
        and found.rows == access.rows
        and (found.columns is None or (access.columns is not None and set(access.columns) <= set(found.columns)))
        and bool(found.via) == bool(access.via)
    )


def _requests(questions: Questions, access: Access, context: Mapping[str, tuple[str, ...]]) -> tuple[Asked, ...]:
    asked = {}
    for principal, action, resource, decision in questions.allowed:
        if principal is access.principal:
            because = tuple(f"{each.policy.name} statement {each.statement.index + 1}" for each in decision.allows)
            asked[action, resource] = Asked(
                principal=shown(principal.arn), action=action, resource=shown(resource), context=context, because=because
            )
    return tuple(asked[key] for key in sorted(asked))
