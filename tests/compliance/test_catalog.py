"""The packs, cfn-lint and the native validation over a catalog with every kind of table."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.catalog import ContractCatalog
from constructs_lib.catalog.fragments import Fragment
from constructs_lib.core import acknowledge
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.constructs.catalog.lake import contracts, zones
from tests.support import ACCOUNT, REGION, new_app, new_stack, template


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, Any], dict[str, Any]]:
    """The report on a catalog, and its template."""
    app = new_app()
    stack = new_stack(app)
    ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack))
    return report(app), template(stack)


def test_the_catalog_is_clean(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(judged[0]) == []


def test_what_is_acknowledged_is_exactly_this(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The wildcards of the optimizers' policy, each by its own id; nothing on a table or a database."""
    logs = "arn:aws:logs:eu-west-1:444444444401:log-group:/aws-glue/iceberg-{}/logs:*"
    resources = ["*", "arn:aws:glue:eu-west-1:444444444401:table/sales/*"]
    resources += [logs.format(kind) for kind in ("compaction", "retention", "orphan-file-deletion")]
    assert acknowledged(judged[0]) == {
        "Test/Catalog/OptimizerRole/Policy/Resource": {f"AwsSolutions::AwsSolutions-IAM5[Resource::{one}]" for one in resources}
    }


def test_the_template_is_clean_without_its_metadata(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Neither cfn-lint nor the native validation complains."""
    assert lint(judged[1], account=ACCOUNT, region=REGION) == []


def test_what_is_wrong_in_a_fragment_is_found() -> None:
    """The packs judge what a fragment emits as they judge a construct: a plain bucket, and a policy for everything."""
    app = new_app()
    stack = new_stack(app)
    fragment = Fragment()
    fragment.add("Plain", "AWS::S3::Bucket", {})
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    fragment.add("Everything", "AWS::IAM::ManagedPolicy", {"PolicyDocument": everything}, depends_on=["Plain"])
    fragment.include(stack, "Planted")
    ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack))
    found = set(findings(report(app)))
    assert {
        "Test/Planted/Plain: AwsSolutions::AwsSolutions-S10",
        "Test/Planted/Plain: NIST.800.53.R5::NIST.800.53.R5-S3DefaultEncryptionKMS",
        "Test/Planted/Everything: AwsSolutions::AwsSolutions-IAM5[Action::*]",
    } <= found
    assert {one.split(":")[0] for one in found} == {"Test/Planted/Plain", "Test/Planted/Everything"}


def test_an_acknowledgement_stands_on_a_resource_of_a_fragment() -> None:
    """It is listed with its reason where the resource is, which is then not found; other rules still find it."""
    app = new_app()
    stack = new_stack(app)
    fragment = Fragment()
    fragment.add("One", "AWS::S3::Bucket", {})
    fragment.include(stack, "Planted")
    acknowledge(fragment.resource("One"), "AwsSolutions::AwsSolutions-S1", reason="it holds the access logs of this very test")
    judged = report(app)
    assert acknowledged(judged) == {"Test/Planted/One": {"AwsSolutions::AwsSolutions-S1"}}
    assert "Test/Planted/One: AwsSolutions::AwsSolutions-S1" not in findings(judged)
    assert "Test/Planted/One: AwsSolutions::AwsSolutions-S10" in findings(judged)
