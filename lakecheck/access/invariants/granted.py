"""Grants of Lake Formation held against those that there may be: a wider one shows here even where IAM still stands in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import Candidate, possibility
from lakecheck.access.invariants.personas import named_reads
from lakecheck.access.invariants.scopes import Scope, scope_of_data, scope_of_persona
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.lake_formation.tags import in_words
from lakecheck.estate.model import ResourceType
from lakecheck.formula import Truth
from lakecheck.values import shown
from lakemodel.config.model import Products

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.invariants.model import AllowedGrants
    from lakecheck.estate.model import Grant, Principal
    from lakemodel.config.model import Persona

_DESCRIBE: Final = frozenset({"DESCRIBE"})


def grants_beyond(situation: Situation, allowed: list[AllowedGrants]) -> Iterator[Candidate]:
    """Every grant that none of the allowed ones covers."""
    checker = _Checker(situation)
    for grant in situation.questions.estate.grants:
        found = possibility(grant.origin.exists)
        covered = any(checker.covers(entry, grant) for entry in allowed)
        example = Counterexample(
            summary=f"{shown(grant.principal)} is granted {', '.join(sorted(grant.permissions))} on {checker.on(grant)}",
            environment=grant.origin.environment,
            reasons=found.reasons,
            because=(f"granted at {grant.origin}",),
            remedy="Take the grant back to what is stated, or state what it is for.",
            source=grant.origin.source,
        )
        yield Candidate(principal=None, example=example, possible=Truth.FALSE if covered else found.truth)
    yield from _left_by_default(situation)


def _left_by_default(situation: Situation) -> Iterator[Candidate]:
    """What the creation of tables gave to IAM_ALLOWED_PRINCIPALS and nothing has taken away."""
    lake = situation.data.governance
    for table in lake.tables:
        when = lake.authorities.by_default(table)
        found = possibility(when)
        example = Counterexample(
            summary=f"IAM_ALLOWED_PRINCIPALS holds ALL on {table.database}.{table.name}, as the defaults for new tables give it",
            environment=table.origin.environment,
            reasons=found.reasons,
            because=lake.governed(table).because,
            remedy="Take IAM_ALLOWED_PRINCIPALS off the table, and out of the defaults.",
            source=table.origin.source,
        )
        yield Candidate(principal=None, example=example, possible=found.truth)


class _Checker:
    """Whether a grant is within allowed ones."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._by_arn = {principal.arn: principal for principal in situation.questions.estate.principals}
        self._named = named_reads(situation)

    def covers(self, entry: AllowedGrants, grant: Grant) -> bool:
        """Whether an entry allows the grant."""
        if not grant.permissions <= set(entry.permissions) or not grant.grantable <= set(entry.grantable) or grant.condition:
            return False
        if entry.accounts is not None:
            return self._is_for_account(grant)
        principal = self._by_arn.get(grant.principal)
        if principal is None:
            return False
        if entry.persona is not None:
            return self._is_of_persona(entry, principal, grant)
        if entry.pipeline is not None:
            return self._is_of_pipeline(entry, principal, grant)
        scope = scope_of_data(self._situation, entry.data)
        return self._situation.who.is_called(principal, entry.principal or "") and (entry.data is None or scope.covers(grant))

    def on(self, grant: Grant) -> str:
        """What the grant is on, in words."""
        resource = grant.resource
        table = f"{resource.database}.{resource.table}"
        match resource.type:
            case ResourceType.DATABASE:
                return f"database {resource.database}"
            case ResourceType.TABLE:
                return table
            case ResourceType.COLUMNS:
                columns = resource.columns if resource.columns is not None else ("all but", *resource.excluded)
                return f"{table} ({', '.join(columns)})"
            case ResourceType.CELLS_FILTER:
                return f"{table}, filter {resource.filter}"
            case ResourceType.DATABASE_EXPRESSION | ResourceType.TABLE_EXPRESSION:
                kind = "databases" if resource.type is ResourceType.DATABASE_EXPRESSION else "tables"
                return f"{kind} where {in_words(resource.expression)}"
            case _:
                return shown(resource.arn) or resource.type.value

    def _is_of_persona(self, entry: AllowedGrants, principal: Principal, grant: Grant) -> bool:
        name, environment = self._situation.who.persona_of(principal), self._situation.who.environment_of(principal)
        if name is None or environment is None or entry.persona not in {"*", name}:
            return False
        lakes = environment.lakes.values()
        if self._on_database(grant):
            # A link in the persona's own account is seen as well as what it leads to.
            return self._describes(name, grant, {*lakes, principal.account})
        if self._persona(name).read.products is Products.NAMED:
            return self._is_named(name, grant, lakes)
        return scope_of_persona(self._situation, self._persona(name), lakes).covers(grant)

    def _is_for_account(self, grant: Grant) -> bool:
        """Whether some persona of the account is to have it: by LF-Tags, or by name where contracts name the persona."""
        lake = self._situation.loaded.lake
        for environment in lake.environments.values() if lake is not None else ():
            lakes = environment.lakes.values()
            if grant.account not in lakes or grant.resource.catalog != grant.account:
                continue
            for account_name, account in environment.accounts.items():
                if account != grant.principal:
                    continue
                personas = [name for name in (lake.personas if lake is not None else ()) if self._persona(name).account == account_name]
                if any(self._is_shared_for(name, grant, lakes) for name in personas):
                    return True
        return False

    def _is_shared_for(self, name: str, grant: Grant, lakes: Collection[str]) -> bool:
        if self._on_database(grant):
            return self._describes(name, grant, lakes)
        if self._persona(name).read.products is Products.NAMED:
            return self._is_named(name, grant, lakes)
        by_tags = grant.resource.type is ResourceType.TABLE_EXPRESSION
        return by_tags and scope_of_persona(self._situation, self._persona(name), lakes).covers(grant)

    def _describes(self, name: str, grant: Grant, catalogs: Collection[str]) -> bool:
        return grant.permissions <= _DESCRIBE and scope_of_persona(self._situation, self._persona(name), catalogs).covers(grant)

    def _is_named(self, name: str, grant: Grant, catalogs: Collection[str]) -> bool:
        scope = scope_of_persona(self._situation, self._persona(name), catalogs)
        return scope.is_read(grant, [read for (of, _), read in self._named.items() if of == name])

    @staticmethod
    def _on_database(grant: Grant) -> bool:
        return grant.resource.type in {ResourceType.DATABASE, ResourceType.DATABASE_EXPRESSION}

    def _is_of_pipeline(self, entry: AllowedGrants, principal: Principal, grant: Grant) -> bool:
        products = self._situation.who.products_of(principal, entry.pipeline or "")
        return any(Scope(self._situation).is_of_product(grant, principal, product) for product in products)

    def _persona(self, name: str) -> Persona:
        lake = self._situation.loaded.lake
        if lake is None:
            raise KeyError(name)
        return lake.personas[name]
