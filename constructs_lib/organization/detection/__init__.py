"""Threat detection and posture of a whole organisation, run by the account that it is delegated to."""

from constructs_lib.organization.detection.aggregator import OrganizationConfigAggregator
from constructs_lib.organization.detection.guardduty import FEATURES, FindingsArchive, Members, OrganizationThreatDetection
from constructs_lib.organization.detection.macie import ClassificationJob, JobFrequency, SensitiveDataDiscovery
from constructs_lib.organization.detection.security_hub import OrganizationSecurityHub, Standard

__all__ = [
    "FEATURES",
    "ClassificationJob",
    "FindingsArchive",
    "JobFrequency",
    "Members",
    "OrganizationConfigAggregator",
    "OrganizationSecurityHub",
    "OrganizationThreatDetection",
    "SensitiveDataDiscovery",
    "Standard",
]
