"""The packs and CloudFormation's own validation over the log archive, the organisation's trail and its alarms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compliance.nag import acknowledged, findings, report
from tests.constructs.organization.trail.parts import build
from tests.support import new_app


@pytest.fixture(scope="module")
def trail_report() -> dict[str, Any]:
    """The report on both accounts."""
    app = new_app()
    build(app)
    return report(app)


def test_trail_is_clean(trail_report: dict[str, Any]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(trail_report) == []


def test_what_is_acknowledged_is_exactly_this(trail_report: dict[str, Any]) -> None:
    """What storage and query acknowledge on their own resources, and the files that auditors read; nothing of trail and alarms."""
    assert set(acknowledged(trail_report)) == {
        "Archive/LogArchive/AccessLogs/Resource/Resource",
        "Archive/LogArchive/Config/Resource/Resource",
        "Archive/LogArchive/Resource/Resource/Resource",
        "Archive/Table/ReadPolicy/Resource",
        "Archive/Table/Results/Bucket/Resource/Resource",
        "Archive/Table/Workgroup/MemberPolicy/Resource",
    }
