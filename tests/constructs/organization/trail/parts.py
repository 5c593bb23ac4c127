"""The log archive and the trail of a small organisation, as several tests build them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from constructs_lib.organization.trail import (
    ArchiveNames,
    LogArchive,
    OrganizationTrail,
    RecordedObjects,
    TrailAlarms,
    TrailTable,
    bucket_prefixes,
)
from tests.support import REGION, new_stack

if TYPE_CHECKING:
    import aws_cdk as cdk

MANAGEMENT, ARCHIVE, LAKE = "111111111111", "222222222222", "444444444401"
ORGANIZATION = "o-exampleorgid"
NAMES = ArchiveNames(management=MANAGEMENT, log_archive=ARCHIVE, region=REGION)


def build(app: cdk.App) -> tuple[cdk.Stack, cdk.Stack]:
    """The stacks of the log archive and of the management account, with everything in them."""
    archive_stack, trail_stack = new_stack(app, "Archive", ARCHIVE), new_stack(app, "Trail", MANAGEMENT)
    archive = LogArchive(
        archive_stack,
        "LogArchive",
        organization_id=ORGANIZATION,
        names=NAMES,
        config_accounts=[LAKE, ARCHIVE],
        break_glass_role="BreakGlass",
    )
    auditor = iam.Role(archive_stack, "Auditor", assumed_by=iam.AccountRootPrincipal())
    TrailTable(
        archive_stack,
        "Table",
        archive=archive,
        accounts=[LAKE, ARCHIVE, MANAGEMENT],
        regions=[REGION],
        auditors=[auditor],
        break_glass_role="BreakGlass",
        access_logs=archive.access_logs,
    )
    objects = RecordedObjects(
        prefixes=bucket_prefixes(["Dev-MainStorage", "Staging-AnalyticsStorage"]), but_not=("dev-mainstorage-zonesaccesslogs",)
    )
    trail = OrganizationTrail(trail_stack, "Trail", names=NAMES, objects=objects)
    TrailAlarms(trail_stack, "Alarms", trail=trail, break_glass_role="BreakGlass", recipients=["audit@example.com"])
    return archive_stack, trail_stack
