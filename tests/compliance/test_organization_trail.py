"""The packs and CloudFormation's own validation over the log archive, the organisation's trail, its alarms, and observability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.observability import ObservabilityLink, ObservabilitySink, shared_sink
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.constructs.organization.trail.parts import MANAGEMENT, ORGANIZATION, build
from tests.support import new_app, new_stack, template

if TYPE_CHECKING:
    import aws_cdk as cdk

MONITORING = "333333333333"


def stacks(app: cdk.App) -> list[cdk.Stack]:
    """The log archive, management, a monitoring account, and one that it sees."""
    monitoring, lake = new_stack(app, "Monitoring", MONITORING), new_stack(app, "Lake")
    ObservabilitySink(monitoring, "Observability", organization_id=ORGANIZATION, management_account=MANAGEMENT)
    ObservabilityLink(lake, "Observability", sink=shared_sink(lake, "ObservabilitySink", monitoring_account=MONITORING))
    return [*build(app), monitoring, lake]


@pytest.fixture(scope="module")
def trail_report() -> dict[str, Any]:
    """The report on all four accounts."""
    app = new_app()
    stacks(app)
    return report(app)


def test_trail_is_clean(trail_report: dict[str, Any]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(trail_report) == []


def test_what_is_acknowledged_is_exactly_this(trail_report: dict[str, Any]) -> None:
    """What storage and query acknowledge on their own resources, and the files that auditors read; nothing of trail and alarms."""
    assert set(acknowledged(trail_report)) == {
        "Archive/LogArchive/AccessLogs/Resource/Resource",
        "Archive/LogArchive/Config/Resource/Resource",
        "Archive/LogArchive/Resource/Resource/Resource",
        "Archive/Table/ReadPolicy/Resource",
        "Archive/Table/Results/Bucket/Resource/Resource",
        "Archive/Table/Workgroup/MemberPolicy/Resource",
    }


@pytest.mark.full
def test_linters_have_nothing_to_say() -> None:
    """cfn-lint and CloudFormation's native validation, but for the account id in the ARN of a key that is another account's."""
    said = [one for stack in stacks(new_app()) for one in lint(template(stack), account=stack.account, region=stack.region)]
    assert said == []
