"""The steps of a rehearsal that concern data: samples, bad files, reading as a consumer, and everything again with faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.course import Stage, StepFailed, StepSkipped
from lakecheck.rehearsal.lake import deliveries, endurance, results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakecheck.rehearsal.lake.deliveries import Run
    from lakecheck.rehearsal.lake.samples import Delivery

RUNS: Final = "runs"
READ: Final = "read"


def deliver(stage: Stage) -> Sequence[str]:
    """Delivers every sample and holds that each row of it is accounted for, as was expected."""
    wanted = _those(stage, fails=False)
    endurance.remember(stage)
    stage.notes[RUNS] = runs = [deliveries.deliver(stage, one) for one in wanted]
    facts = [_told(run) for run in runs]
    wrong = [problem for run in runs for problem in problems(run)]
    if wrong:
        raise StepFailed("; ".join(wrong), facts)
    return facts


def deliver_bad(stage: Stage) -> Sequence[str]:
    """Delivers the files that cannot be read: their executions fail, people are told, nothing is published."""
    runs = [deliveries.deliver(stage, one) for one in _those(stage, fails=True)]
    facts, wrong = [], []
    for run in runs:
        failed = [one for one in run.executions if one["status"] != "SUCCEEDED"]
        published = [one for one in run.outcomes if one["status"] == "published" and one["counts"]["good"]]
        if not failed or published:
            wrong.append(f"{run.delivery.key} should have failed, and {'was published' if published else 'did not'}")
        facts += [f"{run.delivery.key}: {one['status']}, {one.get('error') or 'no error'}" for one in failed]
    if wrong:
        raise StepFailed("; ".join(wrong), facts)
    return facts


def read(stage: Stage) -> Sequence[str]:
    """Reads what was published as the consumer, with every client, and holds it against what was delivered."""
    runs: list[Run] = stage.notes[RUNS]
    found = results.tables(stage)
    facts, wrong = [], []
    stage.notes[READ] = contents = {}
    for prefix in dict.fromkeys(run.delivery.table for run in runs):
        table = results.published(found, prefix)
        if table is None:
            wrong.append(f"no catalog has a table at {prefix}")
            continue
        contents[prefix] = seen = results.read(stage, table)
        expected = _expected_rows([run for run in runs if run.delivery.table == prefix])
        how = f"{table.account} through the resource link {table.database}" if table.is_link else f"{table.account}, {table.database}"
        facts.append(f"{prefix}: {', '.join(f'{count} rows by {client}' for client, count in seen.rows.items())}, as {how}")
        if set(seen.rows.values()) != {expected}:
            wrong.append(f"{prefix}: {expected} rows were expected, seen are {dict(seen.rows)}")
        facts += _quarantined(stage, found, prefix, [run for run in runs if run.delivery.table == prefix], wrong)
    if wrong:
        raise StepFailed("; ".join(wrong), facts)
    return facts


def endure(stage: Stage) -> Sequence[str]:
    """Does it again from the state before the samples, with faults, a killed emulator and events that come twice."""
    if not stage.options.resilience:
        raise StepSkipped("left out")
    return endurance.endure(stage, stage.notes[RUNS], stage.notes[READ])


def problems(run: Run) -> list[str]:
    """What is wrong with what became of a delivery."""
    key = run.delivery.key
    if not run.executions:
        return [f"{key} started nothing"]
    found = [f"{key}: {one['status']}, {one.get('error')}: {one.get('cause')}" for one in run.executions if one["status"] != "SUCCEEDED"]
    if not found and not run.outcomes:
        product, _, table = run.delivery.table.rpartition("/")
        return [f"{key} left no account of its rows: no bucket has a new {product}/_manifests/{table}/*.outcome.json"]
    counts = run.counts
    if counts["input"] != counts["good"] + counts["quarantined"] + counts["duplicates"]:
        found.append(f"{key}: {counts['input']} rows came in, and {counts} do not add up to them")
    expected: Mapping[str, int] | None = run.delivery.expected
    if expected is not None and any(counts[name] != number for name, number in expected.items()):
        found.append(f"{key}: expected were {dict(expected)}, counted are {counts}")
    return found


def _those(stage: Stage, *, fails: bool) -> list[Delivery]:
    if not stage.options.deliveries:
        raise StepSkipped("there are no samples; give some with --samples")
    known = [one for one in stage.options.deliveries if not stage.options.only_known or deliveries.landing_of(stage, one.key)]
    if not known:
        raise StepSkipped("no deployed pipeline waits for the samples; give others with --samples")
    chosen = [one for one in known if one.fails is fails]
    if not chosen:
        raise StepSkipped("no sample is expected to fail" if fails else "every sample is expected to fail")
    return chosen


def _told(run: Run) -> str:
    counts = run.counts
    numbers = f"{counts['input']} rows in = {counts['good']} good + {counts['quarantined']} quarantined + {counts['duplicates']} duplicates"
    return f"{run.delivery.key}: {numbers}"


def _expected_rows(runs: Iterable[Run]) -> int:
    """What readers have to see: as the last sample says, else good rows less those that later ones replaced."""
    stated: int | None = None
    counted = 0
    for run in runs:
        counted += sum(int(one["counts"]["good"]) - int(one["counts"].get("replaced", 0)) for one in run.outcomes)
        stated = run.delivery.rows if run.delivery.rows is not None else stated
    return counted if stated is None else stated


def _quarantined(stage: Stage, found: list[results.Table], prefix: str, runs: list[Run], wrong: list[str]) -> list[str]:
    table = results.rejected(found, prefix)
    expected = sum(run.counts["quarantined"] for run in runs)
    if table is None:
        return []
    seen: dict[str, Any] = dict(results.read(stage, table).rows) if expected else {}
    if seen and set(seen.values()) != {expected}:
        wrong.append(f"{prefix}: {expected} rows were quarantined, seen are {seen}")
    return [f"{prefix}: {expected} rejected rows in {table.database}"] if expected else []
