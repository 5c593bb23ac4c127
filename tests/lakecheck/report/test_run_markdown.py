"""The comment on a pull request: what a reviewer sees first, what is folded, and that no name in it can do anything."""

from __future__ import annotations

import doctest
import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.access.difference import difference
from lakecheck.access.review import review
from lakecheck.assembly import Acknowledgement, read_assembly
from lakecheck.checks.upgrade import _gains
from lakecheck.report import run_markdown
from lakecheck.snapshot import Snapshot
from lakemodel.approvals import Register
from lakemodel.findings import Severity
from tests.lakecheck.assemblies import write_assembly
from tests.lakecheck.report.runs import DAY, TAKEN, WILD, finding, findings, run_of

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.findings import Finding

TAGS = {"details", "summary", "code", "br", "pre"}
LOSS = {
    "check": "upgrade",
    "rule": "data_loss.replaced",
    "category": "data_loss",
    "message": "the bucket is replaced",
    "details": ("Every object in it is deleted.", "BucketName differs"),
    "remedy": "Keep the name.",
}


class Tags(HTMLParser):
    """Collects what is markup, and that it is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert not attrs
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def comment(*found: Finding, limit: int = run_markdown.LIMIT, **more: Any) -> str:
    """The comment, in which nothing but our own tags is markup."""
    text = run_markdown.render(run_of(*found, **more), limit)
    assert len(text) <= max(limit, 200)
    tags = Tags(text)
    assert tags.open == []
    assert tags.seen <= TAGS
    assert tags.comments == [" lakecheck "]
    assert text.startswith(f"{run_markdown.MARKER}\n## lakecheck: ")
    assert text.endswith("\n")
    return text


def headings(text: str) -> list[str]:
    return re.findall(r"^(?:### |<details><summary>)(.*?)(?:</summary>)?$", text, re.MULTILINE)


def test_examples_of_docstrings_run() -> None:
    """The examples are true."""
    assert doctest.testmod(run_markdown).attempted > 0
    assert doctest.testmod(run_markdown).failed == 0


def test_the_verdict_comes_first_and_says_what_fails_and_what_did_not_run() -> None:
    """Two lines, the gravest first; the checks with their numbers are folded."""
    text = comment(finding(), finding(rule="another"), finding(**LOSS), not_run={"lint": "--fast"})
    lines = text.splitlines()
    assert lines[:2] == ["<!-- lakecheck -->", "## lakecheck: 3 open findings"]
    assert lines[3] == "**data loss: 1**, **rules: 2**<br>"
    assert lines[4] == "Dev, Prod: 2 stacks, 4 resources, as of 2026-07-01. Not run: lint (--fast)."
    assert "| rules | 2 | 0 | 0 | 0 | rules 1.0: 2 templates |" in lines
    assert "| lint | | | | | not run: --fast |" in lines
    assert text.index("<summary>Checks</summary>") < text.index("| rules |")
    assert "## lakecheck: nothing open" in comment()
    assert "**" not in comment()
    assert "## lakecheck: the app ended with exit code 3" in comment(app_exit=3)


def test_what_the_change_does_comes_before_what_is_there() -> None:
    """Data loss, gained access, lost access, collision, weakened security, new acknowledgements, then what fails, then what is folded."""
    gain = {"check": "upgrade", "rule": "access_gain", "category": "access_gain", "message": "Analyst gains read of sales.orders"}
    new = (Acknowledgement(path="Prod/Storage/Bucket", rule="Pack::Pack-1", reason="new reason", owner="me"),)
    text = comment(
        finding(severity=Severity.NOTE, rule="a.note"),
        finding(acknowledged=TAKEN, rule="taken.on"),
        finding(),
        finding(**LOSS),
        finding(**gain),
        finding(check="upgrade", rule="security_weakened.x", category="security_weakened"),
        finding(check="upgrade", rule="collision.x", category="collision"),
        finding(check="upgrade", rule="lost_access.x", category="lost_access"),
        finding(check="upgrade", rule="identity.x", category="identity", severity=Severity.NOTE),
        finding(**{**LOSS, "acknowledged": TAKEN}),
        new_acknowledgements=new,
        gone_acknowledgements=(),
    )
    titles = [title for title in headings(text) if title != "because"]
    assert titles == [
        "Data would be lost",
        "Who gains access",
        "Access would be lost",
        "The deployment would fail",
        "Security would be weaker",
        "New acknowledgements: 1",
        "What fails",
        "Checks",
        "Changes that were approved or fail nothing: 2",
        "Findings that fail nothing: 1",
        "Acknowledged findings: 1",
    ]


def test_an_item_says_what_what_comes_of_it_what_to_do_and_where() -> None:
    """In this order; the chain behind it is folded."""
    text = comment(finding(**LOSS))
    item = text[text.index("- ❌") :]
    parts = ("the bucket is replaced", "Every object in it is deleted.", "Keep the name.", "Prod/Storage/Bucket", "stacks/storage.py:12")
    positions = [item.index(part) for part in parts]
    assert positions == sorted(positions)
    assert item.index("<summary>because</summary>") < item.index("BucketName differs") < item.index("</details>")


def test_the_same_in_several_places_is_said_once() -> None:
    """Five places, then how many more."""
    text = comment(*(finding(logical_id=f"B{number}", construct_path=f"Prod/Storage/B{number}") for number in range(9)))
    assert text.count("encrypted with a key of AWS") == 1
    assert "Prod/Storage/B4" in text
    assert "Prod/Storage/B5" not in text
    assert "and at 4 more places" in text


def test_acknowledged_findings_are_a_line_for_each_reason() -> None:
    """Folded, with one of their places and the first of their controls."""
    text = comment(
        *(finding(acknowledged=TAKEN, logical_id=f"B{number}", controls=tuple(f"AU-{each}" for each in range(7))) for number in range(9))
    )
    assert "<summary>Acknowledged findings: 9</summary>" in text
    assert text.count("logs stand elsewhere (storage team, until 2026-12-31)") == 1
    assert "; controls AU-0, AU-1, AU-2, AU-3, AU-4 and 2 more; at <code>Prod/Storage/Bucket</code> and 8 more places" in text


def test_who_gains_access_is_said_with_column_and_door(tmp_path: Path) -> None:
    """A real difference of two assemblies: a role that may read a bucket in HEAD only."""

    def snapshot(name: str, *, readers: bool) -> Snapshot:
        role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Reader", "AssumeRolePolicyDocument": {"Statement": []}}}
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake-raw/*"}
        policy = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
        role["Properties"] = {**role["Properties"], **({"Policies": policy} if readers else {})}  # type: ignore[dict-item]
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-raw"}}
        return Snapshot(read_assembly(write_assembly(tmp_path / name, {"Only": {"Resources": {"Role": role, "Bucket": bucket}}})))

    base, head = snapshot("base", readers=False), snapshot("head", readers=True)
    gains = review(difference(base.matrix, head.matrix), Register(), as_of=DAY)
    found = [*_gains(gains)]
    assert found
    text = comment(*found, gains=gains, base=base, judged=head.assembly)
    assert "Who gains access" in headings(text)
    assert "role/Reader gains read" in unescape(text)
    lost = review(difference(head.matrix, base.matrix), Register(), as_of=DAY)
    assert "Who loses access: 1" in headings(comment(gains=lost, base=head, judged=base.assembly))


@pytest.mark.parametrize("limit", [1_000, 3_000, 10_000])
def test_a_comment_is_never_too_long(limit: int) -> None:
    """Whole items go, from the end, and their number is told; the verdict and what is gravest stay."""
    found = [finding(rule=f"rule.n{number:03}", message=f"message {number:03}") for number in range(200)]
    text = comment(finding(**LOSS), *found, finding(acknowledged=TAKEN), limit=limit)
    assert len(text) <= limit
    shown = re.findall(r"message (\d+)", text)
    assert shown == [f"{number:03}" for number in range(len(shown))]
    left_out = re.search(r"(\d+) items left out: too long", text)
    assert left_out is not None
    assert int(left_out[1]) == 200 - len(shown) + 1 + (0 if "the bucket is replaced" in text else 1) + (0 if "| rules |" in text else 1)
    if limit > 2_000:
        assert "the bucket is replaced" in text


def test_nothing_comes_after_what_was_left_out() -> None:
    """A short note has no room where a long failure had none: what is shown is the gravest."""
    found = [finding(rule=f"rule.n{number}", message="long " * 100 + str(number)) for number in range(3)]
    note = finding(severity=Severity.NOTE, message="a short note")
    texts = [comment(*found, note, limit=limit) for limit in range(1_000, 6_000, 100)]
    assert any("long long" in text and "left out" in text for text in texts)
    assert all(text.count("long long") and "left out" not in text for text in texts if "a short note" in text)
    assert "a short note" in texts[-1]


def test_a_new_acknowledgement_is_said_once() -> None:
    """In its section; the note of the check about it would repeat it."""
    new = (Acknowledgement(path="Prod/Storage", rule="Pack::Pack-1", reason="a fresh reason"),)
    note = finding(check="acknowledgements", rule="new", severity=Severity.NOTE, message="the acknowledgement is new: a fresh reason")
    assert comment(note, new_acknowledgements=new).count("a fresh reason") == 1
    assert "a fresh reason" in comment(finding(rule="new", severity=Severity.NOTE, message="a fresh reason"))


def test_whatever_the_limit_the_verdict_is_there() -> None:
    """Even where nothing else has room."""
    assert comment(finding(), limit=10) == "<!-- lakecheck -->\n## lakecheck: 1 open finding\n"


def test_one_enormous_text_does_not_push_the_others_out() -> None:
    """It is cut."""
    text = comment(finding(message="x" * 1_000_000), finding(rule="other.rule", message="the other"))
    assert "the other" in text
    assert "left out" not in text


HOSTILE = {
    "@octocat please": r"@\w",
    "see #123": r"#\d",
    "owner/repo#5": r"#\d",
    "GH-17": r"GH-\d",
    "!42 and ~bug and %v1": r"[!~%]\w",
    "https://example.com": "://",
    "www.example.com": r"www\.",
    "a@example.com": r"@\w",
    ":rocket:": r":\w+:",
}


@pytest.mark.parametrize(("text", "forbidden"), HOSTILE.items())
def test_nothing_mentions_links_or_refers(text: str, forbidden: str) -> None:
    """What a renderer would look for after it has turned entities into characters is not there, but in code, where none looks."""
    shown = comment(finding(message=text, remedy=text, details=(text,)), not_run={"lint": text})
    prose = unescape(re.sub(r"<code>.*?</code>", "", shown))
    prose = prose.replace("as of 2026-07-01", "").replace("-- lakecheck --", "")
    assert not re.search(forbidden, prose)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a|b", "`x`", "**b**", "[a](b)", "![a](b)", "<!-- x -->", "$x$", "a\n\n# b", "</pre>"]
)
def test_no_markup_is_taken_from_a_name(text: str) -> None:
    """Every character that could begin markup is a number; a line break is an escape."""
    shown = comment(finding(message=text, rule=text, construct_path=text, remedy=text))
    assert text not in shown
    assert re.sub(r"\u200b", "", unescape(shown)).count(text.encode("unicode_escape").decode() if "\n" in text else text) >= 3


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=5), WILD, st.integers(min_value=300, max_value=4_000))
def test_any_text_gives_a_comment_of_our_own_markup_only(found: list[Finding], wild: str, limit: int) -> None:
    """Tags are ours and closed, whatever is cut; no line begins with what a template says; half surrogates are escaped."""
    new = (Acknowledgement(path=wild, rule=wild, reason=wild, owner=wild, expires=wild),)
    text = comment(*found, limit=limit, not_run={"lint": wild}, new_acknowledgements=new, gone_acknowledgements=new)
    text.encode("utf-8")
    ours = ("<!--", "## ", "### ", "| ", "|--", "- ", "  <br>", "  <details>", "  </details>", "<details>", "</details>", "Dev, Prod:")
    for line in text.splitlines():
        counted = re.fullmatch(r"\d+ items? left out: .*|(\*\*[a-z ]+: \d+\*\*(, )?)+<br>", line)
        assert not line or line.startswith(ours) or counted or line.startswith("|---"), line


@settings(max_examples=200, deadline=None, derandomize=True)
@given(WILD)
def test_prose_and_code_are_harmless_characters_and_numbers_only(text: str) -> None:
    """And say the text, once entities are characters again."""
    for told in (run_markdown.prose(text), run_markdown.code(text).removeprefix("<code>").removesuffix("</code>")):
        assert re.fullmatch(r"(?:[A-Za-z0-9 .,;:=+/'\"%?-]|&#\d+;|[^\x00-\x7f])*", told)
    assert "\u200b" not in run_markdown.code(text)
