"""Intrinsic functions, one by one: what each gives, what it gives of what is not known, what is said of a wrong shape."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.assembly import resolution
from lakecheck.assembly.intrinsics import MAX_TEXT
from lakecheck.formula import TRUE, Unresolved
from lakecheck.values import Unknown, generated_holes, has_hole, holes, outline, shown
from tests.lakecheck.resolving import ACCOUNT, ANY, REGION, by_id, resolved, stack, value

OPEN = {"Parameters": {"Given": {"Type": "String"}}}
"""A parameter without a value."""
DECIDES = {**OPEN, "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Given"}, "prod"]}}}
"""A condition on it."""


def test_the_example_of_the_docstring_runs() -> None:
    """`resolve` does what its documentation shows."""
    import doctest  # noqa: PLC0415 - needed here alone

    assert doctest.testmod(resolution).attempted > 0
    assert doctest.testmod(resolution).failed == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AWS::AccountId", ACCOUNT),
        ("AWS::Region", REGION),
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("AWS::StackName", "Lake"),
    ],
)
def test_pseudo_parameters_follow_from_where_the_stack_is(name: str, expected: str) -> None:
    """What the assembly binds the stack to is what they give."""
    assert value({"Ref": name}) == expected


def test_a_stack_id_starts_like_one() -> None:
    """Only the end of a stack's id is made up."""
    assert outline(value({"Ref": "AWS::StackId"})) == f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/Lake/*"


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        (None, "aws", "amazonaws.com"),
    ],
)
def test_the_partition_follows_from_the_region(region: str | None, partition: str, suffix: str) -> None:
    """China and the governments have partitions and addresses of their own; an unknown Region is taken for a commercial one."""
    template = {"Resources": {"A": {"Type": ANY, "Properties": {"Is": {"Fn::Sub": "${AWS::Partition} ${AWS::URLSuffix}"}}}}}
    found = by_id(resolved(stack("Lake", template, region=region)))["A"]
    assert (found.properties["Is"], found.partition) == (f"{partition} {suffix}", partition)


def test_no_value_drops_properties_and_elements_at_every_depth() -> None:
    """`AWS::NoValue` leaves no trace, and what stands beside it stays."""
    gone = {"Ref": "AWS::NoValue"}
    assert value(gone) is None
    assert value({"A": gone, "B": [1, gone, {"C": gone, "D": 2}]}) == {"B": [1, {"D": 2}]}
    assert value({"Fn::Join": ["-", ["a", gone, "b"]]}) == "a-b"


def test_sub_knows_attributes_variables_and_literals() -> None:
    """Names, attributes with dots, own variables before the template's names, and `${!x}`."""
    bucket = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-raw"}}}
    assert value({"Fn::Sub": "${Bucket.Arn}/${!aws:username}/*"}, resources=bucket) == "arn:aws:s3:::lake-raw/${aws:username}/*"
    assert value({"Fn::Sub": ["${Bucket}-${Own}", {"Own": {"Ref": "AWS::Region"}, "Bucket": "b"}]}, resources=bucket) == f"b-{REGION}"
    assert value({"Fn::Sub": "$x ${ AWS::Region } $"}) == f"$x {REGION} $"


def test_an_unknown_name_in_a_text_is_a_hole_and_the_rest_stays() -> None:
    """A text is never lost because a piece of it is not known."""
    found = value({"Fn::Sub": "a-${Nobody}-b"})
    assert outline(found) == "a-*-b"
    assert "Nobody" in holes(found)[0]
    assert not generated_holes(found)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"Fn::Join": ["", ["a", 1, True, 1.5]]}, "a1true1.5"),
        ({"Fn::Join": [",", {"Fn::Split": ["-", "a-b-c"]}]}, "a,b,c"),
        ({"Fn::Split": ["||", "a||b|c"]}, ["a", "b|c"]),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": ["/", "x/y"]}]}, "x"),
        ({"Fn::Base64": "lake"}, base64.b64encode(b"lake").decode()),
        ({"Fn::Length": [1, [2], 3]}, 3),
        ({"Fn::ToJsonString": {"a": [1, {"Ref": "AWS::Region"}]}}, '{"a":[1,"eu-west-1"]}'),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["2001:db8::/56", "1", "64"]}, ["2001:db8::/64"]),
    ],
    ids=json.dumps,
)
def test_texts_and_lists(data: Any, expected: Any) -> None:
    """The functions on known texts and lists."""
    assert value(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        {"Ref": 1},
        {"Ref": "Nobody"},
        {"Fn::GetAtt": "Nobody"},
        {"Fn::GetAtt": ["Nobody", "Arn"]},
        {"Fn::GetAtt": {}},
        {"Fn::Sub": 5},
        {"Fn::Sub": ["a", ["b"]]},
        {"Fn::Join": ["", "a"]},
        {"Fn::Join": [["a"]]},
        {"Fn::Split": ["", "a"]},
        {"Fn::Split": [",", ["a"]]},
        {"Fn::Select": [1, ["only one"]]},
        {"Fn::Select": ["x", ["a"]]},
        {"Fn::Select": ["²", ["a"]]},
        {"Fn::Select": [-1, ["a"]]},
        {"Fn::If": ["a"]},
        {"Fn::If": ["Nobody", 1, 2]},
        {"Fn::FindInMap": ["a"]},
        {"Fn::FindInMap": ["No", "such", "map"]},
        {"Fn::Cidr": ["10.0.0.0/16", 0, 8]},
        {"Fn::Cidr": ["10.0.0.0/16", 2, 32]},
        {"Fn::Cidr": ["no block", 2, 8]},
        {"Fn::Cidr": ["10.0.0.0/24", 10, 7]},
        {"Fn::Length": "a"},
        {"Fn::GetStackOutput": {"StackName": "a"}},
        {"Fn::Transform": {"Name": "Mine"}},
        {"Fn::NoSuch": 1},
        {"Fn::If": ["a", 1, 2], "Beside": 1},
        "\ue000",
    ],
    ids=repr,
)
def test_a_wrong_shape_is_unknown_and_says_where(data: Any) -> None:
    """What CloudFormation would refuse is neither dropped nor taken for a value; the reason names stack and path."""
    found = value(data)
    assert isinstance(found, Unknown)
    assert found.reason.startswith("Prod/Lake/Probe.Properties.Value: ")
    deep = value({"a": [0, data]})["a"][1]
    assert deep.reason.startswith("Prod/Lake/Probe.Properties.Value.a.1: ")


def test_numbers_and_booleans_stay_what_they_are() -> None:
    """A policy's condition may compare with a number, which is no text."""
    data = {
        "NumericLessThan": {"s3:TlsVersion": 1.2},
        "Bool": {"aws:SecureTransport": False},
        "n": None,
        "i": 7,
        "x": {"Ref": "AWS::Region"},
    }
    found = value(data)
    assert found == {**data, "x": REGION}
    assert found["Bool"]["aws:SecureTransport"] is False


def test_a_policy_with_a_condition_block_is_no_function() -> None:
    """`Condition` and several keys beside `Ref` are plain data."""
    data = {"Condition": {"Bool": {"a": "true"}}, "Other": {"Ref": "a", "b": "c"}, "Only": {"Condition": "IsProd"}}
    assert value(data) == data


# --- what is not known ------------------------------------------------------------------------------------------------------------------


def test_split_and_select_see_past_a_generated_name() -> None:
    """No name has a colon, so the pieces of an ARN are known however the name ends; a dash it may have."""
    key = {"Key": {"Type": "AWS::KMS::Key"}, "Bucket": {"Type": "AWS::S3::Bucket"}}
    arn = {"Fn::GetAtt": ["Bucket", "Arn"]}
    assert value({"Fn::Select": [5, {"Fn::Split": [":", arn]}]}, resources=key) == value({"Ref": "Bucket"}, resources=key)
    key_arn = {"Fn::GetAtt": ["Key", "Arn"]}
    assert value({"Fn::Select": [1, {"Fn::Split": ["/", key_arn]}]}, resources=key) == value({"Ref": "Key"}, resources=key)
    assert isinstance(value({"Fn::Split": ["-", arn]}, resources=key), Unknown)
    assert value({"Fn::Select": [0, {"Fn::Split": ["-", arn]}]}, resources=key) == "arn:aws:s3:::lake"


def test_split_of_what_may_hold_the_delimiter_is_not_known() -> None:
    """A parameter may hold anything; the pieces before it are known."""
    text = {"Fn::Sub": "a,b${Given},c"}
    assert isinstance(value({"Fn::Split": [",", text]}, **OPEN), Unknown)
    assert value({"Fn::Select": [0, {"Fn::Split": [",", text]}]}, **OPEN) == "a"
    for index in (1, 2):
        assert outline(value({"Fn::Select": [index, {"Fn::Split": [",", text]}]}, **OPEN)) == "*"


def test_an_unknown_condition_gives_neither_branch() -> None:
    """The value is not known, in a list too, where it is not dropped; branches that are equal are the value."""
    either = {"Fn::If": ["IsProd", {"a": 1}, {"a": 2}]}
    assert isinstance(value(either, **DECIDES), Unknown)
    assert value({"Fn::If": ["IsProd", {"a": 1}, {"a": 1}]}, **DECIDES) == {"a": 1}
    kept, perhaps = value(["x", {"Fn::If": ["IsProd", "y", {"Ref": "AWS::NoValue"}]}], **DECIDES)
    assert (kept, type(perhaps).__mro__[1]) == ("x", Unknown)
    assert isinstance(value({"P": {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, 1]}}, **DECIDES)["P"], Unknown)


def test_one_of_two_texts_keeps_what_both_have() -> None:
    """The same choice is the same hole wherever it stands; another one is not."""
    either = {"Fn::If": ["IsProd", "arn:x:prod/*", "arn:x:dev/*"]}
    first, second, other = value([either, either, {"Fn::If": ["IsProd", "arn:x:stage/*", "arn:x:dev/*"]}], **DECIDES)
    assert (outline(first), first == second, first == other) == ("arn:x:*/*", True, False)
    assert value(either, parameters={"Given": "prod"}, **DECIDES) == "arn:x:prod/*"
    assert value(either, parameters={"Given": "test"}, **DECIDES) == "arn:x:dev/*"


def test_a_list_with_what_may_be_missing_has_no_known_length_or_join() -> None:
    """An element that may not be there moves all after it."""
    items = ["a", {"Fn::If": ["IsProd", "b", {"Ref": "AWS::NoValue"}]}, "c"]
    assert outline(value({"Fn::Join": [",", items]}, **DECIDES)) == "*"
    assert isinstance(value({"Fn::Length": items}, **DECIDES), Unknown)
    assert value({"Fn::Select": [0, items]}, **DECIDES) == "a"
    assert outline(value({"Fn::Select": [2, items]}, **DECIDES)) == "*"


def test_functions_of_a_hole_are_holes() -> None:
    """What is not known cannot be encoded; JSON keeps its holes where they are texts."""
    text = {"Ref": "Given"}
    assert outline(value({"Fn::Base64": text}, **OPEN)) == "*"
    assert outline(value({"Fn::ToJsonString": {"a": text}}, **OPEN)) == '{"a":"*"}'
    assert outline(value({"Fn::ToJsonString": {"a": {"Ref": "No"}}}, **OPEN)) == "*"
    assert outline(value({"Fn::Select": [0, {"Fn::GetAZs": ""}]})) == "*"
    assert isinstance(value({"Fn::GetAZs": {"Ref": "AWS::Region"}}), Unknown)


# --- mappings ---------------------------------------------------------------------------------------------------------------------------

MAPS = {"Mappings": {"M": {"eu-west-1": {"a": "one", "b": "x"}, "eu-west-2": {"a": "two", "b": "x"}}}}


def test_find_in_map() -> None:
    """The value of the keys; the default of the language extension when there is none."""
    assert value({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "a"]}, **MAPS) == "one"
    default = {"DefaultValue": {"Ref": "AWS::Region"}}
    assert value({"Fn::FindInMap": ["M", "nowhere", "a", default]}, **MAPS) == REGION
    assert value({"Fn::FindInMap": ["M", "eu-west-2", "a", default]}, **MAPS) == "two"


def test_find_in_map_with_an_unknown_key() -> None:
    """All values that fit being equal, it is known; otherwise a hole."""
    unknown = {**MAPS, **OPEN}
    assert value({"Fn::FindInMap": ["M", {"Ref": "Given"}, "b"]}, **unknown) == "x"
    assert outline(value({"Fn::FindInMap": ["M", {"Ref": "Given"}, "a"]}, **unknown)) == "*"
    assert outline(value({"Fn::FindInMap": ["M", {"Ref": "Given"}, "b", {"DefaultValue": "y"}]}, **unknown)) == "*"
    assert value({"Fn::FindInMap": ["M", {"Ref": "Given"}, "b", {"DefaultValue": "x"}]}, **unknown) == "x"


# --- conditions -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Fn::Equals": ["a", "a"]}, True),
        ({"Fn::Equals": ["a", "b"]}, False),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::Equals": [["a"], ["a"]]}, True),
        ({"Fn::Equals": [["a"], ["b"]]}, False),
        ({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "Open"}]}, True),
        ({"Fn::And": [{"Condition": "No"}, {"Condition": "Open"}]}, False),
        ({"Fn::Or": [{"Condition": "Open"}, {"Fn::Not": [{"Condition": "Open"}]}]}, True),
        ({"Fn::Equals": [{"Fn::Sub": "lake-${Given}"}, "dwh-prod"]}, False),
        ({"Fn::Equals": [{"Fn::Sub": "lake-${Given}"}, "lake"]}, False),
        ({"Fn::Equals": [{"Fn::Sub": "${Given}-x"}, ""]}, False),
        ({"Fn::Equals": [{"Ref": "Given"}, ""]}, None),
        ({"Condition": "Open"}, None),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "Open"}]}, None),
        ({"Fn::Equals": [{"Fn::Sub": "lake-${Given}"}, "lake-prod"]}, None),
        ({"Fn::Equals": [[{"Ref": "Given"}], ["a"]]}, None),
        ({"Condition": "Nobody"}, None),
        ({"Condition": "Tested"}, None),
        ({"Fn::NoSuch": []}, None),
        ([], None),
    ],
    ids=json.dumps,
)
def test_a_resource_is_there_left_out_or_may_be_there(condition: Any, expected: bool | None) -> None:  # noqa: FBT001 - a table
    """A known condition decides; one that is not known leaves the resource in, saying on what it depends."""
    conditions = {
        "Yes": {"Fn::Equals": [1, 1]},
        "No": {"Fn::Equals": [1, 2]},
        "Open": {"Fn::Equals": [{"Ref": "Given"}, "x"]},
        "Tested": condition,
    }
    template = {**OPEN, "Conditions": conditions, "Resources": {"A": {"Type": ANY, "Condition": "Tested"}}}
    found = by_id(resolved(stack("Lake", template)))
    if expected is False:
        assert not found
    else:
        assert (found["A"].origin.exists == TRUE) is (expected is True)


def test_a_condition_and_its_negation_are_one_fact() -> None:
    """Equal reasons are the same fact, so that resources of opposite conditions exclude each other."""
    conditions = {**DECIDES["Conditions"], "IsTest": {"Fn::Not": [{"Condition": "IsProd"}]}}
    resources = {name: {"Type": ANY, "Condition": name} for name in ("IsProd", "IsTest")}
    found = by_id(resolved(stack("Lake", {**OPEN, "Conditions": conditions, "Resources": resources})))
    prod = found["IsProd"].origin.exists
    assert isinstance(prod, Unresolved)
    assert "parameter Given of Prod/Lake" in prod.reason
    assert found["IsTest"].origin.exists.part == prod  # type: ignore[attr-defined]


# --- laws -------------------------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(max_codepoint=0x2FF, exclude_characters="${}"), max_size=8)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.text("-,/|", min_size=1, max_size=2))
@settings(max_examples=60, deadline=None)
def test_join_and_split_are_what_they_say(pieces: list[str], delimiter: str) -> None:
    """On any text both do what Python's do."""
    joined = value({"Fn::Join": [delimiter, pieces]})
    assert joined == delimiter.join(pieces)
    assert value({"Fn::Split": [delimiter, joined]}) == joined.split(delimiter)
    for index, piece in enumerate(joined.split(delimiter)):
        assert value({"Fn::Select": [index, {"Fn::Split": [delimiter, joined]}]}) == piece


@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_sub_is_a_join(texts: list[str], values: list[str]) -> None:
    """A substitution gives its literal pieces and its variables in order."""
    pairs = list(zip(texts, values, strict=False))
    template = "".join(f"{text}${{v{index}}}" for index, (text, _) in enumerate(pairs))
    variables = {f"v{index}": each for index, (_, each) in enumerate(pairs)}
    assert value({"Fn::Sub": [template, variables]}) == "".join(text + each for text, each in pairs)


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS.filter(lambda key: key != "Ref" and not key.startswith("Fn::")), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(DATA)
@settings(max_examples=100, deadline=None)
def test_a_template_without_functions_resolves_to_itself(data: Any) -> None:
    """Nothing is changed, nor copied."""
    template = {"Resources": {"Probe": {"Type": ANY, "Properties": {"Value": data}}}}
    properties = by_id(resolved(stack("Lake", template)))["Probe"].properties
    assert properties is template["Resources"]["Probe"]["Properties"]


FUNCTIONS = st.recursive(
    TEXTS | st.sampled_from([{"Ref": "AWS::Region"}, {"Ref": "AWS::NoValue"}, {"Fn::Sub": "${AWS::AccountId}-x"}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(lambda parts: {"Fn::Join": ["-", parts]}, st.lists(TEXTS, max_size=3))
        | st.builds(lambda one, two: {"Fn::If": ["Yes", one, two]}, inner, inner)
        | st.dictionaries(TEXTS.filter(lambda key: key != "Ref" and not key.startswith("Fn::")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(FUNCTIONS)
@settings(max_examples=100, deadline=None)
def test_resolution_is_idempotent(data: Any) -> None:
    """What was resolved resolves to itself."""
    conditions = {"Yes": {"Fn::Equals": ["a", "a"]}}
    once = value(data, Conditions=conditions)
    assert value(once, Conditions=conditions) == once


def test_a_text_that_grows_without_end_is_not_known() -> None:
    """Each level doubles the text; it ends in an unknown value, not in all of the memory."""
    data: Any = "x" * 100
    for _ in range(40):
        data = {"Fn::Sub": ["${a}${a}", {"a": data}]}
    found = value(data)
    assert isinstance(found, Unknown) or has_hole(found)
    assert len(shown(found)) < MAX_TEXT
