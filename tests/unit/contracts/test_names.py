"""Names of products, tables, columns and nested properties."""

from __future__ import annotations

import pytest

from lakemodel.contracts.job_spec import job_spec
from lakemodel.types.glue import glue_type

from .support import codes, document, finding_of, lake, read, table_of

NORMALIZE = lake(illegal_name="normalize")


@pytest.mark.parametrize("name", ["Order", "order-id", "order id", "größe", "a.b", "a`b", "a\nb", "1st Name"])
def test_fails_for_an_illegal_name(name: str):
    """The remedy names what it could be called."""
    found = finding_of(document([{"name": name, "logicalType": "string"}]), "illegal_name")
    assert found.is_error
    assert "physicalName" in found.remedy


@pytest.mark.parametrize("name", ["order_id", "_id", "1st", "date", "order", "a" * 255])
def test_takes_legal_names(name: str):
    """Lower-case letters, digits, underscores; reserved words of SQL too."""
    assert table_of(document([{"name": name, "logicalType": "string"}])).columns[0].name == name


def test_normalizes_by_policy():
    """Told, and the producer's spelling is kept for the job."""
    table = table_of(document([{"name": "Order ID", "logicalType": "string"}], table={"name": "The Things"}), NORMALIZE)
    assert (table.name, table.source_name) == ("the_things", "The Things")
    assert (table.columns[0].name, table.columns[0].source_name) == ("order_id", "Order ID")
    assert codes(document([{"name": "Order ID", "logicalType": "string"}]), NORMALIZE) == ["name_normalized"]


def test_keeps_the_producers_names_inside_columns():
    """A nested field is read by its own spelling and stored by the catalog's."""
    nested = {"name": "a", "logicalType": "object", "properties": [{"name": "First Name", "logicalType": "string"}]}
    contract, _ = read(document([nested]), NORMALIZE)
    assert contract is not None
    column = job_spec(contract, contract.tables[0])["columns"][0]
    assert (column["type"], column["delivered_type"]) == ("struct<`first_name`: string>", "struct<`First Name`: string>")


@pytest.mark.parametrize("columns", [["a b", "a-b"], ["A", "a"], ["a", "a"]])
def test_fails_when_columns_collide(columns: list[str]):
    """Two columns of one name are refused, however they were spelled."""
    source = document([{"name": name, "logicalType": "string"} for name in columns])
    assert "duplicate_name" in codes(source, NORMALIZE, severity="error")


def test_fails_when_nested_names_collide():
    """Inside a struct too, whoever describes it."""
    inner = [{"name": "a b", "logicalType": "string"}, {"name": "a_b", "logicalType": "string"}]
    assert "duplicate_name" in codes(document([{"name": "x", "logicalType": "object", "properties": inner}]), NORMALIZE)
    assert "duplicate_name" in codes(document([{"name": "x", "physicalType": "struct<`a b`:int,a_b:int>"}]), NORMALIZE)


def test_fails_when_tables_collide():
    """Two tables of one contract cannot share a name."""
    table = document()["schema"][0]
    assert "duplicate_name" in codes(document() | {"schema": [table, table]}, severity="error")


def test_fails_when_two_columns_are_read_from_one():
    """PhysicalName names what is delivered, once."""
    columns = [{"name": name, "physicalName": "COL", "logicalType": "string"} for name in ("a", "b")]
    assert codes(document(columns), severity="error") == ["duplicate_source"]


@pytest.mark.parametrize("name", ["_reasons", "_source_file", "_source_line", "_run_id"])
def test_fails_for_a_reserved_name(name: str):
    """The quarantine has columns of its own."""
    assert codes(document([{"name": name, "logicalType": "string"}]), severity="error") == ["reserved_name"]


def test_fails_for_names_that_are_too_long():
    """Columns and tables at 255 characters, products at 40."""
    assert codes(document([{"name": "a" * 256, "logicalType": "string"}]), severity="error") == ["name_too_long"]
    assert "name_too_long" in codes(document(table={"name": "a" * 256}), severity="error")
    found = finding_of(document(dataProduct="a" * 64), "name_too_long")
    assert found.message == "the data product name has 64 characters; at most 40 are allowed"
    assert codes(document(dataProduct="a" * 40)) == []


@pytest.mark.parametrize("name", ["顧客", "---", "   "])
def test_fails_for_a_name_without_letters_whatever_the_policy(name: str):
    """Nothing is left to normalise."""
    assert codes(document([{"name": name, "logicalType": "string"}]), NORMALIZE, severity="error")


def test_calls_a_nameless_product_after_its_file():
    """And warns, because a renamed file would be another product."""
    source = document()
    del source["dataProduct"]
    contract, _ = read(source)
    assert contract is not None
    assert contract.product == "things"
    assert codes(source, severity="warning") == ["no_product_name"]
    assert read(source | {"name": "by_name"})[0].product == "by_name"  # type: ignore[union-attr]


@pytest.mark.parametrize("domain", ["Sales", " sales "])
def test_finds_a_domain_however_it_is_spelled(domain: str):
    """Case and spaces don't make another domain."""
    contract, _ = read(document(domain=domain), lake())
    assert contract is not None
    assert contract.domain == "sales"


@pytest.mark.parametrize("top", [{"domain": "finance"}, {"domain": None}, {"domain": "sale"}])
def test_settles_a_missing_domain_by_policy(top: dict):
    """An error, unless the team has one for strays."""
    found = finding_of(document(**top), "missing_domain", lake())
    assert found.is_error
    assert "sales, travel" in found.message
    contract, _ = read(document(**top), lake(missing_domain={"use": "travel"}))
    assert contract is not None
    assert contract.domain == "travel"


def test_checks_no_domain_without_a_lake():
    """Somebody else's contract can be judged alone."""
    contract, _ = read(document(domain="Finance & Tax"))
    assert contract is not None
    assert contract.domain == "finance_tax"


def test_fails_for_a_column_type_too_long_for_the_catalog():
    """Glue takes 131,072 characters."""
    inner = [{"name": f"n{number}{'x' * 200}", "logicalType": "string"} for number in range(700)]
    source = document([{"name": "a", "logicalType": "object", "properties": inner}])
    assert codes(source, severity="error") == ["type_too_long"]


def test_fails_for_too_many_columns():
    """A thousand is what a table's metadata can hold."""
    assert codes(document([{"name": f"c{n}", "logicalType": "string"} for n in range(1001)]), severity="error") == ["too_many_columns"]
    assert glue_type(table_of(document([{"name": f"c{n}", "logicalType": "date"} for n in range(1000)])).columns[999].type) == "date"
