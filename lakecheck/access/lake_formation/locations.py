"""Registered locations: which one a table's files are under, if any.

A registration covers everything below its prefix; of several the longest counts.
https://docs.aws.amazon.com/lake-formation/latest/dg/register-data-lake.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakecheck.access.lake_formation.names import same_name
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from lakecheck.estate.model import DataLocation, Estate, Table


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether the files of a table are under a registered location.

    Attributes:
        location: The location; None when there is none, or it is not known which.
        holds: True, false, or what it depends on.
    """

    location: DataLocation | None
    holds: Formula


NOT_REGISTERED = Registration(None, FALSE)


class Locations:
    """The registered locations of each account and Region.

    Args:
        estate: Whose registrations count.
    """

    def __init__(self, estate: Estate) -> None:
        self._by_catalog: dict[tuple[str, str], list[tuple[str, str, DataLocation]]] = defaultdict(list)
        self._found: dict[tuple[str, str, str], Registration] = {}
        for location in estate.locations:
            bucket, _, prefix = location.arn.rpartition(":::")[2].partition("/")
            self._by_catalog[location.account, location.region].append((bucket, prefix.rstrip("/"), location))
        for each in self._by_catalog.values():
            each.sort(key=lambda entry: -len(entry[1]))

    def of_table(self, table: Table) -> Registration:
        """The registration that a table's files are under."""
        return self.registered(table.location, table.account, table.region)

    def registered(self, uri: str, account: str, region: str) -> Registration:
        """The registration that an S3 URI is under, as the catalog of an account in a Region sees it."""
        key = (uri, account, region)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._registered(uri, account, region)
        return found

    def _registered(self, uri: str, account: str, region: str) -> Registration:
        entries = self._by_catalog.get((account, region), ())
        where = f"account {shown(account)}"
        if not entries:
            reason = f"whether the data of {where} is registered with Lake Formation: none of its templates registers any location"
            return Registration(None, Unresolved(reason))
        if not uri:
            return Registration(None, Unresolved(f"where a table of {where} has its data, which no template says"))
        bucket, _, prefix = uri.partition("://")[2].partition("/")
        perhaps = NOT_REGISTERED
        for its_bucket, its_prefix, location in entries:
            same = same_name(its_bucket, bucket)
            if same == FALSE:
                continue
            below = _below(prefix, its_prefix)
            if below == FALSE:
                continue
            holds = all_of([same, below, location.origin.exists])
            if holds == TRUE:
                return Registration(location, TRUE)
            if perhaps is NOT_REGISTERED:
                perhaps = Registration(location, holds)
        return perhaps


def _below(prefix: str, registered: str) -> Formula:
    """Whether a prefix is the registered one or below it, folder by folder."""
    if not registered:
        return TRUE
    folders, of_registered = prefix.rstrip("/").split("/"), registered.split("/")
    if len(folders) < len(of_registered):
        return FALSE
    return all_of(same_name(theirs, ours) for theirs, ours in zip(of_registered, folders, strict=False))
