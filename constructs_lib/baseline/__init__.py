"""One account's security floor: who owns its singletons, the audit trail, threat detection, the catalog's encryption."""

from constructs_lib.baseline.account import OWNER_PARAMETER, LakeAccount
from constructs_lib.baseline.analyzers import AccessAnalyzers
from constructs_lib.baseline.audit import AuditDestination, AuditStorage, AuditTrail, ExistingAuditStorage
from constructs_lib.baseline.catalog_encryption import CatalogEncryption
from constructs_lib.baseline.detection import PublishingFrequency, ThreatDetection
from constructs_lib.baseline.recorder import ConfigDestination, ConfigRecorder, RecordingFrequency, ServiceLinkedRole
from lakemodel.config.model import ExistingAdmins, Singleton

__all__ = [
    "OWNER_PARAMETER",
    "AccessAnalyzers",
    "AuditDestination",
    "AuditStorage",
    "AuditTrail",
    "CatalogEncryption",
    "ConfigDestination",
    "ConfigRecorder",
    "ExistingAdmins",
    "ExistingAuditStorage",
    "LakeAccount",
    "PublishingFrequency",
    "RecordingFrequency",
    "ServiceLinkedRole",
    "Singleton",
    "ThreatDetection",
]
