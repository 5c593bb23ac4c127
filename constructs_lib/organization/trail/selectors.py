"""Which events a trail records: management events, and requests for the objects of the lake's buckets, found by their names' beginnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_cloudtrail as cloudtrail

from constructs_lib.core import misuse
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs import Construct

_SURELY_KEPT = 20


def bucket_prefixes(stack_names: Iterable[str]) -> tuple[str, ...]:
    """How the names of the buckets begin that CloudFormation names in these stacks, sorted, each once.

    CloudFormation names a bucket after stack, logical id and chance, `<stack>-<logical id>-<random>` in lower case, and cuts stack and
    logical id when the whole is longer than 63 characters; where it cuts is not documented. So a stack name of up to 20 characters is
    taken whole, with its hyphen, and of a longer one the first 20: that may record buckets of a neighbour as well, and misses none.

    See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html

    Args:
        stack_names: Names of stacks that make buckets.

    Example:
        >>> bucket_prefixes(["Prod-MainStorage", "Staging-AnalyticsStorage"])
        ('prod-mainstorage-', 'staging-analyticssto')
    """
    names = {name.lower() for name in stack_names}
    return tuple(sorted(f"{name}-" if len(name) <= _SURELY_KEPT else name[:_SURELY_KEPT] for name in names))


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedObjects:
    """Buckets whose object requests are recorded, reads included, in every account of the trail. Charged by the event.

    Attributes:
        prefixes: How their names begin: `bucket_prefixes(...)`, or whole names.
        but_not: How the names of those among them begin that are left out, such as a bucket for access logs, to which S3 writes all day.
    """

    prefixes: tuple[str, ...]
    but_not: tuple[str, ...] = ()


def event_selectors(
    scope: Construct, objects: RecordedObjects | None, *, archive: Sequence[str]
) -> list[cloudtrail.CfnTrail.AdvancedEventSelectorProperty]:
    """Every management event (such as Lake Formation's GetDataAccess and Glue's GetTable), requests for `objects`, reads of `archive`.

    Args:
        scope: For complaints, and the partition.
        objects: Buckets whose object requests are recorded; none when None.
        archive: The buckets that trail and Config deliver to. Who reads there is recorded, what is written is not: each delivery would
            be an event, which is delivered.

    Raises:
        DataLakeError: `recorded_objects`, for objects without a prefix, an empty prefix, or more prefixes than a trail takes.
    """
    selector, field = cloudtrail.CfnTrail.AdvancedEventSelectorProperty, cloudtrail.CfnTrail.AdvancedFieldSelectorProperty
    management = selector(name="management events", field_selectors=[field(field="eventCategory", equal_to=["Management"])])

    def arns(prefixes: Sequence[str]) -> list[str]:
        return [Stack.of(scope).format_arn(service="s3", region="", account="", resource=prefix) for prefix in prefixes]

    reads = selector(
        name="reads of the archive",
        field_selectors=[
            field(field="eventCategory", equal_to=["Data"]),
            field(field="resources.type", equal_to=["AWS::S3::Object"]),
            field(field="readOnly", equal_to=["true"]),
            field(field="resources.ARN", starts_with=arns([f"{bucket}/" for bucket in archive])),
        ],
    )
    if objects is None:
        return [management, reads]
    _check(scope, objects, taken=len(archive))

    requests = selector(
        name="objects of the lake",
        field_selectors=[
            field(field="eventCategory", equal_to=["Data"]),
            field(field="resources.type", equal_to=["AWS::S3::Object"]),
            field(
                field="resources.ARN",
                starts_with=arns(objects.prefixes),
                not_starts_with=arns(objects.but_not) if objects.but_not else None,
            ),
        ],
    )
    return [management, requests, reads]


def _check(scope: Construct, objects: RecordedObjects, *, taken: int) -> None:
    most = limit(Quota.TRAIL_SELECTOR_VALUES).value - taken - 6  # those that say of what kind events are
    number = len(objects.prefixes) + len(objects.but_not)
    if not objects.prefixes or "" in (*objects.prefixes, *objects.but_not):
        msg = f"got the prefixes {objects.prefixes!r}, but not {objects.but_not!r}; needed is at least one, and none of them empty"
        raise misuse(scope, msg, code="recorded_objects")
    if number > most:
        msg = f"got {number} prefixes; a trail takes {most}: give stacks names that begin alike, and the beginning here"
        raise misuse(scope, msg, code="recorded_objects")
