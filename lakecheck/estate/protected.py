"""What holds no data and still must not be taken away: trails, detectors, recorders, logs, backups, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import Protected
from lakecheck.estate.sources import arn_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.sources import Sources

TYPES: Final[dict[str, tuple[str, str]]] = {
    "AWS::AccessAnalyzer::Analyzer": ("access-analyzer", "analyzer/"),
    "AWS::Backup::BackupVault": ("backup", "backup-vault:"),
    "AWS::Backup::BackupPlan": ("backup", "backup-plan:"),
    "AWS::CloudTrail::EventDataStore": ("cloudtrail", "eventdatastore/"),
    "AWS::CloudTrail::Trail": ("cloudtrail", "trail/"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:"),
    "AWS::Config::ConfigRule": ("config", "config-rule/"),
    "AWS::Config::ConfigurationRecorder": ("config", "configuration-recorder/"),
    "AWS::Config::DeliveryChannel": ("", ""),
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::Events::Rule": ("events", "rule/"),
    "AWS::GuardDuty::Detector": ("guardduty", "detector/"),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::Macie::Session": ("", ""),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:"),
    "AWS::SecurityHub::Hub": ("securityhub", "hub/"),
    "AWS::SSM::Parameter": ("ssm", "parameter/"),
}
"""By CloudFormation type: the service in its ARN and what is before the name; both empty for what has no ARN."""


def read_protected(sources: Sources) -> Iterator[Protected]:
    """What an invariant may be about beside data and keys."""
    for type_, (service, relative) in TYPES.items():
        for resource in sources.of(type_):
            if resource.ref.startswith("arn:"):
                arn = resource.ref
            else:
                arn = arn_of(resource, service, f"{relative}{resource.ref.lstrip('/')}") if service else ""
            arn = arn.removesuffix(":*")  # a log group's attribute has its streams with it
            yield Protected(type=type_, arn=arn, account=resource.account, origin=resource.origin)
