"""The table of quotas."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from lakemodel.limits import Quota, limit


def test_the_table_and_the_quotas_are_the_same_set() -> None:
    """No quota without a number, no number without a quota."""
    table = json.loads((files("lakemodel") / "limits.json").read_text(encoding="utf-8"))["limits"]
    assert sorted(table) == sorted(Quota)


@pytest.mark.parametrize("quota", Quota)
def test_each_limit_is_dated_and_says_its_source(quota: Quota) -> None:
    """A reader can check it."""
    found = limit(quota)
    assert found.value > 0
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", found.as_of)
    assert found.source.startswith("https://docs.aws.amazon.com/")
    assert str(found) == f"at most {found.value:,} {found.unit} per {found.of} (as of {found.as_of})"


@pytest.mark.parametrize(
    ("quota", "value"),
    [
        (Quota.STACK_RESOURCES, 500),
        (Quota.STACK_OUTPUTS, 200),
        (Quota.BUCKET_POLICY_BYTES, 20 * 1024),
        (Quota.KEY_POLICY_BYTES, 32 * 1024),
        (Quota.ROLE_INLINE_POLICY_CHARACTERS, 10_240),
        (Quota.MANAGED_POLICY_CHARACTERS, 6_144),
    ],
)
def test_known_values(quota: Quota, value: int) -> None:
    """The ones that stacks run into."""
    assert limit(quota).value == value
