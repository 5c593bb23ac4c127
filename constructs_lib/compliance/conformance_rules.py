"""Which rules of lakecheck hold at run time too, as rules of AWS Config; and which cannot, because Config records nothing to tell it by.

What the templates say is judged before a deployment. These rules judge what is there afterwards, whoever made it: by hand, by another app,
or by a deployment that somebody waved through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.pipeline.job_version_old import ENDED
from lakecheck.rules.query.engine_version import RETIRED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RUNTIME: Final = "guard-2.x.x"
_MESSAGES: Final = ("ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification")


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedRule:
    """A rule that AWS keeps.

    Attributes:
        identifier: Its identifier, such as `S3_BUCKET_SSL_REQUESTS_ONLY`.
        parameters: What it is told; nothing when left out.
    """

    identifier: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def properties(self, _name: str) -> dict[str, Any]:
        """Properties of its `AWS::Config::ConfigRule`."""
        parameters = {"InputParameters": dict(self.parameters)} if self.parameters else {}
        return {"Source": {"Owner": "AWS", "SourceIdentifier": self.identifier}, **parameters}


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardRule:
    """A rule in Guard's language over what Config recorded of a resource; properties as in the configuration item.

    See https://github.com/awslabs/aws-config-resource-schema for what an item has.

    Attributes:
        resource_type: What it is about.
        check: The clause that has to hold.
        when: Clauses that have to hold for the rule to apply; it applies to all of the type when left out.
        message: What is told about a resource that fails.
    """

    resource_type: str
    check: str
    message: str
    when: Sequence[str] = ()

    def text(self, name: str) -> str:
        """The rule in Guard's language."""
        conditions = "\n    ".join((f'resourceType == "{self.resource_type}"', *self.when))
        return f"rule {name.replace('-', '_')} when {conditions}\n{{\n    {self.check} <<{self.message}>>\n}}\n"

    def properties(self, name: str) -> dict[str, Any]:
        """Properties of its `AWS::Config::ConfigRule`."""
        return {
            "Scope": {"ComplianceResourceTypes": [self.resource_type]},
            "Source": {
                "Owner": "CUSTOM_POLICY",
                "CustomPolicyDetails": {"PolicyRuntime": _RUNTIME, "PolicyText": self.text(name)},
                "SourceDetails": [{"EventSource": "aws.config", "MessageType": message} for message in _MESSAGES],
            },
        }


def _listed(values: Sequence[str]) -> str:
    return "[{}]".format(", ".join(f'"{value}"' for value in sorted(values)))


_WORKGROUP: Final = "AWS::Athena::WorkGroup"
_SETTINGS: Final = "configuration.WorkGroupConfiguration"
_ENGINE: Final = f"{_SETTINGS}.EngineVersion.SelectedEngineVersion"
_OURS: Final = 'configuration.Name != "primary"'  # every account has it, nobody can delete it, and no persona may use it
_SQL: Final = f"{_ENGINE} not exists or\n    {_ENGINE} != /Spark/"
_BUCKET: Final = "AWS::S3::Bucket"
_EXTRA: Final = "supplementaryConfiguration"
_ENCRYPTION: Final = f"{_EXTRA}.ServerSideEncryptionConfiguration.rules.0"
_BY_KMS: Final = f'{_ENCRYPTION}.applyServerSideEncryptionByDefault.sseAlgorithm == "aws:kms"'
_KEY: Final = f"{_ENCRYPTION}.applyServerSideEncryptionByDefault.kmsMasterKeyID"


def _lifecycle_rule_with(action: str) -> str:
    """An enabled rule with that action has to be among them; Guard would skip a filter that finds nothing, were it not asked for."""
    return f'{_EXTRA}.BucketLifecycleConfiguration.rules[ status == "Enabled"\n        {action} exists ] not empty'


JUDGED: Final[Mapping[str, ManagedRule | GuardRule]] = {
    "audit.detector_without_s3": ManagedRule(identifier="GUARDDUTY_S3_PROTECTION_ENABLED"),
    "audit.trail_excludes": ManagedRule(
        identifier="MULTI_REGION_CLOUD_TRAIL_ENABLED", parameters={"includeManagementEvents": "TRUE", "readWriteType": "ALL"}
    ),
    "encryption.bucket_key_on": GuardRule(
        resource_type=_BUCKET,
        when=[_BY_KMS],
        check=f"{_ENCRYPTION}.bucketKeyEnabled == true",
        message="S3 Bucket Keys are off: each read and each write of an object asks KMS",
    ),
    "encryption.bucket_with_aws_key": GuardRule(
        resource_type=_BUCKET,
        when=[_BY_KMS],
        check=f"{_KEY} exists\n    {_KEY} != /alias\\/aws\\/s3$/",
        message="the AWS managed key aws/s3 encrypts the data; allowed is a key of your own",
    ),
    "pipeline.job_version_old": GuardRule(
        resource_type="AWS::Glue::Job",
        when=['configuration.Command.Name in ["glueetl", "gluestreaming"]', "configuration.GlueVersion exists"],
        check=f"configuration.GlueVersion not in {_listed(list(ENDED))}",
        message="the version of Glue has no support any more; allowed is 3.0 or later",
    ),
    "query.engine_version": GuardRule(
        resource_type=_WORKGROUP,
        when=[f"{_ENGINE} exists"],
        check=f"{_ENGINE} not in {_listed(list(RETIRED))}",
        message="the engine version is no more; allowed are AUTO and Athena engine version 3",
    ),
    "query.metrics_off": GuardRule(
        resource_type=_WORKGROUP,
        when=[_OURS, _SQL],
        check=f"{_SETTINGS}.PublishCloudWatchMetricsEnabled == true",
        message="the workgroup publishes no metrics, so that nobody sees what its queries scan",
    ),
    "query.no_scan_cap": GuardRule(
        resource_type=_WORKGROUP,
        when=[_OURS, _SQL],
        check=f"{_SETTINGS}.BytesScannedCutoffPerQuery exists",
        message="one query may scan everything; set BytesScannedCutoffPerQuery",
    ),
    "query.not_enforced": GuardRule(
        resource_type=_WORKGROUP,
        when=[_OURS, _SQL],
        check=f"{_SETTINGS}.EnforceWorkGroupConfiguration == true",
        message="clients choose where results go and how they are encrypted; set EnforceWorkGroupConfiguration",
    ),
    "storage.incomplete_uploads": GuardRule(
        resource_type=_BUCKET,
        check=_lifecycle_rule_with("abortIncompleteMultipartUpload"),
        message="no lifecycle rule ends incomplete uploads: parts of failed writes stay for ever",
    ),
    "storage.noncurrent_versions": GuardRule(
        resource_type=_BUCKET,
        when=[f'{_EXTRA}.BucketVersioningConfiguration.status == "Enabled"'],
        check=_lifecycle_rule_with("noncurrentVersionExpirationInDays"),
        message="the bucket keeps versions, and no lifecycle rule ends them",
    ),
}
"""Rules of lakecheck by id, as Config judges them: by what the one configuration item tells."""

_NO_TABLES: Final = "Config records no databases, tables or optimizers of the Glue Data Catalog"
_NO_LAKE_FORMATION: Final = "Config records nothing of Lake Formation"
_TOGETHER: Final = "it compares several resources, and a rule of Config without a function of its own sees one"
_TEMPLATE: Final = "it is about what the template says, not about what is there afterwards"
_NO_PROPERTY: Final = "the configuration item does not have the property"
_ASL: Final = "the configuration item holds the state machine's definition as text, which Guard cannot look into"
_POLICY: Final = "the configuration item holds policies as encoded text, which Guard cannot look into"
_DEFAULTS: Final = "Glue fills in its default, which cannot be told from a stated value"

_BY_REASON: Final[Mapping[str, Sequence[str]]] = {
    _NO_TABLES: (
        "catalog.column_types",
        "catalog.formats_agree",
        "catalog.iceberg_compaction",
        "catalog.iceberg_field_ids",
        "catalog.iceberg_field_references",
        "catalog.iceberg_orphan_age",
        "catalog.iceberg_retention",
        "catalog.iceberg_shape",
        "catalog.location_form",
        "catalog.lower_case_names",
        "catalog.overlapping_locations",
        "catalog.projection_keys",
        "catalog.projection_ranges",
        "catalog.projection_with_publisher",
        "catalog.repeated_columns",
        "encryption.catalog_key_usable",
        "storage.archive_under_tables",
        "storage.expiry_on_iceberg",
    ),
    _NO_LAKE_FORMATION: (
        "encryption.reader_without_key",
        "lake_formation.admin_breadth",
        "lake_formation.all_but_columns",
        "lake_formation.changes_by_everybody",
        "lake_formation.cross_account_version",
        "lake_formation.data_location_to_reader",
        "lake_formation.everything_to_wide_principals",
        "lake_formation.filter_made_void",
        "lake_formation.grant_option_to_persona",
        "lake_formation.hybrid_without_opt_in",
        "lake_formation.iam_allowed_principals",
        "lake_formation.iam_decides_for_new",
        "lake_formation.iam_decides_in_database",
        "lake_formation.link_without_target_grant",
        "lake_formation.location_grant_unregistered",
        "lake_formation.location_role_trust",
        "lake_formation.location_with_service_linked_role",
        "lake_formation.share_without_grant_option",
        "lake_formation.undefined_tag",
        "lake_formation.unregistered_location",
        "policies.data_access_beside_s3",
        "query.results_in_lake",
    ),
    _TOGETHER: (
        "audit.alarm_cannot_publish",
        "audit.alarm_on_nothing",
        "audit.lake_not_trailed",
        "audit.missing_data",
        "audit.trail_logs_itself",
        "encryption.denied_encryption",
        "encryption.job_key_agrees",
        "encryption.log_key_usable",
        "encryption.queue_key_usable",
        "encryption.topic_key_usable",
        "encryption.trail_key_usable",
        "encryption.workgroup_key_agrees",
        "pipeline.custom_resource_timeout",
        "pipeline.dead_letters_expire",
        "pipeline.dead_letters_refused",
        "pipeline.dead_letters_unseen",
        "pipeline.event_pattern_too_wide",
        "pipeline.job_retries",
        "pipeline.no_dead_letter_queue",
        "query.named_query_elsewhere",
        "query.results_kept",
        "query.results_shared",
        "storage.access_logs_delivered",
        "storage.events_sent",
    ),
    _TEMPLATE: ("catalog.creation_order", "query.recursive_delete", "storage.data_retained"),
    _NO_PROPERTY: ("query.results_owner", "storage.replication_of_encrypted"),
    _ASL: (
        "pipeline.fire_and_forget",
        "pipeline.no_catch_all",
        "pipeline.no_timeout",
        "pipeline.retries_everything",
        "pipeline.retry_in_step",
        "pipeline.state_gives_up_first",
        "pipeline.timeout_uncaught",
    ),
    _POLICY: (
        "policies.allow_with_not",
        "policies.deny_misses_half",
        "policies.for_all_values_without_key",
        "policies.outsider_without_condition",
        "policies.pass_role_without_service",
        "policies.service_without_source",
        "policies.settings_by_iam",
        "policies.wildcard_under_equals",
    ),
    _DEFAULTS: ("pipeline.job_capacity", "pipeline.job_without_timeout"),
}

NOT_JUDGED: Final[Mapping[str, str]] = {rule: reason for reason, rules in _BY_REASON.items() for rule in rules}
"""Rules of lakecheck by id that Config cannot judge, with the reason."""

FLOOR: Final[Mapping[str, ManagedRule]] = {
    "athena-results-encrypted": ManagedRule(identifier="ATHENA_WORKGROUP_ENCRYPTED_AT_REST"),
    "bucket-acls-off": ManagedRule(identifier="S3_BUCKET_ACL_PROHIBITED"),
    "bucket-not-public": ManagedRule(identifier="S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"),
    "bucket-tls-only": ManagedRule(identifier="S3_BUCKET_SSL_REQUESTS_ONLY"),
    "bucket-versioned": ManagedRule(identifier="S3_BUCKET_VERSIONING_ENABLED"),
    "detector-on": ManagedRule(identifier="GUARDDUTY_ENABLED_CENTRALIZED"),
    "hub-on": ManagedRule(identifier="SECURITYHUB_ENABLED"),
    "key-not-scheduled-for-deletion": ManagedRule(identifier="KMS_CMK_NOT_SCHEDULED_FOR_DELETION"),
    "key-rotated": ManagedRule(identifier="CMK_BACKING_KEY_ROTATION_ENABLED"),
    "log-group-encrypted": ManagedRule(identifier="CLOUDWATCH_LOG_GROUP_ENCRYPTED"),
    "no-administrator-policies": ManagedRule(identifier="IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"),
    "no-root-access-key": ManagedRule(identifier="IAM_ROOT_ACCESS_KEY_CHECK"),
    "trail-encrypted": ManagedRule(identifier="CLOUD_TRAIL_ENCRYPTION_ENABLED"),
    "trail-on": ManagedRule(identifier="CLOUD_TRAIL_ENABLED"),
    "trail-validated": ManagedRule(identifier="CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"),
}
"""What every construct of the library makes so by itself, and the compliance packs hold at synth, by name."""
