"""EventBridge Scheduler: schedules and their groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Scheduler.html
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import joined, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _moment(stated: Any, found: Any) -> Any:
    """A moment as the template writes it, where it is the same one."""
    if not isinstance(found, dt.datetime):
        return found
    if isinstance(stated, str):
        meant = dt.datetime.fromisoformat(stated)
        if (meant if meant.tzinfo else meant.replace(tzinfo=dt.UTC)) == found:
            return stated
    return found.isoformat()


def _read(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {**found, **{name: _moment(resource.get(name), found[name]) for name in ("StartDate", "EndDate") if name in found}}


def _group_arn(resource: Resource) -> str:
    return resource.arn("scheduler", f"schedule-group/{resource.physical_id}")


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    resource.client("scheduler").tag_resource(ResourceArn=_group_arn(resource), Tags=pairs)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("scheduler").untag_resource(ResourceArn=_group_arn(resource), TagKeys=keys)


ADAPTERS = (
    Adapter(
        type="AWS::Scheduler::Schedule",
        service="scheduler",
        name="Name",
        create=call("create_schedule", everything=True, Name=ID),
        update=call("update_schedule", everything=True, Name=ID),
        delete=call("delete_schedule", Name=ID, GroupName=prop("GroupName")),
        read=joined("scheduler", Read(call("get_schedule", Name=ID, GroupName=prop("GroupName"))), shape=_read),
        attributes={"Arn": "read:Arn"},
        note="The emulator starts nothing on time.",
    ),
    Adapter(
        type="AWS::Scheduler::ScheduleGroup",
        service="scheduler",
        name="Name",
        create=call("create_schedule_group", Name=ID, Tags=tag_list),
        update=tagged(_tag, _untag),
        delete=call("delete_schedule_group", Name=ID),
        read=joined("scheduler", Read(call("get_schedule_group", Name=ID)), tags=call("list_tags_for_resource", ResourceArn=_group_arn)),
        attributes={"Arn": _group_arn, "State": "read:State"},
    ),
)
