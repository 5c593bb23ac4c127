"""Grants by whom they mean and what they are on, so that those for one principal and one table are found without a search."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakecheck.access.lake_formation.names import account_in, account_of, exact_names, is_organization, is_pattern, means, same_name
from lakecheck.access.lake_formation.tags import in_words
from lakecheck.estate.model import Account, ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of
from lakecheck.values import generated_holes, has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.lake_formation.tags import Place
    from lakecheck.estate.model import Estate, Grant, Principal, Table


@dataclass(frozen=True, slots=True)
class Held:
    """A grant that somebody holds, and what that depends on."""

    grant: Grant
    when: Formula


@dataclass(slots=True)
class Holdings:
    """Everything that one principal, or one account as a whole, was granted, by what it is on."""

    by_table: dict[tuple[Place, str], list[Held]] = field(default_factory=lambda: defaultdict(list))
    by_database: dict[Place, list[Held]] = field(default_factory=lambda: defaultdict(list))
    by_expression: dict[tuple[str, str], list[Held]] = field(default_factory=lambda: defaultdict(list))
    uncertain: list[Held] = field(default_factory=list)
    others: list[Held] = field(default_factory=list)

    def add(self, held: Held) -> None:
        """Files a grant."""
        resource = held.grant.resource
        region = resource.region or held.grant.region
        place = (resource.catalog, region, lower(resource.database))
        if resource.type in {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}:
            self.by_expression[resource.catalog, region].append(held)
        elif resource.type in _NAMED and (_guessed(place[2]) or _guessed(resource.table)):
            self.uncertain.append(held)
        elif resource.type is ResourceType.DATABASE or (resource.type is ResourceType.TABLE and resource.table == "*"):
            self.by_database[place].append(held)
        elif resource.type in _NAMED:
            self.by_table[place, lower(resource.table)].append(held)
        else:
            self.others.append(held)

    def on(self, table: Table) -> Iterator[Held]:
        """The grants that concern a table by name; those by expression are in `by_expression`."""
        place = (table.account, table.region, table.database)
        yield from self.by_table.get((place, table.name), ())
        yield from self.by_database.get(place, ())
        for held in self.uncertain:
            resource = held.grant.resource
            if resource.catalog != table.account or (resource.region or held.grant.region) != table.region:
                continue
            of_table = resource.type is not ResourceType.DATABASE and resource.table != "*"
            name = same_name(lower(resource.table), table.name) if of_table else TRUE
            when = all_of([held.when, same_name(lower(resource.database), table.database), name])
            if when != FALSE:
                yield Held(held.grant, when)

    def everything(self) -> Iterator[Held]:
        """Every grant."""
        for several in (*self.by_table.values(), *self.by_database.values(), *self.by_expression.values(), self.uncertain, self.others):
            yield from several

    def __bool__(self) -> bool:
        return bool(self.by_table or self.by_database or self.by_expression or self.uncertain or self.others)


class Grants:
    """All grants of an estate by whom they mean.

    Args:
        estate: Whose grants count.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._by_name: dict[str, list[Grant]] = defaultdict(list)
        self._patterns: list[Grant] = []
        self._organizations: list[Grant] = []
        self._holdings: dict[Principal, Holdings] = {}
        self._of_account: dict[str, Holdings] = {}
        self._of_name: dict[str, Holdings] = {}
        for grant in estate.grants:
            if is_organization(grant.principal):
                self._organizations.append(grant)
            elif is_pattern(grant.principal) or (_guessed(grant.principal) and account_of(grant.principal) not in estate.accounts):
                self._patterns.append(grant)
            self._by_name[account_of(grant.principal) or grant.principal].append(grant)

    def of_principal(self, principal: Principal) -> Holdings:
        """What was granted to a principal itself, in any account."""
        found = self._holdings.get(principal)
        if found is None:
            named = [Held(grant, TRUE) for name in exact_names(principal) for grant in self._by_name.get(name, ())]
            by_pattern = [Held(grant, means(grant.principal, principal)) for grant in self._patterns if grant.principal != principal.arn]
            found = self._holdings[principal] = _filed((*named, *by_pattern))
        return found

    def of_account(self, account: str) -> Holdings:
        """What other accounts have shared with an account as a whole, by its id or by its organisation.

        https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-permissions.html
        """
        found = self._of_account.get(account)
        if found is None:
            known = self._estate.accounts.get(account)
            as_account = known if known is not None else Account(id=account)
            named = [Held(grant, TRUE) for grant in self._by_name.get(account, ())]
            as_member = [Held(grant, account_in(grant.principal, as_account)) for grant in self._organizations]
            shared = [held for held in (*named, *as_member) if held.grant.account != account]
            found = self._of_account[account] = _filed(shared)
        return found

    def of_name(self, principal: str) -> Holdings:
        """What was granted to exactly this text, such as `IAM_ALLOWED_PRINCIPALS`."""
        found = self._of_name.get(principal)
        if found is None:
            found = self._of_name[principal] = _filed(Held(grant, TRUE) for grant in self._by_name.get(principal, ()))
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Every text that a grant names a principal by; accounts by id."""
        return tuple(self._by_name)


def in_short(grant: Grant) -> str:
    """A grant for people: what, on what, where it stands."""
    return f"{'+'.join(_ordered(grant.permissions))} {_on(grant)}; granted at {grant.origin}"


def _on(grant: Grant) -> str:
    resource = grant.resource
    name = f"{shown(resource.database)}.{shown(resource.table)}"
    if resource.type in {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}:
        kind = "on databases " if resource.type is ResourceType.DATABASE_EXPRESSION else ""
        return f"{kind}where {in_words(resource.expression)}"
    if resource.type is ResourceType.DATABASE:
        return f"on database {shown(resource.database)}"
    if resource.type is ResourceType.COLUMNS:
        columns = (
            f"columns {', '.join(resource.columns)}" if resource.columns is not None else f"all columns but {', '.join(resource.excluded)}"
        )
        return f"on {name} ({columns})"
    if resource.type is ResourceType.CELLS_FILTER:
        return f"on {name} through the filter {shown(resource.filter)}"
    if resource.type is ResourceType.LOCATION:
        return f"on location {shown(resource.arn)}"
    return f"on {name}" if resource.type is ResourceType.TABLE else f"on {resource.type.replace('_', ' ')}"


_ORDER = ("ALL", "SUPER", "SELECT", "INSERT", "DELETE", "ALTER", "DROP", "CREATE_TABLE", "DESCRIBE")
_NAMED = {ResourceType.DATABASE, ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER}


def _ordered(permissions: Iterable[str]) -> list[str]:
    return sorted(permissions, key=lambda each: (_ORDER.index(each) if each in _ORDER else len(_ORDER), each))


def _guessed(name: str) -> bool:
    """Whether a name has a part that is not known but may turn out to be what another one has."""
    return has_hole(name) and not generated_holes(name)


def _filed(several: Iterable[Held]) -> Holdings:
    holdings = Holdings()
    for held in several:
        condition = held.grant.condition
        when = all_of(
            [
                held.when,
                held.grant.origin.exists,
                Unresolved(f"whether the condition of the grant at {held.grant.origin} is met: {condition}") if condition else TRUE,
            ]
        )
        if when != FALSE:
            holdings.add(Held(held.grant, when))
    return holdings
