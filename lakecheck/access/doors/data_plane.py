"""Which roles touch data as part of the lake's machinery: roles that no person can assume and that something of the lake runs as.

A role counts whose trust policy lets services alone, and which registers a data location, replicates a bucket, or runs a job, a function, a
state machine or the like; not where people work inside what runs as it, such as a notebook, a build or an instance. That a person can start
or change what runs as a role is found by other doors, as that person's own access.

https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html
https://docs.aws.amazon.com/glue/latest/dg/create-an-iam-role.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import PrincipalKind
from lakecheck.iam.model import Effect
from lakecheck.values import shown

if TYPE_CHECKING:
    from lakecheck.access.questions import Questions
    from lakecheck.iam.model import Policy

_MACHINERY: Final = {
    "lakeformation.amazonaws.com": "Lake Formation reads registered locations with it",
    "s3.amazonaws.com": "S3 replicates with it",
    "batchoperations.s3.amazonaws.com": "S3 runs batch jobs with it",
}
_WHERE_PEOPLE_WORK: Final = (
    "sagemaker",
    "ec2",
    "codebuild",
    "codepipeline",
    "glue_dev_endpoint",
    "glue_session",
    "emr_studio",
    "cloudformation",
)
"""Kinds of executors, by how they begin, in which people run what they like."""

_AT_MOST: Final = 3


def data_plane(questions: Questions) -> dict[str, str]:
    """ARNs of the machinery's roles, each with what makes it one.

    Args:
        questions: Of the estate.
    """
    estate = questions.estate
    uses: dict[str, list[str]] = {}
    for location in estate.locations:
        uses.setdefault(location.role, []).append(f"it reads the registered location {shown(location.arn)}")
    for executor in estate.executors:
        if not executor.kind.startswith(_WHERE_PEOPLE_WORK):
            what = " ".join(filter(None, (executor.kind.replace("_", " "), shown(executor.arn))))
            uses.setdefault(executor.role, []).append(f"{what} runs as it")
    found: dict[str, str] = {}
    for principal in estate.principals:
        if principal.kind is PrincipalKind.SERVICE_LINKED_ROLE:
            found[principal.arn] = "a service-linked role, which its service alone assumes"
            continue
        services = only_services(principal.trust)
        known = list(dict.fromkeys((*uses.get(principal.arn, ()), *(_MACHINERY[each] for each in services if each in _MACHINERY))))
        if services and known:
            more = f" and {len(known) - _AT_MOST} more" if len(known) > _AT_MOST else ""
            found[principal.arn] = f"{'; '.join(known[:_AT_MOST])}{more}; only {', '.join(services)} can assume it"
    return found


def only_services(trust: Policy | None) -> tuple[str, ...]:
    """The services that may assume a role, if nobody else may; empty otherwise, and when the trust policy is not wholly known."""
    if trust is None or trust.unknown:
        return ()
    services: dict[str, None] = {}
    for statement in trust.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        if statement.unknown or statement.not_principals is not None or set(statement.principals or {}) != {"Service"}:
            return ()
        services |= dict.fromkeys((statement.principals or {})["Service"])
    return () if "*" in services else tuple(services)
