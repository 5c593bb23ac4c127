"""Grants, data cells filters, registered locations and opt-ins that BASE states and HEAD does not.

Who loses what is compared by meaning: whichever resources state it, under whatever logical id.
https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.lake_formation.permissions import SELECT
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.formula import FALSE, TRUE
from lakecheck.upgrade.lake_formation.single_rights import few, lines, place_of, who
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import CellsFilter, Table
    from lakecheck.upgrade.lake_formation.single_rights import Place, Right, State
    from lakecheck.upgrade.lake_formation.telling import Teller
    from lakecheck.upgrade.model import Risk

RULES: Final = {
    "lost_access.grant": "A Lake Formation grant is stated no more, and nothing wider gives what it gave.",
    "lost_access.principal": "A role that holds Lake Formation grants is in HEAD no more, or has another name.",
    "lost_access.filter": "A data cells filter is gone or shows less, and somebody reads through it.",
    "lost_access.location": "A location is registered no more, so that Lake Formation gives nobody credentials for it.",
    "lost_access.opt_in": "A principal is opted in no more: IAM decides about it, and its grants do not count.",
    "harmless.covered": "What a grant or a registration gave is given by another one.",
    "harmless.gone_with": "A grant goes together with what it was on.",
}

_KEEP: Final = "If somebody still uses it, keep it; else have its owner approve the loss."
_BY_NAME: Final = frozenset({ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER})


def lost_grants(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """What is granted no more, resource by resource and principal by principal."""
    groups: dict[tuple[Place, str], list[Right]] = defaultdict(list)
    gone = {arn: origin for arn, origin in _gone_principals(base, head).items() if not teller.is_left_behind(origin)}
    for right, grants in base.rights.items():
        if right.principal not in gone and all(teller.is_left_behind(each.origin) for each in grants):
            continue
        if right.principal != IAM_ALLOWED_PRINCIPALS and not _stays(right, base, head):
            groups[place_of(grants[0].origin), right.principal].append(right)
    of_gone: dict[str, list[Right]] = defaultdict(list)
    is_open = any(has_hole(text) for rights in groups.values() for right in rights for text in right.texts)
    added = [right for right in head.rights if right not in base.rights and (is_open or any(map(has_hole, right.texts)))] if groups else []
    for (_, principal), rights in groups.items():
        origin = base.rights[rights[0]][0].origin
        if principal in gone:
            of_gone[principal] += rights
            continue
        yield from _of_group(rights, origin, base, head, added, teller)
    for right in head.rights if gone else ():
        if right.principal in gone:
            of_gone[right.principal].append(right)
    for principal, rights in of_gone.items():
        heir = _heir(rights, gone[principal], head)
        yield teller.at(
            gone[principal],
            "lost_access.principal",
            f"{who(principal)} is in HEAD no more, and holds {_count(rights)}",
            consequence=f"Its grants go to {who(heir)}; whoever works as the old one, by its name or ARN, fails from then on."
            if heir
            else "Whoever works as it loses what it reads: grants are made to an ARN, and another one has none of them.",
            remedy="Keep the role, or make the new one beside it and take the old one away when nobody works as it any more."
            if heir
            else "Keep the role, or grant the same to what takes its place before anybody moves there.",
            was=f"{who(principal)}: {few(lines(rights), 1)}",
            because=lines(rights),
        )


def _of_group(rights: list[Right], origin: Origin, base: State, head: State, added: list[Right], teller: Teller) -> Iterator[Risk]:
    """What one resource granted one principal; `added` is what HEAD grants under names that are open."""
    covered = [right for right in rights if head.covers(right) or _is_given(right, head)]
    gone = [right for right in rights if right not in covered and not _is_there(right, base, head)]
    open_rights = [right for right in rights if right not in covered and right not in gone]
    maybe = [
        right
        for right in open_rights
        if right in head.rights or _is_given_where_known(right, base, head) or any(right.may_be(other) for other in added)
    ]
    principal = rights[0].principal
    for group, is_certain in (([right for right in open_rights if right not in maybe], True), (maybe, False)):
        if group:
            said = lines(group)
            yield teller.at(
                origin,
                "lost_access.grant",
                f"{who(principal)} loses {few(said)}",
                consequence="The deployment revokes it, and what needs it fails from then on."
                if is_certain
                else "What else HEAD grants may give the same, and may not: the templates do not tell all of it.",
                remedy=_KEEP,
                was=f"{who(principal)}: {few(said, 1)}",
                because=said,
                is_certain=is_certain,
            )
    if covered:
        yield teller.at(
            origin,
            "harmless.covered",
            f"{who(principal)} keeps {few(lines(covered))} by other grants",
            consequence="What the grant gave is given otherwise.",
            because=lines(covered),
        )
    if gone:
        yield teller.at(
            origin,
            "harmless.gone_with",
            f"{who(principal)} loses {few(lines(gone))}, which is in HEAD no more itself",
            consequence="There is nothing left to grant on; what becomes of that is told where it stands.",
            because=lines(gone),
        )


def _stays(right: Right, base: State, head: State) -> bool:
    """Whether HEAD states a right at least as surely as BASE does."""
    found = head.rights.get(right)
    if found is None:
        return False
    if any(each.origin.exists == TRUE for each in found):
        return True
    before = {each.origin.exists for each in base.rights[right]}
    return TRUE not in before or all(each.origin.exists in before for each in found)


def _is_given(right: Right, head: State) -> bool:
    """Whether a right on a table that HEAD has is given by HEAD's other grants together."""
    table = head.tables.get(right.thing.table_name) if right.thing.type in _BY_NAME else None
    return table is not None and head.gives(right, table)


def _is_given_where_known(right: Right, base: State, head: State) -> bool:
    """Whether on every known table that an expression matched, or a database has, other grants give the same; there may be more tables."""
    if right.thing.type is ResourceType.TABLE_EXPRESSION:
        matched = [
            (table, columns)
            for table in base.lake.tables
            if (table.account, table.region) == (right.thing.catalog, right.thing.region)
            for when, columns in base.lake.table_rights.columns_matching(right.thing.expression, table)
            if when != FALSE
        ]
    elif right.thing.type is ResourceType.TABLE and right.thing.table == "*":
        place = right.thing.table_name[:3]
        matched = [(table, None) for table in base.lake.tables if (table.account, table.region, table.database) == place]
    else:
        return False
    found = [(head.tables.get((table.account, table.region, table.database, table.name)), columns) for table, columns in matched]
    there = [(table, columns) for table, columns in found if table is not None]
    return bool(there) and all(head.gives(right, table, columns) for table, columns in there)


def _is_there(right: Right, base: State, head: State) -> bool:
    """Whether what a right is on is in HEAD, or was never in a template."""
    thing = right.thing
    database = (thing.catalog, thing.region, thing.database)
    if thing.database and database in base.databases and database not in head.databases:
        return False
    table = thing.table_name
    if table in base.tables and table not in head.tables:
        return False
    before = base.tables.get(table)
    after = head.tables.get(table)
    if thing.column and before is not None and after is not None and thing.column in before.columns:
        return thing.column in after.columns or bool(after.unknown)
    return True


def _gone_principals(base: State, head: State) -> dict[str, Origin]:
    """Principals that BASE's templates make and HEAD's do not, with where they stood."""
    kept = {each.arn for each in head.estate.principals if each.origin is not None}
    return {each.arn: each.origin for each in base.estate.principals if each.origin is not None and each.arn not in kept}


def _heir(rights: list[Right], origin: Origin, head: State) -> str:
    """What the same resource is called in HEAD when it holds all of a role's rights there: grants follow it by `Ref` or `GetAtt`."""
    for each in head.estate.principals:
        if each.origin is not None and place_of(each.origin) == place_of(origin):
            moved = [replace(right, principal=each.arn) for right in rights]
            if all(right in head.rights or head.covers(right) for right in moved):
                return each.arn
    return ""


def _count(rights: Sequence[Right]) -> str:
    number = len(lines(rights))
    return "a Lake Formation grant" if number == 1 else f"{number} Lake Formation grants"


# --- filters -----------------------------------------------------------------------------------------------------------------------------


def lost_filters(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """Filters that somebody reads through in HEAD, and that are gone or show less.

    https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html
    """
    now = {_filter_key(each): each for each in head.estate.cells_filters}
    for was in base.estate.cells_filters:
        if teller.is_left_behind(was.origin):
            continue
        key = _filter_key(was)
        readers = sorted({who(right.principal) for right in head.rights if (*right.thing.table_name, right.thing.filter) == key})
        if not readers:
            continue
        found = now.get(key)
        name = f"the filter {shown(was.name)} of {shown(was.database)}.{shown(was.table)}"
        loss = ("is gone", True) if found is None else _narrower(was, found)
        if loss is None:
            continue
        yield teller.at(
            was.origin if found is None else found.origin,
            "lost_access.filter",
            f"{name} {loss[0]}",
            consequence=f"{few(readers)} {'reads' if len(readers) == 1 else 'read'} nothing, or less, through it from then on.",
            remedy="Make a new filter under another name, grant on it, and take the old one away when nobody reads through it any more.",
            was=_shows(was),
            now="" if found is None else _shows(found),
            because=readers,
            is_certain=loss[1],
        )


def _filter_key(each: CellsFilter) -> tuple[str, ...]:
    return each.account, each.region, each.database, each.table, each.name


def _narrower(was: CellsFilter, now: CellsFilter) -> tuple[str, bool] | None:
    """In which way a filter shows less, and whether surely so."""
    if was.columns is not None and now.columns is not None and set(was.columns) - set(now.columns):
        return f"shows {', '.join(sorted(set(was.columns) - set(now.columns)))} no more", True
    if was.columns is None and now.columns is not None:
        return "shows some columns only", True
    if now.columns is None and set(now.excluded) - set(was.excluded):
        return f"shows {', '.join(sorted(set(now.excluded) - set(was.excluded)))} no more", was.columns is None
    if was.rows != now.rows and now.rows:
        return "shows other rows" if was.rows else "shows some rows only", not was.rows
    return None


def _shows(each: CellsFilter) -> str:
    columns = ", ".join(each.columns) if each.columns is not None else f"all but {', '.join(each.excluded)}" if each.excluded else "all"
    return f"columns {shown(columns)}" + (f", rows where {shown(each.rows)}" if each.rows else "")


# --- locations and opt-ins ---------------------------------------------------------------------------------------------------------------


def lost_locations(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """Locations that are registered no more, and under no registered one.

    https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
    """
    now = {(each.account, each.region, each.arn) for each in head.estate.locations}
    for was in base.estate.locations:
        if (was.account, was.region, was.arn) in now or teller.is_left_behind(was.origin):
            continue
        wider = next((arn for account, region, arn in now if (account, region) == (was.account, was.region) and _is_in(was.arn, arn)), "")
        if wider:
            yield teller.at(
                was.origin,
                "harmless.covered",
                f"{shown(was.arn)} is registered no more, and is under {shown(wider)}, which is",
                consequence="Lake Formation gives credentials for it as before, by the role of the wider registration.",
            )
            continue
        tables = [table for table in base.lake.tables if _is_in(_arn(table.location, was.arn), was.arn)]
        readers = sorted({who(name) for table in tables for name in _readers(base, table)})
        names = [f"{shown(table.database)}.{shown(table.name)}" for table in tables]
        whom = f"{few(readers)} {'needs' if len(readers) == 1 else 'need'}" if readers else "Whoever reads it needs"
        yield teller.at(
            was.origin,
            "lost_access.location",
            f"{shown(was.arn)} is registered no more",
            consequence=f"Lake Formation gives no credentials for {few(names) or 'what is below it'}: {whom} S3 and KMS by IAM instead.",
            remedy="Keep the registration; or let readers have S3 and KMS by IAM first, and know that grants then protect no data there.",
            because=[f"read by grants: {name}" for name in readers],
        )


def _is_in(arn: str, registered: str) -> bool:
    return arn == registered or arn.startswith(f"{registered}/")


def _arn(location: str, like: str) -> str:
    """An `s3://` address as an ARN of the same partition as another one."""
    return f"{like.partition(':s3:::')[0]}:s3:::{location.removeprefix('s3://').rstrip('/')}"


def _readers(state: State, table: Table) -> list[str]:
    return [
        name
        for name in state.lake.grants.names
        if name != IAM_ALLOWED_PRINCIPALS and any(SELECT in right.permissions for right in state.lake.rights_of(name, table))
    ]


def lost_opt_ins(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """Principals that are opted in no more.

    https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html
    """
    now = {(each.account, each.region, each.principal, each.resource) for each in head.estate.opt_ins}
    for was in base.estate.opt_ins:
        if (was.account, was.region, was.principal, was.resource) in now or teller.is_left_behind(was.origin):
            continue
        name = f"{shown(was.resource.database)}{f'.{shown(was.resource.table)}' if was.resource.table else ''}"
        yield teller.at(
            was.origin,
            "lost_access.opt_in",
            f"{who(was.principal)} is opted in to Lake Formation on {name or shown(was.resource.arn)} no more",
            consequence="IAM decides about it from then on: its grants there neither give nor limit anything.",
            remedy="Keep it opted in; or give it by IAM what it is to read, and no more, before it is taken out.",
            was=f"{who(was.principal)} on {name or shown(was.resource.arn)}",
        )
