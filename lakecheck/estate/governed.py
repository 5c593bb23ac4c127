"""Lake Formation's nested resources, as grants, tag associations and opt-ins name them, in one form, native and desired state alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.model import GovernedResource, ResourceType
from lakecheck.estate.sources import at, listed, lower, named, reasons, text, texts, unsure
from lakecheck.values import Unknown, hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALL_TABLES: Final = "*"
EVERY_VALUE: Final = "*"
_EVERY_TABLE: Final = frozenset({"", "ALL_TABLES", "*"})


def governed(resource: Any, account: str, region: str) -> Iterator[tuple[GovernedResource, tuple[str, ...]]]:
    """What a nested resource stands for, each with the reasons why it may in truth be something narrower or something else.

    A list of columns, values of a tag or an expression that is not known is taken for all there are. Names are in lower case, as Lake
    Formation compares them.

    https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_Resource.html

    Args:
        resource: `{"Table": {...}}`, in the form of `AWS::LakeFormation::PrincipalPermissions` or of the older `Permissions`.
        account: Whose catalog is meant where the resource does not say.
        region: The template's Region.
    """
    if isinstance(resource, Unknown):
        yield _anything(resource.reason, account, region), (f"on what is not known: {resource.reason}",)
        return
    for kind, body in resource.items() if isinstance(resource, dict) else ():
        read = _KINDS.get(kind.removesuffix("Resource"))
        if body is None:
            continue
        if read is None:
            yield _anything(kind, account, region), (f"{kind} is no kind of resource that is known here",)
            continue
        catalog = text(named(body, "CatalogId", "TableCatalogId", "Id") if isinstance(body, dict) else None, account)
        lists = ("ColumnNames", "ColumnWildcard", "TagKey", "TagValues", "Expression")
        facts = (*reasons(body), *(reason for key in lists for reason in unsure(at(body, key))))
        saved = text(at(body, "ExpressionName"))
        yield (
            read(body, catalog, region),
            (*dict.fromkeys(facts), *((f"the saved expression {shown(saved)} is in no template",) if saved else ())),
        )


def _anything(what: str, catalog: str, region: str) -> GovernedResource:
    """All tables of a database of which nothing is known."""
    return GovernedResource(type=ResourceType.TABLE, catalog=catalog, region=region, database=hole(what), table=ALL_TABLES)


def _catalog(_body: Any, catalog: str, region: str) -> GovernedResource:
    return GovernedResource(type=ResourceType.CATALOG, catalog=catalog, region=region)


def _database(body: Any, catalog: str, region: str) -> GovernedResource:
    return GovernedResource(type=ResourceType.DATABASE, catalog=catalog, region=region, database=lower(at(body, "Name")))


def _table_name(body: Any) -> str:
    name = text(at(body, "Name"))
    return ALL_TABLES if at(body, "TableWildcard") is not None or name in _EVERY_TABLE else lower(name)


def _table(body: Any, catalog: str, region: str) -> GovernedResource:
    database = lower(at(body, "DatabaseName"))
    return GovernedResource(type=ResourceType.TABLE, catalog=catalog, region=region, database=database, table=_table_name(body))


def _columns(body: Any, catalog: str, region: str) -> GovernedResource:
    whole = _table(body, catalog, region)
    included, excluded = at(body, "ColumnNames"), at(body, "ColumnWildcard", "ExcludedColumnNames")
    if unsure(included) or unsure(excluded) or not (listed(included) or listed(excluded)):
        return whole
    return GovernedResource(
        type=ResourceType.COLUMNS,
        catalog=catalog,
        region=region,
        database=whole.database,
        table=whole.table,
        columns=tuple(map(lower, texts(included))) if listed(included) else None,
        excluded=tuple(map(lower, texts(excluded))),
    )


def _filter(body: Any, catalog: str, region: str) -> GovernedResource:
    return GovernedResource(
        type=ResourceType.CELLS_FILTER,
        catalog=catalog,
        region=region,
        database=lower(at(body, "DatabaseName")),
        table=lower(at(body, "TableName")),
        filter=text(at(body, "Name")),
    )


def _location(body: Any, catalog: str, region: str) -> GovernedResource:
    arn = text(named(body, "ResourceArn", "S3Resource") if isinstance(body, dict) else body)
    return GovernedResource(type=ResourceType.LOCATION, catalog=catalog, region=region, arn=arn.rstrip("/"))


def _tag(body: Any, catalog: str, region: str) -> GovernedResource:
    expression = ((lower(at(body, "TagKey")), _values(at(body, "TagValues"))),)
    return GovernedResource(type=ResourceType.LF_TAG, catalog=catalog, region=region, expression=expression)


def _expression(body: Any, catalog: str, region: str) -> GovernedResource:
    is_database = text(at(body, "ResourceType")).upper() == "DATABASE"
    kind = ResourceType.DATABASE_EXPRESSION if is_database else ResourceType.TABLE_EXPRESSION
    pairs = tuple((lower(at(pair, "TagKey")), _values(at(pair, "TagValues"))) for pair in listed(at(body, "Expression")))
    return GovernedResource(type=kind, catalog=catalog, region=region, expression=pairs)


def _values(values: Any) -> tuple[str, ...]:
    if unsure(values):
        return (EVERY_VALUE,)
    return tuple(map(lower, texts(values)))


_KINDS: Final[dict[str, Callable[[Any, str, str], GovernedResource]]] = {
    "Catalog": _catalog,
    "Database": _database,
    "Table": _table,
    "TableWithColumns": _columns,
    "DataLocation": _location,
    "DataCellsFilter": _filter,
    "LFTag": _tag,
    "LFTagPolicy": _expression,
}
