"""Which delivered column is which: names of a file held against those of the contract, and what the contract says where they differ.

Names have to be equal, but for spaces around them: `ID` is not `id`, since a guess that is right today is wrong when both are delivered.

| the file | the contract says | then |
|---|---|---|
| lacks a declared column | `missing_columns: quarantine` | its records are quarantined: `missing_column:<name>` |
| lacks a declared column | `missing_columns: null` | the column is NULL; of a file with no declared column at all, as above |
| has a column nobody declared | `extra_columns: ignore` | the column stays in the raw zone, its name in the manifest |
| has a column nobody declared | `extra_columns: quarantine` | its records are quarantined: `undeclared_column` |
| has them in another order | `column_order: any` | they are read by name |
| has them in another order | `column_order: declared` | its records are quarantined: `column_order` |
| names a declared column twice | anything | its records are quarantined: `ambiguous_column:<name>` |

JSON lines have no header and no order: a key that a record lacks is NULL whatever `missing_columns` says, as it is for every reader of
JSON; a key that nobody declared is that record's own trouble under `extra_columns: quarantine`. A CSV without a header is read by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec import JobSpec

MALFORMED_HEADER = "malformed_header"
MISSING_COLUMN = "missing_column:"
AMBIGUOUS_COLUMN = "ambiguous_column:"
UNDECLARED_COLUMN = "undeclared_column"
COLUMN_ORDER = "column_order"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a file's fields become the table's columns.

    Attributes:
        width: Fields of a record.
        places: For each of the table's columns its place among the fields; None for one that the file lacks.
        trouble: What is wrong with every record of the file.
    """

    width: int
    places: tuple[int | None, ...] = ()
    trouble: str | None = None


def layout(header: Sequence[str] | None, spec: JobSpec) -> Layout:
    """The layout of a file with that header; None for one that could not be split."""
    if header is None:
        return Layout(width=0, trouble=MALFORMED_HEADER)
    found = [name.strip() for name in header]
    names = [column.source_name for column in spec.columns]
    trouble = _trouble(found, names, spec)
    if trouble is not None:
        return Layout(width=len(found), trouble=trouble)
    return Layout(width=len(found), places=tuple(found.index(name) if name in found else None for name in names))


def by_position(spec: JobSpec) -> Layout:
    """The layout of a file without a header."""
    return Layout(width=len(spec.columns), places=tuple(range(len(spec.columns))))


def _trouble(found: Sequence[str], names: Sequence[str], spec: JobSpec) -> str | None:
    missing = [name for name in names if name not in found]
    if missing and (spec.source.missing_columns == "quarantine" or len(missing) == len(names)):
        return MISSING_COLUMN + missing[0]
    twice = [name for name in names if found.count(name) > 1]
    if twice:
        return AMBIGUOUS_COLUMN + twice[0]
    if spec.source.extra_columns == "quarantine" and set(found) - set(names):
        return UNDECLARED_COLUMN
    declared = [name for name in names if name in found]
    if spec.source.column_order == "declared" and declared != [name for name in found if name in names]:
        return COLUMN_ORDER
    return None
