"""Athena's workgroups: which run SQL, where their results go, and pieces of the rules' cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.base import is_true, once, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

WORKGROUP: Final = "AWS::Athena::WorkGroup"
CONFIGURATION: Final = "WorkGroupConfiguration"
OUTPUT: Final = f"{CONFIGURATION}.ResultConfiguration.OutputLocation"
ENGINE: Final = f"{CONFIGURATION}.EngineVersion.SelectedEngineVersion"
_SPARK: Final = ("PySpark", "Apache Spark")


def runs_sql(workgroup: Resource) -> bool:
    """Whether it runs SQL and not Spark, whose results and limits are others."""
    engine = value(workgroup, ENGINE)
    return not (isinstance(engine, str) and engine.startswith(_SPARK))


def sql_workgroups(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the workgroups that run SQL."""
    yield from (each for each in snapshot.by_type.get(WORKGROUP, ()) if runs_sql(each))


def writing_workgroups(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: those whose results go to a bucket, and not into Athena's own storage."""
    yield from (each for each in sql_workgroups(snapshot) if not keeps_results(each) and value(each, OUTPUT) is not None)


def keeps_results(workgroup: Resource) -> bool:
    """Whether Athena keeps the results itself."""
    return is_true(value(workgroup, f"{CONFIGURATION}.ManagedQueryResultsConfiguration.Enabled"))


def output(workgroup: Resource) -> str:
    """The prefix of its results, `s3://bucket/prefix/`; empty when it has none or it is not known."""
    found = value(workgroup, OUTPUT)
    return f"{found.rstrip('/')}/" if isinstance(found, str) and found.startswith("s3://") else ""


def bucket_of(address: str) -> str:
    """The bucket of an S3 address."""
    return address.removeprefix("s3://").partition("/")[0]


@once
def buckets(snapshot: Snapshot) -> Mapping[str, Resource]:
    """The buckets of the templates by their names."""
    return {bucket.ref: bucket for bucket in snapshot.by_type.get("AWS::S3::Bucket", ())}


def workgroup(name: str = "Analysts", *, results: str | None = None, **configuration: Any) -> dict[str, Any]:
    """A workgroup for a case."""
    if results is not None:
        configuration["ResultConfiguration"] = {"OutputLocation": results, **configuration.get("ResultConfiguration", {})}
    return {name: {"Type": WORKGROUP, "Properties": {"Name": name.lower(), CONFIGURATION: configuration}}}


def spark(name: str = "Notebooks") -> dict[str, Any]:
    """A workgroup that runs Spark, for a case."""
    return workgroup(name, EngineVersion={"SelectedEngineVersion": "PySpark engine version 3"})
