"""The packs and both linters over what bounds roles, and over buckets and keys below a data perimeter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.baseline import BreakGlassRole, LakeBoundary, use_boundary
from constructs_lib.core import data_perimeter
from constructs_lib.storage import AccessLogBucket, LakeBucket, LakeKey
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_app, new_stack

ORGANIZATION = "o-exampleorgid"


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, Any], dict[str, Any]]:
    """The report, and the templates by name."""
    app = new_app()
    data_perimeter(app, organization_id=ORGANIZATION, trusted_accounts=["777777777777"])
    floor, lake = new_stack(app, "Floor"), new_stack(app, "Lake")
    LakeBoundary(floor, "Boundary", organization_id=ORGANIZATION, additional_actions=["redshift-data:GetStatementResult"])
    BreakGlassRole(floor, "BreakGlass", trusted_account="333333333333", organization_id=ORGANIZATION)
    use_boundary(lake)
    LakeBucket(lake, "Data", key=LakeKey(lake, "Key", description="tests").key, access_logs=AccessLogBucket(lake, "Logs"))
    found = report(app)
    return found, {name: json.loads((Path(app.outdir) / f"{name}.template.json").read_text()) for name in ("Floor", "Lake")}


def test_it_is_clean(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(judged[0]) == []


def test_what_is_acknowledged_is_exactly_this(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The boundary's wildcards, and that the emergency role may do everything."""
    of_floor = {path: rules for path, rules in acknowledged(judged[0]).items() if path.startswith("Floor/")}
    assert set(of_floor) == {"Floor/Boundary/Resource/Resource", "Floor/BreakGlass/Resource/Resource"}
    assert of_floor["Floor/BreakGlass/Resource/Resource"] == {
        "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AdministratorAccess]"
    }
    assert all(rule.startswith("AwsSolutions::AwsSolutions-IAM5[Resource::") for rule in of_floor["Floor/Boundary/Resource/Resource"])


@pytest.mark.parametrize("name", ["Floor", "Lake"])
def test_linters_are_content(judged: tuple[dict[str, Any], dict[str, Any]], name: str) -> None:
    """With all Metadata stripped: every action and condition key exists."""
    assert lint(judged[1][name], account=ACCOUNT, region=REGION) == []
