"""Copies of the reference's inputs to spoil."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "lake.yaml"
ROUTES = "contracts/travel/routes.odcs.yaml"
CUSTOMERS = "contracts/sales/customers.odcs.yaml"

EMAIL = """        logicalTypeOptions: { pattern: '^[^@\\s]+@[^@\\s]+$' }
        classification: restricted
        tags: [pii]
"""


@dataclass(frozen=True)
class Inputs:
    """A copy of `config/`.

    Attributes:
        folder: Where it is; the assembly would be in `cdk.out` there.
    """

    folder: Path

    @property
    def outdir(self) -> Path:
        return self.folder / "cdk.out"

    def arguments(self, *more: str) -> list[str]:
        """What to give app.py."""
        named = {"config": CONFIG, "contracts": "contracts", "placement": "placement.lock.json"}
        return [each for key, name in named.items() for each in (f"--{key}", str(self.folder / name))] + list(more)

    def edit(self, file: str, *changes: tuple[str, str], into: str | None = None) -> None:
        """Replaces the first of each text in a file, or in a copy of it."""
        text = (self.folder / file).read_text()
        for before, after in changes:
            assert before in text, f"{file} has no {before!r}"
            text = text.replace(before, after, 1)
        (self.folder / (file if into is None else into)).write_text(text)

    def files(self) -> dict[str, bytes]:
        """Everything that is there."""
        return {str(each.relative_to(self.folder)): each.read_bytes() for each in self.folder.rglob("*") if each.is_file()}


def inputs(folder: Path) -> Inputs:
    """A fresh copy of the reference's inputs."""
    shutil.copytree(ROOT / "config", folder, dirs_exist_ok=True)
    return Inputs(folder)


def one_environment(lake: Inputs) -> None:
    """Leaves only dev, which is quicker to synthesize."""
    text = (lake.folder / CONFIG).read_text()
    start, end = text.index("  staging:\n"), text.index("# Who owns which data")
    (lake.folder / CONFIG).write_text(text[:start] + text[end:])
