"""Puts values in the place of keys in a formula: where a test asks for the key, and where a policy variable names it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, TRUE, All, Any, Formula, Not, Test, all_of, any_of, negate
from lakecheck.iam import globs, variables
from lakecheck.iam.domains import tested
from lakecheck.iam.operators import EACH_NEGATED, WITH_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable

NOW: Final = "aws:currenttime"
EPOCH_TIME: Final = "aws:epochtime"
_PATTERNS: Final = frozenset({"StringLike", "ArnEquals", "ArnLike"})


def key_of(test: Test) -> str:
    """The key as a request has it: in any case; and one name for the moment of a request."""
    key = test.key.lower()
    return NOW if key == EPOCH_TIME and "Date" in test.operator else key


@lru_cache(maxsize=65536)
def needs(test: Test) -> frozenset[str]:
    """The keys of the variables in a test's values."""
    if not is_text(test):
        return frozenset()
    return frozenset(part.key for value in test.values for part in (variables.parse(value) or ()) if isinstance(part, variables.Variable))


def is_text(test: Test) -> bool:
    """Whether the test compares text, in which variables are replaced."""
    return EACH_NEGATED.get(test.operator, test.operator) in WITH_VARIABLES


def assigned(formula: Formula, key: str, values: tuple[str, ...]) -> Formula:
    """The formula for a request whose key has these values."""

    def said(test: Test) -> Formula:
        if key in needs(test):
            expanded = _expanded(test, key, values)
            if test.operator in EACH_NEGATED and len(expanded.values) < len(test.values):
                # A variable without a value makes a negated test fail, unless its own key is missing.
                missing = tested(test, ())
                own = values if key_of(test) == key else None
                return (missing if not own else FALSE) if own is not None else all_of([missing, Test(test.key, "Null", ("true",))])
            test = expanded
        if key_of(test) == key and not needs(test):
            return tested(test, values)
        return test if test.values else _of_nothing(test)

    return replaced(formula, said)


def _of_nothing(test: Test) -> Formula:
    """A test none of whose values can match: what is left is whether its key is there."""
    missing = tested(test, ())
    there = TRUE if test.operator in EACH_NEGATED else FALSE
    return there if missing == there else Test(test.key, "Null", ("true" if missing == TRUE else "false",))


def _expanded(test: Test, key: str, values: tuple[str, ...]) -> Test:
    """The test with a variable replaced; a value whose variable has none is gone."""
    pattern = EACH_NEGATED.get(test.operator, test.operator) in _PATTERNS
    texts = (_with_value(variables.parse(written) or (written,), key, values, pattern=pattern) for written in test.values)
    return Test(test.key, test.operator, tuple(sorted(text for text in texts if text is not None)), test.quantifier, test.if_exists)


def _with_value(parts: variables.Parts, key: str, values: tuple[str, ...], *, pattern: bool) -> str | None:
    """The text with one variable replaced, the others as written; None when the variable has no value."""
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, variables.Escaped):
            pieces.append(f"${{{part.character}}}")
        elif part.key != key:
            pieces.append(part.written)
        else:
            value = values[0] if len(values) == 1 else part.default if not values else None
            if value is None:
                return None
            pieces.append(variables.shield(globs.literal(value) if pattern else value))
    return "".join(pieces)


def replaced(formula: Formula, said: Callable[[Test], Formula]) -> Formula:
    """The formula with every test replaced by what is said of it."""
    if isinstance(formula, Test):
        return said(formula)
    if isinstance(formula, Not):
        return negate(replaced(formula.part, said))
    if isinstance(formula, All):
        return all_of(replaced(part, said) for part in formula.parts)
    return any_of(replaced(part, said) for part in formula.parts) if isinstance(formula, Any) else formula
