"""Results of queries, which are copies of rows, expire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at, listed
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.query._workgroups import bucket_of, buckets, output, workgroup, writing_workgroups
from lakecheck.values import shown, wholly_known
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_NARROWS: Final = ("TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
_EXPIRES: Final = ("ExpirationInDays", "ExpirationDate")


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (each for each in writing_workgroups(snapshot) if bucket_of(output(each)) in buckets(snapshot))


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    place = output(resource)
    bucket = buckets(snapshot)[bucket_of(place)]
    rules = at(bucket.properties, "LifecycleConfiguration.Rules")
    key = place.removeprefix("s3://").partition("/")[2]
    verdicts = [None if is_open(rules) else False, *(_expires(rule, key) for rule in listed(rules))]
    if True not in verdicts:
        yield Complaint(
            message=f"results in {shown(place)} never expire: no rule of {bucket.origin} does it; allowed is ExpirationInDays",
            is_unknown=None in verdicts,
        )


def _expires(rule: Any, key: str) -> bool | None:
    """Whether a lifecycle rule expires every object below a key; None when that is not known."""
    if not isinstance(rule, dict):
        return None if is_open(rule) else False
    prefix = rule.get("Prefix", "")
    if not any(rule.get(name) is not None for name in _EXPIRES) or any(name in rule for name in _NARROWS):
        return False
    if is_open(rule.get("Status")) or not wholly_known(prefix):
        return None
    return rule.get("Status") == "Enabled" and isinstance(prefix, str) and key.startswith(prefix)


def _bucket(*rules: dict[str, Any]) -> dict[str, Any]:
    lifecycle = {"LifecycleConfiguration": {"Rules": list(rules)}} if rules else {}
    return {"Results": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "results", **lifecycle}}}


_GROUP = workgroup(results="s3://results/analysts/")

RULE = Rule(
    id="query.results_kept",
    title="Results of queries expire",
    rationale=(
        "Every result is a copy of rows outside of Lake Formation: who may read the bucket reads it, whatever is revoked later, and a row "
        "that has to be erased lives on in it."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/querying.html",
    severity=Severity.WARNING,
    remedy="Add a lifecycle rule to the bucket that expires the prefix after some days; or let Athena keep the results, for a day.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**_GROUP, **_bucket({"Status": "Enabled", "ExpirationInDays": 30})},
            {**_GROUP, **_bucket({"Status": "Enabled", "ExpirationInDays": 30, "Prefix": "analysts/"})},
        ),
        failing=(
            {**_GROUP, **_bucket()},
            {**_GROUP, **_bucket({"Status": "Disabled", "ExpirationInDays": 30})},
            {**_GROUP, **_bucket({"Status": "Enabled", "ExpirationInDays": 30, "Prefix": "stewards/"})},
        ),
        not_applicable=(_GROUP, {**workgroup(ManagedQueryResultsConfiguration={"Enabled": True}), **_bucket()}),
    ),
    controls=("NIST.800.53.R5 SI-12",),
)
