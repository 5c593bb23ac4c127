"""Folders of contracts: which files are read, what collides, what a lock must hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lakemodel.contracts.loader import load_contract, load_contracts
from lakemodel.locks.field_ids import FieldIdLock, extend, load_lock, lock_path, save_lock

from .support import document, lake

if TYPE_CHECKING:
    from pathlib import Path

PARQUET = {"customProperties": [{"property": "tableFormat", "value": "parquet", "vendor": "governed-lake"}]}


def write(folder: Path, name: str, product: str | None = None, table: str | None = None, **top: Any) -> Path:
    """A good contract with names of its own."""
    own = product or name.rpartition("/")[2].partition(".")[0]
    source = document(table={"name": table or own} | PARQUET) | {"id": own, "dataProduct": own} | top
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    return path


def errors(folder: Path, code: str) -> set[str]:
    found = load_contracts(folder, lake())
    return {finding.place.file.rpartition("/")[2] for finding in found.findings if finding.code == f"contract.{code}" and finding.is_error}


def test_reads_a_folder_with_its_subfolders(tmp_path: Path):
    """Sorted by product, whatever the file system's order."""
    for name in ("z/b.odcs.yaml", "a/c.odcs.yml", "a.odcs.json", "plain.yaml"):
        write(tmp_path, name)
    found = load_contracts(tmp_path, lake())
    assert len(found.contracts) == 4
    assert [contract.key for contract in found.contracts] == sorted(contract.key for contract in found.contracts)
    assert not found.refused


def test_leaves_other_files_out(tmp_path: Path):
    """Hidden files and locks are not looked at, other YAML is left out with a note, a contract under another name is read."""
    write(tmp_path, "a.odcs.yaml")
    write(tmp_path, "b.yaml")
    (tmp_path / "values.yaml").write_text("a: 1\n")
    (tmp_path / "a.lock.json").write_text("{broken")
    (tmp_path / ".hidden.odcs.yaml").write_text("{broken")
    found = load_contracts(tmp_path, lake())
    assert [contract.product for contract in found.contracts] == ["a", "b"]
    assert [(finding.code, finding.severity.value) for finding in found.findings if "values" in finding.place.file] == [
        ("contract.not_a_contract", "note")
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dataContractSpecification: 1.1.0\nid: orders\nmodels: {orders: {fields: {a: {type: text}}}}\n", "other_standard"),
        ("apiVersion: v3.1.0\nid: orders\nschema: [{name: orders}]\n", "kind"),
        ("apiVersion: v2.2.2\nkind: virtualDataset\ndataset: [{table: orders}]\n", "kind"),
    ],
)
@pytest.mark.parametrize("name", ["b.yaml", "b.odcs.yaml"])
def test_fails_for_a_contract_in_another_shape(tmp_path: Path, name: str, text: str, code: str):
    """A contract of another standard, or one without its kind, is refused under any name: left out, its tables would be lost unseen."""
    write(tmp_path, "a.odcs.yaml")
    (tmp_path / name).write_text(text)
    assert errors(tmp_path, code) == {name}
    assert [contract.product for contract in load_contracts(tmp_path, lake()).contracts] == ["a"]


@pytest.mark.parametrize("make", ["missing", "file", "empty", "strangers"])
def test_fails_for_a_folder_without_contracts(tmp_path: Path, make: str):
    """A wrong path is never a lake without products."""
    folder = tmp_path / "contracts"
    if make == "file":
        folder.write_text("x")
    elif make != "missing":
        folder.mkdir()
    if make == "strangers":
        (folder / "values.yaml").write_text("a: 1\n")
    found = load_contracts(folder, lake())
    assert found.refused
    assert [finding.code for finding in found.findings if finding.is_error] in (["contract.no_folder"], ["contract.no_contracts"])


def test_goes_on_after_a_bad_contract(tmp_path: Path):
    """One that cannot even be parsed refuses itself alone."""
    write(tmp_path, "good.odcs.yaml")
    (tmp_path / "bad.odcs.yaml").write_text("a: [unclosed\n")
    (tmp_path / "worse.odcs.yaml").write_bytes(b"\xff\xfe\x00")
    write(tmp_path, "typo.odcs.yaml", statuss="x")
    found = load_contracts(tmp_path, lake(), display="contracts")
    assert [contract.product for contract in found.contracts] == ["good"]
    assert found.refused == ("contracts/bad.odcs.yaml", "contracts/typo.odcs.yaml", "contracts/worse.odcs.yaml")


def test_fails_when_two_files_have_one_id(tmp_path: Path):
    """Both are refused: nobody can say which is meant."""
    write(tmp_path, "a.odcs.yaml")
    write(tmp_path, "b.odcs.yaml", id="a")
    assert errors(tmp_path, "duplicate_id") == {"a.odcs.yaml", "b.odcs.yaml"}
    assert load_contracts(tmp_path, lake()).contracts == ()


@pytest.mark.parametrize("policy", ["error", "normalize"])
@pytest.mark.parametrize("other", ["shop_orders", "Shop Orders", "shop-orders", "SHOP.ORDERS"])
def test_fails_when_products_collide_after_normalisation(tmp_path: Path, other: str, policy: str):
    """Told at both, even where one is refused for its name already."""
    write(tmp_path, "a.odcs.yaml", product="shop_orders", table="t1")
    write(tmp_path, "b.odcs.yaml", product=other, table="t2", id="b")
    found = load_contracts(tmp_path, lake(illegal_name=policy))
    told = {finding.place.file[-11:]: finding.message for finding in found.findings if finding.code == "contract.duplicate_product"}
    assert set(told) == {"a.odcs.yaml", "b.odcs.yaml"}
    assert "sales.shop_orders" in told["a.odcs.yaml"]
    assert "b.odcs.yaml" in told["a.odcs.yaml"]
    assert found.contracts == ()


def test_fails_when_tables_of_a_domain_collide(tmp_path: Path):
    """A domain's products share one database; another domain's don't."""
    write(tmp_path, "a.odcs.yaml", table="same")
    write(tmp_path, "b.odcs.yaml", table="same")
    write(tmp_path, "c.odcs.yaml", table="same", domain="travel")
    assert errors(tmp_path, "duplicate_table") == {"a.odcs.yaml", "b.odcs.yaml"}
    assert [contract.key for contract in load_contracts(tmp_path, lake()).contracts] == ["travel.c"]


def test_keeps_products_of_one_name_in_two_domains_apart(tmp_path: Path):
    """The key of a product has its domain in it."""
    write(tmp_path, "a.odcs.yaml", product="orders")
    write(tmp_path, "b.odcs.yaml", product="orders", domain="travel", id="b")
    assert [contract.key for contract in load_contracts(tmp_path, lake()).contracts] == ["sales.orders", "travel.orders"]


def iceberg(folder: Path, *columns: str) -> Path:
    path = folder / "a.odcs.yaml"
    path.write_text(yaml.safe_dump(document([{"name": name, "logicalType": "string"} for name in columns])), encoding="utf-8")
    return path


def lock_of(path: Path) -> None:
    contract, _ = load_contract(path, lake(), with_lock=False)
    assert contract is not None
    save_lock(extend(load_lock(lock_path(path)) or FieldIdLock(), contract.tables), lock_path(path))


def test_takes_ids_from_the_lock(tmp_path: Path):
    """A column added in front does not move the others' ids."""
    path = iceberg(tmp_path, "b")
    lock_of(path)
    path = iceberg(tmp_path, "a", "b")
    lock_of(path)
    contract, _ = load_contract(path, lake())
    assert contract is not None
    ids = contract.tables[0].field_ids
    assert ids is not None
    assert (ids.of("a"), ids.of("b"), ids.is_locked) == (2, 1, True)


def test_warns_without_a_lock(tmp_path: Path):
    """Ids are numbered in memory, and that is said; Parquet needs none."""
    contract, findings = load_contract(iceberg(tmp_path, "a"), lake())
    assert contract is not None
    assert contract.tables[0].field_ids is not None
    assert not contract.tables[0].field_ids.is_locked
    assert [finding.severity.value for finding in findings if finding.code == "contract.no_lock"] == ["warning"]
    contract, findings = load_contract(write(tmp_path, "p.odcs.yaml"), lake())
    assert contract is not None
    assert contract.tables[0].field_ids is None
    assert "contract.no_lock" not in {finding.code for finding in findings}


@pytest.mark.parametrize("columns", [("a", "b"), ("b",)])
def test_fails_when_the_lock_disagrees(tmp_path: Path, columns: tuple[str, ...]):
    """A column that came or went has to be locked first; the remedy names the command."""
    lock_of(iceberg(tmp_path, "a"))
    contract, findings = load_contract(iceberg(tmp_path, *columns), lake())
    assert contract is None
    found = [finding for finding in findings if finding.is_error]
    assert {finding.code for finding in found} == {"contract.lock_disagrees"}
    assert all("lakecheck contracts lock" in finding.remedy for finding in found)


def test_fails_when_the_lock_is_broken(tmp_path: Path):
    """It is refused, not replaced."""
    path = iceberg(tmp_path, "a")
    lock_path(path).write_text(json.dumps({"version": 1, "tables": 5}))
    contract, findings = load_contract(path, lake())
    assert contract is None
    assert "lock.broken" in {finding.code for finding in findings}
