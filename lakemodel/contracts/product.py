"""Reads one contract as a data product: who owns it, which tables it has, who may read it."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.classification import has_any_classification
from lakemodel.contracts.context import MAX_PRODUCT_NAME, Reading
from lakemodel.contracts.model import DataContract, Table
from lakemodel.contracts.nodes import items_of, mapping_of, text_of
from lakemodel.contracts.references import check_references, with_references
from lakemodel.contracts.report import did_you_mean, quoted
from lakemodel.contracts.roles import read_roles
from lakemodel.contracts.schedules import schedule_of
from lakemodel.contracts.service_levels import service_levels, with_ages
from lakemodel.contracts.tables import read_table
from lakemodel.contracts.variables import check_variables
from lakemodel.contracts.vendor import CONTRACT_PROPERTIES, own_properties
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from lakemodel.contracts.report import Report
    from lakemodel.contracts.rules import ContractRules

STATUSES: Final = ("proposed", "draft", "active", "deprecated", "retired")
UNDECLARED_DOMAIN: Final = "undeclared"
"""The domain of a contract that names none, when there is no lake.yaml to say what then."""

_OWNERS: Final = ("owner", "data owner", "dataowner", "data_owner", "product owner", "data product owner")
_STEWARDS: Final = ("steward", "data steward", "datasteward", "data_steward")
_CONTRACT_ENDING: Final = re.compile(r"(\.odcs)?\.(ya?ml|json)$", re.IGNORECASE)


def read_product(data: dict[str, Any], report: Report, rules: ContractRules) -> DataContract | None:
    """The data product that a contract (in normal form) describes; None when it has an error."""
    reading = Reading(report, rules, dialect_of(data), text_of(data, "apiVersion"))
    check_variables(reading, data)
    own = own_properties(reading, (), data, CONTRACT_PROPERTIES)
    domain = _domain(reading, data)
    product = _product(reading, data)
    check_references(reading, data)
    tables = with_references(reading, data, _tables(reading, data))
    written = {text_of(node, key) for _, node in items_of(data, "schema") for key in ("name", "physicalName")}
    levels = service_levels(reading, data, written)
    schedule = schedule_of(reading, own)
    status = _status(reading, data)
    roles = read_roles(reading, data, domain, tables)
    if report.has_errors or domain is None or product is None:
        return None
    description = mapping_of(data, "description")
    return DataContract(
        id=text_of(data, "id"),
        domain=domain,
        product=product,
        version=text_of(data, "version"),
        status=status,
        tables=with_ages(tables, levels),
        file=report.document.file,
        title=text_of(data, "name") or text_of(data, "dataProduct"),
        description=text_of(description, "purpose") or text_of(description, "usage"),
        owner=_member(data, _OWNERS) or text_of(mapping_of(data, "team"), "name"),
        steward=_member(data, _STEWARDS),
        support=_support(data),
        roles=roles,
        retention_days=levels.retention_days,
        freshness_hours=levels.freshness_hours,
        completeness_percent=levels.completeness_percent,
        schedule=schedule,
    )


def dialect_of(data: dict[str, Any]) -> str | None:
    """The one kind of system that all servers are; None when they differ or none is named."""
    kinds = {text_of(server, "type").lower() for _, server in items_of(data, "servers")} - {"", "custom", "api", "local", "s3", "sftp"}
    return kinds.pop() if len(kinds) == 1 else None


def _domain(reading: Reading, data: dict[str, Any]) -> str | None:
    written, rules, report = text_of(data, "domain"), reading.rules, reading.report
    if rules.domains is None:
        domain = normalize(written) or UNDECLARED_DOMAIN
        if domain != written:
            found = "there is no domain" if not written else f"the domain {quoted(written)} is called {domain} in the catalog"
            report.note(("domain",), "missing_domain", found, "A lake.yaml says what becomes of it.")
        return domain
    for candidate in (written, normalize(written)):
        if candidate in rules.domains:
            if candidate != written:
                report.note(("domain",), "name_normalized", f"the domain {quoted(written)} is {candidate} in lake.yaml")
            return candidate
    found = "there is no domain" if not written else f"the domain {quoted(written)} is not declared{did_you_mean(written, rules.domains)}"
    if rules.default_domain is not None:
        report.note(("domain",), "missing_domain", f"{found}; {rules.default_domain} by the policy missing_domain")
        return rules.default_domain
    message = f"{found}; declared: {', '.join(sorted(rules.domains))}"
    report.error(("domain",), "missing_domain", message, "Set domain, declare it in lake.yaml, or set policies.missing_domain there.")
    return None


def product_name(data: dict[str, Any], file: str) -> str:
    """What a contract calls its product; its file's name when it does not say."""
    return text_of(data, "dataProduct") or text_of(data, "name") or _CONTRACT_ENDING.sub("", PurePath(file).name)


def _product(reading: Reading, data: dict[str, Any]) -> str | None:
    for key in ("dataProduct", "name"):
        written = text_of(data, key)
        if written:
            return reading.legal_name((key,), written, "data product", longest=MAX_PRODUCT_NAME)
    derived = normalize(product_name(data, reading.report.document.file))
    if not derived or len(derived) > MAX_PRODUCT_NAME:
        found = f"there is no dataProduct, and the file's name gives none of at most {MAX_PRODUCT_NAME} characters"
        reading.report.error((), "no_name", found, "Set dataProduct.")
        return None
    message = f"there is no dataProduct; the product is called {derived} after its file, and a renamed file would be another product"
    reading.report.warning((), "no_product_name", message, f"Set dataProduct: {derived}.")
    return derived


def _tables(reading: Reading, data: dict[str, Any]) -> list[Table]:
    nodes = items_of(data, "schema")
    if not nodes:
        found = "the contract describes no table"
        reading.report.error(("schema",), "no_tables", found, "Describe at least one table under schema.")
    reading.classifies = any(has_any_classification(items_of(node, "properties")) for _, node in nodes)
    tables: dict[str, Table] = {}
    ids: set[str] = set()
    for index, node in nodes:
        path = ("schema", index)
        table = read_table(reading, path, node)
        own_id = text_of(node, "id")
        if own_id and own_id in ids:
            reading.report.warning((*path, "id"), "duplicate_id", f"the id {quoted(own_id)} stands twice in schema", "Make ids unique.")
        ids.add(own_id)
        if table is not None and table.name in tables:
            message = (
                f"{quoted(text_of(node, 'name'))} and {quoted(tables[table.name].source_name)} are both called {table.name} in the catalog"
            )
            reading.report.error(path, "duplicate_name", message, "Rename one of them.")
        elif table is not None:
            tables[table.name] = table
    return list(tables.values())


def _status(reading: Reading, data: dict[str, Any]) -> str:
    written = text_of(data, "status")
    status = written.lower()
    if status in {"proposed", "draft", "deprecated"}:
        reading.report.note(("status",), "status", f"status is {status}: the product is built like any other")
    elif status == "retired":
        message = "status is retired: the product is still built, and its grants still hold, as long as the contract stands here"
        reading.report.warning(("status",), "status", message, "Remove the file to retire it; its data stays (removal policy RETAIN).")
    elif status != "active":
        found = f"status is {quoted(written)}{did_you_mean(written, STATUSES)}" if written else "there is no status"
        reading.report.note(("status",), "status", f"{found}; the standard's own: {', '.join(STATUSES)}")
    return status or "active"


def _member(data: dict[str, Any], roles: tuple[str, ...]) -> str:
    team = data.get("team")
    members = items_of(data, "team") if isinstance(team, list) else items_of(team, "members")
    for _, member in members:
        if text_of(member, "role").lower() in roles and not text_of(member, "dateOut"):
            return text_of(member, "username") or text_of(member, "name")
    return ""


def _support(data: dict[str, Any]) -> str:
    for _, channel in items_of(data, "support"):
        shown = text_of(channel, "url") or text_of(channel, "channel")
        if shown:
            return shown
    return ""
