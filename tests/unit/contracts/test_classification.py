"""Classes of columns: what nobody classified is restricted, and personal data cannot lose its class unseen."""

from __future__ import annotations

import pytest

from lakemodel.findings import Severity

from .support import codes, column_of, document, finding_of, read, table_of

CLASSED = {"name": "other", "logicalType": "string", "classification": "internal"}


def struct(*parts: dict, **own: object) -> dict:
    return {
        "name": "a",
        "logicalType": "object",
        "properties": [{"name": f"p{n}", "logicalType": "string"} | part for n, part in enumerate(parts)],
    } | own


@pytest.mark.parametrize(("prop", "expected"), [
    ({"logicalType": "string", "classification": "public"}, "public"),
    ({"logicalType": "string", "classification": "Internal "}, "internal"),
    ({"logicalType": "string"}, "restricted"),
    ({"logicalType": "string", "classification": ""}, "restricted"),
    ({"logicalType": "string", "classification": "sensitive"}, "restricted"),
    (struct({"classification": "public"}, {"classification": "confidential"}), "confidential"),
    (struct({"classification": "confidential"}, {}, classification="public"), "confidential"),
    (struct({}, {}, classification="internal"), "internal"),
    (struct({"classification": "public"}, {}), "restricted"),
    ({"logicalType": "array", "items": {"logicalType": "string", "classification": "confidential"}}, "confidential"),
    ({"logicalType": "array", "classification": "public", "items": {"logicalType": "string",
    "classification": "restricted"}}, "restricted"),
])  # fmt: skip
def test_gives_the_strictest_class_that_holds(prop: dict, expected: str):
    """Declared, or the strictest nested one, or restricted."""
    assert column_of(prop).classification == expected


def test_gives_a_table_its_strictest_column():
    """The table's tag never lets more people in than a column's."""
    columns = [{"name": name, "logicalType": "string", "classification": name} for name in ("public", "confidential", "internal")]
    assert table_of(document(columns)).classification == "confidential"


def test_warns_of_an_unknown_class():
    """It is told with the word that was probably meant, and counts as restricted."""
    found = finding_of(document([{"name": "a", "logicalType": "string", "classification": "confidental"}]), "unknown_classification")
    assert found.severity is Severity.WARNING
    assert "did you mean 'confidential'" in found.message


def test_warns_once_per_table_of_unclassified_columns():
    """One finding with their number, not one each."""
    found = list(read(document([CLASSED, *({"name": f"c{n}", "logicalType": "string"} for n in range(5))]))[1])
    told = [one for one in found if one.code == "contract.unclassified"]
    assert [one.message for one in told] == ["5 of 6 columns have no classification and count as restricted: c0, c1, c2, c3, c4"]


@pytest.mark.parametrize("mark", [
    {"tags": ["pii"]},
    {"tags": ["PII"]},
    {"tags": ["gdpr"]},
    {"tags": ["pii:true"]},
    {"tags": ["contains_pii"]},
    {"tags": ["Personal Data"]},
    {"customProperties": [{"property": "pii", "value": True}]},
    {"customProperties": [{"property": "isPII", "value": "yes"}]},
    {"customProperties": [{"property": "tags", "value": "PII"}]},
    {"customProperties": [{"property": "tags", "value": ["x", "PII"]}]},
])  # fmt: skip
@pytest.mark.parametrize("classification", [{}, {"classification": "public"}])
def test_fails_when_personal_data_lost_its_class(mark: dict, classification: dict):
    """Marked as personal data and open, or with no class at all: refused."""
    found = finding_of(document([{"name": "x1", "logicalType": "string"} | mark | classification]), "personal_data")
    assert found.is_error
    assert found.place.path == "schema.thing.properties.x1"


def test_lets_classified_personal_data_pass():
    """A class above the lowest is all that is asked."""
    marked = {"name": "email", "logicalType": "string", "tags": ["pii"], "classification": "confidential"}
    assert codes(document([marked])) == []


@pytest.mark.parametrize(
    "custom", [{"property": "pii", "value": False}, {"property": "pii", "value": "no"}, {"property": "pii", "value": None}]
)
def test_reads_a_mark_that_is_off(custom: dict):
    """`pii: false` marks nothing."""
    assert codes(document([{"name": "x1", "logicalType": "string", "customProperties": [custom]}])) == []


@pytest.mark.parametrize(
    "name", ["email", "e_mail", "customer_email_address", "phone_number", "first_name", "birth_date", "date_of_birth", "iban", "ssn"]
)
def test_fails_when_a_telling_name_has_no_class_among_classified_ones(name: str):
    """Where columns are classified, one named like personal data without a class has lost it."""
    found = finding_of(document([CLASSED, {"name": name, "logicalType": "string"}]), "personal_data")
    assert found.is_error
    assert "lost its class" in found.message


def test_warns_of_telling_names_where_nothing_is_classified():
    """There every column counts as restricted: nothing is open, one warning names them."""
    contract, findings = read(document([{"name": "email", "logicalType": "string"}, {"name": "phone", "logicalType": "string"}]))
    assert contract is not None
    told = [one for one in findings if one.code == "contract.personal_data"]
    assert [(one.severity, one.message) for one in told] == [
        (Severity.WARNING, "no classification, and names that say personal data: email, phone")
    ]


def test_warns_of_an_open_column_with_a_telling_name():
    """It may be right, and is said."""
    found = finding_of(document([{"name": "email", "logicalType": "string", "classification": "public"}]), "personal_data")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("name", ["emailed", "is_mobile", "microphone", "dobby", "telephony", "name"])
def test_takes_other_names_as_they_are(name: str):
    """No false alarm for words that only look alike."""
    assert codes(document([CLASSED, {"name": name, "logicalType": "string"}])) == []


def test_warns_of_sensitive_marks():
    """`sensitive` is a warning, `pii` an error."""
    assert codes(document([{"name": "a", "logicalType": "string", "tags": ["sensitive"]}]), severity="warning") == ["sensitive_data"]


def test_finds_personal_data_inside_a_column():
    """A nested property that is marked needs a class too, its own or its column's."""
    marked = struct({"tags": ["pii"]}, {})
    found = finding_of(document([marked]), "personal_data")
    assert found.place.path == "schema.thing.properties.a.properties.p0"
    assert "personal_data" not in codes(document([struct({"tags": ["pii"]}, {}, classification="restricted")]))
    assert "personal_data" in codes(document([struct({"tags": ["pii"]}, {}, classification="public")]))
