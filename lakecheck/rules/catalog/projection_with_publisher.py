"""Nothing registers partitions of a table whose partitions are projected, and no Iceberg table is projected."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import folder
from lakecheck.estate.sources import at, listed, lower, text
from lakecheck.iam.model import Effect
from lakecheck.rules._lake import hive_tables, is_iceberg, place, some, tables_by_place
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.catalog._cases import BUCKET, LINK, projected, table
from lakecheck.rules.catalog._projection import is_projected
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Principal, Table
    from lakecheck.snapshot import Snapshot

    Publishers = Mapping[tuple[str, str, str], list[str]]

_PUBLISHING: Final = ("glue:createpartition", "glue:batchcreatepartition")


@once
def _publishers(snapshot: Snapshot) -> Publishers:
    """By account, database and table, those that register partitions of exactly that table."""
    found: dict[tuple[str, str, str], list[str]] = {}
    # A role of something else, such as a stream, often has the right from a grant to write, and never uses it.
    roles = {executor.role for executor in snapshot.estate.executors if executor.kind == "glue_job"}
    for principal in snapshot.estate.principals:
        if principal.arn in roles:
            for account, database, name in dict.fromkeys(_published_by(principal)):
                found.setdefault((account, database, name), []).append(principal.name)
    for crawler in snapshot.by_type.get("AWS::Glue::Crawler", ()):
        for target in listed(at(crawler.properties.get("Targets"), "CatalogTargets")):
            for name in listed(at(target, "Tables")):
                found.setdefault((crawler.account, lower(at(target, "DatabaseName")), lower(name)), []).append(f"crawler {crawler.origin}")
    for partition in snapshot.by_type.get("AWS::Glue::Partition", ()):
        names = lower(partition.properties.get("DatabaseName")), lower(partition.properties.get("TableName"))
        found.setdefault((partition.account, *names), []).append(str(partition.origin))
    return found


def _published_by(principal: Principal) -> Iterator[tuple[str, str, str]]:
    """The tables that a role names in a statement that lets it register partitions; a pattern is no table's name."""
    for policy in principal.policies:
        for statement in policy.statements:
            if statement.effect is not Effect.ALLOW or not any(
                fnmatchcase(wanted, pattern.lower()) for pattern in statement.actions or () for wanted in _PUBLISHING
            ):
                continue
            for resource in statement.resources or ():
                account, _, path = resource.partition(":table/")
                database, _, name = path.partition("/")
                if name:
                    yield account.rpartition(":")[2], lower(database), lower(name)


@once
def _crawled_folders(snapshot: Snapshot) -> Mapping[tuple[str, str], list[tuple[str, str]]]:
    """By account and database, the folders that crawlers register, each with its crawler."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for crawler in snapshot.by_type.get("AWS::Glue::Crawler", ()):
        database = lower(crawler.properties.get("DatabaseName"))
        for target in listed(at(crawler.properties.get("Targets"), "S3Targets")):
            path = folder(text(at(target, "Path")))
            if path:
                found.setdefault((crawler.account, database), []).append((path, f"crawler {crawler.origin}"))
    return found


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    known = tables_by_place(snapshot).get(place(found.origin))
    if not is_projected(found) or known is None:
        return
    if is_iceberg(found):
        yield Complaint(
            at="TableInput.Parameters", message="an Iceberg table has projection.enabled; its partitions are in its own metadata"
        )
        return
    names = [*_publishers(snapshot).get((known.account, known.database, known.name), ()), *_crawling(known, snapshot)]
    if names:
        who = some(list(dict.fromkeys(names)))
        yield Complaint(
            at="TableInput.Parameters",
            message=f"partitions are projected, and {shown(who)} may register some; Athena ignores registered partitions of such a table",
        )


def _crawling(known: Table, snapshot: Snapshot) -> Iterator[str]:
    for path, crawler in _crawled_folders(snapshot).get((known.account, known.database), ()):
        if known.location and known.location.startswith(path):
            yield crawler


def _crawler(**targets: Any) -> dict[str, Any]:
    properties = {"Role": "Crawler", "DatabaseName": "sales", "Targets": targets}
    return {"Crawler": {"Type": "AWS::Glue::Crawler", "Properties": properties}}


RULE = Rule(
    id="catalog.projection_with_publisher",
    title="Partitions of a table are either projected or registered, and those of an Iceberg table are not projected",
    rationale=(
        "With projection, Athena ignores partitions in the catalog and reads whatever is in the projected folders, half-written files "
        "too: registering a partition then publishes nothing. Spark and Redshift Spectrum know nothing of projection and see registered "
        "partitions only, so that two engines give two answers."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html",
    severity=Severity.WARNING,
    remedy="Remove projection.enabled where a job or crawler registers partitions, or take the right to register them from it.",
    subjects=hive_tables,
    judge=_judge,
    cases=Cases(
        compliant=(
            projected(),
            {**table(), **_crawler(S3Targets=[{"Path": "s3://lake/sales/"}])},
            {**projected(), **_crawler(S3Targets=[{"Path": "s3://lake/sales/customers/"}])},
        ),
        failing=(
            {**projected(), **_crawler(S3Targets=[{"Path": "s3://lake/sales/"}])},
            {**projected(), **_crawler(CatalogTargets=[{"DatabaseName": "sales", "Tables": ["orders"]}])},
            table(Parameters={"projection.enabled": "true", "table_type": "ICEBERG"}),
        ),
        not_applicable=(BUCKET, LINK),
    ),
)
