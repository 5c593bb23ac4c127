"""Reads `lake.yaml`: YAML first, its shape second, what has to fit together third; everything wrong is said at once."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from lakemodel import yaml_source
from lakemodel.config.checks import check
from lakemodel.config.model import PATTERN_RULES, LakeConfig
from lakemodel.config.wording import listed, meant, shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

_EXPECTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
}


def load_config(path: Path, *, display: str | None = None) -> LakeConfig:
    """Reads and checks a `lake.yaml`.

    Args:
        path: The file.
        display: How findings name the file; the path as given by default.

    Raises:
        InvalidInput: With every finding: what is no YAML, unknown or missing keys, values that are not allowed, references that lead
            nowhere, accounts with two parts to play, Regions without a needed service.
    """
    document = yaml_source.load(path, display=display)
    return read_config(document)


def read_config(document: yaml_source.Document) -> LakeConfig:
    """The configuration of a document already read; raises `InvalidInput` like `load_config`."""
    findings = check(document)
    config: LakeConfig | None = None
    try:
        config = LakeConfig.model_validate(document.data)
    except ValidationError as error:
        findings += [_finding(details, document) for details in error.errors(include_url=False)]
    if config is None or findings:
        raise InvalidInput(sorted(set(findings), key=_by_place))
    return config


def _by_place(finding: Finding) -> tuple[int, str, str, str]:
    return finding.place.line or 0, finding.place.path, finding.code, finding.message


def _finding(details: ErrorDetails, document: yaml_source.Document) -> Finding:
    """One of pydantic's errors in the words of this project."""
    path = _path(details["loc"], document.data)
    if details["type"] == "extra_forbidden":
        return _unknown_key(path, document)
    if details["type"] == "missing":
        return _missing_key(path, document)
    code, message, remedy = _complaint(details, document.unquoted(path))
    return Finding(document.place(path), f"config.{code}", message, remedy)


def _complaint(details: ErrorDetails, unquoted: str | None) -> tuple[str, str, str]:
    """Code, message and remedy for a value that is not allowed where it stands."""
    found, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "union_tag_not_found":
            what = f"the keys {listed(found, joined_by='and')}" if isinstance(found, dict) and found else shown(found)
            message = f"found {what}; a principal is {{ permission_set: NAME }} or {{ role: NAME, trusted_account: ACCOUNT }}"
            complaint = ("principal", message, "Write one of the two.")
        case "string_pattern_mismatch":
            complaint = ("pattern", f"found {shown(found)}; {PATTERN_RULES[context['pattern']]}", "Correct it.")
        case "enum" | "literal_error":
            allowed = _choices(context["expected"])
            complaint = ("choice", f"found {shown(found)}; allowed: {listed(allowed)}", meant(str(found), allowed, "Choose one of them."))
        case "greater_than_equal":
            complaint = ("range", f"found {shown(found)}; allowed: at least {context['ge']:,}", "Change the number.")
        case "less_than_equal":
            complaint = ("range", f"found {shown(found)}; allowed: at most {context['le']:,}", "Change the number.")
        case "too_short":
            complaint = ("empty", f"found {shown(found)}; at least one entry is needed", "Add one.")
        case kind:
            message = f"found {shown(found)}; {_EXPECTED.get(kind, details['msg'].lower())} is expected"
            complaint = ("type", message, _type_remedy(kind, found, unquoted))
    return complaint


def _path(location: tuple[int | str, ...], data: Any) -> tuple[int | str, ...]:
    """Pydantic's location without what is no part of the document: the branch of a union, the mark of a key."""
    path: list[int | str] = []
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        inside = (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        if inside:
            data = data[part]
        elif part == "[key]" or (isinstance(part, str) and part.startswith("@")):
            continue
        elif not is_last:
            break
        path.append(part)
    return tuple(path)


def _unknown_key(path: tuple[int | str, ...], document: yaml_source.Document) -> Finding:
    key = str(path[-1])
    siblings = _value_at(path[:-1], document.data)
    refusing = [model for model in _models_at(path[:-1]) if key not in model.model_fields]
    allowed = list(max(refusing, key=lambda model: len(model.model_fields.keys() & siblings)).model_fields)
    where = f"in {yaml_source.dotted(path[:-1])}" if len(path) > 1 else "at the top"
    message = f"found the unknown key {key}; allowed {where}: {listed(allowed, joined_by='and')}"
    return Finding(document.place(path), "config.unknown_key", message, meant(key, allowed, "Remove it."))


def _missing_key(path: tuple[int | str, ...], document: yaml_source.Document) -> Finding:
    key = str(path[-1])
    field = next(model.model_fields[key] for model in _models_at(path[:-1]) if key in model.model_fields)
    message = f"the key {key} is missing; it has no default"
    return Finding(document.place(path[:-1]), "config.missing_key", message, f"Add {key}. {field.description or ''}".strip())


def _value_at(path: tuple[int | str, ...], data: Any) -> Any:
    for part in path:
        data = data[part]
    return data


def _choices(expected: str) -> list[str]:
    """The values in pydantic's `'a', 'b' or 'c'`, which shows members of an enumeration as `<Enum.A: 'a'>`."""
    return re.findall(r"'([^']*)'", expected) or [expected]


def _type_remedy(kind: str, found: Any, unquoted: str | None) -> str:
    if kind == "string_type" and isinstance(found, int | float):
        return f'Quote it: "{unquoted or found}".'
    if kind == "bool_type":
        return "Write true or false, without quotes."
    if found is None:
        return "Fill it in, or remove the key where it has a default."
    return "Change the value."


def _models_at(path: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The models that the value at `path` can be of: several where there is a choice."""
    annotation: Any = LakeConfig
    for part in path:
        model = next((each for each in _models(annotation) if part in each.model_fields), None)
        if model is not None:
            annotation = model.model_fields[str(part)].annotation
        else:
            annotation = next((get_args(each)[-1] for each in _branches(annotation) if get_origin(each) in {dict, list}), None)
    return _models(annotation)


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [each for each in _branches(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def _branches(annotation: Any) -> list[Any]:
    """The members of a union, without what annotates them."""
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [branch for member in get_args(annotation) for branch in _branches(member)]
    return [annotation]
