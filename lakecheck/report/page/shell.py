"""What every page has around its content: head, bar, sections, end; its policy names `page.css` and `page.js` by their hash."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lakecheck.report.page.markup import badge, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.report.page.markup import Section


def opened(title: str, sections: Sequence[Section]) -> Iterator[str]:
    """Everything before the content.

    Args:
        title: Of the window.
        sections: What the bar leads to.
    """
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{text(title)}</title>\n<style>{_asset('page.css')}</style>\n</head>\n<body>\n"
    yield '<a class="skip" href="#main">Skip to the content</a>\n'
    yield from _bar(sections)
    yield '<main id="main" tabindex="-1">\n'


def closed() -> Iterator[str]:
    """Everything after the content."""
    yield '</main>\n<dialog id="drill" aria-labelledby="drill-title"><div class="drill-head"><h2 id="drill-title"></h2>'
    yield '<button type="button" id="drill-close">Close</button></div><div id="drill-body"></div></dialog>\n'
    yield f"<script>{_asset('page.js')}</script>\n</body>\n</html>\n"


def part(section: Section) -> Iterator[str]:
    """One section."""
    yield f'<section id="{section.id}" class="part" aria-labelledby="{section.id}-h">'
    shown_count = f" {badge(section.count, section.tone)}" if section.count else ""
    yield f'<h2 id="{section.id}-h" tabindex="-1">{text(section.title)}{shown_count} <small class="found"></small></h2>\n'
    if section.lead:
        yield f'<p class="lead">{text(section.lead)}</p>\n'
    yield from section.body
    yield '<p class="nothing no-match" hidden>Nothing here fits the search.</p>\n</section>\n'


def _bar(sections: Sequence[Section]) -> Iterator[str]:
    yield '<header class="bar-top"><nav aria-label="Sections"><ul>'
    for one in sections:
        number = f' <span class="count {one.tone}">{text(one.count)}</span>' if one.count else ""
        yield f'<li><a href="#{one.id}">{text(one.title)}{number}</a></li>'
    yield '</ul></nav>\n<form id="search" role="search"><label for="q" class="unseen">Search everything</label>'
    yield '<input id="q" type="search" placeholder="Search everything" autocomplete="off" spellcheck="false" aria-keyshortcuts="/">'
    yield '<kbd aria-hidden="true">/</kbd><span id="told" role="status" aria-live="polite"></span></form>\n'
    yield '<button type="button" id="theme" aria-pressed="false">Dark</button></header>\n'


def _policy() -> str:
    style, script = (_hash(_asset(name)) for name in ("page.css", "page.js"))
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


@cache
def _asset(name: str) -> str:
    return (files("lakecheck.report.page") / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
