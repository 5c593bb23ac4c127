"""Reads who may read a product: its roles, the personas they bind to, the columns and rows that a role is narrowed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.config.model import Products, Zone
from lakemodel.contracts.model import ContractRole, RoleTable, TableFormat
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.report import did_you_mean, listed, quoted
from lakemodel.contracts.role_reads import columns_read, reads_domain
from lakemodel.contracts.rules import VENDOR
from lakemodel.contracts.vendor import ROLE_PROPERTIES, is_near, own_properties
from lakemodel.naming import normalize
from lakemodel.rows import problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakemodel.config.model import Persona
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.model import Table
    from lakemodel.contracts.report import Path

EVERYTHING: Final = "all"
"""What stands for every column, or every row, of one table."""

_READS: Final = frozenset({"", "read", "r", "select", "reader", "readonly", "read-only", "read_only", "consumer", "query"})
_OwnProperties = dict[str, tuple["Path", Any]]


def read_roles(reading: Reading, data: dict[str, Any], domain: str | None, tables: Sequence[Table]) -> tuple[ContractRole, ...]:
    """The roles of a contract.

    Args:
        reading: The contract being read.
        data: The contract in normal form.
        domain: Its domain; None when it has none that is allowed.
        tables: Its tables; what a role says of columns and rows is held against them only if none was refused.
    """
    personas = reading.rules.personas
    are_known = not reading.report.has_errors
    roles: dict[str, ContractRole] = {}
    for index, node in items_of(data, "roles"):
        path = ("roles", index)
        name, access = text_of(node, "role"), text_of(node, "access").lower()
        if not name:
            continue
        persona = None if personas is None else personas.get(name)
        own = _own_properties(reading, path, node, persona)
        _check_access(reading, path, name, access, persona)
        if name in roles:
            _refuse_second(reading, path, name, is_narrowed=bool(own) or roles[name].tables is not None)
            continue
        narrowed = _narrowed(reading, own, {table.name: table for table in tables}) if own and are_known else None
        roles[name] = ContractRole(role=name, access="read" if access in _READS else access, tables=narrowed)
        if personas is not None and persona is None:
            message = (
                f"the role {quoted(name)} has no persona of that name{did_you_mean(name, personas)}; declared: {listed(sorted(personas))}"
            )
            reading.report.warning(path, "role_without_persona", message, "Declare the persona in lake.yaml, or remove the role.")
        if persona is not None and persona.read.products is Products.ALL and own:
            message = f"the role {name} is narrowed by {' and '.join(sorted(own))}, but the persona reads every product of its classes; "
            message += "rights add up, so nothing would be narrowed"
            remedy = f"Set personas.{name}.read.products: named in lake.yaml, or remove {' and '.join(sorted(own))}."
            reading.report.error(path, "role_narrowed", message, remedy)
        elif persona is not None and persona.read.products is Products.NAMED and domain is not None and are_known:
            if not reading.report.is_refused(path):
                _check_reads(reading, path, roles[name], persona, domain, tables)
            _check_classes(reading, own, roles[name], persona, tables)
    return tuple(roles.values())


def _own_properties(reading: Reading, path: Path, node: dict[str, Any], persona: Persona | None) -> _OwnProperties:
    """What narrows the role. One whose vendor was forgotten is refused: unread, it would leave everything open.

    So is one of another vendor, where the role is a persona's that reads what contracts leave it.
    """
    is_named = persona is not None and persona.read.products is Products.NAMED
    for index, custom in items_of(node, "customProperties"):
        name, vendor = text_of(custom, "property"), text_of(custom, "vendor")
        if name not in ROLE_PROPERTIES:
            continue
        if not vendor:
            message = f"the property {name} has no vendor and is not read, so the role would not be narrowed"
            reading.report.error((*path, "customProperties", index), "no_vendor", message, f"Set vendor: {VENDOR}.")
        elif is_named and vendor != VENDOR and not is_near(vendor):
            message = f"the property {name} is vendor {quoted(vendor)}'s and is not read, so the role would not be narrowed"
            remedy = f"Set vendor: {VENDOR}, or give the property another name."
            reading.report.error((*path, "customProperties", index), "unknown_vendor", message, remedy)
    return own_properties(reading, path, node, ROLE_PROPERTIES)


def _check_access(reading: Reading, path: Path, name: str, access: str, persona: Persona | None) -> None:
    if access in _READS:
        return
    message = f"the role {name} asks for {quoted(access)} access; personas read only, so it gets "
    if persona is not None and persona.read.products is Products.NAMED:
        reading.report.warning((*path, "access"), "role_access", f"{message}nothing", "Set access: read, or remove the role.")
    else:
        remedy = "Give write access to the producer's pipeline, not to a role."
        reading.report.warning((*path, "access"), "role_access", f"{message}read", remedy)


def _refuse_second(reading: Reading, path: Path, name: str, *, is_narrowed: bool) -> None:
    message = f"the role {name} is listed twice"
    if is_narrowed:
        reading.report.error(path, "duplicate_role", f"{message}, and what it is narrowed to would depend on the order", "Keep one.")
    else:
        reading.report.warning(path, "duplicate_role", message, "Keep one of the two.")


def _narrowed(reading: Reading, own: _OwnProperties, tables: Mapping[str, Table]) -> tuple[RoleTable, ...]:
    """What the role is about of each table that its properties leave it."""
    columns = _columns(reading, own, tables)
    parts = _by_table(reading, own, "rows", tables)
    for name, missing, left, there in (("rows", "columns", parts, columns), ("columns", "rows", columns, parts)):
        path, value = own.get(name, ((), None))
        for table in sorted(set(left) - set(there)) if isinstance(value, dict) and not reading.report.has_errors else ():
            message = f"{name} names the table {table}, of which {missing} leaves nothing"
            reading.report.error((*path, table), "role_tables", message, "Name the same tables in both.")
    rows = {table: _condition(reading, *parts[table], tables[table]) for table in parts if table in columns}
    return tuple(RoleTable(table=table, columns=columns[table], rows=rows[table]) for table in tables if table in rows)


def _by_table(reading: Reading, own: _OwnProperties, name: str, tables: Mapping[str, Table]) -> dict[str, tuple[Path, Any]]:
    """What a property says of each table, with its place: the same of all, or by table; one that is not named is left out."""
    path, value = own.get(name, ((), EVERYTHING))
    if not isinstance(value, dict):
        return dict.fromkeys(tables, (path, value))
    found = {}
    for written, part in value.items():
        table = normalize(str(written))
        if table in tables:
            found[table] = ((*path, str(written)), part)
        else:
            message = f"there is no table {quoted(written)}{did_you_mean(str(written), tables)}; there are {listed(sorted(tables))}"
            reading.report.error(path, "role_tables", message, "Correct the name.")
    return found


def _columns(reading: Reading, own: _OwnProperties, tables: Mapping[str, Table]) -> dict[str, tuple[str, ...] | None]:
    """The columns that are left of each table, sorted; None for all of them."""
    if "columns" in own and "allBut" in own:
        message = "columns and allBut are both given; one of them says which columns are meant"
        reading.report.error(own["allBut"][0], "role_columns", message, "Remove one of the two.")
        return {}
    if "allBut" in own:
        without = _names(reading, *own["allBut"], tables.values())
        return {name: left for name, table in tables.items() if (left := _left(table, without)) != ()}
    path, value = own.get("columns", ((), EVERYTHING))
    shared = _names(reading, path, value, tables.values()) if value != EVERYTHING and not isinstance(value, dict) else None
    found: dict[str, tuple[str, ...] | None] = {}
    for name, (at, part) in _by_table(reading, own, "columns", tables).items():
        if part == EVERYTHING:
            found[name] = None
            continue
        named = _names(reading, at, part, [tables[name]]) if shared is None else shared
        if chosen := tuple(sorted(column.name for column in tables[name].columns if column.name in named)):
            found[name] = chosen
    return found


def _left(table: Table, without: set[str]) -> tuple[str, ...] | None:
    """A table's columns but these, sorted; None when it has none of these."""
    left = tuple(sorted(column.name for column in table.columns if column.name not in without))
    return None if len(left) == len(table.columns) else left


def _names(reading: Reading, path: Path, value: Any, tables: Iterable[Table]) -> set[str]:
    """The columns that a list names, by their names in the catalog; each has to be in one of the tables."""
    known = {column.name for table in tables for column in table.columns}
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        message = f"found {quoted(value)}; allowed is a list of at least one column; columns also takes one for each table"
        reading.report.error(path, "role_columns", message, f"List columns of the contract: {listed(sorted(known))}.")
        return set()
    names = {one: one if one in known else normalize(one) for one in value}
    for written, name in names.items():
        if name not in known:
            message = f"there is no column {quoted(written)}{did_you_mean(written, known)}; there are {listed(sorted(known))}"
            reading.report.error(path, "role_columns", message, "Correct the name; only whole columns can be named.")
    return {name for name in names.values() if name in known}


def _condition(reading: Reading, path: Path, value: Any, table: Table) -> str | None:
    """The condition on a table's rows; None for every row."""
    if value == EVERYTHING:
        return None
    if not isinstance(value, str):
        message = f"found {quoted(value)}; allowed is a condition such as \"country = 'DE'\", or one for each table"
        reading.report.error(path, "role_rows", message, "Write it in quotes.")
        return None
    partitions = {field.column for field in table.partitioning} if table.format is TableFormat.PARQUET else set()
    wrong = problems(value, {column.name: column.type for column in table.columns}, partitions=partitions)
    if wrong:
        message = f"the condition {quoted(value)} does not fit the table {table.name}: {'; '.join(wrong)}"
        remedy = "Correct it, or give each table a condition of its own: a table that is not named is not read."
        reading.report.error(path, "role_rows", message, remedy)
    return value.strip()


def _check_reads(reading: Reading, path: Path, role: ContractRole, persona: Persona, domain: str, tables: Iterable[Table]) -> None:
    """Says what a role gives to a persona of named products, and where it gives nothing."""
    if role.access != "read":
        return
    if not reads_domain(persona, domain):
        message = (
            f"the persona {role.role} reads the domains {listed(persona.read.domains or [])} and not {domain}; the role gives it nothing"
        )
        remedy = f"Add {domain} to personas.{role.role}.read.domains in lake.yaml, or remove the role."
        reading.report.warning(path, "role_reads_nothing", message, remedy)
        return
    classes = _classes(reading, persona)
    given = []
    for table in tables:
        part = role.of_table(table.name)
        if part is None:
            continue
        columns = columns_read(classes, table, part) if Zone.CURATED in persona.read.zones else ()
        if columns:
            given.append(f"{table.name} ({listed(columns)}{'' if part.rows is None else f' where {part.rows}'})")
        elif Zone.CURATED in persona.read.zones:
            message = f"of the table {table.name} the persona {role.role} may read no column: its classes are {listed(classes)}"
            reading.report.warning(path, "role_reads_nothing", message, "Add a class to the persona in lake.yaml, or leave the table out.")
        if Zone.QUARANTINE in persona.read.zones and not part.is_whole:
            message = f"the role {role.role} is narrowed, so the rejected rows of {table.name} are not read: nobody knows what they hold"
            reading.report.warning(path, "role_reads_nothing", message, "Let a persona of its own read quarantine.")
        elif Zone.QUARANTINE in persona.read.zones:
            given.append(f"the rejected rows of {table.name}")
    if given:
        reading.report.note(path, "role_reads", f"the persona {role.role} reads {', '.join(given)}")


def _check_classes(reading: Reading, own: _OwnProperties, role: ContractRole, persona: Persona, tables: Iterable[Table]) -> None:
    """Says which of the columns that a role lists the persona may not read; they are not granted."""
    if "columns" not in own:
        return
    classes = _classes(reading, persona)
    for table in tables:
        part = role.of_table(table.name)
        listed_here = [] if part is None or part.columns is None else [table.column(name) for name in part.columns]
        for column in listed_here:
            if column.classification not in classes:
                message = f"the column {table.name}.{column.name} is {column.classification}, and the persona {role.role} reads "
                message += f"{listed(classes)}; it is not granted"
                remedy = "Remove the column from the role, or add the class to the persona in lake.yaml."
                reading.report.warning(own["columns"][0], "role_class", message, remedy)


def _classes(reading: Reading, persona: Persona) -> list[str]:
    return list(reading.rules.classifications) if persona.read.classifications is None else persona.read.classifications
