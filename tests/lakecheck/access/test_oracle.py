"""The matrix, its grouping, its conditions and the invariants agree with brute force over small random estates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from lakecheck.access.grouping import expanded, lines, right_of
from lakecheck.access.invariants.judge import judge
from lakecheck.access.invariants.loader import LoadedRules
from lakecheck.access.invariants.model import AccessRules
from lakecheck.access.matrix import build_matrix
from lakecheck.access.questions import Questions
from lakecheck.access.saved import matrix_of
from lakecheck.formula import Truth, leaves
from lakecheck.iam.documents import parse_policy
from lakecheck.iam.model import Policy
from lakecheck.iam.solver import solve
from lakecheck.report import access_json
from tests.lakecheck.access.checking import ACTIONS, disagreements, holds, missed, possible, required, told
from tests.lakecheck.access.random_estates import COLUMNS, TABLES, TAG, Estates

if TYPE_CHECKING:
    from lakecheck.access.model import Matrix
    from lakecheck.estate.model import Estate
    from lakecheck.formula import Formula
    from tests.lakecheck.access.oracle import Maybe

EXAMPLES = int(os.environ.get("LAKECHECK_ORACLE_EXAMPLES", "0"))
"""So many examples of each property instead of the few that every run tries; other ones each time."""

SAVE = """
import sys
from random import Random
from lakecheck.access.matrix import build_matrix
from lakecheck.report import access_json
from tests.lakecheck.access.random_estates import Estates
for seed in range(4):
    sys.stdout.writelines(access_json.render(build_matrix(Estates(Random(seed)).estate())))
"""


def few(count: int) -> settings:
    """So many examples, always the same ones; more and others where the environment asks for them."""
    return settings(
        max_examples=EXAMPLES or count,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


SEEDS = 2**32 if EXAMPLES else 40
"""A run that explores may take any seed; every other run takes of these alone."""

randoms = st.integers(min_value=0, max_value=SEEDS - 1).map(Random)
"""Seeds rather than choices: an estate takes hundreds of them, and a failing seed makes it again."""


@few(20)
@given(randoms)
def test_every_cell_is_open_in_exactly_the_contexts_that_brute_force_finds(random: Random) -> None:
    """Through each door and through assumed roles, for every principal, table, column, row filter, action and context."""
    estate = Estates(random).estate()
    assert disagreements(estate, build_matrix(estate)) == []


@few(8)
@given(randoms)
def test_without_escalations_nothing_else_is_in_the_matrix(random: Random) -> None:
    """Where nobody can change a policy or grant itself a right, the matrix is what brute force finds, no more and no less."""
    estate = Estates(random, escalations=False, unknowns=False).estate()
    truth = {key: value for key, value in possible(estate, apart=False).items() if value is not False}
    names = {each.name for each in estate.principals}
    assert {key: value for key, value in told(build_matrix(estate)).items() if key[3] in ACTIONS and key[0] in names} == truth


@few(10)
@given(randoms)
def test_the_grouping_says_what_the_rows_say(random: Random) -> None:
    """Lines taken apart again are the rows taken apart, column by column."""
    matrix = build_matrix(Estates(random).estate())
    by_rows = {
        (id(row.principal), row.dataset, column, right_of(row))
        for row in matrix.accesses
        for column in (row.columns if row.columns is not None else matrix.columns.get(row.dataset, (None,)))
    }
    by_lines = {
        (id(principal), dataset, column, right)
        for line in lines(matrix, matrix.accesses)
        for principal, dataset, column, right in expanded(line, matrix.columns)
    }
    assert by_lines == by_rows


@few(10)
@given(randoms)
def test_the_solver_agrees_with_trying_every_value(random: Random) -> None:
    """Conditions of rows can be met exactly when one of the values that make a difference meets them."""
    matrix = build_matrix(Estates(random).estate())
    for formula in {row.conditions for row in matrix.accesses} | {edge.conditions for edge in matrix.edges}:
        if all(getattr(leaf, "key", TAG) in VALUES for leaf in leaves(formula)):
            assert solve(formula).truth is _enumerated(formula), formula


VALUES: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws:sourcevpce": (("vpce-1",), ("vpce-2",), ("vpce-fresh",), ("another",), ()),
    "aws:multifactorauthpresent": (("true",), ("false",), ()),
    TAG: (("red",), ("blue",), ("teal",), ("gray",), ()),
}


def _enumerated(formula: Formula) -> Truth:
    found = {holds(formula, dict(zip(VALUES, values, strict=True))) for values in product(*VALUES.values())}
    return Truth.TRUE if True in found else Truth.OPEN if None in found else Truth.FALSE


@few(8)
@given(randoms)
def test_a_forbidden_access_is_refuted_exactly_when_brute_force_finds_one(random: Random) -> None:
    """Random principals, tables, columns and actions; every refutation is confirmed by concrete requests."""
    estate = Estates(random, escalations=False, unknowns=False).estate()
    who, tables, columns, do = _selected(random, estate)
    truth = possible(estate, apart=False)
    found = [truth.get(key, False) for key in product(who, tables, columns, do)]
    rule = {"who": {"principal": who}, "do": do, "data": {"table": tables, "column": columns, "kind": ["table"]}}
    assert _verdict(estate, {"forbid": rule}) == ("refuted" if True in found else "unknown" if None in found else "proved")


@few(8)
@given(randoms)
def test_a_required_access_is_proved_exactly_when_brute_force_finds_it_all(random: Random) -> None:
    """Every column that is asked for, by everybody's own doors."""
    estate = Estates(random, escalations=False, unknowns=False).estate()
    who, tables, columns, do = _selected(random, estate)
    tables = [name for name in tables if name in {f"{table.database}.{table.name}" for table in estate.tables}]
    if tables:
        truth = required(estate)
        found = [truth[key] for key in product(who, tables, columns, do)]
        rule = {"who": {"principal": who}, "do": do, "data": {"table": tables, "column": columns, "kind": ["table"]}}
        assert _verdict(estate, {"require": rule}) == ("refuted" if False in found else "unknown" if None in found else "proved")


def _selected(random: Random, estate: Estate) -> tuple[list[str], list[str], list[str], list[str]]:
    """Some principals, tables, columns and actions."""
    names = [each.name for each in estate.principals]
    tables = [f"{database}.{name}" for database, name in TABLES]
    some = [random.sample(each, random.randint(1, 2)) for each in (names, tables, list(COLUMNS), list(ACTIONS))]
    return some[0], some[1], some[2], some[3]


def _verdict(estate: Estate, rule: dict[str, Any]) -> str:
    invariant = {"id": "random", "says": "It is so.", **rule}
    rules = AccessRules.model_validate({"version": 1, "classifications": ["public", "secret"], "invariants": [invariant]})
    questions = Questions(estate)
    loaded = LoadedRules(file="access.yaml", rules=rules, classifications=("public", "secret"))
    verdict = judge(questions, build_matrix(estate, questions=questions), loaded).verdicts[0]
    return verdict.state.value.lower()


@few(8)
@given(randoms)
def test_another_deny_opens_nothing(random: Random) -> None:
    """Whatever statement denies, in anybody's own policy or a bucket's."""
    maker = Estates(random)
    estate = maker.estate()
    before = told(build_matrix(estate))
    after = told(build_matrix(_denying(estate, maker, random)))
    assert all(_degree(value) <= _degree(before.get(key, False)) for key, value in after.items())


@few(8)
@given(randoms)
def test_another_grant_takes_nothing_away(random: Random) -> None:
    """Grants add up."""
    maker = Estates(random)
    estate = maker.estate()
    whole, fewer = told(build_matrix(estate)), told(build_matrix(replace(estate, grants=estate.grants[1:])))
    assert all(_degree(value) <= _degree(whole.get(key, False)) for key, value in fewer.items())


def _degree(value: Maybe) -> int:
    return {False: 0, None: 1, True: 2}[value]


def _denying(estate: Estate, maker: Estates, random: Random) -> Estate:
    """The estate with one more statement that denies."""
    policy = maker.denial()
    if random.random() < 0.5:
        chosen = random.choice([each for each in estate.principals if not each.unknown])
        return replace(
            estate,
            principals=tuple(replace(each, policies=(*each.policies, policy)) if each is chosen else each for each in estate.principals),
        )
    document = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": f"{estate.buckets[0].arn}/*"}]}
    denying = parse_policy(document, name="Deny").statements
    own = estate.buckets[0].policy
    joined = Policy(name="Joined", statements=(*(own.statements if own is not None else ()), *denying))
    return replace(estate, buckets=(replace(estate.buckets[0], policy=joined), *estate.buckets[1:]))


@few(8)
@given(randoms)
def test_the_order_of_what_is_read_makes_no_difference(random: Random) -> None:
    """Principals, grants, tables, locations and statements, in whatever order."""
    estate = Estates(random).estate()
    fields = ("principals", "grants", "tables", "locations", "tag_associations", "opt_ins", "buckets", "cells_filters")
    shuffled = {name: tuple(random.sample(getattr(estate, name), len(getattr(estate, name)))) for name in fields}
    shuffled["principals"] = tuple(
        replace(each, policies=tuple(_shuffled(p, random) for p in each.policies)) for each in shuffled["principals"]
    )
    assert _plain(build_matrix(replace(estate, **shuffled))) == _plain(build_matrix(estate))


def _shuffled(policy: Policy, random: Random) -> Policy:
    return Policy(name=policy.name, statements=tuple(random.sample(policy.statements, len(policy.statements))))


def _plain(matrix: Matrix) -> set[tuple[object, ...]]:
    """The rows without reasons, which name statements by their number."""
    return {
        (row.principal.arn, row.dataset, row.action, row.door, None if row.columns is None else frozenset(row.columns), row.rows,
         row.conditions, tuple((step.door, step.target) for step in row.via))
        for row in matrix.accesses
    }  # fmt: skip


@few(8)
@given(randoms)
def test_a_saved_matrix_reads_back_equal(random: Random) -> None:
    """What was written, read and written again is the same text."""
    text = "".join(access_json.render(build_matrix(Estates(random).estate())))
    assert "".join(access_json.render(matrix_of(json.loads(text)))) == text


def test_json_is_the_same_in_every_process() -> None:
    """Whatever seed Python hashes texts with."""
    texts = {
        subprocess.run(
            [sys.executable, "-c", SAVE], capture_output=True, check=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert texts.pop()


@few(8)
@given(randoms)
def test_nothing_that_is_reached_is_missing(random: Random) -> None:
    """Whatever brute force reaches in some context is in the matrix."""
    estate = Estates(random).estate()
    assert missed(estate, build_matrix(estate), apart=False) == []
