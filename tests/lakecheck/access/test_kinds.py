"""Which resources are asked about: as few as tell everything, whatever guardrails an organisation has, and no more for more principals."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given, strategies as st

from lakecheck.access import questions
from lakecheck.access.doors.s3 import s3
from lakecheck.access.kinds import Kind, Meaning, meanings, to_ask
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account, Estate, Key
from lakecheck.formula import FALSE, Truth, all_of, any_of, negate
from lakecheck.iam.globs import classes
from lakecheck.iam.matching import Ready
from lakecheck.iam.solver import solve
from lakecheck.values import hole

from .doors.lakes import BUCKET, KEY, LAKE, Document, allow, bucket, deny, key_policy, lake, policy, role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.estate.model import Principal

EVERYTHING = policy("FullAWSAccess", allow("*"))
GUARDRAILS = policy(
    "Guardrails",
    deny(["s3:Put*", "s3:Delete*", "s3:Replicate*"], [f"arn:*:s3:::trail-{number}{end}" for number in range(2) for end in ("", "/*")]),
    deny("iam:*", [f"arn:*:iam::*:role/Exempt{number}-*" for number in range(30)]),
    deny("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}),
)
READS = (allow("s3:GetObject", f"{BUCKET}/*"), allow("kms:Decrypt", KEY))
WRITES = (allow("s3:PutObject", f"{BUCKET}/sales/*"), allow("kms:GenerateDataKey", KEY))


def decisions(principals: Sequence[Principal], *, guarded: bool) -> int:
    """How many requests are decided to tell who reads and writes the bucket."""
    scps = ((EVERYTHING,), (EVERYTHING, GUARDRAILS)) if guarded else None
    found = lake(*principals, accounts={LAKE: Account(id=LAKE, scps=scps)}).estate
    with patch.object(questions, "evaluate", wraps=questions.evaluate) as evaluate:
        assert list(s3(Questions(found)))
    return evaluate.call_count


@pytest.mark.parametrize(("rights", "more"), [(READS, 0), (WRITES, 1)])
def test_guardrails_about_something_else_cost_no_question(rights: tuple[Document, ...], more: int) -> None:
    """Reading asks as much as without them; writing at most once more for a kind of objects that a Deny tells apart."""
    few, many = ([role(f"Role{number}", *rights) for number in range(count)] for count in (2, 12))
    assert decisions(few, guarded=True) <= (1 + more) * decisions(few, guarded=False)
    assert decisions(many, guarded=True) <= (1 + more) * decisions(many, guarded=False)
    assert decisions(many, guarded=True) == 6 * decisions(few, guarded=True)


def test_a_statement_about_another_action_is_not_even_looked_at() -> None:
    """Of a policy only what fits the action is matched against resources."""
    reader = role("Reader", *READS)
    with patch.object(Ready, "met", autospec=True, side_effect=Ready.met) as met:
        asked = lake(reader, accounts={LAKE: Account(id=LAKE, scps=((EVERYTHING, GUARDRAILS),))})
        assert asked.decide(reader, "s3:GetObject", f"{BUCKET}/x").truth is Truth.TRUE
    looked_at = [call.args[0].statement for call in met.call_args_list]
    assert not any("s3:Put*" in (each.actions or ()) or "iam:*" in (each.actions or ()) for each in looked_at)


PATTERNS = st.lists(st.text("ab/*?", max_size=4).map(lambda tail: f"{BUCKET}/{tail}"), min_size=1, max_size=3)
STATEMENTS = st.tuples(st.sampled_from(["Allow", "Deny"]), st.sampled_from(["Resource", "Resource", "NotResource"]), PATTERNS)
ACTIONS = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:PutObject", "*"])
MFA: Document = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@given(own=st.lists(st.tuples(STATEMENTS, ACTIONS, st.booleans()), max_size=4), above=st.lists(st.tuples(STATEMENTS, ACTIONS), max_size=2))
def test_whether_anything_can_be_reached_is_what_asking_about_every_kind_says(
    own: list[tuple[tuple[str, str, list[str]], str, bool]], above: list[tuple[tuple[str, str, list[str]], str]]
) -> None:
    """The same as one request for each combination of all patterns there are, in whichever statement."""
    mine = [
        {"Effect": effect, "Action": action, element: resources} | ({"Condition": MFA} if conditional else {})
        for (effect, element, resources), action, conditional in own
    ]
    theirs = [{"Effect": effect, "Action": action, element: resources} for (effect, element, resources), action in above]
    person = role("Person", *mine)
    account = Account(id=LAKE, scps=((EVERYTHING, policy("Guardrails", *theirs)) if theirs else (EVERYTHING,),))
    asked = Questions(Estate(principals=(person,), buckets=(bucket(),), accounts={LAKE: account}))
    patterns = [text for (_, _, resources), *_ in (*own, *above) for text in resources]
    every = [each.witness for each in classes(patterns, within=f"{BUCKET}/*")]
    expected = any_of(asked.decide(person, "s3:GetObject", each).allowed for each in every)
    found = asked.may_any(person, "s3:GetObject", f"{BUCKET}/*")
    assert all(solve(all_of((one, negate(other)))).truth is Truth.FALSE for one, other in permutations((found.allowed, expected)))
    assert (found.witness != "") is (expected is not FALSE)


def test_what_more_denies_fit_is_asked_about_after_what_fewer_fit() -> None:
    """The one that fewer fit is its floor; of those that are alike the one that is preferred, or the shortest, stands for all."""
    allows, denies, other = Meaning(1, "a"), Meaning(2, "", denies=True), Meaning(3, "", denies=True)
    told = [
        ("long-and-denied", frozenset({allows, denies, other}), ""),
        ("denied", frozenset({allows, denies, other}), ""),
        ("probe", frozenset({allows}), ""),
        ("z", frozenset({allows}), ""),
        ("nothing", frozenset({denies}), ""),
    ]
    assert to_ask(told, "probe") == [Kind("denied", "probe"), Kind("probe"), Kind("nothing")]
    assert to_ask(told)[0] == Kind("denied", "z")
    assert to_ask((one, fits, one) for one, fits, _ in told) == [Kind(one) for one, _, _ in told]


def test_patterns_of_a_deny_say_the_same_unless_they_have_variables_or_take_away() -> None:
    """Those of an Allow are told one by one, as reports name the one that fits."""
    written = policy(
        "Mixed",
        deny("s3:*", ["a", "b"]),
        deny("s3:*", ["a/${aws:username}", f"b-{hole('B')}"]),
        {"Effect": "Deny", "Action": "s3:*", "NotResource": "c"},
        allow("s3:*", ["d", "e"]),
        allow("s3:PutObject", "f"),
    )
    found = {pattern: (meaning.told, meaning.denies) for pattern, meaning in meanings(written, "s3:GetObject")}
    variable, name = "a/${aws:username}", f"b-{hole('B')}"
    assert found == {
        "a": ("", True),
        "b": ("", True),
        variable: (variable, False),
        name: (name, False),
        "c": ("c", False),
        "d": ("d", False),
        "e": ("e", False),
    }


def test_a_resource_with_a_policy_of_its_own_is_never_taken_for_another_one() -> None:
    """Two keys that one statement names are both asked about: the first one's policy lets in somebody else alone."""
    arns = tuple(f"{KEY}{end}" for end in (1, 2))
    policies = (key_policy(allow("kms:*", Principal={"AWS": f"arn:aws:iam::{LAKE}:role/Other"})), key_policy())
    keys = tuple(Key(arn=arn, account=LAKE, policy=each) for arn, each in zip(arns, policies, strict=True))
    resources = [*arns, *(f"{KEY}{end}" for end in "3456789")]
    person = role("Person", allow("kms:Decrypt", resources))
    assert Questions(Estate(principals=(person,), keys=keys)).may_any(person, "kms:Decrypt", f"{KEY}*").witness == arns[1]
