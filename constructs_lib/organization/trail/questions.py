"""What is asked of the organisation's trail, as SQL for Athena. No construct is made here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from constructs_lib.organization.trail.watches import (
    BOUNDARY_REMOVED,
    DETECTOR_CHANGE,
    GUARDRAIL_CHANGE,
    LAKE_SETTINGS_CHANGE,
    RECORDER_CHANGE,
    TRAIL_CHANGE,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.organization.trail.watches import Watch

_GUARDED: Final = (GUARDRAIL_CHANGE, TRAIL_CHANGE, RECORDER_CHANGE, DETECTOR_CHANGE, BOUNDARY_REMOVED, LAKE_SETTINGS_CHANGE)
_WHO: Final = "coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.accountid)"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailQuestion:
    """One question.

    Attributes:
        name: What auditors see in the list of saved queries; in PascalCase it is the construct's id.
        description: What it answers, and what each `?` in it stands for, in order.
        sql: One statement.
        parameters: What each `?` stands for.
    """

    name: str
    description: str
    sql: str
    parameters: tuple[str, ...] = ()


def questions(*, database: str, table: str, accounts: Sequence[str], break_glass_role: str | None) -> tuple[TrailQuestion, ...]:
    """The questions to a trail's table.

    Each reads the files of a stated number of days, so what it costs is bounded.

    Args:
        database: The table's database.
        table: Its name.
        accounts: The organisation's accounts: everybody else is outside.
        break_glass_role: Name of the role for emergencies; without one nobody asks who used it.
    """
    trail = f'"{database}"."{table}"'
    asked = (
        _who_read_a_table(trail),
        _what_a_role_did(trail),
        _denied_calls(trail),
        _guardrail_changes(trail),
        _outside(trail, accounts),
        _root_use(trail),
    )
    return asked if break_glass_role is None else (*asked, _break_glass(trail, break_glass_role))


def _since(days: int) -> str:
    """A condition on the partitions, which Athena reckons before it lists a file."""
    return f"day >= date_format(current_timestamp - interval '{days}' day, '%Y/%m/%d')"


def _who_read_a_table(trail: str) -> TrailQuestion:
    """Two doors: credentials that Lake Formation gave out, and S3 without them.

    Lake Formation names the session it gives out, and S3 tells it with each object: that joins the two. An event of one account about
    another's resource stands in the files of both, and the owner's copy may lack who it was: so each session and each request counts
    once, and the fuller copy wins. https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-logging.html
    """
    sql = f"""\
WITH asked AS (
  SELECT ? AS database_name, ? AS table_name, ? AS location
),
events AS (
  SELECT * FROM {trail} WHERE {_since(7)}
),
admissions AS (
  SELECT
    coalesce(json_extract_scalar(additionaleventdata, '$.lakeFormationRoleSessionName'), eventid) AS session_name,
    max(json_extract_scalar(additionaleventdata, '$.lakeFormationPrincipal')) AS principal,
    max(useridentity.sessioncontext.sessionissuer.arn) AS role_arn,
    max(useridentity.principalid) AS principal_id,
    max(sourceipaddress) AS engine,
    max(regexp_extract(requestparameters, 'queryId\\W+([0-9a-f-]{{36}})', 1)) AS query_id,
    max(eventtime) AS read_at
  FROM events CROSS JOIN asked
  WHERE eventsource = 'lakeformation.amazonaws.com' AND eventname = 'GetDataAccess' AND errorcode IS NULL
    AND split_part(json_extract_scalar(requestparameters, '$.tableArn'), ':table/', 2) = concat(database_name, '/', table_name)
  GROUP BY 1
),
queries AS (
  SELECT
    json_extract_scalar(responseelements, '$.queryExecutionId') AS query_id,
    max(json_extract_scalar(requestparameters, '$.workGroup')) AS workgroup
  FROM events
  WHERE eventsource = 'athena.amazonaws.com' AND eventname = 'StartQueryExecution' AND errorcode IS NULL
  GROUP BY 1
),
requests AS (
  SELECT
    coalesce(sharedeventid, eventid) AS request_id,
    coalesce(max(split_part(useridentity.arn, '/', 3)), '') AS session_name,
    coalesce(
      max(useridentity.sessioncontext.sessionissuer.arn), max(useridentity.arn), max(useridentity.principalid), max(useridentity.accountid)
    ) AS principal,
    coalesce(max(split_part(useridentity.principalid, ':', 2)), '') AS person,
    max(concat(
      's3://', json_extract_scalar(requestparameters, '$.bucketName'), '/', json_extract_scalar(requestparameters, '$.key')
    )) AS object,
    coalesce(max(try_cast(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS double)), 0) AS bytes,
    max(sourceipaddress) AS address,
    min(eventtime) AS read_at
  FROM events
  WHERE eventsource = 's3.amazonaws.com' AND eventname IN ('GetObject', 'SelectObjectContent') AND errorcode IS NULL
  GROUP BY 1
),
transfers AS (
  SELECT session_name, count(*) AS objects, sum(bytes) AS bytes FROM requests GROUP BY session_name
)
SELECT
  'Lake Formation' AS door,
  coalesce(principal, role_arn, principal_id) AS principal,
  coalesce(split_part(principal_id, ':', 2), '') AS person,
  engine,
  workgroup,
  count(*) AS times,
  sum(coalesce(objects, 0)) AS objects,
  sum(coalesce(bytes, 0)) AS bytes,
  min(read_at) AS first_read,
  max(read_at) AS last_read
FROM admissions
  LEFT JOIN transfers ON transfers.session_name = admissions.session_name
  LEFT JOIN queries ON queries.query_id = admissions.query_id
GROUP BY 2, 3, 4, 5
UNION ALL
SELECT
  'S3 itself', principal, person, max(address), NULL, count(*), count(DISTINCT object), sum(bytes), min(read_at), max(read_at)
FROM requests CROSS JOIN asked
WHERE session_name NOT LIKE 'AWSLF-%' AND location <> '' AND substr(object, 1, length(location)) = location
GROUP BY 2, 3
ORDER BY last_read DESC"""  # noqa: S608 - names of ours; what users give are parameters
    return TrailQuestion(
        name="who-read-a-table",
        description=(
            "Who read a table in the last 7 days, through Lake Formation and past it. Parameters: the database and the table as the owner "
            "calls them, and where the table's files stand (s3://bucket/prefix/), or '' to leave S3 itself out"
        ),
        sql=sql,
        parameters=("database", "table", "location"),
    )


def _what_a_role_did(trail: str) -> TrailQuestion:
    sql = f"""\
SELECT
  eventsource, eventname, awsregion, recipientaccountid AS account,
  coalesce(split_part(useridentity.principalid, ':', 2), '') AS person,
  count(*) AS times, count(errorcode) AS failed, min(eventtime) AS first_time, max(eventtime) AS last_time
FROM {trail}
WHERE {_since(30)} AND useridentity.sessioncontext.sessionissuer.arn = ?
GROUP BY 1, 2, 3, 4, 5
ORDER BY times DESC"""  # noqa: S608 - names of ours; what users give are parameters
    return TrailQuestion(
        name="what-a-role-did",
        description="What a role did in the last 30 days. Parameter: the role's ARN",
        sql=sql,
        parameters=("role ARN",),
    )


def _denied_calls(trail: str) -> TrailQuestion:
    sql = f"""\
SELECT
  {_WHO} AS principal,
  eventsource, eventname, recipientaccountid AS account, errorcode,
  count(*) AS times, max(errormessage) AS last_message, max(eventtime) AS last_time
FROM {trail}
WHERE {_since(7)} AND (errorcode LIKE '%AccessDenied%' OR errorcode LIKE '%Unauthorized%')
GROUP BY 1, 2, 3, 4, 5
ORDER BY times DESC"""  # noqa: S608 - names of ours; what users give are parameters
    return TrailQuestion(name="denied-calls", description="Which calls were denied in the last 7 days, and to whom", sql=sql)


def _guardrail_changes(trail: str) -> TrailQuestion:
    sql = f"""\
SELECT
  eventtime, recipientaccountid AS account,
  {_WHO} AS principal,
  coalesce(split_part(useridentity.principalid, ':', 2), '') AS person,
  eventsource, eventname, requestparameters, errorcode, sourceipaddress
FROM {trail}
WHERE {_since(30)} AND (
  {_any_of(_GUARDED)}
)
ORDER BY eventtime DESC"""  # noqa: S608 - names of ours; what users give are parameters
    description = "Who changed a guardrail, a trail, a detector, a boundary or the lake's settings in the last 30 days, or tried to"
    return TrailQuestion(name="who-changed-a-guardrail", description=description, sql=sql)


def _any_of(watches: Sequence[Watch]) -> str:
    """The events of the watches; they have no conditions besides."""
    terms = []
    for source, names in (each for watch in watches for each in watch.events):
        exact = ", ".join(f"'{name}'" for name in names if not name.endswith("*"))
        parts = [f"eventname IN ({exact})"] if exact else []
        parts += [f"eventname LIKE '{name[:-1]}%'" for name in names if name.endswith("*")]
        terms.append(f"eventsource = '{source}' AND ({' OR '.join(parts)})")
    return "\n  OR ".join(terms)


def _outside(trail: str, accounts: Sequence[str]) -> TrailQuestion:
    inside = ", ".join(f"'{account}'" for account in sorted(set(accounts)))
    sql = f"""\
SELECT
  coalesce(useridentity.accountid, '') AS from_account,
  coalesce(useridentity.arn, useridentity.principalid) AS principal,
  recipientaccountid AS account, eventsource, eventname,
  count(*) AS times, count(errorcode) AS failed, max(sourceipaddress) AS last_address, max(eventtime) AS last_time
FROM {trail}
WHERE {_since(30)}
  AND useridentity.type <> 'AWSService' AND coalesce(useridentity.invokedby, '') NOT LIKE '%.amazonaws.com'
  AND useridentity.accountid NOT IN ({inside})
GROUP BY 1, 2, 3, 4, 5
ORDER BY times DESC"""  # noqa: S608 - names of ours; what users give are parameters
    description = "Who of no account of the organisation reached into it in the last 30 days, anonymous requests included"
    return TrailQuestion(name="access-from-outside", description=description, sql=sql)


def _root_use(trail: str) -> TrailQuestion:
    sql = f"""\
SELECT eventtime, recipientaccountid AS account, eventsource, eventname, sourceipaddress, useragent, errorcode
FROM {trail}
WHERE {_since(90)} AND useridentity.type = 'Root' AND useridentity.invokedby IS NULL AND eventtype <> 'AwsServiceEvent'
ORDER BY eventtime DESC"""  # noqa: S608 - names of ours; what users give are parameters
    return TrailQuestion(name="root-use", description="What root users did in the last 90 days", sql=sql)


def _break_glass(trail: str, role: str) -> TrailQuestion:
    sql = f"""\
SELECT
  eventtime, recipientaccountid AS account,
  coalesce(split_part(useridentity.principalid, ':', 2), '') AS person,
  eventsource, eventname, requestparameters, errorcode, sourceipaddress
FROM {trail}
WHERE {_since(30)} AND (
  useridentity.sessioncontext.sessionissuer.username = '{role}'
  OR eventsource = 'sts.amazonaws.com' AND eventname LIKE 'AssumeRole%'
    AND substr(json_extract_scalar(requestparameters, '$.roleArn'), -{len(role) + 1}) = '/{role}'
)
ORDER BY eventtime"""  # noqa: S608 - names of ours; what users give are parameters
    return TrailQuestion(name="who-used-break-glass", description=f"Who took {role} in the last 30 days, and what was done as it", sql=sql)
