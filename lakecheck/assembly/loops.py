"""`Fn::ForEach` of the language extensions: each loop in the keys of an object becomes the entries it stands for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.values import Unknown, has_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX: Final = "Fn::ForEach::"
MAX_ENTRIES: Final = 10_000
"""Entries that the loops of one object may make together; a template has at most 500 resources."""

_SHAPE: Final = 3
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]")
_MAX_LEVELS: Final = 100


def expanded_section(section: Mapping[str, Any], value: Callable[[Any], Any]) -> tuple[Mapping[str, Any], str]:
    """A section of a template without loops, and what is wrong with a loop that cannot be followed."""
    if not any(isinstance(key, str) and key.startswith(PREFIX) for key in section):
        return section, ""
    expanded = expand(dict(section), value)
    if isinstance(expanded, dict):
        return expanded, ""
    return {key: entry for key, entry in section.items() if not str(key).startswith(PREFIX)}, expanded


def expand(data: Mapping[str, Any], value: Callable[[Any], Any]) -> dict[str, Any] | str:
    """The object with every loop in its keys replaced by its entries; why not, when one cannot be followed.

    Args:
        data: The object.
        value: Evaluates what a loop runs over.
    """
    result: dict[str, Any] = {}
    todo: list[tuple[str, Any]] = list(data.items())
    todo.reverse()
    while todo:
        key, entry = todo.pop()
        if not str(key).startswith(PREFIX):
            result[key] = entry
            continue
        entries = _entries(str(key), entry, value)
        if isinstance(entries, str):
            return entries
        if len(entries) + len(todo) + len(result) > MAX_ENTRIES:
            return f"`{key}` makes too many entries"
        todo += reversed(entries)
    return result


def _entries(key: str, entry: Any, value: Callable[[Any], Any]) -> list[tuple[str, Any]] | str:
    if not isinstance(entry, list) or len(entry) != _SHAPE or not isinstance(entry[0], str) or not isinstance(entry[2], dict):
        return f"`{key}` has not the shape [name, list, object]"
    name, over, body = entry
    items = value(over)
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(items, list) or not all(isinstance(item, str) and not has_hole(item) for item in items):
        reason = f": {items.reason}" if isinstance(items, Unknown) else ""
        return f"what `{key}` runs over is not known{reason}"
    made: list[tuple[str, Any]] = []
    try:
        for item in items:
            made += _put(body, name, item, 0).items()
    except RecursionError:
        return f"`{key}` is nested too deeply"
    return made


def _put(data: Any, name: str, item: str, level: int) -> Any:
    """The body with the loop's name replaced: `${name}` as it is, `&{name}` without what a logical id cannot have."""
    if level > _MAX_LEVELS:
        raise RecursionError
    if isinstance(data, str):
        return data.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", _NOT_PLAIN.sub("", item))
    if isinstance(data, list):
        return [_put(each, name, item, level + 1) for each in data]
    if not isinstance(data, dict):
        return data
    if data == {"Ref": name}:
        return item
    return {_put(key, name, item, level + 1): _put(each, name, item, level + 1) for key, each in data.items()}
