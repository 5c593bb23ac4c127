"""Re-asks what refutes an invariant with every condition key known: nothing is printed that the concrete evaluator does not allow.

The same doors are tried again on a part of the estate: those who are on the way, the one dataset, the buckets it lies in. What the part
lacks is not known there, so that it can confirm too little, but not too much; then more of it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lakecheck.access import doors, lake_formation
from lakecheck.access.doors.places import location, places, places_like
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.invariants.candidates import possibility
from lakecheck.access.invariants.verdicts import Asked
from lakecheck.access.matrix import compose
from lakecheck.access.model import Action, DatasetKind, Door
from lakecheck.access.questions import Questions
from lakecheck.formula import Truth
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.access.invariants.verdicts import Counterexample
    from lakecheck.access.model import Access, Matrix, Step
    from lakecheck.estate.model import Bucket, Principal, Table

MOST_STEPS: Final = 3
"""So many requests that lead to the data are printed with a counterexample."""

MOST_REQUESTS: Final = 4
"""So many requests that do something to it."""

MOST_PARTS: Final = 64
"""So many parts of an estate are kept for further counterexamples about the same data."""

_DEEDS: Final[Mapping[Action, tuple[str, ...]]] = {
    Action.READ: ("s3:Get", "kms:Decrypt", "glue:GetTable", "lakeformation:GetDataAccess"),
    Action.WRITE: ("s3:Put", "s3:Delete", "s3:Replicate", "kms:GenerateDataKey", "glue:GetTable", "lakeformation:GetDataAccess"),
    Action.ALTER: ("glue:UpdateTable",),
    Action.DROP: ("glue:Delete", "s3:Delete"),
    Action.GRANT: ("lakeformation:", "s3:Put"),
}
"""How the names of requests begin that do something to data."""

_LEADING: Final[Mapping[Door, tuple[str, ...]]] = {
    Door.ASSUMED_ROLE: ("sts:",),
    Door.SELF_GRANT: ("lakeformation:",),
    Door.POLICY_EDIT: ("iam:", "sso:", "s3:PutBucket", "s3:DeleteBucket", "s3:PutAccessPoint", "kms:PutKey", "kms:CreateGrant"),
}
"""How the names of requests begin that are such a step; any for another door."""

_NO_DATA: Final = frozenset({Door.PASS_ROLE, Door.CODE_UPDATE, Door.POLICY_EDIT})
"""Doors behind which there is everything in an account: what shows them is the step."""

_OF_COPIES: Final = frozenset({Door.ATHENA_RESULTS, Door.TEMPORARY_FILES})


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an estate, asked with certain condition keys: who can do what there."""

    questions: Questions
    accesses: tuple[Access, ...]


class Confirmation:
    """Confirms counterexamples of one matrix; what several of them need is asked once.

    Args:
        questions: Of the estate in which they were found.
        matrix: In which they were found.
    """

    def __init__(self, questions: Questions, matrix: Matrix) -> None:
        self._whole = questions
        self._matrix = matrix
        self._parts: dict[tuple[object, ...], _Part] = {}
        self._reached: dict[Step, tuple[list[Principal], list[str]]] | None = None

    def of(self, example: Counterexample) -> Counterexample | None:
        """The example with the requests that show it; None when they are not allowed after all.

        Every condition key has the witness's value or is missing.

        Args:
            example: What to confirm; one that is about no access of the matrix is taken as it is.
        """
        access = example.access
        if access is None:
            return example
        context = example.context or {}
        chain, is_known = self._chain(access)
        for narrow in (True, False):
            those = chain if narrow or is_known else self._whole.estate.principals
            part = self._part(those, access, context, narrow=narrow)
            if any(_is_same(each, access) and possibility(each.conditions).truth is Truth.TRUE for each in part.accesses):
                return replace(example, requests=self._requests(part.questions, chain, access, context))
        return None

    # --- who and what is on the way ----------------------------------------------------------------------------------------------------

    def _chain(self, access: Access) -> tuple[tuple[Principal, ...], bool]:
        """The principal and those whom it becomes, or whose copies it reads; and whether each step says who that is."""
        chain = [access.principal]
        is_known = True
        for step in access.via:
            principals, accounts = self._steps.get(step, ([], []))
            chain += principals
            for account in accounts:
                chain += self._inside(account, access)
            is_known &= bool(principals or accounts)
        if access.door is Door.ACCESS_GRANT:
            estate = self._whole.estate
            roles = {each.role for each in estate.access_grants} | {each.role for each in estate.access_grants_locations}
            chain += [each for each in self._whole.estate.principals if each.arn in roles]
        return tuple(dict.fromkeys(chain)), is_known

    @property
    def _steps(self) -> Mapping[Step, tuple[list[Principal], list[str]]]:
        """By step whom it leads to, and the accounts in which it lets do anything."""
        if self._reached is None:
            self._reached = {}
            for edge in self._matrix.edges:
                principals, accounts = self._reached.setdefault(edge.step, ([], []))
                if edge.target is None:
                    accounts.append(edge.account)
                else:
                    principals.append(edge.target)
            for leak in self._matrix.leaks:
                step = replace(leak.step, target=f"{leak.step.target} of {leak.member.name}")
                self._reached.setdefault(step, ([], []))[0].append(leak.member)
        return self._reached

    def _inside(self, account: str, access: Access) -> Iterator[Principal]:
        """Whom an administrator of an account can act as, of those who reach the data themselves, where it lies in another account."""
        if access.dataset.account != account:
            own = (each for each in self._matrix.accesses if not each.via and each.dataset == access.dataset)
            yield from (each.principal for each in own if each.principal.account == account)

    def _part(self, chain: Sequence[Principal], access: Access, context: Mapping[str, tuple[str, ...]], *, narrow: bool) -> _Part:
        of_copies = not narrow or any(step.door in _OF_COPIES for step in access.via)
        ways = not narrow or bool(access.via)
        key = (narrow, ways, of_copies, access.dataset, tuple(map(id, chain)), tuple(sorted(context.items())))
        if key not in self._parts:
            if len(self._parts) >= MOST_PARTS:
                self._parts.clear()
            self._parts[key] = self._made_part(chain, access, context, ways=ways, of_copies=of_copies)
        return self._parts[key]

    def _made_part(
        self, chain: Sequence[Principal], access: Access, context: Mapping[str, tuple[str, ...]], *, ways: bool, of_copies: bool
    ) -> _Part:
        estate = replace(self._whole.estate, principals=tuple(chain), tables=self._tables(access, narrow=not of_copies))
        if not of_copies:
            buckets = {bucket.arn: bucket for bucket in self._buckets(access)}
            points = tuple(point for point in estate.access_points if point.bucket in buckets)
            estate = replace(estate, buckets=tuple(buckets.values()), access_points=points)
        questions = Questions(estate, assuming=context)
        places_like(questions, self._whole)
        own = [*lake_formation.accesses(questions), *(each for door in doors.DIRECT for each in door(questions))]
        edges = [each for find in doors.EDGES for each in find(questions)] if ways else []
        leaks = [each for find in doors.LEAKS for each in find(questions)] if of_copies else []
        return _Part(questions, compose(estate, own, edges, leaks).accesses)

    def _tables(self, access: Access, *, narrow: bool) -> tuple[Table, ...]:
        """With links, the one table that it is about; about a bucket, all tables, or those in it."""
        tables = self._whole.estate.tables
        if access.dataset.kind is DatasetKind.TABLE:
            place = (access.dataset.account, access.dataset.region, access.dataset.name)
            found = ((each, (each.account, each.region, f"{each.database}.{each.name}")) for each in tables)
            return tuple(each for each, where in found if each.target is not None or where == place)
        if not narrow:
            return tables
        bucket = location(access.dataset.name)
        found_in = ((each, location(each.location)) for each in tables)
        return tuple(each for each, where in found_in if each.target is not None or (bucket and where and where[0] == bucket[0]))

    def _buckets(self, access: Access) -> Iterator[Bucket]:
        """The buckets that the data lies in, and those that it is copied to."""
        known = places(self._whole)
        if access.dataset.kind is DatasetKind.TABLE:
            own = tuple(each for each in known.buckets if any(place.dataset == access.dataset for place in known.of(each)))
        else:
            found = self._whole.bucket_at(access.dataset.name)
            own = () if found is None else (found,)
        named = self._whole.buckets
        for bucket in own:
            if bucket.arn in named:
                yield bucket
            yield from (named[arn] for arn, _ in bucket.replicates_to if arn in named)

    # --- what is printed ---------------------------------------------------------------------------------------------------------------

    def _requests(
        self, questions: Questions, chain: Sequence[Principal], access: Access, context: Mapping[str, tuple[str, ...]]
    ) -> tuple[Asked, ...]:
        """What was asked and allowed that shows this access: the steps to it, in the order of the chain, then what is done to the data."""
        steps: dict[tuple[int, str, str], Asked] = {}
        deeds: dict[tuple[int, str, str], Asked] = {}  # the one on the resource with the shortest name suffices
        is_deed = _Deeds(questions, access)
        for principal, action, resource, decision in questions.allowed:
            if principal not in chain:
                continue
            because = tuple(f"{each.policy.name} statement {each.statement.index + 1}" for each in decision.allows)
            one = Asked(principal=shown(principal.arn), action=action, resource=shown(resource), context=context, because=because)
            key = (chain.index(principal), action, resource)
            if is_deed(action, resource):
                about = (key[0], action, resource.partition("/")[0])
                deeds[about] = min(deeds.get(about, one), one, key=lambda each: (len(each.resource), each.resource))
            elif any(_leads(step, action, reasons(decision, action, resource)) for step in access.via):
                steps[key] = one
        return (*[steps[key] for key in sorted(steps)][:MOST_STEPS], *[deeds[key] for key in sorted(deeds)][:MOST_REQUESTS])


class _Deeds:
    """Which requests are the deed itself: done to this data, through this door.

    Args:
        questions: Of the part of the estate that was asked.
        access: What is to be shown.
    """

    def __init__(self, questions: Questions, access: Access) -> None:
        self._names = () if access.door in _NO_DATA else _DEEDS[access.action]
        self._of_files = access.door is not Door.LAKE_FORMATION
        self._of_engines = access.door in {Door.LAKE_FORMATION, Door.IAM_CATALOG}
        is_table = access.dataset.kind is DatasetKind.TABLE
        self._table = f":table/{access.dataset.name.replace('.', '/', 1)}" if is_table else ""
        bucket = questions.bucket_at(_location(questions, access))
        copies = [arn for arn, _ in bucket.replicates_to] if bucket is not None and access.door is Door.REPLICA else []
        points = [point.arn for point in questions.estate.access_points] if access.door is Door.ACCESS_POINT else []
        self._about = tuple(each for each in (bucket.arn, bucket.key, *copies, *points) if each) if bucket is not None else ()

    def __call__(self, action: str, resource: str) -> bool:
        """Whether a request is one of them."""
        if not action.startswith(self._names):
            return False
        match action.partition(":")[0]:
            case "s3" | "kms":
                return self._of_files and (resource.startswith(self._about) or action == "s3:GetDataAccess")
            case "glue":
                return self._of_engines and bool(self._table) and resource.endswith(self._table)
            case _:
                return self._of_engines


def _leads(step: Step, action: str, because: tuple[str, ...]) -> bool:
    """Whether a request is a step on the way."""
    return action.startswith(_LEADING.get(step.door, ("",))) and not set(step.because).isdisjoint(because)


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


def _location(questions: Questions, access: Access) -> str:
    if access.dataset.kind is DatasetKind.TABLE:
        return next((each.location for each in questions.estate.tables if each.target is None), "")
    return access.dataset.name
