"""CloudTrail: trails.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, tag_list
from lakecheck.rehearsal.adapters.reading import joined, own_tags, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _arn(resource: Resource) -> str:
    return resource.arn("cloudtrail", f"trail/{resource.physical_id}")


def _selectors(resource: Resource) -> None:
    stated = {name: resource.get(name) for name in ("EventSelectors", "AdvancedEventSelectors") if resource.get(name) is not None}
    if stated:
        call("put_event_selectors", TrailName=ID, **stated).run(resource, "cloudtrail")
    if resource.get("InsightSelectors") is not None or "InsightSelectors" in resource.old_properties:
        chosen = resource.get("InsightSelectors") or []
        call("put_insight_selectors", TrailName=ID, InsightSelectors=chosen).run(resource, "cloudtrail")


def _logging(resource: Resource) -> None:
    operation = "start_logging" if str(resource.get("IsLogging")).lower() == "true" else "stop_logging"
    call(operation, Name=ID).run(resource, "cloudtrail")


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    resource.client("cloudtrail").add_tags(ResourceId=_arn(resource), TagsList=pairs)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("cloudtrail").remove_tags(ResourceId=_arn(resource), TagsList=[{"Key": key} for key in keys])


def _read(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    tags = resource.client("cloudtrail").list_tags(ResourceIdList=[_arn(resource)])["ResourceTagList"]
    return {**found, "Tags": own_tags(resource, tags[0]["TagsList"] if tags else [])}


ADAPTERS = (
    Adapter(
        type="AWS::CloudTrail::Trail",
        service="cloudtrail",
        name="TrailName",
        longest_name=128,
        create=steps("cloudtrail", call("create_trail", everything=True, Name=ID, TagsList=tag_list), _selectors, _logging),
        update=steps("cloudtrail", call("update_trail", everything=True, Name=ID), _selectors, _logging, tagged(_tag, _untag)),
        delete=call("delete_trail", Name=ID),
        read=joined(
            "cloudtrail",
            Read(
                call("get_trail", Name=ID),
                at="Trail",
                words={"TrailName": "Name", "EnableLogFileValidation": "LogFileValidationEnabled"},
            ),
            Read(call("get_event_selectors", TrailName=ID)),
            Read(call("get_insight_selectors", TrailName=ID), absent=("InsightNotEnabledException",)),
            Read(call("get_trail_status", Name=ID)),
            shape=_read,
        ),
        attributes={"Arn": _arn, "SnsTopicArn": "read:SnsTopicARN"},
        note="The emulator records no event and delivers no log. It keeps no AggregationConfigurations.",
    ),
)
