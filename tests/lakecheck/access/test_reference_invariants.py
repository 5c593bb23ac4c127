"""The reference lake keeps its invariants, and each of its grants and statements is as wide as they allow: any wider and one is refuted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakecheck.access.check import check_access
from lakecheck.access.invariants import judge as judging
from lakecheck.access.invariants.loader import load_rules
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.matrix import Matrix, build_matrix
from lakecheck.access.model import DatasetKind
from lakecheck.access.sources import read_estate
from lakecheck.values import shown
from tests.lakecheck.access.widenings import (
    Widened,
    instead,
    judged_again,
    of_environment,
    reached,
    statements,
    wider_grants,
    wider_resources,
    with_resources,
)

if TYPE_CHECKING:
    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Judgement
    from lakecheck.estate.model import Estate
    from lakecheck.iam.model import Policy

pytestmark = pytest.mark.xdist_group("reference")

CONFIG = Path(__file__).parents[3] / "config"

GIVES_NOTHING = {
    r"(kms:.*)": "the key is used through a service alone, which asks for nothing that the same policy does not name elsewhere",
    r"s3:(ListBucket|GetBucketLocation|ListBucketMultipartUploads).*": "names of objects and of places, never what is in them",
    r"(glue|iam):.*": "what the catalog and identities are called; Lake Formation decides about the tables",
    r"(s3:(Delete|Get|Put)(Bucket|Account|Object|Public).*(Policy|Block|Tagging|Status|Acl)|lambda:.*)": "the containment role's, "
    "of which it is told already that it could give itself every right: the responder alone becomes it",
    r"s3:(GetObject|PutObject|AbortMultipartUpload|ListMultipartUploadParts)": "code, or results, which the bucket keeps to members",
}
"""By actions: why a statement about them that is made wider may refute nothing. Each time, nothing more of the lake is reached."""


@pytest.fixture(scope="module")
def rules() -> LoadedRules:
    return load_rules(CONFIG / "access.yaml")


@pytest.fixture(scope="module")
def prod(reference_dir: Path) -> Estate:
    return of_environment(read_estate([reference_dir], None, CONFIG / "estate.yaml"), "Prod")


@pytest.fixture(scope="module")
def widened(prod: Estate, rules: LoadedRules) -> Widened:
    return Widened(prod, rules)


@pytest.fixture(autouse=True)
def one_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """One confirmed request refutes; the others need not be looked for."""
    monkeypatch.setattr(judging, "MOST_SHOWN", 1)


@pytest.fixture(scope="module")
def judgement(reference_dir: Path, rules: LoadedRules) -> Judgement:
    """Over all environments, with what `estate.yaml` adds."""
    return check_access([reference_dir], rules, supplement=CONFIG / "estate.yaml")


def test_every_invariant_is_proved(judgement: Judgement) -> None:
    """None is refuted, none is unknown, and nothing of the estate is."""
    assert [(verdict.id, verdict.state) for verdict in judgement.verdicts if verdict.state is not State.PROVED] == []
    assert judgement.not_known == ()


def test_every_exception_fits_somebody(judgement: Judgement) -> None:
    """One that fits nobody would let in whoever comes by that name."""
    assert [(verdict.id, each.who) for verdict in judgement.verdicts for each in verdict.exempted if not each.principals] == []


def test_production_alone_is_proved_and_has_its_grants(widened: Widened) -> None:
    """What the widenings start from refutes nothing."""
    assert widened.refuted(widened.estate.grants) == []
    assert len(widened.estate.grants) > 50


def test_widening_any_one_grant_refutes(widened: Widened) -> None:
    """One way of widening for each grant, another one each time."""
    for number, grant in enumerate(widened.estate.grants):
        ways = list(wider_grants(grant))
        name, wide = ways[number % len(ways)]
        assert widened.refuted_fast(instead(widened.estate.grants, grant, wide)), f"{name}: {shown(grant.principal)} {grant.resource}"


@pytest.mark.full
def test_widening_any_one_grant_in_any_way_refutes(widened: Widened) -> None:
    """Every grant in every way: all permissions, everybody, to pass on, each step wider; the tags' own keys one by one."""
    survived = []
    for grant in widened.estate.grants:
        for name, wide in wider_grants(grant):
            if not widened.refuted(instead(widened.estate.grants, grant, wide)):
                survived.append(f"{name}: {shown(grant.principal)} {grant.resource}")
    assert survived == []


def unexplained(estate: Estate, rules: LoadedRules, before: Matrix, policy: Policy, index: int) -> list[str]:
    """What a statement made wider reaches of the lake without refuting an invariant."""
    found = []
    statement = policy.statements[index]
    for name, resources in wider_resources(statement):
        refuted, after = judged_again(with_resources(estate, policy, index, resources), rules)
        if refuted:
            continue
        about = {each.name for each in after.datasets if each.kind is DatasetKind.BUCKET}
        new = {key for key in reached(after) - reached(before) if key[1] not in about or "zones" in key[1]}
        told = all(any(re.fullmatch(glob, action) for glob in GIVES_NOTHING) for action in statement.actions or ())
        if new or not told:
            found.append(f"{name}: {shown(policy.name)} {statement.sid} {sorted(new)[:3]}")
    return found


def test_widening_statements_refutes_or_gives_nothing(prod: Estate, rules: LoadedRules) -> None:
    """A few statements of each kind of policy; all of them in the long run."""
    before = build_matrix(prod)
    chosen = list(statements(prod))[::40]
    assert len(chosen) > 2
    assert [each for policy, index in chosen for each in unexplained(prod, rules, before, policy, index)] == []


@pytest.mark.full
def test_widening_any_statement_refutes_or_gives_nothing(prod: Estate, rules: LoadedRules) -> None:
    """Every statement about storage, keys, catalog and identities: with `*` for its resources, and with its buckets as a whole."""
    before = build_matrix(prod)
    assert [each for policy, index in statements(prod) for each in unexplained(prod, rules, before, policy, index)] == []
