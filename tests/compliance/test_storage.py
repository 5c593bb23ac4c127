"""The packs over a whole lake's storage."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.storage import LakeStorage
from tests.compliance.nag import acknowledged, findings, report
from tests.support import new_app, new_stack

REPLICATION = {f"{pack}::{pack}-S3BucketReplicationEnabled" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")}
NO_KMS = {f"{pack}::{pack}-S3DefaultEncryptionKMS" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")}


@pytest.fixture(scope="module")
def storage_report() -> dict[str, Any]:
    """The report on all zones."""
    app = new_app()
    LakeStorage(new_stack(app), "Lake")
    return report(app)


def test_storage_is_clean(storage_report: dict[str, Any]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(storage_report) == []


def test_what_is_acknowledged_is_exactly_this(storage_report: dict[str, Any]) -> None:
    """Replication on each bucket, KMS on the access log bucket alone; nothing else is ever waved through."""
    zones = {
        f"Test/Lake/{name}/Bucket/Resource/Resource" for name in ("Landing", "Raw", "Curated", "Consumption", "Quarantine", "Inventory")
    }
    expected = dict.fromkeys(zones, REPLICATION) | {"Test/Lake/AccessLogs/Resource/Resource": REPLICATION | NO_KMS}
    assert acknowledged(storage_report) == expected
