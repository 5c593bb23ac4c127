"""Conditions along a way: one set of values where that will do, and one for each request where it will not."""

from __future__ import annotations

from lakecheck.access.chains import LATER, together
from lakecheck.access.words import Verdict, verdict
from lakecheck.formula import FALSE, TRUE, Test as Asks, Unresolved, all_of, leaves, negate

STS = Asks("aws:sourcevpce", "StringEquals", ("vpce-sts",))
S3 = Asks("aws:sourcevpce", "StringEquals", ("vpce-s3",))
MFA = Asks("aws:multifactorauthpresent", "Bool", ("true",))


def test_what_fits_together_is_asked_for_together():
    """One set of values suffices."""
    assert together(TRUE, STS) == STS
    assert together(STS, MFA) == all_of((STS, MFA))
    assert together(STS, STS) == STS


def test_two_requests_may_come_by_two_endpoints():
    """A role assumed through one endpoint reads through another: that is no contradiction."""
    found = together(STS, S3)
    assert verdict(found) is Verdict.IF
    assert {leaf.key for leaf in leaves(found)} == {"aws:sourcevpce", f"aws:sourcevpce{LATER}"}
    assert verdict(together(found, STS)) is Verdict.IF


def test_what_cannot_be_by_itself_cannot_be_at_all():
    """A step that no request can take ends the way; what is not known stays one fact in both."""
    assert together(MFA, all_of((STS, S3))) == FALSE
    fact = Unresolved("what nobody knows")
    assert together(all_of((fact, STS)), all_of((negate(fact), S3))) == FALSE
