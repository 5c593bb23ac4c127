"""The packs, cfn-lint and CloudFormation's validation over responders and what they need in other accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.baseline.containment import ContainmentRole, FindingForwarding, PermissionSetContainmentRole
from constructs_lib.organization.response import Responders
from constructs_lib.storage import AccessLogBucket
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_app, new_stack

if TYPE_CHECKING:
    from pathlib import Path

SECURITY, MANAGEMENT = "333333333333", "111111111111"
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("response")
    app = new_app(out)
    security = new_stack(app, "Security", SECURITY)
    Responders(
        security,
        "Responders",
        organization_id="o-exampleorgid",
        accounts=[ACCOUNT],
        break_glass_role="BreakGlass",
        protected_accounts=[MANAGEMENT],
        management_account=MANAGEMENT,
        identity_instance=INSTANCE,
        access_logs=AccessLogBucket(security, "Logs"),
    )
    lake = new_stack(app, "Lake")
    ContainmentRole(lake, "Containment", security_account=SECURITY, break_glass_role="BreakGlass")
    FindingForwarding(lake, "Findings", security_account=SECURITY)
    management = new_stack(app, "Management", MANAGEMENT)
    PermissionSetContainmentRole(management, "Containment", security_account=SECURITY, instance_arn=INSTANCE)
    return report(app), out


def test_response_is_clean(made: tuple[dict[str, Any], Path]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(made[0]) == []


def test_what_is_acknowledged_is_exactly_this(made: tuple[dict[str, Any], Path]) -> None:
    """The functions, the ledger's backup, the bucket's replication and wildcards of policies."""
    paths = {path.removesuffix("/Resource") for path in acknowledged(made[0]) if not path.startswith("Security/Logs/")}
    assert paths == {
        "Lake/Containment/Policy",
        "Management/Containment/Policy",
        "Security/Responders/Evidence/Resource",
        "Security/Responders/Ledger",
        "Security/Responders/Policy",
        "Security/Responders/Resource",
        "Security/Responders/Undo",
    }


@pytest.mark.parametrize("stack", ["Security", "Lake", "Management"])
def test_templates_are_valid(made: tuple[dict[str, Any], Path], stack: str) -> None:
    """For both validators, with nothing in the template that could silence them."""
    template = json.loads((made[1] / f"{stack}.template.json").read_text())
    assert lint(template, account=SECURITY, region=REGION) == []
