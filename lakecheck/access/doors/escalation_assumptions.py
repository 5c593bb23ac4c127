"""What the doors of escalation take for granted, in words for the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.iam.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.iam.model import Policy


def escalations(questions: Questions) -> Iterator[str]:
    """Sentences, each only where the estate gives a reason for it, in a stable order.

    Args:
        questions: Of the estate.
    """
    estate = questions.estate
    if any(each.trust is not None for each in estate.principals):
        yield "Nobody but the principals that templates or a supplement name has rights in the accounts of the estate."
    services = [each for each in estate.principals if each.trust is not None and _trusts_services(each.trust)]
    if services:
        yield "Whoever may pass a role to a service finds there what it takes to use it: an instance profile, an image, a cluster."
    if any(each.kind == "glue_job" for each in estate.executors):
        yield "No Glue job forbids its runs to name another script (NonOverridableArguments)."
    if any(each.kind == "ec2_instance" for each in estate.executors):
        yield "Every instance takes commands of Systems Manager and keys of EC2 Instance Connect."
    if any(each.boundary is not None for each in estate.principals) or any(each.scps for each in estate.accounts.values()):
        yield "Whoever can do anything in an account can do what its guardrails (SCPs) deny to it, as some other principal of that account."


def _trusts_services(trust: Policy) -> bool:
    return any("Service" in (each.principals or {}) for each in trust.statements if each.effect is Effect.ALLOW)
