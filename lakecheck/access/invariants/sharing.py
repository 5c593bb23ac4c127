"""What accounts hold of a lake, held against what their personas are stated to read: administrators there may pass all of it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import Candidate, possibility
from lakecheck.access.invariants.personas import is_stated, named_reads
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.lake_formation.names import account_of, is_organization
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

_READING: Final = frozenset({"SELECT", "DESCRIBE"})


def shared_beyond_what_is_stated(situation: Situation) -> Iterator[Candidate]:
    """Every right on a table that an account of the lake has been given and that no persona of it needs."""
    lake = situation.loaded.lake
    environments = lake.environments if lake is not None else {}
    ours = {account for environment in environments.values() for account in environment.accounts.values()}
    governance = situation.data.governance
    strangers = [name for name in governance.grants.names if is_organization(name) or account_of(name) not in {"", *ours}]
    for dataset in situation.matrix.datasets:
        table = situation.data.tables.get((dataset.account, dataset.region, dataset.name))
        if table is None:
            continue
        for name, environment in environments.items():
            for account_name, account in environment.accounts.items():
                if account != table.account:
                    who = f"account {shown(account)} ({account_name} of {name})"
                    stated = table.account in environment.lakes.values()
                    for right in governance.shared_with(account, table):
                        columns = _stated_columns(situation, dataset, account_name, right.rows) if stated else set()
                        yield from _beyond(dataset, table, right, who, columns)
        for name in strangers:
            if name != table.account:
                for right in governance.rights_of(name, table):
                    yield from _beyond(dataset, table, right, f"{shown(name)}, which is none of lake.yaml's accounts,", set())


def _beyond(dataset: Dataset, table: Table, right: Right, who: str, stated: set[str]) -> Iterator[Candidate]:
    """What a right gives to an account beyond the columns that are stated."""
    columns = table.columns if right.columns is None else right.columns
    too_much = sorted(right.permissions - _READING)
    beyond = tuple(column for column in columns if column not in stated) if "SELECT" in right.permissions else ()
    unseen = "SELECT" in right.permissions and right.columns is None and not table.columns
    found = possibility(right.when)
    if not (too_much or beyond or unseen) or found.truth is Truth.FALSE:
        return
    what = f"{', '.join(too_much)} on {dataset.name}" if too_much else f"{dataset.name} ({', '.join(beyond) or 'whatever columns it has'})"
    example = Counterexample(
        summary=f"{who} is given {what}, which no persona of it needs",
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
