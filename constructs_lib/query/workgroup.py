"""An Athena workgroup whose settings nobody can override and whose results only its members can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Size, Stack, Token, aws_athena as athena, aws_cloudwatch as cloudwatch, aws_iam as iam
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse
from constructs_lib.query.members import checked_patterns, role_arn
from constructs_lib.query.named_query import NamedQuery
from constructs_lib.query.permissions import REASONS, member_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.query.results import QueryResults

DEFAULT_SCAN_LIMIT_GIB = 100
ENGINE_VERSION = 3

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
_SMALLEST_SCAN_LIMIT = 10_000_000  # bytes; Athena refuses less


class WorkgroupGrants:
    """What can be granted on a workgroup, one of this App or an imported one."""

    def __init__(self, workgroup: Workgroup) -> None:
        self._workgroup = workgroup

    @classmethod
    def from_workgroup(cls, workgroup: Workgroup) -> WorkgroupGrants:
        """The grants of `workgroup`; the same as `workgroup.grants`."""
        return cls(workgroup)

    def query(self, role: iam.IRole) -> None:
        """Makes `role` a member: it may query in the workgroup and reach the workgroup's results.

        Which data it sees is not granted here but by Lake Formation.

        Args:
            role: A role of the workgroup's account.

        Raises:
            DataLakeError: `member_of_another_account`.
        """
        self._workgroup.admit(role)


class Workgroup(Construct):
    """What workgroups of this App and imported ones have in common; create a `QueryWorkgroup`.

    Attributes:
        workgroup_name: Its name, unique in account and Region.
        results: Where results go.
        results_prefix: Below which prefix they go; ends with a slash.
        member_policy: The managed policy that every member has. For a permission set, reference it by its name.
        grants: Grants on the workgroup.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        results: QueryResults,
        results_prefix: str | None = None,
        member_patterns: Sequence[str] = (),
        member_policy_name: str | None = None,
        catalog_accounts: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        if not Token.is_unresolved(name) and not _NAME.match(name):
            msg = f"got workgroup name {name!r}; allowed are 1 to 128 letters, digits, dots, underscores and hyphens"
            raise misuse(self, msg, code="workgroup_name")
        self.workgroup_name = name
        self.results = results
        self.results_prefix = f"{name}/" if results_prefix is None else results_prefix
        self._members: set[str] = set(checked_patterns(self, member_patterns))
        self.member_policy = iam.ManagedPolicy(
            self,
            "MemberPolicy",
            managed_policy_name=member_policy_name,
            description=f"Query in the Athena workgroup {name}",
            statements=member_statements(
                self, workgroup=name, results=results, prefix=self.results_prefix, catalog_accounts=catalog_accounts
            ),
        )
        acknowledge_wildcards(self.member_policy, REASONS)
        self.grants = WorkgroupGrants.from_workgroup(self)

    def admit(self, role: iam.IRole) -> None:
        """Makes `role` a member; `grants.query` is its public name."""
        self._members.add(role_arn(self, role))
        self.member_policy.attach_to_role(role)
        self._restrict()

    def _restrict(self) -> None:
        self.results.restrict(self.results_prefix, sorted(self._members))

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:
        """A metric of the workgroup, over five minutes and summed unless told otherwise.

        Args:
            metric_name: As Athena names it, such as `QueryQueueTime` (milliseconds).
            options: What `cloudwatch.Metric` takes.

        See https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html
        """
        dimensions = {"WorkGroup": self.workgroup_name, **options.pop("dimensions_map", {})}
        defaults: dict[str, Any] = {"statistic": "Sum", "period": Duration.minutes(5)}
        return cloudwatch.Metric(namespace="AWS/Athena", metric_name=metric_name, dimensions_map=dimensions, **{**defaults, **options})

    def metric_processed_bytes(self, **options: Any) -> cloudwatch.Metric:
        """Bytes that queries scanned."""
        return self.metric("ProcessedBytes", **options)

    def metric_execution_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds that queries took from submission to end; the 95th percentile unless told otherwise."""
        return self.metric("TotalExecutionTime", **{"statistic": "p95", **options})

    def metric_failed_queries(self, **options: Any) -> cloudwatch.Metric:
        """How many queries (DML) failed, those that hit the scan limit among them."""
        dimensions = {"QueryState": "FAILED", "QueryType": "DML"}
        return self.metric("TotalExecutionTime", **{"statistic": "SampleCount", "dimensions_map": dimensions, **options})


class QueryWorkgroup(Workgroup):
    """An Athena workgroup with enforced settings: encrypted results below one prefix, a scan limit, a stated engine version, metrics.

    Reuse of results is no setting of a workgroup: neither Athena's API nor CloudFormation knows one. A query asks for it
    (`ResultReuseConfiguration` of StartQueryExecution), and Athena engine version 3, which is chosen here, honours it. Athena does
    not reuse results of tables with row or column filters of Lake Formation.

    Args:
        name: Unique in account and Region. Changing it replaces the workgroup; its query history goes with the old one.
        results: Where results go, below `<name>/`.
        members: Roles of this account that may query.
        member_patterns: ARN patterns of roles that cannot be referenced; see `permission_set_pattern`. Attach `member_policy` to them.
        member_policy_name: Name of the members' policy, for permission sets that refer to it by name; generated when left out.
        scan_limit: What one query may scan before it is cancelled; 100 GiB when left out, at least 10 MB.
        result_expiry: After how long results expire; what `results` says when left out.
        catalog_accounts: Other accounts whose catalogs are seen through resource links; none when left out.
        description: What the workgroup is for.

    Raises:
        DataLakeError: `workgroup_name`, `workgroup_scan_limit`, `member_pattern`, `member_of_another_account`, `results_expiry`.

    See https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        results: QueryResults,
        members: Sequence[iam.IRole] = (),
        member_patterns: Sequence[str] = (),
        member_policy_name: str | None = None,
        scan_limit: Size | None = None,
        result_expiry: Duration | None = None,
        catalog_accounts: Sequence[str] = (),
        description: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            name=name,
            results=results,
            member_patterns=member_patterns,
            member_policy_name=member_policy_name,
            catalog_accounts=catalog_accounts,
        )
        scan_limit = Size.gibibytes(DEFAULT_SCAN_LIMIT_GIB) if scan_limit is None else scan_limit
        if scan_limit.to_bytes() < _SMALLEST_SCAN_LIMIT:
            msg = f"got a scan limit of {scan_limit.to_bytes():.0f} bytes; Athena allows no less than {_SMALLEST_SCAN_LIMIT}"
            raise misuse(self, msg, code="workgroup_scan_limit")
        self.scan_limit = scan_limit
        self.workgroup = athena.CfnWorkGroup(
            self,
            "Resource",
            name=name,
            description=description,
            recursive_delete_option=False,  # a workgroup that holds queries is not deleted with its stack
            state="ENABLED",
            work_group_configuration=self._configuration(scan_limit),
        )
        if result_expiry is not None:
            results.expire(self.results_prefix, result_expiry)
        for member in members:
            self.admit(member)
        self._restrict()

    def _configuration(self, scan_limit: Size) -> athena.CfnWorkGroup.WorkGroupConfigurationProperty:
        return athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            bytes_scanned_cutoff_per_query=scan_limit.to_bytes(),
            publish_cloud_watch_metrics_enabled=True,
            requester_pays_enabled=False,
            engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version=f"Athena engine version {ENGINE_VERSION}"),
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=self.results.bucket.s3_url_for_object(self.results_prefix),
                expected_bucket_owner=Stack.of(self).account,
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_KMS", kms_key=self.results.key.key_arn
                ),
            ),
        )

    @classmethod
    def from_workgroup_name(
        cls, scope: Construct, construct_id: str, *, name: str, results: QueryResults, results_prefix: str | None = None
    ) -> Workgroup:
        """A workgroup that exists already, with grants and metrics; its settings remain its owner's work.

        Args:
            scope: Where the members' policy is made.
            construct_id: Id below it.
            name: Its name.
            results: Where its results go.
            results_prefix: Below which prefix; `<name>/` when left out.
        """
        return Workgroup(scope, construct_id, name=name, results=results, results_prefix=results_prefix)

    def add_named_query(
        self, construct_id: str, *, database: str, query: str, name: str | None = None, description: str = ""
    ) -> NamedQuery:
        """Adds a saved query that members see; see `NamedQuery`."""
        saved = NamedQuery(
            self, construct_id, workgroup_name=self.workgroup_name, database=database, query=query, name=name, description=description
        )
        saved.node.add_dependency(self.workgroup)
        return saved
