"""Words, names, constants and signs of a row expression, and which words are PartiQL's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--|/\*)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
      | (?P<sign><=|>=|<>|!=|\|\||[=<>+*/%(),.;-])""",
    re.VERBOSE,
)

STATEMENTS = frozenset(
    "alter create delete drop from grant group having insert join limit offset order select union update where with".split()  # noqa: SIM905 - as below
)
RESERVED = STATEMENTS | frozenset(
    """absolute action add all allocate and any are as asc assertion at authorization avg bag begin between bit bit_length blob bool boolean
    both by can_cast can_lossless_cast cascade cascaded case cast catalog char char_length character character_length check clob close
    coalesce collate collation column commit connect connection constraint constraints continue convert corresponding count cross current
    current_date current_time current_timestamp current_user cursor date date_add date_diff deallocate dec decimal declare default
    deferrable deferred desc describe descriptor diagnostics disconnect distinct domain double else end end-exec escape except exception
    exec execute exists external extract false fetch first float for foreign found full get global go goto identity immediate in index
    indicator initially inner input insensitive int integer intersect interval into is isolation key language last left level like list
    local lower match max min missing module names national natural nchar next no not null nullif numeric octet_length of on only open
    option or outer output overlaps pad partial pivot position precision prepare preserve primary prior privileges procedure public read
    real references relative remove restrict revoke right rollback rows schema scroll section session session_user set sexp size smallint
    some space sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user table temporary then time timestamp to
    transaction translate translation trim true tuple unique unknown unpivot upper usage user using value values varchar varying view when
    whenever work write zone""".split()  # noqa: SIM905 - a list would be two hundred lines
)
"""PartiQL's own words; a column of that name stands in double quotes. Parts of dates (`year`, `month`) are none, as AWS's examples show."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of an expression.

    Attributes:
        kind: `text`, `quoted`, `number`, `word`, `sign`, `comment`, `unknown` or `end`.
        text: As it is written.
    """

    kind: str
    text: str

    @property
    def lower(self) -> str:
        """In lower case, when it is a word or sign; empty for others, so that a constant is never taken for a keyword."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""


def tokens(expression: str) -> Iterator[Token]:
    """The pieces of an expression, `end` last. What cannot be read ends it as `unknown`."""
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            yield Token("unknown", expression[position : position + 20])
            return
        position = match.end()
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match.group())
    yield Token("end", "")
