"""LF-Tags, data locations, resource links."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.governance import HYBRID_METADATA, DataLocation, DataPrincipal, HybridAccess, LfTagOntology, LfTags, ResourceLink
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.governance.support import ANALYST, associations, grants, permissions_in
from tests.support import ACCOUNT, new_stack, resources, template

LAKE = "555566667777"


def zone_in(stack: Any, zone: Zone) -> Any:
    return SimpleNamespace(zone=zone, bucket=s3.Bucket(stack, "Bucket"), key=kms.Key(stack, "Key"))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """A template with one of each."""
    stack = new_stack()
    permissions = permissions_in(stack)
    DataLocation(stack, "Location", zone=zone_in(stack, Zone.CURATED), settings=permissions._settings)
    link = ResourceLink(stack, "Link", database_name="sales", catalog_id=LAKE, link_name="sales_lake")
    link.allow(DataPrincipal.role_arn(ANALYST), permissions)
    return template(stack)


def test_tags_have_their_values_and_outlive_the_stack(made: dict[str, Any]) -> None:
    """Three keys; values of classification in their order of strictness; deleting the stack deletes no key."""
    tags = resources(made, "AWS::LakeFormation::Tag").values()
    assert {tag["Properties"]["TagKey"]: tag["Properties"]["TagValues"] for tag in tags} == {
        "domain": ["sales", "travel"],
        "zone": ["curated", "consumption", "quarantine"],
        "classification": ["public", "internal", "restricted"],
    }
    assert all(tag["DeletionPolicy"] == tag["UpdateReplacePolicy"] == "Retain" for tag in tags)
    (settings,) = resources(made, "Custom::LakeFormationSettings")
    assert all(settings in tag["DependsOn"] for tag in tags)


def test_a_location_is_the_bare_bucket_under_its_own_role(made: dict[str, Any]) -> None:
    """No service-linked role, no hybrid access, and the role's policy is there before the location is."""
    (location,) = resources(made, "AWS::LakeFormation::Resource").values()
    (bucket,) = resources(made, "AWS::S3::Bucket")
    properties = location["Properties"]
    assert properties["ResourceArn"] == {"Fn::GetAtt": [bucket, "Arn"]}
    assert properties["UseServiceLinkedRole"] is False
    assert properties["HybridAccessEnabled"] is False
    (settings,) = resources(made, "Custom::LakeFormationSettings")
    (policy,) = [name for name in resources(made, "AWS::IAM::ManagedPolicy") if name.startswith("LocationPolicy")]
    assert {policy, settings} <= set(location["DependsOn"])


def test_the_registration_role_reaches_its_zone_only(made: dict[str, Any]) -> None:
    """Objects and list of one bucket, use of one key, assumed by Lake Formation alone."""
    (policy,) = [policy for name, policy in resources(made, "AWS::IAM::ManagedPolicy").items() if name.startswith("LocationPolicy")]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert all(statement["Resource"] != "*" for statement in statements)
    actions = {
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert not [action for action in actions if "*" in action]
    assert {"s3:GetObject", "kms:Decrypt", "kms:GenerateDataKey"} < actions
    (role,) = [role for name, role in resources(made, "AWS::IAM::Role").items() if name.startswith("LocationRole")]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lakeformation.amazonaws.com"}


def test_a_link_points_at_the_lake_and_is_seen(made: dict[str, Any]) -> None:
    """The link's target is the lake's database; DESCRIBE is on the link, and nothing else on it."""
    (link,) = resources(made, "AWS::Glue::Database").values()
    assert link["Properties"]["CatalogId"] == ACCOUNT
    target = {"CatalogId": LAKE, "DatabaseName": "sales"}
    assert link["Properties"]["DatabaseInput"] == {"Name": "sales_lake", "TargetDatabase": target}
    (grant,) = grants(made)
    assert grant["Resource"] == {"Database": {"Name": "sales_lake"}}
    assert grant["Permissions"] == ["DESCRIBE"]
    assert associations(made) == {}


@pytest.mark.parametrize("zone", [Zone.LANDING, Zone.RAW])
def test_fails_when_an_ungoverned_zone_is_registered(zone: Zone) -> None:
    """Landing and raw stay under S3 policy."""
    stack = new_stack()
    with pytest.raises(DataLakeError, match=f"got the {zone.value} zone") as raised:
        DataLocation(stack, "Location", zone=zone_in(stack, zone))
    assert raised.value.code == "ungoverned_zone"


def test_hybrid_access_is_said_aloud() -> None:
    """It is off unless somebody answers for it, and then the assembly says who and why."""
    stack = new_stack()
    zone = zone_in(stack, Zone.CURATED)
    location = DataLocation(
        stack, "Location", zone=zone, hybrid=HybridAccess(reason="two jobs read by IAM until May", owner="data platform")
    )
    (registered,) = resources(template(stack), "AWS::LakeFormation::Resource").values()
    assert registered["Properties"]["HybridAccessEnabled"] is True
    assert registered["Properties"]["UseServiceLinkedRole"] is False
    (note,) = [entry.data for entry in location.location.node.metadata if entry.type == HYBRID_METADATA]
    assert note == {"reason": "two jobs read by IAM until May", "owner": "data platform"}


@pytest.mark.parametrize("hybrid", [HybridAccess(reason=" ", owner="data platform"), HybridAccess(reason="two jobs", owner="")])
def test_fails_when_nobody_answers_for_hybrid_access(hybrid: HybridAccess) -> None:
    """A reason and an owner are needed."""
    stack = new_stack()
    with pytest.raises(DataLakeError, match="each is needed, or leave hybrid out") as raised:
        DataLocation(stack, "Location", zone=zone_in(stack, Zone.CURATED), hybrid=hybrid)
    assert raised.value.code == "hybrid_without_reason"


def test_fails_when_a_link_points_home() -> None:
    """A database of the same account is used directly."""
    with pytest.raises(DataLakeError, match="is this account's own") as raised:
        ResourceLink(new_stack(), "Link", database_name="sales", catalog_id=ACCOUNT)
    assert raised.value.code == "link_to_itself"


@pytest.mark.parametrize("classes", [[], ["public", "Public"]])
def test_fails_when_values_of_a_tag_are_no_set(classes: list[str]) -> None:
    """A key needs values, different ones even in lower case."""
    with pytest.raises(DataLakeError, match="LF-Tag classification") as raised:
        LfTagOntology(new_stack(), "Tags", domains=["sales"], classifications=classes)
    assert raised.value.code == "tag_values"


@pytest.mark.parametrize("keys", [{}, {"domain": []}, {"domain": [str(number) for number in range(51)]}])
def test_fails_when_an_expression_means_everything_or_too_much(keys: dict[str, list[str]]) -> None:
    """No key would mean all data; a key has 1 to 50 values."""
    with pytest.raises(DataLakeError) as raised:
        LfTags.all(**keys)
    assert raised.value.code == "tag_expression"


def test_existing_tags_are_checked_against_and_not_made() -> None:
    """LF-Tags that exist already bring their values along and no resource."""
    stack = new_stack()
    kms.Key(stack, "Key")
    ontology = LfTagOntology.from_values(stack, "Tags", domains=["sales"], classifications=["public", "secret"])
    assert ontology.strictest == "secret"
    with pytest.raises(DataLakeError, match="it can be sales"):
        ontology.check(stack, "domain", ["travel"])
    assert resources(template(stack), "AWS::LakeFormation::Tag") == {}
