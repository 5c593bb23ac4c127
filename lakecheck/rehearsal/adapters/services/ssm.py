"""Systems Manager: parameters, documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.asking import ask, gone_tags, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping


def _tag(resource: Resource, kind: str) -> None:
    ssm = resource.client("ssm")
    if gone := gone_tags(resource):
        ssm.remove_tags_from_resource(ResourceType=kind, ResourceId=resource.physical_id, TagKeys=gone)
    if tags := tag_list(resource):
        ssm.add_tags_to_resource(ResourceType=kind, ResourceId=resource.physical_id, Tags=tags)


def _put(resource: Resource, *, overwrite: bool) -> None:
    given = {name: value for name, value in resource.properties.items() if name not in ("Name", "Tags")}
    tell(resource.client("ssm"), "put_parameter", **given, Name=resource.physical_id, Overwrite=overwrite or None)
    _tag(resource, "Parameter")


def _read_parameter(resource: Resource) -> Mapping[str, Any] | None:
    ssm = resource.client("ssm")
    answer = ask(ssm, "get_parameter", Name=resource.physical_id, WithDecryption=True)
    if answer is None:
        return None
    parameter = answer["Parameter"]
    described = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [parameter["Name"]]}])["Parameters"]
    return {**(described[0] if described else {}), **parameter, "Tags": _tags(resource, "Parameter")}


def _tags(resource: Resource, kind: str) -> dict[str, str]:
    """CloudFormation writes a parameter's tags as a mapping."""
    answer = resource.client("ssm").list_tags_for_resource(ResourceType=kind, ResourceId=resource.physical_id)
    return {tag["Key"]: tag["Value"] for tag in answer["TagList"]}


def _change_document(resource: Resource) -> None:
    ssm, old = resource.client("ssm"), resource.old_properties
    if any(resource.get(name) != old.get(name) for name in ("Content", "VersionName", "DocumentFormat", "TargetType", "Attachments")):
        given = {name: resource.get(name) for name in ("Content", "VersionName", "DocumentFormat", "TargetType", "Attachments")}
        answer = tell(ssm, "update_document", Name=resource.physical_id, DocumentVersion="$LATEST", **given)
        version = answer["DocumentDescription"]["DocumentVersion"]
        ssm.update_document_default_version(Name=resource.physical_id, DocumentVersion=version)
    _tag(resource, "Document")


def _read_document(resource: Resource) -> Mapping[str, Any] | None:
    ssm = resource.client("ssm")
    answer = ask(ssm, "get_document", Name=resource.physical_id, absent=("InvalidDocument",))
    if answer is None:
        return None
    described = ssm.describe_document(Name=resource.physical_id)["Document"]
    content = parsed(answer["Content"]) if answer.get("DocumentFormat") == "JSON" else answer["Content"]
    return {**described, **answer, "Content": content}


ADAPTERS = (
    Adapter(
        type="AWS::SSM::Parameter",
        service="ssm",
        name="Name",
        create=lambda resource: _put(resource, overwrite=False),
        update=lambda resource: _put(resource, overwrite=True),
        delete=call("delete_parameter", Name=ID),
        read=_read_parameter,
        attributes={"Type": "read:Type", "Value": "read:Value"},
    ),
    Adapter(
        type="AWS::SSM::Document",
        service="ssm",
        name="Name",
        create=call("create_document", everything=True, Name=ID, Tags=tag_list),
        update=_change_document,
        delete=call("delete_document", Name=ID),
        read=_read_document,
        unread=("Attachments", "UpdateMethod"),
    ),
)
