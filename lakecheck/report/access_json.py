"""The matrix as JSON, one row a line, so that lines can be compared; its shape is `access.schema.json` beside this module."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.saved import (
    KIND,
    SCHEMA_VERSION,
    Names,
    access_data,
    conditions_data,
    dataset_data,
    dead_data,
    edge_data,
    principal_data,
    step_data,
)
from lakecheck.formula import TRUE
from lakecheck.report.json import tool_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.model import Matrix

_HIDDEN: Final = re.compile("[\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufeff]")


def render(matrix: Matrix) -> Iterator[str]:
    """The report piece by piece; it ends with a line feed."""
    names = Names(matrix)
    remaining = (*(access.conditions for access in matrix.accesses), *(edge.conditions for edge in matrix.edges))
    conditions = {formula: None for formula in remaining if formula != TRUE}
    told = {str(names.of_conditions(formula)): formula for formula in conditions}
    yield "{\n"
    yield f'"schema_version": {SCHEMA_VERSION},\n"kind": "{KIND}",\n'
    yield f'"tool": {line({"name": "lakecheck", "version": tool_version()})},\n'
    yield from _rows("principals", (principal_data(names.everybody[name], name, matrix) for name in sorted(names.everybody)))
    yield from _rows("datasets", (dataset_data(dataset, matrix) for dataset in matrix.datasets))
    yield from _entries("conditions", {name: conditions_data(told[name]) for name in sorted(told)})
    ways = {str(names.of_way(access.via)): access.via for access in matrix.accesses if access.via}
    yield from _entries("ways", {name: [step_data(step) for step in ways[name]] for name in sorted(ways)})
    yield from _rows("accesses", (access_data(access, names) for access in matrix.accesses))
    yield from _rows("edges", (edge_data(edge, names) for edge in matrix.edges))
    yield from _rows("dead_grants", (dead_data(dead) for dead in matrix.dead))
    yield from _rows("assumptions", matrix.assumptions)
    yield from _rows("not_known", matrix.not_known, last=True)
    yield "}\n"


def line(data: Any) -> str:
    """Data on one line; characters that cannot be seen are escaped."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(data, ensure_ascii=False))


def one_a_line(data: dict[str, Any]) -> Iterator[str]:
    """An object piece by piece, each item of its lists on a line of its own; it ends with a line feed."""
    yield "{\n"
    for number, (key, value) in enumerate(data.items(), 1):
        comma = "," if number < len(data) else ""
        if isinstance(value, list) and value:
            yield f'"{key}": [\n' + ",\n".join(map(line, value)) + f"\n]{comma}\n"
        else:
            yield f'"{key}": {line(value)}{comma}\n'
    yield "}\n"


def _entries(key: str, entries: dict[str, Any]) -> Iterator[str]:
    yield f'"{key}": {{' + ",".join(f"\n{line(name)}: {line(data)}" for name, data in entries.items()) + ("\n},\n" if entries else "},\n")


def _rows(key: str, rows: Iterable[Any], *, last: bool = False) -> Iterator[str]:
    yield f'"{key}": ['
    before = "\n"
    for row in rows:
        yield before + line(row)
        before = ",\n"
    yield ("\n]" if before != "\n" else "]") + ("\n" if last else ",\n")
