"""Where in a repository a finding is: a file below its root, and a line in it. Nothing that a template or a trace says leads out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly import Assembly

_LINE: Final = re.compile(r"^(?P<file>.+):(?P<line>\d{1,7})$", re.DOTALL)
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_NAME: Final = re.compile(r"""^\s*["']?([A-Za-z0-9]+)["']?\s*:""")
_NOT_OURS: Final = frozenset({"site-packages", "dist-packages", "node_modules"})
_MANIFEST: Final = "manifest.json"
_LARGEST: Final = 20_000_000
"""Bytes of a file that is still searched for a line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file.

    Attributes:
        uri: Relative to the repository's root, percent-encoded.
        line: From 1.
        end_column: The column after the line's last character, as SARIF counts; 1 when the file cannot be read.
    """

    uri: str
    line: int
    end_column: int


class Places:
    """Finds the place of what is in one assembly.

    Args:
        assembly: What was judged.
        here: The working directory; that of the process when left out. The root is the closest folder around it with a `.git`, or itself.
    """

    def __init__(self, assembly: Assembly, here: Path | None = None) -> None:
        self._assembly = assembly
        self._here = (Path.cwd() if here is None else here).resolve()
        self.root = next((each for each in (self._here, *self._here.parents) if (each / ".git").exists()), self._here)
        self._inside = cache(self._below_root)
        self._lines = cache(_lines)
        self._names = cache(self._named)

    def of(self, source: str, stack: str = "", logical_id: str = "") -> Place:
        """The place.

        Args:
            source: `file:line` of the code, where known. A file of another checkout is looked for at the same place below the root.
            stack: Construct path of the stack, whose template it is when there is no code.
            logical_id: The resource, whose line in the template it is.
        """
        match = _LINE.match(source)
        file, line = (match["file"], int(match["line"])) if match else (source, 1)
        path = self._inside(file) if source else None
        if path is None:
            return self._in_template(stack, logical_id)
        return self._place(path, max(line, 1))

    def _below_root(self, file: str) -> str | None:
        """The file's path below the root; None when it is not there."""
        plain = _DRIVE.sub("", file.replace("\\", "/"))
        parts = PurePosixPath(plain).parts
        try:
            path = (self._here / plain).resolve()
            if path.is_relative_to(self.root) and path != self.root:
                return path.relative_to(self.root).as_posix()
            if _NOT_OURS.intersection(parts) or not plain.startswith("/"):
                return None
            # A trace of another checkout: what its path ends with is a path here.
            for start in range(1, len(parts)):
                here = (self.root / Path(*parts[start:])).resolve()
                if here.is_relative_to(self.root) and here.is_file():
                    return here.relative_to(self.root).as_posix()
        except (OSError, ValueError, RuntimeError):  # too long, a zero byte, not encodable, a loop of links
            return None
        return None

    def _in_template(self, stack: str, logical_id: str) -> Place:
        folder = Path(self._assembly.directory)
        template = self._templates.get(stack)
        if self._assembly.is_template:
            file, within = folder, folder.name
        else:
            name = _MANIFEST if template is None else template
            file, within = folder / name, f"{folder.name or 'assembly'}/{name}"
        path = self._inside(str(file))
        line = self._names(self._here / file).get(logical_id, 1) if template is not None else 1
        # An assembly outside of the repository: its own name says enough.
        return self._place(within.lstrip("/") if path is None else path, line, self._here / file)

    def _place(self, path: str, line: int, file: Path | None = None) -> Place:
        lines = self._lines(self.root / path if file is None else file)
        length = len(lines[line - 1]) if line <= len(lines) else 0
        return Place(quote(path, errors="replace"), line, length + 1)

    def _named(self, file: Path) -> Mapping[str, int]:
        """The line where each name of a template is first given a value."""
        found: dict[str, int] = {}
        for number, text in enumerate(self._lines(file), start=1):
            match = _NAME.match(text)
            if match:
                found.setdefault(match[1], number)
        return found

    @cached_property
    def _templates(self) -> Mapping[str, str]:
        return {each.path: each.file for each in self._assembly.stacks}


def _lines(file: Path) -> tuple[str, ...]:
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return ()
        return tuple(file.read_text(encoding="utf-8", errors="replace").splitlines())
    except (OSError, ValueError):
        return ()
