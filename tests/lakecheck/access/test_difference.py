"""What changed of access, in words a reviewer understands: no gain is overlooked, nothing is told that did not change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from lakecheck.access.difference import Kind, difference
from lakecheck.access.model import Action, Dataset, DatasetKind, Door
from lakecheck.access.review import review
from lakecheck.access.sentences import sentences
from lakecheck.report import access_diff, access_diff_markdown, access_diff_text
from lakecheck.report.access_diff import entry_for
from lakemodel.approvals import Register, load_approvals
from tests.lakecheck.access.matrices import (
    ADMIN,
    ANALYST,
    CUSTOMERS,
    FROM_EITHER,
    FROM_VPC,
    JOB,
    LANDING,
    NOBODY_KNOWS,
    ORDERS,
    READER,
    access,
    administers,
    becomes,
    estate,
    matrix,
    origin,
    principal,
    table,
)
from tests.support import ROOT
from tests.unit.test_approvals import GAIN, write

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.access.model import Access, Matrix
    from lakecheck.access.review import Review

TODAY = date(2027, 1, 1)
NOBODY = matrix(access(READER))


def told(base: Matrix, head: Matrix, register: Register | None = None) -> Review:
    return review(difference(base, head), Register() if register is None else register, as_of=TODAY)


def texts(judged: Review) -> list[str]:
    return [said.text for said in sentences(judged.judged)]


def with_reader(*own: Access, **more: Any) -> Matrix:
    return matrix(access(READER), *own, **more)


def test_nothing_changed() -> None:
    """The same matrix made twice passes without a word."""
    one, other = (with_reader(access(ANALYST, conditions=FROM_VPC), edges=(becomes(ANALYST, READER),)) for _ in range(2))
    judged = told(one, other)
    assert judged.judged == ()
    assert judged.passed


def test_a_gain_in_words() -> None:
    """Who, what, which column, where, through which door."""
    judged = told(NOBODY, with_reader(access(ANALYST, columns=("email",), door=Door.S3)))
    assert texts(judged) == ["role/Analyst gains read of sales.customers.email in Prod through direct S3"]
    assert not judged.passed
    assert texts(told(with_reader(access(ANALYST, columns=("email",), door=Door.S3)), NOBODY)) == [
        "role/Analyst loses read of sales.customers.email in Prod through direct S3"
    ]


@pytest.mark.parametrize(
    ("was", "now", "kind", "said"),
    [
        ({"conditions": FROM_VPC}, {}, Kind.GAIN, "without condition instead of if aws:SourceVpce is vpce-1"),
        ({"conditions": FROM_VPC}, {"conditions": FROM_EITHER}, Kind.GAIN, "if aws:SourceVpce is vpce-1 or vpce-2 instead of"),
        ({}, {"conditions": FROM_VPC}, Kind.CHANGE, "if aws:SourceVpce is vpce-1 instead of without condition"),
        ({"conditions": FROM_EITHER}, {"conditions": FROM_VPC}, Kind.CHANGE, "if aws:SourceVpce is vpce-1 instead of"),
        ({"conditions": NOBODY_KNOWS}, {}, Kind.GAIN, "without condition instead of if [the policy of a role"),
        ({}, {"conditions": NOBODY_KNOWS}, Kind.CHANGE, "instead of without condition"),
        ({"rows": "name = 'x'"}, {}, Kind.GAIN, "rows without a filter instead of where name = 'x'"),
        ({"rows": "name = 'x'"}, {"rows": "name = 'y'"}, Kind.GAIN, "rows where name = 'y' instead of where name = 'x'"),
        ({}, {"rows": "name = 'x'"}, Kind.CHANGE, "rows where name = 'x' instead of without a filter"),
    ],
)
def test_conditions_and_rows_that_change(was: dict[str, Any], now: dict[str, Any], kind: Kind, said: str) -> None:
    """Weaker is a gain, stricter is not; both states are told."""
    judged = told(with_reader(access(ANALYST, **was)), with_reader(access(ANALYST, **now)))
    assert [one.change.kind for one in judged.judged] == [kind]
    assert said in texts(judged)[0]
    assert judged.passed is (kind is not Kind.GAIN)


def test_columns_that_are_added_to_what_is_read() -> None:
    """Only the new ones are told; one that is new in the table is gained by who reads all of it."""
    judged = told(with_reader(access(ANALYST, columns=("name",))), with_reader(access(ANALYST, columns=("name", "email"))))
    assert texts(judged) == ["role/Analyst gains read of sales.customers.email in Prod through Lake Formation"]
    wider = estate(READER, ANALYST, tables=(table("sales.customers", ("customer_id", "name", "email", "phone")),))
    judged = told(NOBODY, with_reader(estate=wider))
    assert texts(judged) == ["role/PiiReader gains read of sales.customers.phone in Prod through Lake Formation"]
    assert texts(told(with_reader(access(ANALYST, columns=("name", "email"))), with_reader(access(ANALYST, columns=("name",))))) == [
        "role/Analyst loses read of sales.customers.email in Prod through Lake Formation"
    ]


def test_another_door_is_a_gain_though_the_data_is_the_same() -> None:
    """Through S3 beside Lake Formation; as somebody else beside by itself."""
    judged = told(with_reader(access(ANALYST)), with_reader(access(ANALYST), access(ANALYST, door=Door.S3)))
    assert texts(judged) == ["role/Analyst gains read of sales.customers in Prod through direct S3"]
    judged = told(NOBODY, with_reader(edges=(becomes(ANALYST, READER),), estate=estate(ANALYST, READER)))
    assert texts(judged) == [
        "role/Analyst gains read of sales.customers in Prod through an assumed role: it assumes role/PiiReader, then Lake Formation"
    ]


def test_a_shorter_way_is_a_gain_and_a_longer_one_is_not() -> None:
    """Two steps become one, and the other way round."""
    known = estate(ANALYST, JOB, READER)
    long = with_reader(edges=(becomes(ANALYST, JOB), becomes(JOB, READER)), estate=known)
    short = with_reader(edges=(becomes(ANALYST, READER), becomes(JOB, READER)), estate=known)
    assert ["in 1 instead of 2 steps" in text for text in texts(told(long, short))] == [True]
    assert not told(long, short).passed
    assert told(short, long).passed


def test_what_is_alike_is_said_once() -> None:
    """Actions, environments and tables are joined; what differs is not."""

    def everywhere(*who: Any) -> Matrix:
        staging = [Dataset(DatasetKind.TABLE, "444444444411", "eu-west-1", one.name, "Staging") for one in (CUSTOMERS, ORDERS)]
        people = (principal("Analyst", "444444444412"), ANALYST) if who else ()
        data = dict(zip(("444444444412", ANALYST.account), (staging, [CUSTOMERS, ORDERS]), strict=True))
        own = [access(one, each, action) for one in people for each in data[one.account] for action in (Action.READ, Action.WRITE)]
        return with_reader(*own, datasets=(*staging, CUSTOMERS, ORDERS, LANDING))

    assert texts(told(everywhere(), everywhere("analysts"))) == [
        "role/Analyst gains read and write of sales.customers and sales.orders in Prod and Staging through Lake Formation"
    ]


def test_one_name_in_two_accounts_is_two_principals() -> None:
    """The account is told where the name does not tell."""
    other = principal("Analyst", "444444444499")
    assert sorted(texts(told(NOBODY, with_reader(access(ANALYST), access(other))))) == [
        "role/Analyst of 444444444422 gains read of sales.customers in Prod through Lake Formation",
        "role/Analyst of 444444444499 gains read of sales.customers in Prod through Lake Formation",
    ]


def test_new_data_follows_for_machinery_and_administrators_only() -> None:
    """They reach the new as they reached the old; anybody else, and other reasons, are gains."""
    plane = {JOB.arn: "the role of a registered location"}
    wide = {"because": ("the bucket's policy",), "door": Door.S3}

    def state(*own: Access, datasets: tuple[Dataset, ...]) -> Matrix:
        rows = (access(JOB, CUSTOMERS, **wide), access(ADMIN, LANDING), *own)
        return matrix(*rows, edges=(administers(ADMIN),), data_plane=plane, datasets=datasets, estate=estate(JOB, ADMIN, ANALYST))

    base = state(datasets=(CUSTOMERS, LANDING))
    head = state(access(JOB, ORDERS, **wide), datasets=(CUSTOMERS, LANDING, ORDERS))
    judged = told(base, head)
    assert judged.passed
    assert {(one.change.principal, one.change.kind) for one in judged.judged} == {
        ("role/Job", Kind.FOLLOWS), ("role/Admin", Kind.FOLLOWS)
    }  # fmt: skip
    widened = access(JOB, ORDERS, door=Door.S3, because=("a new statement",))
    assert not told(base, state(widened, datasets=(CUSTOMERS, LANDING, ORDERS))).passed
    assert not told(base, state(access(ANALYST, ORDERS, **wide), datasets=(CUSTOMERS, LANDING, ORDERS))).passed
    assert not told(base, state(access(JOB, LANDING, **wide), datasets=(CUSTOMERS, LANDING))).passed


def test_an_approval_lets_exactly_that_gain_pass(tmp_path: Path) -> None:
    """It passes until it expires; another column does not; what is not needed is told."""

    def register(**changed: Any) -> Register:
        entry = GAIN | {"principal": "role/Analyst", "door": "s3", "environments": ["prod"]} | changed
        return load_approvals(write(tmp_path / "approvals.yaml", entry))

    head = with_reader(access(ANALYST, columns=("email",), door=Door.S3))
    assert told(NOBODY, head, register()).passed
    expired = told(NOBODY, head, register(expires="2026-12-31"))
    assert (expired.passed, len(expired.expired), len(expired.stale)) == (False, 1, 0)
    other = told(NOBODY, head, register(columns=["name"]))
    assert (other.passed, len(other.stale)) == (False, 1)
    soon = told(NOBODY, head, register(expires="2027-01-10"))
    assert (soon.passed, len(soon.soon)) == (True, 1)


def test_the_entry_that_is_printed_approves_what_it_is_printed_for(tmp_path: Path) -> None:
    """With reason, owner and last day added it is read, and the review passes."""
    head = with_reader(
        access(ANALYST, columns=("email",), door=Door.S3, conditions=FROM_VPC),
        access(ANALYST, ORDERS, Action.WRITE, rows="total > 5"),
        access(ANALYST, Dataset(DatasetKind.BUCKET, "1", "eu-west-1", "s3://b-{Prod/Raw}/a: #b/", "Prod"), door=Door.S3),
    )
    judged = told(NOBODY, head)
    entries = [
        [*entry_for(said), "  reason: Somebody looked at it.", "  owner: team@example.com", "  expires: 2027-06-30"]
        for said in sentences(judged.open)
    ]
    path = tmp_path / "approvals.yaml"
    path.write_text("version: 1\napprovals:\n" + "".join(f"  {line}\n" for entry in entries for line in entry))
    assert len(entries) == 3
    assert told(NOBODY, head, load_approvals(path)).passed


def test_reports_say_it_all() -> None:
    """Text, Markdown and JSON name the gain, its reason and its entry; JSON fits its schema."""
    head = with_reader(access(ANALYST, columns=("email",), door=Door.S3, because=("NotebookPolicy statement 2",)))
    judged = told(with_reader(access(JOB)), head)
    text = "".join(access_diff_text.render(judged))
    assert "GAIN role/Analyst gains read of sales.customers.email in Prod through direct S3" in text
    assert "because NotebookPolicy statement 2" in text
    assert "principal: role/Analyst" in text
    assert "LOST role/Job loses read" in text
    assert "failed: 1 gain that nobody approved" in text
    markdown = "".join(access_diff_markdown.render(judged))
    assert "1 gain that nobody approved" in markdown.splitlines()[0]
    data = json.loads("".join(access_diff.render(judged)))
    schema = json.loads((ROOT / "lakecheck/report/access_diff.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)
    assert [change["says"] for change in data["changes"] if change["open"]] == [
        "role/Analyst gains read of sales.customers.email in Prod through direct S3"
    ]
    assert data["passed"] is False


def test_a_name_cannot_become_markup() -> None:
    """A hostile name stays text in Markdown, and steers no terminal."""
    hostile = principal("x|`y`<img src=x onerror=alert(1)>@team \x1b[31m")
    judged = told(NOBODY, with_reader(access(hostile)))
    markdown = "".join(access_diff_markdown.render(judged))
    assert "<img" not in markdown
    assert "@team" not in markdown
    assert "\x1b" not in "".join(access_diff_text.render(judged))


def test_what_is_newly_not_known_is_told() -> None:
    """A reason of HEAD that BASE had not; it is no gain by itself."""
    head = replace(NOBODY, not_known=("the policy of x",))
    assert "the policy of x" in "".join(access_diff_text.render(told(NOBODY, head)))
    assert told(NOBODY, head).passed


def test_the_report_of_the_page_is_one_that_is_printed() -> None:
    """The example of the documentation is what this change gives."""
    reason = "NotebookRole/DefaultPolicy statement 2 allows s3:Get*"
    own = access(ANALYST, columns=("email",), door=Door.S3, because=(reason,), origin=origin("Prod", "NotebookPolicy"))
    text = "".join(access_diff_text.render(told(NOBODY, with_reader(own))))
    shown = (ROOT / "examples/lakecheck/access-diff.txt").read_text()
    assert shown == f"$ lakecheck access diff base.json cdk.out\n{text}"
