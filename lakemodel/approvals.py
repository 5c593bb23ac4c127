"""The one register of exceptions, `config/approvals.yaml`: what was approved, where, why, by whom, until when.

It is read by whoever judges a change, never at synthesis. Each kind of approval says by itself what it is about; see `ContractChange`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, StrictStr, StringConstraints, ValidationError

from lakemodel import yaml_source
from lakemodel.access_gain import EXACT, AccessGain
from lakemodel.approval_base import DAY, Approval, Model
from lakemodel.config.schema import DIALECT, simplified
from lakemodel.config.wording import listed, meant, shown
from lakemodel.contracts.diff.rules import RULES
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding
from lakemodel.upgrade_risk import PLACE, RULE, STACK, UpgradeRisk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from lakemodel.contracts.diff.model import Change
    from lakemodel.findings import Place

DEFAULT_FILE: Final = "config/approvals.yaml"
_RULE: Final = r"^[a-z_]+\.([a-z_]+|\*)$"
_CONTRACT: Final = r"^[a-z0-9_]+\.[a-z0-9_]+$"
_BELOW: Final = ".*"
_MIN_NAMES: Final = 2
_IN_ENTRY: Final = 3

_WORDS: Final = {
    DAY: "a day is YYYY-MM-DD, such as 2027-06-30",
    _RULE: "a rule is family.kind, such as classification.lowered, or a whole family, such as classification.*",
    _CONTRACT: "a contract is domain.product, such as sales.orders, without wildcards",
    EXACT: "principal and dataset are named as they were printed, without wildcards",
    RULE: "a rule of an upgrade is category.kind, such as data_loss.replaced, without wildcards; other categories need no approval",
    STACK: "a stack is named as it was printed, without wildcards",
    PLACE: "resource and property are named as they were printed, without wildcards",
}


class ContractChange(Approval):
    """One change of a contract, as `lakecheck contracts diff` prints it; or several of one kind, or at one place."""

    kind: Literal["contract_change"]
    """What is approved: a change of a data contract."""
    rule: Annotated[StrictStr, StringConstraints(pattern=_RULE)]
    """The rule that found it, such as classification.lowered; classification.* for a whole family, at one exact place."""
    contract: Annotated[StrictStr, StringConstraints(pattern=_CONTRACT)]
    """The product, domain.product."""
    path: StrictStr = ""
    """Where in the contract, as printed; schema.orders.* for all of a table, by one exact rule. Not stated: the product as a whole."""
    was: StrictStr | None = None
    """What it was, as printed. Not stated: it was not there; with a wildcard, anything."""
    now: StrictStr | None = None
    """What it is to be, as printed. Not stated: it is gone; with a wildcard, anything."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"rule": {"pattern": r"\*$"}}, "required": ["rule"]},
            "then": {"properties": {"was": False, "now": False, "path": {"not": {"pattern": r"\*$"}}}},
        }
    )

    @property
    def is_wide(self) -> bool:
        """Whether it is about more than one exact rule at one exact place."""
        return self.rule.endswith(_BELOW) or self.path.endswith(_BELOW)

    def covers(self, change: Change) -> bool:
        """Whether this very change was approved."""
        if change.contract != self.contract or not _fits(self.rule, change.rule.id) or not _fits(self.path, change.path):
            return False
        return self.is_wide or (self.was == change.was and self.now == change.now)


def _fits(pattern: str, text: str) -> bool:
    if not pattern.endswith(_BELOW):
        return pattern == text
    return text.startswith((pattern.removesuffix("*"), pattern.removesuffix(_BELOW) + "["))


KINDS: Final[dict[str, type[Approval]]] = {
    "contract_change": ContractChange,
    "access_gain": AccessGain,
    "upgrade_risk": UpgradeRisk,
}
"""The kinds of approvals by their names."""


class _Register(Model):
    """The file as a whole."""

    version: Literal[1]
    """The version of this file's form: 1."""
    approvals: list[Annotated[ContractChange | AccessGain | UpgradeRisk, Field(discriminator="kind")]]
    """What was approved. Empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An approval of a contract's change, with where it stands."""

    approval: ContractChange
    place: Place


@dataclass(frozen=True, slots=True)
class RegisteredGain:
    """An approval of an access, with where it stands."""

    approval: AccessGain
    place: Place


@dataclass(frozen=True, slots=True)
class RegisteredRisk:
    """An approval of what a deployment endangers, with where it stands."""

    approval: UpgradeRisk
    place: Place


_Entry = TypeVar("_Entry", Registered, RegisteredGain, RegisteredRisk)


@dataclass(frozen=True, slots=True)
class Register:
    """Every approval of a file, in its order.

    Attributes:
        entries: Those of changes of contracts.
        gains: Those of accesses.
        risks: Those of what deployments endanger.
    """

    entries: tuple[Registered, ...] = ()
    gains: tuple[RegisteredGain, ...] = ()
    risks: tuple[RegisteredRisk, ...] = ()

    def contract_changes(self) -> tuple[Registered, ...]:
        """Those about changes of contracts."""
        return self.entries

    def access_gains(self) -> tuple[RegisteredGain, ...]:
        """Those about accesses that somebody gains."""
        return self.gains

    def upgrade_risks(self) -> tuple[RegisteredRisk, ...]:
        """Those about what a deployment deletes, replaces, takes away or weakens."""
        return self.risks


def load_approvals(path: Path, *, display: str | None = None) -> Register:
    """Reads a register.

    Args:
        path: The file.
        display: How findings name it; the path as given by default.

    Raises:
        InvalidInput: With every finding: unknown or missing keys, a rule that there is not, a day that is none, an approval that is too
            wide or says the same as another.
    """
    document = yaml_source.load(path, display=display)
    data = _with_texts(document)
    try:
        register = _Register.model_validate(data)
    except ValidationError as error:
        found = {_finding(details, document) for details in error.errors(include_url=False)}
        raise InvalidInput(sorted(found, key=_by_place)) from None
    findings = list(_complaints(register.approvals, document))
    if findings:
        raise InvalidInput(sorted(findings, key=_by_place))
    placed = [(one, document.place(("approvals", index))) for index, one in enumerate(register.approvals)]
    return Register(
        entries=tuple(Registered(one, place) for one, place in placed if isinstance(one, ContractChange)),
        gains=tuple(RegisteredGain(one, place) for one, place in placed if isinstance(one, AccessGain)),
        risks=tuple(RegisteredRisk(one, place) for one, place in placed if isinstance(one, UpgradeRisk)),
    )


def approvals_schema_text() -> str:
    """The JSON Schema of the file, as it is committed beside it."""
    schema: dict[str, Any] = simplified(_Register.model_json_schema(ref_template="#/definitions/{model}"))
    definitions = schema.pop("$defs")
    # OpenAPI's, not JSON Schema's.
    schema["properties"]["approvals"]["items"].pop("discriminator")
    whole = {"$schema": DIALECT, "title": "approvals.yaml", **schema, "definitions": definitions}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _with_texts(document: yaml_source.Document) -> Any:
    """The document's data, with numbers and words of YAML as they are written where a change's text is expected: `now: 5` means "5"."""
    entries = document.data.get("approvals")
    if not isinstance(entries, list):
        return document.data
    written = [
        {key: _as_written(document, index, key, value) for key, value in entry.items()} if isinstance(entry, dict) else entry
        for index, entry in enumerate(entries)
    ]
    return document.data | {"approvals": written}


def _as_written(document: yaml_source.Document, index: int, key: str, value: Any) -> Any:
    if key in {"was", "now"} and isinstance(value, int | float):
        unquoted = document.unquoted(("approvals", index, key))
        return str(value) if unquoted is None else unquoted
    return value


def _complaints(approvals: Sequence[Approval], document: yaml_source.Document) -> Iterator[Finding]:
    seen: dict[str, int | None] = {}
    for index, approval in enumerate(approvals):
        place = ("approvals", index)

        def finding(key: str, code: str, message: str, remedy: str, at: tuple[str | int, ...] = place) -> Finding:
            return Finding(document.place((*at, key)), f"approvals.{code}", message, remedy)

        if not _is_day(approval.expires):
            yield finding("expires", "day", f"found {shown(approval.expires)}, which is no day of the calendar", "Correct it.")
        if isinstance(approval, ContractChange):
            yield from _rules(approval, finding)
            yield from _widths(approval, finding)
        key = json.dumps(approval.model_dump(exclude=set(Approval.model_fields)), sort_keys=True)
        if key in seen:
            message = f"approves the same as the one at line {seen[key]}"
            yield Finding(document.place(place), "approvals.duplicate", message, "Keep one of the two.")
        seen.setdefault(key, document.line(place))


def _rules(approval: ContractChange, finding: Any) -> Iterator[Finding]:
    families = {rule.partition(".")[0] for rule in RULES}
    if approval.rule not in RULES and not (approval.rule.endswith(_BELOW) and approval.rule.partition(".")[0] in families):
        message = f"found {shown(approval.rule)}, which is no rule of `lakecheck contracts diff`"
        yield finding("rule", "rule", message, meant(approval.rule, RULES, "Take the rule that was printed."))


def _widths(approval: ContractChange, finding: Any) -> Iterator[Finding]:
    """Approvals have to be narrow: what they let pass has to have been looked at."""
    names = re.split(r"[.\[]", approval.path.removesuffix(_BELOW))
    if "*" in approval.path.removesuffix(_BELOW) or (approval.path.endswith(_BELOW) and len(names) < _MIN_NAMES):
        message = f"found {shown(approval.path)}; a wildcard is allowed at the end, below something that is named: schema.orders.*"
        yield finding("path", "too_wide", message, "Name the place as it was printed.")
    elif approval.rule.endswith(_BELOW) and approval.path.endswith(_BELOW):
        message = "both rule and path end in a wildcard; one of the two has to be exact"
        yield finding("rule", "too_wide", message, "Name the rule as it was printed.")
    if approval.is_wide and (approval.was is not None or approval.now is not None):
        key = "was" if approval.was is not None else "now"
        yield finding(key, "too_wide", f"{key} goes with one exact rule at one exact path only", f"Remove {key}, or the wildcard.")
    elif not approval.is_wide and approval.was is None and approval.now is None:
        message = "neither was nor now is stated, so that any value would be approved"
        yield finding("path", "too_wide", message, "Add was and now as they were printed.")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _finding(details: ErrorDetails, document: yaml_source.Document) -> Finding:
    """One of pydantic's errors in the words of this project."""
    path, found = details["loc"], details["input"]
    model: type[Model] = _Register if len(path) < _IN_ENTRY else KINDS.get(str(path[_IN_ENTRY - 1]), ContractChange)
    # pydantic puts the kind of the approval into the path.
    path = (*path[: _IN_ENTRY - 1], *path[_IN_ENTRY:])
    allowed = list(model.model_fields)
    code, where = "type", path
    match details["type"]:
        case "extra_forbidden":
            code, message = "unknown_key", f"found the unknown key {path[-1]}; allowed: {listed(sorted(allowed), joined_by='and')}"
            remedy = meant(str(path[-1]), allowed, "Remove it.")
        case "missing":
            code, where = "missing_key", path[:-1]
            message = f"the key {path[-1]} is missing; it has no default"
            remedy = f"Add {path[-1]}. {model.model_fields[str(path[-1])].description}"
        case "string_pattern_mismatch":
            code, message = "pattern", f"found {shown(found)}; {_WORDS[details['ctx']['pattern']]}"
            remedy = "Correct it."
        case "string_too_short":
            code, message = "empty", f"found {shown(found)}; at least {details['ctx']['min_length']} characters are needed"
            remedy = "Write what somebody who was not there has to know."
        case "union_tag_not_found":
            code, message = "missing_key", "the key kind is missing; it has no default"
            remedy = f"Add kind: {' or '.join(KINDS)}."
        case "union_tag_invalid":
            kind = found.get("kind") if isinstance(found, dict) else found
            code, message = "choice", f"found {shown(kind)}; allowed: {listed([repr(kind) for kind in KINDS])}"
            remedy, where = "Write that.", (*path, "kind")
        case "too_short":
            code, message = "empty", "found an empty list; at least one is needed"
            remedy = "Name what is approved."
        case "literal_error":
            code, message = "choice", f"found {shown(found)}; allowed: {details['ctx']['expected']}"
            remedy = "Write that."
        case kind:
            expected = {"list_type": "a list", "model_type": "a mapping", "string_type": "text"}.get(kind, details["msg"].lower())
            message, remedy = f"found {shown(found)}; {expected} is expected", "Change the value."
    return Finding(document.place(where), f"approvals.{code}", message, remedy)


def _by_place(finding: Finding) -> tuple[int, str, str, str]:
    return finding.place.line or 0, finding.place.path, finding.code, finding.message


def unused(entries: Iterable[_Entry], used: Iterable[_Entry]) -> tuple[_Entry, ...]:
    """Approvals that were not needed: they approve nothing that changed, and should go."""
    needed = {id(entry) for entry in used}
    return tuple(entry for entry in entries if id(entry) not in needed)
