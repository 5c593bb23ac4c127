"""Samples: what a folder delivers, and what a list of them may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakecheck.rehearsal.lake.samples import Delivery, load_samples
from lakemodel.errors import DataLakeError

ROOT = Path(__file__).parents[4]


def folder(tmp_path: Path, *files: str, listed: str | None = None) -> Path:
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n")
    if listed is not None:
        (tmp_path / "samples.yaml").write_text(listed)
    return tmp_path


def test_without_a_list_every_file_goes_where_it_stands(tmp_path: Path):
    where = folder(tmp_path, "travel/routes/routes/b.csv", "travel/routes/routes/a.csv", ".hidden", "README.md")
    assert [(one.key, one.expected, one.rows, one.fails) for one in load_samples(where)] == [
        ("travel/routes/routes/a.csv", None, None, False),
        ("travel/routes/routes/b.csv", None, None, False),
    ]


def test_a_list_says_the_order_the_key_and_what_comes_of_it(tmp_path: Path):
    listed = "deliveries:\n- {file: b.csv, as: d/p/t/b.csv, good: 2, rows: 5}\n- {file: a.csv, as: d/p/t/a.csv, fails: true}\n"
    first, second = load_samples(folder(tmp_path, "a.csv", "b.csv", "unlisted.csv", listed=listed))
    assert first == Delivery(path=tmp_path / "b.csv", key="d/p/t/b.csv", expected={"good": 2, "quarantined": 0, "duplicates": 0}, rows=5)
    assert (second.key, second.fails, second.expected) == ("d/p/t/a.csv", True, None)
    assert first.table == "d/p/t"


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("deliveries: 3", "expected a list"),
        ("- a", "expected a list"),
        ("{", "no YAML"),
        ("deliveries:\n- {file: nowhere.csv}", r"deliveries\[1\]: there is no file nowhere.csv"),
        ("deliveries:\n- {file: a.csv, god: 1}", "god"),
        ("deliveries:\n- {file: a.csv, good: -1}", "whole numbers"),
        ("deliveries:\n- {file: a.csv, rows: many}", "whole numbers"),
        ("deliveries:\n- {file: a.csv, good: true}", "whole numbers"),
        ("deliveries:\n- {file: a.csv, good: 1, fails: true}", "has no counts"),
        ("deliveries:\n- a.csv", "expected `file`"),
        ("deliveries: []", "nothing to deliver"),
    ],
)
def test_fails_when_a_list_cannot_be_followed(tmp_path: Path, listed: str, told: str):
    with pytest.raises(DataLakeError, match=told):
        load_samples(folder(tmp_path, "a.csv", listed=listed))


def test_fails_when_there_is_nothing(tmp_path: Path):
    with pytest.raises(DataLakeError, match="no such folder"):
        load_samples(tmp_path / "nowhere")
    with pytest.raises(DataLakeError, match="nothing to deliver"):
        load_samples(tmp_path)


def test_the_reference_has_samples_for_each_of_its_products_and_one_that_fails():
    deliveries = load_samples(ROOT / "config" / "samples")
    products = {path.stem.partition(".")[0] for path in (ROOT / "config" / "contracts").rglob("*.odcs.yaml")}
    assert {one.key.split("/")[1] for one in deliveries} == products
    assert any(one.fails for one in deliveries)
    assert all(one.rows is not None for one in deliveries if not one.fails)


@pytest.mark.parametrize(
    ("key", "table"),
    [("d/p/t/a.csv", "d/p/t"), ("d/p/t/2026/11/a.csv", "d/p/t"), ("d/p/t//a.csv", "d/p/t"), ("d/a.csv", "d"), ("a.csv", "")],
)
def test_a_deliverys_table_does_not_depend_on_the_folders_of_its_name(key: str, table: str):
    assert Delivery(path=Path("a.csv"), key=key).table == table
