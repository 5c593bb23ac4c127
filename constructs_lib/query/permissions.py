"""What a member of a workgroup may do: query in this workgroup, see metadata, reach its own results; data comes through Lake Formation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from constructs_lib.query.results import QueryResults

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


def member_statements(
    scope: Construct, *, workgroup: str, results: QueryResults, prefix: str, catalog_accounts: Sequence[str]
) -> list[iam.PolicyStatement]:
    """The statements of a member's policy; those with wildcards are named in `REASONS`."""
    stack = Stack.of(scope)
    catalogs = sorted({stack.account, *catalog_accounts})

    def glue(resource: str, name: str | None = None) -> list[str]:
        style = ArnFormat.NO_RESOURCE_NAME if name is None else ArnFormat.SLASH_RESOURCE_NAME
        return [stack.format_arn(service="glue", account=a, resource=resource, resource_name=name, arn_format=style) for a in catalogs]

    return [
        iam.PolicyStatement(
            sid="Workgroup",
            actions=list(_QUERY),
            resources=[stack.format_arn(service="athena", resource="workgroup", resource_name=workgroup)],
        ),
        iam.PolicyStatement(
            sid="DataCatalog",
            actions=list(_CATALOG),
            resources=[stack.format_arn(service="athena", resource="datacatalog", resource_name="AwsDataCatalog")],
        ),
        iam.PolicyStatement(
            sid="WorkgroupNames",
            actions=["athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups"],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="Metadata",
            actions=list(_METADATA),
            resources=[*glue("catalog"), *glue("database", "*"), *glue("table", "*")],
        ),
        iam.PolicyStatement(sid="GovernedData", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        *_result_statements(stack, results, prefix),
    ]


def _result_statements(stack: Stack, results: QueryResults, prefix: str) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="Results",
            actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            resources=[results.bucket.arn_for_objects(f"{prefix}*")],
        ),
        iam.PolicyStatement(
            sid="ResultsBucket", actions=["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], resources=[results.bucket.bucket_arn]
        ),
        iam.PolicyStatement(
            sid="ResultsListing",
            actions=["s3:ListBucket"],
            resources=[results.bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [prefix, f"{prefix}*"]}},
        ),
        iam.PolicyStatement(
            sid="ResultsKey",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[results.key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"}},
        ),
    ]
