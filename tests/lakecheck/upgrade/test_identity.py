"""Names that change and that something outside of the templates may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.identity import identity
from lakecheck.upgrade.model import Category
from tests.lakecheck.upgrade.support import OTHER, compared, stack, state

if TYPE_CHECKING:
    from lakecheck.upgrade.model import Comparison

TOPIC = "AWS::SNS::Topic"


def one(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource."""
    return {"Type": kind, "Properties": properties}


def told(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Rule, logical id, before and after of every name that changes."""
    risks = list(identity.risks(comparison))
    assert all(risk.category is Category.IDENTITY and risk.rule in identity.RULES for risk in risks)
    assert all(risk.consequence.endswith(".") and risk.remedy.endswith(".") for risk in risks)
    return [(risk.rule.partition(".")[2], risk.logical_id, risk.was, risk.now) for risk in risks]


def test_a_physical_name_changes() -> None:
    """From one to another, from or to a generated one; other properties say nothing of it."""
    named = {name: {"A": one(TOPIC, **({"TopicName": name} if name else {}))} for name in ("", "a", "b")}
    assert told(compared(named["a"], named["b"])) == [("physical_name", "A", "a", "b")]
    assert told(compared(named["a"], named[""])) == [("physical_name", "A", "a", "")]
    assert told(compared(named[""], named["b"])) == [("physical_name", "A", "", "b")]
    assert told(compared(named["a"], {"A": one(TOPIC, TopicName="a", DisplayName="b")})) == []


def test_a_name_deep_in_the_properties_changes() -> None:
    """A database's name is in its input."""
    base, head = ({"D": one("AWS::Glue::Database", DatabaseInput={"Name": name})} for name in ("a", "b"))
    assert told(compared(base, head)) == [("physical_name", "D", "a", "b")]


def test_what_a_resource_belongs_to_is_no_name_of_its_own() -> None:
    """A bucket's policy is known by its bucket."""
    base, head = ({"P": one("AWS::S3::BucketPolicy", Bucket=name, PolicyDocument={})} for name in ("a", "b"))
    assert told(compared(base, head)) == []


def test_a_logical_id_changes() -> None:
    """Of what is made anew and holds nothing; what holds data is told as its loss, a fixed name as a collision."""
    assert told(compared({"A": one(TOPIC, DisplayName="x")}, {"B": one(TOPIC, DisplayName="x")})) == [
        ("logical_id", "B", "Prod/Lake/A", "Prod/Lake/B")
    ]
    assert told(compared({"A": one(TOPIC, TopicName="x")}, {"B": one(TOPIC, TopicName="x")})) == []
    assert told(compared({"A": one("AWS::S3::Bucket")}, {"B": one("AWS::S3::Bucket")})) == []


def test_a_resource_moves() -> None:
    """To another stack."""
    topic = one(TOPIC, DisplayName="x")
    comparison = compare(state(stack({"A": topic}, "One"), stack({}, "Two")), state(stack({}, "One"), stack({"A": topic}, "Two")))
    assert told(comparison) == [("moved", "A", "Prod/One/A", "Prod/Two/A")]


def test_an_unused_export_goes() -> None:
    """One that stays says nothing, and one that is imported is a collision."""
    outputs = {"Outputs": {"O": {"Value": "v", "Export": {"Name": "e"}}}}
    imports = stack({"T": one(TOPIC, DisplayName={"Fn::ImportValue": "e"})}, "Two")
    base, head = state(stack({}, sections=outputs)), state(stack({}))
    assert told(compare(base, head)) == [("export_removed", "", "v", "")]
    assert told(compare(base, base)) == []
    assert told(compare(state(stack({}, sections=outputs), imports), state(stack({}), imports))) == []


@pytest.mark.parametrize("changed", [{"stack_name": "Other"}, {"account": OTHER}, {"region": "eu-central-1"}])
def test_a_stack_becomes_another_one(changed: dict[str, Any]) -> None:
    """By name, account or Region, at the same construct path; told once, at the stack."""
    ((rule, logical_id, was, now),) = told(compare(state(stack({"A": one(TOPIC)})), state(stack({"A": one(TOPIC)}, **changed))))
    assert (rule, logical_id) == ("stack_renamed", "")
    assert was == "Prod-Lake in 444455556666/eu-west-1"
    assert now != was


def test_a_stack_is_left_behind() -> None:
    """A new one is none, and a nested one is deleted by its parent."""
    comparison = compare(state(stack({}, "One"), stack({}, "Two")), state(stack({}, "One"), stack({}, "Three")))
    assert told(comparison) == [("stack_left_behind", "", "Prod-Two", "")]
    nest = {"N": {"Type": "AWS::CloudFormation::Stack"}}
    nested = stack({}, "Lake/Nest", parent="Prod/Lake", parent_logical_id="N")
    assert told(compare(state(stack(nest), nested), state(stack({})))) == []
