"""A lake of several hundred tables, which takes too long for every run: `make test-full`."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

import app
from lakemodel.limits import Quota, limit
from lakemodel.locks.placement import PIPELINES_PER_STACK
from tests.app.lakes import inputs, one_environment

if TYPE_CHECKING:
    from pathlib import Path

PRODUCTS = 40  # more than the pipelines of one stack
TABLES = 6  # of each product
COLUMNS = 12

pytestmark = pytest.mark.full


def product(number: int) -> str:
    """A contract with tables whose columns have every class."""
    head = (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: p{number}\nname: p{number}\nversion: 1.0.0\nstatus: active\n"
        f"domain: {('sales', 'travel')[number % 2]}\ndataProduct: p{number:02d}\nschema:\n"
    )
    classes = ("public", "internal", "confidential", "restricted")
    return head + "".join(
        f"  - name: p{number:02d}_t{table}\n    properties:\n"
        + "".join(f"      - {{name: c{each}, logicalType: string, classification: {classes[each % 4]}}}\n" for each in range(COLUMNS))
        for table in range(TABLES)
    )


def test_several_hundred_tables_stay_within_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They spread over stacks none of which CloudFormation refuses, and every one of them is there."""
    lake = inputs(tmp_path / "lake")
    one_environment(lake)
    shutil.rmtree(lake.folder / "contracts")
    (lake.folder / "contracts").mkdir()
    for number in range(PRODUCTS):
        (lake.folder / "contracts" / f"p{number}.odcs.yaml").write_text(product(number))
    monkeypatch.setenv("CDK_OUTDIR", str(lake.outdir))
    assert app.main(lake.arguments()) == 0

    files = list(lake.outdir.rglob("*.template.json"))
    tables = pipelines = 0
    for file in files:
        resources = json.loads(file.read_text())["Resources"]
        assert len(resources) <= limit(Quota.STACK_RESOURCES).value, file.name
        assert file.stat().st_size <= limit(Quota.TEMPLATE_BYTES).value, file.name
        tables += sum(one["Type"] == "AWS::Glue::Table" for one in resources.values())
        pipelines += sum(one["Type"] == "AWS::StepFunctions::StateMachine" for one in resources.values())
    assert tables == PRODUCTS * TABLES * 2
    assert pipelines == PRODUCTS
    assert len([file for file in files if "MainPipelines" in file.name]) == -(-PRODUCTS // PIPELINES_PER_STACK)
