"""The packs over an account's security floor."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.baseline import LakeAccount
from constructs_lib.storage import LakeStorage
from tests.compliance.nag import acknowledged, findings, report
from tests.support import new_app, new_stack


@pytest.fixture(scope="module")
def baseline_report() -> dict[str, Any]:
    """The report on an account with everything created in it."""
    app = new_app()
    stack = new_stack(app)
    storage = LakeStorage(stack, "Lake")
    LakeAccount(stack, "Account", admins=[], data_event_buckets=[zone.bucket for zone in storage.zones.values()])
    return report(app)


def test_baseline_is_clean(baseline_report: dict[str, Any]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(baseline_report) == []


def test_what_is_acknowledged_is_exactly_this(baseline_report: dict[str, Any]) -> None:
    """What storage and governance acknowledge on their own resources; nothing of trail, detector or catalog."""
    paths = [path for path in acknowledged(baseline_report) if path.startswith("Test/Account/")]
    of_baseline = {path for path in paths if not path.startswith("Test/Account/LakeFormation/")}
    assert of_baseline == {
        "Test/Account/AccessLogs/Resource/Resource",
        "Test/Account/AuditStorage/Bucket/Resource/Resource",
    }
