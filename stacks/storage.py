"""The storage stack of one lake account: zones, query results, the audit trail's bucket, what pipelines remember. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import ArnFormat, Duration, Stack, Tags, aws_iam as iam

from constructs_lib.baseline import AuditStorage, SensitiveDataAccess
from constructs_lib.core import protect_stack
from constructs_lib.pipeline import PipelineState
from constructs_lib.query import ResultsBucket
from constructs_lib.storage import AccessLogBucket, LakeKey, LakeStorage, ObjectLock
from lakemodel.config.model import Singleton, Zone

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.contracts.model import ContractSet

RESULTS_KEY_ALIAS = "alias/governed-lake-results"
"""What permission sets, which are made in another account, know an account's key for results by."""

SENSITIVE_TAG = "governed-lake:discover-sensitive-data"
"""The tag of buckets that Macie looks into, from the security account."""


class StorageStack(Stack):
    """Everything in a lake account that holds data, and the keys it is encrypted with.

    Args:
        contracts: Whose retention becomes lifecycle rules.
        audit_trail: Who owns the account's trail.
        break_glass_role: The role for emergencies.
        raw_lock_days: For how long what arrived cannot be deleted; it can when None.
        sensitive: Whether Macie looks into the zones.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet,
        audit_trail: Singleton,
        break_glass_role: str,
        raw_lock_days: int | None,
        sensitive: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        locks = {} if raw_lock_days is None else {Zone.RAW: ObjectLock(retention=Duration.days(raw_lock_days))}
        break_glass = iam.Role.from_role_name(self, "BreakGlass", break_glass_role)
        self.zones = LakeStorage(self, "Zones", contracts=contracts, object_locks=locks)
        self.results = ResultsBucket(
            self, "Results", access_logs=self.zones.access_logs, break_glass=[break_glass], key_alias=RESULTS_KEY_ALIAS
        )
        self.pipeline_state = PipelineState(self, "PipelineState")
        self.audit = AuditStorage(self, "Audit", access_logs=self.zones.access_logs) if audit_trail is Singleton.CREATE else None
        if sensitive:
            self._let_macie_look()

    def _let_macie_look(self) -> None:
        """Macie chooses buckets by a tag, and opens objects with the zones' keys."""
        log_key = LakeKey(self, "MacieLogKey", description="log of what looks after Macie's role", via_services=("logs",))
        groups = self.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        log_key.allow_log_groups(groups)
        for zone in self.zones.zones.values():
            Tags.of(zone.bucket).add(SENSITIVE_TAG, "true")
        SensitiveDataAccess(self, "Macie", keys=[zone.key for zone in self.zones.zones.values()], log_key=log_key.key)


class ConsumerStorageStack(Stack):
    """Everything in a consumer account that holds data: query results and the audit trail's bucket."""

    def __init__(self, scope: Construct, construct_id: str, *, audit_trail: Singleton, break_glass_role: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        break_glass = iam.Role.from_role_name(self, "BreakGlass", break_glass_role)
        self.access_logs = AccessLogBucket(self, "AccessLogs")
        self.results = ResultsBucket(self, "Results", access_logs=self.access_logs, break_glass=[break_glass], key_alias=RESULTS_KEY_ALIAS)
        self.audit = AuditStorage(self, "Audit", access_logs=self.access_logs) if audit_trail is Singleton.CREATE else None
