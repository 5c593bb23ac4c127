"""What a contract says about a table, as the Glue Data Catalog can keep it: comments, descriptions, parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakemodel.findings import Finding, Place, Severity
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.contracts.model import ContractSet, DataContract

PARAMETER_PREFIX = "lake."
"""Before each parameter that comes from the contract: Glue's own `classification` is the file format."""

_CUT = "…"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


def comment(text: str) -> str:
    """A column's comment: one line of at most 255 bytes; one that was cut ends in an ellipsis.

    See https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html

    Example:
        >>> comment("Total,   with tax ")
        'Total, with tax'
    """
    return _fit(text, limit(Quota.GLUE_COMMENT_BYTES).value)


def description(text: str) -> str:
    """A table's or database's description: one line of at most 2,048 bytes; one that was cut ends in an ellipsis."""
    return _fit(text, limit(Quota.GLUE_DESCRIPTION_BYTES).value)


def _fit(text: str, most: int) -> str:
    line = _plain(" ".join(_CONTROL.sub(" ", text).split()))
    encoded = line.encode()
    if len(encoded) <= most:
        return line
    return encoded[: most - len(_CUT.encode())].decode(errors="ignore").rstrip() + _CUT


def _plain(text: str) -> str:
    """The text without what CDK would take for a placeholder of its own, and fail or fill in."""
    return text.replace("${Token[", "$ {Token[").replace("#{Token[", "# {Token[")


def table_parameters(contract: DataContract, classification: str) -> dict[str, str]:
    """Who answers for a table and what it is, for its parameters; what the contract leaves open is left out."""
    said = {
        "domain": contract.domain,
        "product": contract.product,
        "contract": contract.id,
        "contract_version": contract.version,
        "owner": contract.owner,
        "steward": contract.steward,
        "classification": classification,
    }
    return {PARAMETER_PREFIX + key: _plain(value) for key, value in said.items() if value}


def shortened(contracts: ContractSet) -> Iterator[Finding]:
    """A note for each description that the catalog can only keep in part; the contract stays the place to read it whole."""
    for contract, table in contracts.tables():
        texts = [
            (f"{table.name}.{column.name}", column.description, comment(column.description), Quota.GLUE_COMMENT_BYTES)
            for column in table.columns
        ]
        texts.append((table.name, table.description, description(table.description), Quota.GLUE_DESCRIPTION_BYTES))
        for path, text, kept, quota in texts:
            if kept.endswith(_CUT) and not text.rstrip().endswith(_CUT):
                yield Finding(
                    place=Place(contract.file, path=path),
                    code="catalog.description_shortened",
                    message=f"the description has {len(text.encode()):,} bytes; the catalog keeps {limit(quota).value:,}",
                    remedy="Say the most important first; readers find the rest in the contract.",
                    severity=Severity.NOTE,
                )
