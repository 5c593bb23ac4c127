"""CloudWatch Logs: saved queries, policies that mask data, keys that are given later, classes of groups, filters that are changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import unix_time_millis
from moto.logs import metric_filters, models, responses
from moto.logs.exceptions import ResourceNotFoundException
from moto.moto_api._internal import mock_random

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable


def install() -> None:
    """Mends CloudWatch Logs in this process."""
    response: Any = responses.LogsResponse
    # The emulator has no saved queries.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
    wrap(models.LogsBackend, "__init__", _backend)
    response.put_query_definition, response.describe_query_definitions = _put_query, _describe_queries
    response.delete_query_definition = _delete_query
    # The emulator has no data protection.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
    response.put_data_protection_policy, response.get_data_protection_policy = _put_protection, _get_protection
    response.delete_data_protection_policy = _delete_protection
    # The emulator takes a key with a new group only.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
    response.associate_kms_key, response.disassociate_kms_key = _associate, _disassociate
    # The emulator drops the class of a group, and whether it is protected from deletion.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    group: Any = models.LogGroup
    group.log_group_class, group.deletion_protection = "STANDARD", False
    wrap(response, "create_log_group", _create_group)
    wrap(group, "to_describe_dict", _described)
    # The emulator appends a changed metric filter as a second one of the same name, and deletes no second one.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    wrap(metric_filters.MetricFilters, "add_filter", _add_filter)
    # The emulator refuses to change one of two subscription filters.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
    wrap(group, "put_subscription_filter", _put_subscription)


def _backend(original: Callable[..., Any], backend: Any, *given: Any, **named: Any) -> None:
    original(backend, *given, **named)
    backend.query_definitions = {}


def _given(response: Any) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(response.body)
    return given


_QUERY_MEMBERS: Final = ("name", "queryString", "logGroupNames", "queryLanguage", "parameters")


def _put_query(response: Any) -> str:
    given, known = _given(response), response.logs_backend.query_definitions
    identity = given.get("queryDefinitionId")
    if identity is not None and identity not in known:
        raise ResourceNotFoundException(msg=f"Query definition {identity} does not exist.")
    identity = identity or str(mock_random.uuid4())
    stated: dict[str, Any] = {str(name): given[name] for name in _QUERY_MEMBERS if name in given}
    told: dict[str, Any] = {"queryLanguage": "CWLI", **stated, "queryDefinitionId": identity, "lastModified": int(unix_time_millis())}
    known[identity] = told
    return json.dumps({"queryDefinitionId": identity})


def _describe_queries(response: Any) -> str:
    prefix = _given(response).get("queryDefinitionNamePrefix", "")
    known = response.logs_backend.query_definitions.values()
    return json.dumps({"queryDefinitions": [one for one in known if one["name"].startswith(prefix)]})


def _delete_query(response: Any) -> str:
    identity = _given(response)["queryDefinitionId"]
    if response.logs_backend.query_definitions.pop(identity, None) is None:
        raise ResourceNotFoundException(msg=f"Query definition {identity} does not exist.")
    return json.dumps({"success": True})


def _group(response: Any, name: str) -> Any:
    """The group that a request names by its name or its ARN."""
    name = name.rpartition(":log-group:")[2].removesuffix(":*")
    found = response.logs_backend.groups.get(name)
    if found is None:
        raise ResourceNotFoundException
    return found


def _told_protection(name: str, group: Any) -> str:
    policy = getattr(group, "data_protection_policy", None)
    told: dict[str, Any] = {} if policy is None else {"policyDocument": policy, "lastUpdatedTime": group.data_protection_time}
    return json.dumps({"logGroupIdentifier": name, **told})


def _put_protection(response: Any) -> str:
    given = _given(response)
    group = _group(response, given["logGroupIdentifier"])
    group.data_protection_policy, group.data_protection_time = given["policyDocument"], int(unix_time_millis())
    return _told_protection(given["logGroupIdentifier"], group)


def _get_protection(response: Any) -> str:
    name = _given(response)["logGroupIdentifier"]
    return _told_protection(name, _group(response, name))


def _delete_protection(response: Any) -> str:
    _group(response, _given(response)["logGroupIdentifier"]).data_protection_policy = None
    return "{}"


def _associate(response: Any) -> str:
    given = _given(response)
    _group(response, given.get("logGroupName") or given["resourceIdentifier"]).kms_key_id = given["kmsKeyId"]
    return "{}"


def _disassociate(response: Any) -> str:
    given = _given(response)
    _group(response, given.get("logGroupName") or given["resourceIdentifier"]).kms_key_id = None
    return "{}"


def _create_group(original: Callable[..., Any], response: Any) -> Any:
    answer, given = original(response), _given(response)
    group = _group(response, given["logGroupName"])
    group.log_group_class = given.get("logGroupClass") or "STANDARD"
    group.deletion_protection = bool(given.get("deletionProtectionEnabled"))
    return answer


def _described(original: Callable[..., Any], group: Any) -> dict[str, Any]:
    told = {**original(group), "logGroupClass": group.log_group_class, "deletionProtectionEnabled": group.deletion_protection}
    return {**told, "dataProtectionStatus": "ACTIVATED"} if getattr(group, "data_protection_policy", None) else told


def _add_filter(original: Callable[..., Any], filters: Any, name: str, pattern: str, group: str, transformations: Any) -> None:
    same = (name, group)
    filters.metric_filters = [one for one in filters.metric_filters if (one["filterName"], one["logGroupName"]) != same]
    original(filters, name, pattern, group, transformations)


def _put_subscription(original: Callable[..., Any], group: Any, filter_name: str, *given: Any, **named: Any) -> None:
    existing = group.subscription_filters.get(filter_name)
    if existing is None:
        original(group, filter_name, *given, **named)
    else:
        existing.update(*given, **named)
