"""A lenient view of a `lake.yaml` whose shape may be wrong in places, so that everything else in it can be checked all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakemodel.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.yaml_source import Document

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What of a document has the shape it should have; the rest is absent, and pydantic says why."""

    document: Document

    def at(self, *path: str | int) -> Any:
        """The value at a path, None where there is none."""
        value: Any = self.document.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at a path; empty where there is none."""
        value = self.at(*path)
        return value if isinstance(value, dict) else {}

    def text(self, *path: str | int) -> str | None:
        """The text at a path."""
        value = self.at(*path)
        return value if isinstance(value, str) else None

    def texts(self, *path: str | int) -> Iterator[tuple[Path, str]]:
        """Each text of the list at a path, with its own path."""
        value = self.at(*path)
        if isinstance(value, list):
            for index, entry in enumerate(value):
                if isinstance(entry, str):
                    yield (*path, index), entry

    def accounts(self, environment: str, *kinds: str) -> dict[str, Path]:
        """The account names of an environment with their paths: of its `lakes`, its `consumers` or both."""
        return {
            name: ("environments", environment, kind, name) for kind in kinds for name in self.mapping("environments", environment, kind)
        }

    def finding(self, path: Path, code: str, message: str, remedy: str) -> Finding:
        """A finding about the value at a path."""
        return Finding(self.document.place(path), f"config.{code}", message, remedy)

    def line(self, path: Path) -> str:
        """`line n` of the value at a path, to point at it from elsewhere."""
        return f"line {self.document.line(path)}"
