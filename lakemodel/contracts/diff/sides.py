"""Reads the two states that are compared: as much of a contract as can be read, also of one that the lake refuses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakemodel.contracts.checks import Claim, claim_of, collisions
from lakemodel.contracts.context import Reading
from lakemodel.contracts.loader import contract_files, stranger
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.normal_form import normal_form
from lakemodel.contracts.odcs import check_schema, is_readable_version, standard_keys
from lakemodel.contracts.product import dialect_of, read_product
from lakemodel.contracts.report import Report
from lakemodel.contracts.tables import read_table
from lakemodel.errors import InvalidInput
from lakemodel.yaml_source import load

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.model import Table
    from lakemodel.contracts.rules import ContractRules
    from lakemodel.findings import Finding
    from lakemodel.yaml_source import Document


@dataclass(frozen=True, slots=True)
class Side:
    """One contract in one of the two states.

    Attributes:
        report: Names places as findings do.
        data: What it says, in normal form.
        tables: What the lake makes of its tables, by name in the catalog; those it can make nothing of are absent.
        claim: Its id and name.
        location: Its file, relative to the folder that was given.
        findings: What is to be said about it; with an error it is refused.
    """

    report: Report
    data: dict[str, Any]
    rules: ContractRules
    tables: dict[str, Table]
    claim: Claim
    location: str
    findings: tuple[Finding, ...]

    @property
    def document(self) -> Document:
        """The file it stands in."""
        return self.report.document

    @property
    def key(self) -> str:
        """`domain.product`."""
        return f"{self.claim.domain}.{self.claim.product}"

    @property
    def version(self) -> str:
        """The contract's own version, as written."""
        return text_of(self.data, "version")

    @property
    def dialect(self) -> str | None:
        """The one kind of system that its servers are."""
        return dialect_of(self.data)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is no contract that can be read: broken YAML, another standard, another version of it."""

    file: str
    location: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class State:
    """All contracts of one of the two states.

    Attributes:
        is_folder: Whether a folder was given, and not one file.
        findings: Every error, also of contracts that were read.
    """

    sides: tuple[Side, ...]
    unreadable: tuple[Unreadable, ...]
    is_folder: bool
    findings: tuple[Finding, ...]


def read_state(path: Path, rules: ContractRules) -> State:
    """Reads a contract, or every contract below a folder, without its locks: whether those hold is for `contracts lock --check`."""
    is_folder = path.is_dir()
    files = contract_files(path) if is_folder else [path]
    sides: list[Side] = []
    unreadable: list[Unreadable] = []
    for file in files:
        location = file.relative_to(path).as_posix() if is_folder else file.name
        name = os.path.join(str(path), location) if is_folder else str(path)  # noqa: PTH118 - as given
        try:
            found = side_of(load(file, display=name), rules, location)
        except InvalidInput as refusal:
            found = Unreadable(name, location, refusal.findings)
        if isinstance(found, Side):
            sides.append(found)
        elif found is not None:
            unreadable.append(found)
    said = [finding for side in sides for finding in side.findings] + [finding for one in unreadable for finding in one.findings]
    said += collisions(side.claim for side in sides)
    return State(tuple(sides), tuple(unreadable), is_folder, tuple(sorted({finding for finding in said if finding.is_error})))


def side_of(document: Document, rules: ContractRules, location: str) -> Side | Unreadable | None:
    """The contract in a document; None for one that holds none."""
    name = document.file
    if (said := stranger(name, document.data)) is not None:
        return Unreadable(name, location, (said,)) if said.is_error else None
    report = Report(document)
    try:
        data = normal_form(document, standard_keys())
        if not is_readable_version(data, report):
            return Unreadable(name, location, report.finished())
        check_schema(data, report)
        contract = read_product(data, report, rules)
        tables = _tables(document, data, rules) if contract is None else {table.name: table for table in contract.tables}
    except RecursionError:
        report.error((), "too_deep", "values are nested too deep to be read", "Flatten them.")
        return Unreadable(name, location, report.finished())
    return Side(report, data, rules, tables, claim_of(document, data, rules), location, report.finished())


def _tables(document: Document, data: dict[str, Any], rules: ContractRules) -> dict[str, Table]:
    """The tables of a refused contract, as far as they can be read one by one."""
    reading = Reading(Report(document), rules, dialect_of(data), text_of(data, "apiVersion"))
    found = (read_table(reading, ("schema", index), node) for index, node in items_of(data, "schema"))
    return {table.name: table for table in found if table is not None}
