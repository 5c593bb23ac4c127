"""What a comparison of contracts says: changes, whom they break, what was decided about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakemodel.findings import Finding, Place


class ChangeClass(StrEnum):
    """Whom a change concerns. A change has one class or several; `COMPATIBLE` stands alone."""

    COMPATIBLE = "compatible"
    CONSUMERS = "breaking_for_consumers"
    PRODUCERS = "breaking_for_producers"
    GOVERNANCE = "governance"

    @property
    def is_breaking(self) -> bool:
        """Whether a raised major version allows it."""
        return self in {ChangeClass.CONSUMERS, ChangeClass.PRODUCERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One kind of change.

    Attributes:
        id: Stable name, `family.kind`; public API, approvals name it.
        classes: Whom it concerns.
        what: What happened; a clause without a period.
        why: Why it has these classes; a sentence.
        remedy: How to get what was wanted without the harm; empty for what harms nobody.
    """

    id: str
    classes: frozenset[ChangeClass]
    what: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference between two contracts.

    Attributes:
        rule: What kind it is.
        contract: The product, `domain.product`, as HEAD calls it (BASE, when it is gone).
        path: Where in the contract, names instead of positions.
        was: What BASE says; None for what was not there.
        now: What HEAD says; None for what is gone.
        place: File and line: of HEAD, or of BASE when `is_gone`.
        is_gone: Whether the place is one of BASE.
        hint: What this very change is likely to be about; empty when there is nothing to add to its rule.
    """

    rule: Rule
    contract: str
    path: str
    was: str | None
    now: str | None
    place: Place
    is_gone: bool = False
    hint: str = ""

    @property
    def is_breaking(self) -> bool:
        """Whether it breaks somebody, so that it needs another major version."""
        return any(one.is_breaking for one in self.rule.classes)

    @property
    def is_governance(self) -> bool:
        """Whether it takes a protection or a right, or gives one, so that it needs an approval."""
        return ChangeClass.GOVERNANCE in self.rule.classes


class Product(StrEnum):
    """What became of a product between BASE and HEAD."""

    COMPARED = "compared"
    ADDED = "added"
    REMOVED = "removed"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductDiff:
    """The changes of one product.

    Attributes:
        contract: `domain.product` in HEAD, or in BASE when it is gone.
        state: What became of it.
        file: Its file in HEAD, or in BASE when it is gone.
        base_file: Its file in BASE; None when it is new.
        base_version: Its version in BASE; None when it is new.
        head_version: Its version in HEAD; None when it is gone.
        is_major: Whether the major version rises.
        changes: In the order of the contract.
        warnings: What should be looked at, such as a version that did not rise; they fail nothing.
    """

    contract: str
    state: Product
    file: str
    base_file: str | None
    base_version: str | None
    head_version: str | None
    is_major: bool = False
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractsDiff:
    """Two states of the contracts compared.

    Attributes:
        products: Sorted by name; unchanged ones are among them.
        refused: Why HEAD's contracts cannot be built, where BASE's could; errors only.
        known: Why HEAD's contracts cannot be built, for the same reason as BASE's; told, and no reason to refuse the change.
        base_findings: What keeps BASE's contracts from being built; told, and no reason to refuse HEAD.
    """

    products: tuple[ProductDiff, ...]
    refused: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    base_findings: tuple[Finding, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of every product."""
        return tuple(change for product in self.products for change in product.changes)


class Verdict(StrEnum):
    """What is decided about one change; only `OPEN` fails."""

    ALLOWED = "allowed"
    NEW_MAJOR = "new_major"
    APPROVED = "approved"
    OPEN = "open"
