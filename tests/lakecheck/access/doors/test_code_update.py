"""Who can change what runs as a role, or run something of theirs in it."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.doors.code_update import code_update
from lakecheck.access.doors.ways import CHANGED
from lakecheck.estate.model import Executor
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import edge, edges, root
from tests.lakecheck.access.doors.lakes import (
    ANYONE,
    BUCKET,
    CONSUMER,
    KEY,
    LAKE,
    REGION,
    STRANGER,
    allow,
    bucket,
    deny,
    lake,
    origin,
    policy,
    role,
    stranger,
    trust,
    workgroup,
)

FUNCTION = f"arn:aws:lambda:{REGION}:{LAKE}:function:load"
JOB = f"arn:aws:glue:{REGION}:{LAKE}:job/load"
PAIR = ("role/Dev", "role/Loader")
LOADER = role("Loader", trust=trust("glue.amazonaws.com"))


def executor(kind: str = "lambda", arn: str = FUNCTION, **more: Any) -> Executor:
    """Something that runs as the loader."""
    return Executor(kind=kind, arn=arn, account=LAKE, role=LOADER.arn, origin=origin("Load"), **more)


def found(*principals: Any, what: Executor | None = None, **more: Any) -> dict[tuple[str, str], Truth]:
    """Who acts as whom."""
    return edges(code_update(lake(LOADER, *principals, executors=(what or executor(),), **more)))


def test_changing_a_functions_code_is_acting_as_it() -> None:
    """Or its configuration, which may name other layers; invoking it is not, nor publishing layers."""
    assert found(role("Dev", allow("lambda:UpdateFunctionCode", FUNCTION))) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("lambda:UpdateFunctionConfiguration", FUNCTION))) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow(["lambda:InvokeFunction", "lambda:PublishLayerVersion", "lambda:Get*"]))) == {}


def test_only_the_function_itself_counts() -> None:
    """Another function's code is of no use."""
    assert found(role("Dev", allow("lambda:*", f"arn:aws:lambda:{REGION}:{LAKE}:function:other"))) == {}
    assert found(role("Dev", allow("lambda:*"), deny("lambda:Update*", FUNCTION))) == {}
    assert found(role("Dev", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("lambda:*"), boundary=policy("B", allow("s3:*")))) == {}


def test_a_functions_own_policy_can_let_others_change_it() -> None:
    """Another account needs both sides; everybody named is found."""
    own = policy("Load/Permission", allow("lambda:UpdateFunctionCode", FUNCTION, Principal={"AWS": root(STRANGER)}))
    outside = stranger()
    assert found(outside, what=executor(invokers=own)) == {(outside.name, "role/Loader"): Truth.TRUE}
    everybody = policy("Load/Permission", allow("lambda:*", FUNCTION, Principal="*"))
    assert found(ANYONE, what=executor(invokers=everybody))[("anyone", "role/Loader")] is Truth.TRUE
    invoking = policy("Load/Permission", allow("lambda:InvokeFunction", FUNCTION, Principal="*"))
    assert found(ANYONE, role("Dev"), what=executor(invokers=invoking)) == {}
    far = role("Dev", allow("lambda:*"), account=CONSUMER)
    assert found(far) == {}
    let = policy("Load/Permission", allow("lambda:*", FUNCTION, Principal={"AWS": far.arn}))
    assert found(far, what=executor(invokers=let)) == {PAIR: Truth.TRUE}


def test_starting_a_job_run_is_running_a_script_of_ones_own() -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html lists --scriptLocation."""
    job = executor("glue_job", JOB)
    assert found(role("Dev", allow("glue:StartJobRun", JOB)), what=job) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("glue:GetJob*", JOB)), what=job) == {}


def test_updating_a_job_needs_the_role_to_be_passed() -> None:
    """UpdateJob takes the whole job anew, its role too."""
    job = executor("glue_job", JOB)
    assert found(role("Dev", allow("glue:UpdateJob")), what=job) == {}
    assert found(role("Dev", allow(["glue:UpdateJob", "iam:PassRole"])), what=job) == {PAIR: Truth.TRUE}


WAYS = [(kind, way) for kind, ways in CHANGED.items() for way in ways]


@pytest.mark.parametrize(("kind", "way"), WAYS, ids=[f"{kind}-{'-'.join(each for each, _ in way)}" for kind, way in WAYS])
def test_each_way_leads_to_the_role(kind: str, way: tuple[tuple[str, str], ...]) -> None:
    """Whatever runs, all rights of a way together reach its role; without its first one there is none left of it."""
    service = way[0][0].partition(":")[0]
    what = executor(kind, f"arn:aws:{service}:{REGION}:{LAKE}:thing/load")
    actions = sorted({each for each, _ in way})
    assert found(role("Dev", allow(actions)), what=what) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("ec2:DescribeInstances")), what=what) == {}


SCRIPT = "s3://prod-curated/scripts/load.py"


def test_writing_a_jobs_script_is_acting_as_the_job() -> None:
    """The object itself, and nothing else of the bucket."""
    job = executor("glue_job", JOB, code=SCRIPT)
    assert found(role("Dev", allow("s3:PutObject", f"{BUCKET}/scripts/*")), what=job) == {PAIR: Truth.TRUE}
    assert found(role("Dev", allow("s3:PutObject", f"{BUCKET}/sales/*")), what=job) == {}
    assert found(role("Dev", allow("s3:GetObject")), what=job) == {}


def test_a_bucket_that_insists_on_its_key_needs_the_key() -> None:
    """Else whoever writes picks the encryption."""
    job = executor("glue_job", JOB, code=SCRIPT)
    insisting = bucket(
        BUCKET,
        deny("s3:PutObject", f"{BUCKET}/*", Principal="*", Condition={"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}),
    )
    write = allow("s3:PutObject", f"{BUCKET}/*")
    assert found(role("Dev", write), what=job, buckets=(insisting,)) == {}
    assert found(role("Dev", write, allow("kms:GenerateDataKey", KEY)), what=job, buckets=(insisting,)) == {PAIR: Truth.TRUE}


def test_a_bucket_policy_can_let_others_write_the_script() -> None:
    """Whom it names is found."""
    job = executor("glue_job", JOB, code=SCRIPT)
    open_bucket = bucket(BUCKET, allow("s3:PutObject", f"{BUCKET}/scripts/*", Principal={"AWS": root(STRANGER)}))
    assert found(stranger(), what=job, buckets=(open_bucket,)) == {(stranger().name, "role/Loader"): Truth.TRUE}


def test_a_functions_package_counts_once_it_is_deployed_again() -> None:
    """Lambda has taken its copy."""
    dev = role("Dev", allow("s3:PutObject"))
    one = edge(code_update(lake(LOADER, dev, executors=(executor(code=SCRIPT),))), dev, LOADER)
    assert any("deployed again" in reason for reason in unresolved(one.conditions))


def test_a_script_in_a_bucket_of_no_template_is_open() -> None:
    """Such as the bucket of CDK's assets, whose policy nobody knows."""
    job = executor("glue_job", JOB, code=f"s3://cdk-hnb659fds-assets-{LAKE}-{REGION}/abc.py")
    assert found(role("Dev", allow("s3:PutObject")), what=job) == {PAIR: Truth.OPEN}
    assert found(role("Dev", allow("s3:PutObject", "arn:aws:s3:::other/*")), what=job) == {}


def test_whoever_updates_stacks_acts_as_the_deployer() -> None:
    """Where it is what stacks are deployed with."""
    name = f"cdk-hnb659fds-cfn-exec-role-{LAKE}-{REGION}"
    deployer = role(name)
    assert found(deployer, role("Dev", allow("cloudformation:UpdateStack"))) == {("role/Dev", f"role/{name}"): Truth.OPEN}
    assert found(deployer, role("Dev", allow("cloudformation:Describe*"))) == {}


def test_an_administrator_has_a_shorter_way() -> None:
    """Told by the door of policy edits."""
    assert found(role("Admin", allow("*"))) == {}


def test_what_runs_as_a_role_does_not_become_it() -> None:
    """It is it."""
    own = role("Self", allow("lambda:*"), trust=trust("lambda.amazonaws.com"))
    what = Executor(kind="lambda", arn=FUNCTION, account=LAKE, role=own.arn, origin=origin("Self"))
    assert edges(code_update(lake(own, executors=(what,)))) == {}


def test_a_workgroup_for_spark_runs_notebooks_as_its_role() -> None:
    """One for SQL has no role."""
    spark = workgroup("Spark", role=LOADER.arn)
    dev = role("Dev", allow("athena:StartSession", spark.arn))
    assert edges(code_update(lake(LOADER, dev, workgroups=(spark,)))) == {PAIR: Truth.TRUE}
    assert edges(code_update(lake(LOADER, dev, workgroups=(workgroup("Spark"),)))) == {}
