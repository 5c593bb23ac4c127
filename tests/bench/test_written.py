"""The comparison is one of equals: a side that leaves something out, or says something else, is found out."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from bench.written import differences, read

if TYPE_CHECKING:
    from pathlib import Path

TABLE = {"Type": "AWS::Glue::Table", "Properties": {"Name": "orders", "DatabaseName": "sales"}}
NAMED = {"CatalogId": "444444444401", "DatabaseName": "sales", "Name": "orders"}
ROLES = ("Analyst", "Engineer", "Scientist")


def entry(role: str, **named: str) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": role},
        "Resource": {"Table": {**NAMED, **named}},
        "Permissions": ["SELECT", "DESCRIBE"],
    }


NATIVE = {
    "Table": TABLE,
    **{
        role: {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {**entry(role), "PermissionsWithGrantOption": []}}
        for role in ROLES
    },
}
TOGETHER: dict[str, Any] = {
    "Table": TABLE,
    "Part": {"Type": "Custom::LakeFormationPermissions", "Properties": {"Grants": [entry(role) for role in ROLES]}},
}


def said(folder: Path, python: dict[str, Any], javascript: dict[str, Any]) -> list[str]:
    for side, made in (("python", python), ("javascript", javascript)):
        (folder / side).mkdir()
        (folder / side / "Catalog1.template.json").write_text(json.dumps({"Resources": made}))
    return differences(read(folder / "python"), read(folder / "javascript"), 1)


def test_the_same_lake_is_one_however_it_is_written(tmp_path: Path) -> None:
    """Grants in resources of their own and grants in one custom resource are the same, the account's own catalog named or not."""
    unnamed = copy.deepcopy(TOGETHER)
    for each in unnamed["Part"]["Properties"]["Grants"]:
        del each["Resource"]["Table"]["CatalogId"]
    assert said(tmp_path, unnamed, NATIVE) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda made: made.pop("Table"), "the python side wrote 0 tables of 1"),
        (lambda made: made["Part"]["Properties"]["Grants"].pop(), "the python side wrote 2 grants of 3"),
        (lambda made: made["Part"]["Properties"]["Grants"].append(entry("Analyst")), "the python side wrote 3 grants of 3"),
        (lambda made: made["Table"]["Properties"].update(Owner="me"), "the two sides declare orders differently"),
        (lambda made: made["Part"]["Properties"]["Grants"][0].update(Permissions=["ALTER"]), "the two sides grant different things"),
        (
            lambda made: made["Part"]["Properties"]["Grants"].__setitem__(0, entry("Analyst", Name="o")),
            "the two sides grant different things",
        ),
    ],
)
def test_a_side_that_does_less_is_found_out(tmp_path: Path, change: Any, complaint: str) -> None:
    """Fewer tables, fewer grants, one twice, other properties, other permissions, another table."""
    changed = copy.deepcopy(TOGETHER)
    change(changed)
    assert said(tmp_path, changed, NATIVE) == [complaint]
