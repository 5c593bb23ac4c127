"""AWS Config: recorder, delivery channel, rules, aggregators.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Config.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import in_form_of, joined, steps

if TYPE_CHECKING:
    from collections.abc import Mapping


def _recorder(resource: Resource) -> dict[str, Any]:
    group = dict(resource.get("RecordingGroup") or {"AllSupported": True})
    # https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingStrategy.html: the strategy follows from the other members.
    chosen = "ALL_SUPPORTED_RESOURCE_TYPES" if str(group.get("AllSupported")).lower() == "true" else "INCLUSION_BY_RESOURCE_TYPES"
    group.setdefault("RecordingStrategy", {"UseOnly": chosen})
    return {"name": resource.physical_id, "roleARN": resource.get("RoleARN"), "recordingGroup": group}


def _channel(resource: Resource) -> dict[str, Any]:
    return {**resource.properties, "name": resource.physical_id}


def _record(resource: Resource) -> None:
    """CloudFormation starts the recorder once there is a channel; neither can do without the other."""
    client = resource.client("config")
    for one in client.describe_configuration_recorders()["ConfigurationRecorders"]:
        client.start_configuration_recorder(ConfigurationRecorderName=one["name"])


def _delete_channel(resource: Resource) -> None:
    client = resource.client("config")
    for one in client.describe_configuration_recorders()["ConfigurationRecorders"]:
        client.stop_configuration_recorder(ConfigurationRecorderName=one["name"])
    client.delete_delivery_channel(DeliveryChannelName=resource.physical_id)


def _read_rule(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    parameters = found.get("InputParameters")
    return {**found, "InputParameters": in_form_of(resource.get("InputParameters"), parameters)} if parameters else found


def _rule(resource: Resource) -> dict[str, Any]:
    return {**resource.properties, "ConfigRuleName": resource.physical_id}


_RECORDER = call("put_configuration_recorder", ConfigurationRecorder=_recorder)
_CHANNEL = call("put_delivery_channel", DeliveryChannel=_channel)
_RULE = call("put_config_rule", ConfigRule=_rule)
_AGGREGATOR = call("put_configuration_aggregator", everything=True, ConfigurationAggregatorName=ID, Tags=tag_list)
_AUTHORIZED: dict[str, Any] = {"AuthorizedAccountId": prop("AuthorizedAccountId"), "AuthorizedAwsRegion": prop("AuthorizedAwsRegion")}


def _authorization(resource: Resource) -> Mapping[str, Any] | None:
    wanted = {"AuthorizedAccountId": str(resource.get("AuthorizedAccountId")), "AuthorizedAwsRegion": resource.get("AuthorizedAwsRegion")}
    each = resource.client("config").describe_aggregation_authorizations()["AggregationAuthorizations"]
    return next((one for one in each if all(one[name] == value for name, value in wanted.items())), None)


def _aggregator_arn(resource: Resource) -> str:
    found = resource.client("config").describe_configuration_aggregators(ConfigurationAggregatorNames=[resource.physical_id])
    return str(found["ConfigurationAggregators"][0]["ConfigurationAggregatorArn"])


def _one(resource: Resource) -> list[str]:
    return [resource.physical_id]


ADAPTERS = (
    Adapter(
        type="AWS::Config::ConfigurationRecorder",
        service="config",
        name="Name",
        create=_RECORDER,
        update=_RECORDER,
        delete=call("delete_configuration_recorder", ConfigurationRecorderName=ID),
        read=Read(call("describe_configuration_recorders", ConfigurationRecorderNames=_one), at="ConfigurationRecorders"),
        note="The emulator records nothing, and keeps no RecordingMode.",
    ),
    Adapter(
        type="AWS::Config::DeliveryChannel",
        service="config",
        name="Name",
        create=steps("config", _CHANNEL, _record),
        update=_CHANNEL,
        delete=_delete_channel,
        read=Read(call("describe_delivery_channels", DeliveryChannelNames=_one), at="DeliveryChannels"),
        note="The emulator delivers nothing.",
    ),
    Adapter(
        type="AWS::Config::ConfigRule",
        service="config",
        name="ConfigRuleName",
        create=call("put_config_rule", ConfigRule=_rule),
        update=_RULE,
        delete=call("delete_config_rule", ConfigRuleName=ID),
        read=joined("config", Read(call("describe_config_rules", ConfigRuleNames=_one), at="ConfigRules"), shape=_read_rule),
        attributes={"Arn": "read:ConfigRuleArn", "ConfigRuleId": "read:ConfigRuleId", "Compliance.Type": lambda _: "INSUFFICIENT_DATA"},
        note="The emulator evaluates no rule, and knows the managed rules of its own list only.",
    ),
    Adapter(
        type="AWS::Config::ConfigurationAggregator",
        service="config",
        name="ConfigurationAggregatorName",
        create=_AGGREGATOR,
        update=_AGGREGATOR,
        delete=call("delete_configuration_aggregator", ConfigurationAggregatorName=ID),
        read=joined(
            "config",
            Read(call("describe_configuration_aggregators", ConfigurationAggregatorNames=_one), at="ConfigurationAggregators"),
            tags=call("list_tags_for_resource", ResourceArn=_aggregator_arn),
        ),
        attributes={"ConfigurationAggregatorArn": "read:ConfigurationAggregatorArn"},
    ),
    Adapter(
        type="AWS::Config::AggregationAuthorization",
        service="config",
        identifier=lambda resource: resource.arn(
            "config", f"aggregation-authorization/{resource.get('AuthorizedAccountId')}/{resource.get('AuthorizedAwsRegion')}"
        ),
        create=call("put_aggregation_authorization", **_AUTHORIZED, Tags=tag_list),
        delete=call("delete_aggregation_authorization", **_AUTHORIZED),
        read=_authorization,
        attributes={"AggregationAuthorizationArn": "{id}"},
    ),
)
