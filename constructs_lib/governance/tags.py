"""LF-Tags: the account's keys and values, and expressions over them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, aws_lakeformation as lakeformation
from constructs import Construct

from constructs_lib.core import misuse
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from lakemodel.naming import LF_TAG_CLASSIFICATION, LF_TAG_DOMAIN, LF_TAG_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import IConstruct

    from constructs_lib.governance.permissions import PermissionsOwner

_MOST_VALUES = 50  # in one key of an expression
_MOST_VALUES_OF_A_KEY = 1_000


@dataclass(frozen=True, slots=True)
class LfTagExpression:
    """A condition on LF-Tags: every key has one of its values. A key that is not named may have any value, or none.

    Attributes:
        pairs: Keys with their values, both sorted, lower case as Lake Formation keeps them.
    """

    pairs: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        return ", ".join(f"{key} in {'/'.join(values)}" for key, values in self.pairs)

    def render(self) -> list[dict[str, str | list[str]]]:
        """As it stands in a template."""
        return [{"TagKey": key, "TagValues": list(values)} for key, values in self.pairs]

    def without(self, *keys: str) -> LfTagExpression | None:
        """The same without these keys; None when nothing is left, which would mean everything."""
        pairs = tuple(pair for pair in self.pairs if pair[0] not in keys)
        return LfTagExpression(pairs) if pairs else None

    def matches(self, tags: Mapping[str, str]) -> bool:
        """Whether something that carries these tags satisfies the expression."""
        return all(tags.get(key) in values for key, values in self.pairs)


class LfTags:
    """Makes expressions over LF-Tags."""

    @staticmethod
    def all(**keys: str | Iterable[str]) -> LfTagExpression:
        """The expression that every one of `keys` has to hold for, each by any of its values.

        Raises:
            DataLakeError: `tag_expression`, if there is no key, or a key without values or with more than 50.

        Example:
            >>> LfTags.all(domain="sales", classification=["public", "internal"]).render()
            [{'TagKey': 'classification', 'TagValues': ['internal', 'public']}, {'TagKey': 'domain', 'TagValues': ['sales']}]
        """
        pairs = []
        for key, given in keys.items():
            values = {given} if isinstance(given, str) else set(given)
            if not 1 <= len(values) <= _MOST_VALUES:
                msg = f"got {len(values)} values for LF-Tag {key}; allowed are 1 to {_MOST_VALUES}: split the grant, or leave the key out"
                raise DataLakeError(msg, code="tag_expression")
            pairs.append((key.lower(), tuple(sorted(value.lower() for value in values))))
        if not pairs:
            msg = "got an expression without keys, which would mean everything; name at least one key"
            raise DataLakeError(msg, code="tag_expression")
        return LfTagExpression(tuple(sorted(pairs)))


class LfTagOntology(Construct):
    """The LF-Tags of a lake's account: `domain`, `zone` and `classification`, with the values each may have.

    Values can be added at any time. Lake Formation refuses to remove a value that is assigned to something ("Update not allowed"): the
    deployment fails and rolls back, so that nothing loses its tag unnoticed. Take it off everything first, in a deployment before.
    The keys themselves outlive the stack: deleting one would take it off every table at once.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-updating-tags.html.

    Args:
        domains: Values of `domain`.
        classifications: Values of `classification`, from least to most protected.
        zones: Values of `zone`; the zones that Lake Formation governs when left out.
        settings: The account's `LakeFormationSettings`, which come first; left out when they are deployed before anyway.

    Raises:
        DataLakeError: `tag_values`, if a key has no value, a repeated one, or more than 1,000.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None = None,
        settings: PermissionsOwner | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._describe(domains, classifications, zones)
        self.tags: Mapping[str, lakeformation.CfnTag] = MappingProxyType({key: self._tag(key) for key in self.values})
        if settings is not None:
            self.node.add_dependency(settings.resource)

    @staticmethod
    def from_values(
        scope: Construct,
        construct_id: str,
        *,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None = None,
    ) -> LfTagOntology:
        """LF-Tags that exist already; makes no resource. The arguments are those of the class."""
        return _ExistingOntology(scope, construct_id, domains, classifications, zones)

    @property
    def strictest(self) -> str:
        """The class that counts where none is stated."""
        return self.values[LF_TAG_CLASSIFICATION][-1]

    def check(self, where: IConstruct, key: str, values: Iterable[str]) -> None:
        """Refuses a key or value that the account does not have.

        Raises:
            DataLakeError: `unknown_tag`.
        """
        if key not in self.values:
            msg = f"got LF-Tag {key}; this account has {', '.join(self.values)}"
            raise misuse(where, msg, code="unknown_tag")
        unknown = sorted(set(values) - set(self.values[key]))
        if unknown:
            msg = f"got {', '.join(unknown)} for LF-Tag {key}; it can be {', '.join(self.values[key])}"
            raise misuse(where, msg, code="unknown_tag")

    def _describe(self, domains: Iterable[str], classifications: Sequence[str], zones: Iterable[Zone] | None) -> None:
        zones = [zone for zone in Zone if zone.is_governed] if zones is None else zones
        self.values: Mapping[str, tuple[str, ...]] = MappingProxyType(
            {
                LF_TAG_DOMAIN: self._checked(LF_TAG_DOMAIN, sorted(set(domains))),
                LF_TAG_ZONE: self._checked(LF_TAG_ZONE, [zone.value for zone in Zone if zone in set(zones)]),
                LF_TAG_CLASSIFICATION: self._checked(LF_TAG_CLASSIFICATION, list(classifications)),
            }
        )

    def _checked(self, key: str, values: list[str]) -> tuple[str, ...]:
        lower = tuple(value.lower() for value in values)
        if not 1 <= len(lower) <= _MOST_VALUES_OF_A_KEY or len(set(lower)) != len(lower):
            msg = f"got {len(lower)} values for LF-Tag {key}; allowed are 1 to {_MOST_VALUES_OF_A_KEY} different ones, case aside"
            raise misuse(self, msg, code="tag_values")
        return lower

    def _tag(self, key: str) -> lakeformation.CfnTag:
        tag = lakeformation.CfnTag(self, key.title(), tag_key=key, tag_values=list(self.values[key]))
        tag.apply_removal_policy(RemovalPolicy.RETAIN)
        return tag


class _ExistingOntology(LfTagOntology):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None,
    ) -> None:
        Construct.__init__(self, scope, construct_id)
        self._describe(domains, classifications, zones)
        self.tags = MappingProxyType({})
