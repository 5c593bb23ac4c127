"""The page as text: every section has what the run has, nothing of a template becomes markup, and it stays small."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.access.model import Action
from lakecheck.access.words import Verdict
from lakecheck.report import page
from lakecheck.report.page import access, coverage, findings as findings_section
from lakecheck.report.page.drawing import squarified
from lakecheck.report.page.heat import MOST_COLUMNS, MOST_ROWS, Square, heats, ways_of
from lakecheck.report.page.markup import link, listed, text
from lakecheck.snapshot import Snapshot
from tests.lakecheck.report.page.lakes import HOSTILE, LAKE, everything
from tests.lakecheck.report.runs import findings as wild_findings, run_of

VOID = {"meta", "input", "br", "link", "img", "rect", "path"}


class Reader(HTMLParser):
    """Ids, links, text, and whether every element is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.attributes: set[str] = set()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets += [value for name, value in attrs if name == "href" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html() -> str:
    return "".join(page.render(everything()))


@pytest.fixture(scope="module")
def reader(html: str) -> Reader:
    return read(html)


def test_every_section_is_there_and_linked(reader: Reader) -> None:
    """The navigation names each section; each link inside the page leads somewhere; no id is there twice."""
    named = ["changes", "estate", "access", "invariants", "findings", "coverage", "limits", "acknowledgements"]
    assert [each for each in reader.ids if each in named] == named
    assert {f"#{each}" for each in named} <= set(reader.targets)
    assert {each[1:] for each in reader.targets if each.startswith("#")} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


def test_the_page_needs_nothing_else(html: str, reader: Reader) -> None:
    """No image, frame or style sheet, no handler in the markup, and a policy that allows its own style and script by their hash."""
    assert not {"img", "iframe", "link", "object", "base", "embed"} & set(reader.tags)
    assert not {name for name in reader.attributes if name.startswith("on") or name in ("style", "src")}
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_it_says_the_verdict_and_what_to_settle(reader: Reader) -> None:
    """The heading names the environments, the verdict how many findings fail, and the gravest are named."""
    assert {"#invariants", "#findings"} <= set(reader.targets)
    said = " ".join(reader.said)
    for words in ("Dev · Prod", "4 accounts", "judged as of 2026-07-01", "Failed", "To settle", "encryption.bucket_key"):
        assert words in said


def test_a_passed_run_has_nothing_to_settle() -> None:
    """No list of worries, and each section says why it is empty."""
    said = " ".join(read("".join(page.render(run_of(not_run={"access": "--skip"})))).said)
    assert "Passed" in said
    assert "To settle" not in said
    for words in ("the check was left out", "No access.yaml", "--base names", "No check found anything", "Nothing was acknowledged"):
        assert words in said


def test_a_failed_app_is_a_failed_page() -> None:
    """Nothing was found and the app ended with an error."""
    said = "".join(read("".join(page.render(run_of(not_run={"access": "--skip"}, app_exit=1)))).said)
    assert "Failed" in said
    assert "the app itself ended with an error" in said


@pytest.mark.parametrize(
    "words",
    [
        "role/Analyst can read sales.customers.email",  # invariants
        "role/Old may read it",
        "Its objects stay behind in a bucket that nobody owns.",  # changes
        "Keep the name, or copy the objects first.",
        "role/PiiReader gains read of email and name of sales.customers",
        "moved elsewhere",
        "3 of AWS::S3::Bucket: updated",
        "the zone's key is another",  # findings
        "logs stand elsewhere",
        "AU-2",  # coverage
        "SC-28",
        "412 of 500",  # limits
        "about 30,000 of 20,480",
        "raised by AWS",
        "it was so",  # acknowledgements
        "nobody reads it",
        "passes a role: role/PiiReader",  # access, in words
        "only glue.amazonaws.com can assume it",
        "role/Gone: SELECT on sales.orders; missing: lakeformation:GetDataAccess",
        "lint 1.0: 2 templates",  # how it was judged
    ],
)
def test_it_says_all_of_it(reader: Reader, words: str) -> None:
    """Each section has what the run has."""
    assert words in " ".join("".join(reader.said).split())


def test_names_of_templates_stay_text() -> None:
    """Whatever they have in them, the elements are those of a lake with harmless names, but for the one stack that is there for it."""
    run = everything(HOSTILE)
    reader = read("".join(page.render(run)))
    assert reader.tags.count("script") == 1
    assert reader.tags.count("style") == 1
    assert "img" not in reader.tags
    assert not {name for name in reader.attributes if name.startswith("on")}
    said = "".join(reader.said)
    assert said.count("<script>hacked=1</script>") > 40
    assert not re.search("[\u202e\u2028\x1b\ud800]", said)
    assert not [each for each in reader.targets if not each.startswith(("#", "https://docs.aws.amazon.com/"))]


@given(st.lists(wild_findings, max_size=4))
@settings(max_examples=25)
def test_any_text_gives_a_page(found: list[object]) -> None:
    """Nothing raises, everything is closed, and it can be written."""
    html = "".join(page.render(run_of(*found, not_run={"access": "--skip"})))
    read(html)
    html.encode()


def test_the_same_run_gives_the_same_page(html: str) -> None:
    """Two runs over one lake differ in nothing."""
    assert "".join(page.render(everything())) == html


def test_a_lake_of_hundreds_of_tables_stays_small() -> None:
    """Databases stand for their tables, rows and ways are capped, and what has no room is said."""
    run = everything(tables=300, people=90)
    started = time.process_time()
    html = "".join(page.render(run))
    assert time.process_time() - started < 5
    assert len(html.encode()) < 2_000_000
    assert "A column is a database here" in html
    assert "No room for 15 principals" in html
    heat = heats(run.snapshot.matrix, ways_of(run.snapshot.matrix), ("Dev", "Prod"))
    assert [each.environment for each in heat] == ["Dev", "Prod"]
    assert all(len(each.columns) <= MOST_COLUMNS and len(each.people) <= MOST_ROWS for each in heat)


def test_an_account_with_hundreds_of_stacks_has_a_tile_for_the_rest() -> None:
    """Those with findings keep theirs; the table has every one."""
    run = everything()
    first = run.assembly.stacks[0]
    many = tuple(replace(first, path=f"Dev/Stack{number:03}", bare={}) for number in range(200))
    judged = replace(run.assembly, stacks=(*many, *run.assembly.stacks))
    snapshot = Snapshot(judged)
    snapshot.__dict__["matrix"] = run.snapshot.matrix
    html = "".join(page.render(replace(run, snapshot=snapshot)))
    assert "and 83 stacks more" in html
    assert 'data-stack="Dev/Storage" class="tile bad"' in html
    assert html.count('id="stack-') == 208


def test_ways_without_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell whose ways are left out leads nowhere and still says what it says."""
    monkeypatch.setattr(access, "MOST_CHARACTERS", 1500)
    html = "".join(page.render(everything()))
    reader = read(html)
    assert "more ways have no room here" in html
    assert 'aria-disabled="true"' in html
    assert {each[1:] for each in reader.targets if each.startswith("#")} <= set(reader.ids)


def test_findings_without_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst ones stay."""
    monkeypatch.setattr(findings_section, "MOST_PLACES", 1)
    html = "".join(page.render(everything()))
    assert "The page has room for 1 of 6 places" in html
    assert html.count('<li class="item" data-environment') == 1


def test_a_control_names_few_places() -> None:
    """A control of which hundreds of resources fail says how many."""
    body = "".join(coverage.section(everything()).body)
    assert "1 acknowledged" in body
    assert "1 complies" in body


def test_a_cell_says_the_strongest_action_and_the_surest_way() -> None:
    """One's own rights count first; more by way of others is marked."""
    square = Square()
    square.add(1, {Action.READ: 1}, by_others=False)
    square.add(2, {Action.READ: 0}, by_others=False)
    assert square.strongest == (Action.READ, Verdict.YES)
    assert not square.more_by_others
    square.add(3, {Action.GRANT: 2}, by_others=True)
    assert square.strongest == (Action.READ, Verdict.YES)
    assert square.more_by_others
    assert square.says == "read. By way of others: not known: grant"
    assert square.ways == [1, 2, 3]


def test_people_come_before_machinery() -> None:
    """The lake's own machinery is folded away; who reaches nothing is no row."""
    matrix = everything().snapshot.matrix
    found = {each.environment: each for each in heats(matrix, ways_of(matrix))}
    assert [person.name for person, _ in found["Prod"].people] == ["role/Admin", "role/Analyst", "role/Odd", "role/PiiReader", "role/Zeta"]
    assert [person.name for person, _ in found["Prod"].machinery] == ["role/Job"]
    assert [column.full for column in found["Prod"].columns] == ["sales.customers", "travel.orders", "prod-plain", "Storage/Landing"]


def test_the_map_shows_who_reaches_data_of_another_account(html: str) -> None:
    """An arrow from the lake to the consumers with numbers; an account of elsewhere says whose it is."""
    assert "4 principals → 3 datasets" in html
    assert "of Prod</text>" in html
    assert f'class="name" x="10.0" y="20">{LAKE}' in html


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30).map(lambda areas: sorted(areas, reverse=True)))
def test_tiles_fill_their_account(areas: list[int]) -> None:
    """Each has its share, none leaves the box."""
    found = squarified(areas, 10, 20, 300, 100)
    for area, (left, top, width, height) in zip(areas, found, strict=True):
        assert width * height == pytest.approx(30_000 * area / sum(areas), rel=1e-6)
        assert left >= 10 - 1e-6
        assert top >= 20 - 1e-6
        assert left + width <= 310 + 1e-6
        assert top + height <= 120 + 1e-6


def test_pieces_of_markup_escape() -> None:
    """Text, lists and links."""
    assert text("<a href='x'>\u202e") == "&lt;a href=&#x27;x&#x27;&gt;\\u202e"
    assert listed(["<b>", "c"], most=1) == "<ul><li>&lt;b&gt;</li><li>and 1 more</li></ul>"
    assert link("javascript:alert(1)", "x") == "x"
    assert link('https://a/"', "x") == '<a href="https://a/&quot;" rel="noreferrer">x</a>'
