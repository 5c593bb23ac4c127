"""What a lake demands of its contracts: the part of lake.yaml that contracts are read by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakemodel.config.model import MissingDomain, NumberWithoutPrecision, Policies
from lakemodel.types.model import Decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakemodel.config.model import LakeConfig, Persona

VENDOR: Final = "governed-lake"
"""The `vendor` of the custom properties that this project reads."""

DEFAULT_CLASSIFICATIONS: Final = ("public", "internal", "confidential", "restricted")


@dataclass(frozen=True, slots=True)
class ContractRules:
    """The rules for reading contracts.

    Attributes:
        classifications: From least to most restricted; the last is what an unclassified column counts as.
        policies: What the team decided once about contracts that leave something open.
        domains: The declared domains; None when there is no lake.yaml, then domains are not checked.
        personas: The declared personas by name; None when there is no lake.yaml, then roles are not checked.
    """

    classifications: tuple[str, ...] = DEFAULT_CLASSIFICATIONS
    policies: Policies = field(default_factory=Policies)
    domains: frozenset[str] | None = None
    personas: Mapping[str, Persona] | None = None

    @classmethod
    def of(cls, config: LakeConfig | None) -> ContractRules:
        """The rules of a lake; without one, every policy is an error and domains and roles are not checked."""
        if config is None:
            return cls()
        return cls(tuple(config.classifications), config.policies, frozenset(config.domains), config.personas)

    @property
    def strictest(self) -> str:
        """The most restricted class."""
        return self.classifications[-1]

    def rank(self, classification: str) -> int:
        """How restricted a class is, from 0."""
        return self.classifications.index(classification)

    def stricter(self, *classifications: str) -> str:
        """The most restricted of some classes, at least one."""
        return max(classifications, key=self.rank)

    def known(self, classification: str) -> str | None:
        """The class a contract means, whatever its case; None when the lake has none of that name."""
        wanted = classification.strip().lower()
        return next((one for one in self.classifications if one.lower() == wanted), None)

    @property
    def default_decimal(self) -> Decimal | None:
        """What a number without precision becomes; None when that is an error."""
        policy = self.policies.number_without_precision
        if not isinstance(policy, NumberWithoutPrecision):
            return None
        precision, _, scale = policy.decimal.partition(",")
        return Decimal(int(precision), int(scale))

    @property
    def default_domain(self) -> str | None:
        """The domain of contracts that name none; None when that is an error."""
        policy = self.policies.missing_domain
        return policy.use if isinstance(policy, MissingDomain) else None
