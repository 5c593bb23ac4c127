"""The snippets of constructs_lib/organization/detection/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.organization.detection import (
    ClassificationJob,
    FindingsArchive,
    JobFrequency,
    OrganizationSecurityHub,
    OrganizationThreatDetection,
    SensitiveDataDiscovery,
)

if TYPE_CHECKING:
    from aws_cdk import Stack


def simplest(self: Stack) -> None:
    OrganizationThreatDetection(self, "GuardDuty", export=FindingsArchive(self, "Findings"))
    OrganizationSecurityHub(self, "SecurityHub", targets=["r-abcd"])


def restricted(self: Stack) -> None:
    job = ClassificationJob(tag_key="governed-lake:classification", tag_value="restricted", frequency=JobFrequency.MONTHLY)
    SensitiveDataDiscovery(self, "Macie", accounts=["444444444401"], job=job)


def escape_hatch(self: Stack) -> None:
    hub = OrganizationSecurityHub(self, "SecurityHub", targets=["ou-abcd-12345678"], disabled_controls=["Macie.2"])
    hub.policy.add_property_override("Description", "Standards of the workloads")
