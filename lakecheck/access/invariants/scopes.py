"""The data that a grant may be on, and whether a grant of Lake Formation stays within it, for data to come as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakecheck.access.lake_formation.tags import known
from lakecheck.access.model import ALL_ROWS, Dataset, DatasetKind
from lakecheck.estate.model import ResourceType
from lakemodel.config.model import Zone
from lakemodel.naming import product_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.invariants.model import Data
    from lakecheck.access.invariants.subjects import Part
    from lakecheck.estate.model import Database, GovernedResource, Grant, Table
    from lakemodel.config.model import Persona
    from lakemodel.contracts.role_reads import RoleRead


@dataclass(frozen=True, slots=True)
class Scope:
    """Data by the values that its tags may have.

    Attributes:
        situation: Where.
        values: By tag key the values that are within; a key that is not there may have any.
        on_columns: Keys that say what a column is; they do not count for databases.
        data: What else has to fit; nothing when None.
    """

    situation: Situation
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    on_columns: frozenset[str] = frozenset()
    data: Data | None = None

    def covers(self, grant: Grant) -> bool:
        """Whether everything that the grant is on, now and later, is within."""
        resource = grant.resource
        if self.data is not None and self.data.table is None and self.data.column is None and not self.values:
            return False
        match resource.type:
            case ResourceType.TABLE_EXPRESSION:
                return self._expression_is_within(resource, self.values)
            case ResourceType.DATABASE_EXPRESSION:
                return self._expression_is_within(resource, self._of_databases)
            case ResourceType.DATABASE:
                return self._database_is_within(grant)
            case ResourceType.TABLE | ResourceType.COLUMNS | ResourceType.CELLS_FILTER:
                return resource.table != "*" and self._columns_are_within(grant)
            case _:
                return False

    def is_read(self, grant: Grant, reads: Sequence[RoleRead]) -> bool:
        """Whether the grant is one of what contracts leave to a persona: these columns at most, of these rows."""
        table = self._table(grant)
        if table is None:
            return False
        columns, rows = self._columns_and_rows(grant, table)
        for read in reads:
            if (read.database, read.table) == (table.database, table.name) and rows == (read.rows or ALL_ROWS):
                return set(columns) <= set(read.columns)
        return False

    def is_of_product(self, grant: Grant, product: tuple[str, str]) -> bool:
        """Whether the grant is on a product's own tables, on the databases they are in, or on the locations that hold them."""
        own = [each for each in self.situation.questions.estate.tables if f"/{product_prefix(*product)}" in each.location]
        resource = grant.resource
        if resource.type is ResourceType.DATABASE:
            return grant.permissions <= {"DESCRIBE"} and any(
                (each.account, each.database) == (resource.catalog, resource.database) for each in own
            )
        if resource.type is ResourceType.LOCATION:
            bucket = resource.arn.partition(":::")[2].partition("/")[0]
            return any(each.location.startswith(f"s3://{bucket}/") for each in own)
        return resource.table != "*" and self._table(grant) in own

    @property
    def _of_databases(self) -> Mapping[str, frozenset[str]]:
        return {key: values for key, values in self.values.items() if key not in self.on_columns}

    def _expression_is_within(self, resource: GovernedResource, values: Mapping[str, frozenset[str]]) -> bool:
        stated = dict(resource.expression)
        return all(key in stated and set(stated[key]) <= within for key, within in values.items())

    def _database_is_within(self, grant: Grant) -> bool:
        database = self._database(grant)
        if database is None:
            return False
        tags = self._tags_of_database(database)
        return all(tags.get(key) in within for key, within in self._of_databases.items())

    def _columns_are_within(self, grant: Grant) -> bool:
        table = self._table(grant)
        if table is None:
            return False
        columns, _ = self._columns_and_rows(grant, table)
        parts = [part for part in self._parts(table) if set(part.columns or ()) & set(columns)]
        return all(part.tags.get(key) in within for part in parts for key, within in self.values.items())

    def _parts(self, table: Table) -> Iterator[Part]:
        dataset = Dataset(DatasetKind.TABLE, table.account, table.region, f"{table.database}.{table.name}")
        yield from self.situation.data.parts(dataset)

    def _columns_and_rows(self, grant: Grant, table: Table) -> tuple[tuple[str, ...], str]:
        resource = grant.resource
        if resource.type is ResourceType.TABLE:
            return table.columns, ALL_ROWS
        columns, excluded, rows = resource.columns, resource.excluded, ALL_ROWS
        if resource.type is ResourceType.CELLS_FILTER:
            place = (table.account, table.database, table.name, resource.filter)
            for each in self.situation.questions.estate.cells_filters:
                if (each.account, each.database, each.table, each.name) == place:
                    columns, excluded, rows = each.columns, each.excluded, each.rows
                    break
            else:
                return table.columns, ALL_ROWS
        named = columns if columns is not None else tuple(each for each in table.columns if each not in excluded)
        return named, rows

    def _table(self, grant: Grant) -> Table | None:
        place = (grant.resource.catalog, grant.resource.database.lower(), grant.resource.table.lower())
        found = (each for each in self.situation.questions.estate.tables if (each.account, each.database, each.name) == place)
        return next(found, None)

    def _database(self, grant: Grant) -> Database | None:
        """The database, or the one that a link leads to."""
        databases = {(each.account, each.name): each for each in self.situation.questions.estate.databases}
        found = databases.get((grant.resource.catalog, grant.resource.database.lower()))
        return databases.get(found.target) if found is not None and found.target is not None else found

    def _tags_of_database(self, database: Database) -> Mapping[str, str]:
        return known(self.situation.data.governance.tags.of_database((database.account, database.region, database.name)))


def scope_of_persona(situation: Situation, persona: Persona) -> Scope:
    """What lake.yaml states that a persona reads."""
    lake, keys = situation.loaded.lake, situation.loaded.rules.tags
    values = {keys.zone: frozenset(zone.value for zone in persona.read.zones)}
    if persona.read.domains is not None:
        values[keys.domain] = frozenset(persona.read.domains)
    classes = persona.read.classifications
    if classes is not None and persona.read.zones != [Zone.QUARANTINE]:
        values[keys.classification] = frozenset(classes)
    elif lake is not None and persona.read.zones != [Zone.QUARANTINE]:
        values[keys.classification] = frozenset(lake.classifications)
    return Scope(situation, values, frozenset({keys.classification}))


def scope_of_data(situation: Situation, data: Data | None) -> Scope:
    """What a rule's data are, by their tags."""
    if data is None:
        return Scope(situation)
    keys = situation.loaded.rules.tags
    stated = {keys.classification: data.classification, keys.zone: data.zone, keys.domain: data.domain, **(data.tag or {})}
    values = {key: frozenset(each) for key, each in stated.items() if each is not None}
    return Scope(situation, values, frozenset({keys.classification}), data)
