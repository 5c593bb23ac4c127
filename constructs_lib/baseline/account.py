"""The owner of what an account has only one of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, Token, aws_ssm as ssm
from constructs import Construct

from constructs_lib.baseline.audit import AuditStorage, AuditTrail
from constructs_lib.baseline.catalog_encryption import CatalogEncryption
from constructs_lib.baseline.detection import ThreatDetection
from constructs_lib.baseline.recorder import ConfigRecorder
from constructs_lib.core import misuse
from constructs_lib.governance.settings import LakeFormationSettings
from constructs_lib.storage import AccessLogBucket
from lakemodel.config.model import ExistingAdmins, Singleton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy, aws_iam as iam, aws_s3 as s3

    from constructs_lib.baseline.audit import AuditDestination
    from constructs_lib.baseline.recorder import ConfigDestination
    from constructs_lib.storage import BucketHolder

OWNER_PARAMETER = "/governed-lake/account-owner"
"""The SSM parameter whose creation fails when another stack, of this app or another, owns the account already."""

_OWNED = "governed-lake:account-owner"


class LakeAccount(Construct):
    """The singletons of one account in one Region, each created here, adopted as it is, or left to the organisation.

    With `CREATE` the singleton is made and fails to deploy where the account has one already; with `ADOPT` nothing is made and what
    exists keeps its settings; with `ORGANIZATION` nothing is made because the organisation provides it (an organisation trail,
    GuardDuty through its delegated administrator, Config's recorder through Control Tower).

    Everything made here waits for an SSM parameter with a fixed name, so that a second owner in another app fails before it changes
    anything. A second owner in the same app raises at once.

    Args:
        admins: Who administers Lake Formation: roles, or ARNs of principals; merged with those who are there. The settings are always
            ours, because nothing in the lake is governed without them: see `governance.LakeFormationSettings`.
        existing_admins: What becomes of Lake Formation administrators that are there and not declared: they are kept when left out.
            `REPLACE` locks them out until this is removed.
        shares: Whether the account may share its catalog with other accounts; yes when left out. An account that only reads needs none of
            the rights for it.
        audit_trail: CREATE when left out. Owner of the trail. The lake's data events are recorded by our own trail only: elsewhere the
            owner of the trail has to select them.
        threat_detection: CREATE when left out. Owner of the GuardDuty detector.
        catalog_encryption: CREATE when left out. Owner of the Data Catalog's encryption settings.
        config_recorder: ADOPT when left out. Owner of AWS Config's recorder and delivery channel.
        config_destination: Where our own recorder delivers; needed for CREATE, not allowed otherwise.
        audit_storage: Where our own trail's log files go; a new `AuditStorage` when left out. Its key also encrypts the logs of the
            functions behind the Lake Formation settings.
        data_event_buckets: Buckets whose object requests our own trail records; none when left out.
        detector_id: The detector that is adopted, for those who attach something to it; unknown when left out.
        access_logs: For a new `AuditStorage`; a new `AccessLogBucket` when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `second_account_owner`, when the app has a `LakeAccount` for this account and Region already;
            `singleton_not_adopted`, when something is passed that only makes sense for the other kind of owner;
            `config_destination_missing`, when a recorder is created and nothing says where it delivers;
            `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        admins: Sequence[iam.IRole | str],
        existing_admins: ExistingAdmins | None = None,
        shares: bool = True,
        audit_trail: Singleton | None = None,
        threat_detection: Singleton | None = None,
        catalog_encryption: Singleton | None = None,
        config_recorder: Singleton | None = None,
        config_destination: ConfigDestination | None = None,
        audit_storage: AuditDestination | None = None,
        data_event_buckets: Sequence[s3.IBucket] = (),
        detector_id: str | None = None,
        access_logs: BucketHolder | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        audit_trail = Singleton.CREATE if audit_trail is None else audit_trail
        threat_detection = Singleton.CREATE if threat_detection is None else threat_detection
        catalog_encryption = Singleton.CREATE if catalog_encryption is None else catalog_encryption
        config_recorder = Singleton.ADOPT if config_recorder is None else config_recorder
        self._claim()
        self._check_config(config_recorder, config_destination)
        if detector_id is not None and threat_detection is Singleton.CREATE:
            msg = f"got the existing detector {detector_id} and threat_detection create; to use an existing one pass Singleton.ADOPT"
            raise misuse(self, msg, code="singleton_not_adopted")
        if audit_storage is not None and audit_trail is not Singleton.CREATE:
            msg = f"got an audit_storage and audit_trail {audit_trail.value}; no trail of ours would write there: leave it out"
            raise misuse(self, msg, code="singleton_not_adopted")

        self.owner = ssm.StringParameter(
            self,
            "Owner",
            parameter_name=OWNER_PARAMETER,
            string_value=self.node.path,
            description="The one LakeAccount that owns this account's singletons in this Region",
        )
        self.audit_storage: AuditDestination | None = None
        self.audit_trail: AuditTrail | None = None
        self.threat_detection: ThreatDetection | None = None
        self.catalog_encryption: CatalogEncryption | None = None
        self.detector_id = detector_id
        if audit_trail is Singleton.CREATE:
            self.audit_storage = self._audit_storage(access_logs, removal_policy) if audit_storage is None else audit_storage
            self.audit_trail = AuditTrail(
                self, "AuditTrail", storage=self.audit_storage, data_event_buckets=data_event_buckets, removal_policy=removal_policy
            )
            self.audit_trail.node.add_dependency(self.owner)
        if threat_detection is Singleton.CREATE:
            self.threat_detection = ThreatDetection(self, "ThreatDetection")
            self.threat_detection.node.add_dependency(self.owner)
            self.detector_id = self.threat_detection.detector_id
        if catalog_encryption is Singleton.CREATE:
            self.catalog_encryption = CatalogEncryption(self, "CatalogEncryption", removal_policy=removal_policy)
            self.catalog_encryption.node.add_dependency(self.owner)
        log_key = None if self.audit_storage is None else self.audit_storage.key
        self.settings = LakeFormationSettings(
            self, "LakeFormation", admins=admins, existing_admins=existing_admins, shares=shares, log_key=log_key
        )
        self.settings.node.add_dependency(self.owner)
        self.config_recorder: ConfigRecorder | None = None
        if config_destination is not None:
            self.config_recorder = ConfigRecorder(self, "ConfigRecorder", destination=config_destination, log_key=self.settings.log_key)
            self.config_recorder.node.add_dependency(self.owner)

    def _audit_storage(self, access_logs: BucketHolder | None, removal_policy: RemovalPolicy | None) -> AuditStorage:
        if access_logs is None:
            access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        return AuditStorage(self, "AuditStorage", access_logs=access_logs, removal_policy=removal_policy)

    def _check_config(self, owner: Singleton, destination: ConfigDestination | None) -> None:
        if owner is Singleton.CREATE and destination is None:
            msg = (
                "got config_recorder create and no config_destination; a recorder has to deliver somewhere: pass "
                "ConfigDestination(bucket=...), or Singleton.ADOPT where there is a recorder"
            )
            raise misuse(self, msg, code="config_destination_missing")
        if owner is not Singleton.CREATE and destination is not None:
            msg = f"got a config_destination and config_recorder {owner.value}; no recorder of ours would deliver there: leave it out"
            raise misuse(self, msg, code="singleton_not_adopted")

    def _claim(self) -> None:
        """Notes at the root of the tree who owns which account. An unknown account can only be told apart by its stack."""
        stack = Stack.of(self)
        known = not (Token.is_unresolved(stack.account) or Token.is_unresolved(stack.region))
        account = f"account {stack.account} in {stack.region}" if known else f"the account of stack {stack.node.path}"
        root = self.node.root.node
        for entry in root.metadata:
            if entry.type == _OWNED and entry.data["account"] == account:
                msg = (
                    f"{account} has an owner already, {entry.data['owner']}; an account has one LakeAccount in a Region: "
                    "pass that one on, or remove one of the two"
                )
                raise misuse(self, msg, code="second_account_owner")
        root.add_metadata(_OWNED, {"account": account, "owner": self.node.path})
