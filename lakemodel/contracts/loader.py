"""Reads a folder of data contracts. A bad contract is refused with every reason; it never stops the others from being read."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.checks import Claim, claim_of, collisions, unnamed_personas
from lakemodel.contracts.locked_ids import with_field_ids
from lakemodel.contracts.model import ContractSet, DataContract
from lakemodel.contracts.normal_form import normal_form
from lakemodel.contracts.odcs import check_schema, is_readable_version, standard_keys
from lakemodel.contracts.product import read_product
from lakemodel.contracts.report import Report
from lakemodel.contracts.rules import ContractRules
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place, Severity
from lakemodel.locks.field_id_files import LOCK_ENDING, LockedElsewhere
from lakemodel.yaml_source import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakemodel.config.model import LakeConfig

CONTRACT_ENDINGS: Final = (".odcs.yaml", ".odcs.yml", ".odcs.json")
_YAML_ENDINGS: Final = (".yaml", ".yml", ".json")


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
    names = [os.path.join(shown, file.relative_to(folder)) for file in files]  # noqa: PTH118
    loaded = load_contract_files(files, config, names=names, roots=[folder])
    if config is None or loaded.refused:
        return loaded
    return replace(loaded, findings=(*loaded.findings, *unnamed_personas(loaded.contracts, config, shown)))


def contract_files(folder: Path) -> list[Path]:
    """The YAML and JSON files below a folder that may be contracts, sorted; hidden ones and lock files are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(_YAML_ENDINGS)
        and not path.name.lower().endswith(LOCK_ENDING)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def load_contract_files(
    files: Sequence[Path], config: LakeConfig | None, *, names: Sequence[str] | None = None, roots: Sequence[Path] | None = None
) -> ContractSet:
    """Reads these files as one set.

    Args:
        files: The contracts.
        config: The lake they belong to; None for built-in policies and no check of domains and roles.
        names: How findings name them; the paths as given by default.
        roots: Folders in which the lock of a contract that moved may stand; those of the files by default.
    """
    contracts: list[DataContract] = []
    findings: list[Finding] = []
    refused: set[str] = set()
    claims: list[Claim] = []
    rules = ContractRules.of(config)
    elsewhere = LockedElsewhere({file.parent for file in files} if roots is None else roots)
    shown = [str(file) for file in files] if names is None else list(names)
    for file, name in zip(files, shown, strict=True):
        contract, said, claim = _load(file, rules, name, elsewhere)
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
    return ContractSet(
        contracts=tuple(kept), findings=tuple(findings), refused=tuple(sorted(refused)), classifications=rules.classifications
    )


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
    elsewhere = LockedElsewhere([path.parent]) if with_lock else None
    contract, findings, _ = _load(path, ContractRules.of(config), name, elsewhere)
    return contract, findings


def _load(
    path: Path, rules: ContractRules, name: str, elsewhere: LockedElsewhere | None
) -> tuple[DataContract | None, tuple[Finding, ...], Claim | None]:
    """The contract, what is to be said about it, and the names it claims (None for what is no contract); without locks when given none."""
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
    if contract is None or elsewhere is None:
        return contract, report.finished(), claim
    return (*with_field_ids(contract, path, name, report, elsewhere), claim)


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
