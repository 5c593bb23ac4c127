"""Rules for values, service levels, custom properties, roles and references."""

from __future__ import annotations

import pytest

from lakemodel.contracts.model import SourceFormat, TableFormat
from lakemodel.findings import Severity

from .support import codes, column_of, document, finding_of, lake, read, table_of


def checks(prop: dict) -> list[tuple[str, object]]:
    return [(check.kind.value, check.value) for check in column_of(prop).checks]


@pytest.mark.parametrize(("prop", "expected"), [
    ({"physicalType": "varchar(18)"}, [("max_length", 18)]),
    ({"physicalType": "varchar(18)", "logicalType": "string", "logicalTypeOptions": {"maxLength": 10}}, [("max_length", 10)]),
    ({"physicalType": "varchar(8)", "logicalType": "string", "logicalTypeOptions": {"maxLength": 10}}, [("max_length", 8)]),
    ({"logicalType": "string", "logicalTypeOptions": {"minLength": 2, "pattern": "^a"}}, [("min_length", 2), ("pattern", "^a")]),
    ({"logicalType": "integer", "logicalTypeOptions": {"minimum": 1, "exclusiveMaximum": 9}}, [("minimum", 1), ("exclusive_maximum", 9)]),
    ({"logicalType": "number", "physicalType": "double", "logicalTypeOptions": {"maximum": 1.5}}, [("maximum", 1.5)]),
    ({"logicalType": "date", "logicalTypeOptions": {"minimum": "2020-01-01"}}, [("minimum", "2020-01-01")]),
    ({"logicalType": "integer", "physicalType": "int unsigned"}, [("minimum", 0)]),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "u16"}}, [("minimum", 0)]),
    ({"logicalType": "string", "physicalType": "enum('a','b')"}, [("enum", ("a", "b"))]),
    ({"logicalType": "string", "enum": [{"value": "a"}, {"value": 1}, {"value": True}]}, [("enum", ("a", "1", "true"))]),
    ({"logicalType": "integer", "enum": [{"value": 1}, {"value": None}]}, [("enum", (1,))]),
    ({"physicalType": "varbinary(16)"}, [("max_length", 16)]),
])  # fmt: skip
def test_turns_options_into_checks(prop: dict, expected: list):
    """Lengths, bounds, patterns and allowed values are carried out by the job."""
    assert checks(prop) == expected


@pytest.mark.parametrize("options", [
    {"logicalType": "integer", "logicalTypeOptions": {"multipleOf": 5}},
    {"logicalType": "string", "logicalTypeOptions": {"format": "email"}},
    {"logicalType": "integer", "physicalType": "varchar(3)", "logicalTypeOptions": {"minimum": 5}},
    {"logicalType": "array", "items": {"logicalType": "string"}, "logicalTypeOptions": {"maxItems": 3}},
    {"logicalType": "object", "properties": [{"name": "x", "logicalType": "string"}], "logicalTypeOptions": {"required": ["x"]}},
    {"logicalType": "object", "properties": [{"name": "x", "logicalType": "string", "enum": [{"value": "a"}]}]},
    {"logicalType": "string", "quality": [{"type": "sql", "query": "select 1", "mustBe": 0}]},
    {"logicalType": "string", "quality": [{"metric": "nullValues", "mustBeLessThan": 5}]},
    {"logicalType": "array", "items": {"logicalType": "string"}, "enum": [{"value": "a"}]},
])  # fmt: skip
def test_tells_what_is_not_enforced(options: dict):
    """Nothing that a contract asks is dropped unseen."""
    assert "not_enforced" in codes(document([{"name": "a"} | options]))


@pytest.mark.parametrize(("rule", "required", "unique"), [
    ({"metric": "nullValues", "mustBe": 0}, True, False),
    ({"metric": "duplicateValues", "mustBe": 0}, False, True),
    ({"metric": "nullValues", "mustBe": 0, "severity": "error"}, True, False),
])  # fmt: skip
def test_turns_library_rules_into_checks(rule: dict, *, required: bool, unique: bool):
    """Those that allow no row to fail."""
    column = column_of({"logicalType": "string", "quality": [rule]})
    assert (column.required, column.unique) == (required, unique)


@pytest.mark.parametrize("pattern", ["[", "(a", "*a", r"(?<name>a)(", "a{2,1}"])
def test_fails_for_a_pattern_that_is_none(pattern: str):
    """The job would fail on the first row."""
    prop = {"name": "a", "logicalType": "string", "logicalTypeOptions": {"pattern": pattern}}
    assert codes(document([prop]), severity="error") == ["pattern"]


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", r"(?<year>\d{4})", "^[A-Z]{2}$", "a|b", r"\d+\Z"])
def test_takes_patterns_that_java_knows(pattern: str):
    """Python's dialect is not the measure."""
    assert checks({"logicalType": "string", "logicalTypeOptions": {"pattern": pattern}}) == [("pattern", pattern)]


@pytest.mark.parametrize(("written", "expected"), [
    ("yyyy-MM-dd", None), ("ISO8601", None), ("dd.MM.yyyy", "dd.MM.yyyy"), ("yyyyMMdd", "yyyyMMdd"), ("d MMM ''yy", "d MMM ''yy"),
])  # fmt: skip
def test_reads_date_formats(written: str, expected: str | None):
    """Java patterns; ISO 8601 needs none."""
    assert column_of({"logicalType": "date", "logicalTypeOptions": {"format": written}}).date_format == expected


@pytest.mark.parametrize("written", ["%Y-%m-%d", "YYYY-MM-DD", "DD/MM/YYYY", "yyyy-MM-dd'T", "whatever", "12"])
def test_fails_for_date_formats_that_spark_cannot_read(written: str):
    """Every date would be wrong or rejected."""
    prop = {"name": "a", "logicalType": "date", "logicalTypeOptions": {"format": written}}
    assert codes(document([prop]), severity="error") == ["date_format"]


def test_warns_of_formats_and_zones_that_are_not_read():
    """Inside nested columns, and for default zones other than UTC."""
    inner = {"name": "d", "logicalType": "date", "logicalTypeOptions": {"format": "dd.MM.yyyy"}}
    assert "nested_format" in codes(document([{"name": "a", "logicalType": "object", "properties": [inner]}]))
    zone = {"name": "a", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": "Europe/Berlin"}}
    assert "timezone" in codes(document([zone]))
    zone["logicalTypeOptions"] = {"defaultTimezone": "Etc/UTC"}
    assert "timezone" not in codes(document([zone]))


def levels(*properties: dict) -> dict:
    return document(slaProperties=list(properties))


@pytest.mark.parametrize(("value", "unit", "days"), [
    (30, "d", 30), ("30", "days", 30), (2, "w", 14), (1, "month", 31), (1, "y", 366), (3, "years", 1096), ("P3Y", None, 1096),
    ("90 days", None, 90), ("PT36H", None, 2), (36, "h", 2), (1.5, "d", 2),
])  # fmt: skip
def test_reads_retention(value: object, unit: str | None, days: int):
    """In days, rounded up, so that nothing goes a day too early."""
    contract, _ = read(levels({"property": "retention", "value": value} | ({"unit": unit} if unit else {})))
    assert contract is not None
    assert contract.retention_days == days


@pytest.mark.parametrize("level", [
    {"value": 3, "unit": "m"}, {"value": 3}, {"value": "forever"}, {"value": None, "unit": "d"}, {"value": 0, "unit": "d"},
    {"value": -1, "unit": "d"}, {"value": True, "unit": "d"}, {"value": "P", "unit": "d"}, {"value": 5000, "unit": "y"},
])  # fmt: skip
def test_fails_for_a_retention_that_is_no_length_of_time(level: dict):
    """A promise about deletion is never guessed nor dropped."""
    assert codes(levels({"property": "retention"} | level), severity="error") == ["retention"]


def test_takes_the_longest_of_several_retentions():
    """And says so."""
    both = levels({"property": "retention", "value": 1, "unit": "y"}, {"property": "retention", "value": 9, "unit": "d"})
    assert read(both)[0].retention_days == 366  # type: ignore[union-attr]
    assert codes(both, severity="warning") == ["retention"]


@pytest.mark.parametrize(
    ("property_", "value", "unit", "hours"), [("latency", 4, "d", 96), ("freshness", 30, "minutes", 1), ("latency", "PT6H", "", 6)]
)
def test_reads_freshness(property_: str, value: object, unit: str, hours: int):
    """In hours, rounded up."""
    assert read(levels({"property": property_, "value": value, "unit": unit}))[0].freshness_hours == hours  # type: ignore[union-attr]


def test_tells_of_service_levels_that_are_words_only():
    """They are named in one note."""
    found = finding_of(levels({"property": "timeOfAvailability", "value": "09:00"}), "not_enforced")
    assert "timeOfAvailability" in found.message


def own(*properties: tuple[str, object], vendor: str = "governed-lake") -> dict:
    return {"customProperties": [{"property": name, "value": value, "vendor": vendor} for name, value in properties]}


def test_reads_the_table_and_source_format():
    """All properties of this project at once."""
    table = table_of(document(table=own(
        ("tableFormat", "parquet"), ("sourceFormat", "csv"), ("header", False), ("delimiter", ";"), ("quote", "'"), ("escape", "\\"),
        ("nullMarker", r"\N"), ("encoding", "ISO-8859-1"), ("multiline", False),
    )))  # fmt: skip
    source = table.source
    assert table.format is TableFormat.PARQUET
    assert (source.format, source.header, source.delimiter, source.quote) == (SourceFormat.CSV, False, ";", "'")
    assert (source.escape, source.null_marker, source.encoding, source.multiline) == ("\\", r"\N", "ISO-8859-1", False)


def test_has_the_documented_defaults():
    """Iceberg, from CSV with a header; JSON lines when a column is nested."""
    table = table_of(document())
    assert (table.format, table.source.format, table.source.header, table.source.delimiter) == (
        TableFormat.ICEBERG,
        SourceFormat.CSV,
        True,
        ",",
    )
    nested = table_of(document([{"name": "a", "logicalType": "array", "items": {"logicalType": "string"}}]))
    assert nested.source.format is SourceFormat.JSON_LINES


@pytest.mark.parametrize(("properties", "code"), [
    ([("tableFromat", "parquet")], "unknown_property"),
    ([("partitionTransform", "day")], "unknown_property"),
    ([("tableFormat", "delta")], "table_format"),
    ([("sourceFormat", "xml")], "source_format"),
    ([("header", "no")], "source_option"),
    ([("delimiter", ";;")], "source_option"),
    ([("delimiter", '"')], "source_option"),
    ([("nullMarker", 5)], "source_option"),
    ([("encoding", "EBCDIC")], "source_option"),
    ([("sourceFormat", "jsonl"), ("delimiter", ";")], "source_option"),
    ([("header", True), ("header", False)], "duplicate_property"),
])  # fmt: skip
def test_fails_for_wrong_properties_of_this_project(properties: list, code: str):
    """A typo must not turn into a default."""
    assert codes(document(table=own(*properties)), severity="error") == [code]


def test_fails_when_csv_would_deliver_a_nested_column():
    """CSV has no nesting."""
    nested = [{"name": "a", "logicalType": "array", "items": {"logicalType": "string"}}]
    assert codes(document(nested, table=own(("sourceFormat", "csv"))), severity="error") == ["source_format"]


def test_leaves_other_vendors_alone_and_catches_ours_misspelled():
    """Foreign properties are none of our business, nearly ours are."""
    assert codes(document(table=own(("tableFormat", "delta"), vendor="databricks"))) == []
    assert codes(document(table=own(("tableFormat", "parquet"), vendor="governed_lake")), severity="error") == ["unknown_vendor"]
    bare = {"customProperties": [{"property": "tableFormat", "value": "parquet"}]}
    assert codes(document(table=bare), severity="warning") == ["no_vendor"]
    assert codes(document(**own(("tableFormat", "parquet"))), severity="error") == ["unknown_property"]


def test_binds_roles_to_personas():
    """One without a persona is told, and so is one that wants to write."""
    roles = [
        {"role": "data_analyst", "access": "read"},
        {"role": "data_analist"},
        {"role": "loader", "access": "write"},
        {"role": "loader"},
    ]
    source = document(roles=roles)
    contract, findings = read(source, lake())
    assert contract is not None
    assert [(role.role, role.access) for role in contract.roles] == [
        ("data_analyst", "read"),
        ("data_analist", "read"),
        ("loader", "write"),
    ]
    told = sorted(one.code.removeprefix("contract.") for one in findings if one.severity is Severity.WARNING and "role" in one.code)
    assert told == ["duplicate_role", "role_access", "role_without_persona", "role_without_persona"]
    assert "did you mean 'data_analyst'" in finding_of(source, "role_without_persona", lake()).message
    assert "role_without_persona" not in codes(source)


@pytest.mark.parametrize(("target", "dangling"), [
    ("thing.b", False), ("thing.a", False), ("thing.c", True), ("other.a", True),
    ("schema/t1/properties/p1", False), ("/schema/t1/properties/p1", False), ("schema/t1/properties/p9", True),
    ("other.odcs.yaml#/schema/t1/properties/p9", False),
])  # fmt: skip
def test_warns_of_dangling_references(target: str, *, dangling: bool):
    """By name or by id; other files are not looked at."""
    columns = [
        {"name": "a", "id": "p1", "logicalType": "string", "relationships": [{"to": target}]},
        {"name": "b", "logicalType": "string"},
    ]
    assert ("dangling_reference" in codes(document(columns, table={"id": "t1"}), severity="warning")) is dangling


def test_warns_of_an_encrypted_column_that_is_not_described():
    """Its values would be no column."""
    plain = {"name": "a", "logicalType": "string", "encryptedName": "a_encrypted"}
    assert "encrypted_name" in codes(document([plain]), severity="warning")
    assert "encrypted_name" not in codes(document([plain, {"name": "a_encrypted", "logicalType": "string"}]))


@pytest.mark.parametrize(("status", "severity"), [
    ("active", None), ("Active", None), ("draft", "note"), ("deprecated", "note"), ("retired", "warning"), ("current", "note"),
])  # fmt: skip
def test_tells_what_a_status_means(status: str, severity: str | None):
    """No product disappears or stays silently by its status."""
    assert codes(document(status=status)) == ([] if severity is None else ["status"])
    if severity:
        assert finding_of(document(status=status), "status").severity.value == severity


def test_reads_people():
    """Owner, steward and support, from either form of team."""
    members = [{"username": "old@x", "role": "owner", "dateOut": "2020-01-01"}, {"username": "o@x", "role": "Data Owner"},
               {"username": "s@x", "role": "data steward"}]  # fmt: skip
    for team in (members, {"name": "the team", "members": members}):
        contract, _ = read(document(team=team, support=[{"channel": "#help"}]))
        assert contract is not None
        assert (contract.owner, contract.steward, contract.support) == ("o@x", "s@x", "#help")
    assert read(document(team={"name": "the team"}))[0].owner == "the team"  # type: ignore[union-attr]
