"""A small lake with one of everything a page can show; every name in it can be seasoned with what would break a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.difference import difference
from lakecheck.access.invariants.verdicts import Asked, Counterexample, Exempted, Judgement, State, Verdict
from lakecheck.access.model import Action, Dataset, DatasetKind, DeadGrant, Door
from lakecheck.access.review import review
from lakecheck.assembly import Acknowledgement, Assembly, StackTemplate
from lakecheck.checks.measures import Measure
from lakecheck.snapshot import Snapshot
from lakecheck.upgrade.model import Category, Comparison, Risk
from lakecheck.upgrade.review import JudgedRisk, UpgradeReview
from lakecheck.values import hole
from lakemodel.approvals import Register, RegisteredRisk
from lakemodel.findings import Place, Severity
from lakemodel.limits import Quota
from lakemodel.upgrade_risk import UpgradeRisk
from tests.lakecheck.access.matrices import ADMIN, ANALYST, FROM_VPC, JOB, NOBODY_KNOWS, READER, access, administers, becomes, matrix
from tests.lakecheck.report.runs import DAY, EVIDENCE, TAKEN, finding, run_of

if TYPE_CHECKING:
    from lakecheck.access.model import Matrix
    from lakecheck.run import Run

HOSTILE: Final = (
    "x</script></style><script>hacked=1</script><!--<img src=//evil.example/a.png onerror=hacked=1>\"'&amp;\u2028\u202e\x1b\ud800"
)
"""What a template may have for a name."""

LAKE, CONSUMER = "444444444421", "444444444422"
ACCOUNTS: Final = {"Dev": ("444444444401", "444444444402"), "Prod": (LAKE, CONSUMER)}
STACKS: Final = {"Storage": (0, 28), "Catalog": (0, 19), "Grants": (0, 6), "Analytics": (1, 12)}


def everything(spice: str = "", *, tables: int = 2, people: int = 0) -> Run:
    """A failed run with a base.

    Args:
        spice: What every name ends with.
        tables: How many tables each environment has.
        people: How many more analysts there are.
    """
    judged = _assembly(spice)
    snapshot, base = Snapshot(judged), Snapshot(judged)
    now = _matrix(spice, tables, people)
    snapshot.__dict__["matrix"] = now
    was = replace(now, accesses=tuple(one for one in now.accesses if one.principal is not READER))
    run = run_of(
        finding(message=f"encrypted with a key of AWS{spice}", details=(f"the zone's key is another{spice}",), help=EVIDENCE.source),
        finding(environment="Dev", stack="Dev/Storage", construct_path="Dev/Storage/Bucket"),
        finding(
            check="lint", rule=f"W1001{spice}", severity=Severity.WARNING, message="not wise", stack="Prod/Catalog", construct_path="",
            help="javascript:alert(1)",
        ),
        finding(check="cloudformation", rule="N1", severity=Severity.NOTE, message="not known"),
        finding(
            check="compliance", rule="NIST.800.53.R5-S3BucketLoggingEnabled",
            acknowledged=replace(TAKEN, reason=f"logs stand elsewhere{spice}"),
            controls=("AU-2", f"AC-6{spice}"), construct_path="Prod/Storage/Logs",
        ),
        finding(check="access", rule="pii-readers-only", message="REFUTED: role/Analyst can read sales.customers.email", stack=""),
        evidence=(EVIDENCE,),
        judged=judged,
        judgement=_judgement(spice),
        base=base,
        upgrade=_upgrade(base, snapshot, spice),
        gains=review(difference(was, now), Register(), as_of=DAY),
        new_acknowledgements=judged.acknowledgements[:1],
        gone_acknowledgements=(Acknowledgement(path="Prod/Old", rule=f"Pack::Old{spice}", reason=f"it was so{spice}"),),
    )  # fmt: skip
    measures = (
        Measure(quota=Quota.STACK_RESOURCES, count=412, place=f"Prod/Storage{spice}", environment="Prod", stack=judged.stacks[0]),
        Measure(quota=Quota.BUCKET_POLICY_BYTES, count=30_000, place="Prod/Storage/Bucket", environment="Prod", is_about=True),
        Measure(quota=Quota.ACCOUNT_ROLES, count=90, place=f"{LAKE} eu-west-1", environment="Prod", raised_to=3000),
    )
    results = tuple(replace(one, measures=measures) if one.name == "limits" else one for one in run.results)
    return replace(run, snapshot=snapshot, results=results)


def _assembly(spice: str) -> Assembly:
    stacks = [
        StackTemplate(
            environment=environment, account=accounts[owner], region="eu-west-1", stack_name=f"{environment}-{name}",
            path=f"{environment}/{name}", parent=None, file=f"{environment}{name}.json", size=100,
            template={}, bare={"Resources": {f"R{number}": {"Type": "AWS::S3::Bucket"} for number in range(resources)}},
            construct_paths={}, sources={}, termination_protection=name == "Storage",
        )
        for environment, accounts in ACCOUNTS.items()
        for name, (owner, resources) in STACKS.items()
    ]  # fmt: skip
    if spice:
        stacks.append(replace(stacks[-1], path=f"Prod/Odd{spice}", region=f"eu{spice}", account=f"any{spice}"))
    taken = (
        Acknowledgement(
            path="Prod/Storage/Logs", rule="NIST.800.53.R5::NIST.800.53.R5-S3BucketLoggingEnabled", reason=f"logs stand elsewhere{spice}",
            owner=f"storage team{spice}", expires="2026-06-30", source="stacks/storage.py:40",
        ),
        Acknowledgement(path="Dev/Storage/Logs", rule=f"Pack::One{spice}", reason="nobody reads it"),
    )  # fmt: skip
    return Assembly(directory=f"cdk.out{spice}", version="55.0.0", stacks=tuple(stacks), acknowledgements=taken)


def _matrix(spice: str, tables: int, people: int) -> Matrix:
    names = ["customers", "orders", *(f"table_{number:04}" for number in range(tables - 2))]
    every = [
        Dataset(DatasetKind.TABLE, accounts[0], "eu-west-1", f"{('sales', 'travel')[number % 2]}{number // 60 or ''}.{name}{spice}", stage)
        for stage, accounts in ACCOUNTS.items()
        for number, name in enumerate(names)
    ]
    name = f"s3://prod-storage-landing0a1b2c3d-{hole('Prod/Storage/Landing0A1B2C3D', generated=True)}/sales{spice}/"
    landing = Dataset(DatasetKind.BUCKET, LAKE, "eu-west-1", name, "Prod")
    plain = Dataset(DatasetKind.BUCKET, LAKE, "eu-west-1", "s3://prod-plain/", "Prod")
    prod = [one for one in every if one.environment == "Prod"]
    odd = replace(ANALYST, arn=f"{ANALYST.arn}-odd{spice}", name=f"role/Odd{spice}")
    more = [replace(ANALYST, arn=f"{ANALYST.arn}-{number}", name=f"role/Analyst{number:03}") for number in range(people)]
    found = matrix(
        access(READER, prod[0], columns=("email", f"name{spice}")),
        access(ANALYST, prod[0], columns=("name",), conditions=FROM_VPC),
        access(ANALYST, prod[1], rows="total > 5"),
        access(replace(ANALYST, arn=f"{ANALYST.arn}-zeta", name="role/Zeta"), prod[0], columns=(f"name{spice}",)),
        access(odd, prod[1], conditions=NOBODY_KNOWS, because=(f"a statement{spice}",)),
        *(access(person, one) for person in more for one in prod),
        access(ANALYST, landing, Action.WRITE, door=Door.S3),
        access(JOB, prod[0], Action.DROP),
        access(JOB, plain, Action.WRITE, door=Door.S3, conditions=FROM_VPC),
        *(access(ANALYST, one) for one in every if one.environment == "Dev"),
        edges=(becomes(ANALYST, READER, Door.PASS_ROLE, NOBODY_KNOWS), administers(ADMIN)),
        datasets=(*every, landing, plain),
        dead=(DeadGrant(principal=f"role/Gone{spice}", what="SELECT on sales.orders", missing="lakeformation:GetDataAccess"),),
        data_plane={JOB.arn: f"only glue.amazonaws.com can assume it{spice}"},
    )
    return replace(
        found, not_known=(f"the policy of the bucket other{spice}",), assumptions=("SCPs allow everything",),
        columns={prod[0]: ("email", f"name{spice}", "birthday")},
    )  # fmt: skip


def _judgement(spice: str) -> Judgement:
    asked = Asked(
        principal=ANALYST.arn, action="s3:GetObject", resource=f"arn:aws:s3:::prod-curated/customers{spice}",
        context={"aws:sourcevpce": ("vpce-1",)}, because=("NotebookRole/DefaultPolicy statement 2",),
    )  # fmt: skip
    shown = Counterexample(
        summary=f"role/Analyst can read sales.customers.email{spice}", environment="Prod", requests=(asked,), context=asked.context,
        because=(f"the bucket's policy does not deny it{spice}",), remedy="Remove the statement.", source="stacks/analytics.py:88",
    )  # fmt: skip
    open_one = Counterexample(summary="role/Old may read it", reasons=(f"no template defines its policy{spice}",))
    return Judgement(
        verdicts=(
            Verdict(
                id="lake-is-private", says="Nobody outside reads the lake", state=State.PROVED, looked_at=40,
                exempted=(Exempted(who="role/Audit*", because=f"they audit{spice}", principals=(), needed=False),),
            ),
            Verdict(id="pii-readers-only", says="Only PII readers read email", state=State.REFUTED, examples=(shown,), more=2, looked_at=9),
            Verdict(id=f"old-roles{spice}", says="Old roles read nothing", state=State.UNKNOWN, examples=(open_one,), looked_at=3),
        ),
        assumptions=("SCPs allow everything",),
        not_known=(f"an account's policies{spice}",),
    )  # fmt: skip


def _upgrade(base: Snapshot, head: Snapshot, spice: str) -> UpgradeReview:
    def risk(category: Category, rule: str, **more: object) -> Risk:
        said = {
            "environment": "Prod", "stack": "Prod/Storage", "logical_id": "Curated", "type": "AWS::S3::Bucket",
            "message": f"the bucket is replaced{spice}", "consequence": "Its objects stay behind in a bucket that nobody owns.",
            "remedy": "Keep the name, or copy the objects first.", "was": "curated-1", "now": f"curated-2{spice}", "property": "BucketName",
            "because": (f"BucketName is create-only{spice}",), "source": "stacks/storage.py:12",
        }  # fmt: skip
        return Risk(category=category, rule=rule, **{**said, **more})

    approval = UpgradeRisk(
        kind="upgrade_risk", rule="security_weakened.logging_off", environments=["Prod"], stack="Storage",
        reason=f"moved elsewhere{spice[:20]}", owner="storage team", expires="2026-12-31",
    )  # fmt: skip
    weak = risk(Category.SECURITY_WEAKENED, "security_weakened.logging_off", message="logging is off", is_certain=False)
    judged = (
        JudgedRisk(risk=risk(Category.DATA_LOSS, "data_loss.replaced"), is_open=True),
        JudgedRisk(risk=weak, approval=RegisteredRisk(approval, Place("config/approvals.yaml", 3))),
        JudgedRisk(
            risk=risk(Category.IDENTITY, "identity.renamed", message="the export is called otherwise", logical_id="", stack="Prod/Catalog")
        ),
        *(JudgedRisk(risk=risk(Category.HARMLESS, "harmless.updated", message="updated", logical_id=f"R{number}")) for number in range(3)),
    )
    return UpgradeReview(comparison=Comparison(base=base, head=head, not_known=(f"a macro{spice}",)), as_of=DAY, judged=judged)
