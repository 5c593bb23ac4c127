"""Athena's."""

from typing import Any

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation
from tests.lakecheck.rules.mutations.pipeline import reworded


def _workgroup(path: str, value: Any, **more: Any) -> Mutation:
    return Mutation(stack="MainQuery", type="AWS::Athena::WorkGroup", path=path, value=value, **more)


_CONFIGURATION = "WorkGroupConfiguration"
_OUTPUT = f"{_CONFIGURATION}.ResultConfiguration.OutputLocation"

MUTATIONS = {
    "query.not_enforced": _workgroup(f"{_CONFIGURATION}.EnforceWorkGroupConfiguration", value=False),
    "query.no_scan_cap": _workgroup(f"{_CONFIGURATION}.BytesScannedCutoffPerQuery", REMOVED),
    "query.results_shared": _workgroup(_OUTPUT, reworded(("/lake-data_engineer/", "/lake-data_steward/"))),
    "query.results_kept": Mutation(
        stack="MainStorage",
        type="AWS::S3::Bucket",
        path="LifecycleConfiguration.Rules.1.ExpirationInDays",
        value=REMOVED,
        where=lambda logical_id, _definition: logical_id.startswith("ResultsBucket"),
    ),
    "query.results_owner": _workgroup(f"{_CONFIGURATION}.ResultConfiguration.ExpectedBucketOwner", REMOVED),
    "query.results_in_lake": _workgroup(
        _OUTPUT,
        reworded(("ExportsOutputRefResultsBucket4DEC9A07EE2E2F18", "ExportsOutputRefZonesCuratedBucket97D68C30C722E8DA")),
        also=("query.results_kept", "encryption.workgroup_key_agrees"),  # the lake's bucket keeps what is in it, under its own key
    ),
    "query.engine_version": _workgroup(f"{_CONFIGURATION}.EngineVersion.SelectedEngineVersion", "Athena engine version 2"),
    "query.recursive_delete": _workgroup("RecursiveDeleteOption", value=True),
    "query.metrics_off": _workgroup(f"{_CONFIGURATION}.PublishCloudWatchMetricsEnabled", value=False),
    "query.named_query_elsewhere": Mutation(stack="MainQuery", type="AWS::Athena::NamedQuery", path="WorkGroup", value="lake-data_analyst"),
}
