"""Re-asks what refutes an invariant with every condition key known: nothing is printed that the concrete evaluator does not allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import possibility
from lakecheck.access.invariants.verdicts import Asked
from lakecheck.access.matrix import build_matrix
from lakecheck.access.model import Action, DatasetKind
from lakecheck.access.questions import Questions
from lakecheck.formula import Truth
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.access.invariants.verdicts import Counterexample
    from lakecheck.access.model import Access, Matrix
    from lakecheck.estate.model import Estate, Principal, Table

MOST_REQUESTS: Final = 6
"""So many requests are printed with a counterexample."""


def confirmed(estate: Estate, matrix: Matrix, example: Counterexample) -> Counterexample | None:
    """The example with the requests that show it; None when they are not allowed after all.

    The same doors are tried again on a small estate, in which every condition key has the witness's value or is missing.

    Args:
        estate: Where it was found.
        matrix: In which it was found.
        example: What to confirm; one that is about no access of the matrix is taken as it is.
    """
    access = example.access
    if access is None:
        return example
    chain = _chain(estate, matrix, access)
    questions = Questions(replace(estate, principals=chain, tables=_tables(estate, access)), assuming=example.context or {})
    again = build_matrix(questions.estate, questions=questions)
    if not any(_is_same(each, access) and possibility(each.conditions).truth is Truth.TRUE for each in again.accesses):
        return None
    return replace(example, requests=_requests(questions, chain, access, example.context or {}))


def _chain(estate: Estate, matrix: Matrix, access: Access) -> tuple[Principal, ...]:
    """The principal and those whom it becomes on the way; everybody where a step is none of the matrix's edges."""
    chain = [access.principal]
    for step in access.via:
        targets = [edge.target for edge in matrix.edges if edge.step == step and edge.target is not None]
        if not targets:
            return estate.principals
        chain += targets
    return tuple(dict.fromkeys(chain))


def _tables(estate: Estate, access: Access) -> tuple[Table, ...]:
    """The one table, with links, that it is about; all of them when it is about a bucket."""
    if access.dataset.kind is not DatasetKind.TABLE:
        return estate.tables
    place = (access.dataset.account, access.dataset.region, access.dataset.name)
    found = ((each, (each.account, each.region, f"{each.database}.{each.name}")) for each in estate.tables)
    return tuple(each for each, where in found if each.target is not None or where == place)


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


def _requests(
    questions: Questions, chain: tuple[Principal, ...], access: Access, context: Mapping[str, tuple[str, ...]]
) -> tuple[Asked, ...]:
    """What was asked and allowed that is about this data, in the order of the chain."""
    bucket = questions.bucket_at(_location(questions, access))
    about = tuple(each for each in (bucket.arn, bucket.key) if each) if bucket is not None else ()
    asked: dict[tuple[int, str, str], Asked] = {}
    for principal, action, resource, decision in questions.allowed:
        is_data = action.startswith(("s3:", "kms:"))
        if principal not in chain or (is_data and not resource.startswith(about)) or (is_data and not _is_of(action, access.action)):
            continue
        because = tuple(f"{each.policy.name} statement {each.statement.index + 1}" for each in decision.allows)
        one = Asked(principal=shown(principal.arn), action=action, resource=shown(resource), context=context, because=because)
        asked[chain.index(principal), action, resource] = one
    return tuple(asked[key] for key in sorted(asked))[:MOST_REQUESTS]


def _is_of(request: str, action: Action) -> bool:
    return (action is Action.READ) == request.startswith(("s3:Get", "s3:List", "kms:Decrypt"))


def _location(questions: Questions, access: Access) -> str:
    if access.dataset.kind is DatasetKind.TABLE:
        return next((each.location for each in questions.estate.tables if each.target is None), "")
    return access.dataset.name
