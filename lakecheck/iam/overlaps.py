"""Whether two patterns may have a text in common, holes in both; `lakecheck.iam.globs` says what patterns and holes are.

A pattern is its tokens here: a character, a wildcard, or a whole hole.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from lakecheck.values import WORD_SIGNS, is_generated_hole, is_word_hole

if TYPE_CHECKING:
    from collections.abc import Iterator

STAR: Final = "*"
ANY: Final = "?"
SEGMENT_STAR: Final = "\ue005"
SEGMENT_ANY: Final = "\ue006"
"""The wildcards; those of a segment stay within a part of an ARN."""

_WILDCARDS: Final = (STAR, SEGMENT_STAR, ANY, SEGMENT_ANY)


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Walks both at once; a hole may be any text, but a generated one is no other generated one.

    Args:
        one: A pattern's tokens.
        other: Another one's.
    """
    left, right = _without_common_ends(one, other)
    seen = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if i == len(left) and j == len(right):
            return True
        for step in _steps(left, right, i, j):
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False


def _steps(left: tuple[str, ...], right: tuple[str, ...], i: int, j: int) -> Iterator[tuple[int, int]]:
    """Where one more character, or the end of a star or hole, can lead."""
    a = left[i] if i < len(left) else ""
    b = right[j] if j < len(right) else ""
    if _may_be_empty(a):
        yield i + 1, j
    if _may_be_empty(b):
        yield i, j + 1
    if not a or not b or not _may_share(a, b):
        return
    after_a = (i, i + 1) if _is_long(a) else (i + 1,)
    after_b = (j, j + 1) if _is_long(b) else (j + 1,)
    yield from ((x, y) for x in after_a for y in after_b)


def _is_long(token: str) -> bool:
    return token == STAR or len(token) > 1


def _may_be_empty(token: str) -> bool:
    return token == STAR or (len(token) > 1 and not is_generated_hole(token))


def _may_share(a: str, b: str) -> bool:
    """Whether a character of one token may be one of the other."""
    if len(a) == 1 and len(b) == 1:
        return a == b or a in (STAR, ANY) or b in (STAR, ANY)
    if len(a) > 1 and len(b) > 1:
        return a == b or not (is_generated_hole(a) and is_generated_hole(b))
    if (is_word_hole(a) and len(b) == 1 and b not in _WILDCARDS) or (is_word_hole(b) and len(a) == 1 and a not in _WILDCARDS):
        return (b if len(b) == 1 else a) in WORD_SIGNS
    return True


def _without_common_ends(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both without the start and the end that they share and in which nothing is a wildcard: what is equal cancels, holes too."""
    start = sum(1 for _ in takewhile(_same, zip(left, right, strict=False)))
    left, right = left[start:], right[start:]
    end = sum(1 for _ in takewhile(_same, zip(reversed(left), reversed(right), strict=False)))
    return left[: len(left) - end], right[: len(right) - end]


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1] and pair[0] not in (STAR, ANY)
