"""What dies with a database, table, column, filter or bucket, or with a role: both states state it, and nobody grants it again.

A custom resource of permissions is asked again only when one of its properties changes, a native grant only when it is replaced.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Bucket, CellsFilter, Database, Principal, Table
from lakecheck.upgrade.identity.collisions import refused
from lakecheck.upgrade.lake_formation.letting_go import is_let_go, touched
from lakecheck.upgrade.lake_formation.single_rights import few, lines, place_of, who
from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import tell
from lakecheck.values import generated_holes, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakecheck.estate.model import Estate
    from lakecheck.upgrade.lake_formation.single_rights import Place, Right, State, Thing
    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

RULES: Final = {
    "lost_access.dies_with_database": "Grants, LF-Tags and filters die with a database that is deleted or replaced, and nobody makes them.",
    "lost_access.dies_with_table": "Grants, LF-Tags and filters die with a table that is deleted or replaced, and nobody makes them again.",
    "lost_access.dies_with_column": "Grants and LF-Tags of columns that a table has no more, and that HEAD still states.",
    "lost_access.dies_with_filter": "Grants die with a data cells filter that is deleted or replaced, and nobody makes them again.",
    "lost_access.dies_with_bucket": "A registered location, or a grant of one, whose bucket is deleted or replaced.",
    "lost_access.principal_made_again": "A role that holds grants is deleted and made again under its name.",
    "lost_access.resource_link": "A resource link is gone, by whose name others read what is shared with them.",
}

_Named = TypeVar("_Named")
_Mortal = Database | Table | CellsFilter | Bucket | Principal


class Dying:
    """Looks at what a deployment deletes.

    Args:
        comparison: What changes.
        base: The rights of BASE.
        head: The rights of HEAD.
    """

    def __init__(self, comparison: Comparison, base: State, head: State) -> None:
        self._changes = comparison.changes
        self._base = base
        self._head = head
        self._touched = touched(comparison)
        self._refused = refused(comparison)
        let_go = {base.place(change.was) for change in comparison.changes if is_let_go(change) and change.was is not None}
        self._rights, self._tags = _by_name(head.rights, lambda right: right.thing), _by_name(head.tags, itemgetter(0))
        self._in_base, self._in_head = _by_place(base.estate), _by_place(head.estate)
        self._databases = {(each.account, each.region, each.name) for each in base.estate.databases if place_of(each.origin) in let_go}
        self._tables = {
            (each.account, each.region, each.database, each.name) for each in base.estate.tables if place_of(each.origin) in let_go
        }

    def risks(self) -> Iterator[Risk]:
        """Everything that dies although HEAD states it; what CloudFormation refuses to replace keeps all."""
        for change in self._changes:
            if change.was is None or id(change) in self._refused:
                continue
            if is_let_go(change):
                for look in (self._with_database, self._with_table, self._with_filter, self._with_bucket, self._with_principal):
                    yield from look(change, self._base.place(change.was))
            elif change.fate is Fate.UPDATED and change.type == "AWS::Glue::Table":
                yield from self._with_columns(change)

    # --- what dies with what it is on --------------------------------------------------------------------------------------------------

    def _with_database(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._in_base.get(at, ()):
            if isinstance(each, Database):
                key = (each.account, each.region, each.name)
                if each.target is not None and key not in self._head.databases:
                    yield _link(change, shown(each.name))
                dying = self._on(key, lambda _: True)
                yield from _dies(change, "database", f"the database {shown(each.name)}", dying)

    def _with_table(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._in_base.get(at, ()):
            if isinstance(each, Table):
                key = (each.account, each.region, each.database, each.name)
                name = f"{shown(each.database)}.{shown(each.name)}"
                if each.target is not None and key not in self._head.tables:
                    yield _link(change, name)
                if key[:3] in self._databases:
                    continue  # told with its database
                dying = self._on(key, lambda _: True)
                yield from _dies(change, "table", f"the table {name}", dying)

    def _with_filter(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._in_base.get(at, ()):
            if isinstance(each, CellsFilter):
                key = (each.account, each.region, each.database, each.table, each.name)
                if key[:3] in self._databases or key[:4] in self._tables:
                    continue  # told with its database or table
                dying = self._on(key[:4], lambda thing, name=each.name: thing.filter == name)  # type: ignore[misc]
                yield from _dies(change, "filter", f"the data cells filter {shown(each.name)}", dying)

    def _with_bucket(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._in_base.get(at, ()):
            if isinstance(each, Bucket):
                dying = self._on((), lambda thing, arn=each.arn: is_in(thing.arn, arn))  # type: ignore[misc]
                dying += [
                    f"registered: {shown(location.arn)}"
                    for location in self._head.estate.locations
                    if is_in(location.arn, each.arn) and place_of(location.origin) not in self._touched
                ]
                yield from _dies(change, "bucket", f"the bucket {shown(each.name)}", dying)

    def _with_principal(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._in_base.get(at, ()):
            if isinstance(each, Principal):
                yield from self._made_again(change, each.arn)

    def _on(self, name: tuple[str, ...], fits: Callable[[Thing], bool]) -> list[str]:
        """What HEAD states on what fits below a name, in words, as far as no resource that the deployment touches states it."""
        found = [
            (who(right.principal), right)
            for right in self._rights.get(name, ())
            if fits(right.thing) and not any(place_of(each.origin) in self._touched for each in self._head.rights[right])
            if right.principal != IAM_ALLOWED_PRINCIPALS
        ]
        by_principal: dict[str, list[Right]] = {}
        for holder, right in found:
            by_principal.setdefault(holder, []).append(right)
        said = [f"{holder}: {line}" for holder, rights in by_principal.items() for line in lines(rights)]
        said += [
            f"the LF-Tag {shown(key)}={shown(value)} on {thing}"
            for thing, key in self._tags.get(name, ())
            for value, association in self._head.tags[thing, key]
            if fits(thing) and place_of(association.origin) not in self._touched
        ]
        return list(dict.fromkeys(said))

    def _with_columns(self, change: ResourceChange) -> Iterator[Risk]:
        if change.was is None or change.now is None:
            return
        before = next((each for each in self._in_base.get(self._base.place(change.was), ()) if isinstance(each, Table)), None)
        after = next((each for each in self._in_head.get(self._head.place(change.now), ()) if isinstance(each, Table)), None)
        if before is None or after is None or after.unknown:
            return
        gone = tuple(column for column in before.columns if column not in after.columns)
        name = (after.account, after.region, after.database, after.name)
        dying = self._on(name, lambda thing: bool(thing.column) and thing.column in gone)
        if dying:
            yield tell(
                change,
                "lost_access.dies_with_column",
                f"{shown(after.database)}.{shown(after.name)} has {few(map(shown, gone))} no more, and {few(dying)} with it",
                consequence="Grants and LF-Tags of a column go with it; a column that comes back under its name has none of them.",
                remedy="Take them out of the template together with the column, or keep the column.",
                at="StorageDescriptor.Columns",
                was=", ".join(map(shown, gone)),
                because=tuple(dying),
            )

    def _made_again(self, change: ResourceChange, arn: str) -> Iterator[Risk]:
        held = [right for right in self._head.rights if right.principal == arn]
        again = any(each.origin is not None and each.arn == arn for each in self._head.estate.principals)
        if held and again and not generated_holes(arn):
            yield tell(
                change,
                "lost_access.principal_made_again",
                f"{who(arn)} is deleted and made again, and holds {few(lines(held))}",
                consequence="A grant names a role by its ARN; AWS does not say that a grant to the old role is one to the new.",
                remedy="Keep the role; or change the grants in a deployment after it, so that they are made again.",
                was=who(arn),
                because=(*change.because, *lines(held)),
                is_certain=False,
            )


def _by_name(named: Iterable[_Named], thing_of: Callable[[_Named], Thing]) -> Mapping[tuple[str, ...], list[_Named]]:
    """What is on things, by the name of their table, of its database, and by none for all."""
    found: dict[tuple[str, ...], list[_Named]] = {}
    for each in named:
        name = thing_of(each).table_name
        for key in (name, name[:3], ()):
            found.setdefault(key, []).append(each)
    return found


def _by_place(estate: Estate) -> Mapping[Place, list[_Mortal]]:
    """By where it stands what something can die with."""
    found: dict[Place, list[_Mortal]] = {}
    for kind in (estate.databases, estate.tables, estate.cells_filters, estate.buckets, estate.principals):
        for each in kind:
            if each.origin is not None:
                found.setdefault(place_of(each.origin), []).append(each)
    return found


def _dies(change: ResourceChange, kind: str, name: str, dying: list[str]) -> Iterator[Risk]:
    if not dying:
        return
    what = "goes" if change.fate is Fate.REMOVED else "is replaced" if change.now is not None else "goes"
    stays = "stay, and lead nowhere" if kind == "bucket" else "die with it"
    yield tell(
        change,
        f"lost_access.dies_with_{kind}",
        f"{name} {what}, and with it {few(dying)}",
        consequence=f"They {stays}: the deployment does not touch what grants them, so nobody grants them again.",
        remedy="Keep it, or change its grants, LF-Tags and filters in the same deployment, so that they are made again; "
        "after a deployment that was done, take them out of the template and bring them back.",
        was=f"{len(dying)} with {name}",
        because=(*change.because, *dying),
        is_certain=change.fate is not Fate.PERHAPS_REPLACED,
    )


def _link(change: ResourceChange, name: str) -> Risk:
    return tell(
        change,
        "lost_access.resource_link",
        f"the resource link {name} is gone",
        consequence="What reads through its name fails: what is shared stays, and has no name in this catalog any more.",
        remedy="Keep the link until nobody queries by its name.",
        was=name,
        because=change.because,
    )


def is_in(arn: str, bucket: str) -> bool:
    """Whether an ARN is that of a bucket, or of something in it."""
    return arn == bucket or arn.startswith(f"{bucket}/")
