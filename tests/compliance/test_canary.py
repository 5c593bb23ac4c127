"""A green of the packs means something: each is awake, and only a right acknowledgement quiets it."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_s3 as s3

from constructs_lib.compliance import PACKS, add_compliance_packs
from constructs_lib.core import acknowledge
from tests.compliance.nag import acknowledged, findings, report
from tests.support import new_app, new_stack

WRONG = {
    "another pack's prefix": "PCI.DSS.321::AwsSolutions-S10",
    "a misspelt prefix": "AwsSolution::AwsSolutions-S10",
    "a rule that is not violated": "AwsSolutions::AwsSolutions-S5",
}


@pytest.fixture(scope="module")
def bad_bucket() -> dict[str, Any]:
    """The report on a bucket with CDK's defaults, one finding rightly acknowledged and three acknowledgements wrong."""
    app = new_app()
    bucket = s3.Bucket(new_stack(app), "Bad")
    acknowledge(bucket, "AwsSolutions::AwsSolutions-S1", reason="proves that a right id quiets a finding")
    acknowledge(bucket, *WRONG.values(), reason="proves that a wrong id does not")
    return report(app)


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_is_awake(bad_bucket: dict[str, Any], pack: str) -> None:
    """A bucket with CDK's defaults violates at least one rule of each pack."""
    assert [finding for finding in findings(bad_bucket) if f": {pack}::" in finding]


def test_a_right_acknowledgement_is_listed_with_its_reason(bad_bucket: dict[str, Any]) -> None:
    """The acknowledged finding is no violation any more and stays visible in the report."""
    assert "Test/Bad/Resource: AwsSolutions::AwsSolutions-S1" not in findings(bad_bucket)
    assert acknowledged(bad_bucket) == {"Test/Bad/Resource": {"AwsSolutions::AwsSolutions-S1"}}


def test_a_wrong_acknowledgement_silences_nothing(bad_bucket: dict[str, Any]) -> None:
    """Neither another prefix nor another rule quiets the TLS finding, and none of them is listed as used."""
    assert "Test/Bad/Resource: AwsSolutions::AwsSolutions-S10" in findings(bad_bucket)
    assert not set(WRONG.values()) & set().union(*acknowledged(bad_bucket).values())


def test_a_violation_makes_the_synth_raise() -> None:
    """An app with packs cannot be synthesized with a violation: no green by accident."""
    app = new_app()
    s3.Bucket(new_stack(app), "Bad")
    add_compliance_packs(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
