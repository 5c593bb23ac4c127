"""The picture shows what the templates hold, and the committed one is what is drawn now."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("reference")

PICTURE = ROOT / "docs" / "pictures" / "reference.svg"
SVG = "{http://www.w3.org/2000/svg}"
RESOURCES: dict[str, dict[str, Any]] = {
    "Landing": {
        "Type": "AWS::S3::Bucket",
        "Metadata": {"aws:cdk:path": "Test/OwnData/Zones/Landing/Bucket/Resource"},
        "Properties": {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 9}, {"ExpirationInDays": 3, "Prefix": "sales/"}]}},
    },
    "Curated": {"Type": "AWS::S3::Bucket", "Metadata": {"aws:cdk:path": "Test/OwnData/Zones/Curated/Bucket/Resource"}},
    "Other": {"Type": "AWS::S3::Bucket", "Metadata": {"aws:cdk:path": "Test/OwnData/Results/Bucket/Resource"}},
    "Known": {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": {"Fn::GetAtt": ["Curated", "Arn"]}}},
    "Table": {"Type": "AWS::Glue::Table", "Properties": {"DatabaseName": "sales"}},
    "Rejected": {"Type": "AWS::Glue::Table", "Properties": {"DatabaseName": "sales_quarantine"}},
    "Link": {"Type": "AWS::Glue::Database", "Properties": {"DatabaseInput": {"TargetDatabase": {}}}},
    "Grants": {"Type": "Custom::LakeFormationPermissions", "Properties": {"Grants": [{}, {}]}},
    "Workgroup": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "a<b"}},
    "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Metadata": {"aws:cdk:path": "Test/OwnData/Sales-Orders/Resource"}},
}


def draw(assembly: Path, *arguments: str) -> str:
    """What the tool prints."""
    command = [sys.executable, "tools/picture.py", str(assembly), "--output", "-", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def words(picture: str) -> list[str]:
    """Every text in the picture, in drawing order."""
    return [element.text or "" for element in ET.fromstring(picture).iter(f"{SVG}text")]  # noqa: S314 - drawn here


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The picture of an assembly with one of each thing, in one stack."""
    root = tmp_path_factory.mktemp("small")
    stage = root / "assembly-Test"
    stage.mkdir()
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Test", "displayName": "Test"}}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/eu-west-1",
        "displayName": "Test/OwnData",
        "properties": {"templateFile": "own.template.json", "stackName": "Test-OwnData", "terminationProtection": True},
    }
    (root / "manifest.json").write_text(json.dumps({"version": "53.0.0", "artifacts": {"assembly-Test": nested}}))
    (stage / "manifest.json").write_text(json.dumps({"version": "53.0.0", "artifacts": {"TestOwnData": stack}}))
    (stage / "own.template.json").write_text(json.dumps({"Resources": RESOURCES}))
    return draw(root)


def test_zones_are_the_buckets_of_zones(small: str) -> None:
    """A zone is known by its bucket's construct path; any other bucket is none, and zones without a bucket are not drawn."""
    said = words(small)
    assert {"landing", "curated"} <= set(said)
    assert not {"raw", "quarantine", "consumption", "Results"} & set(said)


def test_lifecycle_is_that_of_every_object(small: str) -> None:
    """A rule for one table's prefix says nothing about the zone."""
    assert "expires after 9 days" in words(small)
    assert "expires after 3 days" not in words(small)


def test_numbers_are_counted_in_the_template(small: str) -> None:
    """Tables, locations, grants and links are those of the template."""
    said = words(small)
    assert {"1 table", "1 location", "2 grants", "1 pipeline", "sales.orders"} <= set(said)
    assert not [each for each in said if "database" in each]
    assert "10" in said


def test_text_is_escaped_and_described(small: str) -> None:
    """The file is XML whatever names are, and says in words what it shows."""
    root = ET.fromstring(small)  # noqa: S314 - drawn here
    assert root.findtext(f"{SVG}title", "").startswith("The lake in environment Test: 1 account,")
    assert "a<b" in root.findtext(f"{SVG}desc", "")
    assert root.get("role") == "img"


def test_picture_needs_nothing_else(small: str) -> None:
    """It refers to no font, image or script elsewhere, and knows light and dark."""
    assert "url(" not in small
    assert "href" not in small
    assert "@media (prefers-color-scheme: dark)" in small


def test_unknown_environment_is_refused(reference_dir: Path) -> None:
    """The message names what there is."""
    command = [sys.executable, "tools/picture.py", str(reference_dir), "--environment", "Elsewhere", "--output", "-"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Prod" in done.stderr


def test_committed_picture_is_up_to_date(reference_dir: Path) -> None:
    """`make picture` draws it again after a change of the reference."""
    assert PICTURE.read_text(encoding="utf-8") == draw(reference_dir)
