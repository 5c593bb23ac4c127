"""The evaluator for plain data, and the examples that its documentation shows."""

from __future__ import annotations

import doctest
import importlib
import json
import runpy
from pathlib import Path

import pytest

from lakecheck.iam import CallerKind, decide
from lakecheck.iam.simulation import caller_of
from lakemodel.errors import InvalidInput

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "iam" / "decide.py"
ROLE = "arn:aws:iam::111122223333:role/Reader"
ALLOW = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}


def test_the_example_runs_and_says_what_it_depends_on(capsys):
    """Allowed with the network, refused without, and a test of the network when that is not known."""
    runpy.run_path(str(EXAMPLE))
    allowed, denied, depends = capsys.readouterr().out.splitlines()
    assert allowed == "allowed ['identity[0]']"
    assert denied == "explicit_deny ['OnlyFromTheNetwork']"
    assert depends.startswith("depends ")
    assert "aws:sourcevpce" in depends


@pytest.mark.parametrize("module", ["documents", "evaluator", "globs", "simulation"])
def test_docstrings_tell_the_truth(module):
    """Every example in a docstring gives what it says."""
    result = doctest.testmod(importlib.import_module(f"lakecheck.iam.{module}"))
    assert result.attempted
    assert not result.failed


def test_documents_may_be_text_objects_or_lists_of_either():
    """JSON text, one object and a list say the same."""
    for identity in (ALLOW, [ALLOW], json.dumps(ALLOW), [json.dumps(ALLOW)]):
        assert decide(ROLE, "s3:GetObject", "arn:aws:s3:::lake/a", identity=identity, scps=[ALLOW, [ALLOW]]).word == "allowed"


def test_fails_when_a_document_would_be_refused():
    """The finding names which document it was, and where in it."""
    with pytest.raises(InvalidInput, match=r"scps\[1\]\[0\] Statement\.Effect: got 'allow'"):
        decide(ROLE, "s3:GetObject", scps=[[ALLOW], [{"Statement": {**ALLOW["Statement"], "Effect": "allow"}}]])


def test_context_values_of_every_kind():
    """Numbers, booleans, lists and sets are values; None says that the key is missing."""
    condition = {
        "Bool": {"a:b": "true"},
        "NumericEquals": {"a:c": "3"},
        "ForAllValues:StringEquals": {"a:d": ["x", "y"]},
        "Null": {"a:e": "true"},
    }
    identity = {"Statement": {**ALLOW["Statement"], "Condition": condition}}
    for several in (["x", "y"], ("x", "y"), {"x", "y"}):
        context = {"A:B": True, "a:c": 3, "a:d": several, "a:e": None}
        assert decide(ROLE, "s3:GetObject", identity=identity, context=context, complete=False).word == "allowed"


@pytest.mark.parametrize(
    ("principal", "arn", "account", "kind"),
    [
        (ROLE, ROLE, "111122223333", CallerKind.ROLE),
        ("arn:aws-cn:sts::111122223333:assumed-role/Reader/s", "arn:aws-cn:iam::111122223333:role/Reader", "111122223333", CallerKind.ROLE),
        ("arn:aws:iam::111122223333:user/a/b", "arn:aws:iam::111122223333:user/a/b", "111122223333", CallerKind.USER),
        ("arn:aws:sts::111122223333:federated-user/b", "arn:aws:iam::111122223333:user/b", "111122223333", CallerKind.USER),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", "111122223333", CallerKind.ROOT),
        ("glue.amazonaws.com", "glue.amazonaws.com", "", CallerKind.SERVICE),
        ("*", "*", "", CallerKind.ANONYMOUS),
        ("accounts.google.com", "accounts.google.com", "", CallerKind.FEDERATED),
        ("0f" * 32, "0f" * 32, "", CallerKind.FEDERATED),
        ("arn:aws:iam::111122223333:saml-provider/x", "arn:aws:iam::111122223333:saml-provider/x", "", CallerKind.FEDERATED),
    ],
)
def test_who_a_text_stands_for(principal, arn, account, kind):
    """Roles, sessions, users, root users, services, providers and nobody in particular."""
    caller = caller_of(principal)
    assert (caller.arn, caller.account, caller.kind) == (arn, account, kind)


def test_a_provider_is_told_from_a_service_by_what_it_asks_for():
    """A provider may be called like a service; a canonical user is named by its id alone."""
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:*", "Principal": {"Federated": "cognito-identity.amazonaws.com"}}}
    for action, word in (("sts:AssumeRoleWithWebIdentity", "allowed"), ("sts:AssumeRole", "implicit_deny")):
        assert decide("cognito-identity.amazonaws.com", action, ROLE, trust_policy=trust).word == word
    policy = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"CanonicalUser": "0f" * 32}}}
    for principal, word in (("0f" * 32, "allowed"), ("0e" * 32, "implicit_deny"), ("*", "implicit_deny")):
        assert decide(principal, "s3:GetObject", "arn:aws:s3:::lake/a", resource_policy=policy).word == word


def test_what_aws_owns_is_read_as_if_it_were_ones_own():
    """A policy of AWS belongs to no other account, unless one is said to own it."""
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    identity = {"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}
    assert decide(ROLE, "iam:GetPolicy", managed, identity=identity).word == "allowed"
    assert decide(ROLE, "iam:DeletePolicy", managed, identity=identity).word == "implicit_deny"
    assert decide(ROLE, "iam:GetPolicy", managed, identity=identity, resource_account="444455556666").word == "implicit_deny"
