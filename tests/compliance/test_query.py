"""Workgroups and their results satisfy every pack, with buckets in the same stack and in another."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.query import QueryWorkgroup, ResultsBucket, permission_set_pattern
from constructs_lib.storage import AccessLogBucket
from tests.compliance.nag import acknowledged, findings, report
from tests.support import new_app, new_stack


@pytest.fixture(scope="module")
def validation() -> dict[str, Any]:
    """The report on two workgroups, one in the stack of the results and one in another."""
    app = new_app()
    storage = new_stack(app, "Storage")
    results = ResultsBucket(storage, "Results", access_logs=AccessLogBucket(storage, "AccessLogs"))
    role = iam.Role(storage, "Analyst", assumed_by=iam.AccountRootPrincipal())
    QueryWorkgroup(storage, "Near", name="near", results=results, members=[role])
    query = new_stack(app, "Query")
    far = QueryWorkgroup(query, "Far", name="far", results=results, member_patterns=[permission_set_pattern(query, "DataAnalyst")])
    far.add_named_query("Newest", database="sales", query="SELECT 1")
    return report(app)


def test_no_finding_is_left(validation: dict[str, Any]) -> None:
    """Nothing violates a rule that is not acknowledged."""
    assert findings(validation) == []


@pytest.mark.parametrize("path", ["Storage/Near/MemberPolicy/Resource", "Query/Far/MemberPolicy/Resource"])
def test_only_the_wildcards_of_the_member_policy_are_acknowledged(validation: dict[str, Any], path: str) -> None:
    """Each acknowledged id is a wildcard resource: no wildcard action, and the results only below a prefix."""
    rules = acknowledged(validation)[path]
    assert all(rule.startswith("AwsSolutions::AwsSolutions-IAM5[Resource::") for rule in rules)
    assert len(rules) == 4
    assert [rule for rule in rules if "/near/*]" in rule or "/far/*]" in rule]
