"""What accounts hold of a lake, held against what their personas are stated to read: administrators there may pass all of it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import Candidate, possibility
from lakecheck.access.invariants.personas import is_stated, named_reads
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.model import ALL_ROWS
from lakecheck.formula import Truth
from lakecheck.values import shown
from lakemodel.config.model import Products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.lake_formation import Right
    from lakecheck.access.model import Dataset
    from lakecheck.estate.model import Table
    from lakemodel.config.model import Environment

_READING: Final = frozenset({"SELECT", "DESCRIBE"})


def shared_beyond_what_is_stated(situation: Situation) -> Iterator[Candidate]:
    """Every right on a table that an account of the lake has been given and that no persona of it needs."""
    lake = situation.loaded.lake
    for dataset in situation.matrix.datasets:
        table = situation.data.tables.get((dataset.account, dataset.region, dataset.name))
        for name, environment in lake.environments.items() if lake is not None and table is not None else ():
            for account_name, account in environment.accounts.items():
                if table is not None and account != table.account:
                    yield from _of_account(situation, dataset, table, environment, account_name, name)


def _of_account(
    situation: Situation, dataset: Dataset, table: Table, environment: Environment, account_name: str, environment_name: str
) -> Iterator[Candidate]:
    account = environment.accounts[account_name]
    is_own = table.account in environment.lakes.values()
    for right in situation.data.governance.shared_with(account, table):
        columns, rows = right.columns or table.columns, right.rows
        too_much = sorted(right.permissions - _READING)
        stated = _stated_columns(situation, dataset, account_name, rows) if is_own else set()
        beyond = tuple(column for column in columns if column not in stated) if right.permissions & {"SELECT"} else ()
        found = possibility(right.when)
        if (not too_much and not beyond) or found.truth is Truth.FALSE:
            continue
        what = f"{', '.join(too_much)} on {dataset.name}" if too_much else f"{dataset.name} ({', '.join(beyond)})"
        example = Counterexample(
            summary=f"account {shown(account)} ({account_name} of {environment_name}) is given {what}, which none of its personas needs",
            environment=dataset.environment,
            columns=beyond,
            reasons=found.reasons,
            because=_grants(right),
            remedy="Share only what its personas read: its administrators may pass all of it on.",
            source=right.grants[0].origin.source if right.grants else "",
        )
        yield Candidate(principal=None, example=example, possible=found.truth)


def _stated_columns(situation: Situation, dataset: Dataset, account_name: str, rows: str) -> set[str]:
    lake = situation.loaded.lake
    found: set[str] = set()
    named = named_reads(situation)
    for name, persona in lake.personas.items() if lake is not None else ():
        if persona.account != account_name:
            continue
        if persona.read.products is Products.NAMED:
            read = named.get((name, dataset.name))
            found |= set(read.columns) if read is not None and (read.rows or ALL_ROWS) == rows else set()
        else:
            parts = [part for part in situation.data.parts(dataset) if is_stated(situation, persona, part)]
            found |= {column for part in parts for column in part.columns or ()}
    return found


def _grants(right: Right) -> tuple[str, ...]:
    return tuple(f"{', '.join(sorted(grant.permissions))} to {shown(grant.principal)} at {grant.origin}" for grant in right.grants)
