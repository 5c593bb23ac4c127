"""Runs made by hand, as the reports get them: two environments, every check, whatever findings a test is about."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lakecheck.assembly import Assembly, StackTemplate
from lakecheck.assembly.resources import Origin
from lakecheck.checks.base import CheckResult
from lakecheck.evidence import Evidence
from lakecheck.findings import Acknowledged, Finding, in_order
from lakecheck.run import Options, Run
from lakecheck.snapshot import Snapshot
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly import Acknowledgement

DAY = date(2026, 7, 1)
CHECKS = ("compliance", "cloudformation", "lint", "rules", "limits", "access", "upgrade", "acknowledgements")
TEMPLATE = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Queue": {"Type": "AWS::SQS::Queue"}}}
EVIDENCE = Evidence(
    check="rules",
    rule="encryption.bucket_key",
    title="A bucket is encrypted with a key of the lake",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    controls=("NIST.800.53.R5 SC-28",),
    complied=(
        Origin(environment="Dev", stack="Dev/Storage", logical_id="Bucket", construct_path="Dev/Storage/Bucket", source="stacks/a.py:7"),
    ),
    looked_at=2,
)
TAKEN = Acknowledged(rule="Pack::Pack-1", at="Dev/Storage", reason="logs stand elsewhere", owner="storage team", expires="2026-12-31")


def finding(**more: Any) -> Finding:
    """A finding about the bucket of Prod, unless said otherwise."""
    usual = {
        "check": "rules",
        "rule": "encryption.bucket_key",
        "severity": Severity.ERROR,
        "message": "encrypted with a key of AWS; allowed is one of the lake",
        "remedy": "Name the zone's key.",
        "environment": "Prod",
        "stack": "Prod/Storage",
        "logical_id": "Bucket",
        "construct_path": "Prod/Storage/Bucket",
        "source": "stacks/storage.py:12",
    }
    return Finding(**{**usual, **more})


def assembly(directory: str = "cdk.out", acknowledgements: tuple[Acknowledgement, ...] = ()) -> Assembly:
    """Dev and Prod with a stack each."""
    stacks = tuple(
        StackTemplate(
            environment=environment,
            account=account,
            region="eu-west-1",
            stack_name=f"{environment}-Storage",
            path=f"{environment}/Storage",
            parent=None,
            file=f"{environment}.template.json",
            size=100,
            template=TEMPLATE,
            bare=TEMPLATE,
            construct_paths={"Bucket": f"{environment}/Storage/Bucket"},
            sources={},
            termination_protection=False,
        )
        for environment, account in (("Dev", "444444444401"), ("Prod", "444444444421"))
    )
    return Assembly(directory=directory, version="55.0.0", stacks=stacks, acknowledgements=acknowledgements)


def run_of(
    *findings: Finding,
    evidence: Iterable[Evidence] = (),
    not_run: dict[str, str] | None = None,
    judged: Assembly | None = None,
    fail_on: Severity = Severity.WARNING,
    **more: Any,
) -> Run:
    """A run of all checks that found this."""
    told = tuple(evidence)
    skipped = {} if not_run is None else not_run
    results = tuple(
        CheckResult(
            name=name,
            title=f"{name} 1.0",
            findings=tuple(each for each in findings if each.check == name),
            detail="2 templates",
            seconds=0.25,
            not_run=skipped.get(name, ""),
            evidence=tuple(each for each in told if each.check == name),
        )
        for name in CHECKS
    )
    return Run(
        snapshot=Snapshot(assembly() if judged is None else judged),
        options=Options(as_of=DAY, fail_on=fail_on),
        results=results,
        findings=in_order(findings),
        seconds=1.5,
        **more,
    )


ODD = (*"\ud800\udfff\x00\x01\x1b\x7f\x85\u2028\u202e\ufffe<>&|`*_[](){}#@!~$%^\"'\\/:\n\r\t=+-", "://", "www.", "\n\n# ", ":a:", "GH-1")
WILD = st.lists(st.one_of(st.characters(), st.sampled_from(ODD), st.sampled_from(ODD)), max_size=10).map("".join)
"""Texts as a template may have them: control characters, halves of surrogate pairs, markup of every kind."""

findings = st.builds(
    Finding,
    check=st.sampled_from(CHECKS),
    rule=WILD,
    severity=st.sampled_from(Severity),
    message=WILD,
    remedy=WILD,
    environment=WILD,
    stack=st.one_of(WILD, st.just("Prod/Storage")),
    logical_id=WILD,
    construct_path=WILD,
    source=st.one_of(WILD, WILD.map(lambda text: f"{text}:3")),
    controls=st.lists(WILD, max_size=2).map(tuple),
    acknowledged=st.none() | st.builds(Acknowledged, rule=WILD, at=WILD, reason=WILD, owner=st.none() | WILD, expires=st.none() | WILD),
    details=st.lists(WILD, max_size=3).map(tuple),
    help=WILD,
    category=st.one_of(WILD, st.sampled_from(["", "data_loss", "access_gain"])),
)
