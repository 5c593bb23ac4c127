"""What counts as returned as stated: re-spellings that mean the same, and no wrong value whatever."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.rehearsal.comparison.echoes import marked
from lakecheck.rehearsal.comparison.equivalences import EQUIVALENCES, Where
from lakecheck.rehearsal.comparison.values import SAID_BY_NOTHING, Compared, compare_properties
from lakecheck.upgrade.comparison.schemas import facts

if TYPE_CHECKING:
    import random

HERE = Where(account="111111111111", region="eu-west-1", tags={"team": "data"}, key_of={"alias/lake": "K"}.get)
KEY = "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
KEY_ARN = f"arn:aws:kms:eu-west-1:111111111111:key/{KEY}"
GROUP = "arn:aws:logs:eu-west-1:111111111111:log-group:/lake/jobs"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:loader"
ROLE = "arn:aws:iam::111111111111:role/lake/reader"


def _compare(stated: Any, found: Any, kind: str = "Acme::Lake::Thing", unread: tuple[str, ...] = ()) -> Compared:
    return compare_properties(kind, stated, found, where=HERE, unread=unread)


def _paths(stated: Any, found: Any, kind: str = "Acme::Lake::Thing") -> list[str]:
    return [one.path for one in _compare(stated, found, kind).differences]


def _policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


SAME = {
    "letters of keys": ({"KmsKeyId": "a"}, {"kmsKeyId": "a"}),
    "a number as text": ({"Days": "30"}, {"Days": 30}),
    "text for a number": ({"Days": 30}, {"Days": "30"}),
    "a whole number with a fraction of zero": ({"Threshold": 1}, {"Threshold": 1.0}),
    "a boolean as text": ({"Enabled": "true"}, {"Enabled": True}),
    "defaults that the API adds": ({"Rule": {"Id": "a"}}, {"Rule": {"Id": "a", "Status": "Enabled"}, "Arn": "b"}),
    "a document as text": ({"Pattern": {"source": ["a", "b"]}}, {"Pattern": '{"source": ["a","b"]}'}),
    "a text as a document": ({"Body": '{"a": {"b": null}}'}, {"Body": {"a": {"b": None}}}),
    "documents of other spaces": ({"Body": '{"a":1,"b":2}'}, {"Body": '{ "b": 2, "a": 1 }'}),
    "a policy's text for a list of it": (
        {"P": _policy(Action="s3:Get*", Resource=["b"])},
        {"P": _policy(Action=["s3:Get*"], Resource="b")},
    ),
    "a policy's actions in another order": ({"P": _policy(Action=["a:B", "a:C"])}, {"P": json.dumps(_policy(Action=["a:C", "a:B"]))}),
    "principals in another order": ({"P": _policy(Principal={"AWS": ["1", "2"]})}, {"P": _policy(Principal={"AWS": ["2", "1"]})}),
    "a condition's boolean": (
        {"P": _policy(Condition={"Bool": {"aws:SecureTransport": "false"}})},
        {"P": _policy(Condition={"Bool": {"aws:SecureTransport": [False]}})},
    ),
    "a policy of one statement": ({"P": _policy(Action="a:B")}, {"P": {**_policy(), "Statement": {"Effect": "Allow", "Action": "a:B"}}}),
    "tags as a mapping": ({"Tags": [{"Key": "a", "Value": "b"}]}, {"tags": {"a": "b"}}),
    "tags in KMS's words": ({"Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    "the stack's own tags": ({"Tags": {"a": "b"}}, {"Tags": {"a": "b", "team": "data", "aws:cloudformation:stack-id": "x"}}),
    "a key by id": ({"KmsKeyId": KEY}, {"KmsKeyId": KEY_ARN}),
    "a role by name": ({"Role": ROLE}, {"Role": "reader"}),
    "a group with `:*`": ({"LogGroupArn": f"{GROUP}:*"}, {"LogGroupArn": GROUP}),
    "a function by name": ({"FunctionName": "loader"}, {"FunctionName": FUNCTION}),
    "a moment": ({"StartDate": "2024-01-01T00:00:00Z"}, {"StartDate": datetime(2024, 1, 1, tzinfo=UTC)}),
}


@pytest.mark.parametrize("name", SAME)
def test_means_the_same(name: str) -> None:
    """What AWS itself writes in two ways is no difference."""
    stated, found = SAME[name]
    compared = _compare(stated, found)
    assert compared.differences == []
    assert compared.returned == compared.properties > 0


OTHER = {
    "another key": ({"KmsKeyId": KEY}, {"KmsKeyId": KEY_ARN.replace("0a1b", "0a1c")}, "KmsKeyId"),
    "a key of another account": ({"KmsKeyId": KEY}, {"KmsKeyId": KEY_ARN.replace("1111", "2222")}, "KmsKeyId"),
    "a key of another Region": ({"KmsKeyId": KEY}, {"KmsKeyId": KEY_ARN.replace("eu-", "us-")}, "KmsKeyId"),
    "an alias that leads elsewhere": ({"KmsKeyId": "alias/lake"}, {"KmsKeyId": KEY_ARN}, "KmsKeyId"),
    "two aliases that lead nowhere": ({"KmsKeyId": "alias/a"}, {"KmsKeyId": "alias/b"}, "KmsKeyId"),
    "a key's id where none is meant": ({"Name": KEY}, {"Name": KEY_ARN}, "Name"),
    "a role of the same name and another path": ({"Role": ROLE}, {"Role": ROLE.replace("lake/", "")}, "Role"),
    "a role of another account": ({"Role": "reader"}, {"Role": ROLE.replace("1111", "2222")}, "Role"),
    "a group and its streams in a policy": (
        {"P": _policy(Resource=f"{GROUP}:*")},
        {"P": _policy(Resource=GROUP)},
        "P.Statement[0].Resource[0]",
    ),
    "an alias of a function": ({"FunctionName": FUNCTION}, {"FunctionName": f"{FUNCTION}:live"}, "FunctionName"),
    "letters of people's own keys": ({"Variables": {"Stage": "a"}}, {"Variables": {"STAGE": "a"}}, "Variables.Stage"),
    "letters of a value": ({"Status": "Enabled"}, {"Status": "ENABLED"}, "Status"),
    "one and true": ({"Enabled": True}, {"Enabled": 1}, "Enabled"),
    "an account with a zero in front": ({"Account": "012345678901"}, {"Account": 12345678901}, "Account"),
    "texts that are one number": ({"Version": "1.0"}, {"Version": "1"}, "Version"),
    "a list of one for its item": ({"Name": "a"}, {"Name": ["a"]}, "Name"),
    "an ordered list": ({"Names": ["a", "b"]}, {"Names": ["b", "a"]}, "Names[0]"),
    "an item more": ({"Names": ["a"]}, {"Names": ["a", "b"]}, "Names[1]"),
    "an item less": ({"Names": ["a", "b"]}, {"Names": ["a"]}, "Names[1]"),
    "an action more": ({"P": _policy(Action="a:B")}, {"P": _policy(Action=["a:B", "a:*"])}, "P.Statement[0].Action[1]"),
    "a condition less strict": (
        {"P": _policy(Action="a:B", Condition={"Bool": {"x": "true"}})},
        {"P": _policy(Action="a:B")},
        "P.Statement[0].Condition",
    ),
    "a condition nobody stated": (
        {"P": _policy(Action="a:B")},
        {"P": _policy(Action="a:B", Condition={"Bool": {"x": "true"}})},
        "P.Statement[0].Condition",
    ),
    "a text in a document for a number": ({"Body": '{"a": 1}'}, {"Body": '{"a": "1"}'}, "Body.a"),
    "a key more in a document": ({"Pattern": {"source": ["a"]}}, {"Pattern": '{"source": ["a"], "detail": {}}'}, "Pattern.detail"),
    "a tag more": ({"Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": {"a": "b", "c": "d"}}, "Tags.c"),
    "a tag of the stack with another value": ({"Tags": {"a": "b"}}, {"Tags": {"a": "b", "team": "other"}}, "Tags.team"),
    "another tag": ({"Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": {"a": "c"}}, "Tags.a"),
    "an empty list that is not there": ({"Names": []}, {}, "Names"),
    "an empty list that is not empty": ({"Names": []}, {"Names": ["a"]}, "Names[0]"),
    "false that is not there": ({"Enabled": False}, {}, "Enabled"),
    "a variable more": ({"Variables": {"A": "1"}}, {"Variables": {"A": "1", "B": "2"}}, "Variables.B"),
    "keys that differ in their letters alone": ({"KeyId": "a"}, {"keyId": "b", "keyid": "a"}, "KeyId"),
}


@pytest.mark.parametrize("name", OTHER)
def test_is_another_value(name: str) -> None:
    """What may look alike and is not the same is told at its path."""
    stated, found, path = OTHER[name]
    assert path in _paths(stated, found)


def test_missing_part_is_told_once_and_counted_at_its_leaves() -> None:
    """A whole part that is not returned is one difference, and as many properties as it has."""
    compared = _compare({"A": {"B": {"C": 1, "D": [1, 2]}}, "E": "f"}, {"E": "f"})
    (difference,) = compared.differences
    assert (difference.path, difference.is_returned, difference.stated) == ("A", False, {"B": {"C": 1, "D": [1, 2]}})
    assert (compared.properties, compared.returned) == (4, 1)


def test_lists_without_order_are_the_registrys() -> None:
    """A list whose order means nothing to CloudFormation may come back in another; each item finds the one that is the same."""
    known = facts("AWS::S3::Bucket")
    assert known is not None
    path = next(each[0] for each in known.unordered if len(each) == 1)
    stated = [{"Id": "a"}, {"Id": "a", "Arn": "1"}, {"Id": "b"}]
    found = [{"Id": "b", "Arn": "2"}, {"Id": "a", "Arn": "1"}, {"Id": "a", "Arn": "3"}]
    assert _paths({path: stated}, {path: found}, "AWS::S3::Bucket") == []
    assert _paths({"Own": stated}, {"Own": found}, "AWS::S3::Bucket") != []
    assert _paths({path: stated[1:]}, {path: [{"Id": "c"}, found[1]]}, "AWS::S3::Bucket") == [f"{path}[1].Id"]


def test_write_only_properties_count_neither_way() -> None:
    """What no API returns is listed, by the registry and by the entry; the rest of the same part counts."""
    stated = {"Name": "a", "SecretString": "hidden", "Inner": [{"Password": "b", "User": "c"}]}
    compared = _compare(stated, {"Name": "a"}, "AWS::SecretsManager::Secret", ("Inner.*.Password",))
    assert compared.unread == ["SecretString", "Inner[0].Password"]
    assert (compared.properties, compared.returned) == (2, 1)
    assert [one.path for one in compared.differences] == ["Inner"]
    returned = _compare(stated, {**stated, "SecretString": "hidden"}, "AWS::SecretsManager::Secret", ("Inner.*.Password",))
    assert (returned.properties, returned.returned, returned.unread) == (3, 3, ["Inner[0].Password"])
    assert _paths({"SecretString": "hidden"}, {"SecretString": "another"}, "AWS::SecretsManager::Secret") == ["SecretString"]


def test_echo_of_the_template_is_nothing_returned() -> None:
    """An entry that hands back what it was given, whole or in parts, returns nothing; what went through an API does."""
    given = marked({"Name": "a", "Days": 3, "Rule": {"Id": "b"}, "Tags": [{"Key": "c", "Value": "d"}]})
    assert _paths({"Name": "a"}, {"Name": given["Name"]}) == ["Name"]
    assert _paths({"Days": 3}, {"Days": given["Days"]}) == ["Days"]
    assert _paths({"Rule": {"Id": "b"}}, {"Rule": given["Rule"]}) == ["Rule"]
    assert _paths({"Rule": {"Id": "b"}}, {"Rule": {**given["Rule"]}}) == ["Rule.Id"]
    assert _paths({"Tags": [{"Key": "c", "Value": "d"}]}, {"Tags": [{**given["Tags"][0]}]}) == ["Tags.c"]
    assert _paths({"Name": "a", "Days": 3}, json.loads(json.dumps(given))) == []


def test_nothing_says_one_value_of_one_property_alone() -> None:
    """Where AWS returns nothing for a value, nothing is that value; for no other value, property or type."""
    for (kind, path), value in SAID_BY_NOTHING.items():
        assert _compare({path: value}, {}, kind).returned == 1
        assert _paths({path: "another"}, {}, kind) == [path]
        assert _paths({path: value}, {path: "another"}, kind) == [path]
        assert _paths({path: value}, {}, "Acme::Lake::Thing") == [path]


def test_every_equivalence_says_why() -> None:
    """Each has a reason and AWS's own page, and none holds for properties of any name."""
    for each in EQUIVALENCES:
        assert each.reason.endswith(".")
        assert each.source.startswith("https://docs.aws.amazon.com/")
        assert not each.properties.search("Description")


NAMES = st.sampled_from(["Name", "Status", "Days", "Rules", "Items", "Filter", "KmsKeyId", "RoleArn", "Arn", "Enabled", "LogGroup"])
TEXTS = st.one_of(st.text(max_size=6), st.sampled_from([KEY, KEY_ARN, ROLE, "reader", GROUP, f"{GROUP}:*", FUNCTION, "1", "true", "{}"]))
LEAVES = st.one_of(TEXTS, st.booleans(), st.integers(-5, 99), st.floats(allow_nan=False, allow_infinity=False, width=16))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, min_size=1, max_size=3), st.dictionaries(NAMES, inner, min_size=1, max_size=3)),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)
LISTS = st.lists(st.sampled_from(["s3:GetObject", "s3:PutObject", "kms:Decrypt", "glue:*"]), min_size=1, max_size=4, unique=True)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": LISTS,
            "Resource": LISTS,
            "Principal": st.fixed_dictionaries({"AWS": LISTS}),
        }
    ),
    min_size=1,
    max_size=3,
)


def _respelled(value: Any, chance: random.Random) -> Any:
    """The same as an API might write it: keys in another order and in other letters, scalars as text, more keys than stated."""
    match value:
        case dict():
            items = [(key.lower() if chance.random() < 0.5 else key, _respelled(item, chance)) for key, item in value.items()]
            chance.shuffle(items)
            return {**dict(items), "addedByTheService": chance.random()}
        case list():
            return [_respelled(item, chance) for item in value]
        case bool() if chance.random() < 0.5:
            return str(value).lower()
        case int() if chance.random() < 0.5:
            return str(value)
    return value


@settings(max_examples=80, deadline=None)
@given(PROPERTIES, st.randoms(use_true_random=False))
def test_respelled_is_the_same(stated: dict[str, Any], chance: random.Random) -> None:
    """However an API writes it, all leaves count as returned."""
    compared = _compare(stated, _respelled(stated, chance))
    assert compared.differences == []
    assert compared.returned == compared.properties


@settings(max_examples=60, deadline=None)
@given(POLICIES, st.randoms(use_true_random=False), st.booleans())
def test_respelled_policy_is_the_same(statements: list[Any], chance: random.Random, as_text: bool) -> None:  # noqa: FBT001 - drawn
    """Policies may be text, their sets in any order, one item for a list of it."""
    told = copy.deepcopy(statements)
    for statement in told:
        for holder, key in ((statement, "Action"), (statement, "Resource"), (statement["Principal"], "AWS")):
            chance.shuffle(holder[key])
            holder[key] = holder[key][0] if len(holder[key]) == 1 else holder[key]
    policy = {"Statement": told, "Version": "2012-10-17"}
    stated = {"P": {"Version": "2012-10-17", "Statement": statements}}
    assert _paths(stated, {"P": json.dumps(policy) if as_text else policy}) == []


def _leaves(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _leaves(item, (*steps, key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in _leaves(item, (*steps, index))]
    return [steps]


def _changed(value: Any, steps: tuple[Any, ...], now: Any) -> Any:
    changed = copy.deepcopy(value)
    holder = changed
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = now
    return changed


@settings(max_examples=150, deadline=None)
@given(st.data(), PROPERTIES)
def test_change_of_any_leaf_is_told_at_its_path(data: st.DataObject, stated: dict[str, Any]) -> None:
    """Whatever a leaf is changed to, it is a difference there and nowhere else."""
    steps = data.draw(st.sampled_from(_leaves(stated)))
    was: Any = stated
    for step in steps:
        was = was[step]
    # An empty document as text and a mapping differ in what the mapping has, not as a whole.
    mapping = [] if was == "{}" else [{"Name": was}]
    now = data.draw(st.sampled_from([f"{was}x", "another", 12345.5, ["another"], *mapping, None]))
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
    assert _paths(stated, _changed(stated, steps, now)) == [told]


@settings(max_examples=80, deadline=None)
@given(st.data(), POLICIES)
def test_change_in_a_policy_is_told_below_its_statement(data: st.DataObject, statements: list[Any]) -> None:
    """An action, resource, principal or effect that is another is a difference in that statement alone."""
    stated = {"P": {"Version": "2012-10-17", "Statement": statements}}
    steps = data.draw(st.sampled_from(_leaves(stated)))
    paths = _paths(stated, _changed(stated, steps, "another"))
    place = f"P.Statement[{steps[2]}]." if len(steps) > 2 else "P.Version"
    assert paths
    assert all(path.startswith(place) for path in paths)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, []),
        ({"On": True, "Rules": [{"Id": "a"}], "Free": 1}, []),
        ({"On": False}, ["On"]),
        ({"Rights": ["all"]}, ["Rights"]),
        ({"Rights": [], "Rules": [{"Id": "a", "Days": None, "Kinds": [], "Marked": False, "Prefix": ""}]}, []),
        ({"Rules": [{"Id": "a", "Days": 1}]}, ["Rules[0].Days"]),
    ],
)
def test_where_everything_is_stated_nothing_else_may_be(found: dict[str, Any], told: list[str]) -> None:
    """What is beyond is told where an entry says so, but for what means nothing there; elsewhere it is a default."""
    where = Where(account="111111111111", region="eu-west-1")
    stated = {"Name": "a", "Rules": [{"Id": "a"}]}
    there = {**stated, **found}
    complete = {"On": True, "Rights": None, "Rules.*.*": None}
    assert [one.path for one in compare_properties("Acme::Lake::Thing", stated, there, where=where, complete=complete).differences] == told
    assert not compare_properties("Acme::Lake::Thing", stated, there, where=where).differences
