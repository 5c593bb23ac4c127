"""A change's risks as reports tell them: what is the same in several environments once, with the entry that approves it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.words import joined
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.report.access_json import line
from lakecheck.upgrade.model import Category
from lakemodel.findings import printable
from lakemodel.upgrade_risk import stack_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.upgrade.model import Risk
    from lakecheck.upgrade.review import JudgedRisk, UpgradeReview

WORDS: Final = {
    Category.DATA_LOSS: "data loss",
    Category.LOST_ACCESS: "lost access",
    Category.COLLISION: "collision",
    Category.SECURITY_WEAKENED: "security weakened",
    Category.IDENTITY: "identity",
    Category.HARMLESS: "harmless",
}
_PLAIN: Final = frozenset("_./-")
_YAML_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


@dataclass(frozen=True, slots=True)
class Told:
    """Risks that are one but for their environment.

    Attributes:
        judged: At least one; the words are those of the first.
        environments: Where, in the order of the assembly; empty outside any Stage.
    """

    judged: tuple[JudgedRisk, ...]
    environments: tuple[str, ...]

    @property
    def first(self) -> JudgedRisk:
        """The one that is told."""
        return self.judged[0]

    @property
    def text(self) -> str:
        """What changes and where: `the bucket is replaced in Dev and Prod`."""
        risk = self.first.risk
        where = joined([printable(name) for name in self.environments])
        perhaps = "" if risk.is_certain else "perhaps: "
        return printable(f"{perhaps}{risk.says()}") + (f" in {where}" if where else "")

    @property
    def place(self) -> str:
        """The narrowest place that is known, with the line of code where the assembly tells."""
        risk = self.first.risk
        at = risk.construct_path or "/".join(part for part in (risk.stack, risk.logical_id) if part)
        return printable(f"{at} ({risk.source})" if risk.source else at)


def told(judged: Iterable[JudgedRisk]) -> tuple[Told, ...]:
    """Risks in their order, those of several environments together."""
    groups: dict[tuple[object, ...], list[JudgedRisk]] = {}
    for one in judged:
        groups.setdefault(_likeness(one), []).append(one)
    return tuple(Told(tuple(group), _environments(group)) for group in groups.values())


def _environments(group: Sequence[JudgedRisk]) -> tuple[str, ...]:
    names = dict.fromkeys(one.risk.environment for one in group)
    return tuple(name for name in names if name not in ("", NO_ENVIRONMENT))


def _likeness(one: JudgedRisk) -> tuple[object, ...]:
    """All that a risk says, without names of its environment and accounts; values stay as they are, as an approval repeats them."""
    risk = one.risk
    name = re.escape(risk.environment)
    own = re.compile(rf"(?<![0-9])[0-9]{{12}}(?![0-9])|(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])", re.IGNORECASE)

    def neutral(text: str) -> str:
        return own.sub("#", text)

    return (
        one.is_open,
        None if one.approval is None else id(one.approval),
        risk.category,
        risk.rule,
        stack_below(risk.stack, risk.environment),
        risk.logical_id,
        risk.property,
        risk.type,
        risk.was,
        risk.now,
        risk.is_certain,
        risk.environment in ("", NO_ENVIRONMENT),
        *map(neutral, (risk.message, risk.consequence, risk.remedy, *risk.because)),
    )


def entry_for(one: Told) -> list[str]:
    """The lines of the register's entry that would approve it; reason, owner and last day are for a person to add."""
    risk = one.first.risk
    environments = list(dict.fromkeys(each.risk.environment for each in one.judged))
    stacks = {stack_below(each.risk.stack, each.risk.environment) for each in one.judged}
    values = [
        ("kind", "upgrade_risk"),
        ("rule", risk.rule),
        ("environments", f"[{', '.join(map(_quoted, environments))}]"),
        ("stack", _quoted(stacks.pop() if len(stacks) == 1 else risk.stack)),
        *((name, _quoted(value)) for name, value in _exact(risk) if value),
    ]
    return [f"{'  ' if number else '- '}{key}: {value}" for number, (key, value) in enumerate(values)]


def _exact(risk: Risk) -> tuple[tuple[str, str], ...]:
    return ("logical_id", risk.logical_id), ("property", risk.property), ("was", risk.was), ("now", risk.now)


def _quoted(text: str) -> str:
    """Text as YAML; a plain word stays plain."""
    plain = bool(text) and all(letter.isascii() and (letter.isalnum() or letter in _PLAIN) for letter in text) and text[0].isalpha()
    return text if plain and text.lower() not in _YAML_WORDS else line(text)


def counts(review: UpgradeReview) -> dict[str, int]:
    """How many risks there are of each category, and how many are open."""
    found = Counter(one.risk.category for one in review.judged)
    return {**{category.value: found[category] for category in Category}, "open": len(review.open)}


def by_type(judged: Iterable[JudgedRisk]) -> list[tuple[str, str, int]]:
    """Harmless changes by what becomes of which type: `("updated", "AWS::Lambda::Function", 3)`, most of them first."""
    found = Counter((one.risk.rule.partition(".")[2].replace("_", " "), printable(one.risk.type)) for one in judged)
    return sorted(((what, kind, number) for (what, kind), number in found.items()), key=lambda each: (-each[2], each[0], each[1]))
