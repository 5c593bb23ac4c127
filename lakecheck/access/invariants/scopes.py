"""The data that a grant may be on, and whether a grant of Lake Formation stays within it, for data to come as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lakecheck.access.invariants.model import TagKeys
from lakecheck.access.lake_formation.tags import known
from lakecheck.access.model import ALL_ROWS, Dataset, DatasetKind
from lakecheck.estate.model import ResourceType
from lakemodel.config.model import Zone
from lakemodel.naming import product_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.invariants.model import Data
    from lakecheck.access.invariants.subjects import Part
    from lakecheck.estate.model import Database, GovernedResource, Grant, Principal, Table
    from lakemodel.config.model import Persona
    from lakemodel.contracts.role_reads import RoleRead


@dataclass(frozen=True, slots=True)
class Scope:
    """Data by the values that its tags may have.

    Attributes:
        situation: Where.
        values: By tag key the values that are within; a key that is not there may have any.
        on_columns: Keys that say what a column is; they do not count for databases.
        catalogs: Accounts whose catalogs are within; any when None.
        data: What else has to fit; nothing when None.
    """

    situation: Situation
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    on_columns: frozenset[str] = frozenset()
    catalogs: frozenset[str] | None = None
    data: Data | None = None

    def covers(self, grant: Grant) -> bool:
        """Whether everything that the grant is on, now and later, is within."""
        resource = grant.resource
        if not self._is_catalog(resource.catalog) or (self.data is not None and not self._is_place(resource.catalog, self.data)):
            return False
        by_name = self.data is not None and (self.data.table is not None or self.data.column is not None)
        match resource.type:
            case ResourceType.TABLE_EXPRESSION:
                return not by_name and self._expression_is_within(resource, self.values)
            case ResourceType.DATABASE_EXPRESSION:
                return not by_name and self._expression_is_within(resource, self._of_databases)
            case ResourceType.DATABASE:
                return not by_name and self._database_is_within(grant)
            case ResourceType.TABLE | ResourceType.COLUMNS | ResourceType.CELLS_FILTER:
                return resource.table != "*" and self._columns_are_within(grant)
            case _:
                return False

    def is_read(self, grant: Grant, reads: Sequence[RoleRead]) -> bool:
        """Whether the grant is one of what contracts leave to a persona: these columns at most, of these rows."""
        table = self._table(grant)
        if table is None or not self._is_catalog(table.account):
            return False
        columns, rows, _ = self._part_of(grant, table)
        for read in reads:
            if (read.database, read.table) == (table.database, table.name) and rows == (read.rows or ALL_ROWS):
                return columns is not None and set(columns) <= set(read.columns)
        return False

    def is_of_product(self, grant: Grant, principal: Principal, product: tuple[str, str]) -> bool:
        """Whether the grant is on a product's own tables, on the databases they are in, or on the locations that hold them."""
        resource = grant.resource
        own = [each for each in self.situation.questions.estate.tables if self._is_own(each, principal, product)]
        if resource.catalog != principal.account:
            return False
        if resource.type is ResourceType.DATABASE:
            place = (resource.region or grant.region, resource.database.lower())
            return grant.permissions <= {"DESCRIBE"} and any((each.region, each.database) == place for each in own)
        if resource.type is ResourceType.LOCATION:
            path = f"{resource.arn.partition(':::')[2].rstrip('/')}/"
            _, _, prefix = path.partition("/")
            is_own = not prefix or prefix.startswith(product_prefix(*product))
            return is_own and any(each.location.partition("://")[2].startswith(path) for each in own)
        return resource.table not in {"*", ""} and self._table(grant) in own

    def _is_own(self, table: Table, principal: Principal, product: tuple[str, str]) -> bool:
        """Whether a table is a product's: in the pipeline's account, below the product's prefix, of no other domain."""
        _, _, path = table.location.partition("://")[2].partition("/")
        if table.account != principal.account or not f"{path.rstrip('/')}/".startswith(product_prefix(*product)):
            return False
        key = self.situation.loaded.rules.tags.domain.lower()
        return self.situation.data.governance.tags_of(table).get(key, product[0].lower()) == product[0].lower()

    @property
    def _of_databases(self) -> Mapping[str, frozenset[str]]:
        return {key: values for key, values in self.values.items() if key not in self.on_columns}

    def _is_catalog(self, account: str) -> bool:
        return self.catalogs is None or account in self.catalogs

    def _is_place(self, account: str, data: Data) -> bool:
        """Whether a catalog may hold such data; a grant on tables is never on data of another kind."""
        known = self.situation.questions.estate.accounts.get(account)
        environments = {each.lower() for each in (known.environments if known is not None else ())}
        of_environment = data.environment is None or (environments and environments <= {each.lower() for each in data.environment})
        return bool(of_environment) and (data.account is None or account in data.account) and (data.kind is None or "table" in data.kind)

    def _expression_is_within(self, resource: GovernedResource, values: Mapping[str, frozenset[str]]) -> bool:
        """Whether it is; an expression that no template states may match anything."""
        stated = {key.lower(): allowed for key, allowed in resource.expression}
        return bool(stated) and all(key in stated and {each.lower() for each in stated[key]} <= within for key, within in values.items())

    def _database_is_within(self, grant: Grant) -> bool:
        database = self._database(grant)
        if database is None or not self._is_catalog(database.account):
            return False
        tags = self._tags_of_database(database)
        return all(tags.get(key) in within for key, within in self._of_databases.items())

    def _columns_are_within(self, grant: Grant) -> bool:
        table = self._table(grant)
        if table is None:
            return False
        columns, _, all_to_come = self._part_of(grant, table)
        if columns is None:
            return False
        if self.data is not None and not self._are_named(table, columns, self.data):
            return False
        parts = [part.tags for part in self._parts(table) if _overlap(part.columns or (), columns)]
        if all_to_come:
            parts.append(self.situation.data.governance.tags_of(table))
        return all(tags.get(key) in within for tags in parts for key, within in self.values.items())

    def _are_named(self, table: Table, columns: Collection[str], data: Data) -> bool:
        globs = [each.lower() for each in data.table or ("*",)]
        if not any(fnmatchcase(f"{table.database}.{table.name}", glob) for glob in globs):
            return False
        return data.column is None or all(any(fnmatchcase(column, glob.lower()) for glob in data.column) for column in columns)

    def _parts(self, table: Table) -> Iterator[Part]:
        dataset = Dataset(DatasetKind.TABLE, table.account, table.region, f"{table.database}.{table.name}")
        yield from self.situation.data.parts(dataset)

    def _part_of(self, grant: Grant, table: Table) -> tuple[tuple[str, ...] | None, str, bool]:
        """The columns that a grant is on (None when they are not known), its rows, and whether it is on columns to come as well."""
        resource = grant.resource
        everything = table.columns if table.columns and not table.unknown else None
        columns, excluded, rows = resource.columns, resource.excluded, ALL_ROWS
        if resource.type is ResourceType.CELLS_FILTER:
            found = self.situation.data.governance.table_rights.filter_of(grant)
            if found is None:
                return everything, ALL_ROWS, True
            columns, excluded, rows = found.columns, found.excluded, found.rows
        if resource.type is not ResourceType.TABLE and columns is not None:
            return tuple(each.lower() for each in columns), rows, False
        left_out = {each.lower() for each in excluded} if resource.type is not ResourceType.TABLE else set()
        return (tuple(each for each in everything if each not in left_out) if everything is not None else None), rows, True

    def _table(self, grant: Grant) -> Table | None:
        resource = grant.resource
        place = (resource.catalog, resource.region or grant.region, resource.database.lower(), resource.table.lower())
        tables = self.situation.questions.estate.tables
        return next((each for each in tables if (each.account, each.region, each.database, each.name) == place), None)

    def _database(self, grant: Grant) -> Database | None:
        """The database, or the one that a link leads to."""
        databases = {(each.account, each.region, each.name): each for each in self.situation.questions.estate.databases}
        resource = grant.resource
        found = databases.get((resource.catalog, resource.region or grant.region, resource.database.lower()))
        if found is None or found.target is None:
            return found
        return databases.get((found.target[0], found.target_region or found.region, found.target[1]))

    def _tags_of_database(self, database: Database) -> Mapping[str, str]:
        return known(self.situation.data.governance.tags.of_database((database.account, database.region, database.name)))


def _overlap(part: Collection[str], columns: Collection[str]) -> bool:
    """Whether some column, or a field of one, is among the part."""
    return any(each in columns or each.partition(".")[0] in columns for each in part)


def scope_of_persona(situation: Situation, persona: Persona, catalogs: Collection[str]) -> Scope:
    """What lake.yaml states that a persona reads, in the catalogs of some accounts."""
    lake, keys = situation.loaded.lake, _keys(situation)
    values = {keys.zone: frozenset(zone.value for zone in persona.read.zones)}
    if persona.read.domains is not None:
        values[keys.domain] = frozenset(persona.read.domains)
    classes = persona.read.classifications
    if lake is not None and (classes is None or persona.read.zones == [Zone.QUARANTINE]):
        classes = lake.classifications
    if classes is not None:
        values[keys.classification] = frozenset(classes)
    return Scope(situation, values, frozenset({keys.classification}), frozenset(catalogs))


def scope_of_data(situation: Situation, data: Data | None) -> Scope:
    """What a rule's data are, by their tags."""
    if data is None:
        return Scope(situation)
    keys = _keys(situation)
    stated = {keys.classification: data.classification, keys.zone: data.zone, keys.domain: data.domain, **(data.tag or {})}
    values = {key.lower(): frozenset(value.lower() for value in each) for key, each in stated.items() if each is not None}
    return Scope(situation, values, frozenset({keys.classification}), data=data)


def _keys(situation: Situation) -> TagKeys:
    """The keys of LF-Tags, in lower case as Lake Formation keeps them."""
    stated = situation.loaded.rules.tags
    return TagKeys(classification=stated.classification.lower(), zone=stated.zone.lower(), domain=stated.domain.lower())
