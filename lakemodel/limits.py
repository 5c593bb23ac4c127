"""AWS quotas that the lake has to keep: one table with its date, in `limits.json` beside this module; no number of them stands in code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Quota(StrEnum):
    """Which limit; the table says of what, in which unit and where AWS states it."""

    STACK_RESOURCES = "stack_resources"
    STACK_OUTPUTS = "stack_outputs"
    STACK_PARAMETERS = "stack_parameters"
    STACK_MAPPINGS = "stack_mappings"
    TEMPLATE_BYTES = "template_bytes"
    STACK_NAME_CHARACTERS = "stack_name_characters"
    ACCOUNT_STACKS = "account_stacks"
    ACCOUNT_ROLES = "account_roles"
    ACCOUNT_MANAGED_POLICIES = "account_managed_policies"
    EVENT_BUS_RULES = "event_bus_rules"
    ACCOUNT_GLUE_JOBS = "account_glue_jobs"
    CUSTOM_RESOURCE_RESPONSE_BYTES = "custom_resource_response_bytes"
    BUCKET_NAME_CHARACTERS = "bucket_name_characters"
    BUCKET_POLICY_BYTES = "bucket_policy_bytes"
    BUCKET_LIFECYCLE_RULES = "bucket_lifecycle_rules"
    OBJECT_LOCK_DAYS = "object_lock_days"
    KEY_POLICY_BYTES = "key_policy_bytes"
    QUEUE_POLICY_BYTES = "queue_policy_bytes"
    QUEUE_POLICY_STATEMENTS = "queue_policy_statements"
    ROLE_NAME_CHARACTERS = "role_name_characters"
    ROLE_INLINE_POLICY_CHARACTERS = "role_inline_policy_characters"
    ROLE_TRUST_POLICY_CHARACTERS = "role_trust_policy_characters"
    ROLE_MANAGED_POLICIES = "role_managed_policies"
    MANAGED_POLICY_CHARACTERS = "managed_policy_characters"
    PERMISSION_SET_INLINE_POLICY_CHARACTERS = "permission_set_inline_policy_characters"
    GLUE_COMMENT_BYTES = "glue_comment_bytes"
    GLUE_TABLE_METADATA_BYTES = "glue_table_metadata_bytes"
    GLUE_DESCRIPTION_BYTES = "glue_description_bytes"
    LF_TAG_VALUES = "lf_tag_values"
    LF_TAG_VALUES_PER_CALL = "lf_tag_values_per_call"
    LF_TAG_CHARACTERS = "lf_tag_characters"
    LF_TAGS_PER_RESOURCE = "lf_tags_per_resource"
    LF_FILTERS_PER_GRANT = "lf_filters_per_grant"
    LF_FILTERS_PER_PRINCIPAL_AND_TABLE = "lf_filters_per_principal_and_table"
    LF_ROW_EXPRESSION_CHARACTERS = "lf_row_expression_characters"
    LF_NATIVE_EXPRESSION_KEYS = "lf_native_expression_keys"
    SSM_PARAMETER_BYTES = "ssm_parameter_bytes"
    STATE_MACHINE_DEFINITION_BYTES = "state_machine_definition_bytes"
    GLUE_RULESET_CHARACTERS = "glue_ruleset_characters"
    SCHEDULE_WINDOW_MINUTES = "schedule_window_minutes"
    STATE_PAYLOAD_BYTES = "state_payload_bytes"
    TRAIL_SELECTOR_VALUES = "trail_selector_values"
    METRIC_FILTER_CHARACTERS = "metric_filter_characters"
    LOG_GROUP_METRIC_FILTERS = "log_group_metric_filters"
    ALARM_WINDOW_SECONDS = "alarm_window_seconds"
    ALARM_WINDOW_OF_SHORT_PERIODS_SECONDS = "alarm_window_of_short_periods_seconds"
    ALARM_METRICS = "alarm_metrics"
    DASHBOARD_WIDGETS = "dashboard_widgets"
    DASHBOARD_METRICS = "dashboard_metrics"
    DASHBOARD_WIDGET_METRICS = "dashboard_widget_metrics"
    ALARM_WIDGET_ALARMS = "alarm_widget_alarms"
    METRIC_SEARCH_CHARACTERS = "metric_search_characters"
    CONFORMANCE_PACK_BYTES = "conformance_pack_bytes"
    CONFORMANCE_PACK_RULES = "conformance_pack_rules"
    SERVICE_CONTROL_POLICY_CHARACTERS = "service_control_policy_characters"
    SERVICE_CONTROL_POLICIES = "service_control_policies"
    RESOURCE_CONTROL_POLICY_CHARACTERS = "resource_control_policy_characters"
    RESOURCE_CONTROL_POLICIES = "resource_control_policies"
    MANAGEMENT_POLICY_CHARACTERS = "management_policy_characters"
    MANAGEMENT_POLICIES = "management_policies"
    ORGANIZATION_POLICY_NAME_CHARACTERS = "organization_policy_name_characters"
    ORGANIZATION_POLICY_DESCRIPTION_CHARACTERS = "organization_policy_description_characters"


@dataclass(frozen=True, slots=True)
class Limit:
    """One quota.

    Attributes:
        value: At most so many.
        unit: Of what: `resources`, `bytes`.
        of: In one of what: `CloudFormation template`.
        adjustable: Whether AWS raises it on request; the value is the default then.
        source: The AWS page that states it.
        as_of: The day the table was last reviewed, as YYYY-MM-DD.
    """

    value: int
    unit: str
    of: str
    adjustable: bool
    source: str
    as_of: str

    def __str__(self) -> str:
        return f"at most {self.value:,} {self.unit} per {self.of} (as of {self.as_of})"


def limit(quota: Quota) -> Limit:
    """The quota's entry in the table.

    Example:
        >>> limit(Quota.STACK_RESOURCES).value
        500
    """
    return _table()[quota]


@cache
def _table() -> dict[Quota, Limit]:
    content: dict[str, Any] = json.loads((files("lakemodel") / "limits.json").read_text(encoding="utf-8"))
    return {Quota(name): Limit(**entry, as_of=content["as_of"]) for name, entry in content["limits"].items()}
