"""One account's security floor: who owns its singletons, the audit trail, threat detection, the catalog's encryption."""

from constructs_lib.baseline.account import OWNER_PARAMETER, LakeAccount
from constructs_lib.baseline.analyzers import AccessAnalyzers
from constructs_lib.baseline.audit import AuditDestination, AuditStorage, AuditTrail, ExistingAuditStorage
from constructs_lib.baseline.boundary import BOUNDARY_NAME, LakeBoundary, use_boundary
from constructs_lib.baseline.break_glass import BREAK_GLASS_PATH, BREAK_GLASS_ROLE, BreakGlassRole
from constructs_lib.baseline.catalog_encryption import CatalogEncryption
from constructs_lib.baseline.containment import (
    CONTAINMENT_ROLE,
    FINDINGS_BUS,
    RESPONDER_ROLE,
    ContainmentRole,
    FindingForwarding,
    PermissionSetContainmentRole,
)
from constructs_lib.baseline.detection import PublishingFrequency, ThreatDetection
from constructs_lib.baseline.malware import ObjectMalwareScan
from constructs_lib.baseline.recorder import ConfigDestination, ConfigRecorder, RecordingFrequency, ServiceLinkedRole
from constructs_lib.baseline.sensitive_data import SensitiveDataAccess
from lakemodel.config.model import ExistingAdmins, Singleton

__all__ = [
    "BOUNDARY_NAME",
    "BREAK_GLASS_PATH",
    "BREAK_GLASS_ROLE",
    "CONTAINMENT_ROLE",
    "FINDINGS_BUS",
    "OWNER_PARAMETER",
    "RESPONDER_ROLE",
    "AccessAnalyzers",
    "AuditDestination",
    "AuditStorage",
    "AuditTrail",
    "BreakGlassRole",
    "CatalogEncryption",
    "ConfigDestination",
    "ConfigRecorder",
    "ContainmentRole",
    "ExistingAdmins",
    "ExistingAuditStorage",
    "FindingForwarding",
    "LakeAccount",
    "LakeBoundary",
    "ObjectMalwareScan",
    "PermissionSetContainmentRole",
    "PublishingFrequency",
    "RecordingFrequency",
    "SensitiveDataAccess",
    "ServiceLinkedRole",
    "Singleton",
    "ThreatDetection",
    "use_boundary",
]
