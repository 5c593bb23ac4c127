"""Contracts for tests: written in a line, read without files lying about."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakemodel.config.model import LakeConfig
from lakemodel.contracts.loader import load_contract

if TYPE_CHECKING:
    from lakemodel.contracts.model import Column, DataContract, Table
    from lakemodel.findings import Finding

ROOT = Path(__file__).parents[3]
CONTRACTS = ROOT / "config/contracts"
CORPUS = ROOT / "tests/data/contracts"

HEAD: dict[str, Any] = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "the-contract",
    "version": "1.0.0",
    "status": "active",
    "domain": "sales",
    "dataProduct": "things",
}

_LAKE: dict[str, Any] = {
    "version": 1,
    "organization": {"id": "o-exampleorgid", "management": "111111111111", "log_archive": "222222222222", "security": "333333333333"},
    "break_glass_role": "BreakGlass",
    "environments": {
        "dev": {"lakes": {"main": "444444444401"}, "consumers": {"one": "444444444402"}, "region": "eu-west-1", "protection": "standard"}
    },
    "domains": {"sales": {"lake": "main", "owner": "a@example.com"}, "travel": {"lake": "main", "owner": "b@example.com"}},
    "classifications": ["public", "internal", "confidential", "restricted"],
    "personas": {"data_analyst": {"principal": {"permission_set": "A"}, "account": "one", "read": {"zones": ["curated"]}}},
}


def lake(**policies: Any) -> LakeConfig:
    """A small lake with these policies."""
    return LakeConfig.model_validate(copy.deepcopy(_LAKE) | {"policies": policies})


def document(properties: list[dict[str, Any]] | None = None, *, table: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """A contract with one table of these properties; `table` and `top` add or replace keys."""
    node = {"name": "thing", "properties": [{"name": "a", "logicalType": "string"}] if properties is None else properties}
    return HEAD | {"schema": [node | (table or {})]} | top


def read(source: dict[str, Any] | str, config: LakeConfig | None = None) -> tuple[DataContract | None, tuple[Finding, ...]]:
    """Reads a contract given as data or as text, without a lock."""
    text = source if isinstance(source, str) else json.dumps(source, ensure_ascii=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "things.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        return load_contract(path, config, display="things.odcs.yaml", with_lock=False)


def table_of(source: dict[str, Any] | str, config: LakeConfig | None = None) -> Table:
    """The only table of a contract that must be good."""
    contract, findings = read(source, config)
    assert contract is not None, [str(finding) for finding in findings]
    return contract.tables[0]


def column_of(prop: dict[str, Any], config: LakeConfig | None = None, **top: Any) -> Column:
    """The column that one property becomes."""
    return table_of(document([{"name": "a"} | prop, {"name": "other", "logicalType": "string"}], **top), config).columns[0]


def codes(source: dict[str, Any] | str, config: LakeConfig | None = None, *, severity: str | None = None) -> list[str]:
    """Codes of the findings about a contract, without the prefix, except that nothing is classified."""
    found = [finding for finding in read(source, config)[1] if severity in {None, finding.severity.value}]
    return [finding.code.removeprefix("contract.") for finding in found if finding.code != "contract.unclassified"]


def finding_of(source: dict[str, Any] | str, code: str, config: LakeConfig | None = None) -> Finding:
    """The first finding of a code."""
    found = [finding for finding in read(source, config)[1] if finding.code == f"contract.{code}"]
    assert found, [str(finding) for finding in read(source, config)[1]]
    return found[0]
