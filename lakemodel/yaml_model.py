"""Reads a YAML file into a pydantic model, and says what is wrong with it in this project's words, each with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from lakemodel.config.schema import DIALECT, simplified
from lakemodel.config.wording import listed, meant, shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from lakemodel.yaml_source import Document

M = TypeVar("M", bound=BaseModel)

_EXPECTED: Final = {
    "list_type": "a list",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
}


def read_model(document: Document, model: type[M], *, code: str, words: Mapping[str, str], ignored: Iterable[str] = ()) -> M:
    """The document as the model has it.

    Args:
        document: The file's content.
        model: What it has to be.
        code: What the codes of findings begin with.
        words: For each pattern of the model what it allows.
        ignored: Parts that pydantic puts into places and that no file has, such as the names of a union's members.

    Raises:
        InvalidInput: With every finding: `<code>.unknown_key`, `.missing_key`, `.pattern`, `.empty`, `.choice`, `.type`.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        left_out = frozenset(ignored)
        found = {_finding(details, document, model, code, words, left_out) for details in error.errors(include_url=False)}
        raise InvalidInput(sorted(found, key=by_place)) from None


def schema_text(model: type[BaseModel], title: str) -> str:
    """The JSON Schema of a file, as it is committed beside it."""
    schema: dict[str, Any] = simplified(model.model_json_schema(ref_template="#/definitions/{model}"))
    definitions = schema.pop("$defs", {})
    whole = {"$schema": DIALECT, "title": title, **schema, "definitions": definitions}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def by_place(finding: Finding) -> tuple[int, str, str, str]:
    """The order of findings: as they stand in the file."""
    return finding.place.line or 0, finding.place.path, finding.code, finding.message


def _finding(
    details: ErrorDetails, document: Document, root: type[BaseModel], code: str, words: Mapping[str, str], ignored: frozenset[str]
) -> Finding:
    path, found = tuple(part for part in details["loc"] if part not in ignored), details["input"]
    kind, where = "type", path
    match details["type"]:
        case "extra_forbidden":
            allowed = sorted(_model_at(root, path[:-1]).model_fields)
            kind, message = "unknown_key", f"found the unknown key {path[-1]}; allowed: {listed(allowed, joined_by='and')}"
            remedy = meant(str(path[-1]), allowed, "Remove it.")
        case "missing":
            kind, where = "missing_key", path[:-1]
            message = f"the key {path[-1]} is missing; it has no default"
            remedy = f"Add {path[-1]}. {_model_at(root, where).model_fields[str(path[-1])].description}"
        case "string_pattern_mismatch":
            kind, message, remedy = "pattern", f"found {shown(found)}; {words[details['ctx']['pattern']]}", "Correct it."
        case "string_too_short":
            least = details["ctx"]["min_length"]
            message = f"found {shown(found)}; a text of at least {least} character{'' if least == 1 else 's'} is expected"
            kind, remedy = "empty", "Write what somebody who was not there has to know."
        case "literal_error" | "enum":
            kind, message, remedy = "choice", f"found {shown(found)}; allowed: {details['ctx']['expected']}", "Write that."
        case other:
            message, remedy = f"found {shown(found)}; {_EXPECTED.get(other, details['msg'].lower())} is expected", "Change the value."
    return Finding(document.place(where), f"{code}.{kind}", message, remedy)


def _model_at(root: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the mapping at a path."""
    model = root
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            found = _models_in(model.model_fields[part].annotation)
            model = found if found is not None else model
    return model


def _models_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = getattr(annotation, "__args__", ())
    return next((model for each in inner if (model := _models_in(each)) is not None), None)
