"""A bucket's lifecycle as far as rules ask: what ends, is archived or is cleaned up, below which prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at, listed, text
from lakecheck.rules.base import is_open, value
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules._lake import Placed

AT: Final = "LifecycleConfiguration.Rules"
_ENDS: Final = ("ExpirationInDays", "ExpirationDate")
_OLD_VERSIONS_END: Final = ("NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays")
_CHOOSES: Final = ("TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")


@dataclass(frozen=True, kw_only=True, slots=True)
class LifecycleRule:
    """One rule that is on.

    Attributes:
        name: Its Id, or its place in the list.
        prefix: Below which it acts, perhaps with holes.
        chooses: Whether it acts on some of those objects only, by their tags or size.
        written: The rule.
    """

    name: str
    prefix: str
    chooses: bool
    written: dict[str, Any]

    @property
    def expires(self) -> bool:
        """Whether it deletes current objects by their age."""
        return any(self.written.get(name) is not None for name in _ENDS)

    @property
    def expires_old_versions(self) -> bool:
        """Whether it deletes noncurrent versions."""
        return any(self.written.get(name) is not None for name in _OLD_VERSIONS_END)

    @property
    def aborts_uploads(self) -> bool:
        """Whether it ends uploads that were not completed."""
        return self.written.get("AbortIncompleteMultipartUpload") is not None

    @property
    def classes(self) -> list[Any]:
        """The storage classes that it moves current objects to."""
        return [at(each, "StorageClass") for name in ("Transitions", "Transition") for each in listed(self.written.get(name))]


def rules(bucket: Resource) -> Iterator[LifecycleRule]:
    """The bucket's rules that are on, or may be."""
    for index, each in enumerate(listed(value(bucket, AT))):
        if isinstance(each, dict) and each.get("Status") != "Disabled":
            yield LifecycleRule(
                name=text(each.get("Id"), f"number {index + 1}"),
                prefix=text(each.get("Prefix")),
                chooses=any(each.get(name) is not None for name in _CHOOSES),
                written=each,
            )


def unknown(bucket: Resource) -> str:
    """Why the rules are not all known; empty when they are."""
    whole = value(bucket, AT)
    parts = [whole, *listed(whole), *(at(each, name) for each in listed(whole) for name in ("Status", "Prefix"))]
    return next((each.reason if isinstance(each, Unknown) else "a part of it is not known" for each in parts if is_open(each)), "")


def uncovered(tables: Sequence[Placed], acting: Sequence[LifecycleRule]) -> list[str]:
    """The names of the tables below whose prefix none of these rules acts on all objects."""
    prefixes = {rule.prefix for rule in acting if not rule.chooses}
    if "" in prefixes:
        return []
    return [table.name for table in tables if not any(table.prefix.startswith(prefix) for prefix in prefixes)]
