"""The state machine of a pipeline, from the claim to the notice; each module builds one concern. Rights stand in `permissions.py`.

An execution is started in one of four ways, and is at most one run of the job, over one table:

- an S3 event, of a rule or by hand: one version of one object;
- `{"sweep": {"table": "routes"}}`: every object that waits in landing. Without a table it starts an execution for each of them;
- `{"replay": {"table": "routes", "since": "2026-11-01T00:00:00Z", "until": ...}}`: originals in raw, once more;
- the same input with `"release": true`, of a sweep or a replay with its `"run"`: publishes a run that the gate holds.

The claims table has an item for each run (`run#<product's prefix><table>/<run id>`: status RUNNING, SUCCEEDED, HELD, FAILED, EMPTY,
execution, lease, folder of originals) and one for each version of each object (`<bucket>/<key>#<version>`: the run that it belongs
to). An object's status is its run's, so that a run of thousands of objects ends with one write. What holds, whatever crashes:

1. A run is worked on by one execution: `Open` lets in the first, itself again, and others only when the run has failed, did nothing,
   is released, or its lease is over. A lease is longer than an execution can be.
2. An object belongs to one run: `Claim` creates the item, or finds the own run in it. Another run takes it over only in one transaction
   with a look at the old one: abandoned, or failed and `retry_failed` is said. A run that was held once keeps its objects.
3. A run is opened before it claims, so that nobody takes over from one that is beginning again; an event whose object another run has
   ends without a job.
4. The job starts after every object of the run is claimed and kept, and each object is kept after it is claimed: what is below the run's
   folder is the run's. Whoever goes on with a failed event's run copies the same bytes to the same key.
5. A run is SUCCEEDED after readers were told; before, the same input does it again, and the job, idempotent by run id, tells what it told.
6. Failures end in one way, which touches no data: `RecordFailure` frees the run if it is still this execution's.

An abandoned run (execution timed out or aborted) is better redriven than waited for, and before its lease is over: redriven, an execution
gets its time anew, and its lease does not. The second line behind all this is the job's: a row is in a published table once, by key or as a
whole, and a file whose bytes were published is left out.

A sweep takes the current version of a key: when a producer overwrites an object before a sweep has seen it, the last version counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_stepfunctions as sfn

from constructs_lib.pipeline.definition import claims, identify, notices, originals, runs
from constructs_lib.pipeline.definition.common import MANIFEST_FOLDER, RUN_KEY, PipelineParts, caught
from constructs_lib.pipeline.definition.originals import COLLECT_LABEL, LARGEST_COPY

if TYPE_CHECKING:
    from constructs import Construct

__all__ = ["COLLECT_LABEL", "LARGEST_COPY", "MANIFEST_FOLDER", "RUN_KEY", "PipelineParts", "definition"]


def definition(scope: Construct, parts: PipelineParts) -> sfn.IChainable:
    """The chain of states below `scope`; queries are JSONata."""
    record_failure = claims.record_failure(scope, parts)
    refuse = _failure_way(scope, parts, record_failure)
    close = _close(scope, parts, record_failure)
    notify = notices.notify(scope, parts)
    caught(notify, record_failure)
    notify.next(close)
    run = _run(scope, parts, close=close, notify=notify, failed=record_failure)
    source = _source(scope, parts, run=run, close=close, notify=notify, failed=record_failure)
    start = _open(scope, parts, source=source, failed=record_failure, refuse=refuse)
    every = _sweeps(scope, parts, refuse=refuse)
    admit = identify.admit(scope, parts, everything=every, start=start, refuse=refuse)
    return identify.receive(scope, parts).next(identify.identify(scope, parts, admit=admit, refuse=refuse))


def _sweeps(scope: Construct, parts: PipelineParts, *, refuse: sfn.IChainable) -> sfn.Map:
    """Starts a sweep of each table, then looks for what none of them will find."""
    every, look = originals.sweep_every_table(scope), originals.look_for_strays(scope, parts)
    strays = sfn.Choice.jsonata(scope, "Strays")
    cause = f"objects wait in landing below {parts.prefix} and below no table of {parts.key}; the sweeps of its tables were started"
    failure = {"Error": "Lake.UndeclaredTable", "Cause": cause}
    strays.when(sfn.Condition.jsonata("{% $strays > 0 %}"), refuse, assign={"failure": failure})
    strays.otherwise(sfn.Succeed.jsonata(scope, "SweepsStarted", comment="Each table's sweep ends by itself"))
    caught(every, refuse)
    caught(look, refuse)
    every.next(look).next(strays)
    return every


def _failure_way(scope: Construct, parts: PipelineParts, record_failure: sfn.TaskStateBase) -> sfn.TaskStateBase:
    """Frees the run, tells programs and people, fails; gives back where an execution without a run enters."""
    failed = sfn.Fail.jsonata(
        scope,
        "Failed",
        error="{% $failure.Error %}",
        cause="{% $exists($failure.Cause) ? $failure.Cause : 'no cause was given' %}",
    )
    tell, alert = notices.tell_failure(scope, parts), notices.alert(scope, parts)
    alert.add_catch(failed, errors=[sfn.Errors.ALL])
    tell.add_catch(alert, errors=[sfn.Errors.ALL])
    record_failure.add_catch(tell, errors=[sfn.Errors.ALL])
    record_failure.next(tell).next(alert).next(failed)
    return tell


def _close(scope: Construct, parts: PipelineParts, failed: sfn.IChainable) -> sfn.TaskStateBase:
    """Ends the run as its status says. A held run ends in failure: nobody may take it for a success."""
    published = sfn.Succeed.jsonata(scope, "Published")
    nothing = sfn.Succeed.jsonata(scope, "NothingNew", comment="Every object is another run's, or there is none")
    held = sfn.Fail.jsonata(
        scope,
        "Held",
        error="Lake.Held",
        cause="{% 'the quality gate holds run ' & $runId & '; readers do not see it; the notice says how to release it' %}",
    )
    ended = sfn.Choice.jsonata(scope, "Ended")
    ended.when(sfn.Condition.jsonata("{% $status = 'HELD' %}"), held)
    ended.when(sfn.Condition.jsonata("{% $status = 'SUCCEEDED' %}"), published)
    close = claims.close_run(scope, parts)
    caught(close, failed)
    close.next(ended.otherwise(nothing))
    return close


def _run(
    scope: Construct, parts: PipelineParts, *, close: sfn.IChainable, notify: sfn.IChainable, failed: sfn.IChainable
) -> sfn.CustomState:
    """The job and what follows from it, up to the notices."""
    people = sfn.Choice.jsonata(scope, "People", comment="Who has to look at something is told")
    people.when(sfn.Condition.jsonata("{% $status = 'HELD' or $outcome.refused > 0 or $leftBehind > 0 %}"), notify)
    tell = notices.tell(scope, parts)
    caught(tell, failed)
    tell.next(people.otherwise(close))
    gate = runs.gate(scope, then=tell, otherwise=failed)
    metrics = runs.put_metrics(scope, parts)
    metrics.add_catch(gate, errors=[sfn.Errors.ALL])
    outcome = runs.read_outcome(scope, parts)
    caught(outcome, failed)
    outcome.next(metrics).next(gate)
    job = runs.run_job(scope, parts)
    caught(job, failed)
    job.next(outcome)
    return job


def _source(
    scope: Construct, parts: PipelineParts, *, run: sfn.IChainable, close: sfn.IChainable, notify: sfn.IChainable, failed: sfn.IChainable
) -> sfn.Choice:
    """Gathers the run's originals: one object, what waits in landing, or nothing that is not kept already."""
    claim = claims.claim(scope, "Claim", parts)
    claim.add_catch(close, errors=[claims.NOT_MINE], assign={"status": "EMPTY"})
    caught(claim, failed)
    keep = originals.keep_original(scope, "KeepOriginal", parts)
    caught(keep, failed)
    claim.next(keep).next(run)

    collect = originals.collect(scope, parts)
    caught(collect, failed)
    anything = sfn.Choice.jsonata(scope, "Anything")
    anything.when(sfn.Condition.jsonata("{% $claimed > 0 %}"), run)
    anything.when(sfn.Condition.jsonata("{% $leftBehind > 0 %}"), notify, assign={"status": "EMPTY"})
    anything.when(sfn.Condition.jsonata("{% true %}"), close, assign={"status": "EMPTY"})
    collect.next(anything)

    source = sfn.Choice.jsonata(scope, "Source")
    source.when(sfn.Condition.jsonata(f"{{% $way = '{identify.EVENT}' %}}"), claim)
    source.when(sfn.Condition.jsonata(f"{{% $way = '{identify.SWEEP}' and $given = '' %}}"), collect)
    return source.otherwise(run)


def _open(
    scope: Construct, parts: PipelineParts, *, source: sfn.IChainable, failed: sfn.IChainable, refuse: sfn.IChainable
) -> sfn.TaskStateBase:
    """Opens the run, which another execution may have; whoever releases one by name is told when it is not held."""
    taken = sfn.Choice.jsonata(scope, "Taken")
    not_held = {"Error": "Lake.NotHeld", "Cause": "no run of that name is held: it was released already, or there never was one"}
    taken.when(sfn.Condition.jsonata("{% $given != '' %}"), refuse, assign={"failure": not_held})
    taken.otherwise(sfn.Succeed.jsonata(scope, "AlreadyClaimed", comment="Another execution has the run, or it is done"))
    opened = claims.open_run(scope, parts)
    opened.add_catch(taken, errors=[claims.NOT_MINE])
    caught(opened, failed)
    opened.next(source)
    return opened
