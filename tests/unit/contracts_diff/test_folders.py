"""Two folders of contracts, versions, broken files, and what lets a change pass."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.approvals import Register, load_approvals
from lakemodel.contracts.diff.compare import diff_contracts
from lakemodel.contracts.diff.model import ContractsDiff, Product, Verdict
from lakemodel.contracts.diff.verdict import review
from lakemodel.contracts.diff.versions import is_major
from tests.unit.contracts.support import HEAD
from tests.unit.test_approvals import ENTRY, write

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2027, 1, 1)


def contract(name: str = "things", **top: Any) -> dict[str, Any]:
    """A small contract; its id is its name."""
    columns = [{"name": "a", "logicalType": "string", "classification": "internal"}, {"name": "b", "logicalType": "string"}]
    return HEAD | {"id": name, "dataProduct": name, "schema": [{"name": name, "properties": columns}]} | top


def folder(path: Path, **files: dict[str, Any] | str) -> Path:
    """A folder with these contracts."""
    path.mkdir()
    for name, data in files.items():
        (path / f"{name}.odcs.yaml").write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def compared(tmp_path: Path, base: dict[str, Any], head: dict[str, Any]) -> ContractsDiff:
    return diff_contracts(folder(tmp_path / "base", **base), folder(tmp_path / "head", **head), None)


def told(diff: ContractsDiff) -> dict[str, list[str]]:
    return {product.contract: [change.rule.id for change in product.changes] for product in diff.products}


def test_products_come_go_and_stay(tmp_path: Path) -> None:
    """One is new, one is gone, one is as it was, whatever its file is called."""
    found = compared(tmp_path, {"a": contract("one"), "b": contract("two")}, {"z": contract("one"), "c": contract("three")})
    assert told(found) == {"sales.one": [], "sales.two": ["product.removed"], "sales.three": ["product.added"]}
    assert [product.state for product in found.products] == [Product.COMPARED, Product.ADDED, Product.REMOVED]


def test_the_same_id_is_the_same_product(tmp_path: Path) -> None:
    """A product that is renamed, or moved to another domain, is told as such and not as another one."""
    renamed = contract("one", dataProduct="uno")
    found = compared(
        tmp_path, {"a": contract("one"), "b": contract("two")}, {"a": renamed, "b": contract("two", domain="travel", id="new")}
    )
    assert told(found) == {"sales.uno": ["product.renamed"], "travel.two": ["product.domain_changed", "product.id_changed"]}


def test_a_broken_base_does_not_stop_its_repair(tmp_path: Path) -> None:
    """What cannot be read is not compared and says so; what is refused is compared as far as it can be read."""
    typo = contract("two")
    typo["schema"][0]["properties"][0]["clasification"] = "public"
    found = compared(tmp_path, {"a": "}", "b": typo}, {"a": contract("one"), "b": contract("two")})
    assert told(found) == {"sales.one": ["product.not_compared"], "sales.two": ["other.changed"]}
    assert [finding.code for finding in found.base_findings] == ["yaml.broken", "contract.schema"]
    assert not found.refused
    judged = review(found, Register(), as_of=TODAY)
    assert [one.change.rule.id for one in judged.open] == ["product.not_compared"]
    repair = ENTRY | {"rule": "product.not_compared", "contract": "sales.one", "now": "sales.one"}
    repair = {key: value for key, value in repair.items() if key not in {"path", "was"}}
    assert review(found, load_approvals(write(tmp_path / "approvals.yaml", repair)), as_of=TODAY).passed


def test_a_refused_head_fails_and_is_compared_all_the_same(tmp_path: Path) -> None:
    """A head that cannot be read at all is no product that is gone."""
    typo = contract("two")
    typo["schema"][0]["properties"][0]["clasification"] = "public"
    found = compared(tmp_path, {"a": contract("one"), "b": contract("two")}, {"a": "}", "b": typo})
    assert told(found) == {"sales.two": ["other.changed"]}
    judged = review(found, Register(), as_of=TODAY)
    assert not judged.passed
    assert not judged.open
    assert len(found.refused) == 2


def lowered(version: str = "1.0.0", to: str = "public") -> dict[str, Any]:
    found = copy.deepcopy(contract("one", version=version))
    found["schema"][0]["properties"][0]["classification"] = to
    return found


def narrowed(version: str) -> dict[str, Any]:
    found = copy.deepcopy(contract("one", version=version))
    del found["schema"][0]["properties"][1]
    return found


@pytest.mark.parametrize(
    ("base", "head", "verdict"),
    [
        ("1.4.2", "2.0.0", Verdict.NEW_MAJOR),
        ("1.4.2", "1.5.0", Verdict.OPEN),
        ("1.4.2", "1.4.2", Verdict.OPEN),
        ("2.0.0", "1.0.0", Verdict.OPEN),
        ("0.4.1", "0.5.0", Verdict.NEW_MAJOR),
        ("0.4.1", "0.4.2", Verdict.OPEN),
        ("0.4.1", "1.0.0", Verdict.NEW_MAJOR),
        ("1.1", "2.0", Verdict.OPEN),
        ("v1.0.0", "v2.0.0", Verdict.OPEN),
    ],
)
def test_a_new_major_version_allows_what_breaks(tmp_path: Path, base: str, head: str, verdict: Verdict) -> None:
    """By semantic versioning; while the major number is 0, the minor one counts; what is no version announces nothing."""
    found = compared(tmp_path, {"a": contract("one", version=base)}, {"a": narrowed(head)})
    judged = {one.change.rule.id: one.verdict for one in review(found, Register(), as_of=TODAY).all}
    assert judged["column.removed"] is verdict
    assert is_major(base, head) == (verdict is Verdict.NEW_MAJOR)


def test_a_version_that_did_not_rise_is_warned_of(tmp_path: Path) -> None:
    """And one that fell, and one that is none; an unchanged contract is not."""
    for number, (base, head, said) in enumerate(
        [("1.0.0", "1.0.0", "still 1.0.0"), ("1.1.0", "1.0.0", "went down"), ("1", "2", "no MAJOR.MINOR")]
    ):
        path = tmp_path / str(number)
        path.mkdir()
        (warning,) = compared(path, {"a": contract("one", version=base)}, {"a": narrowed(head)}).products[0].warnings
        assert said in warning
    assert compared(tmp_path, {"a": contract("one")}, {"a": contract("one")}).products[0].warnings == ()


def approved(tmp_path: Path, **changed: Any) -> Register:
    entry = ENTRY | {"contract": "sales.one", "path": "schema.one.properties.a", "was": "internal", "now": "public"} | changed
    return load_approvals(write(tmp_path / "approvals.yaml", {key: value for key, value in entry.items() if value is not ...}))


def test_governance_passes_by_approval_alone(tmp_path: Path) -> None:
    """A new major version is no approval."""
    found = compared(tmp_path, {"a": contract("one")}, {"a": lowered("2.0.0")})
    assert [one.change.rule.id for one in review(found, Register(), as_of=TODAY).open] == ["classification.lowered"]
    judged = review(found, approved(tmp_path), as_of=TODAY)
    assert judged.passed
    assert not judged.stale


@pytest.mark.parametrize(
    "changed",
    [
        {"contract": "sales.two"},
        {"path": "schema.one.properties.b"},
        {"path": "schema.one"},
        {"now": "confidential"},
        {"was": "restricted"},
        {"rule": "classification.raised"},
    ],
)
def test_an_approval_is_for_one_change(tmp_path: Path, changed: dict[str, str]) -> None:
    """Of another product, place, value or kind it is none, and told as not needed."""
    found = compared(tmp_path, {"a": contract("one")}, {"a": lowered()})
    judged = review(found, approved(tmp_path, **changed), as_of=TODAY)
    assert not judged.passed
    assert len(judged.stale) == 1


@pytest.mark.parametrize(
    "changed", [{"path": "schema.one.*", "was": ..., "now": ...}, {"rule": "classification.*", "was": ..., "now": ...}]
)
def test_a_wide_approval_is_for_one_kind_or_one_place(tmp_path: Path, changed: dict[str, Any]) -> None:
    """A wildcard at the end of one of the two."""
    found = compared(tmp_path, {"a": contract("one")}, {"a": lowered()})
    assert review(found, approved(tmp_path, **changed), as_of=TODAY).passed


def test_an_expired_approval_does_not_count(tmp_path: Path) -> None:
    """It is named beside the change that it would have allowed."""
    found = compared(tmp_path, {"a": contract("one")}, {"a": lowered()})
    register = approved(tmp_path, expires="2027-01-10")
    assert review(found, register, as_of=date(2027, 1, 10)).passed
    assert len(review(found, register, as_of=date(2027, 1, 10)).soon) == 1
    late = review(found, register, as_of=date(2027, 1, 11))
    assert [one.approval for one in late.open] == list(register.entries)
    assert late.expired == register.entries
    assert late.stale == ()
