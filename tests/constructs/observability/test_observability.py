"""Accounts of the organisation, and no others, are seen from one account."""

from __future__ import annotations

import pytest
from aws_cdk import Stack

from constructs_lib.observability import SINK_PARAMETER, ObservabilityLink, ObservabilitySink, Telemetry, shared_sink
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

MANAGEMENT, MONITORING, ORGANIZATION = "111111111111", "333333333333", "o-exampleorgid"
SINK_ARN = f"arn:aws:oam:{REGION}:{MONITORING}:sink/12345678-1234-1234-1234-123456789012"
SHARED = f"arn:aws:ssm:{REGION}:{MONITORING}:parameter{SINK_PARAMETER}"


def test_only_the_organisation_links() -> None:
    """And shows only what the sink takes; a link of an account of another organisation, or of none, is refused."""
    stack = new_stack(account=MONITORING)
    ObservabilitySink(stack, "Sink", organization_id=ORGANIZATION, management_account=MANAGEMENT)
    ((_, sink),) = resources(template(stack), "AWS::Oam::Sink").items()
    deployer = {"Statement": {"Effect": "Allow", "Action": "oam:*", "Resource": "*"}}

    def link(organization: str | None, *kinds: Telemetry, action: str = "CreateLink") -> str:
        return decide(
            f"arn:aws:iam::{ACCOUNT}:role/Deployer",
            f"oam:{action}",
            SINK_ARN,
            identity=deployer,
            resource_policy=sink["Properties"]["Policy"],
            organization=organization,
            context={"oam:ResourceTypes": [kind.value for kind in kinds]},
        ).word

    assert link(ORGANIZATION, Telemetry.METRICS, Telemetry.LOGS, Telemetry.TRACES) == "allowed"
    assert link(ORGANIZATION, Telemetry.METRICS, action="UpdateLink") == "allowed"
    assert link(ORGANIZATION, Telemetry.METRICS, Telemetry.INTERNET_MONITORS) == "implicit_deny"
    assert link("o-somebodyelse", Telemetry.METRICS) == "implicit_deny"
    assert link(None, Telemetry.METRICS) == "implicit_deny"
    assert link(ORGANIZATION, Telemetry.METRICS, action="DeleteSink") == "implicit_deny"


def test_the_sink_is_found_through_a_parameter_that_the_organisation_reads() -> None:
    """What is shared is what the other side asks for; nobody outside can be invited."""
    app = new_app()
    monitoring, lake = new_stack(app, "Monitoring", MONITORING), new_stack(app, "Lake")
    ObservabilitySink(monitoring, "Sink", organization_id=ORGANIZATION, management_account=MANAGEMENT)
    ObservabilityLink(lake, "Link", sink=shared_sink(lake, "ObservabilitySink", monitoring_account=MONITORING))
    theirs, ours = template(monitoring), template(lake)
    ((_, parameter),) = resources(theirs, "AWS::SSM::Parameter").items()
    ((_, share),) = resources(theirs, "AWS::RAM::ResourceShare").items()
    ((sink_id, _),) = resources(theirs, "AWS::Oam::Sink").items()
    assert parameter["Properties"]["Name"] == SINK_PARAMETER
    assert parameter["Properties"]["Tier"] == "Advanced"
    assert parameter["Properties"]["Value"] == {"Fn::GetAtt": [sink_id, "Arn"]}
    assert share["Properties"]["ResourceArns"] == [SHARED]
    assert share["Properties"]["Principals"] == [f"arn:aws:organizations::{MANAGEMENT}:organization/{ORGANIZATION}"]
    assert share["Properties"]["AllowExternalPrincipals"] is False
    assert ours["Parameters"]["ObservabilitySink"]["Type"] == "AWS::SSM::Parameter::Value<String>"
    assert ours["Parameters"]["ObservabilitySink"]["Default"] == SHARED
    ((_, link),) = resources(ours, "AWS::Oam::Link").items()
    assert link["Properties"] == {
        "SinkIdentifier": {"Ref": "ObservabilitySink"},
        "LabelTemplate": "$AccountName",
        "ResourceTypes": ["AWS::CloudWatch::Metric", "AWS::Logs::LogGroup", "AWS::XRay::Trace"],
    }
    assert "PublishGetStackOutputRole" not in str(theirs)


def test_what_is_shown_can_be_narrowed() -> None:
    """To an existing sink, some log groups and some metrics."""
    stack = new_stack()
    ObservabilityLink(
        stack,
        "Link",
        sink=SINK_ARN,
        telemetry=[Telemetry.LOGS, Telemetry.METRICS],
        log_groups="LogGroupName LIKE '/aws/lambda/%'",
        metrics="Namespace IN ('AWS/Athena')",
    )
    ((_, link),) = resources(template(stack), "AWS::Oam::Link").items()
    assert link["Properties"]["SinkIdentifier"] == SINK_ARN
    assert link["Properties"]["LinkConfiguration"] == {
        "LogGroupConfiguration": {"Filter": "LogGroupName LIKE '/aws/lambda/%'"},
        "MetricConfiguration": {"Filter": "Namespace IN ('AWS/Athena')"},
    }


def test_fails_when_nothing_would_be_shown() -> None:
    """No telemetry, or a filter on logs that are not shown."""
    stack = Stack(new_app(), "Test")
    with pytest.raises(DataLakeError, match="needed is at least one kind") as told:
        ObservabilityLink(stack, "Nothing", sink=SINK_ARN, telemetry=[])
    assert told.value.code == "unshared_filter"
    with pytest.raises(DataLakeError, match="filters on AWS::Logs::LogGroup"):
        ObservabilityLink(stack, "Filter", sink=SINK_ARN, telemetry=[Telemetry.METRICS], log_groups="LogGroupName LIKE 'a'")
