"""What a change deletes, starts anew or leaves to nobody is named by what CloudFormation does with it; what holds nothing is not."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.data import data_loss
from lakecheck.upgrade.data.stateful import EMPTIES, HANDLERS, STATEFUL, holding
from lakecheck.upgrade.model import Category, Comparison, Deletion, Fate, Node, PropertyChange, Replaces, ResourceChange, Risk
from tests.lakecheck.upgrade.support import change_of, compared, stack, state

BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
PROPERTIES: dict[str, dict[str, Any]] = {"AWS::Glue::Job": {"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}}}
"""What a type needs in order to hold something."""


def risks(base: dict[str, Any], head: dict[str, Any], **more: Any) -> list[Risk]:
    return list(data_loss.risks(compared(base, head, **more)))


def rules(base: dict[str, Any], head: dict[str, Any]) -> list[str]:
    return [risk.rule for risk in risks(base, head)]


def keyed(name: str, **attributes: Any) -> dict[str, Any]:
    """A table whose partition key replaces it when it changes."""
    key = [{"AttributeName": name, "KeyType": "HASH"}]
    return {"Type": TABLE, "Properties": {"KeySchema": key, "BillingMode": "PAY_PER_REQUEST"}} | attributes


KEEP = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
OTHER = {"Type": "AWS::SNS::Topic"}

# --- every type of the table -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def removed() -> dict[str, list[Risk]]:
    """What is said of each type when it is removed."""
    base = {kind.replace(":", ""): {"Type": kind, "Properties": PROPERTIES.get(kind, {}), "DeletionPolicy": "Delete"} for kind in STATEFUL}
    found: dict[str, list[Risk]] = {kind: [] for kind in STATEFUL}
    for risk in risks(base, {"Other": {"Type": "AWS::SNS::Topic"}}):
        found[risk.type].append(risk)
    return found


@pytest.mark.parametrize("kind", STATEFUL)
def test_each_type_that_holds_something_is_told_when_it_is_removed(kind, removed):
    (found,) = removed[kind]
    assert (found.rule, found.category) == ("data_loss.deleted", Category.DATA_LOSS)
    assert STATEFUL[kind].what in found.consequence
    assert found.is_certain is STATEFUL[kind].is_certain


@pytest.mark.parametrize("kind", STATEFUL)
def test_each_type_is_told_as_an_orphan_when_it_is_kept(kind):
    change = _change(kind, Fate.REMOVED, Deletion.RETAINED)
    (found,) = data_loss.risks(_comparison(change))
    assert (found.rule, found.category) == ("identity.orphaned", Category.IDENTITY)
    assert "import" in found.remedy


def _change(kind: str, fate: Fate, deletion: Deletion) -> ResourceChange:
    resource = {"It": {"Type": kind, "Properties": PROPERTIES.get(kind, {})}}
    removed = change_of(compared(resource, {}), "It")
    now: Node | None = None if fate in (Fate.REMOVED, Fate.LEFT_BEHIND) else removed.was
    return ResourceChange(fate=fate, was=removed.was, now=now, deletion=deletion)


def _comparison(change: ResourceChange) -> Comparison:
    nothing = state()
    return Comparison(base=nothing, head=nothing, changes=(change,))


@pytest.mark.parametrize(
    "kind", ["AWS::SNS::Topic", "AWS::Lambda::Function", "AWS::SSM::Parameter", "AWS::IAM::Role", "AWS::Athena::NamedQuery"]
)
def test_what_holds_nothing_is_not_told(kind):
    assert rules({"It": {"Type": kind}}, {}) == []


def test_a_type_holds_something_only_where_it_does():
    assert holding("AWS::Glue::Job", {}) is None
    assert holding("AWS::RDS::DBInstance", {"DBClusterIdentifier": "orders"}) is None
    assert holding("AWS::RDS::DBInstance", {}) is not None


# --- every fate and deletion -------------------------------------------------------------------------------------------------------------

EXPECTED = {
    (Fate.REMOVED, Deletion.DELETED): "data_loss.deleted",
    (Fate.REMOVED, Deletion.RETAINED): "identity.orphaned",
    (Fate.REMOVED, Deletion.SNAPSHOT): "identity.orphaned",
    (Fate.REPLACED, Deletion.DELETED): "data_loss.replaced",
    (Fate.REPLACED, Deletion.RETAINED): "data_loss.starts_empty",
    (Fate.REPLACED, Deletion.SNAPSHOT): "data_loss.starts_empty",
    (Fate.PERHAPS_REPLACED, Deletion.DELETED): "data_loss.replaced",
    (Fate.PERHAPS_REPLACED, Deletion.RETAINED): "data_loss.starts_empty",
    (Fate.MOVED, Deletion.DELETED): "data_loss.moved",
    (Fate.MOVED, Deletion.RETAINED): "data_loss.starts_empty",
    (Fate.RENAMED, Deletion.DELETED): "data_loss.moved",
    (Fate.RENAMED, Deletion.RETAINED): "data_loss.starts_empty",
    (Fate.LEFT_BEHIND, Deletion.NOTHING): "data_loss.left_behind",
}


@pytest.mark.parametrize(("fate", "deletion"), EXPECTED, ids=lambda each: each.value)
def test_what_becomes_of_it_decides(fate, deletion):
    (found,) = data_loss.risks(_comparison(_change(BUCKET, fate, deletion)))
    assert found.rule == EXPECTED[fate, deletion]
    uncertain = (Fate.PERHAPS_REPLACED, Fate.LEFT_BEHIND)
    assert found.is_certain is (fate not in uncertain or found.category is Category.IDENTITY)


@pytest.mark.parametrize("deletion", [Deletion.DELETED, Deletion.RETAINED], ids=lambda each: each.value)
def test_another_type_loses_nothing_as_cloudformation_refuses_it(deletion):
    assert list(data_loss.risks(_comparison(_change(BUCKET, Fate.TYPE_CHANGED, deletion)))) == []


def test_an_update_in_place_is_harmless():
    assert list(data_loss.risks(_comparison(_change(BUCKET, Fate.UPDATED, Deletion.NOTHING)))) == []


def test_every_rule_is_listed():
    assert set(EXPECTED.values()) <= set(data_loss.RULES)
    assert {rule.partition(".")[0] for rule in data_loss.RULES} == {"data_loss", "identity"}


# --- in templates ------------------------------------------------------------------------------------------------------------------------


def test_a_replaced_table_names_the_property_and_the_remedy():
    (found,) = risks({"Orders": keyed("id")}, {"Orders": keyed("order")})
    assert (found.rule, found.is_certain) == ("data_loss.replaced", True)
    assert found.property.startswith("KeySchema")
    assert found.property in found.remedy


def test_a_replaced_table_that_is_kept_starts_empty():
    (found,) = risks({"Orders": keyed("id", **KEEP)}, {"Orders": keyed("order", **KEEP)})
    assert (found.rule, found.category) == ("data_loss.starts_empty", Category.DATA_LOSS)


def test_a_moved_bucket_is_deleted_in_its_old_stack():
    bucket = {"Lake": {"Type": BUCKET, "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}}
    other = {"Topic": {"Type": "AWS::SNS::Topic"}}
    base = state(stack(bucket | other, "One"), stack(other, "Two"))
    head = state(stack(other, "One"), stack(bucket | other, "Two"))
    (found,) = data_loss.risks(compare(base, head))
    assert (found.rule, found.stack) == ("data_loss.moved", "Prod/Two")
    assert "refactor" in found.remedy


def test_a_stack_that_is_gone_leaves_its_bucket_behind():
    other = {"Topic": {"Type": "AWS::SNS::Topic"}}
    base = state(stack({"Lake": {"Type": BUCKET}, "Kept": {"Type": BUCKET} | KEEP}, "One"), stack(other, "Two"))
    found = list(data_loss.risks(compare(base, state(stack(other, "Two")))))
    assert [(risk.logical_id, risk.rule) for risk in found] == [("Lake", "data_loss.left_behind"), ("Kept", "identity.orphaned")]


def test_a_bucket_that_is_emptied_first_is_lost_for_sure():
    bucket = {"Lake": {"Type": BUCKET}}
    emptied = {**bucket, "Empty": {"Type": "Custom::S3AutoDeleteObjects", "Properties": {"BucketName": {"Ref": "Lake"}}}}
    (plain,) = risks(bucket, {})
    (lost,) = risks(emptied, {})
    assert any("empty bucket only" in line for line in plain.because)
    assert not any("empty bucket only" in line for line in lost.because)
    assert "empties it first" in lost.consequence


# --- protections -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DeletionPolicy", "UpdateReplacePolicy"])
@pytest.mark.parametrize(
    ("was", "now"), [("Retain", "Delete"), ("Retain", "Snapshot"), ("RetainExceptOnCreate", "Delete"), ("Snapshot", "Delete")]
)
def test_a_policy_that_keeps_less_is_a_risk_and_one_that_keeps_more_is_none(name, was, now):
    one, other = ({"It": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Retain"} | {name: policy}} for policy in (was, now))
    (found,) = risks(one, other)
    assert (found.rule, found.property, found.was, found.now) == ("data_loss.policy_weakened", f"^.{name}", was, now)
    assert risks(other, one) == []


def test_a_policy_of_what_holds_nothing_is_harmless():
    one, other = ({"It": {"Type": "AWS::SNS::Topic", "DeletionPolicy": policy}} for policy in ("Retain", "Delete"))
    assert risks(one, other) == []


def test_termination_protection_of_a_stack_with_data():
    data, none = {"Lake": {"Type": BUCKET}}, {"Topic": {"Type": "AWS::SNS::Topic"}}
    for resources, expected in ((data, ["data_loss.termination_protection"]), (none, [])):
        on, off = (state(stack(resources, termination_protection=value)) for value in (True, False))
        assert [risk.rule for risk in data_loss.risks(compare(on, off))] == expected
        assert not list(data_loss.risks(compare(off, on)))


@pytest.mark.parametrize("custom", EMPTIES)
def test_emptying_what_was_there_is_a_risk_and_what_is_new_is_none(custom):
    kind, name = EMPTIES[custom]
    subject = {"It": {"Type": kind}}
    emptied = {**subject, "Empty": {"Type": custom, "Properties": {name: {"Ref": "It"}}}}
    assert rules(subject, emptied) == ["data_loss.emptied_on_delete"]
    assert rules({}, emptied) == []
    assert rules(emptied, subject) == []


# --- custom resources --------------------------------------------------------------------------------------------------------------------


def test_the_deletion_of_an_unknown_handler_is_not_taken_for_harmless():
    for kind in ("Custom::Loader", "AWS::CloudFormation::CustomResource", "Acme::Data::Set", "AWS::CloudFormation::StackSet"):
        (found,) = risks({"It": {"Type": kind, "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:444455556666:function:it"}}}, {})
        assert (found.rule, found.is_certain) == ("data_loss.handler", False)
    assert rules({"It": {"Type": "Custom::Loader", "DeletionPolicy": "Retain"}}, {}) == []


def test_an_sdk_call_is_told_when_there_is_one_on_delete():
    call = '{"service":"S3","action":"deleteBucket"}'
    (found,) = risks({"It": {"Type": "Custom::AWS", "Properties": {"Create": call, "Delete": call}}}, {})
    assert "deleteBucket" in found.consequence
    assert rules({"It": {"Type": "Custom::AWS", "Properties": {"Create": call}}}, {}) == []


LOSING = {"Custom::CDKBucketDeployment": {"RetainOnDelete": "false"}, "Custom::LogRetention": {"RemovalPolicy": "destroy"}}


@pytest.mark.parametrize("kind", HANDLERS)
def test_known_handlers_are_told_only_where_they_delete_something(kind):
    assert rules({"It": {"Type": kind, "Properties": {}}}, {}) == []
    if kind in LOSING:
        (found,) = risks({"It": {"Type": kind, "Properties": LOSING[kind]}}, {})
        assert (found.rule, found.is_certain) == ("data_loss.handler", True)


def test_the_first_property_that_replaces_is_named():
    change = _change(BUCKET, Fate.REPLACED, Deletion.DELETED)
    properties = tuple(PropertyChange(path=path, was=1, now=2, replaces=each) for path, each in (("A", Replaces.NO), ("B", Replaces.YES)))
    replaced = ResourceChange(fate=Fate.REPLACED, was=change.was, now=change.now, properties=properties, deletion=Deletion.DELETED)
    (found,) = data_loss.risks(_comparison(replaced))
    assert found.property == "B"


# --- what its own policy does not keep ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "told"), [("Delete", "data_loss.deleted"), ("Retain", "identity.orphaned")])
def test_a_kept_table_goes_with_its_database(policy, told):
    """Glue deletes every table of a database that is deleted, also one that its own stack keeps."""
    database = {"Type": "AWS::Glue::Database", "Properties": {"DatabaseInput": {}}, "DeletionPolicy": policy}
    table = {"Type": "AWS::Glue::Table", "Properties": {"DatabaseName": {"Ref": "Sales"}, "TableInput": {"Name": "orders"}}} | KEEP
    found = {risk.logical_id: risk for risk in risks({"Sales": database, "Orders": table, "Other": OTHER}, {"Other": OTHER})}
    assert found["Orders"].rule == told
    assert any("every table in it" in reason for reason in found["Orders"].because) is (policy == "Delete")


def test_a_kept_table_of_another_database_is_kept():
    database = {"Type": "AWS::Glue::Database", "Properties": {"DatabaseInput": {"Name": "sales"}}}
    table = {"Type": "AWS::Glue::Table", "Properties": {"DatabaseName": "travel", "TableInput": {"Name": "orders"}}} | KEEP
    found = {risk.logical_id: risk.rule for risk in risks({"Sales": database, "Orders": table, "Other": OTHER}, {"Other": OTHER})}
    assert found == {"Sales": "data_loss.deleted", "Orders": "identity.orphaned"}
