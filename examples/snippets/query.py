"""The snippets of constructs_lib/query/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, aws_iam as iam

from constructs_lib.query import QueryWorkgroup, ResultsBucket, permission_set_pattern

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_kms as kms, aws_s3 as s3

    from constructs_lib.storage import LakeStorage


def simplest(self: Stack, storage: LakeStorage, analyst_role: iam.IRole) -> None:
    results = ResultsBucket(self, "Results", access_logs=storage.access_logs)
    QueryWorkgroup(self, "Analysts", name="analysts", results=results, members=[analyst_role])


def permission_set(self: Stack, results: ResultsBucket) -> None:
    QueryWorkgroup(
        self,
        "Analysts",
        name="analysts",
        results=results,
        member_patterns=[permission_set_pattern(self, "DataAnalyst")],
        member_policy_name="AnalystQueries",  # the permission set refers to this customer managed policy by name
    )


def grants_metrics_imports(self: Stack, workgroup: QueryWorkgroup, another_role: iam.IRole, bucket: s3.IBucket, key: kms.IKey) -> None:
    workgroup.grants.query(another_role)
    workgroup.metric_processed_bytes(period=Duration.days(1))
    QueryWorkgroup.from_workgroup_name(self, "Theirs", name="theirs", results=ResultsBucket.from_bucket(self, "R", bucket=bucket, key=key))


def escape_hatch(workgroup: QueryWorkgroup, workgroup_arn: str) -> None:
    workgroup.workgroup.add_property_override("WorkGroupConfiguration.EngineVersion.SelectedEngineVersion", "AUTO")
    workgroup.member_policy.add_statements(iam.PolicyStatement(actions=["athena:CreateNamedQuery"], resources=[workgroup_arn]))
