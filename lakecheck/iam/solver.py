"""Whether some request meets a formula of condition keys: an exact search over the finitely many values that make a difference.

A key's values are split where its tests tell them apart (`lakecheck.iam.domains`); keys that no formula joins are decided apart; of the
values of a key only those are tried that no other value beats. Facts that are not known stay open to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lakecheck.formula import (
    FALSE,
    TRUE,
    All,
    Any,
    Constant,
    Formula,
    Not,
    Test,
    Truth,
    Unresolved,
    all_of,
    any_of,
    leaves,
    negate,
    unresolved,
)
from lakecheck.iam import globs, variables
from lakecheck.iam.comparisons import moment
from lakecheck.iam.domains import ALWAYS_PRESENT, Domain, Option, domain, tested
from lakecheck.iam.operators import EACH_NEGATED, WITH_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DEFAULT_CAP: Final = 20_000
"""The most formulas that one search looks at before the answer is OPEN."""

TOO_MANY: Final = "there are more combinations of condition values than are tried"

_FITTING: Final = 64
_LEAVES_PER_FORMULA: Final = 50
_NOW, _EPOCH_TIME = "aws:currenttime", "aws:epochtime"
_PATTERNS: Final = frozenset({"StringLike", "ArnEquals", "ArnLike"})
_TOGETHER: Final = (
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: each is there when a VPC endpoint is used.
    ("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"),
    # The services on the way, the first and the last of them.
    ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast"),
)
_APART: Final = tuple(("aws:sourceip", other) for other in _TOGETHER[0])
_IMPLIES: Final = (
    ("aws:calledvia", "aws:viaawsservice"),
    ("aws:calledviafirst", "aws:viaawsservice"),
    ("aws:calledvialast", "aws:viaawsservice"),
    ("aws:multifactorauthage", "aws:multifactorauthpresent"),
)


@dataclass(frozen=True, slots=True)
class Solution:
    """Whether some request meets a formula.

    Attributes:
        truth: TRUE when one does whatever the facts are that are not known, FALSE when none does whatever they are, OPEN when it depends on
            them or there was too much to try.
        witness: The condition keys of such a request, by key in lower case, where it is TRUE; a missing key has no values.
        reasons: What it depends on, where it is OPEN.
    """

    truth: Truth
    witness: dict[str, tuple[str, ...]] | None = None
    reasons: tuple[str, ...] = ()


def solve(formula: Formula, *, known: Mapping[str, tuple[str, ...]] | None = None, cap: int = DEFAULT_CAP) -> Solution:
    """Whether some request meets the formula: exact over text, numbers, dates, addresses, missing keys and sets of values.

    Keys are free of each other, but for what AWS documents: a VPC endpoint gives `aws:SourceVpc`, `aws:SourceVpce` and `aws:VpcSourceIp`
    together and takes `aws:SourceIp` away; `aws:CalledVia` comes with `aws:ViaAWSService`, `aws:MultiFactorAuthAge` with MFA;
    `aws:CurrentTime` and `aws:EpochTime` are one moment.

    Args:
        formula: Of `Test`s and `Unresolved`s.
        known: Keys whose values are facts, such as those of the caller; a missing key has no values. None when left out.
        cap: The most formulas to look at; 20,000 when left out.

    Example:
        >>> from lakecheck.formula import Test
        >>> solve(Test("aws:sourcevpce", "StringEquals", ("vpce-1",))).witness
        {'aws:sourcevpce': ('vpce-1',)}
    """
    facts = {key.lower(): values for key, values in known.items()} if known else {}
    return _solve(formula, tuple(sorted(facts.items())), cap)


@lru_cache(maxsize=16384)
def _solve(formula: Formula, facts: tuple[tuple[str, tuple[str, ...]], ...], cap: int) -> Solution:
    bound = all_of([formula, *_ties({_key(test) for test in _tests(formula)})])
    for key, values in facts:
        bound = _assign(bound, key, values)
    search = _Search(cap)
    try:
        found = search.decide(bound)
    except (globs.TooMany, RecursionError):
        return Solution(Truth.OPEN, None, (TOO_MANY,))
    if found.truth is Truth.FALSE and search.inexact:
        return _doubt(bound, search.inexact, cap)
    if found.truth is Truth.TRUE:
        witness = {**dict(facts), **(found.witness or {})}
        if any(test.key.lower() == _EPOCH_TIME for test in _tests(formula)) and _NOW in witness:
            at = moment(witness[_NOW][0])
            witness[_EPOCH_TIME] = (f"{at.timestamp():.6f}".rstrip("0").rstrip("."),) if at is not None else ()
        return Solution(Truth.TRUE, dict(sorted(witness.items())), ())
    return found


def _doubt(formula: Formula, keys: set[str], cap: int) -> Solution:
    """None was found, but a key may have values that were not tried: is there none even if its tests are free?"""
    loose = _replaced(formula, lambda test: Unresolved(_order(test)) if _key(test) in keys or _needs(test) & keys else test)
    search = _Search(cap)
    try:
        found = search.decide(loose)
    except (globs.TooMany, RecursionError):
        return Solution(Truth.OPEN, None, (TOO_MANY,))
    if found.truth is Truth.FALSE:
        return found
    return Solution(Truth.OPEN, None, tuple(sorted(f"what {key} can be" for key in keys)))


class _Search:
    """One search; what was decided once is kept."""

    def __init__(self, cap: int) -> None:
        self._left = cap * _LEAVES_PER_FORMULA
        self._kept: dict[Formula, Solution] = {}
        self.inexact: set[str] = set()

    def decide(self, formula: Formula) -> Solution:
        """The formula, by parts that share no key and no open fact."""
        if isinstance(formula, Constant):
            return Solution(formula.truth, {} if formula.value else None)
        kept = self._kept.get(formula)
        if kept is None:
            self._spend(_LEAVES_PER_FORMULA // 10)
            kept = self._kept[formula] = self._decide(formula)
        return kept

    def _spend(self, leaves_seen: int) -> None:
        self._left -= leaves_seen
        if self._left < 0:
            raise globs.TooMany

    def _decide(self, formula: Formula) -> Solution:
        if isinstance(formula, All):
            simpler = _propagated(formula)
            if simpler is not formula:
                return self.decide(simpler)
        if isinstance(formula, All | Any):
            parts = _components(formula)
            if len(parts) > 1:
                return self._joined(parts, every=isinstance(formula, All))
        by_key: dict[str, set[Test]] = {}
        for test in _tests(formula):
            by_key.setdefault(_key(test), set()).add(test)
        if not by_key:
            return _of_facts(formula)
        return self._branched(formula, *self._choice(formula, by_key))

    def _joined(self, parts: list[Formula], *, every: bool) -> Solution:
        decisive = Truth.FALSE if every else Truth.TRUE
        found = []
        for part in parts:
            one = self.decide(part)
            if one.truth is decisive:
                return one
            found.append(one)
        if any(one.truth is Truth.OPEN for one in found):
            return Solution(Truth.OPEN, None, tuple(sorted({reason for one in found for reason in one.reasons})))
        if not every:
            return Solution(Truth.FALSE)
        return Solution(Truth.TRUE, {key: values for one in found for key, values in (one.witness or {}).items()})

    def _choice(self, formula: Formula, by_key: dict[str, set[Test]]) -> tuple[str, tuple[Test, ...], list[Option]]:
        """The key to try next: first those that others refer to, then the one with the fewest ways worth trying."""
        needed = set().union(*(_needs(test) for tests in by_key.values() for test in tests))
        if needed:
            key = min(needed, key=lambda each: (len(set().union(*map(_needs, by_key.get(each, ())))), each))
            if any(_needs(test) for test in by_key.get(key, ())):
                raise globs.TooMany  # Two keys that are told through each other.
            tests = tuple(sorted((test for test in by_key.get(key, ()) if not _needs(test)), key=_test_order))
            extra = tuple(sorted(_borrowed(key, by_key)))
            self.inexact |= {key for test in _tests(formula) if key in _needs(test) and not _whole(test)}
            return key, tests, list(self._domain(key, tests, extra, by_value=True).options)
        signs = _signs(formula)
        required = _required(formula)
        best: tuple[str, tuple[Test, ...], list[Option]] | None = None
        for key in sorted(by_key):
            tests = tuple(sorted(by_key[key], key=_test_order))
            options = _worth_trying(tests, self._domain(key, tests).options, signs, required)
            if best is None or len(options) < len(best[2]):
                best = (key, tests, options)
            if len(options) == 1:
                break
        assert best is not None  # noqa: S101 - there is a key
        return best

    def _domain(self, key: str, tests: tuple[Test, ...], extra: tuple[str, ...] = (), *, by_value: bool = False) -> Domain:
        found = domain(key, tests, extra, by_value=by_value)
        if not found.exact:
            self.inexact.add(key)
        return found

    def _branched(self, formula: Formula, key: str, tests: tuple[Test, ...], options: list[Option]) -> Solution:
        open_ones: list[Solution] = []
        size = len(_tests(formula))
        for option in options:
            self._spend(size)
            said = dict(zip(tests, option.truths, strict=True))
            left = _replaced(formula, lambda test, said=said: said.get(test, test))  # type: ignore[misc]
            left = _assign(left, key, option.values) if any(key in _needs(test) for test in _tests(left)) else left
            one = self.decide(left)
            if one.truth is Truth.TRUE:
                return Solution(Truth.TRUE, {key: option.values, **(one.witness or {})})
            if one.truth is Truth.OPEN:
                open_ones.append(one)
        return min(open_ones, key=lambda one: (len(one.reasons), one.reasons)) if open_ones else Solution(Truth.FALSE)


def _of_facts(formula: Formula) -> Solution:
    """A formula of open facts alone: whether it holds whatever they are, or never."""
    if not _possible(formula):
        return Solution(Truth.FALSE)
    if not _possible(negate(formula)):
        return Solution(Truth.TRUE, {})
    return Solution(Truth.OPEN, None, tuple(sorted(unresolved(formula))))


def _possible(formula: Formula) -> bool:
    """Whether some values of the open facts make it true."""
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Any):
        return any(_possible(part) for part in formula.parts)
    if isinstance(formula, All) and len(parts := _components(formula)) > 1:
        return all(_possible(part) for part in parts)
    fact = Unresolved(min(unresolved(formula)))
    return any(_possible(_replaced_fact(formula, fact, value)) for value in (TRUE, FALSE))


def _required(formula: Formula) -> dict[Test, Formula]:
    """What tests must say for the formula to hold: those that stand in it as they are, or negated."""
    parts = formula.parts if isinstance(formula, All) else (formula,)
    found: dict[Test, Formula] = {part: TRUE for part in parts if isinstance(part, Test)}
    return found | {part.part: FALSE for part in parts if isinstance(part, Not) and isinstance(part.part, Test)}


def _propagated(formula: All) -> Formula:
    """The conjunction in which tests that it requires are not asked for a second time."""
    required = _required(formula)
    if not required:
        return formula
    rest = [part for part in formula.parts if not isinstance(part, Test) and not (isinstance(part, Not) and isinstance(part.part, Test))]
    simpler = [_replaced(part, lambda test: required.get(test, test)) for part in rest if not required.keys().isdisjoint(_tests(part))]
    if not simpler:
        return formula
    kept = [part for part in formula.parts if part not in rest or required.keys().isdisjoint(_tests(part))]
    return all_of([*kept, *simpler])


def _worth_trying(
    tests: tuple[Test, ...],
    options: tuple[Option, ...],
    signs: Mapping[Test, int],
    required: Mapping[Test, Formula],
) -> list[Option]:
    """The options that meet what is required and that no other one beats, best first.

    What a test says is better when the formula asks for it only that way.
    """
    needed = [(place, required[test]) for place, test in enumerate(tests) if test in required]
    if needed:
        options = tuple(
            option
            for option in options
            if all(option.truths[place] == truth or not isinstance(option.truths[place], Constant) for place, truth in needed)
        )
    rated: dict[tuple[int, tuple[Formula, ...]], Option] = {}
    for option in options:
        good = 0
        for place, (test, truth) in enumerate(zip(tests, option.truths, strict=True)):
            sign = signs[test]
            if truth == TRUE and sign & 1:
                good |= 1 << 2 * place
            if truth == FALSE and sign & 2:
                good |= 2 << 2 * place
        rated.setdefault((good, tuple(truth for truth in option.truths if not isinstance(truth, Constant))), option)
    kept: list[tuple[int, tuple[Formula, ...], Option]] = []
    for (good, doubtful), option in sorted(rated.items(), key=lambda each: (bool(each[0][1]), -each[0][0].bit_count())):
        if doubtful or not any(good & ~other == 0 and not doubts for other, doubts, _ in kept):
            kept.append((good, doubtful, option))
    return [option for _, _, option in kept]


def _signs(formula: Formula) -> dict[Test, int]:
    """How the formula asks for each test: 1 for it, 2 for its opposite, 3 for both."""
    found: dict[Test, int] = {}

    def walk(part: Formula, sign: int) -> None:
        if isinstance(part, Test):
            found[part] = found.get(part, 0) | sign
        elif isinstance(part, Not):
            walk(part.part, 3 - sign)
        elif isinstance(part, All | Any):
            for each in part.parts:
                walk(each, sign)

    walk(formula, 1)
    return found


def _components(formula: All | Any) -> list[Formula]:
    """The parts of a formula, joined where they share a key or an open fact; in an order that is always the same."""
    groups: list[tuple[set[str], list[Formula]]] = []
    for part in sorted(formula.parts, key=_order):
        names = set(_names(part))
        parts = [part]
        apart = []
        for group in groups:
            if group[0].isdisjoint(names):
                apart.append(group)
            else:
                names |= group[0]
                parts += group[1]
        groups = [*apart, (names, parts)]
    join = all_of if isinstance(formula, All) else any_of
    return [join(parts) for _, parts in sorted(groups, key=lambda group: min(group[0], default=""))]


@lru_cache(maxsize=65536)
def _names(formula: Formula) -> frozenset[str]:
    """The keys and open facts in it, keys that stand in variables too."""
    found: set[str] = set()
    for leaf in leaves(formula):
        if isinstance(leaf, Unresolved):
            found.add(f"?{leaf.reason}")
        else:
            found |= {_key(leaf), *_needs(leaf)}
    return frozenset(found)


@lru_cache(maxsize=65536)
def _order(formula: Formula) -> str:
    """Sorts formulas the same way in every run, which their hashes do not."""
    if isinstance(formula, All | Any):
        return f"{type(formula).__name__}({','.join(sorted(map(_order, formula.parts)))})"
    return f"Not({_order(formula.part)})" if isinstance(formula, Not) else repr(formula)


def _test_order(test: Test) -> tuple[str, tuple[str, ...], str, bool, str]:
    return test.operator, test.values, test.quantifier, test.if_exists, test.key


def _tests(formula: Formula) -> list[Test]:
    return [leaf for leaf in leaves(formula) if isinstance(leaf, Test)]


def _key(test: Test) -> str:
    """The key as a request has it: in any case; and one name for the moment of a request."""
    key = test.key.lower()
    return _NOW if key == _EPOCH_TIME and "Date" in test.operator else key


@lru_cache(maxsize=65536)
def _needs(test: Test) -> frozenset[str]:
    """The keys of the variables in a test's values."""
    if not _is_text(test):
        return frozenset()
    return frozenset(part.key for value in test.values for part in (variables.parse(value) or ()) if isinstance(part, variables.Variable))


def _is_text(test: Test) -> bool:
    return EACH_NEGATED.get(test.operator, test.operator) in WITH_VARIABLES


def _whole(test: Test) -> bool:
    """Whether every variable is a whole value, without anything around it."""
    parsed = [variables.parse(value) for value in test.values]
    return all(len(parts) == 1 for parts in parsed if parts and any(isinstance(part, variables.Variable) for part in parts))


def _borrowed(key: str, by_key: Mapping[str, Iterable[Test]]) -> set[str]:
    """Patterns that count for a key because another key's value is compared with it: those of that key, and what fits where it stands."""
    found: set[str] = set()
    for tests in by_key.values():
        linked = [test for test in tests if key in _needs(test)]
        if not linked:
            continue
        plain = [
            value for test in tests if not _needs(test) for value in test.values if "Equals" in test.operator or "Like" in test.operator
        ]
        found.update(plain)
        for test in linked:
            for value in test.values:
                found.update(_fitting(variables.parse(value) or (), key, plain))
    return found


def _fitting(parts: variables.Parts, key: str, texts: Iterable[str]) -> set[str]:
    """What the variable is for a text with something around the variable to be one of these."""
    places = [place for place, part in enumerate(parts) if isinstance(part, variables.Variable) and part.key == key]
    if len(places) != 1:
        return set()
    before, after = parts[: places[0]], parts[places[0] + 1 :]
    if not all(isinstance(part, str) for part in (*before, *after)):
        return set()
    start, end = "".join(map(str, before)), "".join(map(str, after))
    found: set[str] = set()
    for text in texts:
        firsts = [at for at in range(len(text) + 1) if globs.match(start, text[:at]) is Truth.TRUE]
        lasts = [at for at in range(len(text) + 1) if globs.match(end, text[at:]) is Truth.TRUE]
        found.update(text[first:last] for first in firsts for last in lasts if first <= last)
    return set(sorted(found, key=lambda text: (len(text), text))[:_FITTING])


def _assign(formula: Formula, key: str, values: tuple[str, ...]) -> Formula:
    """The formula for a request whose key has these values."""

    def said(test: Test) -> Formula:
        if key in _needs(test):
            expanded = _expanded(test, key, values)
            if test.operator in EACH_NEGATED and len(expanded.values) < len(test.values):
                # A variable without a value makes a negated test fail, unless its own key is missing.
                missing = tested(test, ())
                own = values if _key(test) == key else None
                return (missing if not own else FALSE) if own is not None else all_of([missing, Test(test.key, "Null", ("true",))])
            test = expanded
        if _key(test) == key and not _needs(test):
            return tested(test, values)
        return test if test.values else _of_nothing(test)

    return _replaced(formula, said)


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


def _replaced(formula: Formula, said: Callable[[Test], Formula]) -> Formula:
    if isinstance(formula, Test):
        return said(formula)
    if isinstance(formula, Not):
        return negate(_replaced(formula.part, said))
    if isinstance(formula, All):
        return all_of(_replaced(part, said) for part in formula.parts)
    return any_of(_replaced(part, said) for part in formula.parts) if isinstance(formula, Any) else formula


def _replaced_fact(formula: Formula, fact: Unresolved, value: Formula) -> Formula:
    if formula == fact:
        return value
    if isinstance(formula, Not):
        return negate(_replaced_fact(formula.part, fact, value))
    if isinstance(formula, All):
        return all_of(_replaced_fact(part, fact, value) for part in formula.parts)
    return any_of(_replaced_fact(part, fact, value) for part in formula.parts) if isinstance(formula, Any) else formula


def _ties(keys: set[str]) -> list[Formula]:
    """What AWS documents of keys together, for the keys that occur."""
    ties: list[Formula] = []
    for group in _TOGETHER:
        there = [_there(key) for key in group if key in keys]
        for one, other in pairwise(there):
            ties += [any_of([negate(one), other]), any_of([one, negate(other)])]
    ties += [negate(all_of([_there(one), _there(other)])) for one, other in _APART if {one, other} <= keys]
    ties += [any_of([negate(_there(one)), Test(flag, "Bool", ("true",))]) for one, flag in _IMPLIES if {one, flag} <= keys]
    return ties


def _there(key: str) -> Formula:
    return TRUE if key in ALWAYS_PRESENT else Test(key, "Null", ("false",))
