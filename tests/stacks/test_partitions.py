"""The lake in another partition: AWS names it in every ARN, so that one literal `arn:aws:` breaks it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.stacks.building import build, reference_config

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("reference")


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_arns_name_the_partition_of_the_region(tmp_path: Path, region: str, partition: str) -> None:
    """In China and GovCloud no template names the partition of the other Regions."""
    config = reference_config()
    there = config.environments["dev"].model_copy(update={"region": region, "table_optimizers": False})
    lake = build(tmp_path, config=config.model_copy(update={"environments": {"dev": there}}))
    text = json.dumps([stack.template for stack in lake.stacks.values()])
    assert set(re.findall(r"arn:(aws[\w-]*):", text)) == {partition}
