"""Finds the fenced code blocks of every page that a person reads, and the files that their text stands in."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CODE = frozenset({"python", "yaml", "json", "sh", "console", "csv", "sql"})
PROSE = frozenset({"text"})
MADE = frozenset({"cdk.out", "cdk.base", "dist", "site", "node_modules", "__pycache__", "spark-warehouse", "metastore_db"})
HIDDEN_BUT_OURS = frozenset({".ci"})

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[^`\n]*)$")
_INCLUDE = re.compile(r'^\s*--8<-- "(?P<file>[^":]+)(?::(?P<section>[\w-]+))?"\s*$')
_NOQA = re.compile(r"\s+# noqa\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def includes(self) -> list[tuple[str, str | None]]:
        """Files and sections that the block includes; empty when any line of it is no include."""
        matches = [_INCLUDE.match(line) for line in self.text.splitlines() if line.strip()]
        return [(match["file"], match["section"]) for match in matches if match] if all(matches) else []


def files(root: Path = ROOT) -> Iterator[Path]:
    """Every file of the repository but what is made again, in a stable order."""
    for path in sorted(root.iterdir()):
        is_hidden = path.name.startswith(".") and path.name not in HIDDEN_BUT_OURS
        if path.is_dir() and not is_hidden and path.name not in MADE and not path.name.endswith(".egg-info"):
            yield from files(path)
        elif path.is_file() and path.suffix != ".pyc":
            yield path


def pages() -> list[Path]:
    """Markdown that people read: the README, those of modules, the site. Decisions tell of thoughts and not of code to run."""
    return [path for path in files() if path.suffix == ".md" and "adr" not in path.parts]


@cache
def blocks() -> tuple[Block, ...]:
    """Every fenced block of every page."""
    return tuple(block for page in pages() for block in blocks_of(page))


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of one page; raises for a fence that is never closed."""
    opened: re.Match[str] | None = None
    start, inside = 0, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened, start, inside = fence, number, []
        elif opened is not None and fence and fence["fence"] == opened["fence"] and not fence["language"]:
            yield Block(page, start, opened["language"].strip(), textwrap.dedent("\n".join(inside)))
            opened = None
        else:
            inside.append(line)
    assert opened is None, f"{page}:{start}: the block is never closed"


def stands_in(text: str, file: Path) -> bool:
    """Whether the block's lines stand in the file one after the other, whatever their indentation.

    Imports at the beginning of a Python block may stand elsewhere in the file, where imports stand. What the linter is told is left out.
    """
    content = _NOQA.sub("", file.read_text(encoding="utf-8"))
    head, body = _head_and_body(text) if file.suffix == ".py" else ("", text)
    if head and not _imported(head) <= _imported(content):
        return False
    return not body or _contains(content.splitlines(), body.splitlines())


def _head_and_body(text: str) -> tuple[str, str]:
    lines = text.strip("\n").splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith(("import ", "from "))), len(lines))
    return "\n".join(lines[:count]), "\n".join(lines[count:]).strip("\n")


def _imported(source: str) -> set[tuple[str | None, str, str | None]]:
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(getattr(node, "module", None), alias.name, alias.asname) for node in imports for alias in node.names}


def _contains(lines: list[str], wanted: list[str]) -> bool:
    return any(
        textwrap.dedent("\n".join(lines[start : start + len(wanted)])).splitlines() == wanted
        for start in range(len(lines) - len(wanted) + 1)
        if lines[start].strip() == wanted[0].strip()
    )
