"""The packs, cfn-lint and CloudFormation's own validation over an organisation's policies."""

from __future__ import annotations

from constructs_lib.organization.guardrails import AccountDefaults, ResourcePolicies, ServicePolicies, TagPolicy, TagRule, data_perimeter
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.constructs.organization.guardrails.sets import EXEMPTIONS, ORGANIZATION, every_guardrail
from tests.support import REGION, new_app, new_stack, template

MANAGEMENT = "111111111111"


def test_policies_are_clean_and_acknowledge_nothing() -> None:
    """Everything that there is, in one stack."""
    app = new_app()
    stack = new_stack(app, account=MANAGEMENT)
    targets = ["ou-exam-12345678", MANAGEMENT.replace("1", "4")]
    ServicePolicies(stack, "Service", guardrails=every_guardrail(), targets=targets, exemptions=EXEMPTIONS)
    ResourcePolicies(stack, "Resource", guardrails=data_perimeter(ORGANIZATION, oidc_providers={}), targets=targets)
    TagPolicy(stack, "Tags", rules=[TagRule(key="Domain", values=("sales",), enforced_for=("s3:bucket",))], targets=targets)
    AccountDefaults(stack, "Defaults", targets=targets)
    said = report(app)
    assert (findings(said), acknowledged(said)) == ([], {})
    assert lint(template(stack), account=MANAGEMENT, region=REGION) == []
