"""Reports of a rehearsal: how much was rehearsed is in each of them, whatever else; names stay names; large ones stay readable."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import lakecheck.report
from lakecheck.rehearsal.model import Outcome, Rehearsed, Step
from lakecheck.report import rehearsal_json, rehearsal_markdown, rehearsal_text
from lakecheck.report.page import rehearsal as page
from lakecheck.report.rehearsal_told import withheld
from lakecheck.report.style import Style
from tests.lakecheck.report.rehearsals import EVIL, hostile, large, rehearsal, result

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.rehearsal.model import Report

SCHEMA = json.loads(Path(lakecheck.report.__file__).with_name("rehearsal.schema.json").read_text(encoding="utf-8"))
MOST_COLUMNS = 100

RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": rehearsal_text.render,
    "json": lambda report: "".join(rehearsal_json.render(report)),
    "markdown": lambda report: "".join(rehearsal_markdown.render(report)),
    "page": lambda report: "".join(page.render(report)),
}


def _failed() -> Report:
    """Nothing was compared, since it could not be deployed."""
    step = Step(name="deploy", title="Deploy", outcome=Outcome.FAILED, seconds=3.0, reason="a stack was rolled back")
    return replace(rehearsal(), steps=(step,), resources=(), retained=())


@pytest.mark.parametrize("name", RENDERERS)
def test_every_report_says_how_much_was_rehearsed(name: str) -> None:
    """The count, who did it, what is missing and what the emulator leaves out; never a word of success without it."""
    told = RENDERERS[name](rehearsal())
    flat = " ".join(told.split())
    assert "3 of 5 resources rehearsed (60 %): 2 by the emulator, 1 by our adapters, 2 not" in flat
    assert "1 resource left out of the count" in flat
    for words in (
        "AWS::Athena::WorkGroup",
        "it is not there",
        "does not return Rules[].Status",
        "No permission is evaluated",
        "raw-bucket",
    ):
        assert words in html.unescape(flat).replace("<wbr>", "")
    assert "success" not in told.lower()
    assert "there is no Java" in flat


@pytest.mark.parametrize("name", RENDERERS)
def test_what_was_never_compared_counts_as_nothing(name: str) -> None:
    """A rehearsal that failed before it compared says so, and gives no percentage."""
    told = " ".join(RENDERERS[name](_failed()).split())
    assert "no resource was compared with the plain APIs, so none counts as rehearsed" in told.replace("No resource", "no resource")
    assert "a stack was rolled back" in told
    assert "100 %" not in told


def test_text_ends_with_the_table() -> None:
    """Steps first, then what is missing, then untruths; the table and its sum stand last, where a terminal stops."""
    told = rehearsal_text.render(rehearsal())
    order = [
        "deploy: Deploy",
        "\nnot rehearsed",
        "\nleft in the accounts",
        "\nwhat the emulator leaves out",
        "\nhow much was rehearsed",
        "\n  all ",
    ]
    places = [told.index(words) for words in order]
    assert places == sorted(places)
    rows = {line.split()[0]: line.split()[1:4] for line in told[places[4] :].splitlines() if line.startswith(("  AWS", "  all"))}
    assert rows == {
        "AWS::Athena::WorkGroup": ["0", "0", "1"],
        "AWS::Glue::Table": ["0", "1", "0"],
        "AWS::S3::Bucket": ["2", "0", "1"],
        "all": ["2", "1", "2"],
    }
    assert told.endswith("being in no API\n")
    assert max(map(len, told.splitlines())) <= MOST_COLUMNS


def test_text_has_colours_for_terminals_only() -> None:
    """Codes only where they are wanted, and what is a name's is escaped either way."""
    assert "\x1b" not in rehearsal_text.render(rehearsal())
    assert "\x1b[32mpassed" in rehearsal_text.render(rehearsal(), style=Style(color=True))
    assert EVIL.splitlines()[1] not in rehearsal_text.render(hostile(), style=Style(color=True))


def test_demand_is_told() -> None:
    """What was demanded stands beside what was found."""
    assert "90 % were demanded" in rehearsal_text.render(replace(rehearsal(), required=90.0))
    assert "demanded" not in rehearsal_text.render(rehearsal())


@pytest.mark.parametrize("make", [rehearsal, hostile, large, _failed])
def test_json_fits_its_schema(make: Any) -> None:
    """An independent checker reads it; one resource a line."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    told = RENDERERS["json"](make())
    data = json.loads(told)
    jsonschema.validate(data, SCHEMA)
    assert len(data["resources"]) == len(make().resources)
    assert told.endswith("}\n")


def test_schema_refuses_what_is_none() -> None:
    """It is no schema of everything."""
    data = rehearsal_json.as_data(rehearsal())
    for wrong in ({**data, "more": 1}, {**data, "schema_version": 2}, {key: value for key, value in data.items() if key != "summary"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


@pytest.mark.parametrize("name", RENDERERS)
def test_secrets_are_withheld(name: str) -> None:
    """A value under a name that says that it is one stands nowhere, also inside of other values."""
    told = RENDERERS[name](rehearsal())
    assert "do not show" not in told
    assert withheld({"A": [{"ClientSecret": "x", "SecretArn": "arn:aws:b"}]}) == {
        "A": [{"ClientSecret": "(withheld)", "SecretArn": "arn:aws:b"}]
    }


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("make", [rehearsal, hostile, large, _failed])
def test_page_needs_nothing_else_and_runs_nothing_else(make: Any) -> None:
    """One script and one style, both named by hash; nothing is loaded; every element is closed; no name becomes markup."""
    told = RENDERERS["page"](make())
    parsed = _Page()
    parsed.feed(told)
    assert parsed.open == []
    tags = [tag for tag, _ in parsed.tags]
    assert (tags.count("script"), tags.count("style"), tags.count("img"), tags.count("link")) == (1, 1, 0, 0)
    (policy,) = (attrs["content"] for tag, attrs in parsed.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.count("sha256-") == 2
    for _, attrs in parsed.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "style")]
        assert (attrs.get("href") or "#").startswith("#")
    assert not re.search(
        r"https?://(?!www\.w3\.org)", re.sub(r"<script>.*</script>", "", told.replace("http://evil.example", ""), flags=re.DOTALL)
    )


def test_page_filters_by_type() -> None:
    """Each resource says its type, how far it was rehearsed and its stack, in the words of the boxes."""
    parsed = _Page()
    parsed.feed(RENDERERS["page"](rehearsal()))
    options = {attrs["value"] for tag, attrs in parsed.tags if tag == "option"}
    items = [attrs for tag, attrs in parsed.tags if tag == "details" and attrs.get("class") == "item"]
    assert len(items) == 6
    assert all({item["data-type"], item["data-how"], item["data-stack"]} <= options for item in items)
    assert {name for tag, attrs in parsed.tags if tag == "select" and (name := attrs["name"])} == {"type", "how", "stack"}


def test_markdown_has_no_markup_of_names() -> None:
    """A name with a tag, a link, a heading or a mention stays text, on its line."""
    told = RENDERERS["markdown"](hostile())
    bare = re.sub(r"</?(?:details(?: open)?|summary|br|code)>", "", told)
    assert "<" not in bare
    assert "](" not in bare
    assert "@everyone" not in bare
    assert not re.search(r"^# head", told, re.MULTILINE)


def test_thousand_resources_stay_readable() -> None:
    """Grouped by type: the text is no longer than a few screens, the comment fits, the page folds."""
    assert len(rehearsal_text.render(large()).splitlines()) < 320
    everything = rehearsal_text.render(large(), list_all=True)
    assert all(f"Thing{number}" in everything for number in range(1, 1_000, 2))
    told = RENDERERS["markdown"](large(20_000))
    assert len(told) < 65_536
    parsed = _Page()
    parsed.feed(RENDERERS["page"](large()))
    assert sum(attrs.get("class") == "item" for tag, attrs in parsed.tags if tag == "details") == 1_000
    assert sum("group" in str(attrs.get("class")) for tag, attrs in parsed.tags if tag == "details") == 12


def test_many_types_do_not_hide_what_is_missing() -> None:
    """Where a comment has no room for all types, those with something missing are there."""
    many = [result(each, kind=f"AWS::Fine::Type{each:04}") for each in range(3_000)]
    missing = result(1, Rehearsed.NOT, kind="ZZ::Not::There")
    told = RENDERERS["markdown"](replace(rehearsal(), resources=(*many, missing)))
    assert "ZZ::Not::There" in html.unescape(told)
    assert "more types" in told
    assert len(told) < 65_536
