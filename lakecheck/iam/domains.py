"""The values of one condition key that make a difference to the tests of it: finitely many, each with what every test says of it.

Texts are split by the patterns that occur (`lakecheck.iam.globs`), numbers, dates and addresses at the bounds that occur; a missing key is
a value of its own, and a key of several values has sets of them.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, TRUE, Formula, Test, all_of, any_of, negate
from lakecheck.iam import globs, variables
from lakecheck.iam.comparisons import compare, moment, network, number, readable
from lakecheck.iam.conditions import as_formula, null_met
from lakecheck.iam.operators import EACH_NEGATED, WITH_VARIABLES
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CAP: Final = 4096

ACTION: Final = "@action"
RESOURCE: Final = "@resource"
KIND: Final = "@kind"
"""What a request is about and which kind of principal asks, as keys like any other; no policy can have keys of these names."""

ALWAYS_PRESENT: Final = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:useragent", "aws:requestedregion", ACTION, RESOURCE, KIND}
)
"""Keys that every request has.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

_MULTIVALUED: Final = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
    }
)
_COUNTS: Final = frozenset({"aws:multifactorauthage", "s3:max-keys", "s3:object-lock-remaining-retention-days", "sts:durationseconds"})
_BOOLEAN: Final = frozenset({"aws:multifactorauthpresent", "aws:principalisawsservice", "aws:securetransport", "aws:viaawsservice"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PATTERNS: Final = frozenset({"StringLike", "ArnEquals", "ArnLike"})
_ANY_ARN: Final = globs.by_segment("*:*:*:*:*:*")
_WITHIN: Final = {ACTION: "?*:?*", "aws:principalarn": globs.by_segment("arn:?*:?*:*:?*:?*")}
USUAL_PARTITION: Final = "aws"
"""The partition of principals and resources that are made up to show something."""

_USUAL: Final = {
    "aws:principalaccount": ("999999999999",),
    "aws:resourceaccount": ("999999999999",),
    "aws:sourceaccount": ("999999999999",),
    "aws:principalorgid": ("o-other00000",),
    "aws:resourceorgid": ("o-other00000",),
    "aws:sourcevpc": ("vpc-00000000",),
    "aws:sourcevpce": ("vpce-00000000",),
    "aws:requestedregion": ("eu-west-1", "us-east-1"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One way a key may be.

    Attributes:
        values: Its values; none when the request does not have the key.
        truths: What each test says of them, in the order of the tests.
    """

    values: tuple[str, ...]
    truths: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """Every way a key may be, as far as tests tell them apart.

    Attributes:
        options: The ways.
        exact: Whether there is surely no other one.
    """

    options: tuple[Option, ...]
    exact: bool


def is_multivalued(key: str, tests: Iterable[Test]) -> bool:
    """Whether a request may have several values of the key: global keys are documented, others are taken to where a policy asks for it."""
    return key in _MULTIVALUED or (not key.startswith("aws:") and any(test.quantifier for test in tests))


def tested(test: Test, values: tuple[str, ...]) -> Formula:
    """What a test without open variables says of a key's values."""
    base = EACH_NEGATED.get(test.operator, test.operator)
    negated = test.operator in EACH_NEGATED
    if base == "Null":
        return null_met(test.values, test.quantifier)[any(values) if test.quantifier else bool(values)]
    if not values or (test.quantifier and not any(values)):
        missing = test.quantifier == "ForAllValues" if test.quantifier else negated or test.if_exists
        return TRUE if missing else FALSE
    said = [_said(test, base, value, negated=negated) for value in values]
    if not test.quantifier and not negated:
        # Several values meet no operator that is meant for one.
        return said[0] if len(said) == 1 else FALSE
    return any_of(said) if test.quantifier == "ForAnyValue" else all_of(said)


def _said(test: Test, base: str, value: str, *, negated: bool) -> Formula:
    """What a test says of one value; a negated one fails where the value, or every value of the test, cannot be read."""
    compared = any_of(_compared(base, value, written) for written in test.values)
    if not negated:
        return compared
    can_be_read = readable(base, value) and (not test.values or any(readable(base, written) for written in test.values))
    return negate(compared) if can_be_read else FALSE


def _compared(base: str, value: str, written: str) -> Formula:
    text = plain_text(base, written)
    return as_formula(compare(base, value, text), lambda: f"whether {shown(value)} meets {base} {shown(text)}")


@lru_cache(maxsize=16384)
def plain_text(base: str, written: str) -> str:
    """A value of a test as `compare` takes it: what is shielded from being a variable, no longer so."""
    parts = variables.parse(written) if base in WITH_VARIABLES else None
    if parts is None:
        return written
    pattern = base in _PATTERNS
    return "".join(
        part if isinstance(part, str) else (globs.literal(part.character) if pattern else part.character)
        for part in parts
        if not isinstance(part, variables.Variable)
    )


@lru_cache(maxsize=8192)
def domain(key: str, tests: tuple[Test, ...], extra: tuple[str, ...] = (), *, by_value: bool = False) -> Domain:
    """The ways a key may be.

    Args:
        key: In lower case.
        tests: Its tests, their variables replaced.
        extra: Patterns that count besides those of the tests.
        by_value: Whether two values that all tests agree on are still two: the key stands in a variable.

    Raises:
        TooMany: When there are too many.
    """
    singles, exact = _candidates(key, tests, extra)
    if any(test.quantifier for test in tests):
        singles = [value for value in singles if value]
    options = [Option((value,), tuple(tested(test, (value,)) for test in tests)) for value in singles]
    if not by_value:
        options = _distinct(options)
    if is_multivalued(key, tests):
        options = _sets(options, tests)
    if key not in ALWAYS_PRESENT:
        missing = Option((), tuple(tested(test, ()) for test in tests))
        options.insert(0, missing)
    return Domain(tuple(options if by_value else _distinct(options)), exact)


def _distinct(options: Iterable[Option]) -> list[Option]:
    return list({option.truths: option for option in reversed(list(options))}.values())[::-1]


def _sets(singles: list[Option], tests: tuple[Test, ...]) -> list[Option]:
    """Every set of values, as far as tests tell sets apart: sets are joined with single values until nothing new comes."""
    found = {option.truths: option for option in singles}
    todo = list(singles)
    while todo:
        option = todo.pop(0)
        for single in singles:
            values = tuple(sorted({*option.values, *single.values}))
            if values == option.values:
                continue
            truths = tuple(_joined(test, one, other) for test, one, other in zip(tests, option.truths, single.truths, strict=True))
            if truths not in found:
                found[truths] = Option(values, truths)
                todo.append(found[truths])
                if len(found) > CAP:
                    raise globs.TooMany
    return list(found.values())


def _joined(test: Test, one: Formula, other: Formula) -> Formula:
    """What a test says of several values, from what it says of fewer."""
    if test.operator == "Null":
        return one
    if test.quantifier == "ForAllValues" or (not test.quantifier and test.operator in EACH_NEGATED):
        return all_of((one, other))
    return any_of((one, other)) if test.quantifier else FALSE


def _candidates(key: str, tests: tuple[Test, ...], extra: tuple[str, ...]) -> tuple[list[str], bool]:
    """Values of which one stands for each class, and whether no class is left out."""
    texts: list[str] = list(extra)
    any_case: set[str] = set()
    typed: dict[str, set[str]] = {}
    for test in tests:
        base = EACH_NEGATED.get(test.operator, test.operator)
        values = [plain_text(base, value) for value in test.values]
        if base == "StringEqualsIgnoreCase":
            any_case.update(values)
        elif base in ("StringEquals", "BinaryEquals"):
            texts += [globs.literal(value) for value in values]
        elif base in ("ArnLike", "ArnEquals"):
            texts += [*(globs.by_segment(value) for value in values), _ANY_ARN]
        elif base == "StringLike":
            texts += values
        elif base != "Null":
            typed.setdefault(_KIND[base[:2]], set()).update(values)
    if key in _BOOLEAN or (set(typed) == {"Bool"} and "/" not in key):
        return list(_booleans(key)), True
    found = [value for kind, written in typed.items() for value in _TYPED[kind](key, written)]
    # A tag may be anything, a key of a type has no other value.
    found += ["neither"] if typed and "/" in key else []
    complete = True
    if texts or any_case or not typed:
        split, complete = _texts(key, texts)
        found += split
    found += [variant for value in sorted(any_case) for variant in dict.fromkeys((value, value.lower(), value.upper(), value.swapcase()))]
    mixed = len(typed) > 1 or bool(typed and (texts or any_case))
    wild = bool(any_case) and not all(map(globs.is_literal, texts))
    return list(dict.fromkeys(found)), complete and not mixed and not wild


def _texts(key: str, patterns: list[str]) -> tuple[list[str], bool]:
    found, exact = _classes(tuple(dict.fromkeys(patterns)), _WITHIN.get(key, "?*"))
    usual = [*_USUAL.get(key, ()), f"arn:{USUAL_PARTITION}:iam::999999999999:role/Other"] if key in _USUAL or key.endswith("arn") else []
    return ([*usual, *found] if key in _WITHIN or key in ALWAYS_PRESENT else [*usual, *found, ""]), exact


def _classes(patterns: tuple[str, ...], within: str) -> tuple[list[str], bool]:
    """A text for each combination of patterns; where there are too many, one for each pattern, which can find a request but proves none."""
    try:
        return [each.witness for each in globs.classes(patterns, within=within, cap=CAP)], True
    except globs.TooMany:
        return ["x", *map(globs.shortest, patterns)], False


def _booleans(key: str, values: Iterable[str] = ()) -> Iterator[str]:
    del key, values
    yield from ("true", "false")


def _numbers(key: str, values: set[str]) -> Iterator[str]:
    """Each bound, one between each two, one below and one above; whole and not negative where the key counts something."""
    bounds = sorted({found for found in map(number, values) if found is not None})
    if key in _COUNTS:
        whole = {int(bound) + step for bound in bounds for step in (-1, 0, 1)} | {0}
        yield from (str(each) for each in sorted(whole) if each >= 0)
        return
    between = [(one + other) / 2 for one, other in pairwise(bounds)]
    around = [bounds[0] - 1, bounds[-1] + 1] if bounds else [Decimal(1)]
    for each in sorted({*bounds, *between, *around}):
        yield format(each, "f")


def _moments(key: str, values: set[str]) -> Iterator[str]:
    """Each bound, one between each two, one below and one above."""
    bounds = sorted({found for found in map(moment, values) if found is not None})
    found = {*bounds, *(one + (other - one) / 2 for one, other in pairwise(bounds))}
    for edge, step in ((bounds[:1], -1), (bounds[-1:], 1)):
        for each in edge:
            with suppress(OverflowError):
                found.add(each + timedelta(days=step))
    for at in sorted(found) if found else [datetime(2026, 1, 1, tzinfo=UTC)]:
        seconds = (at - _EPOCH).total_seconds()
        yield f"{seconds:.6f}".rstrip("0").rstrip(".") if key == "aws:epochtime" else at.isoformat().replace("+00:00", "Z")


def _addresses(key: str, values: set[str]) -> Iterator[str]:
    """One address of each stretch between the bounds of the ranges, of both versions; ranges lie within one another or apart."""
    del key
    for version, size, usual in ((4, 32, "203.0.113.9"), (6, 128, "2001:db8::9")):
        ranges = [found for found in map(network, values) if found is not None and found.version == version]
        yield usual
        edges = {int(each.network_address) for each in ranges} | {int(each.broadcast_address) + 1 for each in ranges} | {0}
        for edge in sorted(edges):
            if edge < 1 << size:
                yield str(ipaddress.IPv4Address(edge) if version == 4 else ipaddress.IPv6Address(edge))  # noqa: PLR2004


_KIND: Final = {"Bo": "Bool", "Nu": "Numeric", "Da": "Date", "Ip": "Ip"}
_TYPED: Final[dict[str, Callable[[str, set[str]], Iterator[str]]]] = {
    "Bool": _booleans,
    "Numeric": _numbers,
    "Date": _moments,
    "Ip": _addresses,
}
