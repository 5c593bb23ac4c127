"""Writes the JSON Schemas of a run's manifest and outcome, from their types in the ingestion job.

    .venv/bin/python tools/run_schemas.py

Descriptions are those of the docstrings. Unknown keys are allowed nowhere: a reader of an
older version learns from `manifest_version` and `outcome_version` that there are new ones.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "constructs_lib" / "runtime" / "ingestion"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from constructs_lib.runtime.ingestion.manifest import MANIFEST_VERSION, MOST_LISTED, OUTCOME_VERSION, Manifest, Outcome  # noqa: E402

FILES: Final = {
    "manifest.schema.json": (Manifest, {"manifest_version": MANIFEST_VERSION}),
    "outcome.schema.json": (Outcome, {"outcome_version": OUTCOME_VERSION}),
}
"""By name of the file: the type it is the schema of, and the keys that have one value only."""

_SCALARS: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},  # rows, bytes, lines, versions: nothing a run counts is negative
    float: {"type": "number"},
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
}


def schema(kind: type, constants: dict[str, int]) -> dict[str, Any]:
    """The schema of a TypedDict, those inside among its definitions."""
    definitions: dict[str, Any] = {}
    top = _object(kind, definitions)
    for name, value in constants.items():
        top["properties"][name] = {"const": value}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def text(name: str) -> str:
    """What the file of that name has to be."""
    return json.dumps(schema(*FILES[name]), indent=2) + "\n"


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    keys = typing.get_type_hints(kind)
    description, attributes = _said(kind)
    properties = {
        name: _value(one, definitions) | ({"description": attributes[name]} if name in attributes else {}) for name, one in keys.items()
    }
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(keys),
        "additionalProperties": False,
    }


def _said(kind: type) -> tuple[str, dict[str, str]]:
    """What the docstring says of the type, and of its keys below `Attributes:`."""
    description, _, below = inspect.getdoc(kind).partition("\n\nAttributes:\n")  # type: ignore[union-attr]  # every type has one
    attributes: dict[str, str] = {}
    name = ""
    for line in below.replace("`MOST_LISTED`", str(MOST_LISTED)).splitlines():
        said = line.strip()
        if not line.startswith("        "):
            name, _, said = said.partition(": ")
        attributes[name] = f"{attributes.get(name, '')} {said}".strip()
    return " ".join(description.split()), attributes


def _value(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if typing.is_typeddict(kind):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is typing.Literal:
        return {"enum": list(inside)}
    if origin is list:
        return {"type": "array", "items": _value(inside[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(inside[1], definitions)}
    if origin in {typing.Union, types.UnionType}:
        return {"anyOf": [_value(one, definitions) for one in inside]}
    message = f"no schema of {kind!r}: add one for its kind"
    raise TypeError(message)


if __name__ == "__main__":
    for file in FILES:
        (FOLDER / file).write_text(text(file), encoding="utf-8")
