"""The snippets of constructs_lib/organization/trail/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from constructs_lib.baseline import ConfigDestination
from constructs_lib.organization.trail import (
    ALWAYS_WATCHED,
    ArchiveNames,
    LogArchive,
    OrganizationTrail,
    RecordedObjects,
    TrailAlarms,
    TrailTable,
    Watch,
    bucket_prefixes,
)
from constructs_lib.storage.object_lock import LockMode, ObjectLock

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam


def log_archive_account(self: Stack, another_role: iam.IRole) -> None:
    auditor = another_role

    names = ArchiveNames(management="111111111111", log_archive=self.account, region=self.region)
    archive = LogArchive(
        self,
        "LogArchive",
        organization_id="o-exampleorgid",
        names=names,
        config_accounts=["444444444401", "444444444402"],
        break_glass_role="BreakGlass",
    )
    TrailTable(
        self,
        "Trail",
        archive=archive,
        accounts=["111111111111", "444444444401", "444444444402"],
        regions=["eu-west-1"],
        auditors=[auditor],
        break_glass_role="BreakGlass",
        access_logs=archive.access_logs,
    )


def management_account(self: Stack) -> None:
    names = ArchiveNames(management=self.account, log_archive="222222222222", region=self.region)
    trail = OrganizationTrail(
        self,
        "Trail",
        names=names,
        objects=RecordedObjects(prefixes=bucket_prefixes(["Prod-MainStorage"]), but_not=("prod-mainstorage-zonesaccesslogs",)),
    )
    TrailAlarms(self, "Alarms", trail=trail, break_glass_role="BreakGlass", recipients=["audit@example.com"])


def for_a_regulation(self: Stack) -> LogArchive:
    names = ArchiveNames(management="111111111111", log_archive=self.account, region=self.region)
    lock = ObjectLock(retention=Duration.days(7 * 365), mode=LockMode.COMPLIANCE)
    archive = LogArchive(self, "LogArchive", organization_id="o-exampleorgid", names=names, object_lock=lock)
    return archive  # noqa: RET504


def own_watch(self: Stack) -> None:
    names = ArchiveNames(management=self.account, log_archive="222222222222", region=self.region)
    trail = OrganizationTrail(self, "Trail", names=names)

    shares = Watch(
        name="ShareAccepted",
        says="Somebody accepted a share of another account",
        events=(("ram.amazonaws.com", ("AcceptResourceShareInvitation",)),),
    )
    TrailAlarms(self, "Alarms", trail=trail, watches=[*ALWAYS_WATCHED, shares])


def config_of_another_account(self: Stack) -> ConfigDestination:
    names = ArchiveNames(management="111111111111", log_archive="222222222222", region=self.region)
    destination = ConfigDestination(bucket=names.bucket_for_config(self, "ConfigArchive"))
    return destination  # noqa: RET504


def escape_hatch(self: Stack) -> None:
    names = ArchiveNames(management=self.account, log_archive="222222222222", region=self.region)
    trail = OrganizationTrail(self, "Trail", names=names)

    trail.trail.add_property_override("SnsTopicName", "trail-files")
