"""Edits that look like more, or like less, than they are: names of files, the order of rules, units, renamed columns, old errors."""

from __future__ import annotations

import copy
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.approvals import Register
from lakemodel.contracts.diff.compare import diff_contracts
from lakemodel.contracts.diff.verdict import review

from .support import at, changes, column, rules_of, whole
from .test_folders import compared, contract, folder, told

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.diff.model import ContractsDiff

TODAY = date(2027, 1, 1)


def unnamed(**top: Any) -> dict[str, Any]:
    """A contract that names no product, as many public ones."""
    data = contract("things", **top)
    del data["dataProduct"]
    return data


def files(tmp_path: Path, base: dict[str, Any], head: dict[str, Any]) -> ContractsDiff:
    """Two files compared, `old` and `things`."""
    found = folder(tmp_path / "both", old=base, things=head)
    return diff_contracts(found / "old.odcs.yaml", found / "things.odcs.yaml", None)


def test_two_files_are_one_product_whatever_they_are_called(tmp_path: Path) -> None:
    """A copy of BASE has any name; it is called as HEAD's file would call it, so that only a name that is stated can change."""
    assert told(files(tmp_path, unnamed(), unnamed())) == {"sales.things": []}
    (tmp_path / "1").mkdir()
    assert told(files(tmp_path / "1", unnamed(), contract("things"))) == {"sales.things": ["documentation.changed"]}
    (tmp_path / "2").mkdir()
    assert "product.renamed" in told(files(tmp_path / "2", unnamed(), contract("others", id="things")))["sales.others"]


def test_in_folders_a_product_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    """There the file's name is what the lake calls it, so that another one renames the product."""
    found = compared(tmp_path, {"one": unnamed()}, {"two": unnamed()})
    assert told(found) == {"sales.two": ["product.renamed"]}


def test_an_error_that_base_has_too_is_no_change(tmp_path: Path) -> None:
    """Public contracts are rarely buildable as they are: what was wrong before is told and fails nothing, what is newly wrong fails."""
    wrong = contract()
    wrong["schema"][0]["properties"][0] |= {"logicalType": "number"}
    worse = copy.deepcopy(wrong)
    worse["schema"][0]["properties"][1] |= {"logicalType": "number"}
    found = files(tmp_path, wrong, wrong | {"tags": ["new"]})
    assert [finding.code for finding in found.known] == ["contract.number_without_precision"]
    assert found.known[0].place.file.endswith("things.odcs.yaml")
    assert found.refused == ()
    assert review(found, Register(), as_of=TODAY).passed
    (tmp_path / "worse").mkdir()
    found = files(tmp_path / "worse", wrong, worse)
    assert [finding.place.path for finding in found.refused] == ["schema.things.properties.b"]
    assert not review(found, Register(), as_of=TODAY).passed


def test_a_column_that_is_renamed_keeps_its_class() -> None:
    """A new major version allows another name, and with it no lower class, where both come from the same thing at the producer's."""
    base = whole()
    column(base, "customer_id")["physicalName"] = "CUSTOMER"
    column(base, "customer_id")["classification"] = "restricted"
    for name, found in (("restricted", 0), ("internal", 1)):
        head = copy.deepcopy(base)
        column(head, "customer_id").update(name="customer", classification=name)
        lowered = [change for change in changes(base, head) if change.rule.id == "classification.lowered"]
        assert len(lowered) == found, name
        assert all((change.path, change.was, change.now) == ("schema.orders.properties.customer", "restricted", name) for change in lowered)


@pytest.mark.parametrize(
    ("system", "was", "now", "rule"),
    [
        ("postgres", "int", "integer", "spelling.changed"),
        ("postgres", "bigint", "integer", "type.narrowed"),
        ("bigquery", "int64", "integer", "spelling.changed"),
        ("bigquery", "int", "integer", "spelling.changed"),
    ],
)
def test_an_integer_is_what_the_servers_mean_by_it(system: str, was: str, now: str, rule: str) -> None:
    """Two spellings of one type are none of anybody's concern; the same word of another system is another type."""
    states = [whole(), whole()]
    for data, kind in zip(states, (was, now), strict=True):
        for server in data["servers"]:
            server["type"] = system
        column(data, "quantity")["physicalType"] = kind
    assert rules_of(*states) == [rule]
    assert rules_of(*reversed(states)) == [{"type.narrowed": "type.widened", "type.widened": "type.narrowed"}.get(rule, rule)]


def test_rules_about_the_same_pair_up_by_what_they_say() -> None:
    """Two rules of one metric: their order is no change, and the one that goes is the one that is gone."""
    low, high = {"metric": "rowCount", "mustBeGreaterThan": 1}, {"metric": "rowCount", "mustBeLessThan": 100}
    states = [whole() for _ in range(4)]
    for data, quality in zip(states, ([low, high], [high, low], [high], [low, high | {"mustBeLessThan": 90}]), strict=True):
        at(data, "schema", "orders")["quality"] = quality
    both, turned, one, less = states
    assert rules_of(both, turned) == ["spelling.changed"]
    assert [(change.rule.id, change.path) for change in changes(both, one)] == [("quality.removed", "schema.orders.quality[0]")]
    assert rules_of(both, less) == ["quality.tightened"]


@pytest.mark.parametrize("option", ["minLength", "minItems"])
def test_a_least_size_of_nothing_asks_nothing(option: str) -> None:
    """No text and no list has fewer than 0."""
    base = whole()
    head = copy.deepcopy(base)
    options = column(head, "customer_id").setdefault("logicalTypeOptions", {})
    options[option] = 0
    assert set(rules_of(base, head)) <= {"spelling.changed", "other.changed"}
    options[option] = 1
    assert "range.tightened" in rules_of(base, head)


@pytest.mark.parametrize(
    ("base", "head", "rule"),
    [
        ((12, "months"), (1, "y"), "spelling.changed"),
        ((1, "y"), ("12", "month"), "spelling.changed"),
        (("P1Y6M", ""), (18, "mo"), "spelling.changed"),
        ((4, "q"), ("P1Y", ""), "spelling.changed"),
        ((12, "months"), (11, "months"), "retention.cut"),
        ((1, "y"), (365, "d"), "retention.cut"),
        ((1, "y"), (366, "d"), "retention.lengthened"),
        ((1, "y"), ("unlimited", ""), "retention.removed"),
    ],
)
def test_a_year_is_twelve_months(base: tuple[Any, str], head: tuple[Any, str], rule: str) -> None:
    """Months and years are counted as such; days are not, since some years have one more."""
    states = [whole(), whole()]
    for data, (value, unit) in zip(states, (base, head), strict=True):
        level = at(data, "slaProperties", "retention")
        level.pop("unit", None)
        level |= {"value": value} | ({"unit": unit} if unit else {})
    assert rules_of(*states) == [rule]
