"""The packs, cfn-lint and the native validation over a catalog with every kind of table."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.catalog import ContractCatalog
from tests.compliance.nag import acknowledged, findings, report
from tests.compliance.native import lint
from tests.constructs.catalog.lake import contracts, zones
from tests.support import ACCOUNT, REGION, new_app, new_stack, template


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, Any], dict[str, Any]]:
    """The report on a catalog, and its template."""
    app = new_app()
    stack = new_stack(app)
    ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack))
    return report(app), template(stack)


def test_the_catalog_is_clean(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """No pack finds anything that is not acknowledged."""
    assert findings(judged[0]) == []


def test_what_is_acknowledged_is_exactly_this(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The wildcards of the optimizers' policy, each by its own id; nothing on a table or a database."""
    logs = "arn:aws:logs:eu-west-1:444444444401:log-group:/aws-glue/iceberg-{}/logs:*"
    resources = ["*", "arn:aws:glue:eu-west-1:444444444401:table/sales/*"]
    resources += [logs.format(kind) for kind in ("compaction", "retention", "orphan-file-deletion")]
    assert acknowledged(judged[0]) == {
        "Test/Catalog/OptimizerRole/Policy/Resource": {f"AwsSolutions::AwsSolutions-IAM5[Resource::{one}]" for one in resources}
    }


def test_the_template_is_clean_without_its_metadata(judged: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Neither cfn-lint nor the native validation complains."""
    assert lint(judged[1], account=ACCOUNT, region=REGION) == []
