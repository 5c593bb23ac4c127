"""Roles of contracts: the persona they bind to, what narrows them, and what a persona of named products reads because of them."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.config.model import LakeConfig, Zone
from lakemodel.contracts.loader import load_contracts
from lakemodel.contracts.model import ContractSet, RoleTable
from lakemodel.contracts.role_reads import RoleRead, role_reads
from lakemodel.findings import Severity

from .support import document, finding_of, lake, read

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.model import DataContract

CLASSES = ["public", "internal", "confidential", "restricted"]
COLUMNS = {"id": "public", "country": "restricted", "email": "restricted", "total": "internal"}


def properties(columns: dict[str, str]) -> list[dict[str, Any]]:
    """Columns of these classes."""
    return [{"name": name, "logicalType": "string", "classification": one, "description": "x"} for name, one in columns.items()]


def source(role: str = "partner", *, access: str = "read", tables: dict[str, dict[str, str]] | None = None, **own: Any) -> dict[str, Any]:
    """A contract with one role that has these properties of ours."""
    custom = [{"property": name, "value": value, "vendor": "governed-lake"} for name, value in own.items()]
    schema = [{"name": name, "properties": properties(columns)} for name, columns in (tables or {"orders": COLUMNS}).items()]
    return document(roles=[{"role": role, "access": access, "customProperties": custom}]) | {"schema": schema}


TWO = {"orders": COLUMNS, "states": {"id": "public", "label": "public"}}


def partners(account: str = "one", **scope: Any) -> LakeConfig:
    """A lake with a persona `partner` that reads named products, of the classes public and internal unless stated."""
    data = lake().model_dump(mode="json", exclude_unset=True)
    scope = {"zones": ["curated"], "classifications": ["public", "internal"], "products": "named"} | scope
    data["personas"]["partner"] = {"principal": {"role": "P", "trusted_account": "one"}, "account": account, "read": scope}
    return LakeConfig.model_validate(data)


def reads(config: LakeConfig, *contracts: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...], str | None]]:
    """Zone, table, columns and rows of what is read because of these contracts, which have to be good."""
    good: list[DataContract] = []
    for one in contracts:
        contract, findings = read(one, config)
        assert contract is not None, [str(finding) for finding in findings]
        good.append(contract)
    assert all(found.persona == "partner" for found in role_reads(config, ContractSet(contracts=tuple(good))))
    return [(one.zone.value, one.table, one.columns, one.rows) for one in role_reads(config, ContractSet(contracts=tuple(good)))]


def told(contract: dict[str, Any], config: LakeConfig, severity: Severity) -> list[str]:
    """The codes of findings about roles, or any error."""
    return sorted(
        finding.code.removeprefix("contract.")
        for finding in read(contract, config)[1]
        if finding.severity is severity and (severity is Severity.ERROR or "role" in finding.code)
    )


@pytest.mark.parametrize(("own", "expected"), [
    ({}, [("orders", ("id", "total"), None), ("states", ("id", "label"), None)]),
    ({"rows": "id = '1'"}, [("orders", ("id", "total"), "id = '1'"), ("states", ("id", "label"), "id = '1'")]),
    ({"rows": {"orders": " country = 'DE' "}}, [("orders", ("id", "total"), "country = 'DE'")]),
    ({"rows": {"orders": "total > '1'", "states": "all"}}, [("orders", ("id", "total"), "total > '1'"), ("states", ("id", "label"), None)]),
    ({"columns": ["total"]}, [("orders", ("total",), None)]),
    ({"columns": ["id", "email"]}, [("orders", ("id",), None), ("states", ("id",), None)]),
    ({"columns": {"orders": ["ID"], "states": "all"}}, [("orders", ("id",), None), ("states", ("id", "label"), None)]),
    ({"columns": ["total"], "rows": "country = 'DE'"}, [("orders", ("total",), "country = 'DE'")]),
    ({"columns": "all", "rows": "all"}, [("orders", ("id", "total"), None), ("states", ("id", "label"), None)]),
    ({"allBut": ["total"]}, [("orders", ("id",), None), ("states", ("id", "label"), None)]),
    ({"allBut": ["id", "label"]}, [("orders", ("total",), None)]),
], ids=str)  # fmt: skip
def test_reads_columns_of_its_classes_that_the_role_leaves(own: dict[str, Any], expected: list[tuple[str, tuple[str, ...], str | None]]):
    """Never a column of another class, never a table that a mapping does not name, and always a list."""
    assert [one[1:] for one in reads(partners(), source(tables=TWO, **own))] == expected


@pytest.mark.parametrize(("own", "code", "said"), [
    ({"columns": ["emial"]}, "role_columns", "there is no column 'emial', did you mean 'email'; there are country, email"),
    ({"columns": []}, "role_columns", r"found \[\]; allowed is a list of at least one column"),
    ({"columns": "id"}, "role_columns", "found 'id'; allowed is a list"),
    ({"columns": {"states": ["total"]}}, "role_columns", "there is no column 'total'; there are id, label"),
    ({"allBut": {"orders": ["id"]}}, "role_columns", "allowed is a list"),
    ({"allBut": "all"}, "role_columns", "found 'all'; allowed is a list"),
    ({"columns": ["id"], "allBut": ["id"]}, "role_columns", "columns and allBut are both given"),
    ({"columns": {"order": ["id"]}}, "role_tables", "there is no table 'order', did you mean 'orders'; there are orders, states"),
    ({"rows": {"stats": "id = '1'"}}, "role_tables", "there is no table 'stats', did you mean 'states'"),
    ({"rows": {"states": "all"}, "columns": ["total"]}, "role_tables", "rows names the table states, of which columns leaves nothing"),
    ({"rows": {"states": "all"}, "columns": {"orders": ["id"], "states": "all"}}, "role_tables", "names the table orders, of which rows"),
    ({"rows": 5}, "role_rows", "found 5; allowed is a condition"),
    ({"rows": {"orders": ["x"]}}, "role_rows", "allowed is a condition"),
    ({"rows": "country = 'DE'"}, "role_rows", "the condition 'country = 'DE'' does not fit the table states: column country"),
    ({"rows": "upper(id) = 'A'"}, "role_rows", "function upper"),
    ({"row": "id = '1'"}, "unknown_property", "did you mean 'rows'"),
], ids=str)  # fmt: skip
def test_fails_when_a_role_cannot_be_narrowed_like_that(own: dict[str, Any], code: str, said: str):
    """What would be passed over would leave more open than was meant."""
    contract = source(tables=TWO, **own)
    assert read(contract, partners())[0] is None
    assert set(told(contract, partners(), Severity.ERROR)) == {code}
    assert "role_reads" not in told(contract, partners(), Severity.NOTE), "nobody reads by a role that is refused"
    assert re.search(said, finding_of(contract, code, partners()).message)


def test_fails_when_the_vendor_of_what_narrows_was_forgotten():
    """An unread filter is an open table."""
    contract = source(rows="id = '1'")
    del contract["roles"][0]["customProperties"][0]["vendor"]
    assert told(contract, partners(), Severity.ERROR) == ["no_vendor"]
    contract["roles"][0]["customProperties"][0]["vendor"] = "others"
    assert told(contract, partners(), Severity.ERROR) == ["unknown_vendor"]
    contract["roles"][0]["role"] = "somebody"  # no persona of ours: nothing is granted, and nothing is our business
    assert told(contract, partners(), Severity.ERROR) == []


@pytest.mark.parametrize("own", [{"rows": "id = '1'"}, {"columns": ["id"]}, {"allBut": ["id"]}])
def test_fails_when_a_persona_of_all_products_is_narrowed(own: dict[str, Any]):
    """Rights add up: its grant by LF-Tags would make the filter void. A plain role is fine."""
    contract = source("data_analyst", **own)
    assert told(contract, lake(), Severity.ERROR) == ["role_narrowed"]
    assert "personas.data_analyst.read.products: named" in finding_of(contract, "role_narrowed", lake()).remedy
    assert told(source("data_analyst"), lake(), Severity.ERROR) == []
    assert role_reads(lake(), ContractSet(contracts=(read(source("data_analyst"), lake())[0],))) == ()


def test_fails_when_a_narrowed_role_is_listed_twice():
    """Which of the two holds would depend on their order."""
    contract = source(rows="id = '1'")
    contract["roles"].append({"role": "partner"})
    assert told(contract, partners(), Severity.ERROR) == ["duplicate_role"]
    contract["roles"].reverse()
    assert told(contract, partners(), Severity.ERROR) == ["duplicate_role"]
    plain = source()
    plain["roles"].append({"role": "partner"})
    assert told(plain, partners(), Severity.ERROR) == []
    assert told(plain, partners(), Severity.WARNING) == ["duplicate_role"]


def test_tells_what_a_role_does_not_give():
    """A listed column of another class; a table without a readable column; rejected rows of a narrowed table; another domain."""
    assert told(source(columns=["id", "email"]), partners(), Severity.WARNING) == ["role_class"]
    assert told(source(columns=["email"]), partners(), Severity.WARNING) == ["role_class", "role_reads_nothing"]
    assert told(source(allBut=["id"]), partners(), Severity.WARNING) == []
    steward = partners(zones=["curated", "quarantine"], classifications=CLASSES)
    assert told(source(rows="id = '1'"), steward, Severity.WARNING) == ["role_reads_nothing"]
    assert told(source(), partners(domains=["travel"]), Severity.WARNING) == ["role_reads_nothing"]
    assert reads(partners(domains=["travel"]), source()) == []
    assert told(source(), partners(domains=["sales"]), Severity.WARNING) == []


def test_notes_what_a_role_gives():
    """Tables, columns and condition in one line, so that a review sees who gains what."""
    contract = source(tables=TWO, rows={"orders": "country = 'DE'", "states": "all"})
    said = finding_of(contract, "role_reads", partners())
    assert said.severity is Severity.NOTE
    assert said.message == "the persona partner reads orders (id, total where country = 'DE'), states (id, label)"
    steward = partners(zones=["curated", "quarantine"], classifications=CLASSES)
    assert finding_of(source(), "role_reads", steward).message.endswith("(country, email, id, total), the rejected rows of orders")
    assert "role_reads" not in [one.code.removeprefix("contract.") for one in read(source(columns=["email"]), partners())[1]]


def test_gives_nothing_to_a_role_that_wants_more_than_reading():
    """Personas read only; one that reads what names it gets nothing from a contract that means something else."""
    contract = source(access="write")
    assert told(contract, partners(), Severity.WARNING) == ["role_access"]
    assert "so it gets nothing" in finding_of(contract, "role_access", partners()).message
    assert reads(partners(), contract) == []
    assert "so it gets read" in finding_of(source("data_analyst", access="write"), "role_access", lake()).message


def test_rejected_rows_are_read_whole_or_not_at_all():
    """All of quarantine is in the strictest class and nothing in it can be relied on, so nothing narrows it."""
    steward = partners(zones=["quarantine"], classifications=None)
    ((zone, table, columns, rows),) = reads(steward, source())
    assert (zone, table, rows) == (Zone.QUARANTINE, "orders", None)
    assert set(columns) == {*COLUMNS, "_reasons", "_source_file", "_source_line", "_source_record", "_run_id"}
    assert reads(steward, source(columns=["id"])) == []
    assert reads(steward, source(rows="id = '1'")) == []
    assert [one[1] for one in reads(steward, source(tables=TWO, columns={"orders": ["id"], "states": "all"}))] == ["states"]
    assert [one[0] for one in reads(partners(), source())] == [Zone.CURATED]
    assert reads(partners(zones=["quarantine"]), source()) == [], "not without the strictest class"


def test_the_run_of_a_parquet_table_has_the_tables_class():
    """The pipeline's column counts as the strictest of the others, and a list of columns leaves it out."""
    contract = source(columns={"states": "all"}, tables=TWO)
    contract["schema"][1]["customProperties"] = [{"property": "tableFormat", "value": "parquet", "vendor": "governed-lake"}]
    assert [one[2] for one in reads(partners(), contract)] == [("_run_id", "id", "label")]
    contract["schema"][1]["properties"][1]["classification"] = "restricted"
    assert [one[2] for one in reads(partners(), contract)] == [("id",)]


def test_the_database_is_the_zones():
    """Curated stands in the domain's own database."""
    made = {"persona": "p", "domain": "sales", "table": "orders", "columns": ("id",)}
    assert [RoleRead(zone=zone, **made).database for zone in (Zone.CURATED, Zone.QUARANTINE)] == ["sales", "sales_quarantine"]


def test_tells_of_a_persona_that_waits_to_be_named(tmp_path: Path):
    """Of a whole folder of good contracts only: a single file says nothing about the others."""

    def codes_of(contract: dict[str, Any], config: LakeConfig) -> list[str]:
        (tmp_path / "things.odcs.yaml").write_text(json.dumps(contract), encoding="utf-8")
        return [
            str(one) for one in load_contracts(tmp_path, config, display="contracts").findings if one.code == "contract.persona_not_named"
        ]

    (said,) = codes_of(source("data_analyst"), partners())
    assert said.startswith("contracts: no contract here names the persona partner among its roles")
    assert codes_of(source(), partners()) == []
    assert codes_of(source("data_analyst"), lake()) == []
    assert codes_of(source("data_analyst", rows="x"), partners()) == [], "not while one is refused"


NAMES = ["a", "b", "c", "d"]
TABLES = st.dictionaries(
    st.sampled_from(["one", "two"]), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CLASSES), min_size=1), min_size=1
)
LISTS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)


@st.composite
def narrowed(draw: st.DrawFn) -> dict[str, Any]:
    """Properties of a role, many of which no contract can have."""
    own: dict[str, Any] = {}
    if draw(st.booleans()):
        own[draw(st.sampled_from(["columns", "allBut"]))] = draw(
            LISTS | st.dictionaries(st.sampled_from(["one", "two"]), LISTS, min_size=1)
        )
    if draw(st.booleans()):
        own["rows"] = draw(st.sampled_from(["a = 'x'", "b = 'y' and c = 'z'", {"one": "a = 'x'"}, {"two": "all", "one": "d is null"}]))
    return own


@settings(max_examples=200, deadline=None)
@given(TABLES, narrowed(), st.lists(st.sampled_from(CLASSES), min_size=1, unique=True), st.sampled_from(["partner", "other"]))
def test_no_contract_gives_more_than_the_persona_has(tables: dict[str, dict[str, str]], own: dict[str, Any], classes: list[str], role: str):
    """Whatever a contract says: within the persona's classes, within what the role lists, with its condition, and only if it is named."""
    config = partners(classifications=classes)
    contract, _ = read(copy.deepcopy(source(role, tables=tables, **own)), config)
    found = role_reads(config, ContractSet(contracts=() if contract is None else (contract,)))
    assert role == "partner" or not found
    for one in found:
        assert one.columns
        assert {tables[one.table][name] for name in one.columns} <= set(classes)
        listed, rows = own.get("columns"), own.get("rows")
        if listed is not None:
            assert set(one.columns) <= set(listed[one.table] if isinstance(listed, dict) else listed)
        assert not set(one.columns) & set(own.get("allBut", []))
        stated = rows.get(one.table, "nothing is read") if isinstance(rows, dict) else rows
        assert one.rows == (None if stated == "all" else stated)


def test_a_plain_role_is_about_every_table():
    """And a narrowed one about those it names."""
    contract, _ = read(source(tables=TWO, columns={"states": "all"}), partners())
    assert contract is not None
    assert contract.roles[0].of_table("orders") is None
    assert contract.roles[0].of_table("states") == RoleTable(table="states")
    plain, _ = read(source(tables=TWO), partners())
    assert plain is not None
    assert plain.roles[0].of_table("orders") == RoleTable(table="orders")
