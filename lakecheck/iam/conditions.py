"""Condition blocks: whether a request meets them, or what of its context that depends on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, TRUE, Formula, Test, Truth, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs, variables
from lakecheck.iam.comparisons import compare, readable
from lakecheck.iam.model import ConditionTest
from lakecheck.iam.operators import EACH_NEGATED, WITH_VARIABLES
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakecheck.iam.keys import Keys

_WILDCARDS: Final = frozenset({"StringLike", "ArnEquals", "ArnLike"})
_FEW_SUBSTRINGS: Final = 64
_KEPT: Final = 512
_INVERTIBLE: Final = {"StringEquals": "StringEquals", "StringLike": "StringEquals", "StringEqualsIgnoreCase": "StringEqualsIgnoreCase"}


class Condition:
    """One key under one operator, ready to be asked of many requests.

    Args:
        test: As the policy has it.
        version: The policy's version; variables are replaced in 2012-10-17 only.
    """

    __slots__ = (
        "_always",
        "_base",
        "_has_variables",
        "_if_exists",
        "_key",
        "_lookup",
        "_memo",
        "_missing",
        "_negated",
        "_plain",
        "_quantifier",
        "_unreadable",
        "_values",
    )

    def __init__(self, test: ConditionTest, version: str = variables.WITH_VARIABLES) -> None:
        self._base = EACH_NEGATED.get(test.operator, test.operator)
        self._negated = test.operator in EACH_NEGATED
        self._key = variables.spelled(test.key)
        self._lookup = test.key.lower()
        self._quantifier = test.quantifier
        # ForAnyValue asks for a value, so that IfExists adds nothing to it; where a missing key suffices anyway, IfExists says nothing new.
        self._if_exists = test.if_exists and not test.quantifier and not self._negated
        if test.quantifier:
            self._missing: Formula = TRUE if test.quantifier == "ForAllValues" else FALSE
        else:
            self._missing = TRUE if self._negated or self._if_exists else FALSE
        expands = version == variables.WITH_VARIABLES and self._base in WITH_VARIABLES
        parsed = [(text, variables.parse(text) if expands else None) for text in test.values]
        self._has_variables = any(parts is not None for _, parts in parsed)
        self._values = parsed
        # AWS does not say what a negated operator makes of values that it cannot read, such as a range that is none.
        self._unreadable = self._negated and bool(parsed) and not any(parts or readable(self._base, text) for text, parts in parsed)
        self._memo: dict[tuple[str, ...] | None, Formula] = {}
        self._plain = None if self._has_variables or any(map(has_hole, test.values)) else _plain(self._base, test.values)
        self._always = None if self._has_variables else self._test([variables.shield(text) for text in test.values])

    @property
    def key(self) -> str:
        """The key as a `Test` names it."""
        return self._key

    def met(self, keys: Keys) -> Formula:
        """Whether the request meets it."""
        found = keys.get(self._lookup)
        if self._has_variables:
            return self._met(found, keys)
        if self._unreadable and found != () and not keys.is_complete:
            return Unresolved(f"what {self._key} has to be, since {self._base} cannot read {shown(self._values[0][0])}")
        met = self._memo.get(found)
        if met is None:
            if len(self._memo) >= _KEPT:
                self._memo.clear()
            met = self._memo[found] = self._met(found, keys)
        return met

    def _met(self, found: tuple[str, ...] | None, keys: Keys) -> Formula:
        if self._base == "Null":
            return self._null(found)
        if found is None:
            return self._always if self._always is not None else self._open(keys)
        if not found or (self._quantifier and not any(found)):
            return self._missing
        if len(found) == 1:
            return self._differs(found[0], keys) if self._negated else self._matched(found[0], keys)
        if not self._quantifier and not self._negated:
            # Several values meet no operator that is meant for one.
            return FALSE
        each = (self._differs(value, keys) if self._negated else self._matched(value, keys) for value in found)
        return any_of(each) if self._quantifier == "ForAnyValue" else all_of(each)

    def _null(self, found: tuple[str, ...] | None) -> Formula:
        met = null_met([text for text, _ in self._values], self._quantifier)
        if found is None:
            if met[True] is met[False]:
                return met[True]
            return Test(self._key, "Null", ("false" if met[True] is TRUE else "true",))
        return met[any(found) if self._quantifier else bool(found)]

    def _matched(self, value: str, keys: Keys) -> Formula:
        if self._plain is not None and not has_hole(value):
            return TRUE if self._plain(value) else FALSE
        return any_of(self._compared(value, text, parts, keys) for text, parts in self._values)

    def _differs(self, value: str, keys: Keys) -> Formula:
        """Whether no value of the policy matches; a value that cannot be read, and a variable without one, make that fail too."""
        if self._unreadable or not readable(self._base, value):
            return FALSE
        differs = negate(self._matched(value, keys))
        if not self._has_variables or differs is FALSE:
            return differs
        return all_of((differs, *(variables.resolved(parts, keys) for _, parts in self._values if parts is not None)))

    def _compared(self, value: str, text: str, parts: variables.Parts | None, keys: Keys) -> Formula:
        if parts is not None:
            expanded = variables.expand(parts, keys, pattern=self._base in _WILDCARDS)
            if expanded.never:
                return FALSE
            if expanded.open:
                return self._turned_round(value, parts, keys)
            text = expanded.text
        return as_formula(compare(self._base, value, text), lambda: f"whether {shown(value)} meets {self._base} {shown(text)}")

    def _turned_round(self, value: str, parts: variables.Parts, keys: Keys) -> Formula:
        """The value is known, a variable is not: what the variable's key has to be."""
        operator = _INVERTIBLE.get(self._base)
        if operator is None:
            text = "".join(part if isinstance(part, str) else str(getattr(part, "written", "")) for part in parts)
            return Unresolved(f"whether {shown(value)} meets {self._base} {shown(text)}")
        return variable_needed(parts, value, keys, operator=operator, pattern=self._base in _WILDCARDS)

    def _open(self, keys: Keys) -> Formula:
        texts: list[str] = []
        for text, parts in self._values:
            if parts is None:
                texts.append(variables.shield(text))
                continue
            expanded = variables.expand(parts, keys, pattern=self._base in _WILDCARDS)
            if expanded.never and self._negated:
                return self._only_missing()
            if not expanded.never:
                texts.append(expanded.text if expanded.open else variables.shield(expanded.text))
        return self._test(texts)

    def _test(self, texts: Iterable[str]) -> Formula:
        values = tuple(sorted(set(texts)))
        if values:
            operator = self._base if not self._negated else _NEGATED[self._base]
            return Test(self._key, operator, values, self._quantifier, self._if_exists)
        # Nothing can match: what is left is whether the key is there.
        if self._negated:
            return Test(self._key, "Null", ("false",)) if self._quantifier == "ForAnyValue" else TRUE
        return self._only_missing()

    def _only_missing(self) -> Formula:
        """What is left when no value can meet it: that the key is missing, where that suffices."""
        return Test(self._key, "Null", ("true",)) if self._missing is TRUE else FALSE


_NEGATED: Final = {base: negated for negated, base in EACH_NEGATED.items()}


def settled(test: Test, keys: Keys) -> Formula:
    """What a `Test` is in a request of which more is known."""
    written = ConditionTest(
        operator=test.operator,
        key=test.key,
        values=test.values,
        quantifier=test.quantifier,
        if_exists=test.if_exists,
    )
    return Condition(written).met(keys)


def null_met(values: Iterable[str], quantifier: str) -> dict[bool, Formula]:
    """Whether a Null condition is met, by whether the key is there.

    Without a key there is no value to ask: ForAllValues is then met and ForAnyValue is not, as with every other operator.

    Args:
        values: As the policy has them.
        quantifier: The condition's.
    """
    wanted = {text.lower() for text in values}
    missing = quantifier == "ForAllValues" if quantifier else "true" in wanted
    return {True: TRUE if "false" in wanted else FALSE, False: TRUE if missing else FALSE}


def as_formula(truth: Truth, reason: Callable[[], str]) -> Formula:
    """The truth as a formula; an open one as the fact that it depends on, which is put into words only then."""
    if truth is Truth.TRUE:
        return TRUE
    return FALSE if truth is Truth.FALSE else Unresolved(reason())


def variable_needed(parts: variables.Parts, value: str, keys: Keys, *, operator: str, pattern: bool) -> Formula:
    """What the one variable that is not known has to be for the text to match a value: there are only finitely many candidates.

    Args:
        parts: The text with variables.
        value: What it is compared with.
        keys: The request's keys.
        operator: How the variable's value compares with a candidate.
        pattern: Whether the text has wildcards.
    """
    unknown = [part for part in parts if isinstance(part, variables.Variable) and keys.get(part.key) is None]
    written = "".join(part if isinstance(part, str) else getattr(part, "written", "*") for part in parts)
    outline = "".join(
        "*"
        if part in unknown
        else variables.expand((part,), keys, pattern=True).text
        if pattern or not isinstance(part, str)
        else globs.literal(part)
        for part in parts
    )
    folded = operator == "StringEqualsIgnoreCase"
    subject = value.lower() if folded else value
    truth = globs.match(outline.lower() if folded else outline, subject)
    if truth is Truth.FALSE:
        return FALSE
    undecided = Unresolved(f"whether {shown(value)} is meant by {shown(written)}")
    if len(unknown) != 1 or has_hole(value) or has_hole(outline):
        return undecided
    before, _, after = _around(parts, unknown[0], keys, pattern=pattern)
    if folded:
        before, after = before.lower(), after.lower()
    starts = [start for start in range(len(subject) + 1) if globs.match(before, subject[:start]) is Truth.TRUE]
    ends = [end for end in range(len(subject) + 1) if globs.match(after, subject[end:]) is Truth.TRUE]
    if len(starts) * len(ends) > _FEW_SUBSTRINGS * _FEW_SUBSTRINGS:
        return undecided
    found = {subject[start:end] for start in starts for end in ends if start <= end}
    if len(found) > _FEW_SUBSTRINGS:
        return undecided
    key = unknown[0].spelled
    needed: list[Formula] = [Test(key, operator, tuple(sorted(map(variables.shield, found))))] if found else []
    default = unknown[0].default
    if default is not None and (default.lower() if folded else default) in found:
        needed.append(Test(key, "Null", ("true",)))
    return any_of(needed)


def _around(parts: variables.Parts, unknown: variables.Variable, keys: Keys, *, pattern: bool) -> tuple[str, variables.Variable, str]:
    at = parts.index(unknown)
    sides: list[str] = []
    for side in (parts[:at], parts[at + 1 :]):
        texts = [part if pattern or not isinstance(part, str) else globs.literal(part) for part in side]
        sides.append(variables.expand(tuple(texts), keys, pattern=True).text)
    return sides[0], unknown, sides[1]


def _plain(base: str, values: tuple[str, ...]) -> Callable[[str], bool]:
    """A quick test for values without variables and holes."""
    if base == "StringEquals":
        return frozenset(values).__contains__
    return lambda value: any(compare(base, value, written) is Truth.TRUE for written in values)
