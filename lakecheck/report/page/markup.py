"""Pieces of markup that every section uses: escaped text, badges, folds, tables; nothing of a template gets into a page by another way."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_LISTED: Final = 200
"""As many entries of one list as a page bears; how many more there are is said."""

TONES: Final = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "calm"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One part of the page.

    Attributes:
        id: What links name it by.
        title: Its heading.
        count: A word or number beside its link; empty when there is nothing to count.
        tone: How it stands: `good`, `warn`, `bad`, `open` for what is not known, `calm`.
        lead: A sentence under the heading.
        body: Its markup, piece by piece.
    """

    id: str
    title: str
    count: str = ""
    tone: str = "calm"
    lead: str = ""
    body: Iterable[str] = field(default=())


def text(value: Any) -> str:
    """A value as text that can stand in an element or an attribute; what cannot be seen is escaped.

    Example:
        >>> text("<b> & 'it'")
        '&lt;b&gt; &amp; &#x27;it&#x27;'
    """
    return escape(printable(shown(value)))


def code(value: Any) -> str:
    """A name or an id."""
    return f"<code>{text(value)}</code>"


def badge(words: str, tone: str) -> str:
    """A short word in the colour of how things stand."""
    return f'<span class="badge {tone}">{text(words)}</span>'


def link(address: str, words: str) -> str:
    """A link to a page; the words alone when the address is none that a browser should open."""
    if not address.startswith("https://"):
        return text(words)
    return f'<a href="{text(address)}" rel="noreferrer">{text(words)}</a>'


def fold(summary: str, body: str, *, attributes: str = "", is_open: bool = False) -> str:
    """Markup behind a summary, which is markup too."""
    return f"<details{attributes}{' open' if is_open else ''}><summary>{summary}</summary>{body}</details>"


def listed(values: Sequence[Any], *, most: int = MOST_LISTED) -> str:
    """A list of texts, `most` of them."""
    if not values:
        return ""
    rows = "".join(f"<li>{text(value)}</li>" for value in values[:most])
    more = f"<li>and {len(values) - most:,} more</li>" if len(values) > most else ""
    return f"<ul>{rows}{more}</ul>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels with their markup; those without any are left out."""
    rows = "".join(f"<dt>{label}</dt><dd>{markup}</dd>" for label, markup in pairs if markup)
    return f"<dl>{rows}</dl>" if rows else ""


def bar(share: float, tone: str) -> str:
    """A bar that is filled as far as `share` says, 1 being all of it."""
    width = round(min(max(share, 0.0), 1.0) * 100, 1)
    return (
        f'<svg class="bar {tone}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="100" height="6"/><rect class="full" width="{width:g}" height="6"/></svg>'
    )


def table(caption: str, heads: Sequence[str], rows: Iterable[str], *, name: str = "") -> Iterator[str]:
    """A table; rows are markup, heads are not."""
    cells = "".join(f'<th scope="col">{text(head)}</th>' for head in heads)
    yield f'<div class="scroll"><table class="{name}"><caption>{text(caption)}</caption><thead><tr>{cells}</tr></thead><tbody>\n'
    yield from rows
    yield "</tbody></table></div>\n"


def nothing(words: str) -> str:
    """What stands where there is nothing to show."""
    return f'<p class="nothing">{text(words)}</p>\n'


def choice(name: str, label: str, values: Iterable[str], *, every: str = "all") -> str:
    """A box to choose from."""
    options = "".join(f'<option value="{text(value)}">{text(value)}</option>' for value in values if value)
    return f'<label>{text(label)}<select name="{name}"><option value="">{every}</option>{options}</select></label>'
