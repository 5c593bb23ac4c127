"""What the doors of escalation say that they take for granted."""

from __future__ import annotations

from dataclasses import replace

from lakecheck.access.doors.escalation_assumptions import escalations
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account, Estate
from tests.lakecheck.access.doors.lakes import LAKE, allow, job, lake, policy, role, trust


def test_an_empty_estate_rests_on_nothing() -> None:
    """Each sentence needs a reason."""
    assert list(escalations(Questions(Estate()))) == []


def test_each_reason_has_its_sentence() -> None:
    """Roles that services use, jobs, guardrails."""
    loader = role("Loader", trust=trust("glue.amazonaws.com"))
    said = " ".join(escalations(lake(loader, executors=(job(loader),))))
    assert "instance profile" in said
    assert "NonOverridableArguments" in said
    assert "Systems Manager" not in said
    assert "guardrails" not in said
    guarded = Account(id=LAKE, environments=("Prod",), scps=((policy("Full", allow("*")),),))
    assert "guardrails" in " ".join(escalations(lake(loader, accounts={LAKE: guarded})))
    assert "Nobody but the principals that templates or a supplement name has rights" in said
    instance = replace(job(loader), kind="ec2_instance")
    assert "Systems Manager" in " ".join(escalations(lake(loader, executors=(instance,))))
