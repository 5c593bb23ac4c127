"""What replaces a resource, directly and by following what is replaced, and what becomes of the old one."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.model import Deletion, Fate, Replaces
from tests.lakecheck.upgrade.support import change_of, compared, stack, state


def one(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource."""
    return {"Type": kind, "Properties": properties}


def vpc(block: int) -> dict[str, Any]:
    """A VPC, replaced when its block changes."""
    return one("AWS::EC2::VPC", CidrBlock=f"10.{block}.0.0/16")


SUBNET = one("AWS::EC2::Subnet", VpcId={"Ref": "V"}, CidrBlock="10.0.0.0/24")
INSTANCE = one("AWS::EC2::Instance", SubnetId={"Fn::Sub": "${S}"}, ImageId="ami-1")


@pytest.mark.parametrize(
    ("kind", "was", "now", "expected"),
    [
        ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": "b"}, Fate.REPLACED),
        ("AWS::S3::Bucket", {"BucketName": "a"}, {}, Fate.REPLACED),
        ("AWS::S3::Bucket", {}, {"Tags": [{"Key": "a", "Value": "b"}]}, Fate.UPDATED),
        ("AWS::Glue::Database", {"DatabaseInput": {"Name": "a"}}, {"DatabaseInput": {"Name": "b"}}, Fate.REPLACED),
        ("AWS::Glue::Database", {"DatabaseInput": {"Name": "a"}}, {"DatabaseInput": {"Name": "a", "Description": "b"}}, Fate.UPDATED),
        ("AWS::RDS::DBCluster", {"Engine": "a"}, {"Engine": "b"}, Fate.PERHAPS_REPLACED),
        ("AWS::RDS::DBInstance", {"BackupRetentionPeriod": 7}, {"BackupRetentionPeriod": 1}, Fate.UPDATED),
        ("AWS::RDS::DBInstance", {"Engine": "mysql"}, {"Engine": "postgres"}, Fate.REPLACED),
        (
            "AWS::FSx::FileSystem",
            {"LustreConfiguration": {"ImportPath": "a"}},
            {"LustreConfiguration": {"ImportPath": "b"}},
            Fate.PERHAPS_REPLACED,
        ),
        ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": {"Ref": "Given"}}, Fate.PERHAPS_REPLACED),
        ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": {"Fn::Sub": "b-${Given}"}}, Fate.REPLACED),
        ("Acme::Any::Thing", {"A": 1}, {"A": 2}, Fate.PERHAPS_REPLACED),
        ("Custom::Thing", {"A": 1}, {"A": 2}, Fate.UPDATED),
    ],
)
def test_a_property_replaces(kind: str, was: dict[str, Any], now: dict[str, Any], expected: Fate) -> None:
    """As far as the schema, the known conditions and the values tell, and it says why."""
    sections = {"Parameters": {"Given": {"Type": "String"}}}
    change = change_of(compared({"A": one(kind, **was)}, {"A": one(kind, **now)}, sections=sections), "A")
    assert change.fate is expected
    assert bool(change.because) is (expected is not Fate.UPDATED)
    assert (change.deletion is Deletion.NOTHING) is (expected is Fate.UPDATED)


def test_what_follows_a_replaced_resource_is_replaced_in_turn() -> None:
    """Through Ref and Sub, with the whole chain, outermost cause first."""
    comparison = compared({"V": vpc(0), "S": SUBNET, "I": INSTANCE}, {"V": vpc(1), "S": SUBNET, "I": INSTANCE})
    assert [change.fate for change in comparison.changes] == [Fate.REPLACED] * 3
    assert change_of(comparison, "I").because == (
        "CidrBlock is create-only in the schema of AWS::EC2::VPC",
        "VpcId follows Prod/Lake/V, which is replaced",
        "SubnetId follows Prod/Lake/S, which is replaced",
    )
    (followed,) = change_of(comparison, "S").properties
    assert (followed.path, followed.was, followed.replaces) == ("VpcId", followed.now, Replaces.YES)


def test_what_follows_by_another_property_is_updated() -> None:
    """With a new value, but in place."""
    output = one("AWS::SSM::Parameter", Name="p", Value={"Fn::GetAtt": ["V", "CidrBlock"]}, Description={"Ref": "V"})
    change = change_of(compared({"V": vpc(0), "P": output}, {"V": vpc(1), "P": output}), "P")
    assert change.fate is Fate.UPDATED
    assert {each.path for each in change.properties} == {"Value", "Description"}


def test_what_may_be_replaced_may_replace_what_follows() -> None:
    """No more than perhaps."""
    parameters = {"Parameters": {"Given": {"Type": "String"}}}
    base = {"V": one("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"), "S": SUBNET}
    head = {"V": one("AWS::EC2::VPC", CidrBlock={"Ref": "Given"}), "S": SUBNET}
    change = change_of(compared(base, head, sections=parameters), "S")
    assert change.fate is Fate.PERHAPS_REPLACED
    assert change.because[-1] == "VpcId follows Prod/Lake/V, which may be replaced"


def test_the_same_fixed_name_is_no_change() -> None:
    """Ref of a resource that is replaced under its own name gives what it gave."""

    def database(catalog: str) -> dict[str, Any]:
        return one("AWS::Glue::Database", CatalogId=catalog, DatabaseInput={"Name": "sales"})

    crawler = one("AWS::Glue::Crawler", Name="c", DatabaseName={"Ref": "D"})
    comparison = compared({"D": database("1"), "C": crawler}, {"D": database("2"), "C": crawler})
    assert [change.node.resource.origin.logical_id for change in comparison.changes] == ["D"]
    assert comparison.changes[0].fate is Fate.REPLACED


def test_a_chain_leads_across_stacks() -> None:
    """By export and import, by another stack's output, by a nested stack's parameter."""
    outputs = {"Outputs": {"Vpc": {"Value": {"Ref": "V"}, "Export": {"Name": "vpc"}}}}
    imported = {**SUBNET, "Properties": {"VpcId": {"Fn::ImportValue": "vpc"}}}
    output = {**SUBNET, "Properties": {"VpcId": {"Fn::GetStackOutput": {"StackName": "Prod-One", "OutputName": "Vpc"}}}}
    nest = {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"P": {"Ref": "V"}}}}}
    inner = {"Parameters": {"P": {"Type": "String"}}}
    passed = {**SUBNET, "Properties": {"VpcId": {"Ref": "P"}}}

    def app(block: int) -> Any:
        return state(
            stack({"V": vpc(block), **nest}, "One", sections=outputs),
            stack({"I": imported, "O": output}, "Two"),
            stack({"P": passed}, "One/Nest", parent="Prod/One", parent_logical_id="N", sections=inner),
        )

    comparison = compare(app(0), app(1))
    for logical_id in ("I", "O", "P"):
        change = change_of(comparison, logical_id)
        assert change.fate is Fate.REPLACED
        assert change.because[-1] == "VpcId follows Prod/One/V, which is replaced"
    assert change_of(comparison, "N").fate is Fate.UPDATED


def test_resources_that_refer_to_each_other_end() -> None:
    """A circle of references is followed once."""
    group = one("AWS::EC2::SecurityGroup", GroupDescription={"Ref": "B"}, VpcId={"Ref": "V"})
    other = one("AWS::EC2::SecurityGroup", GroupDescription={"Ref": "A"})
    comparison = compared({"V": vpc(0), "A": group, "B": other}, {"V": vpc(1), "A": group, "B": other})
    assert {change.fate for change in comparison.changes} == {Fate.REPLACED}


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (None, None, Deletion.DELETED),
        ("Retain", "Retain", Deletion.RETAINED),
        ("Retain", None, Deletion.DELETED),
        (None, "Retain", Deletion.DELETED),
        ("Snapshot", "Retain", Deletion.SNAPSHOT),
    ],
)
def test_the_less_safe_policy_counts_for_the_old_one(was: str | None, now: str | None, expected: Deletion) -> None:
    """Of both templates' UpdateReplacePolicy; DeletionPolicy has no say in it."""
    bucket = [
        {**one("AWS::S3::Bucket", BucketName=name), "DeletionPolicy": "Retain", **({"UpdateReplacePolicy": policy} if policy else {})}
        for name, policy in (("a", was), ("b", now))
    ]
    assert change_of(compared({"A": bucket[0]}, {"A": bucket[1]}), "A").deletion is expected
