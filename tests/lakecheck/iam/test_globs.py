"""Patterns, held against brute force over every short text."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, strategies as st

from lakecheck.formula import Truth
from lakecheck.iam.globs import TooMany, by_segment, classes, covers, fold, intersects, literal, match, match_action, shortest
from lakecheck.values import hole

SHORT = ["".join(letters) for size in range(7) for letters in product("abz", repeat=size)]
PATTERNS = st.text(alphabet="ab?*", max_size=4)
BUCKET, OTHER = hole("Prod/Bucket", generated=True), hole("Prod/Other", generated=True)
NAME = hole("the parameter Name")


def plainly(pattern: str, text: str) -> bool:
    """What a pattern matches, said with a regular expression."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None


@given(pattern=PATTERNS, text=st.text(alphabet="abz", max_size=6))
def test_a_pattern_matches_what_it_says(pattern: str, text: str) -> None:
    """A text without holes is matched or not, as the regular expression says."""
    assert match(pattern, text) is (Truth.TRUE if plainly(pattern, text) else Truth.FALSE)


@given(wide=PATTERNS, narrow=PATTERNS)
def test_covering_and_overlap_are_exact(wide: str, narrow: str) -> None:
    """What covers and what overlaps is so for every short text, and the other way round."""
    texts = [text for text in SHORT if plainly(narrow, text)]
    assert covers(wide, narrow) == all(plainly(wide, text) for text in texts)
    assert intersects(wide, narrow) == any(plainly(wide, text) for text in texts)


@given(patterns=st.lists(PATTERNS, max_size=4), within=PATTERNS)
def test_classes_are_the_combinations_that_exist(patterns: list[str], within: str) -> None:
    """Every combination that a short text shows is there once, and every witness shows the one it stands for."""
    found = classes(patterns, within=within)
    for each in found:
        assert plainly(within, each.witness)
        assert each.matches == {index for index, pattern in enumerate(patterns) if plainly(pattern, each.witness)}
    shown = {frozenset(i for i, pattern in enumerate(patterns) if plainly(pattern, text)) for text in SHORT if plainly(within, text)}
    assert len({each.matches for each in found}) == len(found)
    assert shown <= {each.matches for each in found}


@pytest.mark.parametrize(
    ("pattern", "text", "truth"),
    [
        (f"lake-{BUCKET}/*", f"lake-{BUCKET}/raw", Truth.TRUE),
        ("lake-*", f"lake-{BUCKET}", Truth.TRUE),
        ("*/raw", f"{BUCKET}/raw", Truth.TRUE),
        (f"lake-{OTHER}/*", f"lake-{BUCKET}/raw", Truth.FALSE),
        (f"lake-{OTHER}*", f"lake-{BUCKET}", Truth.FALSE),
        ("dev-*", f"lake-{BUCKET}", Truth.FALSE),
        (f"{BUCKET}/raw/*", f"{BUCKET}/curated/raw/x", Truth.FALSE),
        ("lake-?", f"lake-{BUCKET}", Truth.OPEN),
        ("lake-abc*", f"lake-{BUCKET}", Truth.OPEN),
        (f"lake-{NAME}", f"lake-{BUCKET}", Truth.OPEN),
        (f"{NAME}-x", "lake-x", Truth.OPEN),
        (f"{NAME}-x", "lake-y", Truth.FALSE),
        (f"{NAME}*", f"{NAME}-x", Truth.TRUE),
        ("lake", f"lake{NAME}", Truth.OPEN),
        ("lake", f"lake{BUCKET}", Truth.FALSE),
        (f"{BUCKET}*", "*", Truth.OPEN),
    ],
)
def test_a_hole_is_opaque(pattern: str, text: str, truth: Truth) -> None:
    """Only a star and itself cover a hole; another generated one never does; the rest is open."""
    assert match(pattern, text) is truth


def test_a_hole_with_a_star_in_its_name_is_one_hole() -> None:
    """The name of a hole is never read as a pattern."""
    odd = hole("what? *", generated=True)
    assert match(odd, odd) is Truth.TRUE
    assert literal(odd + "*") != odd + "*"
    assert match(literal(odd), odd) is Truth.TRUE


def test_a_star_that_is_meant_is_a_character() -> None:
    """A star out of a policy variable matches a star alone, and one in a text is a character."""
    assert match(literal("a*"), "a*") is Truth.TRUE
    assert match(literal("a*"), "ab") is Truth.FALSE
    assert match("a?", "a*") is Truth.TRUE
    assert covers("a*", literal("a*"))
    assert not covers(literal("a*"), "a*")
    assert [each.witness for each in classes([literal("*?")]) if each.matches] == ["*?"]


def test_actions_ignore_case_of_ascii_alone() -> None:
    """The Kelvin sign, whose small letter is k, is not a K."""
    assert match_action("S3:Get*", "s3:getobject") is Truth.TRUE
    assert match("S3:Get*", "s3:getobject") is Truth.FALSE
    assert match_action("kms:*", "\u212ams:Decrypt") is Truth.FALSE
    assert fold("S3:GetObject") == "s3:getobject"


def test_holes_are_characters_of_classes() -> None:
    """A witness has the hole of the pattern it stands for."""
    found = classes([f"lake-{BUCKET}/*", "lake-*"])
    assert {each.matches: each.witness for each in found}[frozenset({0, 1})] == f"lake-{BUCKET}/"
    assert not covers("lake-?", f"lake-{BUCKET}")
    assert intersects("lake-?", f"lake-{BUCKET}")


def test_witnesses_are_short_and_readable() -> None:
    """Letters stand for what may be anything."""
    assert [each.witness for each in classes(["s3:Get*", "s3:*Object"], within="s3:*")] == ["s3:", "s3:Get", "s3:Object", "s3:GetObject"]
    assert [each.witness for each in classes(["a?"]) if each.matches] == ["ax"]
    assert shortest("a?*b") == "axb"


def test_arn_operators_keep_a_wildcard_in_its_part() -> None:
    """Under ArnLike a star does not reach over a colon, but for the last part."""
    found = {each.matches for each in classes([by_segment("a:*:c:d:e:f*"), literal("a:b:b:c:d:e:f"), literal("a:b:c:d:e:f:g")])}
    assert frozenset({0, 2}) in found
    assert frozenset({0, 1}) not in found


def test_fails_when_there_are_too_many() -> None:
    """Thirty words anywhere in a text give a thousand million combinations; the answer comes at once."""
    with pytest.raises(TooMany):
        classes([f"*{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"], cap=100)
    assert len(classes(["*a*", "*b*", "*c*"], cap=8)) == 8
    with pytest.raises(TooMany):
        classes(["*a*", "*b*", "*c*"], cap=7)


def test_many_names_are_no_trouble() -> None:
    """A thousand prefixes of which none overlap are a thousand classes and one."""
    assert len(classes([f"lake-{number:04}/*" for number in range(1000)])) == 1001


def test_stars_do_not_explode() -> None:
    """A pattern that would take a regular expression for ever is matched at once; what takes too long to compare is not sure."""
    assert match("*a" * 40 + "b", "a" * 2000) is Truth.FALSE
    assert covers("*a" + "?" * 3 + "*", "*" + "a?" * 4 + "*")
    assert not covers("*a" + "?" * 30 + "b*", "*" + "a?" * 40 + "*")
    assert not covers("*" + "a?" * 20 + "c*b", "*" + "a?" * 40 + "b")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("ab*", "a*", True),
        ("ab*", "ac*", False),
        (f"lake-{BUCKET}*", "lake-x*", True),
        (f"lake-{BUCKET}*", "sea-*", False),
        ("a?c*", "abc*d", True),
        (literal("a*") + "*", "ab*", False),
        (literal("a*") + "*", "a*b", True),
    ],
)
def test_patterns_that_start_differently_have_nothing_in_common(one: str, other: str, both: object) -> None:
    """Up to the first wildcard or hole, told without walking them."""
    assert intersects(one, other) is both
    assert intersects(other, one) is both


@pytest.mark.parametrize(
    ("pattern", "truth"),
    [
        ("sso/*AWSReservedSSO_Analyst_????????????????", Truth.TRUE),
        ("sso/*AWSReservedSSO_Analyst_*", Truth.TRUE),
        ("sso/*AWSReservedSSO_Analyst_???????????????", Truth.FALSE),
        ("sso/*AWSReservedSSO_Steward_*", Truth.FALSE),
        ("sso/AWSReservedSSO_Analyst_*", Truth.OPEN),
        ("sso/eu-west-1/AWSReservedSSO_Analyst_*", Truth.OPEN),
        ("sso/EU-WEST-1/AWSReservedSSO_Analyst_*", Truth.FALSE),
        ("sso/*AWSReservedSSO_Analyst_0123456789abcdef", Truth.OPEN),
        ("sso/*AWSReservedSSO_Analyst_0123456789abcde", Truth.FALSE),
    ],
)
def test_what_is_known_of_a_hole_decides(pattern: str, truth: Truth):
    """A hole of a known length is as many characters, one that is a word has no capitals: what cannot be is no doubt."""
    role = f"sso/{hole('folder', is_word=True)}AWSReservedSSO_Analyst_{hole('suffix', generated=True, length=16)}"
    assert match(pattern, role) is truth
