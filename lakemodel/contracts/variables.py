"""Refuses `${VARIABLES}` where they would end in a name or a type: nothing replaces them at synth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.report import quoted

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_DECIDING: Final = frozenset(
    {
        *("id", "name", "physicalName", "physicalType", "classification", "domain", "dataProduct", "version", "status", "encryptedName"),
        *("role", "pattern", "format"),
    }
)


def check_variables(reading: Reading, data: dict[str, Any]) -> None:
    """An error for each variable in a value that decides what is built."""
    for key, value in data.items():
        if key in {"schema", "roles"}:
            _walk(reading, (key,), value)
        elif key in _DECIDING:
            _check(reading, (key,), value)


def _walk(reading: Reading, path: Path, node: Any) -> None:
    if isinstance(node, list):
        for index, child in enumerate(node):
            _walk(reading, (*path, index), child)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _DECIDING:
                _check(reading, (*path, key), value)
            elif key != "quality":
                _walk(reading, (*path, key), value)


def _check(reading: Reading, path: Path, value: Any) -> None:
    if isinstance(value, str) and "${" in value:
        message = f"holds the variable {quoted(value)}, which nothing replaces here"
        reading.report.error(path, "variable", message, "Write the value itself, or replace variables before the contract is read.")
