"""IAM's patterns, exactly: what a pattern matches, whether two overlap, and which combinations of many patterns a text can match.

`*` stands for any text, also an empty one and across `:` and `/`; `?` for exactly one character.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

A hole (`lakecheck.values`) is opaque: only a `*` or the same hole surely covers it. A star that is meant as itself, such as one that came
out of a policy variable, is written with `literal`.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Final

from lakecheck.formula import Truth
from lakecheck.iam.overlaps import ANY as _ANY, SEGMENT_ANY as _SEGMENT_ANY, SEGMENT_STAR as _SEGMENT_STAR, STAR as _STAR, overlap
from lakecheck.values import generated_holes, has_hole, holes, with_sized_holes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEFAULT_CAP: Final = 4096
"""The most classes that are told apart before the answer is that there are too many."""

_LITERAL_STAR: Final = "\ue003"
_LITERAL_ANY: Final = "\ue004"
_STARS: Final = (_STAR, _SEGMENT_STAR)
_WILDCARDS: Final = (*_STARS, _ANY, _SEGMENT_ANY)
_NOT_PLAIN: Final = re.compile(f"[*?\ue000{_SEGMENT_STAR}{_SEGMENT_ANY}]")
_LAST_NOT_PLAIN: Final = f"*?\ue001{_SEGMENT_STAR}{_SEGMENT_ANY}"
_NOBODYS: Final = "\uf8ff"
_BREAK: Final = ":"
_TOKEN: Final = re.compile("\ue000[^\ue001]*\ue001|.", re.DOTALL)
_LOWER: Final = {ord(upper): lower for upper, lower in zip(ascii_uppercase, ascii_lowercase, strict=True)}
_READABLE: Final = ascii_lowercase[-3:] + ascii_lowercase[:-3] + digits + ascii_uppercase + "-_./:"
_WORK_PER_CLASS: Final = 128
_COVER_CAP: Final = 512
_FEW: Final = 3


class TooMany(Exception):  # noqa: N818 - it is an answer, not a fault
    """There are more classes, or more states on the way to them, than the cap."""


@dataclass(frozen=True, slots=True)
class Class:
    """The texts that match exactly these patterns.

    Attributes:
        witness: One of them, as short as possible.
        matches: The indexes of the patterns that match.
    """

    witness: str
    matches: frozenset[int]


def literal(text: str) -> str:
    """The pattern that matches this text alone, whatever stars and question marks it has."""
    if has_hole(text):
        return "".join(token if len(token) > 1 else literal(token) for token in _TOKEN.findall(text))
    return text.replace(_STAR, _LITERAL_STAR).replace(_ANY, _LITERAL_ANY)


def plain(pattern: str) -> str:
    """The pattern with what `literal` wrote as it was before."""
    return pattern.replace(_LITERAL_STAR, _STAR).replace(_LITERAL_ANY, _ANY)


def fold(text: str) -> str:
    """The text in lower case as IAM compares names of actions and keys: the letters A to Z alone, so that no other letter becomes one."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def match(pattern: str, text: str) -> Truth:
    """Whether a pattern matches a text.

    Args:
        pattern: With `*` and `?`; may have holes.
        text: Without wildcards (a `*` in it is a character); may have holes.

    Returns:
        TRUE when it matches whatever the holes are, FALSE when it cannot, OPEN when it depends on them. No generated hole is another one.

    >>> match("prod-*", "prod-lake"), match("prod-*", "dev-lake")
    (<Truth.TRUE: 'true'>, <Truth.FALSE: 'false'>)
    """
    if has_hole(text) or has_hole(pattern):
        return _match_holes(pattern, text)
    return Truth.TRUE if _matcher(pattern)(text) else Truth.FALSE


def expression(pattern: str) -> str:
    """A pattern without holes as a regular expression, for `fullmatch` with `re.DOTALL`; many stars take it no longer than few.

    >>> expression("a*b?*c")
    'a(?>.*?b.).*c'
    """
    first, *others = ("".join("." if one == _ANY else re.escape(one) for one in piece) for piece in pattern.split(_STAR))
    if not others:
        return first
    # Between two stars the first place that fits is as good as any other: nothing is tried twice.
    return first + "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece) + ".*" + others[-1]


def match_action(pattern: str, text: str) -> Truth:
    """Like `match`, for the names of actions, which ignore case."""
    return match(fold(pattern), fold(text))


def by_segment(pattern: str) -> str:
    """The pattern as the ARN operators read it: a wildcard stays within its part between colons, but for the last. For `classes` alone."""
    if pattern == _STAR:
        return pattern
    *parts, last = pattern.split(_BREAK, 5)
    return _BREAK.join([part.replace(_STAR, _SEGMENT_STAR).replace(_ANY, _SEGMENT_ANY) for part in parts] + [last])


def is_literal(pattern: str) -> bool:
    """Whether the pattern has no wildcard."""
    return _STAR not in pattern and _ANY not in pattern


def covers(wide: str, narrow: str) -> bool:
    """Whether every text of one pattern surely matches another one; of patterns that take too long to walk it is not sure."""
    if wide in (_STAR, narrow):
        return True
    return _covers(wide, narrow)


def intersects(one: str, other: str) -> bool:
    """Whether two patterns may have a text in common."""
    if is_literal(one) and not has_hole(one) and not has_hole(other):
        return _matcher(other)(plain(one))
    if is_literal(other) and not has_hole(one) and not has_hole(other):
        return _matcher(one)(plain(other))
    return _have_common_ends(one, other) and _intersects(one, other)


def _have_common_ends(one: str, other: str) -> bool:
    """Whether what two patterns surely start and end with does not keep them apart."""
    start, other_start, end, other_end = _start(one), _start(other), _end(one), _end(other)
    starts = start.startswith(other_start) or other_start.startswith(start)
    return starts and (end.endswith(other_end) or other_end.endswith(end))


def shortest(pattern: str) -> str:
    """A short readable text that the pattern matches."""
    return "".join(_READABLE[0] if token == _ANY else plain(token) for token in _tokens(pattern) if token != _STAR)


@lru_cache(maxsize=65536)
def _start(pattern: str) -> str:
    """What every text of the pattern starts with."""
    found = _NOT_PLAIN.search(pattern)
    return pattern if found is None else pattern[: found.start()]


@lru_cache(maxsize=65536)
def _end(pattern: str) -> str:
    """What every text of the pattern ends with."""
    return pattern[max(map(pattern.rfind, _LAST_NOT_PLAIN)) + 1 :]


# What follows works on tokens: a character, a wildcard, or a whole hole.


@lru_cache(maxsize=65536)
def _tokens(pattern: str) -> tuple[str, ...]:
    """The pattern's tokens; a run of wildcards as its question marks and then at most one star, which is the same."""
    tokens: list[str] = []
    star = False
    for token in _TOKEN.findall(pattern):
        if token == _STAR:
            star = True
            continue
        if star and token != _ANY:
            tokens.append(_STAR)
            star = False
        tokens.append(token)
    return (*tokens, _STAR) if star else tuple(tokens)


class _Matcher:
    """One pattern without holes, made ready: a literal, a start, or pieces between stars that are found one after the other."""

    __slots__ = ("_exact", "_first", "_last", "_middle", "_size")

    def __init__(self, pattern: str) -> None:
        pieces = pattern.split(_STAR)
        self._exact = len(pieces) == 1
        self._first = _piece(pieces[0])
        self._last = _piece(pieces[-1])
        self._middle = tuple(_piece(piece) for piece in pieces[1:-1] if piece)
        self._size = len(pattern) - len(pieces) + 1

    def __call__(self, text: str) -> bool:
        if self._exact:
            return self._first.fits(text, 0) and len(text) == self._first.size
        end = len(text) - self._last.size
        if len(text) < self._size or not self._first.fits(text, 0) or not self._last.fits(text, end):
            return False
        at = self._first.size
        for piece in self._middle:
            found = piece.find(text, at, end)
            if found < 0:
                return False
            at = found + piece.size
        return at <= end


class _Piece:
    """What stands between two stars."""

    __slots__ = ("_regex", "_text", "size")

    def __init__(self, piece: str) -> None:
        self.size = len(piece)
        self._text = plain(piece)
        self._regex = re.compile("".join("." if c == _ANY else re.escape(plain(c)) for c in piece), re.DOTALL) if _ANY in piece else None

    def fits(self, text: str, at: int) -> bool:
        return text.startswith(self._text, at) if self._regex is None else self._regex.match(text, at) is not None

    def find(self, text: str, start: int, end: int) -> int:
        if self._regex is None:
            return text.find(self._text, start, end)
        found = self._regex.search(text, start, end)
        return -1 if found is None else found.start()


@lru_cache(maxsize=65536)
def _piece(piece: str) -> _Piece:
    return _Piece(piece)


@lru_cache(maxsize=65536)
def _matcher(pattern: str) -> _Matcher:
    return _Matcher(pattern)


@lru_cache(maxsize=262144)
def _match_holes(pattern: str, text: str) -> Truth:
    if not _have_common_ends(pattern, text):
        return Truth.FALSE
    # Of a hole whose length is known each character is one that no pattern has: a wildcard takes it, nothing else does.
    for sure in dict.fromkeys((text, with_sized_holes(text, _NOBODYS))):
        # A star takes a hole as any text, and nothing but the hole itself is written like it; a question mark is told apart slowly.
        if _matcher(pattern)(sure) if _ANY not in pattern else _covers(pattern, literal(sure)):
            return Truth.TRUE
    may_be = with_sized_holes(literal(text), _ANY)
    return Truth.OPEN if not _is_of_another(pattern, text) and _intersects(pattern, may_be) else Truth.FALSE


def _is_of_another(pattern: str, text: str) -> bool:
    """Whether the pattern has a name that CloudFormation makes up, and the text has none but those of other resources."""
    there = {_resource_of(each) for each in generated_holes(text)}
    if not there or len(generated_holes(text)) < len(holes(text)):
        return False
    return any(_resource_of(each) not in there for each in generated_holes(pattern))


def _resource_of(identity: str) -> str:
    return identity.partition(".")[0]


@lru_cache(maxsize=65536)
def _covers(wide: str, narrow: str) -> bool:
    """Searches a text of `narrow` that `wide` does not match; a hole is a character of its own here, which only itself and a star match."""
    try:
        return not any(bits == 1 for _, bits in _outcomes((_tokens(narrow), _tokens(wide)), within=0, cap=_COVER_CAP))
    except TooMany:
        return False


@lru_cache(maxsize=65536)
def _intersects(one: str, other: str) -> bool:
    return overlap(_tokens(one), _tokens(other))


class _Automaton:
    """Many patterns walked at once, character by character.

    A state is which patterns are sure to match whatever follows (a bit each), and at which positions the others stand. Of one pattern only
    the latest star counts and what comes after it, since a later star accepts all that an earlier one does: this keeps states few.
    """

    def __init__(self, patterns: Sequence[tuple[str, ...]], *, within: int | None = None) -> None:
        self._within = within
        self._token: list[str] = []
        self._owner: list[int] = []
        starts = []
        for index, pattern in enumerate(patterns):
            starts.append(len(self._token))
            self._token += [*pattern, ""]
            self._owner += [index] * (len(pattern) + 1)
        self._after = [self._reached(position + 1) for position in range(len(self._token))]
        self.start = self._state(0, {position for start in starts for position in self._reached(start)})

    def _reached(self, position: int) -> tuple[int, ...]:
        """Where one stands on arriving: a star may also be over at once."""
        return (position, position + 1) if position < len(self._token) and self._token[position] in _STARS else (position,)

    def _state(self, settled: int, positions: set[int]) -> tuple[int, tuple[int, ...]]:
        token, owner = self._token, self._owner
        latest: dict[int, int] = {}
        for position in positions:
            if token[position] in _STARS:
                if token[position + 1] == "" and token[position] == _STAR:
                    settled |= 1 << owner[position]
                elif latest.get(owner[position], -1) < position:
                    latest[owner[position]] = position
        return settled, tuple(sorted(p for p in positions if not settled >> owner[p] & 1 and latest.get(owner[p], -1) <= p))

    def accepted(self, state: tuple[int, tuple[int, ...]]) -> int:
        """The patterns that match the text so far, a bit each."""
        settled, positions = state
        for position in positions:
            if self._token[position] == "":
                settled |= 1 << self._owner[position]
        return settled

    def undecided(self, state: tuple[int, tuple[int, ...]]) -> set[int]:
        """The patterns on which more text still has a say."""
        return {self._owner[position] for position in state[1] if self._token[position] != ""}

    def dead(self, state: tuple[int, tuple[int, ...]]) -> bool:
        """Whether nothing that follows can match the pattern to stay within."""
        within = self._within
        return within is not None and not state[0] >> within & 1 and all(self._owner[position] != within for position in state[1])

    def steps(self, state: tuple[int, tuple[int, ...]]) -> Iterator[tuple[str, tuple[int, tuple[int, ...]]]]:
        """Each next character that makes a difference, and one that stands for all others."""
        settled, positions = state
        anywhere: dict[str, set[int]] = {kind: set() for kind in _WILDCARDS}
        named: dict[str, set[int]] = {}
        for position in positions:
            token = self._token[position]
            if token in _WILDCARDS:
                anywhere[token].update((position, position + 1) if token in _STARS else self._after[position])
            elif token:
                named.setdefault(token, set()).update(self._after[position])
        inside = anywhere[_SEGMENT_STAR] | anywhere[_SEGMENT_ANY]
        if inside:
            named.setdefault(_BREAK, set())
        other = next((c for c in _READABLE if c not in named), None)
        if other is None:
            other = next(c for c in map(chr, range(0x4E00, 0x9FFF)) if c not in named)
        for character in sorted({*named, other}, key=_readability):
            reached = anywhere[_STAR] | named.get(character, set())
            if len(character) == 1:
                reached |= anywhere[_ANY] if character == _BREAK else anywhere[_ANY] | inside
            yield character, self._state(settled, reached)


def _readability(character: str) -> tuple[int, str]:
    found = _READABLE.find(character) if len(character) == 1 else -1
    return (found if found >= 0 else len(_READABLE), character)


def _outcomes(patterns: Sequence[tuple[str, ...]], *, within: int | None = None, cap: int) -> Iterator[tuple[str, int]]:
    """Each combination of patterns once, as bits, with a shortest text; breadth first.

    Raises:
        TooMany: When there are more than `cap`.
    """
    automaton = _Automaton(patterns, within=within)
    found: set[int] = set()
    seen = {automaton.start}
    todo = deque([("", automaton.start)])
    work = 0
    while todo:
        text, state = todo.popleft()
        accepted = automaton.accepted(state)
        if accepted not in found:
            found.add(accepted)
            if len(found) > cap:
                raise TooMany
            yield text, accepted
        if _told(automaton, state, found):
            continue
        for character, following in automaton.steps(state):
            if following not in seen and not automaton.dead(following):
                seen.add(following)
                work += 1 + len(following[1])
                if work > cap * _WORK_PER_CLASS:
                    raise TooMany
                todo.append((text + character, following))


def _told(automaton: _Automaton, state: tuple[int, tuple[int, ...]], found: set[int]) -> bool:
    """Whether everything that can follow was found already; looked at where few patterns are undecided, as is the case deep in a text."""
    undecided = automaton.undecided(state)
    if len(undecided) > _FEW:
        return False
    outcomes = [state[0]]
    for pattern in undecided:
        outcomes += [each | 1 << pattern for each in outcomes]
    return all(each in found for each in outcomes)


@lru_cache(maxsize=1024)
def _classes(patterns: tuple[str, ...], within: str, cap: int) -> tuple[Class, ...]:
    distinct = tuple(dict.fromkeys(patterns))
    places = [[place for place, pattern in enumerate(patterns) if pattern == each] for each in distinct]
    tokens = [_tokens(pattern) for pattern in distinct]
    bounded = within != _STAR
    found = []
    for text, bits in _outcomes([*tokens, _tokens(within)] if bounded else tokens, within=len(tokens) if bounded else None, cap=2 * cap):
        if bounded and not bits >> len(tokens) & 1:
            continue
        matches = frozenset(place for index in range(len(tokens)) if bits >> index & 1 for place in places[index])
        found.append(Class(plain(text), matches))
        if len(found) > cap:
            raise TooMany
    return tuple(found)


def classes(patterns: Sequence[str], *, within: str = _STAR, cap: int = DEFAULT_CAP) -> tuple[Class, ...]:
    """The finite partition of all texts by which patterns they match: exact, one witness for each combination that exists.

    Walks the automata of all patterns at once, breadth first, over the characters that occur and one that stands for all others. Fold the
    patterns first where case does not count. A hole is a character of its own.

    Args:
        patterns: May repeat.
        within: Only texts that match this pattern; any text when left out.
        cap: The most classes; 4,096 when left out.

    Returns:
        The classes, shortest witness first.

    Raises:
        TooMany: When there are more than the cap.

    >>> [(each.witness, sorted(each.matches)) for each in classes(["a*", "*b"])]
    [('', []), ('a', [0]), ('b', [1]), ('ab', [0, 1])]
    """
    return _classes(tuple(patterns), within, cap)
