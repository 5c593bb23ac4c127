"""Templates that are wrong, deep or endless: nothing raises, nothing is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from lakecheck.assembly import read_assembly
from lakecheck.assembly.resolution import resolve
from lakecheck.values import Unknown, has_hole, unknowns
from tests.lakecheck.assemblies import write_assembly
from tests.lakecheck.resolving import ANY, by_id, resolved, stack, value

DEEP = 10_000


def nested(wrap: Any, core: Any = "core") -> Any:
    data = core
    for _ in range(DEEP):
        data = wrap(data)
    return data


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: [data],
        lambda data: {"a": data},
        lambda data: {"Fn::Join": ["", [data]]},
        lambda data: {"Fn::Sub": ["${a}", {"a": data}]},
        lambda data: {"Fn::Select": [0, [data]]},
        lambda data: {"Fn::Split": [",", data]},
        lambda data: {"Fn::If": ["Open", data, 1]},
        lambda data: {"Fn::Base64": data},
        lambda data: {"Fn::ToJsonString": {"a": data}},
        lambda data: {"Fn::FindInMap": ["a", "b", data]},
        lambda data: {"Fn::ImportValue": data},
        lambda data: {"Fn::GetAtt": ["Probe", data]},
        lambda data: {"Ref": data},
        lambda data: {"Fn::GetStackOutput": {"StackName": data, "OutputName": "o"}},
        lambda data: {"Fn::ForEach::A": ["A", ["x"], {"${A}": data}]},
    ],
    ids=range(15),
)
def test_ten_thousand_levels_end_in_what_is_not_known(wrap: Any) -> None:
    """Whatever is nested in itself; what stands beside it is resolved all the same."""
    conditions = {"Open": {"Fn::Equals": [{"Ref": "P"}, 1]}}
    found = value([nested(wrap), {"Ref": "AWS::Region"}], Conditions=conditions, Parameters={"P": {"Type": "String"}})
    assert found[1] == "eu-west-1"
    assert unknowns(found[0]) or has_hole(found[0])


def test_a_caller_that_is_deep_already_is_no_error() -> None:
    """The depth left to Python's stack may be less than what is allowed."""
    data = nested(lambda inner: {"Fn::Split": [",", {"Fn::Sub": ["${a}", {"a": inner}]}]})

    def down(levels: int) -> Any:
        return down(levels - 1) if levels else value([data, {"Ref": "AWS::Region"}])

    for levels in (100, 300, 500, 600):
        found = down(levels)
        assert found[1] == "eu-west-1"
        assert unknowns(found[0]) or has_hole(found[0])


@pytest.mark.parametrize("section", ["Conditions", "Mappings", "Parameters", "Outputs", "Resources", "Transform", "Rules"])
@pytest.mark.parametrize(
    "wrap", [lambda data: [data], lambda data: {"Fn::Not": [data]}, lambda data: {"Fn::Sub": ["${a}", {"a": data}]}], ids=range(3)
)
def test_every_section_may_be_deep(section: str, wrap: Any) -> None:
    """The section's entry is not known; nothing raises."""
    deep = nested(wrap)
    entries = {"Mappings": {"X": {"a": {"b": deep, "c": deep}}}, "Parameters": {"X": {"Type": deep, "Default": deep}}, "Transform": deep}
    template = {
        "Resources": {
            "Probe": {"Type": ANY, "Condition": "X", "Properties": {"V": [{"Ref": "X"}, {"Fn::FindInMap": ["X", "a", {"Ref": "X"}]}]}}
        },
        section: entries.get(section, {"X": {"Type": ANY, "Value": deep, "Properties": deep, "Export": {"Name": deep}}}),
    }
    if section == "Conditions":
        template["Conditions"] = {"X": deep}
    resolution = resolved(stack("Lake", template))
    assert section == "Resources" or by_id(resolution)["Probe"].properties["V"]


def test_long_chains_of_references_end() -> None:
    """A thousand buckets, each named after the next; conditions, outputs and exports in the same way."""
    number = 1_000
    resources = {
        f"B{index}": {"Type": "AWS::S3::Bucket", "Condition": f"C{index}", "Properties": {"BucketName": {"Ref": f"B{index + 1}"}}}
        for index in range(number)
    }
    resources[f"B{number}"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "last"}}
    conditions: dict[str, Any] = {f"C{index}": {"Condition": f"C{index + 1}"} for index in range(number)}
    conditions[f"C{number}"] = {"Fn::Equals": [1, 1]}
    outputs = {
        f"O{index}": {"Value": {"Fn::ImportValue": f"e{index + 1}"}, "Export": {"Name": {"Fn::Sub": f"e{index}"}}}
        for index in range(number)
    }
    found = by_id(resolved(stack("Lake", {"Resources": resources, "Conditions": conditions, "Outputs": outputs})))
    assert len(found) == number + 1
    assert (found[f"B{number - 1}"].ref, found[f"B{number - 10}"].ref) == ("last", "last")


def test_references_that_double_at_each_step_end() -> None:
    """Forty attributes, each made of the next one twice: each is worked out once."""
    resources = {
        f"X{index}": {"Type": ANY.replace("Acme", "AWS"), "Properties": {"Foo": {"Fn::Sub": f"${{X{index + 1}.Foo}}${{X{index + 1}.Foo}}"}}}
        for index in range(40)
    }
    found = by_id(resolved(stack("Lake", {"Resources": resources})))
    assert all(unknowns(dict(each.properties)) or has_hole(each.properties["Foo"]) for each in found.values())


def test_deeply_nested_stacks_end() -> None:
    """A hundred stacks in each other: past a number of levels the link to the parent is given up, which is told."""
    stacks = []
    for level in range(100):
        resources = {"Down": {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"P": {"Ref": "P"}}}}}
        template = {"Resources": resources, "Parameters": {"P": {"Type": "String", "Default": "top"}}}
        parent = {"parent": f"Prod/{level - 1}", "parent_logical_id": "Down"} if level else {}
        stacks.append(stack(str(level), template, **parent))
    resolution = resolved(*stacks)
    assert len(resolution.resources) == 100
    assert any("the resource that makes this nested stack is not found" in note for note in resolution.not_known)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["A", "B", "A.Arn", "${A}", "\ue000"])
)
KEYS = st.sampled_from(
    [
        "Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::If", "Fn::FindInMap", "Fn::ImportValue",
        "Fn::GetStackOutput", "Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::Transform", "Fn::Length", "Fn::ToJsonString", "Fn::ForEach::X",
        "Fn::Equals", "Fn::Not", "Fn::And", "Type", "Properties", "Value", "Export", "Name", "Default", "A", "B",
    ]
)  # fmt: skip
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=20)
SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Transform")


@given(st.fixed_dictionaries({}, optional={name: ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=3) for name in SECTIONS}), ANYTHING)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_anything_resolves_to_plain_data(template: dict[str, Any], data: Any) -> None:
    """Whatever a template has, nothing raises, and no function is left in the properties."""
    found = resolved(
        stack("Lake", template), stack("Query", {"Resources": {"Probe": {"Type": "AWS::S3::Bucket", "Properties": {"V": data}}}})
    )
    probe = next(each for each in found.resources if each.origin.logical_id == "Probe")
    todo = [probe.properties.get("V")]
    while todo:
        each = todo.pop()
        assert each is None or isinstance(each, str | int | float | list | dict | Unknown)
        if isinstance(each, dict):
            assert not any(key.startswith("Fn::") or (key == "Ref" and len(each) == 1) for key in each)
        todo += each.values() if isinstance(each, dict) else each if isinstance(each, list) else []


@pytest.mark.parametrize(
    ("resource", "note"),
    [
        (5, "Prod/Lake/X: the resource has no `Type`, so it is not seen"),
        ({}, "Prod/Lake/X: the resource has no `Type`, so it is not seen"),
        ({"Type": ["AWS::S3::Bucket"]}, "Prod/Lake/X: the resource has no `Type`, so it is not seen"),
        ({"Type": ANY, "Properties": []}, "Prod/Lake/X.Properties: no object, so its properties are not known"),
        (
            {"Type": ANY, "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}},
            "Prod/Lake/X.Properties: the macro AWS::Include makes it, so its properties are not known",
        ),
    ],
)
def test_a_broken_resource_is_told(resource: Any, note: str) -> None:
    """It is not dropped without a word, and does not hide its neighbours."""
    resolution = resolved(stack("Lake", {"Resources": {"X": resource, "Y": {"Type": ANY}}}))
    assert resolution.not_known == (note,)
    assert "Y" in by_id(resolution)
    assert all(unknowns(dict(each.properties)) for each in resolution.resources if each.origin.logical_id == "X")


@pytest.mark.parametrize("section", ["Resources", "Parameters", "Conditions", "Mappings", "Outputs"])
def test_a_section_of_the_wrong_shape_is_told(section: str) -> None:
    """A list for an object hides only that section."""
    resolution = resolved(stack("Lake", {"Resources": {"Y": {"Type": ANY}}, section: ["no", "object"]}))
    assert resolution.not_known == (f"Prod/Lake: `{section}` is no object, so nothing in it is seen",)
    assert ("Y" in by_id(resolution)) is (section != "Resources")


def test_a_yaml_template_with_short_forms_resolves(tmp_path: Any) -> None:
    """The tags of YAML are the functions."""
    file = tmp_path / "lake.yaml"
    file.write_text(
        "Parameters: {Zone: {Type: String, Default: raw}}\n"
        "Conditions: {Is: !Equals [!Ref Zone, raw]}\n"
        "Resources:\n"
        "  Raw: {Type: AWS::S3::Bucket, Condition: Is, Properties: {BucketName: !Sub 'lake-${Zone}'}}\n"
        "  Policy:\n"
        "    Type: AWS::S3::BucketPolicy\n"
        "    Properties:\n"
        "      {Bucket: !Ref Raw, Of: !GetAtt Raw.Arn, All: !Join ['', [!GetAtt [Raw, Arn], '/*']], One: !If [Is, !Select [0, [a]], b]}\n"
    )
    found = by_id(resolve([read_assembly(file)]))
    arn = "arn:aws:s3:::lake-raw"
    assert found["Policy"].properties == {"Bucket": "lake-raw", "Of": arn, "All": f"{arn}/*", "One": "a"}


def test_one_template_of_two_nested_stacks_is_resolved_for_each(tmp_path: Any) -> None:
    """Both resources name the same file; each stack has the parameters that its own resource passes."""
    child = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Raw": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}}},
    }
    metadata = {"aws:asset:path": "Child.template.json"}
    resources = {
        name: {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Name": name.lower()}}, "Metadata": metadata}
        for name in ("One", "Two")
    }
    folder = write_assembly(tmp_path / "cdk.out", {"Lake": {"Resources": resources}, "Child": child})
    found = [
        each
        for each in resolve([read_assembly(folder)]).resources
        if each.origin.stack.startswith("Lake/") and each.type == "AWS::S3::Bucket"
    ]
    assert [(each.origin.stack, each.ref) for each in found] == [("Lake/One", "one"), ("Lake/Two", "two")]
