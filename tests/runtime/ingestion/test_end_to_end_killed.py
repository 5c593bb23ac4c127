"""A run that dies at any moment and is started again ends as one that never died; meanwhile readers see the old table or the new one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.ingestion import run as ingestion

from .readers import as_seen, published, quarantined
from .recount import BAD, Table, publish, recount
from .specs import column, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Lake

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[3]
BEFORE = {"a.csv": b"id,v\n1,a\n2,b\n3,c\nx,bad\n"}
AFTER = {"b.csv": b"id,v\n2,B\n3,c\n4,d\n,bad\n", "c.csv": b"id,v\n4,D\n5,e\n5,e\n"}


class Death(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def contract(table_format: str) -> dict[str, Any]:
    conflict = {"conflict": "last"} if table_format == "iceberg" else {}
    return spec([column("id", "int"), column("v")], format=table_format, primary_key=["id"], duplicates=conflict)


class Model:
    """What readers see before the run and after it, counted from the bytes."""

    def __init__(self, told: dict[str, Any]) -> None:
        first = recount(told, BEFORE, Table())
        table = publish(told, first, BEFORE, Table())
        self.tally = recount(told, AFTER, table)
        self.old = as_seen(table.rows, told)
        self.new = as_seen(publish(told, self.tally, AFTER, table).rows, told)
        self.bad = sorted(first.places(BAD) + self.tally.places(BAD))


def steps() -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    """Every call between two of which the process can die, in the order of a run: before it, and after it."""
    run = ingestion.Run
    of_run = (("survey", run, "_survey"), ("judge", run, "_judge"), ("good rows", run, "_write_good"), ("manifest", run, "_keep"))
    for name, owner, attribute in of_run:
        for moment in ("before", "after"):
            yield f"{moment} {name}", lambda patch, owner=owner, attribute=attribute, moment=moment: die(patch, owner, attribute, moment)
    for name, part in (("table", "table"), ("quarantine", "quarantine"), ("files", "files")):
        for attribute in {"table": ("audit", "publish"), "quarantine": ("publish",), "files": ("announce", "confirm")}[part]:
            for moment in ("before", "after"):
                yield (
                    f"{moment} {name} {attribute}",
                    lambda patch, part=part, attribute=attribute, moment=moment: die_in_part(patch, part, attribute, moment),
                )
    yield "before outcome", lambda patch: die(patch, run, "_tell", "before")


def die(patch: pytest.MonkeyPatch, owner: Any, attribute: str, moment: str) -> None:
    real = getattr(owner, attribute)

    def dying(*arguments: Any, **more: Any) -> Any:
        if moment == "after":
            real(*arguments, **more)
        raise Death

    patch.setattr(owner, attribute, dying)


def die_in_part(patch: pytest.MonkeyPatch, part: str, attribute: str, moment: str) -> None:
    """The same for what a run stands on: its table, its quarantine, its memory of files."""
    real = ingestion.Run.__init__

    def made(run: ingestion.Run, **parts: Any) -> None:
        real(run, **parts)
        owner = parts[part]
        if owner is parts["table"] or part != "table":
            die(patch, type(owner), attribute, moment) if part == "files" else _die_in_one(patch, owner, attribute, moment)

    patch.setattr(ingestion.Run, "__init__", made)


def _die_in_one(patch: pytest.MonkeyPatch, owner: Any, attribute: str, moment: str) -> None:
    """Table and quarantine may be of one class: only this one dies."""
    real = getattr(type(owner), attribute)

    def dying(self: Any, *arguments: Any, **more: Any) -> Any:
        if self is not owner:
            return real(self, *arguments, **more)
        if moment == "after":
            real(self, *arguments, **more)
        raise Death

    patch.setattr(type(owner), attribute, dying)


def deliver(lake: Lake, told: dict[str, Any], number: int, files: dict[str, bytes]) -> dict[str, Any]:
    """Puts the files into landing and says how the run on them is started."""
    for name, data in files.items():
        lake.deliver(f"{number}/{name}", data)
    return {
        "spec": json.dumps(told),
        "source": lake.root / "landing" / str(number),
        "run_id": f"run-{number}",
        "manifest": str(lake.root / "manifests" / f"run-{number}.json"),
        "publish": True,
    }


def hold(lake: Lake, told: dict[str, Any], model: Model, manifest: Any) -> None:
    """As if nothing had happened: the numbers, the table, the quarantine, and no row twice."""
    assert manifest["counts"] == model.tally.counts
    assert manifest["status"] == "published"
    assert published(lake.root / "catalog", told) == model.new
    assert quarantined(lake.root / "catalog", told) == model.bad


@pytest.mark.parametrize("table_format", ["parquet", "iceberg"])
def test_one_run_dies_at_the_steps_of_publishing(lake: Lake, table_format: str) -> None:
    """Written once, it dies before and after each step of publishing and goes on where it was, until it is through."""
    told = contract(table_format)
    model = Model(told)
    lake.ingest(**deliver(lake, told, 1, BEFORE))
    start = deliver(lake, told, 2, AFTER)
    deaths = 0
    seen = [model.old]
    for name, arrange in steps():
        if any(word in name for word in ("survey", "judge", "good rows", "before manifest")):
            continue
        with pytest.MonkeyPatch.context() as patch:
            arrange(patch)
            try:
                lake.ingest(**start)
            except Death:
                deaths += 1
        seen.append(published(lake.root / "catalog", told))
        assert seen[-1] in (model.old, model.new), name
    assert deaths >= 8
    assert model.new in seen
    assert [one == model.new for one in seen] == sorted(one == model.new for one in seen)
    hold(lake, told, model, lake.ingest(**start))


@pytest.mark.full
@pytest.mark.parametrize("table_format", ["parquet", "iceberg"])
@pytest.mark.parametrize("step", [name for name, _ in steps()])
def test_a_run_that_died_once_ends_as_if_it_had_not(lake: Lake, table_format: str, step: str) -> None:
    """One death at one step, then started again."""
    told = contract(table_format)
    model = Model(told)
    lake.ingest(**deliver(lake, told, 1, BEFORE))
    start = deliver(lake, told, 2, AFTER)
    with pytest.MonkeyPatch.context() as patch:
        dict(steps())[step](patch)
        with pytest.raises(Death):
            lake.ingest(**start)
    assert published(lake.root / "catalog", told) in (model.old, model.new)
    hold(lake, told, model, lake.ingest(**start))


@pytest.mark.full
@pytest.mark.parametrize("table_format", ["parquet", "iceberg"])
@pytest.mark.parametrize("line", ["started", "surveyed", "judged", "written"])
def test_a_killed_process_is_started_again(lake: Lake, table_format: str, line: str) -> None:
    """SIGKILL as soon as the log says so: no exception handler, no cleaning up; the second start ends as an unbroken run."""
    told = contract(table_format)
    model = Model(told)
    lake.ingest(**deliver(lake, told, 1, BEFORE))
    start = deliver(lake, told, 2, AFTER)
    zones = {"curated": lake.root / "curated", "quarantine": lake.root / "quarantine", "catalog": lake.root / "catalog"}
    words = {"spec": start["spec"], "input": start["source"], "manifest": start["manifest"], "run-id": "run-2", "publish": "true", **zones}
    command = [sys.executable, "-m", "constructs_lib.runtime.ingestion.job"]
    command += [part for name, value in words.items() for part in (f"--{name}", str(value))]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "SPARK_LOCAL_IP": "127.0.0.1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=lake.root, env=settings, start_new_session=True
    ) as process:
        assert process.stdout is not None
        said = []
        for text in process.stdout:
            said.append(json.loads(text)["event"] if text.startswith("{") else "")
            if said[-1] == line:
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert said[-1] == line
    assert process.returncode == -signal.SIGKILL
    assert published(lake.root / "catalog", told) in (model.old, model.new)
    done = subprocess.run(command, capture_output=True, text=True, cwd=lake.root, env=settings, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    hold(lake, told, model, json.loads(Path(start["manifest"]).read_text()))
