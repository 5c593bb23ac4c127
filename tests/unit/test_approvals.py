"""The register of exceptions: narrow, dated, each fault told with its line."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args

import jsonschema
import pytest

from lakecheck.access.model import Action, Door
from lakemodel.access_gain import Action as ApprovedAction, Door as ApprovedDoor
from lakemodel.approvals import Register, approvals_schema_text, load_approvals
from lakemodel.errors import InvalidInput
from lakemodel.yaml_source import load
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.findings import Finding

ENTRY: dict[str, Any] = {
    "kind": "contract_change",
    "rule": "classification.lowered",
    "contract": "sales.orders",
    "path": "schema.orders.properties.note",
    "was": "restricted",
    "now": "internal",
    "reason": "Notes are checked before delivery.",
    "owner": "sales-data@example.com",
    "expires": "2027-06-30",
}

GAIN: dict[str, Any] = {
    "kind": "access_gain",
    "principal": "permission-set/DataAnalyst",
    "dataset": "sales.customers",
    "columns": ["email"],
    "actions": ["read"],
    "door": "lake_formation",
    "environments": ["Prod"],
    "reason": "Analysts answer support tickets.",
    "owner": "sales-data@example.com",
    "expires": "2027-06-30",
}


def write(path: Path, *entries: dict[str, Any], **top: Any) -> Path:
    """A register with these entries."""
    path.write_text(json.dumps({"version": 1, "approvals": list(entries)} | top))
    return path


def read(tmp_path: Path, *entries: dict[str, Any]) -> Register:
    return load_approvals(write(tmp_path / "approvals.yaml", *entries))


def faults(tmp_path: Path, *entries: dict[str, Any], **top: Any) -> list[Finding]:
    with pytest.raises(InvalidInput) as refusal:
        load_approvals(write(tmp_path / "approvals.yaml", *entries, **top))
    return list(refusal.value.findings)


def without(key: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (ENTRY | changed).items() if name != key}


def test_the_committed_register_and_the_example_are_good() -> None:
    """The reference approves nothing; the example shows both forms."""
    assert load_approvals(ROOT / "config/approvals.yaml").entries == ()
    assert [entry.approval.is_wide for entry in load_approvals(ROOT / "examples/approvals/approvals.yaml").entries] == [False, True]


def test_the_committed_schema_is_the_models() -> None:
    """After a change of the model run `lakecheck config schema approvals > config/approvals.schema.json`."""
    assert (ROOT / "config/approvals.schema.json").read_text() == approvals_schema_text()
    schema = json.loads(approvals_schema_text())
    jsonschema.Draft7Validator.check_schema(schema)
    for file in ("config/approvals.yaml", "examples/approvals/approvals.yaml"):
        assert list(jsonschema.Draft7Validator(schema).iter_errors(load(ROOT / file).data)) == []
    assert (ROOT / "config/approvals.yaml").read_text().splitlines()[0].endswith("$schema=approvals.schema.json")


@pytest.mark.parametrize(
    ("entry", "code", "said"),
    [
        (ENTRY | {"ruel": "x"}, "unknown_key", "did you mean rule?"),
        (without("reason"), "missing_key", "add reason."),
        (without("kind"), "missing_key", "add kind"),
        (GAIN | {"principal": "role/*"}, "pattern", "without wildcards"),
        (GAIN | {"dataset": "sales.*"}, "pattern", "without wildcards"),
        (GAIN | {"actions": []}, "empty", "at least one"),
        (GAIN | {"actions": ["look"]}, "choice", "'read'"),
        (GAIN | {"door": "window"}, "choice", "'lake_formation'"),
        (GAIN | {"acions": ["read"]}, "unknown_key", "did you mean actions?"),
        ({key: value for key, value in GAIN.items() if key != "environments"}, "missing_key", "add environments."),
        (GAIN | {"expires": "2027-02-30"}, "day", "no day of the calendar"),
        (without("owner"), "missing_key", "add owner."),
        (without("expires"), "missing_key", "add expires."),
        (ENTRY | {"reason": "ok"}, "empty", "at least 10 characters"),
        (ENTRY | {"kind": "anything"}, "choice", "'contract_change'"),
        (ENTRY | {"rule": "classification.lowerd"}, "rule", "did you mean classification.lowered?"),
        (ENTRY | {"rule": "*"}, "pattern", "family.kind"),
        (without("was", rule="anything.*", now=None), "rule", "no rule"),
        (ENTRY | {"contract": "sales.*"}, "pattern", "without wildcards"),
        (ENTRY | {"path": "*"}, "too_wide", "below something that is named"),
        (without("was", path="schema.*", now=None), "too_wide", "below something that is named"),
        (ENTRY | {"path": "schema.*.properties.a"}, "too_wide", "below something that is named"),
        (without("was", rule="classification.*", path="schema.orders.*", now=None), "too_wide", "one of the two has to be exact"),
        (ENTRY | {"path": "schema.orders.*"}, "too_wide", "one exact rule at one exact path"),
        (without("was", now=None), "too_wide", "any value would be approved"),
        (ENTRY | {"expires": "2027-02-30"}, "day", "no day of the calendar"),
        (ENTRY | {"expires": "soon"}, "pattern", "yyyy-mm-dd"),
        (ENTRY | {"owner": 7}, "type", "text is expected"),
    ],
)
def test_refuses_what_is_wrong_or_too_wide(tmp_path: Path, entry: dict[str, Any], code: str, said: str) -> None:
    """One finding, at its line, with what is allowed and a remedy."""
    (finding,) = faults(tmp_path, entry)
    assert finding.code == f"approvals.{code}"
    assert said in str(finding).lower()
    assert finding.remedy.endswith((".", "?"))
    assert finding.place.line


def test_tells_every_fault_at_once(tmp_path: Path) -> None:
    """Two entries, two faults; a doubled entry names the other."""
    assert [finding.code for finding in faults(tmp_path, without("owner"), ENTRY | {"rule": "x"})] == [
        "approvals.missing_key",
        "approvals.pattern",
    ]
    assert "line 1" in faults(tmp_path, ENTRY, ENTRY | {"reason": "Another good reason."})[0].message
    assert faults(tmp_path, ENTRY, version=2)[0].code == "approvals.choice"
    assert faults(tmp_path, version=1, approvals={})[0].message == "found an empty mapping; a list is expected"


def test_a_number_is_the_text_it_is_written_as(tmp_path: Path) -> None:
    """`now: 0.50` approves what is printed as 0.50."""
    path = tmp_path / "approvals.yaml"
    lines = [f"    {key}: {value}" for key, value in (ENTRY | {"was": 1, "now": "0.50"}).items()]
    path.write_text("version: 1\napprovals:\n  -\n" + "\n".join(lines) + "\n")
    approval = load_approvals(path).entries[0].approval
    assert (approval.was, approval.now) == ("1", "0.50")


def test_the_last_day_counts(tmp_path: Path) -> None:
    """An approval holds on its last day, not after it, and is soon to expire for two weeks."""
    approval = read(tmp_path, ENTRY).entries[0].approval
    days = [date(2027, 6, 15), date(2027, 6, 16), date(2027, 6, 30), date(2027, 7, 1)]
    assert [approval.is_expired(day) for day in days] == [False, False, False, True]
    assert [approval.expires_soon(day) for day in days] == [False, True, True, False]


def test_an_approved_access_is_exactly_that_access(tmp_path: Path) -> None:
    """Another principal, door, action, column, environment, a wider row filter or condition is not approved."""
    entry = GAIN | {"rows": "country = 'DE'", "conditions": "aws:SourceVpce is vpce-1"}
    approval = read(tmp_path, ENTRY, entry).access_gains()[0].approval
    gained = {
        "principal": "permission-set/DataAnalyst",
        "arn": "arn:aws:iam::111111111111:role/x",
        "dataset": "sales.customers",
        "columns": ("email",),
        "action": "read",
        "door": "lake_formation",
        "environment": "prod",
        "rows": "country = 'DE'",
        "conditions": "aws:SourceVpce is vpce-1",
    }
    assert approval.covers(SimpleNamespace(**gained))
    other = {
        "principal": "role/Other",
        "dataset": "sales.orders",
        "columns": ("email", "name"),
        "action": "write",
        "door": "s3",
        "environment": "Dev",
        "rows": "",
        "conditions": "",
    }
    for key, value in (*other.items(), ("columns", None)):
        assert not approval.covers(SimpleNamespace(**gained | {key: value})), key


def test_an_access_approved_without_columns_rows_and_conditions_is_approved_at_its_widest(tmp_path: Path) -> None:
    """The whole dataset covers each column, and no condition covers each condition; the ARN does for the name."""
    wide = {key: value for key, value in GAIN.items() if key != "columns"} | {"principal": "arn:aws:iam::111111111111:role/x"}
    approval = read(tmp_path, wide).access_gains()[0].approval
    gained = SimpleNamespace(
        principal="role/x", arn=wide["principal"], dataset="sales.customers", columns=None, action="read", door="lake_formation",
        environment="Prod", rows="a = 1", conditions="x",
    )  # fmt: skip
    assert approval.covers(gained)
    gained.columns = ("email",)
    assert approval.covers(gained)
    assert [finding.code for finding in faults(tmp_path, GAIN, GAIN | {"reason": "Another good reason."})] == ["approvals.duplicate"]


def test_the_words_of_an_approval_are_those_of_the_matrix() -> None:
    """Actions and doors are the ones that lakecheck knows."""
    assert set(get_args(ApprovedAction)) == {action.value for action in Action}
    assert set(get_args(ApprovedDoor)) == {door.value for door in Door}
