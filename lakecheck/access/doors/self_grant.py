"""The door of self-granted rights: administrators of a lake, those who can make themselves one, and holders of a grant option alone.

An administrator holds no SELECT, but may grant it, to itself too; IAM must let it do that, and read afterwards. Whoever IAM lets put the
lake's settings can write itself into the list of administrators: Lake Formation asks for nothing more.
https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html
https://docs.aws.amazon.com/lake-formation/latest/dg/required-permissions-for-grant.html

Assigning LF-Tags to a table or its columns asks for SELECT on it with the grant option, so whoever may do it may grant already; for
databases see `retag`
(https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-assigning-tags.html). Taking a location's registration away, or making it hybrid,
leaves the files to IAM and S3, whose doors are open or shut without that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, Answer, doubtful, every, some
from lakecheck.access.doors.places import dataset_of
from lakecheck.access.doors.policy_edit import reach
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import ALL_ROWS, Access, Action, Door, Step
from lakecheck.formula import TRUE
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.lake_formation.door import CatalogDoors
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Catalog, Principal, Table

GRANTING: Final = ("lakeformation:GrantPermissions", "lakeformation:BatchGrantPermissions")
SETTING: Final = "lakeformation:PutDataLakeSettings"

_PERMISSIONS: Final = {"SELECT": Action.READ, "INSERT": Action.WRITE, "ALTER": Action.ALTER, "DROP": Action.DROP}
"""One for each thing that is done to data."""


def self_grant(questions: Questions) -> Iterator[Access]:
    """Everybody's access to tables by a Lake Formation grant that it gives itself first.

    Args:
        questions: About the estate.
    """
    from lakecheck.access.lake_formation.door import CatalogDoors  # noqa: PLC0415 - it builds on the other doors

    rights = Rights.of(questions)
    doors = CatalogDoors.of(questions)
    catalogs = {(each.account, each.region): each for each in questions.estate.catalogs}
    by_place: dict[tuple[str, str], list[Table]] = {}
    for table in doors.lake.tables:
        by_place.setdefault((table.account, table.region), []).append(table)
    granters: list[tuple[Principal, tuple[str, str], Answer]] = []
    for source in rights.acting:
        may_grant = _granting(rights, doors, source)
        if may_grant.refused:
            continue
        for place, tables in by_place.items():
            way = every((may_grant, _administers(rights, doors, source, place, catalogs.get(place))))
            if not way.refused:
                granters.append((source, place, way))
                yield from _through(doors, source, tables, way, f"grants in the lake of account {shown(place[0])}")
        yield from _by_grant_option(doors, source, may_grant)
    if granters:
        yield from _as_granter(rights, doors, granters, by_place)


def _as_granter(
    rights: Rights,
    doors: CatalogDoors,
    granters: Iterable[tuple[Principal, tuple[str, str], Answer]],
    by_place: Mapping[tuple[str, str], list[Table]],
) -> Iterator[Access]:
    """Becoming somebody who grants, granting oneself, and reading as oneself: whoever grants need not be let read."""
    reached = reach(rights)
    sure = {(id(source), place) for source, place, way in granters if way.allowed == TRUE}
    for granter, place, way in sorted(granters, key=lambda each: each[2].allowed != TRUE):
        for source in rights.acting:
            become = reached[id(source)].get(id(granter))
            if become is None or source is granter or (id(source), place) in sure or (source.account == place[0] and owns(rights, source)):
                continue
            both = every((become, way))
            if both.allowed == TRUE:
                sure.add((id(source), place))
            if not both.refused:
                target = f"grants as {granter.name} in the lake of account {shown(place[0])}"
                yield from _through(doors, source, by_place[place], both, target)


def _granting(rights: Rights, doors: CatalogDoors, source: Principal) -> Answer:
    """Whether IAM lets somebody grant."""
    return some(doors.asking.credentials(source, action) for action in GRANTING if source.unknown or rights.could(source, action))


def _administers(rights: Rights, doors: CatalogDoors, source: Principal, place: tuple[str, str], catalog: Catalog | None) -> Answer:
    """Whether somebody is an administrator of a lake, or can become one."""
    account, region = place
    listed = Answer(doors.lake.is_admin(source, account, region), (f"{source.name} administers the lake",))
    if source.account != account or not any(rights.could(source, action) for action in GRANTING):
        return listed
    ways = [listed, doors.asking.credentials(source, SETTING) if rights.could(source, SETTING) else NO]
    if catalog is None or not catalog.settings_known:
        ways.append(doubtful(_said(source), f"who administers the lake of account {shown(account)} in {shown(region)}: no template says"))
    elif catalog.keeps_other_admins:
        reason = f"whether {source.name} has been made an administrator of the lake of account {shown(account)} outside all templates"
        ways.append(doubtful(_said(source), reason))
    return some(ways)


def _said(source: Principal) -> Answer:
    return Answer(TRUE, (f"{source.name} may be an administrator",))


def _through(doors: CatalogDoors, source: Principal, tables: Iterable[Table], way: Answer, target: str) -> Iterator[Access]:
    step = (Step(Door.SELF_GRANT, target, way.because),)
    joined: dict[Answer, Answer] = {}
    for table in tables:
        for permission in _PERMISSIONS:
            beside = doors.beside(source, table, permission)
            if beside.refused:
                continue
            if beside not in joined:
                joined[beside] = every((way, beside))
            answer = joined[beside]
            if not answer.refused:
                yield Access(
                    principal=source,
                    dataset=dataset_of(table),
                    action=_PERMISSIONS[permission],
                    door=Door.LAKE_FORMATION,
                    conditions=answer.allowed,
                    via=step,
                    because=answer.because,
                    origin=source.origin,
                )


def _by_grant_option(doors: CatalogDoors, source: Principal, may_grant: Answer) -> Iterator[Access]:
    """What somebody may pass on without having it."""
    for table in doors.lake.tables:
        for right in doors.people.rights(source, table):
            for permission in _PERMISSIONS:
                if permission not in right.grantable or permission in right.permissions:
                    continue
                answer = every((may_grant, Answer(right.when), doors.beside(source, table, permission)))
                if not answer.refused:
                    yield Access(
                        principal=source,
                        dataset=dataset_of(table),
                        action=_PERMISSIONS[permission],
                        door=Door.LAKE_FORMATION,
                        columns=right.columns,
                        rows=right.rows if permission == "SELECT" else ALL_ROWS,
                        conditions=answer.allowed,
                        via=(Step(Door.SELF_GRANT, f"{table.database}.{table.name}", may_grant.because),),
                        because=answer.because,
                        origin=right.grants[0].origin if right.grants else source.origin,
                    )
