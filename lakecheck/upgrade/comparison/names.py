"""What the holes of BASE are called in HEAD, where stacks have other construct paths or parameters other names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.comparison.written import Written, paired_parameters

if TYPE_CHECKING:
    from lakecheck.assembly import StackTemplate
    from lakecheck.upgrade.comparison.pairing import StackPair

_END: Final = r"(?=$|[/ :.,'\"}])"
_PARAMETER: Final = re.compile(r"parameter ([^ :]+) of ([^:{}]+)")


class Names:
    """The names of both states.

    Args:
        pairs: The pairs of stacks.
    """

    def __init__(self, pairs: tuple[StackPair, ...]) -> None:
        self._paths = {one.path: other.path for one, other in pairs if one is not None and other is not None and one.path != other.path}
        longest_first = sorted(self._paths, key=len, reverse=True)
        self._path = re.compile(rf"(?<![\w/-])({'|'.join(map(re.escape, longest_first))}){_END}") if longest_first else None
        self._parameters: dict[tuple[str, str], str] = {}
        self.base: dict[int, Written] = {}
        """What is written in BASE, by stack."""
        self.head: dict[int, Written] = {}
        for one, other in pairs:
            called = paired_parameters(one, other) if one is not None and other is not None else {}
            if one is not None:
                self.base[id(one)] = Written(one, called)
                self._parameters |= {(one.path, name): new for name, new in called.items()}
            if other is not None:
                self.head[id(other)] = Written(other)
        self.in_head = lru_cache(maxsize=None)(self._in_head)

    @property
    def same(self) -> bool:
        """Whether everything is called the same in both states."""
        return not self._paths and not self._parameters

    def of(self, one: StackTemplate, other: StackTemplate) -> tuple[Written, Written]:
        """What is written in a pair of stacks."""
        return self.base[id(one)], self.head[id(other)]

    def _in_head(self, identity: str) -> str:
        """What a hole of BASE is called in HEAD."""
        if self._parameters:
            identity = _PARAMETER.sub(self._parameter, identity)
        return identity if self._path is None else self._path.sub(lambda found: self._paths[found[1]], identity)

    def _parameter(self, found: re.Match[str]) -> str:
        new = self._parameters.get((found[2], found[1]))
        return found[0] if new is None else f"parameter {new} of {found[2]}"
