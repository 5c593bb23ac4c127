"""LF-Tags: the account's keys and values, and expressions over them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, aws_lakeformation as lakeformation
from constructs import Construct

from constructs_lib.core import misuse
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from lakemodel.naming import LF_TAG_CLASSIFICATION, LF_TAG_DOMAIN, LF_TAG_ZONE, normalize, pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import IConstruct

    from constructs_lib.governance.permissions_base import PermissionsOwner

_SIGNS = frozenset("_.:/=+-@%")


@dataclass(frozen=True, slots=True)
class LfTagExpression:
    """A condition on LF-Tags: every key has one of its values. A key that is not named may have any value, or none.

    Attributes:
        pairs: Keys with their values, both sorted, lower case as Lake Formation keeps them.

    Raises:
        DataLakeError: `tag_expression`, if there is no key, a key twice, one without values, or `*`, which would mean every value.
    """

    pairs: tuple[tuple[str, tuple[str, ...]], ...]

    def __post_init__(self) -> None:
        if not self.pairs:
            msg = "got an expression without keys, which would mean everything; name at least one key"
            raise DataLakeError(msg, code="tag_expression")
        keys = [key for key, _ in self.pairs]
        for key, values in self.pairs:
            wrong = next((value for value in values if value == "*" or value != value.lower()), None)
            if wrong is not None or not values or key != key.lower() or keys.count(key) > 1:
                found = f"{key} without values" if not values else f"{key}={'/'.join(values)}"
                msg = f"got {found}; a key stands once, in lower case, with values in lower case that are named, not *: use LfTags.all"
                raise DataLakeError(msg, code="tag_expression")

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
            DataLakeError: `tag_expression`, if there is no key, a key twice, one without values or with more than 50, or `*` as a value.

        Example:
            >>> LfTags.all(domain="sales", classification=["public", "internal"]).render()
            [{'TagKey': 'classification', 'TagValues': ['internal', 'public']}, {'TagKey': 'domain', 'TagValues': ['sales']}]
        """
        pairs = []
        for key, given in keys.items():
            values = {value.lower() for value in ((given,) if isinstance(given, str) else given)}
            most = limit(Quota.LF_TAG_VALUES_PER_CALL).value
            if not 1 <= len(values) <= most:
                msg = f"got {len(values)} values for LF-Tag {key}; allowed are 1 to {most}: split the grant, or leave the key out"
                raise DataLakeError(msg, code="tag_expression")
            pairs.append((key.lower(), tuple(sorted(values))))
        return LfTagExpression(tuple(sorted(pairs)))


class LfTagOntology(Construct):
    """The LF-Tags of a lake's account: `domain`, `zone`, `classification` and keys of one's own, with the values each may have.

    Values can be added at any time. A value that something carries is never dropped: Lake Formation refuses it ("Update not allowed"), the
    deployment fails and rolls back, so that nothing loses its tag unnoticed. And a value that an association or a grant of the app names
    has to be here, in whichever stack that is declared. So removing one takes two deployments: first without its last use, then without
    the value. The keys themselves outlive the stack: deleting one would take it off every table at once.

    See https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_UpdateLFTag.html.

    Args:
        domains: Values of `domain`.
        classifications: Values of `classification`, from least to most protected.
        zones: Values of `zone`; the zones that Lake Formation governs when left out.
        additional_keys: Keys of one's own with their values, such as `{"review": ["open", "passed"]}`; none when left out.
        settings: The account's `LakeFormationSettings`, which come first; left out when they are deployed before anyway.

    Attributes:
        values: The values of each key, in lower case as Lake Formation keeps them; those of `classification` in their order.
        tags: The resource of each key; empty for those that exist already.

    Raises:
        DataLakeError: `tag_values`, if a key has no value, a repeated one, or more than Lake Formation takes, or if a key or value is too
            long, has signs that Lake Formation refuses, or is one of the three.

    Example:
        >>> tags = LfTagOntology(stack, "Tags", domains=["sales"], classifications=["public", "internal", "secret"])  # doctest: +SKIP
        >>> tags.up_to("internal")  # doctest: +SKIP
        ('public', 'internal')
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None = None,
        additional_keys: Mapping[str, Iterable[str]] | None = None,
        settings: PermissionsOwner | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._describe(domains, classifications, zones, additional_keys)
        self.tags: Mapping[str, lakeformation.CfnTag] = MappingProxyType({key: self._tag(key) for key in self.values})
        if settings is not None:
            self.node.add_dependency(settings.resource)
            settings.declared.tags.know(self.values)

    @staticmethod
    def from_values(
        scope: Construct,
        construct_id: str,
        *,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None = None,
        additional_keys: Mapping[str, Iterable[str]] | None = None,
    ) -> LfTagOntology:
        """LF-Tags that exist already; makes no resource. The arguments are those of the class."""
        return _ExistingOntology(scope, construct_id, domains, classifications, zones, additional_keys)

    @property
    def classifications(self) -> tuple[str, ...]:
        """The classes, from least to most protected."""
        return self.values[LF_TAG_CLASSIFICATION]

    @property
    def strictest(self) -> str:
        """The class that counts where none is stated."""
        return self.classifications[-1]

    def stricter_of(self, *classes: str) -> str:
        """The most protected of these classes; the strictest of all when there is none.

        Raises:
            DataLakeError: `unknown_tag`.
        """
        self.check(self, LF_TAG_CLASSIFICATION, [each.lower() for each in classes])
        return max((each.lower() for each in classes), key=self.classifications.index, default=self.strictest)

    def up_to(self, classification: str) -> tuple[str, ...]:
        """The classes that are no more protected than this one, itself included: what whoever may read it may read anyway.

        Raises:
            DataLakeError: `unknown_tag`.
        """
        self.check(self, LF_TAG_CLASSIFICATION, [classification.lower()])
        return self.classifications[: self.classifications.index(classification.lower()) + 1]

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

    def _describe(
        self,
        domains: Iterable[str],
        classifications: Sequence[str],
        zones: Iterable[Zone] | None,
        additional_keys: Mapping[str, Iterable[str]] | None,
    ) -> None:
        zones = [zone for zone in Zone if zone.is_governed] if zones is None else zones
        values = {
            LF_TAG_DOMAIN: self._checked(LF_TAG_DOMAIN, sorted(set(domains))),
            LF_TAG_ZONE: self._checked(LF_TAG_ZONE, [zone.value for zone in Zone if zone in set(zones)]),
            LF_TAG_CLASSIFICATION: self._checked(LF_TAG_CLASSIFICATION, list(classifications)),
        }
        for written, allowed in ({} if additional_keys is None else additional_keys).items():
            key = written.lower()
            if key in values or self._id(key) in map(self._id, values):
                msg = f"got LF-Tag {written}; {', '.join(values)} are there already: take a name that differs in more than signs and case"
                raise misuse(self, msg, code="tag_values")
            values[key] = self._checked(key, list(allowed))
        self.values: Mapping[str, tuple[str, ...]] = MappingProxyType(values)

    def _checked(self, key: str, values: list[str]) -> tuple[str, ...]:
        lower = tuple(value.lower() for value in values)
        most = limit(Quota.LF_TAG_VALUES).value
        if not 1 <= len(lower) <= most or len(set(lower)) != len(lower):
            msg = f"got {len(lower)} values for LF-Tag {key}; allowed are 1 to {most} different ones, case aside"
            raise misuse(self, msg, code="tag_values")
        longest = limit(Quota.LF_TAG_CHARACTERS).value
        for text, signs in ((key, _SIGNS), *((value, _SIGNS | {"*"}) for value in lower)):
            wrong = sorted({sign for sign in text if sign not in signs and unicodedata.category(sign)[0] not in "LNZ"})
            if not 1 <= len(text) <= longest or wrong:
                msg = (
                    f"got {text!r} in LF-Tag {key}; allowed are 1 to {longest} letters, digits, spaces and {' '.join(sorted(signs))}: "
                    "take a shorter or plainer name"
                )
                raise misuse(self, msg, code="tag_values")
        return lower

    @staticmethod
    def _id(key: str) -> str:
        return pascal_case(normalize(key))

    def _tag(self, key: str) -> lakeformation.CfnTag:
        tag = lakeformation.CfnTag(self, self._id(key), tag_key=key, tag_values=list(self.values[key]))
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
        additional_keys: Mapping[str, Iterable[str]] | None,
    ) -> None:
        Construct.__init__(self, scope, construct_id)
        self._describe(domains, classifications, zones, additional_keys)
        self.tags = MappingProxyType({})
