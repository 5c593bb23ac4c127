"""The storage stack of one lake account: zones, query results, the audit trail's bucket, what pipelines remember. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, aws_iam as iam

from constructs_lib.baseline import AuditStorage
from constructs_lib.core import protect_stack
from constructs_lib.pipeline import PipelineState
from constructs_lib.query import ResultsBucket
from constructs_lib.storage import AccessLogBucket, LakeStorage
from lakemodel.config.model import Singleton

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.contracts.model import ContractSet

RESULTS_KEY_ALIAS = "alias/governed-lake-results"
"""What permission sets, which are made in another account, know an account's key for results by."""


class StorageStack(Stack):
    """Everything in a lake account that holds data, and the keys it is encrypted with."""

    def __init__(
        self, scope: Construct, construct_id: str, *, contracts: ContractSet, audit_trail: Singleton, break_glass_role: str, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        break_glass = iam.Role.from_role_name(self, "BreakGlass", break_glass_role)
        self.zones = LakeStorage(self, "Zones", contracts=contracts)
        self.results = ResultsBucket(
            self, "Results", access_logs=self.zones.access_logs, break_glass=[break_glass], key_alias=RESULTS_KEY_ALIAS
        )
        self.pipeline_state = PipelineState(self, "PipelineState")
        self.audit = AuditStorage(self, "Audit", access_logs=self.zones.access_logs) if audit_trail is Singleton.CREATE else None


class ConsumerStorageStack(Stack):
    """Everything in a consumer account that holds data: query results and the audit trail's bucket."""

    def __init__(self, scope: Construct, construct_id: str, *, audit_trail: Singleton, break_glass_role: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        break_glass = iam.Role.from_role_name(self, "BreakGlass", break_glass_role)
        self.access_logs = AccessLogBucket(self, "AccessLogs")
        self.results = ResultsBucket(self, "Results", access_logs=self.access_logs, break_glass=[break_glass], key_alias=RESULTS_KEY_ALIAS)
        self.audit = AuditStorage(self, "Audit", access_logs=self.access_logs) if audit_trail is Singleton.CREATE else None
