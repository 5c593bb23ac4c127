"""What differs between two states, and what only is written, called or ordered otherwise."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.identity import collisions, identity
from lakecheck.upgrade.model import Deletion, Fate
from tests.lakecheck.upgrade.support import OTHER, change_of, compared, stack, state

TOPIC = "AWS::SNS::Topic"
ANY = "Acme::Any::Thing"
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
OPEN = {"Parameters": {"Env": {"Type": "String"}}, "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}}}


def thing(value: Any, kind: str = TOPIC, name: str = "DisplayName", **attributes: Any) -> dict[str, Any]:
    """A resource with one property."""
    return {"Type": kind, "Properties": {name: value}, **attributes}


def difference(was: Any, now: Any, name: str = "DisplayName", **more: Any) -> list[tuple[str, Any, Any]]:
    """The paths and values that differ when one property does."""
    comparison = compared({"A": thing(was, name=name)}, {"A": thing(now, name=name)}, **more)
    return [(each.path, each.was, each.now) for change in comparison.changes for each in change.properties]


# --- stacks ----------------------------------------------------------------------------------------------------------------------------


def test_a_stack_is_known_by_account_region_and_name() -> None:
    """Whatever its construct path; its resources are the same ones."""
    base = state(stack({"V": VPC, "S": thing({"Ref": "V"})}, "One"))
    head = state(stack({"V": VPC, "S": thing({"Ref": "V"})}, "One", path="Production/Uno", environment="Production"))
    comparison = compare(base, head)
    assert not comparison.changes
    assert [(one.path, other.path) for one, other in comparison.stacks if one and other] == [("Prod/One", "Production/Uno")]


@pytest.mark.parametrize("changed", [{"stack_name": "Other"}, {"account": OTHER}, {"region": "eu-central-1"}])
def test_a_stack_elsewhere_is_another_one(changed: dict[str, Any]) -> None:
    """CloudFormation makes it anew and leaves the old one behind."""
    comparison = compare(state(stack({"V": VPC})), state(stack({"V": VPC}, **changed)))
    assert [(change.fate, change.deletion) for change in comparison.changes] == [
        (Fate.LEFT_BEHIND, Deletion.NOTHING),
        (Fate.ADDED, Deletion.NOTHING),
    ]


def test_a_stack_bound_to_no_account_may_be_one_that_is() -> None:
    """A deployed stack has an account, the assembly may have none."""
    comparison = compare(state(stack({"V": VPC})), state(stack({"V": VPC}, account=None, region=None)))
    assert not comparison.changes


def test_two_templates_are_one_stack() -> None:
    """Their file names are no names of stacks."""
    places = {"account": None, "region": None}
    base = state(stack({"V": VPC, "S": thing({"Ref": "V"})}, stack_name="old", path="old", **places), is_template=True)
    head = state(stack({"V": VPC, "S": thing({"Ref": "V"})}, stack_name="new", path="new", **places), is_template=True)
    assert not compare(base, head).changes


def test_what_is_made_of_an_unchanged_state_is_made_once() -> None:
    """BASE and HEAD that say the same share principals and matrix; a template or a parameter that differs, and nothing is shared."""
    one, same = state(stack({"A": thing("x")})), state(stack({"A": thing("x")}))
    assert compare(one, same).base_under_names_of_head() is same
    for other in (state(stack({"A": thing("y")})), state(stack({"A": thing("x")}), parameters={"Name": "x"})):
        assert compare(one, other).base_under_names_of_head() is one


def test_a_nested_stack_is_known_by_its_parent_and_logical_id() -> None:
    """Its parameters come from its parent; one that is gone takes its resources along, unless it is retained."""

    def app(*, nested: str | None = "N", value: str = "x", **attributes: Any) -> Any:
        parent = {"Q": thing("q")}
        inner = {"Parameters": {"P": {"Type": "String"}}}
        if nested is None:
            return state(stack(parent))
        parent[nested] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"P": value}}, **attributes}
        child = stack({"T": thing({"Ref": "P"}), "V": VPC}, "Lake/Nest", parent="Prod/Lake", parent_logical_id=nested, sections=inner)
        return state(stack(parent), child)

    assert not compare(app(), app()).changes
    changed = compare(app(), app(value="y"))
    assert [(each.path, each.was, each.now) for each in change_of(changed, "T").properties] == [("DisplayName", "x", "y")]
    gone = compare(app(), app(nested=None))
    assert {change.fate for change in gone.changes} == {Fate.REMOVED}
    assert change_of(gone, "V").deletion is Deletion.DELETED
    assert "nested stack" in change_of(gone, "V").because[0]
    assert change_of(compare(app(DeletionPolicy="Retain"), app(nested=None)), "V").deletion is Deletion.RETAINED


# --- resources -------------------------------------------------------------------------------------------------------------------------


def test_added_and_removed() -> None:
    """Each once, with what happens to the old one."""
    comparison = compared({"A": thing("a"), "B": {**VPC, "DeletionPolicy": "Retain"}}, {"C": thing("c", "AWS::SQS::Queue", "QueueName")})
    assert {change.node.resource.origin.logical_id: (change.fate, change.deletion) for change in comparison.changes} == {
        "A": (Fate.REMOVED, Deletion.DELETED),
        "B": (Fate.REMOVED, Deletion.RETAINED),
        "C": (Fate.ADDED, Deletion.NOTHING),
    }


@pytest.mark.parametrize(
    ("properties", "attributes", "expected"),
    [
        ({}, {}, Deletion.SNAPSHOT),
        ({"DBClusterIdentifier": "c"}, {}, Deletion.DELETED),
        ({}, {"DeletionPolicy": "Delete"}, Deletion.DELETED),
        ({}, {"DeletionPolicy": "RetainExceptOnCreate"}, Deletion.RETAINED),
        ({}, {"DeletionPolicy": {"Ref": "AWS::Region"}}, Deletion.DELETED),
    ],
)
def test_what_happens_to_a_removed_one(properties: dict[str, Any], attributes: dict[str, Any], expected: Deletion) -> None:
    """By its policy, by its type's default, and by the less safe reading of what is no text."""
    comparison = compared({"D": {"Type": "AWS::RDS::DBInstance", "Properties": properties, **attributes}}, {})
    assert change_of(comparison, "D").deletion is expected


def test_another_type_under_the_same_id() -> None:
    """It is one change, and no removal and addition."""
    assert change_of(compared({"A": thing("a")}, {"A": VPC}), "A").fate is Fate.TYPE_CHANGED


def test_a_false_condition_removes() -> None:
    """The template still has the resource."""
    sections = {"Conditions": {"On": {"Fn::Equals": ["a", "a"]}}}
    off = {"Conditions": {"On": {"Fn::Equals": ["a", "b"]}}}
    resources = {"A": thing("a", Condition="On")}
    change = change_of(compared(resources, resources, sections=sections, head_sections=off), "A")
    assert (change.fate, change.now) == (Fate.REMOVED, None)
    assert change.because == ("condition On is false in HEAD",)
    assert change_of(compared(resources, resources, sections=off, head_sections=sections), "A").fate is Fate.ADDED


def test_an_open_condition_is_told() -> None:
    """What may be gone counts as gone, and says that it is not certain; the same open condition in both is no change."""
    conditional = {"A": thing("a", Condition="IsProd")}
    comparison = compared({"A": thing("a")}, conditional, sections=OPEN)
    change = change_of(comparison, "A")
    assert (change.fate, change.is_certain) == (Fate.REMOVED, False)
    assert "IsProd" in comparison.not_known[0]
    assert not compared(conditional, conditional, sections=OPEN).changes
    assert not change_of(compared({}, conditional, sections=OPEN), "A").is_certain


def test_a_renamed_resource_is_found_with_what_refers_to_it() -> None:
    """A policy that names a renamed topic is the same policy under another id."""

    def resources(topic: str, policy: str) -> dict[str, Any]:
        document = {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": topic}}]}
        return {
            topic: thing("a"),
            policy: {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": topic}], "PolicyDocument": document}},
        }

    comparison = compared(resources("A", "P"), resources("B", "Q"))
    assert [(change.fate, change.was and change.was.resource.origin.logical_id) for change in comparison.changes] == [
        (Fate.RENAMED, "A"),
        (Fate.RENAMED, "P"),
    ]
    assert {change.deletion for change in comparison.changes} == {Deletion.DELETED}


def test_a_renamed_resource_is_found_by_its_fixed_name() -> None:
    """Whatever else changes."""
    base = {"A": {"Type": TOPIC, "Properties": {"TopicName": "t", "DisplayName": "a"}}}
    change = change_of(compared(base, {"B": {"Type": TOPIC, "Properties": {"TopicName": "t", "DisplayName": "b"}}}), "B")
    assert change.fate is Fate.RENAMED
    assert [each.path for each in change.properties] == ["DisplayName"]


def test_a_moved_resource_is_found_in_its_account_and_region() -> None:
    """In another one it is removed here and added there."""
    rest = {"Q": {"Type": "AWS::SQS::Queue"}}
    base = state(stack({"A": thing("a")}, "One"), stack(rest, "Two"))
    moved = compare(base, state(stack({}, "One"), stack({**rest, "B": thing("a")}, "Two")))
    assert change_of(moved, "A").fate is Fate.MOVED
    base = state(stack({"A": thing("a")}, "One"), stack(rest, "Two", account=OTHER))
    other = compare(base, state(stack({}, "One"), stack({**rest, "B": thing("a")}, "Two", account=OTHER)))
    assert [change.fate for change in other.changes] == [Fate.REMOVED, Fate.ADDED]


def test_attributes_are_compared() -> None:
    """Beside the properties, with their effective values; metadata and the order of creation say nothing."""
    base = {"A": thing("a", DeletionPolicy="Retain", Metadata={"a": 1}), "B": thing("b")}
    head = {"A": thing("a", DependsOn="B", UpdateReplacePolicy="Retain"), "B": thing("b", DeletionPolicy="Delete", Metadata={"a": 2})}
    (change,) = compared(base, head).changes
    assert [(each.path, each.was, each.now) for each in change.properties] == [
        ("^.DeletionPolicy", "Retain", "Delete"),
        ("^.UpdateReplacePolicy", "Delete", "Retain"),
    ]


# --- values ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("DisplayName", {"Fn::Sub": "x-${Env}-${AWS::Region}"}, {"Fn::Join": ["-", ["x", {"Ref": "Env"}, {"Ref": "AWS::Region"}]]}),
        ("DisplayName", {"Fn::Sub": ["${a}", {"a": {"Ref": "Env"}}]}, {"Ref": "Env"}),
        ("DisplayName", 1, "1"),
        ("DisplayName", True, "true"),
        ("Tags", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]),
        ("PolicyDocument", {"Statement": [{"Action": "s3:*"}]}, {"Statement": {"Action": ["s3:*"]}}),
        ("PolicyDocument", {"Statement": [{"Action": ["a", "b"]}, {"Sid": "x"}]}, {"Statement": [{"Sid": "x"}, {"Action": ["b", "a"]}]}),
        ("PolicyDocument", {"Statement": [{"Sid": "x"}]}, '{"Statement": [ {"Sid": "x"} ]}'),
        ("DefinitionString", '{"States": {"A": {"Type": "Pass"}}}', '{ "States": { "A": { "Type": "Pass" } } }'),
        ("DisplayName", {"Fn::If": ["IsProd", "a", "b"]}, {"Fn::If": ["IsProd", "a", {"Fn::Sub": "b"}]}),
        ("Subscription", {"Fn::If": ["IsProd", [1], [2]]}, {"Fn::If": ["IsProd", [1], [2]]}),
    ],
)
def test_what_is_only_written_otherwise_is_no_change(name: str, was: Any, now: Any) -> None:
    """By whatever function, order or type."""
    assert difference(was, now, name, sections=OPEN) == []
    assert difference(now, was, name, sections=OPEN) == []


@pytest.mark.parametrize(
    ("name", "was", "now", "paths"),
    [
        ("Tags", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], [{"Key": "b", "Value": "3"}], ["Tags.0.Value", "Tags.0"]),
        (
            "PolicyDocument",
            {"Statement": [{"Action": "s3:*"}]},
            {"Statement": {"Action": ["s3:Get*"]}},
            ["PolicyDocument.Statement.0.Action.0"],
        ),
        ("DefinitionString", '{"States": {"A": 1}}', '{"States": {"A": 2}}', ["DefinitionString.States.A"]),
        ("DisplayName", '{"a": 1}', '{"a":1}', ["DisplayName"]),
        ("Steps", [1, 2, 3, 4], [1, 2, 9, 3, 4], ["Steps.2"]),
        ("Steps", [1, 2, 3, 4], [1, 4], ["Steps.1", "Steps.2"]),
        ("Steps", [1, 2], [2, 1], ["Steps.0", "Steps.1"]),
        ("DisplayName", {"Fn::Sub": "x-${Env}"}, {"Fn::Sub": "y-${Env}"}, ["DisplayName"]),
        ("Subscription", {"Fn::If": ["IsProd", [1], [2]]}, {"Fn::If": ["IsProd", [1], [3]]}, ["Subscription"]),
        ("DisplayName", None, "x", ["DisplayName"]),
    ],
)
def test_what_differs_is_told_at_its_place(name: str, was: Any, now: Any, paths: list[str]) -> None:
    """The smallest part, whatever surrounds it."""
    assert [path for path, _, _ in difference(was, now, name, sections=OPEN)] == paths


def test_a_value_that_is_not_known_and_written_otherwise_is_told() -> None:
    """It differs, perhaps, and the comparison says that it could not be made."""
    comparison = compared({"A": thing({"Fn::If": ["IsProd", [1], [2]]})}, {"A": thing({"Fn::If": ["IsProd", [1], [3]]})}, sections=OPEN)
    assert comparison.not_known == ("Prod/Lake/A: DisplayName is written otherwise, and its value is not known",)


def test_a_parameters_default_counts() -> None:
    """Where a value follows from it."""
    sections = [{"Parameters": {"P": {"Type": "CommaDelimitedList", "Default": text}}} for text in ("a,b", "a, b", "a,c")]
    resources = {"A": thing({"Fn::Join": ["-", {"Ref": "P"}]})}
    assert not compared(resources, resources, sections=sections[0], head_sections=sections[1]).changes
    (change,) = compared(resources, resources, sections=sections[0], head_sections=sections[2]).changes
    assert [(each.was, each.now) for each in change.properties] == [("a-b", "a-c")]


def test_names_inside_a_template_mean_nothing() -> None:
    """Parameters without a value, conditions and mappings may be called otherwise; another parameter is another value."""

    def template(parameter: str, condition: str, mapping: str, *, used: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        sections = {
            "Parameters": {parameter: {"Type": "String"}, "Other": {"Type": "String"}},
            "Conditions": {condition: {"Fn::Equals": [{"Ref": parameter}, "x"]}},
            "Mappings": {mapping: {"a": {"b": "c"}}},
        }
        resources = {
            "A": thing({"Ref": parameter if used is None else used}),
            "B": thing({"Fn::If": [condition, [{"Fn::FindInMap": [mapping, {"Ref": parameter}, "b"]}], []]}, ANY),
            "C": thing({"Fn::FindInMap": [mapping, {"Ref": parameter}, "b"]}, Condition=condition),
        }
        return resources, sections

    one, other = template("P", "C", "M"), template("P2", "C2", "M2")
    comparison = compared(one[0], other[0], sections=one[1], head_sections=other[1])
    assert not comparison.changes
    assert not comparison.not_known
    another = template("P", "C", "M", used="Other")
    assert [change.node.resource.origin.logical_id for change in compared(one[0], another[0], sections=one[1]).changes] == ["A"]


def test_parameters_are_told_apart_by_where_they_are_used() -> None:
    """Two that are defined the same and are both called otherwise; exchanging them is a change."""

    def template(first: str, second: str, *, declared: tuple[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        sections = {"Parameters": {name: {"Type": "String"} for name in declared}}
        return {"A": thing({"Ref": first}), "B": thing({"Fn::Sub": "b-${" + second + "}"})}, sections

    one = template("P1", "P2", declared=("P1", "P2"))
    for head, changes in ((template("Q1", "Q2", declared=("Q2", "Q1")), 0), (template("P2", "P1", declared=("P1", "P2")), 2)):
        assert len(compared(one[0], head[0], sections=one[1], head_sections=head[1]).changes) == changes


def test_a_condition_that_means_something_else_is_a_change() -> None:
    """Where the value depends on it; one that is only added is none."""
    resources = {"A": thing({"Fn::If": ["IsProd", [1], [2]]})}
    other = {**OPEN, "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, "live"]}}}
    more = {**OPEN, "Conditions": {**OPEN["Conditions"], "IsDev": {"Fn::Equals": [{"Ref": "Env"}, "dev"]}}}
    assert [change.fate for change in compared(resources, resources, sections=OPEN, head_sections=other).changes] == [Fate.UPDATED]
    assert not compared(resources, resources, sections=OPEN, head_sections=more).changes


def test_a_resource_that_becomes_none_is_removed() -> None:
    """What stands under its logical id is no resource any more."""
    assert change_of(compared({"A": thing("a")}, {"A": 1.5}), "A").fate is Fate.REMOVED


@pytest.mark.parametrize(
    "hostile", [None, 1, "x", [], {"Fn::If": 3}, {"Ref": {}}, {"Fn::Sub": [1]}, {"Fn::GetAtt": []}, {"Fn::Join": [[], 1]}]
)
def test_hostile_properties_are_compared(hostile: Any) -> None:
    """Whatever shape they have, in whatever state."""
    for was, now in ((hostile, "x"), ("x", hostile), (hostile, hostile)):
        comparison = compared({"A": {"Type": TOPIC, "Properties": was}}, {"A": {"Type": TOPIC, "Properties": now}})
        assert len(comparison.changes) <= 1
        inner = compared({"A": thing(was, Condition=5)}, {"A": thing(now, DeletionPolicy=[1], Condition={})})
        assert all(change.node.resource.origin.logical_id == "A" for change in inner.changes)
        for judged in (comparison, inner):
            assert all(risk.rule for judge in (collisions.risks, identity.risks) for risk in judge(judged))


# --- properties of every comparison ----------------------------------------------------------------------------------------------------

SCALARS = st.one_of(st.integers(2, 99), st.text("abc", min_size=1, max_size=4))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(st.text("klm", min_size=1, max_size=2), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(st.sampled_from(["Alpha", "Beta", "Gamma"]), VALUES, min_size=1, max_size=3)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all scalars."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, each in pairs for found in leaves(each, (*path, key))]
    return [path]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(resources=st.dictionaries(st.sampled_from("ABC"), PROPERTIES, min_size=1), data=st.data())
def test_one_mutation_is_told_at_exactly_its_path(resources: dict[str, Any], data: st.DataObject) -> None:
    """Nothing else is, and a state does not differ from itself, whatever order it is written in."""
    base = {logical_id: {"Type": ANY, "Properties": properties} for logical_id, properties in resources.items()}
    backwards = {key: {"Properties": dict(reversed(one["Properties"].items())), "Type": ANY} for key, one in reversed(base.items())}
    assert not compared(base, backwards).changes
    head = copy.deepcopy(base)
    logical_id = data.draw(st.sampled_from(sorted(head)))
    path = data.draw(st.sampled_from(leaves(head[logical_id]["Properties"])))
    at = head[logical_id]["Properties"]
    for step in path[:-1]:
        at = at[step]
    was, at[path[-1]] = at[path[-1]], "changed"
    (change,) = compared(base, head).changes
    assert change.node.resource.origin.logical_id == logical_id
    assert [(each.path, each.was, each.now) for each in change.properties] == [(".".join(map(str, path)), was, "changed")]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    pieces=st.lists(
        st.one_of(st.text("xyz-", min_size=1, max_size=3), st.sampled_from(["Env", "V", "AWS::Region"])), min_size=1, max_size=5
    )
)
def test_sub_and_join_of_the_same_pieces_are_equal(pieces: list[str]) -> None:
    """Also where nothing of them is known."""
    names = {"Env", "V", "AWS::Region"}
    sub = {"Fn::Sub": "".join(f"${{{each}}}" if each in names else each for each in pieces)}
    join = {"Fn::Join": ["", [{"Ref": each} if each in names else each for each in pieces]]}
    sections = {"Parameters": {"Env": {"Type": "String"}}}
    assert not compared({"A": thing(sub), "V": VPC}, {"A": thing(join), "V": VPC}, sections=sections).changes
