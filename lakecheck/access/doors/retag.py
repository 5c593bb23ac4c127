"""The door of LF-Tags put on databases: who can tag a database so that a tag-based grant of its own fits the tables in it.

Tagging asks for ASSOCIATE on the tag, for `lakeformation:AddLFTagsToResource`, and for DESCRIBE, CREATE_TABLE, ALTER and DROP on the
database, all with the grant option. (Tagging a table asks for SELECT on it with the grant option, which is the right already.)
https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-assigning-tags.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import Answer, every
from lakecheck.access.doors.places import dataset_of
from lakecheck.access.doors.rights import Rights
from lakecheck.access.model import Access, Action, Door, Step
from lakecheck.estate.model import EVERY_PERMISSION, GovernedResource, ResourceType, TagAssociation
from lakecheck.formula import FALSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.lake_formation.door import CatalogDoors
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Estate, Grant, Principal

TAGGING: Final = "lakeformation:AddLFTagsToResource"

_ON_DATABASE: Final = frozenset({"DESCRIBE", "CREATE_TABLE", "ALTER", "DROP"})


def retag(questions: Questions) -> Iterator[Access]:
    """Everybody's reading of tables after giving their database other LF-Tags.

    Args:
        questions: About the estate.
    """
    from lakecheck.access.lake_formation.door import CatalogDoors  # noqa: PLC0415 - it builds on the other doors
    from lakecheck.access.lake_formation.names import means  # noqa: PLC0415

    rights = Rights.of(questions)
    for source in rights.holders(TAGGING):
        held = [each for each in questions.estate.grants if means(each.principal, source) != FALSE]
        tags = _associable(held)
        databases = [each for each in held if each.resource.type is ResourceType.DATABASE and _may_tag(each)]
        expressions = [each for each in held if each.resource.type is ResourceType.TABLE_EXPRESSION and _reads(each)]
        if tags and databases and expressions:
            doors = CatalogDoors.of(questions)
            answer = doors.asking.credentials(source, TAGGING)
            for database in databases:
                for expression in expressions:
                    if not answer.refused and expression.resource.catalog == database.resource.catalog:
                        yield from _gained(doors, source, database, _chosen(expression, tags), answer)


def _gained(doors: CatalogDoors, source: Principal, database: Grant, chosen: Mapping[str, str], answer: Answer) -> Iterator[Access]:
    """What the principal reads of a database with these tags and not without them."""
    from lakecheck.access.lake_formation.core import LakeFormation  # noqa: PLC0415

    if not chosen:
        return
    after = LakeFormation(_tagged(doors.lake.estate, database, chosen))
    place = (database.resource.catalog, database.resource.database)
    step = Step(Door.SELF_GRANT, f"LF-Tags of database {database.resource.database}", answer.because)
    for table in doors.lake.tables:
        if (table.account, table.database) != place:
            continue
        before = {(each.columns, each.rows, each.when) for each in doors.lake.rights(source, table) if "SELECT" in each.permissions}
        for right in after.rights(source, table):
            if "SELECT" in right.permissions and (right.columns, right.rows, right.when) not in before:
                whole = every((answer, Answer(right.when), doors.beside(source, table, "SELECT")))
                if not whole.refused:
                    yield Access(
                        principal=source,
                        dataset=dataset_of(table),
                        action=Action.READ,
                        door=Door.LAKE_FORMATION,
                        columns=right.columns,
                        rows=right.rows,
                        conditions=whole.allowed,
                        via=(step,),
                        because=whole.because,
                        origin=right.grants[0].origin if right.grants else source.origin,
                    )


def _associable(held: Iterable[Grant]) -> Mapping[str, set[str]]:
    """The LF-Tags that somebody may put on something."""
    found: dict[str, set[str]] = defaultdict(set)
    for grant in held:
        if grant.resource.type is ResourceType.LF_TAG and grant.permissions & {"ASSOCIATE", *EVERY_PERMISSION}:
            for key, values in grant.resource.expression:
                found[key].update(values)
    return found


def _may_tag(grant: Grant) -> bool:
    return bool(grant.grantable & EVERY_PERMISSION) or grant.grantable >= _ON_DATABASE


def _reads(grant: Grant) -> bool:
    return bool(grant.permissions & {"SELECT", *EVERY_PERMISSION})


def _chosen(expression: Grant, tags: Mapping[str, set[str]]) -> Mapping[str, str]:
    """Of each tag of an expression that may be put on something, a value that fits."""
    found: dict[str, str] = {}
    for key, values in expression.resource.expression:
        fitting = sorted(values) if "*" in tags.get(key, ()) else sorted(set(values) & tags.get(key, set()))
        if "*" in values:
            fitting = sorted(tags.get(key, ()))
        if fitting:
            found[key] = fitting[0]
    return found


def _tagged(estate: Estate, database: Grant, chosen: Mapping[str, str]) -> Estate:
    """The estate with these tags on the database instead of those with the same keys."""
    place = database.resource
    kept: list[TagAssociation] = []
    for each in estate.tag_associations:
        on = each.resource
        if on.type is ResourceType.DATABASE and (on.catalog, on.database) == (place.catalog, place.database):
            left = tuple((key, value) for key, value in each.tags if key not in chosen)
            kept += [replace(each, tags=left)] if left else []
        else:
            kept.append(each)
    resource = GovernedResource(type=ResourceType.DATABASE, catalog=place.catalog, region=database.region, database=place.database)
    added = TagAssociation(
        account=database.account, region=database.region, resource=resource, tags=tuple(chosen.items()), origin=database.origin
    )
    return replace(estate, tag_associations=(*kept, added))
