"""Access from outside is analysed by default, unused access on request."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.baseline import AccessAnalyzers
from lakemodel.errors import DataLakeError
from tests.support import new_stack, resources, template


def analyzers(**props: Any) -> list[dict[str, Any]]:
    """The properties of the analyzers made with these props."""
    stack = new_stack()
    AccessAnalyzers(stack, "Analyzers", **props)
    return [each["Properties"] for each in resources(template(stack), "AWS::AccessAnalyzer::Analyzer").values()]


def test_external_access_of_the_account_is_analysed_by_default() -> None:
    """What costs is off."""
    assert analyzers() == [{"Type": "ACCOUNT"}]


def test_unused_access_of_the_organisation_is_analysed_on_request() -> None:
    """After 90 days, but for the accounts that are left out."""
    external, unused = analyzers(organization=True, unused_access=True, excluded_accounts=["111111111102", "111111111101"])
    assert external == {"Type": "ORGANIZATION"}
    assert unused == {
        "Type": "ORGANIZATION_UNUSED_ACCESS",
        "AnalyzerConfiguration": {
            "UnusedAccessConfiguration": {
                "UnusedAccessAge": 90,
                "AnalysisRule": {"Exclusions": [{"AccountIds": ["111111111101", "111111111102"]}]},
            }
        },
    }


@pytest.mark.parametrize("days", [0, 366])
def test_fails_when_days_are_out_of_range(days: int) -> None:
    """Access Analyzer takes 1 to 365."""
    with pytest.raises(DataLakeError, match="allowed is 1 to 365") as caught:
        analyzers(unused_access=True, unused_days=days)
    assert caught.value.code == "unused_access_days"


def test_fails_when_accounts_are_left_out_of_nothing() -> None:
    """External access cannot leave accounts out."""
    with pytest.raises(DataLakeError, match="only the organisation's analysis of unused access") as caught:
        analyzers(organization=True, excluded_accounts=["111111111101"])
    assert caught.value.code == "analyzer_accounts"
