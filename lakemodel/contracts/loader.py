"""Reads a folder of data contracts. A bad contract is refused with every reason; it never stops the others from being read."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.checks import Claim, claim_of, collisions, unnamed_personas
from lakemodel.contracts.model import ContractSet, DataContract, Table, TableFormat
from lakemodel.contracts.normal_form import normal_form
from lakemodel.contracts.odcs import check_schema, is_readable_version, standard_keys
from lakemodel.contracts.product import read_product
from lakemodel.contracts.report import Report
from lakemodel.contracts.rules import ContractRules
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place, Severity
from lakemodel.locks.field_ids import FieldIdLock, disagreements, fresh_ids, ids_of, load_lock, lock_path
from lakemodel.yaml_source import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakemodel.config.model import LakeConfig

CONTRACT_ENDINGS: Final = (".odcs.yaml", ".odcs.yml", ".odcs.json")
_YAML_ENDINGS: Final = (".yaml", ".yml", ".json")
_LOCK_ENDING: Final = ".lock.json"
_LOCK_REMEDY: Final = "Run `lakecheck contracts lock` and commit the lock file."


def load_contracts(folder: Path, config: LakeConfig | None, *, display: str | None = None) -> ContractSet:
    """Reads every contract below a folder.

    Args:
        folder: Searched with its subfolders for `*.odcs.yaml`, `*.odcs.yml` and `*.odcs.json`; other YAML files that are a `DataContract`
            are read as well. Hidden files and folders are left out.
        config: The lake they belong to; None for built-in policies and no check of domains and roles.
        display: How findings name the folder; as given by default.

    Returns:
        The good contracts sorted by key, every finding, and the refused files. Bad contracts never raise.
    """
    shown = str(folder) if display is None else display
    if not folder.is_dir():
        found = "there is no such folder" if not folder.exists() else "this is no folder"
        finding = Finding(Place(shown), "contract.no_folder", found, "Give a folder of data contracts (*.odcs.yaml).")
        return ContractSet(contracts=(), findings=(finding,), refused=(shown,))
    files = contract_files(folder)
    if not files:
        finding = Finding(Place(shown), "contract.no_contracts", "the folder holds no data contract (*.odcs.yaml)", "Add one.")
        return ContractSet(contracts=(), findings=(finding,), refused=(shown,))
    loaded = load_contract_files(files, config, names=[os.path.join(shown, file.relative_to(folder)) for file in files])  # noqa: PTH118
    if config is None or loaded.refused:
        return loaded
    return replace(loaded, findings=(*loaded.findings, *unnamed_personas(loaded.contracts, config, shown)))


def contract_files(folder: Path) -> list[Path]:
    """The YAML and JSON files below a folder that may be contracts, sorted; hidden ones and lock files are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(_YAML_ENDINGS)
        and not path.name.lower().endswith(_LOCK_ENDING)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def load_contract_files(files: Sequence[Path], config: LakeConfig | None, *, names: Sequence[str] | None = None) -> ContractSet:
    """Reads these files as one set, `names` being how findings name them; the paths as given by default."""
    contracts: list[DataContract] = []
    findings: list[Finding] = []
    refused: set[str] = set()
    claims: list[Claim] = []
    rules = ContractRules.of(config)
    shown = [str(file) for file in files] if names is None else list(names)
    for file, name in zip(files, shown, strict=True):
        contract, said, claim = _load(file, rules, name, with_lock=True)
        findings += said
        claims += [] if claim is None else [claim]
        if contract is not None:
            contracts.append(contract)
        elif any(finding.is_error for finding in said):
            refused.add(name)
    shared = collisions(claims)
    findings += shared
    refused |= {finding.place.file for finding in shared}
    kept = sorted((one for one in contracts if one.file not in refused), key=lambda one: (one.key, one.file))
    if not contracts and not refused:
        where = os.path.commonpath(shown) if shown else "."
        findings.append(Finding(Place(where), "contract.no_contracts", "none of the files is a data contract", "Set kind: DataContract."))
        refused.add(where)
    return ContractSet(contracts=tuple(kept), findings=tuple(findings), refused=tuple(sorted(refused)))


def load_contract(
    path: Path, config: LakeConfig | None, *, display: str | None = None, with_lock: bool = True
) -> tuple[DataContract | None, tuple[Finding, ...]]:
    """Reads one contract with its lock of field ids.

    Args:
        path: The file.
        config: The lake it belongs to; None for built-in policies and no check of domains and roles.
        display: How findings name the file; the path as given by default.
        with_lock: Whether to read the lock beside it and hold the contract against it; True by default.

    Returns:
        The contract, or None when it is refused or the file is none (then a note says so); and what is to be said about it.
    """
    name = str(path) if display is None else display
    contract, findings, _ = _load(path, ContractRules.of(config), name, with_lock=with_lock)
    return contract, findings


def _load(path: Path, rules: ContractRules, name: str, *, with_lock: bool) -> tuple[DataContract | None, tuple[Finding, ...], Claim | None]:
    """The contract, what is to be said about it, and the names it claims (None for what is no contract)."""
    try:
        document = load(path, display=name)
    except InvalidInput as refusal:
        return None, refusal.findings, None
    if (said := stranger(name, document.data)) is not None:
        return None, (said,), None
    report = Report(document)
    data = normal_form(document, standard_keys())
    if not is_readable_version(data, report):
        return None, report.finished(), None
    contract = _read(data, report, rules)
    claim = claim_of(document, data, rules)
    if contract is None or not with_lock:
        return contract, report.finished(), claim
    return (*_with_field_ids(contract, path, name, report), claim)


def stranger(name: str, data: dict[str, Any]) -> Finding | None:
    """What is to be said of a file that is no contract of the standard: refused when it is a contract all the same, else left out."""
    if "dataContractSpecification" in data:
        message = "follows the Data Contract Specification; only the Open Data Contract Standard is read"
        return Finding(Place(name), "contract.other_standard", message, "Convert it; the Data Contract CLI exports ODCS.")
    is_meant = "apiVersion" in data and any(isinstance(data.get(key), list) for key in ("schema", "dataset"))
    if name.lower().endswith(CONTRACT_ENDINGS) or data.get("kind") == "DataContract" or is_meant:
        return None
    return Finding(Place(name), "contract.not_a_contract", "is no data contract and is left out", severity=Severity.NOTE)


def _read(data: dict[str, Any], report: Report, rules: ContractRules) -> DataContract | None:
    try:
        check_schema(data, report)
        return read_product(data, report, rules)
    except RecursionError:
        report.error((), "too_deep", "values are nested too deep to be read", "Flatten them.")
        return None


def _with_field_ids(contract: DataContract, path: Path, name: str, report: Report) -> tuple[DataContract | None, tuple[Finding, ...]]:
    """The contract with the locked ids of its Iceberg tables."""
    place = lock_path(path)
    shown = str(lock_path(name))
    iceberg = [table for table in contract.tables if table.format is TableFormat.ICEBERG]
    try:
        lock = load_lock(place, display=shown) if iceberg else FieldIdLock()
    except InvalidInput as refusal:
        return None, (*report.finished(), *refusal.findings)
    positions = {table.name: index for index, table in _table_positions(contract, report)}
    if lock is None:
        message = f"there is no {place.name} beside the contract: the field ids of its Iceberg tables are numbered anew each time"
        report.warning((), "no_lock", message, _LOCK_REMEDY)
    tables = [_locked(table, lock, positions, report) if table in iceberg else table for table in contract.tables]
    findings = report.finished()
    if report.has_errors:
        return None, findings
    return replace(contract, tables=tuple(tables)), findings


def _table_positions(contract: DataContract, report: Report) -> list[tuple[int, Table]]:
    nodes = report.document.data.get("schema")
    written = [node.get("name") if isinstance(node, dict) else None for node in nodes] if isinstance(nodes, list) else []
    found = []
    for table in contract.tables:
        index = next((at for at, one in enumerate(written) if one in {table.name, table.source_name}), 0)
        found.append((index, table))
    return found


def _locked(table: Table, lock: FieldIdLock | None, positions: dict[str, int], report: Report) -> Table:
    if lock is None:
        return replace(table, field_ids=fresh_ids(table))
    where = ("schema", positions.get(table.name, 0))
    locked = lock.tables.get(table.name)
    if locked is None:
        message = f"the table {table.name} is not in the lock of field ids"
        report.error(where, "lock_disagrees", message, _LOCK_REMEDY)
        return replace(table, field_ids=fresh_ids(table))
    for _, message, remedy in disagreements(locked, table):
        report.error(where, "lock_disagrees", message, remedy)
    return replace(table, field_ids=ids_of(table, locked))
