"""Athena: workgroups, named queries, prepared statements, data catalogs, reserved capacity.

What `Ref` and `Fn::GetAtt` give is on each type's page below
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Athena.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, at, call, prop, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMOVABLE: Final = ("BytesScannedCutoffPerQuery", "CustomerContentEncryptionConfiguration")
_PARTS: Final = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")
_ABSENT: Final = ("InvalidRequestException",)


def _create_work_group(resource: Resource) -> None:
    """A workgroup is made enabled; CloudFormation disables it afterwards."""
    configuration = prop("WorkGroupConfiguration")
    call("create_work_group", everything=True, Name=ID, Configuration=configuration, Tags=tag_list).run(resource, "athena")
    if resource.get("State", "ENABLED") != "ENABLED":
        call("update_work_group", WorkGroup=ID, State=prop("State")).run(resource, "athena")


def _updates(resource: Resource) -> dict[str, Any]:
    """The configuration as a change of what is there: what is no longer stated is taken away."""
    new: Mapping[str, Any] = resource.get("WorkGroupConfiguration", {})
    result = new.get("ResultConfiguration", {})
    removed = {f"Remove{name}": True for name in _REMOVABLE if name not in new}
    parts = {f"Remove{name}": True for name in _PARTS if name not in result}
    return {**new, **removed, "ResultConfigurationUpdates": {**result, **parts}}


def _change_work_group(resource: Resource) -> None:
    asked = {"Description": resource.get("Description", ""), "State": resource.get("State", "ENABLED"), "ConfigurationUpdates": _updates}
    call("update_work_group", WorkGroup=ID, **asked).run(resource, "athena")
    client, arn = resource.client("athena"), resource.arn("athena", f"workgroup/{resource.physical_id}")
    old, new = (at(properties, "Tags") or [] for properties in (resource.old_properties, resource.properties))
    if gone := [tag["Key"] for tag in old if tag["Key"] not in {one["Key"] for one in new}]:
        client.untag_resource(ResourceARN=arn, TagKeys=gone)
    if tags := tag_list(resource):
        client.tag_resource(ResourceARN=arn, Tags=tags)


def _read_work_group(resource: Resource) -> Mapping[str, Any] | None:
    words = {"WorkGroupConfiguration": "Configuration"}
    found = Read(call("get_work_group", WorkGroup=ID), at="WorkGroup", words=words, absent=_ABSENT).run(resource, "athena")
    return None if found is None else {**found, **_tags(resource, "workgroup")}


def _tags(resource: Resource, kind: str) -> dict[str, Any]:
    """The stated tags, as far as they are there."""
    stated = resource.get("Tags")
    if not stated:
        return {}
    arn = resource.arn("athena", f"{kind}/{resource.get('Name', resource.physical_id)}")
    answer = resource.client("athena").list_tags_for_resource(ResourceARN=arn)["Tags"]
    found = {tag["Key"]: tag["Value"] for tag in answer}
    return {"Tags": [{"Key": tag["Key"], "Value": found[tag["Key"]]} for tag in stated if tag["Key"] in found]}


def _read_catalog(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_data_catalog", Name=ID), at="DataCatalog", absent=_ABSENT).run(resource, "athena")
    return None if found is None else {**found, **_tags(resource, "datacatalog")}


def _delete_reservation(resource: Resource) -> None:
    for operation in ("cancel_capacity_reservation", "delete_capacity_reservation"):
        call(operation, Name=prop("Name")).run(resource, "athena")


def _query_name(resource: Resource) -> str:
    """The name is optional in a template, and not in the API."""
    return str(resource.get("Name") or resource.generated_name())


ADAPTERS = (
    Adapter(
        type="AWS::Athena::WorkGroup",
        service="athena",
        name="Name",
        longest_name=128,
        create=_create_work_group,
        update=_change_work_group,
        delete=call("delete_work_group", WorkGroup=ID, RecursiveDeleteOption=True),
        read=_read_work_group,
        attributes={
            "CreationTime": "read:CreationTime",
            "WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion": "read:Configuration.EngineVersion.EffectiveEngineVersion",
        },
        unread=("RecursiveDeleteOption",),
        note="queries end as SUCCEEDED without reading anything; limits and encryption are kept and not applied",
    ),
    Adapter(
        type="AWS::Athena::NamedQuery",
        service="athena",
        create=call("create_named_query", everything=True, Name=_query_name, returns="NamedQueryId"),
        delete=call("delete_named_query", NamedQueryId=ID),
        read=Read(call("get_named_query", NamedQueryId=ID), at="NamedQuery", absent=_ABSENT),
        attributes={"NamedQueryId": "{id}"},
    ),
    Adapter(
        type="AWS::Athena::PreparedStatement",
        service="athena",
        identifier="{StatementName}|{WorkGroup}",
        create=call("create_prepared_statement", everything=True),
        update=call("update_prepared_statement", everything=True),
        delete=call("delete_prepared_statement", everything=True),
        read=Read(call("get_prepared_statement", everything=True), at="PreparedStatement", words={"WorkGroup": "WorkGroupName"}),
    ),
    Adapter(
        type="AWS::Athena::DataCatalog",
        service="athena",
        name="Name",
        create=call("create_data_catalog", everything=True, Tags=tag_list),
        update=call("update_data_catalog", everything=True),
        delete=call("delete_data_catalog", Name=ID),
        read=_read_catalog,
        note="kept; nothing is read through it; its Error and Status are not kept",
    ),
    Adapter(
        type="AWS::Athena::CapacityReservation",
        service="athena",
        identifier=lambda resource: resource.arn("athena", f"capacity-reservation/{resource.get('Name')}"),
        create=call("create_capacity_reservation", everything=True, Tags=lambda resource: tag_list(resource) or []),
        update=call("update_capacity_reservation", everything=True),
        delete=_delete_reservation,
        read=Read(call("get_capacity_reservation", Name=prop("Name")), at="CapacityReservation", absent=_ABSENT),
        attributes={"Arn": "{id}", "AllocatedDpus": "read:AllocatedDpus", "Status": "read:Status", "CreationTime": "read:CreationTime"},
        note="moto keeps name, size and tags, and does not know CapacityAssignmentConfiguration, nor status and allocated capacity",
    ),
)
