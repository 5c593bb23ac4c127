"""What a run does after what, told by parts that only take note: no Spark, no files."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.ingestion import run as ingestion
from constructs_lib.runtime.ingestion.arguments import Arguments
from constructs_lib.runtime.ingestion.errors import PublishError, SpecError, StaleTableError, UnreadableInput
from constructs_lib.runtime.ingestion.files import StoredFile
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import FileSurvey

from .test_lineage import MANIFEST as DONE, SPEC

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = DONE["run_id"]
MANIFEST: dict[str, Any] = {
    **DONE,
    "status": "written",
    "published_at": None,
    "table_version": None,
    "files": [*DONE["files"], {**DONE["files"][0], "sha256": "cd" * 32, "repeats": "earlier"}],
}
BLOCKED = {**MANIFEST, "gate": {**MANIFEST["gate"], "verdict": "block"}}
PUBLISHING = ["quarantine.audit", "quarantine.publish", "announce", "table.audit", "table.publish", "confirm", "keep published"]


class Noted:
    """Everything that a run stands on; `calls` is what it was asked, `failing` what it answers badly."""

    def __init__(self, manifest: dict[str, Any] | None = None, **failing: Exception) -> None:
        self.calls: list[str] = []
        self.failing = failing
        self.stored = {} if manifest is None else {"m/r.json": json.dumps(manifest)}
        self.digests: list[list[str]] = []
        self.confirmed_as = ""
        self.listed: list[StoredFile] = []

    def run(self, *, spec: str = SPEC, **told: Any) -> ingestion.Run:
        given: dict[str, Any] = {"spec": "", "input": MANIFEST["input"], "curated": "c", "quarantine": "q", "manifest": "m/r.json"}
        arguments = Arguments(**{**given, "run_id": RUN, "publish": True, **told})
        parts: Any = {
            "table": SimpleNamespace(version=lambda: "8", audit=self.note("table.audit"), publish=self.note("table.publish", "9")),
            "quarantine": SimpleNamespace(audit=self.note("quarantine.audit"), publish=self.note("quarantine.publish", "q")),
            "files": SimpleNamespace(announce=self.announce, confirm=self.confirm),
            "storage": SimpleNamespace(
                exists=self.stored.__contains__, read_text=self.stored.__getitem__, write_text=self.write, files=lambda _: self.listed
            ),
        }
        return ingestion.Run(
            arguments=arguments,
            spec=parse_spec(spec),
            spark=SimpleNamespace(version="4"),
            references={},
            started=0.0,
            **parts,  # type: ignore[arg-type]
        )

    def note(self, name: str, answer: Any = None) -> Callable[..., Any]:
        def noted(*_: Any) -> Any:
            self.calls.append(name)
            if name in self.failing:
                raise self.failing[name]
            return answer

        return noted

    def announce(self, digests: list[str], _: Any, run_id: str) -> None:
        assert run_id == RUN
        self.digests.append(digests)
        self.note("announce")()

    def confirm(self, digests: list[str], _: Any, run_id: str, version: str) -> None:
        assert run_id == RUN
        self.digests.append(digests)
        self.confirmed_as = version
        self.note("confirm")()

    def write(self, path: str, text: str) -> None:
        written = json.loads(text)
        self.stored[path] = text
        ending = path.removeprefix("m/r")
        self.calls.append(f"keep {written['status']}" if ending == ".json" else f"tell{ending}")

    def finish(self, *, again: bool = False, **told: Any) -> Any:
        """The run to its end; what it would write is given."""

        def writing(run: ingestion.Run) -> Any:
            self.calls.append("write")
            return copy.deepcopy(MANIFEST)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ingestion.Run, "_write", writing)
            return self.run(**told).finish(again=again)


def test_publishing_step_by_step() -> None:
    """People find the bad rows before readers find the good ones; files count as published from the moment they are."""
    noted = Noted(MANIFEST)
    done = noted.finish()
    assert noted.calls == [*PUBLISHING, "tell.lineage.json", "tell.outcome.json"]
    assert noted.digests == [["ab" * 32]] * 2, "a file that was published before is not announced again"
    assert (done["status"], done["table_version"], noted.confirmed_as, done["gate"]["verdict"]) == ("published", "9", "9", "warn")
    assert done["published_at"] is not None
    assert json.loads(noted.stored["m/r.json"]) == done
    assert json.loads(noted.stored["m/r.outcome.json"])["status"] == "published"


def test_nothing_to_show_is_published_all_the_same() -> None:
    """A run without a good row, or without a bad one: its files are known, the table stays."""
    nothing = {**MANIFEST["written"], "files": [], "rows": 0}
    noted = Noted({**MANIFEST, "written": nothing, "quarantined": nothing})
    assert noted.finish()["table_version"] == noted.confirmed_as == "8"
    assert noted.calls[:3] == ["announce", "confirm", "keep published"]


def test_the_gate_holds_until_somebody_lets_go() -> None:
    """Held, only the bad rows are shown; a second start holds again; let go, it says so and goes on."""
    noted = Noted(BLOCKED)
    for _ in range(2):
        assert noted.finish()["status"] == "held"
        assert noted.calls == ["quarantine.audit", "quarantine.publish", "keep held", "tell.lineage.json", "tell.outcome.json"]
        noted.calls.clear()
    done = noted.finish(release=True)
    assert (done["status"], done["gate"]["verdict"], noted.calls[:7]) == ("published", "released", PUBLISHING)


def test_what_is_done_is_not_done_again() -> None:
    """A published run tells what it told, under a newer contract too; one that is not to be published stays as it is, without lineage."""
    noted = Noted({**MANIFEST, "status": "published", "contract_version": "0.9.0"})
    noted.finish()
    assert noted.calls == ["tell.lineage.json", "tell.outcome.json"]
    noted = Noted()
    assert noted.finish(publish=False)["status"] == "written"
    assert noted.calls == ["write", "tell.outcome.json"]


@pytest.mark.parametrize(("changed", "again"), [({"contract_version": "0.9.0"}, False), ({}, True)])
def test_what_is_out_of_date_is_written_again(changed: dict[str, str], *, again: bool) -> None:
    """Under another version of the contract, or on another version of the table."""
    noted = Noted({**MANIFEST, **changed})
    noted.finish(again=again)
    assert noted.calls[0] == "write"


@pytest.mark.parametrize("changed", [{"run_id": "x"}, {"table": "x"}, {"product": "x"}, {"input": "x"}, {"since": "x"}, {"until": "x"}])
def test_another_runs_manifest_is_not_this_ones(changed: dict[str, str]) -> None:
    """Whatever it is that differs is named."""
    with pytest.raises(SpecError, match=f"another run's manifest: {next(iter(changed))} differ"):
        Noted({**MANIFEST, **changed}).finish()


@pytest.mark.parametrize("step", [name for name in PUBLISHING if not name.startswith("keep")])
def test_a_step_that_fails_ends_the_run_there(step: str) -> None:
    """Nothing after it is done, and the manifest says that nothing was published."""
    noted = Noted(MANIFEST, **{step: ValueError("4711")})
    with pytest.raises(PublishError, match="ValueError: what it says is withheld"):
        noted.finish()
    assert noted.calls == PUBLISHING[: PUBLISHING.index(step) + 1]
    assert json.loads(noted.stored["m/r.json"])["status"] == "written"


def test_a_table_that_changed_is_judged_again_on_what_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time on a table that is opened anew; after four times the run gives up."""
    seen: list[tuple[bool, Any]] = []
    opened = iter(range(100))
    changes = 3

    def finish(run: Any, *, again: bool) -> Any:
        seen.append((again, run.table))
        if len(seen) <= changes:
            raise StaleTableError
        return "done"

    monkeypatch.setattr(ingestion, "prepare", lambda _: None)
    monkeypatch.setattr(ingestion, "open_table", lambda *_, **__: next(opened))
    monkeypatch.setattr(ingestion, "open_quarantine", lambda *_, **__: None)
    monkeypatch.setattr(ingestion.Run, "finish", finish)
    arguments = Arguments(spec=SPEC, input="i", curated="c", quarantine="q", manifest="m/r.json", run_id="r")
    assert ingestion.ingest(arguments, None) == "done"  # type: ignore[arg-type]
    assert seen == [(False, 0), (True, 1), (True, 2), (True, 3)]
    seen.clear()
    changes = 4
    with pytest.raises(StaleTableError):
        ingestion.ingest(arguments, None)  # type: ignore[arg-type]
    assert len(seen) == 4


def test_files_of_a_time_are_those_from_its_beginning_to_before_its_end() -> None:
    """Two replays that follow each other take each file once; a file without a time is in none."""
    noted = Noted()
    hours = [dt.datetime(2026, 11, 22, hour, tzinfo=dt.UTC) for hour in range(4)]
    noted.listed = [*(StoredFile(str(at.hour), 1, modified=at) for at in hours), StoredFile("no time", 1)]

    def names(**told: Any) -> list[str]:
        return [file.path for file in noted.run(**told)._delivered()]

    assert names() == ["0", "1", "2", "3", "no time"]
    assert names(since=hours[1], until=hours[3]) == ["1", "2"]
    assert names(until=hours[1]) == ["0"]
    assert names(since=hours[3]) == ["3"]
    with pytest.raises(UnreadableInput, match="no file there that was stored in the stated time, of 5"):
        names(since=hours[3] + dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("broken", "leave_out", "read"), [("", False, "ab"), ("b", True, "a"), ("b", False, None), ("ab", True, None), ("", True, "ab")]
)
def test_a_file_without_an_end(broken: str, leave_out: bool, read: str | None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """Left out when that was said and there is another; else the run ends and names it."""
    surveys = [FileSurvey(path=path, size=1, sha256=path, error="cut off" if path in broken else None) for path in "ab"]
    monkeypatch.setattr(ingestion, "survey", lambda *_: surveys)
    run = Noted().run(leave_out_unreadable=leave_out)
    if read is None:
        with pytest.raises(UnreadableInput, match="b: cut off"):
            run._survey([])
        return
    good, refused = run._survey([])
    assert ("".join(item.path for item in good), "".join(item.path for item in refused)) == (read, broken)


def test_the_stored_manifest_is_the_whole_of_what_was_written() -> None:
    """What another process publishes by is what this one wrote."""
    written = ingestion.written_of(MANIFEST["written"])
    assert json.loads(json.dumps(dataclasses.asdict(written))) == {
        **MANIFEST["written"],
        "files": [dict(one) for one in MANIFEST["written"]["files"]],
    }
