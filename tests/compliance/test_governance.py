"""Governance satisfies every pack, cfn-lint and CloudFormation's own validation, with the zone in the same stack and in another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.governance import (
    Account,
    CatalogResource,
    CatalogShare,
    DataLocation,
    DataPrincipal,
    LfTags,
    ResourceLink,
    SharedDatabase,
    TableGrants,
)
from constructs_lib.storage import AccessLogBucket, LakeKey, LakeZone
from lakemodel.config.model import Zone
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.constructs.governance.support import ANALYST, Orders, permissions_in
from tests.support import ACCOUNT, REGION, new_app, new_stack

if TYPE_CHECKING:
    import aws_cdk as cdk


@pytest.fixture(scope="module")
def app() -> cdk.App:
    """An account stack with all of it, and a storage stack that it registers a zone of."""
    app = new_app()
    storage = new_stack(app, "Storage")
    far = LakeZone(storage, "Curated", zone=Zone.CURATED, access_logs=AccessLogBucket(storage, "AccessLogs"))
    stack = new_stack(app, "Account")
    permissions = permissions_in(stack)
    near = LakeZone(stack, "Quarantine", zone=Zone.QUARANTINE, access_logs=AccessLogBucket(stack, "AccessLogs"))
    DataLocation(stack, "FarLocation", zone=far, settings=permissions._settings)
    DataLocation(stack, "NearLocation", zone=near, settings=permissions._settings)
    analyst = DataPrincipal.role_arn(ANALYST)
    permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification="public"))
    TableGrants.from_table(Orders(), permissions).read(analyst, rows="country = 'DE'")
    permissions.associate(CatalogResource.database_named("sales"), {"domain": "sales"})
    ResourceLink(stack, "Link", database_name="far", catalog_id="555566667777").allow(analyst, permissions)
    key = LakeKey(stack, "CatalogKey", description="Data Catalog", via_services=("glue",)).key
    CatalogShare(stack, "Share", consumer=Account("777788889999"), tables=[Orders()], permissions=permissions, catalog_key=key)
    shared = SharedDatabase(stack, "Shared", catalog_id="555566667777", database_name="near", permissions=permissions)
    shared.grants.read(analyst, table="flights")
    return app


@pytest.fixture(scope="module")
def validation(app: cdk.App) -> dict[str, Any]:
    """The packs' report."""
    return report(app)


def test_no_finding_is_left(validation: dict[str, Any]) -> None:
    """Nothing violates a rule that is not acknowledged."""
    assert findings(validation) == []


def test_what_is_acknowledged_is_narrow(validation: dict[str, Any]) -> None:
    """Functions: no VPC, no queue. Policies: wildcard resources, never actions; a location's is its own bucket's objects."""
    by_path = acknowledged(validation)
    functions = {path: rules for path, rules in by_path.items() if path.startswith("Account/LakeFormation/") and "Policy" not in path}
    assert len(functions) == 3
    for rules in functions.values():
        assert all(rule.endswith(("LambdaInsideVPC", "LambdaDLQ")) for rule in rules)
    policies = {rule for path, rules in by_path.items() if "Policy" in path for rule in rules}
    assert policies
    assert all(rule.startswith("AwsSolutions::AwsSolutions-IAM5[Resource::") for rule in policies)
    for location in ("FarLocation", "NearLocation"):
        (rule,) = by_path[f"Account/{location}/Policy/Resource"]
        assert rule.endswith("/*]")
        assert "Bucket" in rule


def test_linters_find_nothing(app: cdk.App, validation: dict[str, Any]) -> None:
    """cfn-lint and the native validation are content with the template, its Metadata removed."""
    assert validation
    synthesized = json.loads((Path(app.outdir) / "Account.template.json").read_text())
    assert lint(synthesized, account=ACCOUNT, region=REGION) == []
