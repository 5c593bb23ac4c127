"""How restricted a column is, and whether one that holds personal data has lost its class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.nodes import items_of, parts_of, text_of, texts_of
from lakemodel.contracts.report import did_you_mean, quoted
from lakemodel.contracts.rules import VENDOR
from lakemodel.findings import Severity
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_PERSONAL: Final = re.compile(
    r"(is|contains|has)?_?(pii|phi|spi|personal|personal_(data|information)|personally_identifiable.*|gdpr|special_category)"
)
_SENSITIVE: Final = re.compile(r"(is)?_?(sensitive|sensitive_data|secret|confidential|restricted|private|privacy)")
_PERSONAL_NAMES: Final = re.compile(
    r"(.*_)?(e_?mail(_?address)?|phone(_?(number|no))?|mobile_?(number|no|phone)|ssn|social_?security(_?(number|no))?|national_?id(_?number)?"
    r"|passport(_?(number|no))?|date_?of_?birth|birth_?(date|day)|dob|first_?name|last_?name|full_?name|surname|maiden_?name|iban"
    r"|credit_?card(_?(number|no))?|card_?number|tax_?id|ip_?address|home_?address|street(_?address)?|driver_?licen[cs]e(_?number)?)"
)
_NAMES_OF_MARKS: Final = frozenset({"tag", "tags", "labels", "data_category", "category", "sensitivity"})
_FALSE: Final = frozenset({"", "false", "no", "none", "n", "0", "non_pii", "not_pii", "na", "n_a"})


def has_any_classification(properties: list[tuple[int, dict[str, Any]]]) -> bool:
    """Whether any of these properties, or one inside them, states a class."""
    return any(
        text_of(prop, "classification") or has_any_classification([(0, child) for _, child in parts_of((), prop)]) for _, prop in properties
    )


def classify(reading: Reading, path: Path, prop: dict[str, Any]) -> tuple[str, str | None]:
    """The class that holds for a column, and the one that it states itself.

    Tags of the catalog stand on whole columns, so a column has the strictest class of all that is nested in it. What nobody classified
    counts as the most restricted class.
    """
    declared = _declared(reading, path, prop)
    effective = _effective(reading, path, prop, declared, None)
    if effective is None:
        return reading.rules.strictest, declared
    if declared is not None and effective != declared:
        message = f"is {declared} itself and holds {effective} parts; the whole column is {effective}"
        reading.report.note(path, "nested_classification", message)
    return effective, declared


def _declared(reading: Reading, path: Path, prop: dict[str, Any]) -> str | None:
    written = text_of(prop, "classification")
    if not written:
        return None
    known = reading.rules.known(written)
    if known is not None:
        return known
    classes = reading.rules.classifications
    message = f"classification is {quoted(written)}{did_you_mean(written, classes)}; allowed: {', '.join(classes)}"
    remedy = f"Use one of them, or add it to classifications in lake.yaml; until then it counts as {reading.rules.strictest}."
    reading.report.warning((*path, "classification"), "unknown_classification", message, remedy)
    return reading.rules.strictest


def _effective(reading: Reading, path: Path, prop: dict[str, Any], declared: str | None, inherited: str | None) -> str | None:
    """The strictest class of a property and its parts; None when some part has none."""
    own = declared or inherited
    found: list[str | None] = []
    for child_path, child in parts_of(path, prop):
        found.append(_effective(reading, child_path, child, _declared(reading, child_path, child), own))
    _check_personal(reading, path, prop, own, has_parts=bool(found))
    if own is not None:
        found.append(own)
    if not found or None in found:
        return None
    return reading.rules.stricter(*(one for one in found if one is not None))


def _check_personal(reading: Reading, path: Path, prop: dict[str, Any], classification: str | None, *, has_parts: bool) -> None:
    """Refuses personal data without a class or in the least restricted one."""
    report, rules = reading.report, reading.rules
    lowest = rules.classifications[0] if len(rules.classifications) > 1 else None
    state = "has no classification" if classification is None else f"is classified {classification}"
    is_open = classification == lowest if classification is not None else not has_parts
    remedy = f"Classify it, at least as {rules.classifications[min(1, len(rules.classifications) - 1)]}."
    if marks := [mark for mark in _marks(prop) if _PERSONAL.fullmatch(normalize(mark))]:
        if is_open:
            report.error(path, "personal_data", f"is marked {quoted(marks[0])} as personal data and {state}", remedy)
    elif marks := [mark for mark in _marks(prop) if _SENSITIVE.fullmatch(normalize(mark))]:
        if is_open:
            report.warning(path, "sensitive_data", f"is marked {quoted(marks[0])} and {state}", remedy)
    elif is_open and not has_parts and _PERSONAL_NAMES.fullmatch(normalize(text_of(prop, "name"))):
        message = f"{state}, and its name says that it holds personal data"
        if classification is None and reading.classifies:
            others = "others in this contract are classified, so this one has lost its class"
            report.error(path, "personal_data", f"{message}; {others}", remedy)
        elif classification is None:
            label = "no classification, and names that say personal data"
            name = report.shown(path).removeprefix(f"{report.shown(reading.table)}.properties.")
            report.gather(Severity.WARNING, reading.table, "personal_data", label, name, remedy)
        else:
            report.warning(path, "personal_data", message, remedy)


def protective_marks(prop: dict[str, Any]) -> tuple[str, ...]:
    """The tags and custom properties that say of a property that it is personal or sensitive."""
    return tuple(mark for mark in _marks(prop) if _PERSONAL.fullmatch(normalize(mark)) or _SENSITIVE.fullmatch(normalize(mark)))


def _marks(prop: dict[str, Any]) -> list[str]:
    """Tags and custom properties that are set."""
    marks = texts_of(prop, "tags")
    for _, custom in items_of(prop, "customProperties"):
        name, value = text_of(custom, "property"), custom.get("value")
        if text_of(custom, "vendor") == VENDOR or value is None or normalize(str(value)) in _FALSE:
            continue
        marks.append(name)
        if normalize(name) in _NAMES_OF_MARKS:
            marks += [str(one) for one in value] if isinstance(value, list) else str(value).split(",")
    return [mark.partition(":")[0] if normalize(mark.partition(":")[2]) in {"true", "yes"} else mark for mark in marks]
