"""The matrix as text, JSON, Markdown and HTML: all of it, in a stable order, and no name of a template becomes markup."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import jsonschema
import pytest

from lakecheck.access.model import Action, DeadGrant, Door
from lakecheck.access.saved import formula_data, formula_of, matrix_of, read_matrix
from lakecheck.access.words import Verdict, condition, verdict
from lakecheck.formula import Formula, Test as KeyTest, all_of, any_of, negate
from lakecheck.report import access_html, access_json, access_markdown, access_text
from lakecheck.values import hole
from lakemodel.errors import InvalidInput
from tests.lakecheck.access.matrices import (
    ADMIN,
    ANALYST,
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
    matrix,
    principal,
)
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.access.model import Matrix

SCHEMA = json.loads((ROOT / "lakecheck/report/access.schema.json").read_text())
HOSTILE = "x|`y`</td><script>alert(1)</script>\"'&\u202e\x1b[31m\n- @team"


def everything() -> Matrix:
    """A matrix with each kind of row."""
    dead = DeadGrant(principal="role/Gone", what="SELECT on sales.orders", missing="lakeformation:GetDataAccess")
    found = matrix(
        access(READER),
        access(ANALYST, columns=("name",), conditions=FROM_VPC),
        access(ANALYST, ORDERS, rows="total > 5"),
        access(JOB, LANDING, Action.WRITE, door=Door.S3),
        access(JOB, conditions=NOBODY_KNOWS),
        edges=(becomes(ANALYST, READER, Door.PASS_ROLE, NOBODY_KNOWS), administers(ADMIN)),
        dead=(dead,),
        data_plane={JOB.arn: "only glue.amazonaws.com can assume it"},
    )
    return replace(found, not_known=("the policy of the bucket other",))


def hostile() -> Matrix:
    """Every text that a template can choose is somebody's attempt."""
    who = principal(HOSTILE)
    return matrix(access(who, columns=(HOSTILE,), rows=HOSTILE, because=(HOSTILE,), conditions=KeyTest("aws:x", "StringLike", (HOSTILE,))))


def test_text_says_who_reaches_what_through_which_door() -> None:
    """Matrix, restrictions, whoever else, dead grants, what is not known; the machinery is left out unless it is asked for."""
    text = "".join(access_text.render(everything()))
    assert "Prod   2 tables" in text
    assert "role/Analyst: read name of sales.customers through Lake Formation, if aws:SourceVpce is vpce-1" in text
    assert "rows where total > 5" in text
    assert "role/Analyst of 444444444422: passes a role: role/PiiReader, not known [1] → read sales.customers" in " ".join(text.split())
    assert "changes the policy of role/Admin" in text
    assert "role/Gone: SELECT on sales.orders; missing: lakeformation:GetDataAccess" in text
    assert "[1] the policy of a role that no template defines" in text
    assert "the policy of the bucket other" in text
    assert "sales.customers and 2 more" in text
    assert "LF Lake Formation\n" in text
    assert "S3 direct S3" not in text
    assert "Job" not in text.replace("machinery", "")
    assert text.index("grants that give nothing") < text.index("\nnot known\n") < text.index("under 4 assumptions; --all lists them")
    people = replace(everything(), accesses=tuple(one for one in everything().accesses if one.principal is ANALYST))
    assert "machinery" not in "".join(access_text.render(people))
    whole = "".join(access_text.render(everything(), list_all=True))
    assert "only glue.amazonaws.com can assume it" in whole
    assert whole.index("\nnot known\n") < whole.index("assumed\n") < whole.index("never taken for a")
    assert max(map(len, text.splitlines())) <= 100


def test_text_is_the_same_every_time() -> None:
    """No order depends on hashes of identities."""
    assert "".join(access_text.render(everything())) == "".join(access_text.render(everything()))


def test_json_fits_its_schema_and_is_read_back(tmp_path: Path) -> None:
    """One row a line; what was read and written again is the same, and so is what conditions mean."""
    found = everything()
    text = "".join(access_json.render(found))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))
    path = tmp_path / "access.json"
    path.write_text(text)
    again = read_matrix(path)
    assert "".join(access_json.render(again)) == text
    assert {one.conditions for one in again.accesses} == {one.conditions for one in found.accesses}
    rows = [line for line in text.splitlines() if '"action"' in line]
    assert len(rows) == len(found.accesses)
    assert len({json.loads(row.rstrip(","))["id"] for row in rows}) == len(rows)


def test_an_id_stays_when_only_the_verdict_changes() -> None:
    """So that a comparison of lines shows a changed condition as one changed line."""
    ids = []
    for conditions in (FROM_VPC, FROM_EITHER):
        data = json.loads("".join(access_json.render(matrix(access(READER, conditions=conditions)))))
        ids.append(data["accesses"][0]["id"])
    assert ids[0] == ids[1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "access_matrix"}', '{"kind": "access_matrix", "schema_version": 2}', "null"])
def test_fails_when_it_is_no_matrix(tmp_path: Path, text: str) -> None:
    """With the file's name, and never with a trace."""
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as refusal:
        read_matrix(path)
    assert "other.json" in str(refusal.value.findings[0])
    with pytest.raises(InvalidInput):
        read_matrix(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (FROM_EITHER, "aws:SourceVpce is vpce-1 or vpce-2"),
        (negate(FROM_VPC), "aws:SourceVpce is not vpce-1"),
        (KeyTest("aws:sourceip", "NotIpAddress", ("10.0.0.0/8",)), "aws:SourceIp is not in 10.0.0.0/8"),
        (negate(KeyTest("aws:sourceip", "NotIpAddress", ("10.0.0.0/8",))), "aws:SourceIp is in 10.0.0.0/8"),
        (KeyTest("aws:multifactorauthpresent", "Bool", ("true",)), "aws:MultiFactorAuthPresent is true"),
        (negate(KeyTest("aws:multifactorauthpresent", "Bool", ("true",))), "aws:MultiFactorAuthPresent is false"),
        (KeyTest("aws:sourcevpce", "Null", ("true",)), "aws:SourceVpce is missing"),
        (negate(KeyTest("aws:sourcevpce", "Null", ("true",))), "aws:SourceVpce is there"),
        (KeyTest("aws:sourcevpce", "StringEquals", ("v",), if_exists=True), "aws:SourceVpce is v, or missing"),
        (KeyTest("aws:tagkeys", "StringEquals", ("a",), "ForAllValues"), "every value of aws:tagkeys is a"),
        (negate(KeyTest("aws:tagkeys", "StringEquals", ("a",), "ForAllValues")), "not: every value of aws:tagkeys is a"),
        (NOBODY_KNOWS, "[the policy of a role that no template defines]"),
        (any_of((all_of((FROM_VPC, NOBODY_KNOWS)), KeyTest("a:b", "StringLike", (f"x{hole('Y')}*",)))),
         "([the policy of a role that no template defines] and aws:SourceVpce is vpce-1) or a:b is like x{Y}*"),
    ],
)  # fmt: skip
def test_conditions_in_words(formula: Formula, words: str) -> None:
    """Each operator, negated too; and each formula survives being saved."""
    assert condition(formula) == words
    assert formula_of(json.loads(json.dumps(formula_data(formula)))) == formula


def test_verdicts() -> None:
    """Yes, on a condition, not known, impossible."""
    formulas = (all_of(()), FROM_VPC, NOBODY_KNOWS, all_of((FROM_VPC, negate(FROM_EITHER))))
    assert [verdict(each) for each in formulas] == [Verdict.YES, Verdict.IF, Verdict.UNKNOWN, Verdict.NO]


class _Page(HTMLParser):
    """What a browser would see: elements, and where they would load something from."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{key}={value}" for key, value in attrs if key in {"src", "href"} or key.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_one_page_that_loads_nothing_and_that_no_name_can_change() -> None:
    """One script, no links, no handlers; the hostile name is text."""
    for found in (everything(), hostile()):
        page = _Page()
        page.feed("".join(access_html.render(found)))
        assert page.tags.count("script") == 1
        assert page.loads == []
        assert not {"img", "iframe", "link", "object", "a"} & set(page.tags)
    assert any("<script>alert(1)</script>" in text for text in page.text)
    text = "".join(access_html.render(everything()))
    for said in ('lang="en"', "<caption", 'scope="col"', 'type="search"', "prefers-color-scheme", "@media print", "Not known"):
        assert said in text


def test_html_says_each_row_with_its_reasons() -> None:
    """As many rows as there are lines; reasons and restrictions in them."""
    text = "".join(access_html.render(everything()))
    assert text.count("<tr data-") >= 5
    assert "a grant to role/PiiReader" in text
    assert "rows where <code>total &gt; 5</code>" in text
    assert "1 column: <code>name</code>" in text
    assert 'data-machinery="1"' in text
    assert "<li>the policy of a role that no template defines</li>" in text
    assert "1 open question</summary>" in text
    assert "@media (max-width: 46rem)" in text


def test_markdown_is_short_and_bears_no_markup_of_others() -> None:
    """Restrictions and doors are told; the hostile name is code."""
    text = "".join(access_markdown.render(everything()))
    assert text.startswith("## Access: 2 principals with access of their own")
    assert "1 of 3 columns" in text
    assert "<details>" in text
    assert len(text) < 65_536
    text = "".join(access_markdown.render(hostile()))
    assert "<script>" not in text
    assert "@team" not in text


def test_no_report_lets_a_name_steer_a_terminal() -> None:
    """No control code, no change of direction, in any form."""
    found = hostile()
    for report in (access_text, access_json, access_html, access_markdown):
        text = "".join(report.render(found))
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert matrix_of(json.loads("".join(access_json.render(found)))).accesses[0].columns == (HOSTILE,)


def test_a_large_matrix_is_grouped() -> None:
    """A hundred principals with the same rights are one column, and a hundred tables one line."""
    people = [principal(f"Analyst{number}") for number in range(100)]
    found = matrix(*(access(one, table) for one in people for table in (ORDERS, LANDING)))
    text = "".join(access_text.render(found))
    assert "and 99 more" in text
    assert "Analyst0 and 99 more: role/Analyst0, role/Analyst1, role/Analyst10, " in " ".join(text.split())
    assert "and 80 more: --all names them" in " ".join(text.split())
    assert "role/Analyst99" in "".join(access_text.render(found, list_all=True))
    assert len(text.splitlines()) < 30
