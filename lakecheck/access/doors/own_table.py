"""The door of tables of one's own: who can create a table over files that another table describes, and reads them as its creator.

Lake Formation lets create a table over a registered location whoever holds CREATE_TABLE on some database (or may create a database) and
DATA_LOCATION_ACCESS there; the creator holds every permission on the new table, whatever its columns are called, and the location's role
reads the files for it. Below the location that a database states CREATE_TABLE is enough. Whoever may alter a table that it reads may move
that one there as well.
https://docs.aws.amazon.com/lake-formation/latest/dg/creating-database.html
https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import Answer, doubtful, every, some
from lakecheck.access.doors.places import dataset_of
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Access, Action, Door, Step
from lakecheck.estate.model import EVERY_PERMISSION, IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.formula import FALSE, TRUE, Formula, Truth, Unresolved, any_of
from lakecheck.iam.globs import match
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.lake_formation.core import LakeFormation
    from lakecheck.access.lake_formation.door import CatalogDoors
    from lakecheck.access.lake_formation.grants import Held
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal, Table

CREATING: Final = "glue:CreateTable"

_CHANGING: Final = "glue:UpdateTable"
_NEW_DATABASE: Final = "glue:CreateDatabase"
_READING: Final = "glue:GetTable"
_ACTIONS: Final = {"SELECT": Action.READ, "INSERT": Action.WRITE}
_DATABASES: Final = {ResourceType.DATABASE, ResourceType.DATABASE_EXPRESSION}


def own_table(questions: Questions) -> Iterator[Access]:
    """Everybody's access to files below registered locations by a table of its own over them.

    Args:
        questions: About the estate.
    """
    from lakecheck.access.lake_formation.door import CatalogDoors  # noqa: PLC0415 - it builds on the other doors

    rights = Rights.of(questions)
    for source in {id(each): each for action in (CREATING, _CHANGING) for each in rights.holders(action)}.values():
        if owns(rights, source):
            continue
        doors = CatalogDoors.of(questions)
        held = [*doors.lake.grants.of_principal(source).everything()]
        ways = [each for each in _ways(rights, doors, source, held) if not each[1].refused]
        for table in doors.lake.tables if ways else ():
            yield from _over(doors, source, table, ways)


def _ways(rights: Rights, doors: CatalogDoors, source: Principal, held: Sequence[Held]) -> Iterator[tuple[str, Answer]]:
    """The locations that a table of its own may lie in, each with what remains."""
    reads = every((rights.ask_any(source, _READING), doors.asking.credentials(source)))
    if reads.refused:
        return
    locations = [each for each in held if each.grant.resource.type is ResourceType.LOCATION and _has(each, "DATA_LOCATION_ACCESS")]
    if locations:
        made = every(
            (reads, some((*_by_grants(rights, source, held), *_by_iam(rights, doors.lake, source), *_by_change(rights, source, held))))
        )
        for each in locations:
            yield each.grant.resource.arn.rpartition(":::")[2], every((made, Answer(each.when)))
    databases = {(each.account, each.name): each.location for each in doors.lake.estate.databases if each.target is None}
    for each in held:
        what = each.grant.resource
        location = databases.get((what.catalog, what.database), "") if what.catalog == source.account else ""
        if location and what.type is ResourceType.DATABASE and _has(each, "CREATE_TABLE"):
            yield location.partition("://")[2], every((reads, rights.ask_any(source, CREATING), Answer(each.when)))


def _over(doors: CatalogDoors, source: Principal, table: Table, ways: Iterable[tuple[str, Answer]]) -> Iterator[Access]:
    """What a table over the files of another one gives."""
    way = some(every((answer, Answer(_touches(location, table)))) for location, answer in ways)
    for permission, action in _ACTIONS.items() if not way.refused else ():
        answer = every((way, doors.from_location(table, permission)))
        if not answer.refused:
            yield Access(
                principal=source,
                dataset=dataset_of(table),
                action=action,
                door=Door.LAKE_FORMATION,
                conditions=answer.allowed,
                via=(Step(Door.SELF_GRANT, f"a table of its own over {shown(table.location)}", way.because),),
                because=answer.because,
                origin=source.origin,
            )


def _by_grants(rights: Rights, source: Principal, held: Iterable[Held]) -> Iterator[Answer]:
    table = rights.ask_any(source, CREATING)
    for each in held:
        what = each.grant.resource
        if what.type is ResourceType.CATALOG and _has(each, "CREATE_DATABASE"):
            yield every((table, rights.ask_any(source, _NEW_DATABASE), Answer(each.when)))
        elif what.type in _DATABASES and what.catalog == source.account and _has(each, "CREATE_TABLE"):
            answer = every((table, Answer(each.when)))
            is_named = what.type is ResourceType.DATABASE
            yield answer if is_named else doubtful(answer, f"whether a database has the LF-Tags that {source.name} may create tables by")


def _by_change(rights: Rights, source: Principal, held: Iterable[Held]) -> Iterator[Answer]:
    """By moving a table that it may alter and read."""
    change = rights.ask_any(source, _CHANGING)
    for each in held:
        what = each.grant.resource
        if what.type is ResourceType.TABLE and what.catalog == source.account and _has(each, "ALTER") and _has(each, "SELECT"):
            yield every((change, Answer(each.when)))


def _by_iam(rights: Rights, lake: LakeFormation, source: Principal) -> Iterator[Answer]:
    """In databases that `IAM_ALLOWED_PRINCIPALS` holds: IAM alone lets create tables there."""
    given = [each for each in lake.grants.of_name(IAM_ALLOWED_PRINCIPALS).everything() if _has(each, "CREATE_TABLE")]
    for database in lake.estate.databases:
        if database.account == source.account and database.target is None:
            on = [
                each.when
                for each in given
                if (each.grant.resource.catalog, each.grant.resource.database) == (database.account, database.name)
            ]
            left = any_of((*on, lake.left_by_default(database)))
            if left != FALSE:
                yield every((rights.ask_any(source, CREATING), Answer(left)))


def _has(held: Held, permission: str) -> bool:
    return bool(held.grant.permissions & {permission, *EVERY_PERMISSION})


def _touches(location: str, table: Table) -> Formula:
    """Whether `bucket/prefix` has files of a table: it is the same folder, one above it, or one inside it."""
    if not location or not table.location:
        return FALSE
    ours, theirs = (f"{each.rstrip('/')}/" for each in (location, table.location.partition("://")[2]))
    found = {match(f"{one}*", other) for one, other in ((ours, theirs), (theirs, ours))}
    if Truth.TRUE in found:
        return TRUE
    return Unresolved(f"whether {shown(location)} has files of {table.database}.{table.name}") if Truth.OPEN in found else FALSE
