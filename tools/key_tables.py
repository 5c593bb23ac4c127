"""Writes the tables of keys into the reference pages, from the models that read estate.yaml, access.yaml and lakecheck.yaml.

    .venv/bin/python tools/key_tables.py

A table stands between `<!-- keys of MODEL -->` and `<!-- end -->`; what stands outside is left alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = tuple(ROOT / "docs" / "reference" / name for name in ("access.md", "lakecheck.md"))

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from lakecheck import settings_model  # noqa: E402
from lakecheck.access.invariants import model as access_model  # noqa: E402
from lakecheck.estate import supplement_model  # noqa: E402

if TYPE_CHECKING:
    from pydantic import BaseModel

_TABLE: Final = re.compile(r"(?P<begin><!-- keys of (?P<model>\w+) -->\n)(?P<rows>.*?)(?P<end><!-- end -->)", re.DOTALL)
_HEAD: Final = ("", "| key | value |", "|---|---|")


def model_of(name: str) -> type[BaseModel]:
    """A model of one of the files; raises StopIteration when none has it."""
    found: type[BaseModel] = next(
        getattr(module, name) for module in (access_model, settings_model, supplement_model) if hasattr(module, name)
    )
    return found


def table(model: type[BaseModel]) -> str:
    """The keys that the model adds to those of its base, in order."""
    inherited = model.__base__.model_fields if model.__base__ is not None and hasattr(model.__base__, "model_fields") else {}
    rows = []
    for name, field in model.model_fields.items():
        if name not in inherited:
            said = " ".join((field.description or "").split()).replace("|", "\\|")
            rows.append(f"| `{field.alias or name}` | {said}{' Required.' if field.is_required() else ''} |")
    return "\n".join((*_HEAD, *rows, "", ""))


def written(page: str) -> str:
    """The page with every table as the models have it."""
    return _TABLE.sub(lambda found: f"{found['begin']}{table(model_of(found['model']))}{found['end']}", page)


def tables(page: str) -> list[str]:
    """The models whose keys the page has, in order."""
    return [found["model"] for found in _TABLE.finditer(page)]


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
