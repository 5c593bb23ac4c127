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
from lakecheck.iam.domains import ALWAYS_PRESENT, Domain, Option, domain
from lakecheck.iam.substitution import EPOCH_TIME, NOW, assigned, is_text, key_of, needs, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_CAP: Final = 20_000
"""The most formulas that one search looks at before the answer is OPEN."""

TOO_MANY: Final = "there are more combinations of condition values than are tried"

_FITTING: Final = 64
_LEAVES_PER_FORMULA: Final = 50
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
    bound = all_of([formula, *_ties({key_of(test) for test in _tests(formula)})])
    for key, values in facts:
        bound = assigned(bound, key, values)
    search = _Search(cap)
    try:
        found = search.decide(bound)
    except (globs.TooMany, RecursionError):
        return Solution(Truth.OPEN, None, (TOO_MANY,))
    if found.truth is Truth.FALSE and search.inexact:
        return _doubt(bound, search.inexact, cap)
    if found.truth is Truth.TRUE:
        witness = {**dict(facts), **(found.witness or {})}
        if any(test.key.lower() == EPOCH_TIME for test in _tests(formula)) and NOW in witness:
            at = moment(witness[NOW][0])
            witness[EPOCH_TIME] = (f"{at.timestamp():.6f}".rstrip("0").rstrip("."),) if at is not None else ()
        return Solution(Truth.TRUE, dict(sorted(witness.items())), ())
    return found


def _doubt(formula: Formula, keys: set[str], cap: int) -> Solution:
    """None was found, but a key may have values that were not tried: is there none even if its tests are free?"""
    loose = replaced(formula, lambda test: Unresolved(_order(test)) if key_of(test) in keys or needs(test) & keys else test)
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
        if _is_free(formula):
            return Solution(Truth.OPEN, None, tuple(sorted(unresolved(formula))))
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
            by_key.setdefault(key_of(test), set()).add(test)
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
        needed = set().union(*(needs(test) for tests in by_key.values() for test in tests))
        if needed:
            key = min(needed, key=lambda each: (len(set().union(*map(needs, by_key.get(each, ())))), each))
            if any(needs(test) for test in by_key.get(key, ())):
                raise globs.TooMany  # Two keys that are told through each other.
            tests = tuple(sorted((test for test in by_key.get(key, ()) if not needs(test)), key=_test_order))
            extra = tuple(sorted(_borrowed(key, by_key)))
            self.inexact |= {key for test in _tests(formula) if key in needs(test) and not _whole(test)}
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
            left = replaced(formula, lambda test, said=said: said.get(test, test))  # type: ignore[misc]
            left = assigned(left, key, option.values) if any(key in needs(test) for test in _tests(left)) else left
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


def _is_free(formula: Formula) -> bool:
    """Whether it is of open facts alone and asks for each the same way everywhere: then it may hold, and may not, without trying any."""
    asked: dict[str, bool] = {}
    todo = [(formula, True)]
    while todo:
        part, sign = todo.pop()
        if isinstance(part, Unresolved):
            if asked.setdefault(part.reason, sign) is not sign:
                return False
        elif isinstance(part, Not):
            todo.append((part.part, not sign))
        elif isinstance(part, All | Any):
            todo += [(each, sign) for each in part.parts]
        else:
            return False
    return True


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
    simpler = [replaced(part, lambda test: required.get(test, test)) for part in rest if not required.keys().isdisjoint(_tests(part))]
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
            found |= {key_of(leaf), *needs(leaf)}
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


def _whole(test: Test) -> bool:
    """Whether every variable is a whole value, without anything around it."""
    parsed = [variables.parse(value) for value in test.values]
    return all(len(parts) == 1 for parts in parsed if parts and any(isinstance(part, variables.Variable) for part in parts))


def _borrowed(key: str, by_key: Mapping[str, Iterable[Test]]) -> set[str]:
    """Patterns that count for a key because another key's value is compared with it: those of that key, and what fits where it stands."""
    found: set[str] = set()
    for tests in by_key.values():
        linked = [test for test in tests if key in needs(test)]
        if not linked:
            continue
        plain = [value for test in tests if not needs(test) and is_text(test) for value in test.values]
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
