"""Pipelines satisfy every pack and both validators, with the lake's storage in a stack of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.pipeline import IngestionPipeline, OffPeak, PipelineFoundation, PipelineState
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from constructs_lib.storage import LakeStorage
from lakecheck.assembly import read_assembly
from lakecheck.checks import cloudformation, lint
from lakemodel.contracts.model import GateRule
from tests.compliance.nag import acknowledged, findings, report
from tests.constructs.pipeline.lake import contract, spec
from tests.support import new_app, new_stack

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.assembly import Assembly
    from lakemodel.contracts.model import DataContract


@pytest.fixture(scope="module")
def outdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the assembly is written."""
    return tmp_path_factory.mktemp("pipelines")


@pytest.fixture(scope="module")
def validation(outdir: Path) -> dict[str, Any]:
    """The report on two pipelines, and on a workgroup for the validators."""
    app = new_app(outdir)
    stateful, stack = new_stack(app, "Storage"), new_stack(app, "Pipelines")
    storage = LakeStorage(stateful, "Lake")
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stateful, "State"))
    for name, table_format in (("flights", "iceberg"), ("hotels", "parquet")):
        IngestionPipeline(
            stack,
            name.title(),
            contract=_with_a_rule(contract("routes", product=name)),
            job_specs={"routes": spec("routes", table_format)},
            zones=storage,
            foundation=foundation,
            schedule=OffPeak.nightly("UTC"),
            on_arrival=True,
            catalog_rulesets=True,
        )
    QueryWorkgroup(stack, "Analysts", name="analysts", results=ResultsBucket(stateful, "Results", access_logs=storage.access_logs))
    return report(app)


def _with_a_rule(product: DataContract) -> DataContract:
    """The product with a rule of the gate, so that there are rulesets."""
    rule = GateRule(name="rows", metric="rows", operator=">", threshold=0)
    return replace(product, tables=tuple(replace(table, gate=(rule,)) for table in product.tables))


@pytest.fixture(scope="module")
def assembly(outdir: Path, validation: dict[str, Any]) -> Assembly:
    """The assembly, written by the run of the packs."""
    return read_assembly(outdir)


def test_no_finding_is_left(validation: dict[str, Any]) -> None:
    """Nothing violates a rule that is not acknowledged."""
    assert findings(validation) == []


def test_what_is_acknowledged_is_exactly_this(validation: dict[str, Any]) -> None:
    """Wildcards in three policies of each pipeline, the dead-letter queue's own dead letters, backup plans of the claims."""
    found = {path: rules for path, rules in acknowledged(validation).items() if not path.startswith(("Storage/Lake", "Storage/Results"))}
    assert found.pop("Storage/State/Resource/Resource") == {
        "NIST.800.53.R5::NIST.800.53.R5-DynamoDBInBackupPlan",
        "HIPAA.Security::HIPAA.Security-DynamoDBInBackupPlan",
    }
    assert found.pop("Pipelines/Foundation/DeadLetters/Resource") == {"AwsSolutions::AwsSolutions-SQS3"}
    del found["Pipelines/Analysts/MemberPolicy/Resource"]
    assert {path: len(rules) for path, rules in found.items()} == {
        f"Pipelines/{name}/{policy}/Resource": count
        for name in ("Flights", "Hotels")
        for policy, count in (("JobPolicy", 6), ("Policy", 4), ("SweepPolicy", 2))
    }
    assert all(rule.startswith("AwsSolutions::AwsSolutions-IAM5[Resource::") for rules in found.values() for rule in rules)


@pytest.mark.parametrize("check", [lint.check, cloudformation.check], ids=["cfn-lint", "cloudformation-validate"])
def test_the_validators_find_nothing(assembly: Assembly, check: Any) -> None:
    """Both validators, which also read the state machine's definition, are content with every Metadata removed."""
    assert [str(finding) for finding in check(assembly).findings if finding.acknowledged is None] == []
