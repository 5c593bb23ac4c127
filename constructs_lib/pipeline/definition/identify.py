"""What an execution was started for: recognises the input, names the run after it, refuses what cannot be ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_stepfunctions as sfn

from constructs_lib.pipeline.definition.common import query
from constructs_lib.pipeline.definition.originals import LARGEST_COPY
from constructs_lib.pipeline.foundation import INCOMPLETE

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.pipeline.definition.common import PipelineParts

EVENT, SWEEP, REPLAY = "event", "sweep", "replay"

NOTHING = query("''")
_INPUT = "$i"
"""The input, under a short name: it is looked at many times, and a template has many pipelines."""
_DAY = r"\d{4}-\d\d-\d\d"
_MOMENT = rf"/^{_DAY}T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/"
_RUN_ID = "/^[0-9a-f]{32}$/"
_FORMS = (
    "expected an S3 event, or {'sweep': {'table'?, 'retry_failed'?}}, or {'replay': {'table', 'since', 'until'?}}, with times such as "
    "2026-11-01T00:00:00Z; 'release': true publishes a held run, of a sweep or a replay with its 'run'"
)


def receive(scope: Construct, parts: PipelineParts) -> sfn.Pass:
    """Gives every variable a value that fits input of no form, so that nothing later names one that is not there."""
    received = f"$type($states.input.time) = 'string' and $contains($string($states.input.time), /^{_DAY}T/)"
    return sfn.Pass.jsonata(
        scope,
        "Receive",
        assign={
            "i": "{% $states.input %}",
            "tables": list(parts.tables),
            "failure": {"Error": "Lake.BadInput", "Cause": _FORMS},
            "way": NOTHING,
            "table": NOTHING,
            "runId": NOTHING,
            "objectId": NOTHING,
            "bucket": NOTHING,
            "key": NOTHING,
            "version": "-",
            "size": 0,
            "claim": NOTHING,
            "status": "RUNNING",
            "leftBehind": 0,
            "retryFailed": False,
            "arguments": {},
            "outcome": {"failed_rules": [], "refused_files": []},
            "told": INCOMPLETE,
            "release": query("$states.input.release = true"),
            "given": query("$type($states.input.run) = 'string' ? $states.input.run : ''"),
            "receivedAt": query(f"{received} ? $states.input.time : $states.context.Execution.StartTime"),
        },
    )


def identify(scope: Construct, parts: PipelineParts, *, admit: sfn.IChainable, refuse: sfn.IChainable) -> sfn.Choice:
    """Names the run: after the version of an object, or after the request and the execution.

    The same delivery is the same run, however often it is told of. A sweep or a replay that is redriven is the same run; to continue with a
    held one, the input names it.
    """
    choice = sfn.Choice.jsonata(scope, "Identify")
    choice.when(sfn.Condition.jsonata(query(_malformed())), refuse)
    choice.when(sfn.Condition.jsonata(query(_is_event())), admit, assign=_event())
    choice.when(sfn.Condition.jsonata(query(_is_sweep())), admit, assign=_sweep(parts))
    choice.when(sfn.Condition.jsonata(query(_is_replay())), admit, assign=_replay(parts))
    return choice.otherwise(refuse)


def _malformed() -> str:
    ways = f"$count($keys({_INPUT})[$ in ['detail', 'sweep', 'replay']]) != 1"
    release = f"$exists({_INPUT}.release) and $type({_INPUT}.release) != 'boolean'"
    run = f"$exists({_INPUT}.run) and $not($contains($given, {_RUN_ID}))"
    return f"$type({_INPUT}) != 'object' or {ways} or {release} or {run}"


def _is_event() -> str:
    return f"$type({_INPUT}.detail.object.key) = 'string' and $type({_INPUT}.detail.bucket.name) = 'string' and $given = ''"


def _event() -> dict[str, Any]:
    key, bucket = f"{_INPUT}.detail.object.key", f"{_INPUT}.detail.bucket.name"
    version, size = f"{_INPUT}.detail.object.`version-id`", f"{_INPUT}.detail.object.size"
    identity = object_id(bucket, key, version)
    return {
        "way": EVENT,
        "bucket": query(bucket),
        "key": query(key),
        "version": query(f"$exists({version}) ? {version} : ''"),
        "size": query(f"$type({size}) = 'number' ? {size} : 0"),
        "objectId": query(identity),
        "claim": query(digest(identity)),
        "runId": query(digest(identity)),
        "table": query(f"$split({key}, '/')[2] & ''"),
        "arguments": {"--unreadable": "fail"},
    }


def _is_sweep() -> str:
    return (
        f"( $s := {_INPUT}.sweep; $type($s) = 'object' and {_only('$s', 'table', 'retry_failed')}"
        " and ($not($exists($s.table)) or $type($s.table) = 'string')"
        " and ($not($exists($s.retry_failed)) or $type($s.retry_failed) = 'boolean')"
        f" and {_RELEASED_BY_RUN} and ($given = '' or $exists($s.table)) )"
    )


def _sweep(parts: PipelineParts) -> dict[str, Any]:
    table = f"{_INPUT}.sweep.table"
    # with the time: a name can be used again after 90 days, and a run must not grow once its job has begun
    name = f"'sweep ' & {table} & ' ' & $states.context.Execution.Name & ' ' & $states.context.Execution.StartTime"
    return {
        "way": SWEEP,
        "table": query(f"{table} & ''"),
        "retryFailed": query(f"{_INPUT}.sweep.retry_failed = true"),
        "objectId": query(f"'{parts.zones.landing.bucket.bucket_name}/{parts.prefix}' & {table} & '/'"),
        "runId": query(f"$given != '' ? $given : {digest(name)}"),
        "arguments": {"--unreadable": "leave_out"},
    }


def _is_replay() -> str:
    times = " and ".join(f"($type({one}) = 'string' ? $contains({one}, {_MOMENT}) : {rest})" for one, rest in _TIMES.items())
    return (
        f"( $r := {_INPUT}.replay; $type($r) = 'object' and {_only('$r', 'table', 'since', 'until')}"
        f" and $type($r.table) = 'string' and {times} and {_RELEASED_BY_RUN} )"
    )


def _replay(parts: PipelineParts) -> dict[str, Any]:
    replay = f"{_INPUT}.replay"
    name = f"'replay ' & {replay}.table & ' ' & {replay}.since & ' ' & {replay}.until & ' ' & $states.context.Execution.Name"
    until = f"$exists({replay}.until) ? {{'--until': {replay}.until}} : {{}}"
    return {
        "way": REPLAY,
        "table": query(f"{replay}.table"),
        "objectId": query(f"'{parts.zones.raw.bucket.bucket_name}/{parts.prefix}' & {replay}.table & '/'"),
        "runId": query(f"$given != '' ? $given : {digest(name)}"),
        "arguments": query(f"$merge([{{'--unreadable': 'leave_out', '--since': {replay}.since}}, {until}])"),
    }


_TIMES = {"$r.since": "false", "$r.until": "$not($exists($r.until))"}
_RELEASED_BY_RUN = "($given != '') = $release"


def _only(name: str, *allowed: str) -> str:
    """That an object has no other keys: a misspelt one would mean something wider."""
    return f"$count($keys({name})[$not($ in {list(allowed)})]) = 0"


def object_id(bucket: str, key: str, version: str) -> str:
    """JSONata for what a claim is about."""
    return f"{bucket} & '/' & {key} & '#' & {version}"


def digest(expression: str) -> str:
    """JSONata for the name of a run or of a folder: 32 hexadecimal digits."""
    return f"$substring($hash({expression}, 'SHA-256'), 0, 32)"


def admit(
    scope: Construct, parts: PipelineParts, *, everything: sfn.IChainable, start: sfn.IChainable, refuse: sfn.IChainable
) -> sfn.Choice:
    """Refuses what cannot be ingested, before anything is claimed or copied; sends a sweep of all tables to `everything`."""
    choice = sfn.Choice.jsonata(scope, "Admit")
    choice.when(sfn.Condition.jsonata(query(f"$way = '{SWEEP}' and $table = ''")), everything)
    landing = parts.zones.landing.bucket.bucket_name
    elsewhere = f"$way = '{EVENT}' and ($bucket != '{landing}' or $substring($key, 0, {len(parts.prefix)}) != '{parts.prefix}')"
    refusals = {
        f"$not($table in $tables) or {elsewhere}": (
            "Lake.UndeclaredTable",
            f"{parts.key} declares no table of that name, or the object is not in landing below {parts.prefix}",
        ),
        "$version in ['', 'null']": ("Lake.NotVersioned", "the landing bucket is not versioned, so the run could not be told from another"),
        f"$size > {LARGEST_COPY}": (
            "Lake.ObjectTooLarge",
            "the object has more than 5 GiB, which one copy cannot take: deliver it in parts",
        ),
    }
    for condition, (error, cause) in refusals.items():
        choice.when(sfn.Condition.jsonata(query(condition)), refuse, assign={"failure": {"Error": error, "Cause": cause}})
    return choice.otherwise(start)
