"""Rehearsals to report: an ordinary one, a hostile one, a large one; for tests alone."""

from __future__ import annotations

from dataclasses import replace

from lakecheck.rehearsal.model import Difference, Outcome, Rehearsed, Report, ResourceResult, Retained, Step
from lakecheck.rehearsal.untruths import untruths

ACCOUNT, REGION = "111111111111", "eu-west-1"


def result(number: int = 0, how: Rehearsed = Rehearsed.BY_EMULATOR, *, kind: str = "AWS::S3::Bucket", reason: str = "") -> ResourceResult:
    """One resource."""
    differences = (
        (
            Difference(path="Rules[0].Status", stated="Enabled"),
            Difference(path="Name", stated="a", found="b", is_returned=True),
            Difference(path="MasterPassword", stated="do not show", found=None),
        )
        if how is Rehearsed.NOT
        else ()
    )
    return ResourceResult(
        account=ACCOUNT,
        region=REGION,
        stack="Dev-Lake",
        logical_id=f"Thing{number}",
        type=kind,
        physical_id=f"thing-{number}",
        path=f"Dev/Lake/Thing{number}/Resource" if number % 2 else "",
        rehearsed=how,
        properties=4,
        returned=4 - len(differences),
        differences=differences,
        unread=("Secret",),
        reason=reason or ("the API does not return Rules[].Status" if how is Rehearsed.NOT else ""),
        note="Metrics are not kept." if kind == "AWS::S3::Bucket" else "",
        added=("glue:get_table_optimizer",) if kind == "AWS::Glue::Table" else (),
    )


def rehearsal() -> Report:
    """Two steps that passed, one left out; of six resources two are not rehearsed, one is in no API."""
    return Report(
        assembly="cdk.out",
        environment="Dev",
        accounts=(ACCOUNT, "222222222222"),
        emulator="moto 5.2.5",
        steps=(
            Step(name="deploy", title="Deploy with the CDK CLI", outcome=Outcome.PASSED, seconds=12.25, facts=("11 stacks", "6 resources")),
            Step(name="compare", title="Compare", outcome=Outcome.PASSED, seconds=2.0),
            Step(name="pipeline", title="Run the pipelines", outcome=Outcome.SKIPPED, seconds=0.0, reason="there is no Java"),
        ),
        resources=(
            result(1),
            result(2),
            result(3, Rehearsed.BY_ADAPTER, kind="AWS::Glue::Table"),
            result(4, Rehearsed.NOT),
            result(5, Rehearsed.NOT, kind="AWS::Athena::WorkGroup", reason="it is not there"),
            result(6, Rehearsed.NOWHERE, kind="AWS::CDK::Metadata", reason="it makes nothing"),
        ),
        retained=(
            Retained(account=ACCOUNT, region=REGION, stack="Dev-Lake", logical_id="Raw", type="AWS::S3::Bucket", physical_id="raw-bucket"),
        ),
        rewritten=("The bootstrap version rule of 11 templates was removed.",),
        untruths=untruths(),
    )


EVIL = "</script><script>alert(1)</script> \"'><img src=x onerror=alert(2)> `|*[a](http://evil.example)\n# head\x1b[31m\u202e @everyone"


def hostile() -> Report:
    """Every text that comes from templates, files or services is an attack."""
    told = result(1, Rehearsed.NOT)
    evil = replace(
        told,
        stack=EVIL,
        logical_id=EVIL,
        type=EVIL,
        physical_id=EVIL,
        path=EVIL,
        reason=EVIL,
        note=EVIL,
        unread=(EVIL,),
        differences=(Difference(path=EVIL, stated=EVIL, found={EVIL: [EVIL]}, is_returned=True),),
    )
    step = Step(name="deploy", title="Deploy", outcome=Outcome.FAILED, seconds=1.0, facts=(EVIL,), reason=EVIL)
    left = Retained(account=ACCOUNT, region=REGION, stack=EVIL, logical_id=EVIL, type=EVIL, physical_id=EVIL)
    return Report(
        assembly=EVIL,
        environment=EVIL,
        accounts=(ACCOUNT,),
        emulator="moto 5.2.5",
        steps=(step,),
        resources=(evil,),
        retained=(left,),
        rewritten=(EVIL,),
        untruths=(EVIL,),
    )


def large(number: int = 1_000) -> Report:
    """As many resources of a dozen types, half of them not rehearsed, each with a reason of a few."""
    results = [
        result(
            each,
            Rehearsed.NOT if each % 2 else Rehearsed.BY_EMULATOR,
            kind=f"AWS::Service{each % 12}::Thing",
            reason=f"the API does not return Property{each % 7}" if each % 2 else "",
        )
        for each in range(number)
    ]
    return replace(rehearsal(), resources=tuple(results))
