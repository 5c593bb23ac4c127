"""Makes the reference's grants and statements wider, one at a time, and judges the invariants again."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from lakecheck.access import doors, lake_formation
from lakecheck.access.invariants.judge import judge
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.matrix import build_matrix, compose
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Estate, Grant, ResourceType
from lakecheck.iam.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.model import Access, Matrix
    from lakecheck.estate.model import GovernedResource
    from lakecheck.iam.model import Policy, Statement

_SELECT = frozenset({"SELECT"})
_NAMED = {ResourceType.CELLS_FILTER, ResourceType.COLUMNS}
_EXPRESSIONS = {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}
_SERVICES = {"s3", "kms", "glue", "lakeformation", "sts", "iam"}


def of_environment(estate: Estate, environment: str) -> Estate:
    """The part of an estate that is in one environment's accounts, with those who are in none."""
    accounts = {name: each for name, each in estate.accounts.items() if environment in each.environments}
    kept: dict[str, object] = {"accounts": accounts}
    for field in fields(Estate):
        value = getattr(estate, field.name)
        if isinstance(value, tuple) and value and hasattr(value[0], "account"):
            kept[field.name] = tuple(each for each in value if not each.account or each.account in accounts)
    return replace(estate, **kept)  # type: ignore[arg-type]


class Widened:
    """Judges an estate with other grants; what no grant of Lake Formation has a part in is asked once.

    Args:
        estate: As it is.
        rules: The invariants.
    """

    def __init__(self, estate: Estate, rules: LoadedRules) -> None:
        self.estate = estate
        self.rules = rules
        self._questions = Questions(estate)
        self._own: list[Access] = [access for door in doors.DIRECT for access in door(self._questions)]
        self._edges = [edge for each in doors.EDGES for edge in each(self._questions)]
        self._leaks = [leak for each in doors.LEAKS for leak in each(self._questions)]

    def refuted(self, grants: tuple[Grant, ...]) -> list[str]:
        """The invariants that are refuted with these grants."""
        questions = Questions(replace(self.estate, grants=grants))
        accesses = [*self._own, *lake_formation.accesses(questions)]
        datasets = {access.dataset for access in accesses}
        return refuted(questions, compose(questions.estate, accesses, self._edges, self._leaks, datasets=datasets), self.rules)

    def refuted_fast(self, grants: tuple[Grant, ...]) -> list[str]:
        """The same; those about grants are asked first, as they need no accesses."""
        chosen = [each for each in self.rules.rules.invariants if each.grants is not None]
        about_grants = replace(self.rules, rules=self.rules.rules.model_copy(update={"invariants": chosen}))
        questions = Questions(replace(self.estate, grants=grants))
        return refuted(questions, compose(questions.estate, ()), about_grants) or self.refuted(grants)


def refuted(questions: Questions, matrix: Matrix, rules: LoadedRules) -> list[str]:
    """The invariants that are refuted."""
    return [verdict.id for verdict in judge(questions, matrix, rules).verdicts if verdict.state is State.REFUTED]


def instead(everything: tuple[Grant, ...], one: Grant, other: Grant) -> tuple[Grant, ...]:
    """The grants with another in the place of one."""
    return tuple(other if each is one else each for each in everything)


def wider_grants(grant: Grant) -> Iterator[tuple[str, Grant]]:
    """Every way in which a grant is made wider, with its name."""
    resource = grant.resource
    on_data = resource.type not in {ResourceType.LOCATION, ResourceType.DATABASE, ResourceType.DATABASE_EXPRESSION}
    yield "everything", replace(grant, permissions=frozenset({"ALL"}))
    more = grant.permissions | (_SELECT if on_data else frozenset())
    yield "everybody", replace(grant, principal=f"{grant.account}:IAMPrincipals", permissions=more)
    if not grant.grantable:
        yield "passing on", replace(grant, grantable=grant.permissions)
    for name, wide in _wider_resources(resource):
        yield name, replace(grant, resource=wide, permissions=grant.permissions | _SELECT)


def _wider_resources(resource: GovernedResource) -> Iterator[tuple[str, GovernedResource]]:
    if resource.type in _NAMED:
        yield "its whole table", replace(resource, type=ResourceType.TABLE, filter="", columns=None, excluded=())
    elif resource.type is ResourceType.TABLE:
        yield "all tables", replace(resource, table="*")
    elif resource.type is ResourceType.DATABASE:
        yield "its tables", replace(resource, type=ResourceType.TABLE, table="*")
    elif resource.type in _EXPRESSIONS:
        on_tables = replace(resource, type=ResourceType.TABLE_EXPRESSION)
        yield "tables", replace(on_tables, expression=tuple((key, ("*",)) for key, _ in resource.expression))
        for index, (key, _) in enumerate(resource.expression):
            every = tuple((name, ("*",) if name == key else values) for name, values in resource.expression)
            yield f"every {key}", replace(on_tables, expression=every)
            if len(resource.expression) > 1:
                yield f"without {key}", replace(on_tables, expression=resource.expression[:index] + resource.expression[index + 1 :])


def statements(estate: Estate) -> Iterator[tuple[Policy, int]]:
    """Every statement that allows something of storage, keys, the catalog or identities, but those of administrators."""
    policies = {id(policy): policy for principal in estate.principals for policy in principal.policies}
    for policy in policies.values():
        for index, statement in enumerate(policy.statements):
            services = {action.partition(":")[0] for action in statement.actions or ()}
            if statement.effect is Effect.ALLOW and services & _SERVICES:
                yield policy, index


def wider_resources(statement: Statement) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The resources that a statement would have if it were wider, with a name for it."""
    resources = tuple(statement.resources or ())
    if resources not in {(), ("*",)}:
        yield "*", ("*",)
    buckets = tuple(f"{each.partition('/')[0]}/*" if ":s3:::" in each and "/" in each else each for each in resources)
    if buckets != resources:
        yield "bucket", tuple(dict.fromkeys(buckets))


def with_resources(estate: Estate, policy: Policy, index: int, resources: tuple[str, ...]) -> Estate:
    """The estate with other resources in one statement of one policy, wherever it is attached."""
    wide = tuple(replace(each, resources=resources) if number == index else each for number, each in enumerate(policy.statements))
    other = replace(policy, statements=wide)
    principals = tuple(
        replace(each, policies=tuple(other if one is policy else one for one in each.policies))
        if any(one is policy for one in each.policies)
        else each
        for each in estate.principals
    )
    return replace(estate, principals=principals)


def reached(matrix: Matrix) -> Counter[tuple[str, ...]]:
    """What everybody reaches, to hold two matrices against each other."""
    return Counter(
        (one.principal.arn, one.dataset.name, one.action, one.door, str(one.columns), one.rows, str(one.conditions))
        for one in matrix.accesses
    )


def judged_again(estate: Estate, rules: LoadedRules) -> tuple[list[str], Matrix]:
    """The invariants that are refuted over an estate, and its matrix."""
    questions = Questions(estate)
    matrix = build_matrix(estate, questions=questions)
    return refuted(questions, matrix, rules), matrix
