"""What the doors to objects take for granted, and what no template can tell them, in words for the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.doors.escalation_assumptions import escalations
from lakecheck.access.doors.places import MOST_PREFIXES, places
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.questions import Questions


def assumptions(questions: Questions) -> Iterable[str]:
    """Sentences, each only where the estate gives a reason for it, in a stable order.

    Args:
        questions: Of the estate.
    """
    buckets = sorted(questions.estate.buckets, key=lambda bucket: bucket.arn)
    if any(bucket.encryption == "SSE_KMS" for bucket in buckets):
        yield "Objects are and were encrypted with the default key of their bucket."
    with_acls = [shown(bucket.name) for bucket in buckets if bucket.acl_enabled]
    if with_acls:
        yield f"No object of {_listed(with_acls)} is given away by an ACL, although ACLs are enabled there."
    yield from _of_replicas(questions)
    nowhere = sorted(shown(each.name) for each in questions.estate.workgroups if not each.output and not each.managed_results)
    if nowhere:
        yield f"Nobody else reads where members of workgroup {_listed(nowhere)} have results written, which no template says."
    open_output = sorted(shown(each.name) for each in questions.estate.workgroups if each.output and not each.enforced)
    if open_output:
        yield f"Members of workgroup {_listed(open_output)} leave results in its own output location, although clients may name another."
    yield from escalations(questions)
    if places(questions).beyond:
        many = _listed(places(questions).beyond)
        yield f"Of {many} more than {MOST_PREFIXES} prefixes occur in policies: deeper ones are not told apart."


def _of_replicas(questions: Questions) -> Iterator[str]:
    """Destinations that nobody can judge."""
    for bucket in sorted(questions.estate.buckets, key=lambda bucket: bucket.arn):
        for arn, prefix in bucket.replicates_to:
            if arn not in questions.buckets:
                what = f"s3://{shown(bucket.name)}/{shown(prefix)}"
                yield f"Nobody but the principals of this estate reads the copy of {what} in {shown(arn)}, which no template defines."


def _listed(names: list[str]) -> str:
    return ", ".join(names)
