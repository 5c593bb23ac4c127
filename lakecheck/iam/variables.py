"""Policy variables: what `${...}` in a policy's text stands for in one request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, Test, all_of
from lakecheck.iam import globs

if TYPE_CHECKING:
    from lakecheck.formula import Formula
    from lakecheck.iam.keys import Keys

WITH_VARIABLES: Final = "2012-10-17"
"""The version of the policy language that has variables."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_DEFAULT: Final = re.compile(r"^\s*([^,]+?)\s*,\s*'(.*)'\s*$", re.DOTALL)
_ESCAPES: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    Attributes:
        key: The condition key in lower case whose value it takes.
        written: As the policy has it, with `${` and `}`.
        default: What it is when the request does not have the key; None when it has no default.
    """

    key: str
    written: str
    default: str | None = None

    @property
    def spelled(self) -> str:
        """The key as a `Test` names it."""
        return spelled(self.written[2:-1].partition(",")[0].strip())


@dataclass(frozen=True, slots=True)
class Escaped:
    """A character that is meant as itself."""

    character: str


def spelled(key: str) -> str:
    """A key as a `Test` names it: in lower case but for what follows a `/`."""
    head, slash, tail = key.partition("/")
    return head.lower() + slash + tail


Parts = tuple[str | Escaped | Variable, ...]


def parse(text: str) -> Parts | None:
    """The pieces of a text with variables; None when it has none."""
    if "${" not in text:
        return None
    parts: list[str | Escaped | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text, 0, text.rfind("}") + 1):
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(_variable(found))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def _variable(found: re.Match[str]) -> str | Escaped | Variable:
    inside = found[1].strip()
    if inside in _ESCAPES:
        return Escaped(inside)
    with_default = _DEFAULT.match(inside)
    key = with_default[1] if with_default else inside
    if ":" not in key:
        return found[0]
    return Variable(key.lower(), found[0], with_default[2] if with_default else None)


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a text with variables is in one request.

    Attributes:
        text: The text; variables whose keys are not known stand in it as written.
        open: Those variables; empty when the text is known.
        never: Whether a variable has no value, so that the text matches nothing.
    """

    text: str
    open: tuple[Variable, ...] = ()
    never: bool = False


def expand(parts: Parts, keys: Keys, *, pattern: bool) -> Expanded:
    """The text with the request's values for its variables.

    Args:
        parts: From `parse`.
        keys: The request's keys.
        pattern: Whether the text is one with wildcards: what a variable brings in is then meant as itself.
    """
    texts: list[str] = []
    still_open: list[Variable] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Escaped):
            texts.append(globs.literal(part.character) if pattern else part.character)
        else:
            values = keys.get(part.key)
            if values is None:
                still_open.append(part)
                texts.append(part.written)
                continue
            value = values[0] if len(values) == 1 else part.default if not values else None
            if value is None:
                return Expanded("", never=True)
            texts.append(globs.literal(value) if pattern else value)
    return Expanded("".join(texts), tuple(still_open))


def resolved(parts: Parts, keys: Keys) -> Formula:
    """Whether every variable has a value: FALSE when one surely has none, else what that depends on."""
    needed: list[Formula] = []
    for part in parts:
        if isinstance(part, Variable):
            values = keys.get(part.key)
            if values is None:
                if part.default is None:
                    needed.append(Test(part.spelled, "Null", ("false",)))
            elif len(values) > 1 or (not values and part.default is None):
                return FALSE
    return all_of(needed)


def shield(text: str) -> str:
    """A text without variables, so written that it has none for a reader who looks for them either."""
    return text.replace("${", "${$}{")
