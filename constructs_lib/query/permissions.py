"""What a member of a workgroup may do: query in this workgroup, see metadata, reach its own results; data comes through Lake Formation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_cdk import ArnFormat, Stack, aws_iam as iam

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.query.results import QueryResults

Conditions = Mapping[str, Mapping[str, Any]]

REASONS = {
    "WorkgroupNames": "these actions list names and take no resource; Athena knows none to give them",
    "Metadata": "which databases and tables are seen is decided by Lake Formation, so that a new table needs no change of an IAM policy",
    "GovernedData": "lakeformation:GetDataAccess takes no resource; Lake Formation's grants decide what it gives credentials for",
    "Results": "every result of this workgroup and nothing else stands below its prefix",
}
"""Why the wildcards of each statement are right, by its Sid."""

_QUERY = (
    "athena:BatchGetNamedQuery",
    "athena:BatchGetPreparedStatement",
    "athena:BatchGetQueryExecution",
    "athena:GetNamedQuery",
    "athena:GetPreparedStatement",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetQueryRuntimeStatistics",
    "athena:GetWorkGroup",
    "athena:ListNamedQueries",
    "athena:ListPreparedStatements",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_CATALOG = (
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:GetTableMetadata",
    "athena:ListDatabases",
    "athena:ListTableMetadata",
)
_METADATA = (
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What a member's statements are about: ARNs, of one account or of several that the same people work in.

    Attributes:
        workgroups: The workgroups.
        data_catalogs: Athena's names for the accounts' own catalogs.
        metadata: Catalogs, databases and tables that may be seen.
        buckets: Buckets of results, or patterns of them.
        prefix: Below which prefix the workgroup's results stand; ends with a slash.
        keys: Keys of the results, or patterns of them.
        endpoints: S3's endpoints, through which alone the keys may be used.
        bucket_conditions: What else has to hold for a bucket; nothing when left out.
        key_conditions: What else has to hold for a key; nothing when left out.
    """

    workgroups: Sequence[str]
    data_catalogs: Sequence[str]
    metadata: Sequence[str]
    buckets: Sequence[str]
    prefix: str
    keys: Sequence[str]
    endpoints: Sequence[str]
    bucket_conditions: Conditions = field(default_factory=dict)
    key_conditions: Conditions = field(default_factory=dict)

    def statements(self) -> list[iam.PolicyStatement]:
        """The statements; those with wildcards are named in `REASONS`."""
        return [
            iam.PolicyStatement(sid="Workgroup", actions=list(_QUERY), resources=list(self.workgroups)),
            iam.PolicyStatement(sid="DataCatalog", actions=list(_CATALOG), resources=list(self.data_catalogs)),
            iam.PolicyStatement(
                sid="WorkgroupNames",
                actions=["athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups"],
                resources=["*"],
            ),
            iam.PolicyStatement(sid="Metadata", actions=list(_METADATA), resources=list(self.metadata)),
            iam.PolicyStatement(sid="GovernedData", actions=["lakeformation:GetDataAccess"], resources=["*"]),
            *self._result_statements(),
        ]

    def _result_statements(self) -> list[iam.PolicyStatement]:
        prefixes = {"StringLike": {"s3:prefix": [self.prefix, f"{self.prefix}*"]}}
        through_s3 = {"StringEquals": {"kms:ViaService": _one_or_all(self.endpoints)}}
        return [
            iam.PolicyStatement(
                sid="Results",
                actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
                resources=[f"{bucket}/{self.prefix}*" for bucket in self.buckets],
                conditions=self.bucket_conditions,
            ),
            iam.PolicyStatement(
                sid="ResultsBucket",
                actions=["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
                resources=list(self.buckets),
                conditions=self.bucket_conditions,
            ),
            iam.PolicyStatement(
                sid="ResultsListing",
                actions=["s3:ListBucket"],
                resources=list(self.buckets),
                conditions=_both(prefixes, self.bucket_conditions),
            ),
            iam.PolicyStatement(
                sid="ResultsKey",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=list(self.keys),
                conditions=_both(through_s3, self.key_conditions),
            ),
        ]


def member_statements(
    scope: Construct, *, workgroup: str, results: QueryResults, prefix: str, catalog_accounts: Sequence[str]
) -> list[iam.PolicyStatement]:
    """The statements of a member's policy; those with wildcards are named in `REASONS`."""
    stack = Stack.of(scope)
    return Reach(
        workgroups=[stack.format_arn(service="athena", resource="workgroup", resource_name=workgroup)],
        data_catalogs=[stack.format_arn(service="athena", resource="datacatalog", resource_name="AwsDataCatalog")],
        metadata=metadata_arns(stack, sorted({stack.account, *catalog_accounts})),
        buckets=[results.bucket.bucket_arn],
        prefix=prefix,
        keys=[results.key.key_arn],
        endpoints=[f"s3.{stack.region}.{stack.url_suffix}"],
    ).statements()


def metadata_arns(stack: Stack, accounts: Sequence[str], *, region: str | None = None) -> list[str]:
    """The catalogs of `accounts`, then their databases, then their tables; in the stack's Region when none is named."""

    def glue(resource: str, name: str | None = None) -> list[str]:
        style = ArnFormat.NO_RESOURCE_NAME if name is None else ArnFormat.SLASH_RESOURCE_NAME
        return [
            stack.format_arn(service="glue", region=region, account=each, resource=resource, resource_name=name, arn_format=style)
            for each in accounts
        ]

    return [*glue("catalog"), *glue("database", "*"), *glue("table", "*")]


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _both(one: Conditions, other: Conditions) -> dict[str, dict[str, Any]]:
    """Both conditions, where they use the same operator too."""
    return {
        operator: {**one.get(operator, {}), **other.get(operator, {})} for operator in (*one, *(each for each in other if each not in one))
    }
