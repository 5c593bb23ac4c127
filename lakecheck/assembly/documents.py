"""Reads the JSON and YAML documents of an assembly; every way to be unreadable becomes a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_DEEPEST: Final = 200
"""Levels of a document; no template has as many, and what reads it goes down level by level."""
_YAML_SUFFIXES = {".yaml", ".yml", ".template"}


class Unreadable(Exception):  # noqa: N818 - it carries a finding rather than being shown
    """A document that cannot be used, with what to tell the user."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def refusal(path: Path | str, message: str, *, code: str, remedy: str = "Correct it, or synthesize the assembly again.") -> Unreadable:
    """The exception to raise for a document at `path`."""
    return Unreadable(Finding(Place(str(path)), code, message, remedy))


def read_bytes(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        Unreadable: If there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise refusal(path, "the file is missing", code="assembly.file_missing") from None
    except OSError as error:
        raise refusal(path, f"the file cannot be read: {error.strerror or error}", code="assembly.file_unreadable") from None


def parse_object(path: Path, content: bytes) -> dict[str, Any]:
    """A JSON object (a YAML mapping where the file's name says YAML), as plain data.

    Raises:
        Unreadable: If the content is not UTF-8, not JSON or YAML, names a key twice, or is no object.
    """
    try:
        text = content.decode("utf-8-sig")
        data = _yaml(text) if path.suffix in _YAML_SUFFIXES and not text.lstrip().startswith("{") else _json(text)
    except UnicodeDecodeError as error:
        raise refusal(path, f"the file is not UTF-8 (byte {error.start})", code="assembly.not_utf8") from None
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError as error:
        raise refusal(path, f"the document cannot be parsed: {error}", code="assembly.corrupt") from None
    if _is_deeper(data, _DEEPEST):
        raise _too_deep(path)
    if not isinstance(data, dict):
        msg = f"got a {type(data).__name__} at the top; allowed is an object"
        raise refusal(path, msg, code="assembly.not_an_object")
    return data


def _too_deep(path: Path) -> Unreadable:
    return refusal(path, f"the document is nested too deeply; allowed are {_DEEPEST} levels", code="assembly.too_deep")


def _is_deeper(data: Any, most: int) -> bool:
    """Whether something is nested deeper, found without following it down: whoever reads it afterwards may."""
    level = _containers([data])
    for _ in range(most):
        level = _containers(child for each in level for child in (each.values() if isinstance(each, dict) else each))
        if not level:
            return False
    return True


def _containers(values: Iterable[Any]) -> list[Any]:
    """The objects and lists among values, each once: an alias of YAML may stand in many places."""
    return list({id(each): each for each in values if isinstance(each, dict | list)}.values())


def read_object(path: Path) -> dict[str, Any]:
    """`parse_object` of the file at `path`."""
    return parse_object(path, read_bytes(path))


def without_metadata(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without `Metadata`, neither its own nor any resource's: checkers read orders to be silent from there."""
    bare = {key: value for key, value in template.items() if key != "Metadata"}
    resources = bare.get("Resources")
    if isinstance(resources, dict):
        bare["Resources"] = {logical_id: _without(resource) for logical_id, resource in resources.items()}
    return bare


def _without(resource: Any) -> Any:
    if isinstance(resource, dict) and "Metadata" in resource:
        return {key: value for key, value in resource.items() if key != "Metadata"}
    return resource


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        msg = f"the key {twice!r} stands twice in one object"
        raise ValueError(msg)
    return data


def _no_constant(name: str) -> None:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - only for the rare template in YAML

    from lakecheck.assembly.cloudformation_yaml import TemplateLoader  # noqa: PLC0415

    try:
        return yaml.load(text, Loader=TemplateLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
