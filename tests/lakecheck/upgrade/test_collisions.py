"""What a deployment fails on, or undoes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.identity import collisions
from lakecheck.upgrade.model import Category
from tests.lakecheck.upgrade.support import OTHER, compared, stack, state

if TYPE_CHECKING:
    from lakecheck.upgrade.model import Comparison, Risk

TOPIC, QUEUE, BUCKET = "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket"
RETAIN = {"DeletionPolicy": "Retain"}


def one(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource."""
    return {"Type": kind, "Properties": properties}


def told(comparison: Comparison) -> list[tuple[str, str]]:
    """Rule and logical id of everything that collides; each says what happens and what to do."""
    risks = list(collisions.risks(comparison))
    for risk in risks:
        assert risk.category is Category.COLLISION
        assert risk.rule in collisions.RULES
        assert risk.consequence.endswith(".")
        assert risk.remedy.endswith(".")
        assert not risk.message.endswith(".")
    return [(risk.rule.partition(".")[2], risk.logical_id) for risk in risks]


def only(comparison: Comparison) -> Risk:
    """The one thing that collides."""
    (risk,) = collisions.risks(comparison)
    return risk


def test_a_resource_with_a_custom_name_cannot_be_replaced() -> None:
    """Under the same name; under another it can."""
    was = one("AWS::DynamoDB::Table", TableName="t", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}])
    now = one("AWS::DynamoDB::Table", TableName="t", KeySchema=[{"AttributeName": "b", "KeyType": "HASH"}])
    assert told(compared({"T": was}, {"T": now})) == [("replaced_under_its_name", "T")]
    now["Properties"]["TableName"] = "u"
    assert told(compared({"T": was}, {"T": now})) == []
    for each in (was, now):
        del each["Properties"]["TableName"]
    assert told(compared({"T": was}, {"T": now})) == []


def test_what_may_have_to_be_replaced_may_collide() -> None:
    """And says that it is not certain."""
    was, now = (one("AWS::RDS::DBCluster", DBClusterIdentifier="c", Engine=engine) for engine in ("a", "b"))
    assert not only(compared({"C": was}, {"C": now})).is_certain


def test_a_name_that_follows_what_is_replaced_is_another_one() -> None:
    """It holds the id of a VPC that is made anew."""
    base, head = (
        {
            "V": one("AWS::EC2::VPC", CidrBlock=f"10.{block}.0.0/16"),
            "B": one(BUCKET, BucketName={"Fn::Sub": "logs-${V}"}),
        }
        for block in (0, 1)
    )
    assert told(compared(base, head)) == []


def test_types_that_delete_first_can_be_replaced() -> None:
    """As their schema says."""
    was, now = (
        one(
            "AWS::LakeFormation::DataCellsFilter",
            Name="f",
            DatabaseName="d",
            TableName="t",
            TableCatalogId="1",
            RowFilter={"FilterExpression": text},
        )
        for text in ("a", "b")
    )
    assert told(compared({"F": was}, {"F": now})) == []


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (TOPIC, {"TopicName": "t"}),
        (BUCKET, {"BucketName": "t"}),
        ("AWS::Glue::Database", {"DatabaseInput": {"Name": "d"}, "CatalogId": {"Ref": "AWS::AccountId"}}),
        ("AWS::Glue::Table", {"DatabaseName": "d", "TableInput": {"Name": "t"}, "CatalogId": {"Ref": "AWS::AccountId"}}),
        ("AWS::LakeFormation::Resource", {"ResourceArn": "arn:aws:s3:::b"}),
        ("AWS::LakeFormation::Tag", {"TagKey": "k", "TagValues": ["v"]}),
        ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Other"}, "PolicyDocument": {}}),
        ("AWS::SecretsManager::Secret", {"Name": "s"}),
        ("AWS::KMS::Alias", {"AliasName": "alias/a", "TargetKeyId": "k"}),
        ("AWS::GuardDuty::Detector", {"Enable": True}),
    ],
)
def test_a_renamed_logical_id_claims_a_name_that_is_taken(kind: str, properties: dict[str, Any]) -> None:
    """The new one is made before the old one is deleted; a retained one is there for ever."""
    rest = {"Other": one(BUCKET)}
    base = {**rest, "A": one(kind, **properties)}
    assert told(compared(base, {**rest, "B": one(kind, **properties)})) == [("name_taken", "B")]
    kept = {**rest, "A": {**one(kind, **properties), **RETAIN}}
    assert told(compared(kept, {**rest, "B": one(kind, **properties)})) == [("name_kept", "B")]
    assert told(compared(base, base)) == []


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (TOPIC, {}),
        (TOPIC, {"DisplayName": "d"}),
        ("AWS::ECS::TaskDefinition", {"Family": "f"}),
        ("AWS::Lambda::Permission", {"FunctionName": "f", "Principal": "sns.amazonaws.com", "Action": "lambda:InvokeFunction"}),
        ("Acme::Any::Thing", {"Name": "n"}),
        ("AWS::S3::Bucket", {"BucketName": {"Fn::If": ["Missing", "a", {"Ref": "AWS::NoValue"}]}}),
    ],
)
def test_what_claims_no_name_does_not_collide(kind: str, properties: dict[str, Any]) -> None:
    """Made-up names, revisions, types that nothing is known of."""
    assert told(compared({"A": one(kind, **properties)}, {"B": one(kind, **properties)})) == []


def test_a_resource_that_moves_between_stacks() -> None:
    """Within an account and Region; an IAM name within the account, a bucket's in the world."""

    def both(kind: str, *, account: str = "444455556666", region: str = "eu-west-1", **properties: Any) -> list[tuple[str, str]]:
        base = state(stack({"A": one(kind, **properties)}, "One"), stack({}, "Two", account=account, region=region))
        head = state(stack({}, "One"), stack({"A": one(kind, **properties)}, "Two", account=account, region=region))
        return told(compare(base, head))

    assert both(TOPIC, TopicName="t") == [("name_taken", "A")]
    assert both(TOPIC, TopicName="t", region="eu-central-1") == []
    assert both("AWS::IAM::Role", RoleName="r", region="eu-central-1") == [("name_taken", "A")]
    assert both("AWS::IAM::Role", RoleName="r", account=OTHER) == []
    assert both(BUCKET, BucketName="b", account=OTHER, region="eu-central-1") == [("name_taken", "A")]


def test_a_stack_that_is_renamed_leaves_its_names_taken() -> None:
    """The old stack stays deployed."""
    topic = {"A": one(TOPIC, TopicName="t"), "B": one(TOPIC)}
    assert told(compare(state(stack(topic)), state(stack(topic, stack_name="Other")))) == [("name_kept", "A")]


def test_a_claim_is_told_by_name() -> None:
    """A database is called by its name alone, a bucket's policy by its bucket."""
    database = one("AWS::Glue::Database", CatalogId="1", DatabaseInput={"Name": "sales"})
    risk = only(compared({"A": database}, {"B": database}))
    assert risk.message == "it claims the name 'sales', which Prod/Lake/A still has at that time"
    policy = one("AWS::S3::BucketPolicy", Bucket="b", PolicyDocument={})
    assert only(compared({"A": policy}, {"B": policy})).message.startswith("it claims the name 'b', ")


def test_a_name_that_another_resource_gives_up() -> None:
    """It is given up after it would have to be free."""
    base = {"A": one(TOPIC, TopicName="t")}
    head = {"A": one(TOPIC, TopicName="u"), "B": one(TOPIC, TopicName="t")}
    assert told(compared(base, head)) == [("name_taken", "B")]


def test_two_resources_claim_the_same() -> None:
    """Once for both; what was so before is not new; in two accounts it is no collision."""
    two = {"A": one(TOPIC, TopicName="t"), "B": one(TOPIC, TopicName="t")}
    assert told(compared({}, two)) == [("claimed_twice", "A")]
    assert told(compared({"A": two["A"]}, two)) == [("claimed_twice", "B")]
    assert told(compared(two, two)) == []
    nothing = state(stack({}, "One"), stack({}, "Two", account=OTHER))
    assert told(compare(nothing, state(stack({"A": two["A"]}, "One"), stack({"A": two["A"]}, "Two", account=OTHER)))) == []


def test_a_condition_chooses_one_of_two() -> None:
    """The same name under a condition and its opposite is given once; under two conditions, perhaps twice."""
    equal = {"Fn::Equals": [{"Ref": "Env"}, "prod"]}
    conditions = {"P": equal, "N": {"Fn::Not": [{"Condition": "P"}]}, "Q": {"Fn::Equals": [{"Ref": "Env"}, "dev"]}}
    sections = {"Parameters": {"Env": {"Type": "String"}}, "Conditions": conditions}
    topic = one(TOPIC, TopicName="t")
    assert told(compared({}, {"A": {**topic, "Condition": "P"}, "B": {**topic, "Condition": "N"}}, sections=sections)) == []
    assert not only(compared({}, {"A": {**topic, "Condition": "P"}, "B": {**topic, "Condition": "Q"}}, sections=sections)).is_certain


def test_stages_that_are_bound_to_no_account_do_not_collide() -> None:
    """Each is deployed to its own, as far as anybody knows."""
    places = {"account": None, "region": None}

    def app(resources: dict[str, Any]) -> Any:
        return state(
            stack(resources, "One", stack_name="Dev-One", path="Dev/One", environment="Dev", **places),
            stack(resources, "One", **places),
        )

    assert told(compare(app({}), app({"A": one(TOPIC, TopicName="t")}))) == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (one("Custom::LakeFormationSettings", ServiceToken="t"), one("AWS::LakeFormation::DataLakeSettings", Admins=[])),
        (one("AWS::LakeFormation::DataLakeSettings", Admins=[]), one("Custom::LakeFormationSettings", ServiceToken="t")),
        (one("Custom::LakeFormationCatalogPolicy", ServiceToken="t"), one("Custom::LakeFormationCatalogPolicy", ServiceToken="u")),
        (one("AWS::IAM::Policy", PolicyName="p", Roles=["r"]), one("AWS::IAM::Policy", PolicyName="p", Roles=["r"])),
    ],
)
def test_what_takes_over_is_undone_by_the_removal(was: dict[str, Any], now: dict[str, Any]) -> None:
    """No error tells: the old one's deletion comes last. One that is kept is not deleted."""
    assert told(compared({"A": was}, {"B": now})) == [("undone_by_removal", "B")]


def test_two_parts_of_the_catalogs_policy_are_no_collision() -> None:
    """Each has its own statements."""
    first, second = (one("Custom::LakeFormationCatalogPolicy", ServiceToken="t", Statements=[{"Sid": sid}]) for sid in "ab")
    assert told(compared({"A": first}, {"A": first, "B": second})) == []
    assert told(compared({"A": first}, {"B": first})) == [("undone_by_removal", "B")]


def test_a_changed_type_is_refused() -> None:
    """Nothing else is told of it."""
    assert told(compared({"A": one(TOPIC, TopicName="t")}, {"A": one(QUEUE, QueueName="t")})) == [("type_changed", "A")]


def test_a_changed_service_token_is_refused() -> None:
    """Also one that follows a function that is replaced; a function that is updated keeps its ARN."""

    def resources(name: str | None, **more: Any) -> dict[str, Any]:
        function = one("AWS::Lambda::Function", **({"FunctionName": name} if name else {}), **more)
        return {"F": function, "C": one("Custom::Thing", ServiceToken={"Fn::GetAtt": ["F", "Arn"]})}

    assert told(compared(resources("f"), resources("g"))) == [("service_token", "C")]
    assert told(compared(resources("f"), resources("f", Timeout=3))) == []
    replaced = compared(resources(None, PackageType="Zip"), resources(None, PackageType="Image"))
    assert told(replaced) == [("service_token", "C")]
    assert only(replaced).because == ("ServiceToken follows Prod/Lake/F, which is replaced",)


def test_an_export_in_use_stays_as_it_is() -> None:
    """Whether it is removed, has another value, or follows what is replaced; unused ones are free."""

    def app(value: Any, *, name: str = "e", block: int = 0, used: bool = True) -> Any:
        outputs = {"Outputs": {"O": {"Value": value, "Export": {"Name": name}}}}
        exporter = stack({"V": one("AWS::EC2::VPC", CidrBlock=f"10.{block}.0.0/16")}, "One", sections=outputs)
        return state(exporter, stack({"T": one(TOPIC, DisplayName={"Fn::ImportValue": "e"} if used else "x")}, "Two"))

    vpc = {"Ref": "V"}
    assert told(compare(app(vpc), app(vpc))) == []
    assert told(compare(app("a"), app("b"))) == [("export_changed", "")]
    assert told(compare(app(vpc), app(vpc, block=1))) == [("export_changed", "")]
    assert told(compare(app("a"), app("a", name="f", used=False))) == [("export_removed", "")]
    assert told(compare(app("a", used=False), app("b", used=False))) == []
    risk = only(compare(app(vpc), app(vpc, block=1)))
    assert risk.because == ("Prod/Two imports it in BASE", "its value follows Prod/One/V, which is replaced")
    assert (risk.stack, risk.property) == ("Prod/One", "Outputs.O")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({}, {"MultiRegion": True}),
        ({"KeySpec": "RSA_2048"}, {"KeySpec": "RSA_4096"}),
        ({"KeyUsage": "SIGN_VERIFY"}, {}),
        ({}, {"Origin": "EXTERNAL"}),
    ],
)
def test_a_key_is_neither_updated_nor_replaced_for_what_makes_it_up(was, now) -> None:
    """KMS refuses, so that no key is deleted by mistake."""
    key = "AWS::KMS::Key"
    assert ("update_refused", "K") in told(compared({"K": one(key, **was)}, {"K": one(key, **now)}))


@pytest.mark.parametrize("now", [{"MultiRegion": "false", "KeySpec": "SYMMETRIC_DEFAULT"}, {"Description": "of sales"}])
def test_a_key_may_say_what_it_is_by_default(now) -> None:
    assert told(compared({"K": one("AWS::KMS::Key")}, {"K": one("AWS::KMS::Key", **now)})) == []
