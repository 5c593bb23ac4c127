"""The questions to the trail are asked of records in CloudTrail's published shapes, and answer.

DuckDB runs the SQL that Athena gets; what Trino calls otherwise is given its name. Its structs come from the table's own columns.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from constructs_lib.organization.trail import TRAIL_COLUMNS, TrailQuestion, questions
from lakemodel.types.model import List, Map, Primitive, Struct, StructField
from tests.constructs.organization.trail.events import CONSUMER, LAKE, OUTSIDE, event, role, root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.types.model import DataType

RECORD = Struct(tuple(StructField(name, kind) for name, kind in TRAIL_COLUMNS.items()))
NOW = "TIMESTAMP '2026-11-20 12:00:00'"
DIALECT = (
    "CREATE MACRO json_extract_scalar(document, path) AS json_extract_string(document, path)",
    "CREATE MACRO date_format(moment, form) AS strftime(moment, form)",
)
TABLE = f"arn:aws:glue:eu-west-1:{LAKE}:table/sales/orders"
LOCATION = "s3://dev-mainstorage-curated/sales/orders/orders/"
ANALYST = role(CONSUMER, "AWSReservedSSO_DataAnalyst_0123", "jane@example.com", unique="AROAANALYST")
ANALYST_ARN = f"arn:aws:iam::{CONSUMER}:role/AWSReservedSSO_DataAnalyst_0123"
QUERY_ID = "33333333-4444-5555-6666-777777777777"


def duck_type(kind: DataType) -> str:
    match kind:
        case Struct():
            return "STRUCT(" + ", ".join(f'"{field.name}" {duck_type(field.type)}' for field in kind.fields) + ")"
        case List():
            return f"{duck_type(kind.element)}[]"
        case Map():
            return f"MAP({duck_type(kind.key)}, {duck_type(kind.value)})"
        case Primitive():
            return "VARCHAR"
    raise AssertionError(kind)


def as_read(value: Any, kind: DataType) -> Any:
    """A part of a record as Athena's SerDe reads it: names in lower case, what the column takes for text kept as JSON."""
    if value is None:
        return None
    if isinstance(kind, Struct):
        lower = {name.lower(): part for name, part in value.items()}
        return {field.name: as_read(lower.get(field.name), field.type) for field in kind.fields}
    return value if isinstance(value, str) else json.dumps(value)


def admission(table: str, session: str | None, *, identity: dict[str, Any], principal: str | None, at: str, **more: Any) -> dict[str, Any]:
    extra = {"requesterService": "ATHENA", "lakeFormationPrincipal": principal, "lakeFormationRoleSessionName": session}
    return event(
        "lakeformation",
        "GetDataAccess",
        identity,
        eventTime=at,
        sourceIPAddress="athena.amazonaws.com",
        requestParameters={
            "tableArn": table,
            "permissions": ["SELECT"],
            "auditContext": {"additionalAuditContext": f"{{queryId: {QUERY_ID}}}"},
            "cellLevelSecurityEnforced": True,
        },
        additionalEventData={name: value for name, value in extra.items() if value is not None},
        **more,
    )


def get_object(
    identity: dict[str, Any], number: int, *, location: str = LOCATION, at: str = "2026-11-18T10:00:05Z", **more: Any
) -> dict[str, Any]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return event(
        "s3",
        "GetObject",
        identity,
        eventTime="2026-11-18T10:00:05Z",
        eventID=f"object-{number}-{more.get('recipientAccountId', '')}",
        sharedEventID=f"shared-{number}",
        eventCategory="Data",
        requestParameters={"bucketName": bucket, "key": f"{prefix}data/{number}.parquet", "Host": "s3.amazonaws.com"},
        additionalEventData={"bytesTransferredOut": 1000, "SSEApplied": "SSE_KMS"},
        **more,
    )


LF_SESSION = role(LAKE, "Registration", f"AWSLF-00-AT-{CONSUMER}-EXAMPLE04")
OTHER_SESSION = role(LAKE, "Registration", f"AWSLF-00-AT-{CONSUMER}-EXAMPLE05")
OWNERS_COPY = {"type": "AWSAccount", "principalId": "AROAANALYST:jane@example.com", "accountId": CONSUMER}
JOB = role(LAKE, "Dev-MainPipelines-OrdersJob", "GlueJobRunnerSession", unique="AROAJOB")
ANONYMOUS = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
SERVICE = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}

RECORDS = [
    admission(TABLE, LF_SESSION["arn"].split("/")[-1], identity=ANALYST, principal=ANALYST_ARN, at="2026-11-18T10:00:00Z"),
    admission(TABLE, LF_SESSION["arn"].split("/")[-1], identity=OWNERS_COPY, principal=None, at="2026-11-18T10:00:00Z",
              recipientAccountId=LAKE),
    admission(f"{TABLE}_x", OTHER_SESSION["arn"].split("/")[-1], identity=ANALYST, principal=ANALYST_ARN, at="2026-11-18T11:00:00Z"),
    admission(TABLE, None, identity=JOB, principal=JOB["sessionContext"]["sessionIssuer"]["arn"], at="2026-11-19T01:00:00Z"),
    admission(TABLE, "AWSLF-00-AT-DENIED", identity=role(CONSUMER, "Curious", "bob"), principal=None, at="2026-11-18T12:00:00Z",
              errorCode="AccessDeniedException", errorMessage="no"),
    admission(TABLE, "AWSLF-00-AT-OLD", identity=role(CONSUMER, "Former", "eve"), principal=None, at="2026-11-01T12:00:00Z"),
    event("athena", "StartQueryExecution", ANALYST, requestParameters={"workGroup": "lake-data-analyst", "queryString": "***OMITTED***"},
          responseElements={"queryExecutionId": QUERY_ID}),
    get_object(LF_SESSION, 1), get_object(LF_SESSION, 2),
    get_object(LF_SESSION, 2, recipientAccountId=CONSUMER),
    get_object(OTHER_SESSION, 3, location="s3://dev-mainstorage-curated/sales/orders/orders_x/"),
    get_object(JOB, 4), get_object(JOB, 5), get_object(ANONYMOUS, 6, errorCode="AccessDenied"),
    get_object(role(OUTSIDE, "Thief", "mallory"), 7, recipientAccountId=LAKE),
    get_object(JOB, 8, location="s3://dev-mainstorage-curated/sales/customers/customers/"),
    event("organizations", "DetachPolicy", role("111111111111", "Admin", "root-of-all-evil"), requestParameters={"policyId": "p-1"}),
    event("config", "DeleteOrganizationConfigRule", role("333333333333", "Admin", "sam"), errorCode="AccessDenied"),
    event("organizations", "ListPolicies", role("111111111111", "Admin", "sam")),
    event("sts", "AssumeRole", role("333333333333", "Users", "sam"), requestParameters={"roleArn": f"arn:aws:iam::{LAKE}:role/BreakGlass"}),
    event("kms", "Decrypt", role(LAKE, "BreakGlass", "sam"), eventTime="2026-11-18T10:05:00Z"),
    event("sts", "AssumeRole", role(LAKE, "Users", "sam"), requestParameters={"roleArn": f"arn:aws:iam::{LAKE}:role/NotBreakGlass"}),
    event("iam", "CreateUser", root()),
    event("kms", "CreateGrant", {**root(), "invokedBy": "s3.amazonaws.com"}),
    event("s3", "PutObject", SERVICE, eventCategory="Data", recipientAccountId=LAKE),
]  # fmt: skip


@pytest.fixture(scope="module")
def trail() -> Iterator[duckdb.DuckDBPyConnection]:
    """The trail's table with `RECORDS` in it."""
    columns = {**TRAIL_COLUMNS, **dict.fromkeys(("account", "region", "day"), TRAIL_COLUMNS["eventtime"])}
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        for macro in DIALECT:
            connection.execute(macro)
        connection.execute('CREATE SCHEMA "audit"')
        connection.execute(
            'CREATE TABLE "audit"."trail" (' + ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in columns.items()) + ")"
        )
        for record in RECORDS:
            read = as_read(record, RECORD)
            row = [*read.values(), record["recipientAccountId"], record["awsRegion"], record["eventTime"][:10].replace("-", "/")]
            connection.execute(f'INSERT INTO "audit"."trail" VALUES ({", ".join("?" * len(row))})', row)  # noqa: S608 - question marks
        yield connection


def question(name: str) -> TrailQuestion:
    inside = [LAKE, CONSUMER, "111111111111", "333333333333"]
    (found,) = [
        each for each in questions(database="audit", table="trail", accounts=inside, break_glass_role="BreakGlass") if each.name == name
    ]
    return found


def answer(trail: duckdb.DuckDBPyConnection, name: str, *parameters: str) -> list[dict[str, Any]]:
    sql = question(name).sql.replace("current_timestamp", NOW)
    cursor = trail.execute(sql, list(parameters))
    assert cursor.description is not None
    return [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor.fetchall()]


def test_tells_who_read_a_table_last_week(trail: duckdb.DuckDBPyConnection) -> None:
    """The analyst once, with her name, query and objects, though both accounts tell of it; the job twice; the thief past Lake Formation."""
    found = answer(trail, "who-read-a-table", "sales", "orders", LOCATION)
    doors = {(row["door"], row["principal"].rsplit("/", 1)[-1]): row for row in found}
    assert set(doors) == {
        ("Lake Formation", "AWSReservedSSO_DataAnalyst_0123"),
        ("Lake Formation", "Dev-MainPipelines-OrdersJob"),
        ("S3 itself", "Dev-MainPipelines-OrdersJob"),
        ("S3 itself", "Thief"),
    }
    assert len(found) == 4
    analyst = doors["Lake Formation", "AWSReservedSSO_DataAnalyst_0123"]
    assert (analyst["person"], analyst["workgroup"], analyst["engine"]) == ("jane@example.com", "lake-data-analyst", "athena.amazonaws.com")
    assert (analyst["times"], analyst["objects"], analyst["bytes"]) == (1, 2, 2000)
    job = doors["S3 itself", "Dev-MainPipelines-OrdersJob"]
    assert (job["objects"], job["bytes"], job["last_read"]) == (2, 2000, "2026-11-18T10:00:05Z")


def test_without_a_location_only_lake_formation_is_asked(trail: duckdb.DuckDBPyConnection) -> None:
    """An empty location is no beginning of every object."""
    assert {row["door"] for row in answer(trail, "who-read-a-table", "sales", "orders", "")} == {"Lake Formation"}


def test_tells_nothing_of_tables_nobody_read(trail: duckdb.DuckDBPyConnection) -> None:
    """Neither the name's pattern nor its beginning is enough."""
    assert answer(trail, "who-read-a-table", "sales", "order_", "") == []
    assert answer(trail, "who-read-a-table", "sales", "order", "") == []


def test_tells_who_used_break_glass(trail: duckdb.DuckDBPyConnection) -> None:
    """Who took it and what was done as it, in order; a role that only ends alike is another."""
    found = answer(trail, "who-used-break-glass")
    assert [(row["eventname"], row["person"]) for row in found] == [("AssumeRole", "sam"), ("Decrypt", "sam")]


def test_tells_who_changed_a_guardrail(trail: duckdb.DuckDBPyConnection) -> None:
    """Attempts too, by name and by a name's beginning; reading is no change."""
    found = answer(trail, "who-changed-a-guardrail")
    assert {(row["eventname"], row["errorcode"]) for row in found} == {
        ("DetachPolicy", None),
        ("DeleteOrganizationConfigRule", "AccessDenied"),
    }


def test_tells_what_a_role_did(trail: duckdb.DuckDBPyConnection) -> None:
    """Counted by call."""
    found = answer(trail, "what-a-role-did", JOB["sessionContext"]["sessionIssuer"]["arn"])
    assert {(row["eventname"], row["times"], row["failed"]) for row in found} == {("GetObject", 3, 0), ("GetDataAccess", 1, 0)}


def test_tells_denied_calls(trail: duckdb.DuckDBPyConnection) -> None:
    """Whichever way the service words it."""
    found = answer(trail, "denied-calls")
    assert {row["eventname"] for row in found} == {"GetDataAccess", "GetObject", "DeleteOrganizationConfigRule"}


def test_tells_who_came_from_outside(trail: duckdb.DuckDBPyConnection) -> None:
    """Another organisation's role and somebody anonymous; services and ourselves are not outside."""
    found = answer(trail, "access-from-outside")
    assert {(row["from_account"], row["failed"]) for row in found} == {(OUTSIDE, 0), ("ANONYMOUS_PRINCIPAL", 1)}


def test_tells_what_root_did(trail: duckdb.DuckDBPyConnection) -> None:
    """Not what services did for the account."""
    assert [row["eventname"] for row in answer(trail, "root-use")] == ["CreateUser"]


def test_each_question_reads_some_days_and_says_its_parameters() -> None:
    """A question without a bound on the day would list and read every file there is."""
    asked = questions(database="audit", table="trail", accounts=[LAKE], break_glass_role=None)
    assert "who-used-break-glass" not in {each.name for each in asked}
    for each in asked:
        assert each.sql.count('"audit"."trail"') == each.sql.count("day >= date_format(current_timestamp - interval ") == 1
        assert each.sql.count("?") == len(each.parameters), each.name
