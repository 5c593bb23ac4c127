"""The packs and CloudFormation's own rules over an organisation's structure, services and people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.organization.control_tower import ControlTowerControls
from constructs_lib.organization.identity import LakeFormationIdentityCenter, PersonaPermissionSet, WorkgroupAccess
from constructs_lib.organization.placement import AccountPlacements
from constructs_lib.organization.services import DETECTION_SERVICES, MALWARE_SERVICE, TRAIL_SERVICE, OrganizationServices
from constructs_lib.organization.structure import Organization, OrganizationalUnit
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.support import ACCOUNT, REGION, new_app, new_stack

if TYPE_CHECKING:
    import aws_cdk as cdk

MANAGEMENT, SECURITY = "111111111111", "333333333333"
INSTANCE = "ssoins-1234567890abcdef"


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, Any], dict[str, Any]]:
    """The packs' report, and the templates by stack."""
    app = new_app()
    _structure(new_stack(app, "Structure", account=MANAGEMENT))
    _people(new_stack(app, "People", account=MANAGEMENT))
    LakeFormationIdentityCenter(new_stack(app, "Lake"), "IdentityCenter", instance=INSTANCE, share_recipients=["444444444402"])
    said = report(app)
    templates = {name: json.loads((Path(app.outdir) / f"{name}.template.json").read_text()) for name in ("Structure", "People", "Lake")}
    return said, templates


def _structure(stack: cdk.Stack) -> None:
    organization = Organization.from_id("o-exampleorgid", "r-exam")
    services = OrganizationServices(
        stack,
        "Services",
        organization=organization,
        trusted_access=[TRAIL_SERVICE, MALWARE_SERVICE],
        delegated_administrators=dict.fromkeys(DETECTION_SERVICES, SECURITY),
    )
    unit = OrganizationalUnit(stack, "DataLake", name="DataLake", parent=organization)
    unit.node.add_dependency(services.resource)
    placements = AccountPlacements(stack, "Placements", organization=organization)
    placements.place("ProdMain", account=ACCOUNT, unit=unit)
    ControlTowerControls(stack, "Controls", unit=unit, controls=["AWS-GR_RESTRICT_ROOT_USER", "5rw4crvgv4tpl9vcfz2mzmwb6"])


def _people(stack: cdk.Stack) -> None:
    access = WorkgroupAccess(account=ACCOUNT, region=REGION, workgroup="lake-data_analyst", results_bucket="prod-mainstorage-results*")
    analysts = PersonaPermissionSet(stack, "DataAnalyst", instance=INSTANCE, name="DataAnalyst", access=[access])
    analysts.assign("Analysts", group="11111111-2222-3333-4444-555555555555", accounts={"prod_main": ACCOUNT})


def test_organization_is_clean(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(judged[0]) == []


@pytest.mark.parametrize("name", ["Structure", "People", "Lake"])
def test_cloudformation_has_nothing_to_say(judged: tuple[dict[str, Any], dict[str, Any]], name: str) -> None:
    """cfn-lint and the native validation find nothing, warnings included."""
    assert lint(judged[1][name], account=ACCOUNT if name == "Lake" else MANAGEMENT, region=REGION) == []


def test_what_is_acknowledged_is_exactly_this(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The handlers' own, and wildcards in their policies; nothing of units, controls or people."""
    handlers = ("Structure/Services/Handler", "Structure/Placements/Handler", "Lake/IdentityCenter/Handler")
    assert set(acknowledged(judged[0])) == {f"{each}/{part}/Resource" for each in handlers for part in ("Policy", "Resource")}


def test_no_arn_holds_in_one_partition_only(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """What is not of this very account says its partition by reference, people's accounts' ARNs included."""
    for name in ("organizations", "controltower", "controlcatalog", "sso", "s3"):
        assert f'"arn:aws:{name}' not in json.dumps(judged[1]), name
