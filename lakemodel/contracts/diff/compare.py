"""Compares two contracts, or two folders of them. Pure: reads files, and neither git nor a clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from lakemodel.contracts.diff.contract import compare_contract
from lakemodel.contracts.diff.model import Change, ContractsDiff, Product, ProductDiff
from lakemodel.contracts.diff.rules import RULES
from lakemodel.contracts.diff.sides import Side, State, Unreadable, read_state
from lakemodel.contracts.diff.versions import is_major, version_warnings
from lakemodel.contracts.nodes import text_of
from lakemodel.contracts.product import product_name
from lakemodel.contracts.rules import ContractRules
from lakemodel.findings import Place
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.config.model import LakeConfig
    from lakemodel.findings import Finding


def diff_contracts(base: Path, head: Path, config: LakeConfig | None) -> ContractsDiff:
    """Every difference between two states of contracts.

    Two files are two states of one product, whatever they are called. In two folders, contracts belong together by their id, else by domain
    and product. Both states are read by the same rules, so that a change of lake.yaml is no change of a contract. What the lake refuses
    is compared as far as it can be read; what it refuses for the same reason in both states is no change.

    Args:
        base: What holds: a contract, or a folder of contracts with its subfolders.
        head: What is to hold, of the same kind.
        config: The lake both are read for; None for built-in policies and no check of domains.
    """
    rules = ContractRules.of(config)
    before, after = read_state(base, rules), read_state(head, rules)
    pairs, gone, new = _paired(before, after)
    products = [_compared(one, other) for one, other in pairs]
    products += [_removed(one) for one in gone if _unreadable(one, after) is None]
    for one in new:
        hidden = _unreadable(one, before)
        products.append(_added(one) if hidden is None else _not_compared(one, hidden))
    order = sorted(products, key=lambda product: (product.contract, product.file))
    known = _known(before, after, pairs)
    refused = tuple(finding for finding in after.findings if finding not in known)
    return ContractsDiff(products=tuple(order), refused=refused, known=known, base_findings=before.findings)


def _paired(before: State, after: State) -> tuple[list[tuple[Side, Side]], list[Side], list[Side]]:
    """Contracts that belong together, those that are gone, those that are new."""
    if not before.is_folder and before.sides and after.sides:
        return [(_named_alike(before.sides[0], after.sides[0]), after.sides[0])], [], []
    pairs: list[tuple[Side, Side]] = []
    gone, new = list(before.sides), list(after.sides)
    for name in ("id", "key", "location"):
        known = _unique(gone, name)
        found = [(known[value], side) for value, side in _unique(new, name).items() if value in known]
        found = [(one, other) for one, other in found if name != "location" or one.claim.product == other.claim.product]
        pairs += found
        taken = {id(side) for pair in found for side in pair}
        gone, new = ([side for side in sides if id(side) not in taken] for sides in (gone, new))
    return pairs, gone, new


def _named_alike(base: Side, head: Side) -> Side:
    """BASE as it is called in HEAD's place: a copy may have any name, and a contract that names no product is called after its file."""
    if text_of(base.data, "dataProduct") or text_of(base.data, "name"):
        return base
    return replace(base, claim=replace(base.claim, product=normalize(product_name(base.data, head.document.file))))


def _known(before: State, after: State, pairs: list[tuple[Side, Side]]) -> tuple[Finding, ...]:
    """The errors of HEAD that BASE has at the same place: no change brought them."""
    files = {head.document.file: base.document.file for base, head in pairs}
    there = {(finding.place.file, finding.place.path, finding.code, finding.message) for finding in before.findings}
    return tuple(
        finding for finding in after.findings if (files.get(finding.place.file), finding.place.path, finding.code, finding.message) in there
    )


def _unique(sides: list[Side], name: str) -> dict[str, Side]:
    """Contracts by their id, key or file, where no two share it."""
    values = [side.claim.id if name == "id" else side.key if name == "key" else side.location for side in sides]
    counted = Counter(values)
    return {value: side for value, side in zip(values, sides, strict=True) if value and counted[value] == 1}


def _unreadable(side: Side, other: State) -> Unreadable | None:
    """The file of the other state that stands where this contract stands and cannot be read."""
    return next((one for one in other.unreadable if one.location == side.location or not other.is_folder), None)


def _compared(base: Side, head: Side) -> ProductDiff:
    changes = compare_contract(base, head)
    return ProductDiff(
        contract=head.key,
        state=Product.COMPARED,
        file=head.document.file,
        base_file=base.document.file,
        base_version=base.version,
        head_version=head.version,
        is_major=is_major(base.version, head.version),
        changes=changes,
        warnings=tuple(version_warnings(base.version, head.version)) if changes else (),
    )


def _whole(rule: str, side: Side, *, was: str | None = None, now: str | None = None) -> Change:
    """A change that is about a whole product."""
    place = Place(side.document.file, side.document.line(()), "")
    return Change(rule=RULES[rule], contract=side.key, path="", was=was, now=now, place=place, is_gone=now is None)


def _removed(base: Side) -> ProductDiff:
    return ProductDiff(
        contract=base.key,
        state=Product.REMOVED,
        file=base.document.file,
        base_file=base.document.file,
        base_version=base.version,
        head_version=None,
        changes=(_whole("product.removed", base, was=base.key),),
    )


def _added(head: Side) -> ProductDiff:
    return ProductDiff(
        contract=head.key,
        state=Product.ADDED,
        file=head.document.file,
        base_file=None,
        base_version=None,
        head_version=head.version,
        changes=(_whole("product.added", head, now=head.key),),
    )


def _not_compared(head: Side, base: Unreadable) -> ProductDiff:
    return ProductDiff(
        contract=head.key,
        state=Product.NOT_COMPARED,
        file=head.document.file,
        base_file=base.file,
        base_version=None,
        head_version=head.version,
        changes=(_whole("product.not_compared", head, now=head.key),),
        warnings=("BASE cannot be read here, so nothing says what was promised: compare with the last state that could be read",),
    )
