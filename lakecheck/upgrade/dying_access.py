"""What dies with a database, table, column, filter or bucket, or with a role: both states state it, and nobody grants it again.

A custom resource of permissions is asked again only when one of its properties changes, a native grant only when it is replaced.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS
from lakecheck.upgrade.collisions import refused
from lakecheck.upgrade.letting_go import is_let_go, touched
from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import tell
from lakecheck.upgrade.single_rights import few, lines, place_of, who
from lakecheck.values import generated_holes, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk
    from lakecheck.upgrade.single_rights import Place, Right, State, Thing

RULES: Final = {
    "lost_access.dies_with_database": "Grants, LF-Tags and filters die with a database that is deleted or replaced, and nobody makes them.",
    "lost_access.dies_with_table": "Grants, LF-Tags and filters die with a table that is deleted or replaced, and nobody makes them again.",
    "lost_access.dies_with_column": "Grants and LF-Tags of columns that a table has no more, and that HEAD still states.",
    "lost_access.dies_with_filter": "Grants die with a data cells filter that is deleted or replaced, and nobody makes them again.",
    "lost_access.dies_with_bucket": "A registered location, or a grant of one, whose bucket is deleted or replaced.",
    "lost_access.principal_made_again": "A role that holds grants is deleted and made again under its name.",
    "lost_access.resource_link": "A resource link is gone, by whose name others read what is shared with them.",
}


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
        for each in self._base.estate.databases:
            if place_of(each.origin) == at:
                key = (each.account, each.region, each.name)
                if each.target is not None and key not in self._head.databases:
                    yield _link(change, shown(each.name))
                dying = self._on(lambda thing, key=key: thing.table_name[:3] == key)  # type: ignore[misc]
                yield from _dies(change, "database", f"the database {shown(each.name)}", dying)

    def _with_table(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._base.estate.tables:
            if place_of(each.origin) == at:
                key = (each.account, each.region, each.database, each.name)
                name = f"{shown(each.database)}.{shown(each.name)}"
                if each.target is not None and key not in self._head.tables:
                    yield _link(change, name)
                if key[:3] in self._databases:
                    continue  # told with its database
                dying = self._on(lambda thing, key=key: thing.table_name == key)  # type: ignore[misc]
                yield from _dies(change, "table", f"the table {name}", dying)

    def _with_filter(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._base.estate.cells_filters:
            if place_of(each.origin) == at:
                key = (each.account, each.region, each.database, each.table, each.name)
                if key[:3] in self._databases or key[:4] in self._tables:
                    continue  # told with its database or table
                dying = self._on(lambda thing, key=key: (*thing.table_name, thing.filter) == key)  # type: ignore[misc]
                yield from _dies(change, "filter", f"the data cells filter {shown(each.name)}", dying)

    def _with_bucket(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._base.estate.buckets:
            if each.origin is not None and place_of(each.origin) == at:
                dying = self._on(lambda thing, arn=each.arn: is_in(thing.arn, arn))  # type: ignore[misc]
                dying += [
                    f"registered: {shown(location.arn)}"
                    for location in self._head.estate.locations
                    if is_in(location.arn, each.arn) and place_of(location.origin) not in self._touched
                ]
                yield from _dies(change, "bucket", f"the bucket {shown(each.name)}", dying)

    def _with_principal(self, change: ResourceChange, at: Place) -> Iterator[Risk]:
        for each in self._base.estate.principals:
            if each.origin is not None and place_of(each.origin) == at:
                yield from self._made_again(change, each.arn)

    def _on(self, fits: Callable[[Thing], bool]) -> list[str]:
        """What HEAD states on something, in words, as far as no resource that the deployment touches states it."""
        found = [
            (who(right.principal), right)
            for right, grants in self._head.rights.items()
            if fits(right.thing) and not any(place_of(each.origin) in self._touched for each in grants)
            if right.principal != IAM_ALLOWED_PRINCIPALS
        ]
        by_principal: dict[str, list[Right]] = {}
        for name, right in found:
            by_principal.setdefault(name, []).append(right)
        said = [f"{name}: {line}" for name, rights in by_principal.items() for line in lines(rights)]
        said += [
            f"the LF-Tag {shown(key)}={shown(value)} on {thing}"
            for (thing, key), several in self._head.tags.items()
            for value, association in several
            if fits(thing) and place_of(association.origin) not in self._touched
        ]
        return list(dict.fromkeys(said))

    def _with_columns(self, change: ResourceChange) -> Iterator[Risk]:
        if change.was is None or change.now is None:
            return
        before = next((each for each in self._base.estate.tables if place_of(each.origin) == self._base.place(change.was)), None)
        after = next((each for each in self._head.estate.tables if place_of(each.origin) == self._head.place(change.now)), None)
        if before is None or after is None or after.unknown:
            return
        gone = tuple(column for column in before.columns if column not in after.columns)
        name = (after.account, after.region, after.database, after.name)
        dying = self._on(lambda thing: thing.table_name == name and thing.column in gone and bool(thing.column))
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
