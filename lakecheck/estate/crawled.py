"""Tables that Glue crawlers make: no template has them, so each stands for any number of tables whose names are not known.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-crawler.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import folder
from lakecheck.estate.model import Table
from lakecheck.estate.sources import at, listed, lower, text
from lakecheck.values import has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.sources import Sources

_WHY: Final = "a crawler finds its columns"
_PATHS: Final = {"S3Targets": "Path", "DeltaTargets": "DeltaTables", "HudiTargets": "Paths", "IcebergTargets": "Paths"}
"""The targets in S3, each with the property that has one address or several."""
_UPDATES: Final = "CatalogTargets"
"""Tables that are there already: nothing is made."""


def read_crawled(sources: Sources) -> Iterator[Table]:
    """One table for each address that a crawler looks at, one for everything that it finds outside S3.

    Its name is not known, so that a grant on any table of the database may be one on it; a prefix of the crawler's tables is known.
    """
    for resource in sources.of("AWS::Glue::Crawler"):
        targets = resource.properties.get("Targets")
        addresses = [*dict.fromkeys(_addresses(targets))]
        elsewhere = any(key not in {*_PATHS, _UPDATES} for key in targets) if isinstance(targets, dict) else targets is not None
        if not addresses and not elsewhere:
            continue
        database = lower(resource.properties.get("DatabaseName"))
        if not database:
            sources.tell("the database that a crawler makes tables in is not stated", resource.origin)
            continue
        for address in (*addresses, *([""] if elsewhere else [])):
            yield _table(resource, database, address)


def _addresses(targets: Any) -> Iterator[str]:
    if not isinstance(targets, dict):
        return
    for kind, key in _PATHS.items():
        for target in listed(targets.get(kind)):
            yield from (_address(text(address)) for address in listed(at(target, key)))


def _address(path: str) -> str:
    return path if "://" in path or has_hole(path[:1]) else f"s3://{path}"


def _table(resource: Resource, database: str, address: str) -> Table:
    below = f" below {shown(address)}" if address else ""
    name = hole(f"what {resource.origin} finds{below}")
    return Table(
        account=resource.account,
        region=resource.region,
        database=database,
        name=f"{lower(resource.properties.get('TablePrefix'))}{name}",
        location=folder(address),
        unknown=(_WHY,),
        origin=resource.origin,
    )
