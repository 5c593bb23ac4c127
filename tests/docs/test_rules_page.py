"""docs/reference/rules.md is what tools/rule_catalogue.py makes of the rules, and says of each what a reader needs."""

from __future__ import annotations

import re
from dataclasses import replace

import yaml

from lakecheck.rules import all_rules
from lakecheck.upgrade.judges import RULES as CHANGES
from tests.docs.blocks import DOCS, blocks_of
from tests.support import ROOT
from tools.rule_catalogue import PAGE, anchor, changes, entry, page, prose

TEXT = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_rules_say() -> None:
    """After a change of a rule run `python tools/rule_catalogue.py`."""
    assert page() == TEXT
    assert PAGE.relative_to(ROOT).as_posix() == "docs/reference/rules.md"


def test_a_changed_rule_would_make_the_page_stale() -> None:
    """Every text of a rule stands in its entry."""
    rule = all_rules()[0]
    for name in ("title", "rationale", "remedy", "source"):
        assert entry(replace(rule, **{name: f"{getattr(rule, name)} changed"})) not in TEXT
    assert entry(rule) in TEXT


def test_every_rule_and_every_change_is_on_the_page() -> None:
    """A row that leads to an entry for each rule, a row for each change."""
    for rule in all_rules():
        assert TEXT.count(f"| [`{rule.id}`](#{anchor(rule.id)}) |") == 1
        assert TEXT.count(f"{{ #{anchor(rule.id)} }}") == 1
        assert f"`lakecheck-rules::{rule.id}`" in TEXT
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", TEXT, re.MULTILINE)) == set(CHANGES)


def test_the_cases_are_yaml_that_says_the_same() -> None:
    """What stands on the page reads back as the rules' first cases; of those that comply, as what is other in them."""
    shown = [yaml.safe_load(block.text) for block in blocks_of(DOCS / "reference" / "rules.md")]
    assert all(rule.cases.failing[0] in shown for rule in all_rules())
    others = [
        {name: resource for name, resource in rule.cases.compliant[0].items() if rule.cases.failing[0].get(name) != resource}
        for rule in all_rules()
    ]
    assert all(each in shown for each in others if each)


def test_signs_of_a_text_are_no_marks() -> None:
    """A star, a bracket or a bar in a sentence stays one."""
    assert prose("kms:GenerateDataKey* of\n <name> | [x]") == "kms:GenerateDataKey\\* of \\<name> \\| \\[x\\]"


def test_changes_come_by_category() -> None:
    """In the order in which they endanger something."""
    found = changes({"identity.b": "B.", "data_loss.z": "Z.", "data_loss.a": "A."})
    assert re.findall(r"`([a-z_.]+)`", found) == ["data_loss.a", "data_loss.z", "identity.b"]
