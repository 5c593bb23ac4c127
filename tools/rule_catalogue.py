"""Writes docs/reference/rules.md, the catalogue of rules, from the rules themselves.

    .venv/bin/python tools/rule_catalogue.py

Nothing on the page is written by hand: a rule's texts and its first cases stand in its module, a change's in `lakecheck.upgrade`.
"""

from __future__ import annotations

import importlib
import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "rules.md"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from lakecheck import rules  # noqa: E402
from lakecheck.checks.rules import PREFIX  # noqa: E402
from lakecheck.upgrade import judges  # noqa: E402
from lakecheck.upgrade.model import Category  # noqa: E402
from lakecheck.upgrade.review import FAILING  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.rules import Rule

_WIDTH: Final = 120
_MARKS: Final = re.compile(r"([*<\[\]|])")
_HEAD: Final = """\
# Rules

What [`lakecheck run`](lakecheck.md#what-it-checks) looks at and other tools do not: {count} rules of {families} families. A rule is a
module of `lakecheck/rules`, and its id is where it stands there; a rule of your own [is written alike](lakecheck.md#rules-of-your-own).
Each has templates that fail and that comply, of which the first ones stand here, and sees a single property of the reference that is
changed. What a template leaves open is reported as a note and fails nothing.

To take a finding on, acknowledge the rule's id behind `{prefix}::` on the construct, with a reason and an owner.
"""
_CHANGES: Final = """\
## Changes of an app

What [`lakecheck upgrade`](upgrade.md) finds by comparing two states. Approvals name these ids; those of {passing} fail nothing.
"""


def page() -> str:
    """The whole page."""
    every = rules.all_rules()
    families = {family: list(found) for family, found in groupby(every, key=lambda rule: rule.family)}
    head = _HEAD.format(count=len(every), families=len(families), prefix=PREFIX)
    parts = [
        head,
        *(part for family, found in families.items() for part in _family(family, found)),
        _CHANGES.format(passing=_passing()),
        changes(judges.RULES),
    ]
    return "\n".join(parts)


def _family(family: str, found: Iterable[Rule]) -> Iterator[str]:
    about = (importlib.import_module(f"{rules.__name__}.{family}").__doc__ or "").strip()
    listed = [f"| [`{rule.id}`](#{anchor(rule.id)}) | {rule.severity} | {prose(rule.title)} |" for rule in found]
    yield f"## {family.replace('_', ' ').capitalize()}\n\n{prose(about)}\n"
    yield "\n".join(("| rule | severity | what has to be so |", "|---|---|---|", *listed, ""))
    for rule in found:
        yield entry(rule)


def entry(rule: Rule) -> str:
    """What the page says about one rule."""
    facts = [f"*{rule.severity.capitalize()}*", f"acknowledged as `{PREFIX}::{rule.id}`", f"[AWS's page]({rule.source})"]
    if rule.controls:
        facts.append(f"evidence for {', '.join(rule.controls)}")
    return "\n\n".join(
        (
            f"### {rule.id} {{ #{anchor(rule.id)} }}",
            f"{prose(rule.title)}. {prose(rule.rationale)}",
            prose(rule.remedy),
            " · ".join(facts),
            *_cases(rule.cases.failing[0], rule.cases.compliant[0]),
            "",
        )
    )


def _cases(failing: Mapping[str, Any], compliant: Mapping[str, Any]) -> Iterator[str]:
    """The case that fails, and of the one that complies what is other in it."""
    yield f"Fails:\n\n{block(failing)}"
    others = {name: resource for name, resource in compliant.items() if failing.get(name) != resource}
    without = [f"`{name}`" for name in failing if name not in compliant]
    said = [*(["the rest as above"] if len(others) < len(compliant) else []), *([f"without {', '.join(without)}"] if without else [])]
    head = f"Complies{''.join(f', {each}' for each in said)}"
    yield f"{head}:\n\n{block(others)}" if others else f"{head}."


def _passing() -> str:
    return " and ".join(f"`{category}`" for category in Category if category not in FAILING)


def block(resources: Mapping[str, Any]) -> str:
    """A template's resources as YAML."""
    text = yaml.dump(_plain(resources), sort_keys=False, default_flow_style=None, width=_WIDTH, allow_unicode=True)
    return f"```yaml\n{text}```"


def changes(found: Mapping[str, str]) -> str:
    """The table of what changes of an app are called, by category."""
    order = [category.value for category in Category]
    ids = sorted(found, key=lambda each: (order.index(each.partition(".")[0]), each))
    return "\n".join(("| rule | finds |", "|---|---|", *(f"| `{each}` | {prose(found[each])} |" for each in ids), ""))


def anchor(rule: str) -> str:
    """A rule's place on the page."""
    return rule.replace(".", "-")


def prose(text: str) -> str:
    """A text on one line, its signs no marks."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _plain(data: Any) -> Any:
    """A copy that shares nothing, so that YAML has no anchors in it."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(each) for each in data] if isinstance(data, list | tuple) else data


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
