"""What of the organisation's trail somebody has to hear: declared as events, rendered as metric filters. No construct is made here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit

_NAME: Final = re.compile(r"^[A-Z][A-Za-z0-9]{0,63}$")
_EVENT: Final = re.compile(r"^[A-Za-z0-9]+\*?$")
_SOURCE: Final = re.compile(r"^[a-z0-9.-]+\.amazonaws\.com$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Something that rings when it happens, in whichever account, and also when it was only tried.

    Attributes:
        name: What it is called: the alarm's id and the metric's name, in PascalCase.
        says: The alarm's description, for whoever is woken: what happened and where to look.
        events: Names of events by the service that tells them; a `*` at the end stands for any. Leave it out for `conditions` alone.
        conditions: What must hold as well, each a term of a JSON metric filter.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """

    name: str
    says: str
    events: tuple[tuple[str, tuple[str, ...]], ...] = ()
    conditions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what CloudWatch Logs would take and never match, or not take."""
        wrong = [source for source, names in self.events if not _SOURCE.match(source) or not names]
        wrong += [name for _, names in self.events for name in names if not _EVENT.match(name)]
        if not _NAME.match(self.name) or wrong or not (self.events or self.conditions):
            msg = (
                f"got the watch {self.name!r} with events {wrong or self.events!r}; needed are a name in PascalCase, services such as "
                "kms.amazonaws.com with at least one event's name each, or a condition"
            )
            raise DataLakeError(msg, code="watch", where="Watch")

    def patterns(self) -> tuple[str, ...]:
        """The metric filters that together match each of its events once, each as short as CloudWatch Logs asks.

        Raises:
            DataLakeError: `watch`, if its conditions alone are longer than a pattern may be.
        """
        if not self.events:
            return (self._checked("{ " + " && ".join(self.conditions) + " }"),)
        return tuple(pattern for source, names in self.events for pattern in self._of(source, names))

    def _of(self, source: str, names: tuple[str, ...]) -> list[str]:
        """Patterns for one service's events, as many names in each as fit."""
        most = limit(Quota.METRIC_FILTER_CHARACTERS).value
        made: list[str] = []
        taken: list[str] = []
        for name in names:
            if taken and len(self._pattern(source, [*taken, name])) > most:
                made.append(self._pattern(source, taken))
                taken = []
            taken.append(name)
        return [self._checked(pattern) for pattern in (*made, self._pattern(source, taken))]

    def _pattern(self, source: str, names: list[str]) -> str:
        either = " || ".join(f'($.eventName = "{name}")' for name in names)
        return "{ " + " && ".join([f'($.eventSource = "{source}")', f"({either})", *self.conditions]) + " }"

    def _checked(self, pattern: str) -> str:
        most = limit(Quota.METRIC_FILTER_CHARACTERS)
        if len(pattern) > most.value:
            msg = f"got the watch {self.name!r} with a pattern of {len(pattern)} characters; {most}: shorten its conditions"
            raise DataLakeError(msg, code="watch", where="Watch")
        return pattern


def break_glass_use(role_name: str) -> tuple[Watch, ...]:
    """Somebody takes the role for emergencies, tries to, or does something as it.

    Two, because an event that is both would otherwise count twice: who takes it, and what is then done.

    Args:
        role_name: Its name, in whichever account, with or without a path.
    """
    return (
        Watch(
            name="BreakGlassTaken",
            says=f"Somebody took, or tried to take, the role {role_name}: ask who and why before anything else",
            events=(("sts.amazonaws.com", ("AssumeRole*",)),),
            conditions=(f'($.requestParameters.roleArn = "*/{role_name}")',),
        ),
        Watch(
            name="BreakGlassUsed",
            says=f"The role {role_name} is being used: the saved query of that name lists what it does",
            conditions=(f'($.userIdentity.sessionContext.sessionIssuer.userName = "{role_name}")',),
        ),
    )


def archive_change(*bucket_names: str) -> Watch:
    """Somebody changes the settings of the log archive's buckets, or deletes one.

    Args:
        bucket_names: The buckets.
    """
    either = " || ".join(f'($.requestParameters.bucketName = "{name}")' for name in bucket_names)
    return Watch(
        name="ArchiveChange",
        says="Settings of a bucket of the log archive were changed: its policy, lock, versions, encryption or lifecycle",
        events=(("s3.amazonaws.com", ("PutBucket*", "DeleteBucket*", "PutObjectLock*", "PutEncryption*", "PutLifecycle*")),),
        conditions=(f"({either})",),
    )


ROOT_USE: Final = Watch(
    name="RootUse",
    says="An account's root user did something: nothing here needs it",
    # A service that acts for the account is told as root as well.
    conditions=('($.userIdentity.type = "Root")', "($.userIdentity.invokedBy NOT EXISTS)", '($.eventType != "AwsServiceEvent")'),
)

CONSOLE_WITHOUT_MFA: Final = Watch(
    name="ConsoleWithoutMfa",
    says="A user signed in to the console with a password alone",
    # Sessions of Identity Center and of roles say "No" too, because their second factor was asked for elsewhere.
    events=(("signin.amazonaws.com", ("ConsoleLogin",)),),
    conditions=(
        '($.additionalEventData.MFAUsed != "Yes")',
        '($.responseElements.ConsoleLogin = "Success")',
        '(($.userIdentity.type = "IAMUser") || ($.userIdentity.type = "Root"))',
    ),
)

TRAIL_CHANGE: Final = Watch(
    name="TrailChange",
    says="A trail, an event data store or the log group behind these alarms was stopped, changed or deleted",
    events=(
        (
            "cloudtrail.amazonaws.com",
            (
                "StopLogging",
                "DeleteTrail",
                "UpdateTrail",
                "PutEventSelectors",
                "PutInsightSelectors",
                "DeleteEventDataStore",
                "StopEventDataStoreIngestion",
                "DeregisterOrganizationDelegatedAdmin",
            ),
        ),
        ("logs.amazonaws.com", ("DeleteMetricFilter", "DisassociateKmsKey")),
        ("monitoring.amazonaws.com", ("DeleteAlarms", "DisableAlarmActions")),
    ),
)

RECORDER_CHANGE: Final = Watch(
    name="RecorderChange",
    says="AWS Config was stopped, made to record less or to deliver elsewhere, or a rule was removed",
    events=(
        (
            "config.amazonaws.com",
            (
                "StopConfigurationRecorder",
                "DeleteConfigurationRecorder",
                "PutConfigurationRecorder",
                "DeleteDeliveryChannel",
                "PutDeliveryChannel",
                "DeleteConfigRule",
                "DeleteConformancePack",
                "DeleteOrganization*",
                "DeleteConfigurationAggregator",
                "DeleteRetentionConfiguration",
            ),
        ),
    ),
)

DETECTOR_CHANGE: Final = Watch(
    name="DetectorChange",
    says="GuardDuty, Security Hub, Macie or Access Analyzer was switched off, or made to see or tell less",
    events=(
        (
            "guardduty.amazonaws.com",
            (
                "DeleteDetector",
                "UpdateDetector",
                "DeletePublishingDestination",
                "UpdatePublishingDestination",
                "CreateFilter",
                "CreateIPSet",
                "CreateTrustedEntitySet",
                "Disassociate*",
                "DeleteMembers",
                "StopMonitoringMembers",
                "UpdateMemberDetectors",
                "UpdateOrganizationConfiguration",
                "DisableOrganizationAdminAccount",
            ),
        ),
        (
            "securityhub.amazonaws.com",
            (
                "DisableSecurityHub",
                "BatchDisableStandards",
                "UpdateStandardsControl",
                "Disassociate*",
                "DeleteMembers",
                "DeleteFindingAggregator",
                "DeleteConfigurationPolicy",
                "StartConfigurationPolicyDisassociation",
                "DisableOrganizationAdminAccount",
            ),
        ),
        ("macie2.amazonaws.com", ("DisableMacie", "UpdateMacieSession", "Disassociate*", "DisableOrganizationAdminAccount")),
        ("access-analyzer.amazonaws.com", ("DeleteAnalyzer", "CreateArchiveRule")),
    ),
)

GUARDRAIL_CHANGE: Final = Watch(
    name="GuardrailChange",
    says="The organisation's policies, services or membership were changed",
    events=(
        (
            "organizations.amazonaws.com",
            (
                "CreatePolicy",
                "UpdatePolicy",
                "DeletePolicy",
                "AttachPolicy",
                "DetachPolicy",
                "DisablePolicyType",
                "PutResourcePolicy",
                "DeleteResourcePolicy",
                "MoveAccount",
                "LeaveOrganization",
                "RemoveAccountFromOrganization",
                "CloseAccount",
                "DisableAWSServiceAccess",
                "RegisterDelegatedAdministrator",
                "DeregisterDelegatedAdministrator",
            ),
        ),
        ("controltower.amazonaws.com", ("DisableControl", "DisableGuardrail", "DeleteLandingZone")),
    ),
)

BOUNDARY_REMOVED: Final = Watch(
    name="BoundaryRemoved",
    says="A permissions boundary was taken from a role or a user, or exchanged",
    events=(
        (
            "iam.amazonaws.com",
            (
                "DeleteRolePermissionsBoundary",
                "PutRolePermissionsBoundary",
                "DeleteUserPermissionsBoundary",
                "PutUserPermissionsBoundary",
            ),
        ),
    ),
)

KEY_ENDANGERED: Final = Watch(
    name="KeyEndangered",
    says="A KMS key was disabled or is to be deleted: what it encrypts cannot be read without it, and the deletion can be cancelled",
    events=(("kms.amazonaws.com", ("DisableKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial", "DisableKeyRotation")),),
)

PUBLIC_ACCESS_OPENED: Final = Watch(
    name="PublicAccessOpened",
    says="The block of public access was taken from a bucket or a whole account",
    events=(("s3.amazonaws.com", ("DeleteAccountPublicAccessBlock", "DeleteBucketPublicAccessBlock")),),
)

PUBLIC_ACCESS_ALLOWED: Final = Watch(
    name="PublicAccessAllowed",
    says="The block of public access of a bucket or a whole account was set to let something through",
    events=(("s3.amazonaws.com", ("PutAccountPublicAccessBlock", "PutBucketPublicAccessBlock")),),
    conditions=(
        "("
        + " || ".join(
            f"($.requestParameters.PublicAccessBlockConfiguration.{part} IS FALSE)"
            for part in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        )
        + ")",
    ),
)

LAKE_SETTINGS_CHANGE: Final = Watch(
    name="LakeSettingsChange",
    says="Who administers Lake Formation, what it governs, or the catalog's policy or encryption was changed; a deployment does so too",
    events=(
        ("lakeformation.amazonaws.com", ("PutDataLakeSettings", "RegisterResource", "UpdateResource", "DeregisterResource")),
        ("glue.amazonaws.com", ("PutResourcePolicy", "DeleteResourcePolicy", "PutDataCatalogEncryptionSettings")),
    ),
)

ALWAYS_WATCHED: Final = (
    ROOT_USE,
    CONSOLE_WITHOUT_MFA,
    TRAIL_CHANGE,
    RECORDER_CHANGE,
    DETECTOR_CHANGE,
    GUARDRAIL_CHANGE,
    BOUNDARY_REMOVED,
    KEY_ENDANGERED,
    PUBLIC_ACCESS_OPENED,
    PUBLIC_ACCESS_ALLOWED,
    LAKE_SETTINGS_CHANGE,
)
"""What rings in every organisation; `break_glass_use` and `archive_change` depend on its names."""
