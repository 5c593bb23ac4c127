"""The table of the registry's schemas: whole, dated, quick, corrected where it is known to be wrong."""

from __future__ import annotations

import json
import zipfile
from importlib.resources import files

import pytest

from lakecheck.upgrade.comparison import schemas
from lakecheck.upgrade.comparison.conditions import CONDITIONS, conditional
from lakecheck.upgrade.comparison.schemas import CORRECTIONS, TABLE, Facts, as_of, facts, known_types
from lakecheck.upgrade.model import Replaces
from tools.provider_schemas import documented, entry, members


def test_types_that_lakes_use_are_in_it() -> None:
    """With what replaces them; and it has a date."""
    used = {"AWS::S3::Bucket", "AWS::Glue::Database", "AWS::LakeFormation::PrincipalPermissions", "AWS::KMS::Key", "AWS::RDS::DBCluster"}
    assert used <= set(known_types())
    assert len(known_types()) > 1_500
    assert as_of() >= "2026-01-01"


@pytest.mark.parametrize("kind", ["Custom::Anything", "AWS::No::Such", "Acme::Any::Thing", "Acme::Any::Thing::MODULE", ""])
def test_nothing_is_guessed_of_other_types(kind: str) -> None:
    """Neither of third-party types nor of modules and custom resources."""
    assert facts(kind) is None


def test_it_is_read_once() -> None:
    """Whoever asks."""
    assert facts("AWS::SNS::Topic") is facts("AWS::SNS::Topic")
    assert schemas._types() is schemas._types()


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("AWS::S3::Bucket", "BucketName", Replaces.YES),
        ("AWS::S3::Bucket", "Tags", Replaces.NO),
        ("AWS::S3::Bucket", "ObjectLockEnabled", Replaces.NO),
        ("AWS::Glue::Database", "DatabaseInput.Name", Replaces.YES),
        ("AWS::Glue::Database", "DatabaseInput.Description", Replaces.NO),
        ("AWS::Glue::Table", "TableInput.Name", Replaces.YES),
        ("AWS::Glue::Table", "TableInput.Parameters", Replaces.NO),
        ("AWS::LakeFormation::PrincipalPermissions", "Permissions.0", Replaces.YES),
        ("AWS::DynamoDB::Table", "KeySchema.0.AttributeName", Replaces.YES),
        ("AWS::DynamoDB::Table", "AttributeDefinitions.3.AttributeType", Replaces.YES),
        ("AWS::DynamoDB::Table", "AttributeDefinitions.3.AttributeName", Replaces.NO),
        ("AWS::RDS::DBCluster", "Engine", Replaces.PERHAPS),
        ("AWS::FSx::FileSystem", "LustreConfiguration.DeploymentType", Replaces.PERHAPS),
    ],
)
def test_what_replaces(kind: str, path: str, expected: Replaces) -> None:
    """By schema, by correction, and perhaps by a page that the schema contradicts."""
    known = facts(kind)
    assert known is not None
    assert known.replaces(tuple(path.split(".")), "was", "now") is expected


def test_a_change_above_a_create_only_property_replaces_only_when_that_differs() -> None:
    """A whole object that is new replaces by what is in it."""
    known = Facts(create_only=(("Input", "Name"), ("Items", "*", "Key")))
    assert known.replaces(("Input",), {"Name": "a", "Other": 1}, {"Name": "b"}) is Replaces.YES
    assert known.replaces(("Input",), {"Name": "a", "Other": 1}, {"Name": "a"}) is Replaces.NO
    assert known.replaces(("Input",), None, {"Other": 1}) is Replaces.NO
    assert known.replaces(("Items",), [{"Key": 1}], [{"Key": 2}]) is Replaces.YES
    assert known.replaces(("Items", "4", "Value"), 1, 2) is Replaces.NO


def test_corrections_still_correct_something() -> None:
    """Each is of a type that the table has, says where it is from, and is not in the table by now."""
    with zipfile.ZipFile(str(files("lakecheck.upgrade.comparison").joinpath(TABLE))) as archive:
        table = json.loads(archive.read("types.json"))
    for kind, correction in CORRECTIONS.items():
        stated = table[kind]
        assert correction.source.startswith("https://docs.aws.amazon.com/")
        assert not set(correction.create_only) & set(stated.get("c", ())), kind
        assert set(correction.updated) <= {*stated.get("c", ()), *stated.get("k", ()), *stated.get("m", ())}, kind
        assert list(correction.identifier) != stated.get("p"), kind
        assert not set(correction.conditional) & {*stated.get("c", ()), *stated.get("k", ())}, kind
        assert correction.create_only or correction.conditional or correction.updated or correction.identifier


@pytest.mark.parametrize(
    ("path", "was", "now", "beside", "expected"),
    [
        ("DBSnapshotIdentifier", "nightly", None, {}, Replaces.NO),
        ("DBSnapshotIdentifier", None, "nightly", {}, Replaces.YES),
        ("BackupRetentionPeriod", 7, 1, {}, Replaces.NO),
        ("Engine", "mysql", "postgres", {}, Replaces.YES),
        ("Engine", "aurora", "aurora-mysql", {}, Replaces.NO),
        ("AvailabilityZone", "eu-west-1a", None, {"MultiAZ": True}, Replaces.NO),
        ("AvailabilityZone", "eu-west-1a", "eu-west-1b", {"MultiAZ": True}, Replaces.YES),
        ("PerformanceInsightsKMSKeyId", None, "key", {}, Replaces.NO),
        ("PerformanceInsightsKMSKeyId", "key", "other", {}, Replaces.YES),
    ],
)
def test_known_conditions(path: str, was: object, now: object, beside: dict[str, object], expected: Replaces) -> None:
    """Database instances, as their provider decides."""
    assert conditional("AWS::RDS::DBInstance", path, was, now, beside) is expected


def test_conditions_are_of_conditional_properties() -> None:
    """A condition for a property that replaces always, or never, would never be asked."""
    for kind, conditions in CONDITIONS.items():
        known = facts(kind)
        assert known is not None
        assert {(path,) for path in conditions} <= {*known.conditional, *known.disputed}


def test_the_tool_reads_a_schema() -> None:
    """Paths with dots, lists without order through definitions, nothing where nothing is said."""
    schema = {
        "typeName": "AWS::A::B",
        "createOnlyProperties": ["/properties/Name", "/properties/Items/*/Key"],
        "replacementStrategy": "delete_then_create",
        "properties": {
            "Tags": {"type": "array", "insertionOrder": False, "items": {"$ref": "#/definitions/Tag"}},
            "Steps": {"type": "array", "insertionOrder": True, "items": {"$ref": "#/definitions/Step"}},
        },
        "definitions": {
            "Tag": {"type": "object", "properties": {"Key": {"type": "string"}}},
            "Step": {
                "type": "object",
                "properties": {"Args": {"type": "array", "insertionOrder": False, "items": {}}, "Then": {"$ref": "#/definitions/Step"}},
            },
        },
    }
    assert entry(schema) == {"c": ["Name", "Items.*.Key"], "s": ["Steps.*.Args", "Tags"], "d": 1}
    assert entry({"typeName": "AWS::A::C"}) == {}
    specification = {
        "typeDefinition": {"entities": [{"$id": "1", "properties": {"Deep": {"type": {"type": "string"}, "causesReplacement": "maybe"}}}]},
        "resource": {
            "entities": [
                {
                    "cloudFormationType": "AWS::A::B",
                    "properties": {
                        "Name": {"causesReplacement": "yes", "type": {"type": "string"}},
                        "Tags": {"causesReplacement": "yes", "type": {"type": "string"}},
                        "Inner": {"type": {"type": "array", "element": {"type": "ref", "reference": {"$ref": "1"}}}},
                    },
                }
            ]
        },
    }
    assert documented(specification) == {"AWS::A::B": ["Inner.*.Deep", "Name"]}
    table = json.loads(members({"AWS::A::B": schema}, specification, "2026-01-02")["types.json"])
    assert table["AWS::A::B"]["m"] == ["Inner.*.Deep"]
