"""GuardDuty: detectors and filters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_GuardDuty.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, at, call, prop, tag_map
from lakecheck.rehearsal.adapters.reading import joined, own_tags, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _arn(resource: Resource) -> str:
    return resource.arn("guardduty", f"detector/{resource.physical_id}")


def _read_detector(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    """Features in the order of the template, and data sources, their forerunners, as the template says them."""
    order = [one["Name"] for one in resource.get("Features") or []]
    each = [one for one in found.get("Features", []) if not order or one["Name"] in order]
    sources = found.get("DataSources", {})
    return {
        **found,
        "Enable": found["Status"] == "ENABLED",
        "Features": sorted(each, key=lambda one: order.index(one["Name"]) if order else 0),
        "DataSources": {
            "S3Logs": {"Enable": at(sources, "S3Logs.Status") == "ENABLED"},
            "Kubernetes": {"AuditLogs": {"Enable": at(sources, "Kubernetes.AuditLogs.Status") == "ENABLED"}},
        },
        "Tags": own_tags(resource, found.get("Tags", {})),
    }


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    resource.client("guardduty").tag_resource(ResourceArn=_arn(resource), Tags=tags)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("guardduty").untag_resource(ResourceArn=_arn(resource), TagKeys=keys)


def _change(resource: Resource) -> None:
    call("update_detector", everything=True, DetectorId=ID).run(resource, "guardduty")
    if resource.get("Tags") != resource.old_properties.get("Tags"):
        tagging = tagged(_tag, _untag)
        tagging(resource)  # type: ignore[operator] # a function, not a call


_FILTER: Final[dict[str, Any]] = {"DetectorId": prop("DetectorId")}

ADAPTERS = (
    Adapter(
        type="AWS::GuardDuty::Detector",
        service="guardduty",
        create=call("create_detector", everything=True, Tags=tag_map, returns="DetectorId"),
        update=_change,
        delete=call("delete_detector", DetectorId=ID),
        read=joined("guardduty", Read(call("get_detector", DetectorId=ID), absent=("BadRequestException",)), shape=_read_detector),
        attributes={"Id": "{id}"},
        note="The emulator finds nothing, keeps DataSources apart from Features, no scanning of volumes in them, and changes no tags.",
    ),
    Adapter(
        type="AWS::GuardDuty::Filter",
        service="guardduty",
        name="Name",
        create=call("create_filter", everything=True, **_FILTER, Name=ID),
        update=call("update_filter", everything=True, **_FILTER, FilterName=ID),
        delete=call("delete_filter", **_FILTER, FilterName=ID),
        read=Read(call("get_filter", **_FILTER, FilterName=ID), absent=("BadRequestException",)),
        # It is asked for by its detector, and no answer says which that was.
        unread=("DetectorId",),
        note="The emulator keeps no tags of a filter.",
    ),
)
