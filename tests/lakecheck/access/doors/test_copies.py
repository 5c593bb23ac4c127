"""What others leave lying: replicas, temporary folders, results of queries."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.doors.athena_results import athena_results
from lakecheck.access.doors.replicas import replicas
from lakecheck.access.doors.temporary_files import temporary_files
from lakecheck.access.model import DatasetKind, Door
from lakecheck.formula import Truth, unresolved

from .lakes import (
    ANYONE,
    BUCKET,
    CONSUMER,
    COPY,
    KEY,
    LAKE,
    ORDERS,
    REGION,
    ROUTES,
    allow,
    bucket,
    deny,
    job,
    lake,
    leaks,
    of,
    point,
    role,
    workgroup,
)

OPEN, YES = Truth.OPEN, Truth.TRUE
PLAIN = {"encryption": "SSE_S3", "key": ""}
RESULTS = "arn:aws:s3:::prod-results"
FILES = allow("s3:GetObject", f"{RESULTS}/analysts/*")
START = allow("athena:StartQueryExecution", f"arn:aws:athena:{REGION}:{LAKE}:workgroup/*")
FETCH = allow(["athena:GetQueryResults"], f"arn:aws:athena:{REGION}:{LAKE}:workgroup/*")


def replicated(prefix: str = "", copy: Any = None) -> tuple[Any, ...]:
    """The lake's bucket with a rule, and the copy."""
    source = bucket(replicates_to=((COPY, prefix),))
    return (source, bucket(COPY, **PLAIN) if copy is None else copy)


def test_a_copy_is_read_where_it_lies() -> None:
    """Who reads the replica reads the tables, without the key of the source."""
    auditor = role("Auditor", allow("s3:GetObject", f"{COPY}/*"))
    found = list(replicas(lake(auditor, buckets=replicated())))
    assert of(found, auditor) == {ORDERS: YES, ROUTES: YES}
    assert {access.door for access in found} == {Door.REPLICA}
    assert list(replicas(lake(auditor, buckets=(bucket(), bucket(COPY))))) == []


def test_a_rule_copies_its_prefix_alone() -> None:
    """Tables outside the prefix are not in the copy."""
    auditor = role("Auditor", allow("s3:GetObject", f"{COPY}/*"))
    assert of(replicas(lake(auditor, buckets=replicated("sales/"))), auditor) == {ORDERS: YES}


def test_the_copys_own_policies_decide() -> None:
    """Reading the source is not reading the copy; a key of the copy closes it; a prefix of the copy opens its table."""
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/*"), allow("kms:Decrypt"))
    keyless = role("Keyless", allow("s3:GetObject", f"{COPY}/travel/*"))
    assert of(replicas(lake(reader, buckets=replicated())), reader) == {}
    assert of(replicas(lake(keyless, buckets=replicated())), keyless) == {ROUTES: YES}
    assert of(replicas(lake(keyless, buckets=replicated(copy=bucket(COPY)))), keyless) == {}


def test_a_copy_in_another_account_opens_there() -> None:
    """The destination's account decides about its copy."""
    consumer = role("Consumer", allow("s3:GetObject", f"{COPY}/*"), account=CONSUMER)
    theirs = bucket(COPY, account=CONSUMER, **PLAIN)
    assert of(replicas(lake(consumer, buckets=replicated(copy=theirs))), consumer) == {ORDERS: YES, ROUTES: YES}
    assert of(replicas(lake(consumer, buckets=replicated())), consumer) == {}


def test_a_copy_that_no_template_defines_is_open() -> None:
    """Nobody can say who reads it."""
    anybody = role("Anybody")
    found = list(replicas(lake(anybody, buckets=(bucket(replicates_to=((COPY, ""),)),))))
    assert of(found, anybody) == {ORDERS: OPEN, ROUTES: OPEN}
    assert all("prod-copy" in reason for access in found for reason in unresolved(access.conditions))


def test_writing_a_copy_is_not_writing_the_table() -> None:
    """Only reading passes through a replica."""
    writer = role("Writer", allow("s3:PutObject", f"{COPY}/*"))
    assert list(replicas(lake(writer, buckets=replicated()))) == []


def test_raw_prefixes_are_copied_too() -> None:
    """A copy of a prefix of no table is read as that prefix."""
    raw = bucket("arn:aws:s3:::prod-raw", replicates_to=((COPY, "sales/"),))
    auditor = role("Auditor", allow("s3:GetObject", f"{COPY}/*"))
    found = replicas(lake(auditor, tables=(), buckets=(raw, bucket(COPY, **PLAIN))))
    assert of(found, auditor, kind=DatasetKind.BUCKET) == {"s3://prod-raw/sales/": YES}


JOB = role("Job", allow(["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/*", "arn:aws:s3:::prod-scripts/tmp/*"]), allow("kms:*"))
SCRIPTS = bucket("arn:aws:s3:::prod-scripts", **PLAIN)


@pytest.mark.parametrize(("resource", "truth"), [("tmp/*", YES), ("*", YES), ("tmp/load/part-0", YES), ("code/*", None)])
def test_a_temporary_folder_holds_what_its_job_reads(resource: str, truth: Truth | None) -> None:
    """Reading the folder, or any part of it, is reading what the job's role reads; reading the script is not."""
    developer = role("Developer", allow("s3:GetObject", f"{SCRIPTS.arn}/{resource}"))
    questions = lake(JOB, developer, buckets=(bucket(), SCRIPTS), executors=(job(JOB, "s3://prod-scripts/tmp/"),))
    found = list(temporary_files(questions))
    assert leaks(found) == ({} if truth is None else {("role/Developer", "role/Job"): truth})
    assert all(leak.step.door is Door.TEMPORARY_FILES and leak.step.target == "s3://prod-scripts/tmp/" for leak in found)


def test_a_folder_in_a_bucket_of_no_template_is_open() -> None:
    """Whom that bucket's policy lets is not known."""
    developer = role("Developer")
    questions = lake(JOB, developer, executors=(job(JOB, "s3://made-by-hand/tmp/"),))
    assert leaks(temporary_files(questions)) == {("role/Developer", "role/Job"): OPEN}


def test_a_job_without_temporary_folder_leaves_nothing() -> None:
    """No folder, no leak."""
    developer = role("Developer", allow("s3:*"))
    assert list(temporary_files(lake(JOB, developer, executors=(job(JOB),)))) == []


def results(*statements: dict[str, Any], **more: Any) -> tuple[Any, ...]:
    """The lake's bucket and that of the results."""
    return (bucket(), bucket(RESULTS, *statements, **{**PLAIN, **more}))


def test_results_are_read_by_who_reads_the_files() -> None:
    """Who reads the result prefix reads what the members read, without any right in Athena; members read each other's."""
    analyst, pii, snoop = role("Analyst", START, FILES), role("Pii", START, FILES), role("Snoop", FILES)
    found = list(athena_results(lake(analyst, pii, snoop, workgroups=(workgroup("analysts"),), buckets=results())))
    assert leaks(found) == {
        ("role/Snoop", "role/Analyst"): YES,
        ("role/Snoop", "role/Pii"): YES,
        ("role/Analyst", "role/Pii"): YES,
        ("role/Pii", "role/Analyst"): YES,
    }
    assert {leak.step.door for leak in found} == {Door.ATHENA_RESULTS}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((FETCH,), id="handed out only with the right to the file"),
        pytest.param((allow("s3:GetObject", f"{RESULTS}/engineers/*"),), id="another workgroup's prefix"),
        pytest.param((FILES, deny("s3:GetObject", f"{RESULTS}/*")), id="denied"),
        pytest.param((allow("s3:ListBucket", RESULTS),), id="names alone"),
    ],
)
def test_results_stay_shut(statements: tuple[dict[str, Any], ...]) -> None:
    """One piece less and nobody but the members reads."""
    member, snoop = role("Member", START), role("Snoop", *statements)
    assert leaks(athena_results(lake(member, snoop, workgroups=(workgroup("analysts"),), buckets=results()))) == {}


def test_a_workgroup_without_members_leaves_nothing() -> None:
    """Who may start no query in it has no results there; nor has another account."""
    snoop, foreign = role("Snoop", FILES), role("Foreign", START, account=CONSUMER)
    assert leaks(athena_results(lake(snoop, foreign, workgroups=(workgroup("analysts"),), buckets=results()))) == {}


def test_athena_hands_out_what_the_file_gives_only_through_it() -> None:
    """A right to the file bound to Athena opens it with `GetQueryResults`, and not without."""
    bound = allow("s3:GetObject", f"{RESULTS}/*", Condition={"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}})
    member, with_right, without = role("Member", START), role("With", bound, FETCH), role("Without", bound)
    questions = lake(member, with_right, without, workgroups=(workgroup("analysts"),), buckets=results())
    assert leaks(athena_results(questions)) == {("role/With", "role/Member"): YES}


def test_results_that_athena_keeps_are_opened_by_the_right_alone() -> None:
    """Managed results have no file: `GetQueryResults` on the workgroup decides."""
    member, asking, files = role("Member", START), role("Asking", FETCH), role("Files", FILES)
    managed = workgroup("analysts", output="", managed_results=True)
    questions = lake(member, asking, files, workgroups=(managed,), buckets=results())
    assert leaks(athena_results(questions)) == {("role/Asking", "role/Member"): YES}


def test_results_that_lie_where_clients_say_are_open() -> None:
    """Without an output location nobody can say."""
    member, asking = role("Member", START), role("Asking", FETCH)
    questions = lake(member, asking, workgroups=(workgroup("analysts", output=""),))
    assert leaks(athena_results(questions)) == {("role/Asking", "role/Member"): OPEN}


def test_the_key_of_the_results_counts() -> None:
    """Results under a key of their own stay shut without it."""
    member, keyless, holder = role("Member", START), role("Keyless", FILES), role("Holder", FILES, allow("kms:Decrypt"))
    questions = lake(member, keyless, holder, workgroups=(workgroup("analysts", key=KEY),), buckets=results())
    assert leaks(athena_results(questions)) == {("role/Holder", "role/Member"): YES}


def test_results_are_read_through_points_and_in_copies() -> None:
    """Every door to the prefix counts: an access point, a replica, a public policy."""
    member, through, copied = role("Member", START), role("Through"), role("Copied", allow("s3:GetObject", f"{COPY}/*"))
    entrance = point(allow("s3:GetObject", "*", Principal={"AWS": through.arn}), bucket=RESULTS)
    delegates = allow("s3:*", f"{RESULTS}/*", Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": LAKE}})
    buckets = (*results(delegates, replicates_to=((COPY, ""),)), bucket(COPY, **PLAIN))
    questions = lake(member, through, copied, workgroups=(workgroup("analysts"),), buckets=buckets, access_points=(entrance,))
    assert leaks(athena_results(questions)) == {("role/Through", "role/Member"): YES, ("role/Copied", "role/Member"): YES}
    public = results(allow("s3:GetObject", f"{RESULTS}/*", Principal="*"), public_access_blocked=False)
    found = athena_results(lake(member, ANYONE, workgroups=(workgroup("analysts"),), buckets=public))
    assert leaks(found) == {("anyone", "role/Member"): YES}


def test_spark_sessions_leave_results_of_their_role() -> None:
    """The workgroup's execution role is a member, too."""
    starter, engine, snoop = role("Starter", START), role("Engine"), role("Snoop", FILES)
    spark = workgroup("analysts", role=engine.arn)
    found = athena_results(lake(starter, engine, snoop, workgroups=(spark,), buckets=results()))
    assert leaks(found) == {("role/Snoop", "role/Starter"): YES, ("role/Snoop", "role/Engine"): YES}
