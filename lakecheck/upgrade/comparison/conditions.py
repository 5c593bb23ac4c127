"""When a conditional create-only property replaces its resource, as far as it is known; a small table, each entry with its source.

The schemas say only that a change may replace; for what is not in the table that is all that can be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.model import Replaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Condition = Callable[[Any, Any, Mapping[str, Any]], bool]
    """Whether a change from one value to another replaces, beside HEAD's properties."""


def _always(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001 - a condition like any other
    return True


def _never(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return False


def _unless_left_out(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    """What it was made from no longer matters once it is there."""
    return now not in (None, "", False, "false")


def _unless_first(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return was not in (None, "")


def _zone(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return not (now in (None, "") and beside.get("MultiAZ") in (True, "true"))


_ENGINES: Final = {
    ("aurora", "aurora-mysql"),
    ("oracle-se", "oracle-se2"),
    ("oracle-se1", "oracle-se2"),
    ("oracle-ee", "oracle-ee-cdb"),
    ("oracle-se2", "oracle-se2-cdb"),
}
"""Engines that become another one in place."""


def _engine(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return (str(was).lower(), str(now).lower()) not in _ENGINES


UPDATE_POLICY: Final = "^.UpdatePolicy"
"""Under which the attribute of that name stands beside the properties."""


def _unless_upgraded(was: Any, now: Any, beside: Mapping[str, Any]) -> bool:  # noqa: ARG001
    policy = beside.get(UPDATE_POLICY)
    return not (isinstance(policy, dict) and policy.get("EnableVersionUpgrade") in (True, "true"))


CONDITIONS: Final[dict[str, dict[str, Condition]]] = {
    # https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds, ImmutabilityHelper.java of aws-rds-dbinstance
    "AWS::RDS::DBInstance": {
        "AutoMinorVersionUpgrade": _never,
        "AvailabilityZone": _zone,
        "BackupRetentionPeriod": _never,
        "DBClusterSnapshotIdentifier": _unless_left_out,
        "DBParameterGroupName": _never,
        "DBSnapshotIdentifier": _unless_left_out,
        "Engine": _engine,
        "MultiAZ": _never,
        "PerformanceInsightsKMSKeyId": _unless_first,
        "Port": _never,
        "PreferredMaintenanceWindow": _never,
        "RestoreTime": _unless_left_out,
        "SourceDBClusterIdentifier": _unless_left_out,
        "SourceDBInstanceAutomatedBackupsArn": _unless_left_out,
        "SourceDBInstanceIdentifier": _unless_left_out,
        "SourceDbiResourceId": _unless_left_out,
        "StorageType": _never,
        "UseLatestRestorableTime": _unless_left_out,
    },
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html: a change of the bus replaces
    "AWS::Events::Rule": {"EventBusName": _always},
    # Without EnableVersionUpgrade in UpdatePolicy a new domain is made, and it has no index:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-opensearchservice-domain.html
    "AWS::OpenSearchService::Domain": {"EngineVersion": _unless_upgraded},
    "AWS::Elasticsearch::Domain": {"ElasticsearchVersion": _unless_upgraded},
}
"""By type and property whether a change replaces."""


def conditional(type_name: str, path: str, was: Any, now: Any, beside: Mapping[str, Any]) -> Replaces:
    """Whether a change of a conditional property replaces its resource; PERHAPS where no condition is known.

    Args:
        type_name: The resource's type.
        path: The property.
        was: Its value before.
        now: Its value after.
        beside: HEAD's other properties, and what it has as `UPDATE_POLICY`.

    Example:
        >>> conditional("AWS::RDS::DBInstance", "DBSnapshotIdentifier", "nightly", None, {})
        <Replaces.NO: 'no'>
        >>> conditional("AWS::RDS::DBCluster", "Engine", "aurora-mysql", "aurora-postgresql", {})
        <Replaces.PERHAPS: 'perhaps'>
    """
    found = CONDITIONS.get(type_name, {}).get(path)
    if found is None:
        return Replaces.PERHAPS
    return Replaces.YES if found(was, now, beside) else Replaces.NO
