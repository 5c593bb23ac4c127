"""CloudWatch Logs: groups, streams, filters, saved queries, policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_map
from lakecheck.rehearsal.adapters.reading import in_form_of, joined, own_tags, steps, tagged, when

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _arn(resource: Resource) -> str:
    return resource.arn("logs", f"log-group:{resource.physical_id}")


def _chosen(operation: str, at: str, **by: str) -> Callable[[Resource], dict[str, Any] | None]:
    """Finds one in what a call lists: a member of each item must be as the property says, or the physical id where it names none."""

    def find(resource: Resource) -> dict[str, Any] | None:
        client = resource.client("logs")
        wanted = {member: resource.get(name, resource.physical_id) for member, name in by.items()}
        pages = client.get_paginator(operation).paginate() if client.can_paginate(operation) else [getattr(client, operation)()]
        items = (item for page in pages for item in page[at])
        return next((item for item in items if all(str(item.get(member)) == str(value) for member, value in wanted.items())), None)

    return find


_GROUP = _chosen("describe_log_groups", "logGroups", logGroupName="LogGroupName")


def _read_group(resource: Resource) -> Mapping[str, Any] | None:
    found = _GROUP(resource)
    if found is None:
        return None
    client = resource.client("logs")
    tags = client.list_tags_for_resource(resourceArn=_arn(resource))["tags"]
    protected = client.get_data_protection_policy(logGroupIdentifier=resource.physical_id) if resource.get("DataProtectionPolicy") else {}
    policy = in_form_of(resource.get("DataProtectionPolicy"), protected.get("policyDocument"))
    return {**found, "Tags": own_tags(resource, tags), **({"DataProtectionPolicy": policy} if policy else {})}


def _key(resource: Resource) -> None:
    client, key = resource.client("logs"), resource.get("KmsKeyId")
    if key == resource.old_properties.get("KmsKeyId"):
        return
    if key:
        client.associate_kms_key(logGroupName=resource.physical_id, kmsKeyId=key)
    else:
        client.disassociate_kms_key(logGroupName=resource.physical_id)


_SETTINGS = (
    when(
        "RetentionInDays",
        call("put_retention_policy", logGroupName=ID, retentionInDays=prop("RetentionInDays")),
        "logs",
        otherwise=call("delete_retention_policy", logGroupName=ID),
    ),
    when(
        "DataProtectionPolicy",
        call("put_data_protection_policy", logGroupIdentifier=ID, policyDocument=prop("DataProtectionPolicy")),
        "logs",
        otherwise=call("delete_data_protection_policy", logGroupIdentifier=ID),
    ),
)

_SUBSCRIPTION = call("put_subscription_filter", everything=True, filterName=ID)
_QUERY = call("put_query_definition", everything=True, returns="queryDefinitionId")


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    found = _chosen("describe_resource_policies", "resourcePolicies", policyName="PolicyName")(resource)
    return found and {**found, "PolicyDocument": in_form_of(resource.get("PolicyDocument"), found["policyDocument"])}


def _read_stream(resource: Resource) -> Mapping[str, Any] | None:
    group = resource.get("LogGroupName")
    client = resource.client("logs")
    try:
        found = client.describe_log_streams(logGroupName=group, logStreamNamePrefix=resource.physical_id)["logStreams"]
    except client.exceptions.ResourceNotFoundException:
        return None
    # The ARN is that of its group, with `log-stream` and its name behind it.
    named = [{**one, "LogGroupName": one["arn"].split(":")[6]} for one in found]
    return next((one for one in named if one["logStreamName"] == resource.physical_id), None)


def _transformed(resource: Resource, found: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Dimensions are a list of pairs in a template and a mapping in the API."""
    del resource
    if found is None:
        return None
    each = [
        {**one, "dimensions": [{"Key": key, "Value": value} for key, value in one.get("dimensions", {}).items()]}
        for one in found["metricTransformations"]
    ]
    return {**found, "MetricTransformations": each}


def _put_filter(resource: Resource) -> None:
    each = [
        {**one, "Dimensions": {pair["Key"]: pair["Value"] for pair in one["Dimensions"]}} if "Dimensions" in one else one
        for one in resource.get("MetricTransformations", [])
    ]
    call("put_metric_filter", everything=True, filterName=ID, metricTransformations=each).run(resource, "logs")


ADAPTERS = (
    Adapter(
        type="AWS::Logs::LogGroup",
        service="logs",
        name="LogGroupName",
        longest_name=512,
        create=steps("logs", call("create_log_group", everything=True, logGroupName=ID, tags=tag_map), *_SETTINGS),
        update=steps(
            "logs",
            *_SETTINGS,
            _key,
            tagged(
                lambda resource, tags: resource.client("logs").tag_resource(resourceArn=_arn(resource), tags=tags),
                lambda resource, keys: resource.client("logs").untag_resource(resourceArn=_arn(resource), tagKeys=keys),
            ),
        ),
        delete=call("delete_log_group", logGroupName=ID),
        read=_read_group,
        # GetAtt gives the ARN of everything in the group, which is what policies need.
        attributes={"Arn": lambda resource: f"{_arn(resource)}:*"},
        note="The emulator masks no data, whatever DataProtectionPolicy says, and keeps no FieldIndexPolicies, ResourcePolicyDocument.",
    ),
    Adapter(
        type="AWS::Logs::LogStream",
        service="logs",
        name="LogStreamName",
        create=call("create_log_stream", everything=True, logStreamName=ID),
        delete=call("delete_log_stream", logGroupName=prop("LogGroupName"), logStreamName=ID),
        read=_read_stream,
    ),
    Adapter(
        type="AWS::Logs::QueryDefinition",
        service="logs",
        create=_QUERY,
        update=call("put_query_definition", everything=True, queryDefinitionId=ID),
        delete=call("delete_query_definition", queryDefinitionId=ID),
        read=_chosen("describe_query_definitions", "queryDefinitions", queryDefinitionId="QueryDefinitionId"),
        attributes={"QueryDefinitionId": "{id}"},
        note="The emulator has no saved queries; the four operations on them are the rehearsal's.",
    ),
    Adapter(
        type="AWS::Logs::MetricFilter",
        service="logs",
        name="FilterName",
        create=_put_filter,
        update=_put_filter,
        delete=call("delete_metric_filter", logGroupName=prop("LogGroupName"), filterName=ID),
        read=lambda resource: _transformed(
            resource,
            _chosen("describe_metric_filters", "metricFilters", filterName="FilterName", logGroupName="LogGroupName")(resource),
        ),
        note="The emulator counts nothing by metric filters.",
    ),
    Adapter(
        type="AWS::Logs::SubscriptionFilter",
        service="logs",
        name="FilterName",
        create=_SUBSCRIPTION,
        update=_SUBSCRIPTION,
        delete=call("delete_subscription_filter", logGroupName=prop("LogGroupName"), filterName=ID),
        read=joined(
            "logs",
            Read(call("describe_subscription_filters", logGroupName=prop("LogGroupName"), filterNamePrefix=ID), at="subscriptionFilters"),
        ),
    ),
    Adapter(
        type="AWS::Logs::ResourcePolicy",
        service="logs",
        name="PolicyName",
        create=call("put_resource_policy", policyName=ID, policyDocument=prop("PolicyDocument")),
        update=call("put_resource_policy", policyName=ID, policyDocument=prop("PolicyDocument")),
        delete=call("delete_resource_policy", policyName=ID),
        read=_read_policy,
    ),
)
