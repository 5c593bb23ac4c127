"""CloudWatch: alarms, dashboards, Contributor Insights.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import in_form_of, joined, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _alarm_arn(resource: Resource) -> str:
    return resource.arn("cloudwatch", f"alarm:{resource.physical_id}")


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    resource.client("cloudwatch").tag_resource(ResourceARN=_alarm_arn(resource), Tags=pairs)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("cloudwatch").untag_resource(ResourceARN=_alarm_arn(resource), TagKeys=keys)


def _alarm(type_: str, operation: str, kind: str, at: str, note: str) -> Adapter:
    """Both kinds of alarms: putting one again replaces all of it, but for its tags."""
    put = call(operation, everything=True, AlarmName=ID, Tags=tag_list)
    return Adapter(
        type=type_,
        service="cloudwatch",
        name="AlarmName",
        longest_name=255,
        create=put,
        update=steps("cloudwatch", call(operation, everything=True, AlarmName=ID, Tags=lambda _: None), tagged(_tag, _untag)),
        delete=call("delete_alarms", AlarmNames=lambda resource: [resource.physical_id]),
        read=joined(
            "cloudwatch",
            Read(call("describe_alarms", AlarmNames=lambda resource: [resource.physical_id], AlarmTypes=[kind]), at=at),
            tags=call("list_tags_for_resource", ResourceARN=_alarm_arn),
        ),
        attributes={"Arn": _alarm_arn},
        complete={"ActionsEnabled": True, **dict.fromkeys(("AlarmActions", "OKActions", "InsufficientDataActions"))},
        note=note,
    )


def _read_dashboard(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {**found, "DashboardBody": in_form_of(resource.get("DashboardBody"), found["DashboardBody"])}


_DASHBOARD = call("put_dashboard", DashboardName=ID, DashboardBody=prop("DashboardBody"))
_RULE = call("put_insight_rule", RuleName=ID, RuleState=prop("RuleState"), RuleDefinition=prop("RuleBody"), Tags=tag_list)


def _read_rule(resource: Resource) -> Mapping[str, Any] | None:
    rules = resource.client("cloudwatch").describe_insight_rules()["InsightRules"]
    found = next((rule for rule in rules if rule["Name"] == resource.physical_id), None)
    return found and {
        "RuleName": found["Name"],
        "RuleState": found["State"],
        "RuleBody": in_form_of(resource.get("RuleBody"), found["Definition"]),
    }


ADAPTERS = (
    _alarm(
        "AWS::CloudWatch::Alarm",
        "put_metric_alarm",
        "MetricAlarm",
        "MetricAlarms",
        "The emulator evaluates no alarm: each one is OK until its state is set.",
    ),
    _alarm(
        "AWS::CloudWatch::CompositeAlarm",
        "put_composite_alarm",
        "CompositeAlarm",
        "CompositeAlarms",
        "The emulator evaluates no alarm; the operation that puts composite ones is the rehearsal's.",
    ),
    Adapter(
        type="AWS::CloudWatch::Dashboard",
        service="cloudwatch",
        name="DashboardName",
        longest_name=255,
        create=_DASHBOARD,
        update=_DASHBOARD,
        delete=call("delete_dashboards", DashboardNames=lambda resource: [resource.physical_id]),
        read=joined("cloudwatch", Read(call("get_dashboard", DashboardName=ID)), shape=_read_dashboard),
    ),
    Adapter(
        type="AWS::CloudWatch::InsightRule",
        service="cloudwatch",
        name="RuleName",
        create=_RULE,
        update=_RULE,
        delete=call("delete_insight_rules", RuleNames=lambda resource: [resource.physical_id]),
        read=_read_rule,
        attributes={"Arn": lambda resource: resource.arn("cloudwatch", f"insight-rule/{resource.physical_id}"), "RuleName": "{id}"},
    ),
)
