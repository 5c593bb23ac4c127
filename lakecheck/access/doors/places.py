"""Where data lies: which objects belong to which table, and which prefixes hold data of no table."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from lakecheck.access.model import Dataset, DatasetKind
from lakecheck.estate.model import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Estate, Table
    from lakecheck.iam.model import Policy

MOST_PREFIXES: Final = 1000
"""So many prefixes of a bucket are told apart; what lies deeper belongs to the prefix above."""

_ELSEWHERE: Final = (
    "write.data.path",
    "write.metadata.path",
    "write.folder-storage.path",
    "write.object-storage.path",
    "storage.location.template",
)
"""Table parameters that put files of a table beside its location, Iceberg's and those of partition projection.

https://iceberg.apache.org/docs/latest/configuration/
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
"""
_URI: Final = re.compile(r"s3[an]?://([^/]+)/?(.*)", re.DOTALL)
_WILDCARD: Final = re.compile(r"[*?]|\$\{")
_ASSETS: Final = re.compile(r"cdk-[a-z0-9]+-assets-")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A prefix of a bucket and the dataset whose objects lie below it.

    Attributes:
        dataset: Whose objects.
        prefix: Of keys; empty for the whole bucket.
        is_table: Whether everything below belongs to it; else what lies below a deeper place does not.
    """

    dataset: Dataset
    prefix: str
    is_table: bool


def dataset_of(table: Table) -> Dataset:
    """The dataset that a table is."""
    return Dataset(DatasetKind.TABLE, table.account, table.region, f"{table.database}.{table.name}", table.origin.environment)


def location(uri: str) -> tuple[str, str] | None:
    """Bucket name and prefix (ending in `/`, or empty) of a folder in S3; None for anything else."""
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    prefix = found[2].rstrip("/")
    return found[1], f"{prefix}/" if prefix else ""


def partition_of_region(region: str) -> str:
    """The partition that a Region is in."""
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(start):
            return partition
    return "aws"


def literal_start(pattern: str) -> tuple[str, bool]:
    """What a pattern of keys begins with for sure, and whether nothing follows but one `*`."""
    found = _WILDCARD.search(pattern)
    if found is None:
        return pattern, False
    return pattern[: found.start()], pattern[found.start() :] == "*"


class Places:
    """All places of an estate; made once, see `places`.

    Args:
        estate: Whose places.
        like: Places of an estate that this one is a part of: the same prefixes are told apart. Those that its own policies speak of when
            left out.

    Attributes:
        prefixes: The prefixes that are told apart, by the bucket's ARN.
        beyond: Names of buckets with more prefixes than are told apart.
    """

    def __init__(self, estate: Estate, *, like: Places | None = None) -> None:
        self._estate = estate
        self._by_name = {bucket.name: bucket for bucket in estate.buckets}
        self._only_named: dict[str, Bucket] = {}
        self.beyond: list[str] = []
        self._tables: dict[str, list[Place]] = defaultdict(list)
        for table in estate.tables:
            if table.target is None:
                self._place_table(table)
        self.prefixes: Mapping[str, set[str]] = self._prefixes() if like is None else like.prefixes
        self._places: dict[str, tuple[Place, ...]] = {}
        for bucket in self.buckets:
            own = tuple(_prefix_places(bucket, self.prefixes.get(bucket.arn, set()), self._tables[bucket.arn]))
            if len(own) > MOST_PREFIXES:
                self.beyond.append(bucket.name)
            self._places[bucket.arn] = (*self._tables[bucket.arn], *own)

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """The buckets that may hold data: those of the estate without the CDK's own for assets, and those that only a table names."""
        known = (bucket for bucket in self._estate.buckets if not _ASSETS.match(bucket.name))
        return (*known, *self._only_named.values())

    def of(self, bucket: Bucket) -> tuple[Place, ...]:
        """Its places; the last holds the whole bucket but for the others."""
        return self._places.get(bucket.arn, ())

    def bucket_named(self, name: str) -> Bucket | None:
        """The bucket; None when neither estate nor table names it."""
        return self._by_name.get(name) or self._only_named.get(name)

    def _place_table(self, table: Table) -> None:
        folders = [table.location, *(table.parameters[key].partition("${")[0] for key in _ELSEWHERE if key in table.parameters)]
        dataset = dataset_of(table)
        for name, prefix in dict.fromkeys(filter(None, map(location, folders))):
            bucket = self._by_name.get(name)
            if bucket is None:
                bucket = self._only_named.get(name)
            if bucket is None:
                bucket = self._only_named[name] = only_named(name, table.region)
            self._tables[bucket.arn].append(Place(dataset, prefix, is_table=True))

    def _prefixes(self) -> dict[str, set[str]]:
        """The prefixes that policies, replication, access grants, jobs and workgroups speak of, by the bucket's ARN."""
        found: dict[str, set[str]] = defaultdict(set)
        for bucket in self._estate.buckets:
            found[bucket.arn].update(prefix for _, prefix in bucket.replicates_to)
        folders = [grant.scope.rstrip("*") for grant in self._estate.access_grants]
        for uri in folders:
            self._add_folder(found, uri, exactly=True)
        for uri in (*(each.temporary for each in self._estate.executors), *(each.output for each in self._estate.workgroups)):
            self._add_folder(found, uri)
        roots = {bucket.arn: bucket.arn for bucket in self._estate.buckets}
        roots |= {f"{point.arn}/object": point.bucket for point in self._estate.access_points}
        for pattern in _patterns(self._estate):
            _add_pattern(found, roots, pattern)
        return found

    def _add_folder(self, found: dict[str, set[str]], uri: str, *, exactly: bool = False) -> None:
        place = location(uri)
        bucket = None if place is None else self.bucket_named(place[0])
        if place is not None and bucket is not None:
            prefix = uri.partition("://")[2].partition("/")[2] if exactly else place[1]
            found[bucket.arn].add(prefix)


_MADE: WeakKeyDictionary[Questions, Places] = WeakKeyDictionary()


def places(questions: Questions) -> Places:
    """The places of the estate that is asked about."""
    found = _MADE.get(questions)
    if found is None:
        found = _MADE[questions] = Places(questions.estate)
    return found


def places_like(questions: Questions, whole: Questions) -> Places:
    """The places of an estate that is a part of another one, told apart as they are there."""
    found = _MADE[questions] = Places(questions.estate, like=places(whole))
    return found


def only_named(name: str, region: str) -> Bucket:
    """A bucket that no template defines, so that nobody can say whom its policy lets."""
    arn = f"arn:{partition_of_region(region)}:s3:::{name}"
    return Bucket(arn=arn, name=name, account="", region=region, unknown_policy=f"the policy of {arn}, which no template defines")


def _patterns(estate: Estate) -> Iterator[str]:
    """Every resource pattern of every policy once."""
    seen: dict[str, None] = {}
    for policy in _policies(estate):
        for statement in policy.statements:
            seen |= dict.fromkeys((*(statement.resources or ()), *(statement.not_resources or ())))
    yield from seen


def _policies(estate: Estate) -> Iterator[Policy]:
    found: dict[int, Policy] = {}
    for principal in estate.principals:
        for policy in (*principal.policies, principal.boundary):
            if policy is not None:
                found[id(policy)] = policy
    yield from found.values()
    yield from (bucket.policy for bucket in estate.buckets if bucket.policy is not None)
    yield from (point.policy for point in estate.access_points if point.policy is not None)
    for account in estate.accounts.values():
        yield from (policy for level in account.scps or () for policy in level)
        yield from account.rcps


def _add_pattern(found: dict[str, set[str]], roots: dict[str, str], pattern: str) -> None:
    """Notes the prefix that a pattern of objects speaks of, where it names a bucket; one that names many is met place by place."""
    for separator in ("/object", ""):
        head, slash, tail = pattern.partition(f"{separator}/") if separator else _split_bucket(pattern)
        bucket = roots.get(f"{head}{separator}") if slash else None
        if bucket is None:
            continue
        start, is_prefix = literal_start(tail)
        prefix = start if is_prefix else start[: start.rfind("/") + 1]
        if prefix:
            found[bucket].add(prefix)
        return


def _split_bucket(pattern: str) -> tuple[str, str, str]:
    return pattern.partition("/") if ":s3:::" in pattern else (pattern, "", "")


def _prefix_places(bucket: Bucket, prefixes: set[str], tables: list[Place]) -> Iterator[Place]:
    """The places of no table, the whole bucket last; what lies below a table's location is the table's."""
    taken = {place.prefix for place in tables}
    free = [prefix for prefix in prefixes if prefix and not _below(prefix, taken)]
    free.sort(key=lambda prefix: (prefix.count("/"), prefix))
    if "" not in taken:
        for prefix in (*sorted(free[:MOST_PREFIXES]), ""):
            environment = bucket.origin.environment if bucket.origin is not None else ""
            dataset = Dataset(DatasetKind.BUCKET, bucket.account, bucket.region, f"s3://{bucket.name}/{prefix}", environment)
            yield Place(dataset, prefix, is_table=False)


def _below(prefix: str, folders: set[str]) -> bool:
    """Whether the prefix is one of the folders or in one."""
    return any(prefix[:end] in folders for end in (0, *(place + 1 for place, letter in enumerate(prefix) if letter == "/"), len(prefix)))
