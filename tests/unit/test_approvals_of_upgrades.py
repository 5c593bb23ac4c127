"""Approvals of what a deployment endangers: exact, dated, in the one register."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakemodel.approvals import Register, load_approvals
from lakemodel.errors import InvalidInput

ROOT = Path(__file__).parents[2]

RISK: dict[str, Any] = {
    "kind": "upgrade_risk",
    "rule": "data_loss.replaced",
    "environments": ["Dev", "Prod"],
    "stack": "Storage",
    "logical_id": "Archive3D6F2C11",
    "property": "BucketName",
    "was": "old",
    "now": "5",
    "reason": "Nothing was ever written to it.",
    "owner": "platform@example.com",
    "expires": "2027-06-30",
}
SEEN: dict[str, Any] = {
    "rule": "data_loss.replaced",
    "environment": "Prod",
    "stack": "Prod/Storage",
    "logical_id": "Archive3D6F2C11",
    "property": "BucketName",
    "was": "old",
    "now": "5",
}
"""What `RISK` approves."""


def read(tmp_path: Path, *entries: dict[str, Any]) -> Register:
    path = tmp_path / "approvals.yaml"
    path.write_text(json.dumps({"version": 1, "approvals": list(entries)}))
    return load_approvals(path)


def fault(tmp_path: Path, entry: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        read(tmp_path, entry)
    (finding,) = refusal.value.findings
    return finding.code, str(finding)


def test_an_approved_risk_is_exactly_that_risk(tmp_path: Path) -> None:
    """Another rule, environment, stack, resource, property or value is not approved."""
    register = read(tmp_path, RISK)
    assert (register.contract_changes(), register.access_gains()) == ((), ())
    approval = register.upgrade_risks()[0].approval
    assert approval.covers(SimpleNamespace(**SEEN))
    other = {
        "rule": "data_loss.deleted",
        "environment": "Staging",
        "stack": "Prod/Other",
        "logical_id": "Archive",
        "property": "",
        "was": "older",
        "now": "",
    }
    for key, value in other.items():
        assert not approval.covers(SimpleNamespace(**SEEN | {key: value})), key


def test_what_is_not_stated_is_no_wildcard(tmp_path: Path) -> None:
    """An approval of a resource as a whole is none of its properties, and one without values none of those with values."""
    left_out = {"property", "was", "now"}
    approval = read(tmp_path, {key: value for key, value in RISK.items() if key not in left_out}).upgrade_risks()[0].approval
    assert approval.covers(SimpleNamespace(**SEEN | dict.fromkeys(left_out, "")))
    for key in left_out:
        assert not approval.covers(SimpleNamespace(**SEEN | dict.fromkeys(left_out, "") | {key: "x"}))


def test_the_stack_may_be_named_by_its_whole_path(tmp_path: Path) -> None:
    """Then it is that of one environment alone; outside any Stage a stack has one name."""
    approval = read(tmp_path, RISK | {"stack": "Prod/Storage"}).upgrade_risks()[0].approval
    assert approval.covers(SimpleNamespace(**SEEN))
    assert not approval.covers(SimpleNamespace(**SEEN | {"environment": "Dev", "stack": "Dev/Storage"}))
    approval = read(tmp_path, RISK | {"environments": ["—"]}).upgrade_risks()[0].approval
    assert approval.covers(SimpleNamespace(**SEEN | {"environment": "—", "stack": "Storage"}))


def test_a_number_is_the_text_it_is_written_as(tmp_path: Path) -> None:
    """`now: 90` approves what is printed as 90."""
    assert read(tmp_path, RISK | {"now": 90}).upgrade_risks()[0].approval.now == "90"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"rule": "data_loss.*"}, "pattern", "without wildcards"),
        ({"rule": "harmless.added"}, "pattern", "need no approval"),
        ({"rule": "lost_acces.grant"}, "pattern", "category.kind"),
        ({"stack": "*"}, "pattern", "a stack is named"),
        ({"stack": ""}, "pattern", "a stack is named"),
        ({"logical_id": "Arch*"}, "pattern", "without wildcards"),
        ({"property": "*"}, "pattern", "without wildcards"),
        ({"environments": []}, "empty", "at least one"),
        ({"logicalid": "x"}, "unknown_key", "Did you mean logical_id?"),
        ({"expires": "2027-02-30"}, "day", "no day of the calendar"),
    ],
)
def test_refuses_what_is_wrong_or_too_wide(tmp_path: Path, changed: dict[str, Any], code: str, said: str) -> None:
    """One finding, with what is allowed."""
    found = fault(tmp_path, RISK | changed)
    assert found[0] == f"approvals.{code}"
    assert said in found[1]


@pytest.mark.parametrize("key", ["rule", "environments", "stack", "reason", "owner", "expires"])
def test_has_no_defaults_for_what_makes_it_narrow(tmp_path: Path, key: str) -> None:
    """Nothing that says where and until when may be left out."""
    assert fault(tmp_path, {name: value for name, value in RISK.items() if name != key})[0] == "approvals.missing_key"


def test_the_same_twice_is_told(tmp_path: Path) -> None:
    """A second reason for the same risk is a second entry by mistake."""
    with pytest.raises(InvalidInput, match="approves the same"):
        read(tmp_path, RISK, RISK | {"reason": "Another good reason."})


def test_the_example_is_read():
    """`examples/approvals/upgrade.yaml`, which the page about changes shows."""
    (entry,) = load_approvals(ROOT / "examples/approvals/upgrade.yaml").upgrade_risks()
    assert entry.approval.rule == "data_loss.versions"
