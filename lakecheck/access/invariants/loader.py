"""Reads `access.yaml`: YAML first, its shape second, the files it names third; everything wrong is said at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from lakecheck.access.invariants.iam_actions import KINDS
from lakecheck.access.invariants.model import PATTERN_RULES, AccessRules
from lakemodel import yaml_source
from lakemodel.config.loader import load_config
from lakemodel.config.model import Zone
from lakemodel.config.schema import DIALECT, simplified
from lakemodel.config.wording import listed, meant, shown
from lakemodel.contracts.loader import load_contracts
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic_core import ErrorDetails

    from lakecheck.access.invariants.model import Data, Invariant
    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet

DEFAULT_FILE: Final = "config/access.yaml"

_ZONES: Final = tuple(zone.value for zone in Zone)

_EXPECTED: Final = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedRules:
    """`access.yaml` with what it names.

    Attributes:
        file: As shown to the user.
        rules: The file.
        lake: The lake.yaml that it names.
        contracts: The contracts that it names.
        classifications: From least to most restricted; empty when nobody says.
    """

    file: str
    rules: AccessRules
    lake: LakeConfig | None = None
    contracts: ContractSet | None = None
    classifications: tuple[str, ...] = ()


def load_rules(path: Path | str, *, lake: LakeConfig | None = None, contracts: ContractSet | None = None) -> LoadedRules:
    """Reads the rules and what they name.

    Args:
        path: The file.
        lake: Instead of the lake.yaml that it names, where it names one.
        contracts: Instead of the contracts that it names, where it names some.

    Raises:
        InvalidInput: With every finding: unknown or missing keys, a persona, class, zone or domain that
            lake.yaml has not, a type of resource that is not followed.
    """
    path = Path(path)
    document = yaml_source.load(path)
    try:
        rules = AccessRules.model_validate(document.data)
    except ValidationError as error:
        found = {_finding(details, document) for details in error.errors(include_url=False)}
        raise InvalidInput(sorted(found, key=lambda finding: (finding.place.line or 0, finding.code, finding.message))) from None
    lake = None if rules.lake is None else load_config(path.parent / rules.lake) if lake is None else lake
    contracts = None if rules.contracts is None else load_contracts(path.parent / rules.contracts, lake) if contracts is None else contracts
    classifications = rules.classifications or (lake.classifications if lake is not None else [])
    loaded = LoadedRules(file=str(path), rules=rules, lake=lake, contracts=contracts, classifications=tuple(classifications))
    findings = list(_complaints(loaded, document))
    if findings:
        raise InvalidInput(findings)
    return loaded


def access_schema_text() -> str:
    """The JSON Schema of the file, as it is committed beside it."""
    schema: dict[str, Any] = simplified(AccessRules.model_json_schema(ref_template="#/definitions/{model}", by_alias=True))
    definitions = schema.pop("$defs")
    whole = {"$schema": DIALECT, "title": "access.yaml", **schema, "definitions": definitions}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _complaints(loaded: LoadedRules, document: yaml_source.Document) -> Iterator[Finding]:
    for index, invariant in enumerate(loaded.rules.invariants):
        if invariant.personas is not None and loaded.lake is None:
            message = f"{invariant.id} is about personas, but no lake.yaml is named"
            yield Finding(document.place(("invariants", index, "personas")), "access.no_lake", message, "Add lake: lake.yaml at the top.")
        for code, message, remedy in (*_of_principals(loaded, invariant), *_of_data(loaded, invariant)):
            yield Finding(document.place(("invariants", index)), code, message, remedy)
    for index, bucket in enumerate(loaded.rules.buckets):
        if bucket.classification is not None and loaded.classifications and bucket.classification not in loaded.classifications:
            message = f"found {shown(bucket.classification)} as a classification; declared: {listed(loaded.classifications)}"
            yield Finding(document.place(("buckets", index, "classification")), "access.classification", message, "Correct the name.")
        if bucket.zone is not None and loaded.lake is not None and bucket.zone.lower() not in _ZONES:
            message = f"found {shown(bucket.zone)} as a zone; declared: {listed(_ZONES)}"
            yield Finding(document.place(("buckets", index, "zone")), "access.zone", message, "Correct the name.")


def _of_principals(loaded: LoadedRules, invariant: Invariant) -> Iterator[tuple[str, str, str]]:
    personas = loaded.lake.personas if loaded.lake is not None else {}
    rule = invariant.forbid or invariant.require
    named = [each.persona for each in (*invariant.exceptions, *(invariant.grants or ())) if each.persona is not None]
    for persona in (*named, *(rule.who.persona or [] if rule is not None else [])):
        if persona != "*" and persona not in personas:
            message = f"found {shown(persona)} as a persona; declared: {listed(sorted(personas)) if personas else 'none'}"
            yield "access.persona", message, "Correct the name, or declare it in lake.yaml."


def _of_data(loaded: LoadedRules, invariant: Invariant) -> Iterator[tuple[str, str, str]]:
    """Names that a rule would be about nothing with."""
    rule = invariant.forbid or invariant.require
    stated = [rule.data] if rule is not None else [each.data for each in invariant.grants or ()]
    for what, value, allowed in (each for data in stated if data is not None for each in _undeclared(loaded, data)):
        yield f"access.{what}", f"found {shown(value)} as a {what}; declared: {listed(allowed)}", "Correct the name."
    for kind in (rule.resources.type or []) if rule is not None and rule.resources is not None else []:
        if kind not in KINDS:
            message = f"found {shown(kind)} as a type, which is not followed: a rule about it would hold whatever the templates say"
            yield "access.type", message, f"Those that are: {', '.join(sorted(KINDS))}."


def _undeclared(loaded: LoadedRules, data: Data) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Classes, zones and domains that nobody declared: a rule about them would be about nothing."""
    lake = loaded.lake
    declared: tuple[tuple[str, list[str] | None, Sequence[str]], ...] = (
        ("classification", data.classification, loaded.classifications),
        ("zone", data.zone, _ZONES if lake is not None else ()),
        ("domain", data.domain, tuple(lake.domains) if lake is not None else ()),
    )
    for what, values, allowed in declared:
        for value in values or [] if allowed else []:
            if value.lower() not in {each.lower() for each in allowed}:
                yield what, value, allowed


def _allowed(path: tuple[str | int, ...]) -> list[str]:
    """The keys of the mapping at a path."""
    model: type[BaseModel] = AccessRules
    for part in path:
        field = next((each for name, each in model.model_fields.items() if part in (name, each.alias)), None)
        found = _model_in(field.annotation) if field is not None else None
        model = found if found is not None else model
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = getattr(annotation, "__args__", ())
    return next((model for each in inner if (model := _model_in(each)) is not None), None)


def _finding(details: ErrorDetails, document: yaml_source.Document) -> Finding:
    """One of pydantic's errors in the words of this project."""
    path, found = details["loc"], details["input"]
    remedy = "Correct it; `lakecheck config schema access` lists the keys."
    match details["type"]:
        case "extra_forbidden":
            allowed = _allowed(path[:-1])
            message = f"found the unknown key {path[-1]}; allowed: {listed(allowed, joined_by='and')}"
            return Finding(document.place(path), "access.unknown_key", message, meant(str(path[-1]), allowed, "Remove it."))
        case "missing":
            return Finding(
                document.place(path[:-1]), "access.missing_key", f"the key {path[-1]} is missing; it has no default", f"Add {path[-1]}."
            )
        case "string_pattern_mismatch":
            message = f"found {shown(found)}; {PATTERN_RULES[details['ctx']['pattern']]}"
        case "string_too_short" | "too_short":
            message = f"found {shown(found)}; at least {details['ctx'].get('min_length', 1)} are needed"
        case "literal_error" | "enum":
            message = f"found {shown(found)}; allowed: {details['ctx']['expected']}"
        case "value_error":
            message = str(details["ctx"]["error"])
        case kind:
            message = f"found {shown(found)}; {_EXPECTED.get(kind, details['msg'].lower())} is expected"
    return Finding(document.place(path), f"access.{details['type']}", message, remedy)
