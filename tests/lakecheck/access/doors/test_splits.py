"""Places in groups: what is said of a group holds for each of its places, and no kind of object is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from lakecheck.access.doors.places import Place
from lakecheck.access.doors.splits import PROBE, Splitter, expanded
from lakecheck.access.model import Dataset, DatasetKind
from lakecheck.formula import Truth
from lakecheck.iam.globs import match
from lakecheck.values import hole

ROOT = "arn:aws:s3:::b/"


def place(prefix: str, *, is_table: bool = True) -> Place:
    """A place of that name."""
    return Place(Dataset(DatasetKind.TABLE, "1", "r", prefix), prefix, is_table)


def fitting(patterns: list[str], key: str) -> tuple[bool, ...]:
    """Which patterns an object fits."""
    return tuple(match(pattern, ROOT + key) is Truth.TRUE for pattern in patterns)


def alone(*patterns: str) -> dict[str, str]:
    """Each pattern standing for itself."""
    return {pattern: pattern for pattern in patterns}


PREFIXES = st.lists(st.sampled_from(["", "a/", "a/b/", "a/c/", "b/", "b/a/", "c/"]), min_size=1, max_size=4, unique=True)
TAILS = st.text("ab/*?", max_size=6)
PATTERNS = st.lists(
    st.one_of(TAILS.map(lambda tail: ROOT + tail), TAILS.map(lambda tail: "arn:aws:s3:::*" + tail)), max_size=4, unique=True
)


@given(prefixes=PREFIXES, patterns=PATTERNS, keys=st.lists(st.text("abc/", min_size=1, max_size=5), max_size=8))
def test_every_object_is_of_a_kind_that_is_asked_about(prefixes: list[str], patterns: list[str], keys: list[str]) -> None:
    """For every object of a table some key of its group fits exactly the same patterns, for whichever place of the group it stands."""
    groups = Splitter([place(prefix) for prefix in prefixes], ROOT).groups(alone(*patterns))
    assert sorted(each.prefix for group in groups for each in group.places) == sorted(prefixes)
    for group in groups:
        tails = [key.removeprefix(group.places[0].prefix) for key in group.keys]
        for each in group.places:
            asked = {fitting(patterns, each.prefix + tail) for tail in tails}
            assert [fitting(patterns, each.prefix + tail) for tail in tails] == [fitting(patterns, key) for key in group.keys]
            assert {fitting(patterns, each.prefix + key) for key in keys} <= asked


def test_places_that_nothing_tells_apart_are_one_group() -> None:
    """A thousand tables under patterns that name none of them are asked about once, and one that is named stands alone."""
    places = [place(f"sales/t{number}/") for number in range(1000)]
    splitter = Splitter(places, ROOT)
    assert [
        len(group.places) for group in splitter.groups(alone("*", f"{ROOT}*", f"{ROOT}sales/*", "arn:aws:s3:::*", "arn:aws:s3:::c/*"))
    ] == [1000]
    assert sorted(len(group.places) for group in splitter.groups(alone(f"{ROOT}sales/t7/*"))) == [1, 999]
    assert sorted(len(group.places) for group in splitter.groups(alone("arn:aws:s3:::*/secret/*"))) == [1000]
    assert splitter.groups(alone())[0].keys == (f"sales/t0/{PROBE}",)


NAMED = f"arn:aws:s3:::prod-raw-{hole('Prod/Raw', generated=True, is_word=True)}/"
"""A bucket whose name CloudFormation makes up."""


def test_a_name_that_is_made_up_tells_places_no_further_apart_than_a_known_one() -> None:
    """What no such name can have in it stands in a key or nowhere; what one may have is told place by place."""
    splitter = Splitter([place(f"sales/t{number}/") for number in range(100)], NAMED)
    (group,) = splitter.groups({f"arn:*:s3:::trail{end}": "deny" for end in ("", "/*")})
    told = dict(zip(group.keys, group.told, strict=True))
    assert [told[f"sales/t0/{tail}"] for tail in (":s3:::trail/", ":s3:::trail", "x", PROBE)] == [{"deny"}, {"deny"}, set(), set()]
    assert len(splitter.groups(alone("arn:aws:s3:::prod-*x/*secret"))) == 100


@given(prefixes=PREFIXES, patterns=PATTERNS)
def test_the_keys_of_a_bucket_whose_name_is_made_up_are_those_of_any_other(prefixes: list[str], patterns: list[str]) -> None:
    """Whatever is grouped, each key of a group fits the same patterns for each of its places, and those that it is said to fit."""
    for group in Splitter([place(prefix) for prefix in prefixes], NAMED).groups(alone(*patterns)):
        for key, told in zip(group.keys, group.told, strict=True):
            tail = key.removeprefix(group.places[0].prefix)
            fits = [{each for each in patterns if match(each, f"{NAMED}{one.prefix}{tail}") is not Truth.FALSE} for one in group.places]
            assert all(each == fits[0] for each in fits)
            assert told <= fits[0]


def test_patterns_of_one_statement_need_not_be_told_apart() -> None:
    """Two tables that two patterns of the same statement open share a verdict; those of an allow and a deny never do."""
    splitter = Splitter([place("a/"), place("b/"), place("c/")], ROOT)
    together = splitter.groups({f"{ROOT}a/*": "one", f"{ROOT}b/*": "one"})
    assert sorted(len(group.places) for group in together) == [1, 2]
    apart = splitter.groups({f"{ROOT}a/x/*": "allow", f"{ROOT}b/x/*": "deny"})
    assert len(apart) == 3


def test_an_object_named_as_the_folder_itself_holds_no_rows() -> None:
    """A right to the marker of a folder reads no table."""
    (group,) = Splitter([place("sales/")], ROOT).groups(alone(f"{ROOT}sales/"))
    assert group.keys == (f"sales/{PROBE}",)


def test_the_prefix_of_another_dataset_is_not_the_buckets_rest() -> None:
    """A pattern below a deeper prefix says nothing of the prefix above."""
    places = [place("raw/", is_table=False), place("", is_table=False)]
    groups = Splitter(places, ROOT).groups(alone(f"{ROOT}raw/x/*"))
    assert {group.places[0].prefix: len(group.keys) for group in groups} == {"raw/": 2, "": 1}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("b/${aws:PrincipalTag/Team}/*", "b/sales/*"),
        ("b/${AWS:principaltag/Team}/*", "b/sales/*"),
        ("b/${aws:PrincipalTag/team}/*", "b/?*/*"),
        ("b/${saml:sub, 'x'}", "b/?*"),
        ("b/${*}", "b/*"),
    ],
)
def test_variables(pattern: str, expected: str) -> None:
    """What is known is put in; what is not stands for any text; a tag's name keeps its case."""
    assert expanded(pattern, {"aws:principaltag/Team": "sales"}) == expected
