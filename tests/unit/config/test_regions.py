"""The table of Regions: what it says, and that it is what its script makes."""

from __future__ import annotations

import json
import re
import runpy

import pytest

from lakemodel.config.regions import NEEDED_BY_A_LAKE, NEEDED_FOR_RECOVERY, Service, region_table
from tests.unit.config.support import ROOT


def test_the_table_is_dated_and_says_its_source() -> None:
    """A reader can tell how old it is and where it comes from."""
    table = region_table()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", table.as_of)
    assert table.source.startswith("https://docs.aws.amazon.com/")


def test_regions_of_three_partitions_have_what_a_lake_needs() -> None:
    """The commercial, the Chinese and the US government partition are there; others are not."""
    partitions = {region.partition for region in region_table().regions.values()}
    assert partitions == {"aws", "aws-cn", "aws-us-gov"}
    for partition in partitions:
        assert region_table().with_services(NEEDED_BY_A_LAKE, partition=partition)
    assert NEEDED_FOR_RECOVERY <= NEEDED_BY_A_LAKE


@pytest.mark.parametrize(
    ("region", "missing"),
    [
        ("eu-west-1", ()),
        ("us-west-1", (Service.GLUE_TABLE_OPTIMIZERS,)),
        ("eu-south-2", (Service.GLUE_TABLE_OPTIMIZERS, Service.MACIE)),
        ("us-gov-west-1", (Service.GLUE_TABLE_OPTIMIZERS, Service.MACIE)),
    ],
)
def test_what_a_region_lacks(region: str, missing: tuple[Service, ...]) -> None:
    """Known cases, as the AWS pages on table optimizers and Macie state them."""
    assert region_table().regions[region].missing(Service) == missing


def test_the_table_is_what_the_script_makes() -> None:
    """Nobody edits it by hand; after an upgrade of cfn-lint run tools/regions.py."""
    made = runpy.run_path(str(ROOT / "tools" / "regions.py"))["table"]()
    assert json.loads((ROOT / "lakemodel" / "config" / "regions.json").read_text()) == made
    assert made["services"] == sorted(Service)
