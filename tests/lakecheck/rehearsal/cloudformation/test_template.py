"""Intrinsic functions, conditions and the order of resources."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.rehearsal.cloudformation.template import Scope, TemplateError, dependencies, ordered

PSEUDO = {"AWS::Region": "eu-west-1", "AWS::AccountId": "444444444401", "AWS::Partition": "aws", "Name": "lake"}


def scope(**template: Any) -> Scope:
    """A scope in which every resource is called `<id>-id`, and every attribute `<id>.<attribute>`."""
    return Scope(
        template=template,
        values=PSEUDO,
        reference=lambda name: f"{name}-id",
        attribute=lambda name, attribute: f"{name}.{attribute}",
        exported=lambda name: f"export {name}",
        dynamic=lambda text: f"<{text}>",
        stack_output=lambda stack, output, region: f"{stack}/{output}/{region}",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Name"}, "lake"),
        ({"Ref": "Bucket"}, "Bucket-id"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket.Arn"),
        ({"Fn::GetAtt": "Bucket.Outputs.Arn"}, "Bucket.Outputs.Arn"),
        ({"Fn::Sub": "${Name}/${Bucket}/${Bucket.Arn}/${!Literal}"}, "lake/Bucket-id/Bucket.Arn/${Literal}"),
        ({"Fn::Sub": ["${Own}-${Name}", {"Own": {"Ref": "Bucket"}}]}, "Bucket-id-lake"),
        ({"Fn::Join": ["", ["a", {"Ref": "Name"}, 1, True]]}, "alake1true"),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b-c"]}]}, "b"),
        ({"Fn::Select": ["0", ["x"]]}, "x"),
        ({"Fn::If": ["Yes", "then", {"Ref": "AWS::NoValue"}]}, "then"),
        ({"Key": {"Fn::If": ["No", "then", {"Ref": "AWS::NoValue"}]}, "Other": 1}, {"Other": 1}),
        ([{"Ref": "AWS::NoValue"}, 1], [1]),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "key"]}, "found"),
        ({"Fn::FindInMap": ["Map", "nowhere", "key", {"DefaultValue": "default"}]}, "default"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-export"}}, "export lake-export"),
        ({"Fn::GetStackOutput": {"StackName": "S", "OutputName": "O"}}, "S/O/None"),
        ({"Fn::Base64": "lake"}, "bGFrZQ=="),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Length": ["a", "b"]}, 2),
        ({"Fn::ToJsonString": {"a": {"Ref": "Name"}}}, '{"a": "lake"}'),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ("{{resolve:ssm:/a/b}}!", "<ssm:/a/b>!"),
        ({"Effect": "Allow", "Condition": {"StringEquals": {"a": "b"}}}, {"Effect": "Allow", "Condition": {"StringEquals": {"a": "b"}}}),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Name"}}}}, {"Condition": {"StringEquals": {"a": "lake"}}}),
    ],
)
def test_functions_give_what_cloudformation_gives(value, expected):
    conditions = {"Yes": {"Fn::Equals": [{"Ref": "Name"}, "lake"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}}
    assert scope(Conditions=conditions, Mappings={"Map": {"eu-west-1": {"key": "found"}}}).evaluate(value) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Fn::Transform": {}}, "Fn::Transform"),
        ({"Fn::FindInMap": ["Map", "a", "b"]}, "has no a.b"),
        ({"Fn::Select": [3, ["a"]]}, "item 3 of 1"),
        ({"Fn::If": ["Nowhere", 1, 2]}, "no condition 'Nowhere'"),
    ],
)
def test_fails_when_a_template_cannot_be_evaluated(value, told):
    with pytest.raises(TemplateError, match=told):
        scope(Mappings={"Map": {}}).evaluate(value)


def test_a_resource_waits_for_what_it_refers_to_and_for_what_it_says():
    resource = {
        "DependsOn": ["A"],
        "Properties": {"x": {"Ref": "B"}, "y": {"Fn::Sub": ["${C.Arn} ${own} ${AWS::Region} ${!D}", {"own": {"Fn::GetAtt": "E.Arn"}}]}},
    }
    assert dependencies(resource, dict.fromkeys("ABCDEF")) == {"A", "B", "C", "E"}


def test_fails_when_resources_wait_for_each_other():
    with pytest.raises(TemplateError, match="A, B"):
        ordered({"A": {"DependsOn": "B"}, "B": {"Properties": {"x": {"Ref": "A"}}}, "C": {}})


@given(
    st.integers(2, 12).flatmap(
        lambda size: st.tuples(st.just(size), st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))))
    )
)
def test_every_resource_comes_after_what_it_waits_for(graph):
    size, edges = graph
    acyclic = {(later, earlier) for later, earlier in edges if earlier < later}
    names = [f"R{(number * 7) % size}x{number}" for number in range(size)]
    resources = {names[n]: {"DependsOn": [names[e] for later, e in sorted(acyclic) if later == n]} for n in reversed(range(size))}
    order = ordered(resources)
    assert sorted(order) == sorted(names)
    assert all(order.index(names[earlier]) < order.index(names[later]) for later, earlier in acyclic)
