"""The course of a rehearsal: one step after the other on one emulator, until one fails; then the report, whatever happened."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.reader import read_assembly
from lakecheck.progress import quiet
from lakecheck.rehearsal.deployment.copies import Changed, Copy, Target, copy, target, together
from lakecheck.rehearsal.deployment.toolkit import Toolkit
from lakecheck.rehearsal.emulator.process import MOTO, Emulator
from lakecheck.rehearsal.model import Outcome, Report, ResourceResult, Retained, Step
from lakecheck.rehearsal.requirements import check
from lakecheck.rehearsal.workplace import workplace
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.progress import Tell
    from lakecheck.rehearsal.emulator.clients import EmulatorClients
    from lakecheck.rehearsal.lake.samples import Delivery

EMULATOR: Final = f"moto {MOTO}"
_HERE: Final = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is rehearsed, and how.

    Attributes:
        assembly: The folder that `cdk synth` wrote.
        environment: Name of a stage; everything when None.
        base: The assembly that is deployed first, so that `assembly` is an update; `assembly` itself when None.
        deliveries: What is put into landing, in order; no pipeline runs without any.
        only_known: Whether deliveries that no deployed pipeline waits for are left out; they fail the rehearsal otherwise.
        faults: What fails while the pipeline runs once more: `service:Operation:kind[:count]`.
        resilience: Whether the emulator is killed and events come twice, to see that the tables end the same.
        port: Of the emulator; a free one for 0.
        folder: Where it works; a temporary folder when None.
        required: The percentage of resources that has to be rehearsed.
        destroy: Whether the stacks are destroyed in the end.
    """

    assembly: Path
    environment: str | None = None
    base: Path | None = None
    deliveries: Sequence[Delivery] = ()
    only_known: bool = False
    faults: Sequence[str] = ()
    resilience: bool = True
    port: int = 0
    folder: Path | None = None
    required: float | None = None
    destroy: bool = True


class StepFailed(Exception):  # noqa: N818 - named for what it tells
    """A step did not show what it had to.

    Args:
        reason: Why.
        facts: What was seen before.
    """

    def __init__(self, reason: str, facts: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = tuple(facts)


class StepSkipped(Exception):  # noqa: N818 - named for what it tells
    """There is nothing to do in a step."""


@dataclass
class Stage:
    """What the steps work on.

    Attributes:
        options: What is rehearsed.
        emulator: It answers.
        chosen: The stacks, their accounts and Regions.
        first: Copy of the assembly that is deployed first.
        folder: Where copies of the assembly and logs are.
        temporary: Where everything else may be written; it never stays.
        toolkit: The CDK CLI.
        tell: Is told what goes on.
        changed: What the update changes.
        results: Every resource, as compared after the first deployment.
        retained: What was left after destroying.
        rewritten: What was changed in copies.
        notes: What steps leave for later ones, by name.
    """

    options: Options
    emulator: Emulator
    chosen: Target
    first: Copy
    folder: Path
    temporary: Path
    toolkit: Toolkit
    tell: Tell
    changed: tuple[Changed, ...] = ()
    results: tuple[ResourceResult, ...] = ()
    retained: tuple[Retained, ...] = ()
    rewritten: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def clients(self) -> EmulatorClients:
        """The emulator's clients."""
        return self.emulator.clients

    def stacks(self) -> list[dict[str, Any]]:
        """Every stack of the chosen ones with its resources, nested ones included; the toolkit's own left out."""
        told: list[dict[str, Any]] = self.emulator.control("stacks")["stacks"]
        return [stack for stack in told if not stack["name"].startswith("CDKToolkit")]


Do = Callable[[Stage], Sequence[str]]
"""Does one step and returns what was seen, a sentence each."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it is planned; the names are those of `model.Step`."""

    name: str
    title: str
    do: Do
    needs: tuple[str, ...] = ()


def rehearse(
    options: Options,
    tell: Tell = quiet,
    *,
    began: Callable[[str], None] | None = None,
    ended: Callable[[Step], None] | None = None,
    keep: Callable[[Stage, Report], None] | None = None,
) -> Report:
    """Rehearses an assembly.

    Args:
        options: What is rehearsed, and how.
        tell: Is told what goes on; nobody is when left out.
        began: Called with the number and the title of each step that begins; `tell` when left out.
        ended: Called with each step that has ended.
        keep: Called with everything still there, before it ends.

    Returns:
        The report; a step that failed is in it.

    Raises:
        DataLakeError: If the rehearsal could not begin: bad input, no emulator, no CDK CLI, a port that is taken.
    """
    from lakecheck.rehearsal.untruths import untruths  # noqa: PLC0415 - the report alone needs it

    with opened(options, tell) as stage:
        steps = _done(stage, plan(options), began or tell, ended or (lambda _: None))
        report = Report(
            assembly=str(options.assembly),
            environment=options.environment or "",
            accounts=stage.chosen.accounts,
            emulator=EMULATOR,
            steps=tuple(steps),
            resources=stage.results,
            retained=stage.retained,
            rewritten=tuple(stage.rewritten),
            untruths=untruths(),
            required=options.required,
        )
        if keep is not None:
            keep(stage, report)
        return report


@contextmanager
def opened(options: Options, tell: Tell) -> Iterator[Stage]:
    """Everything that steps work on, with the emulator started; all of it ends with the block.

    Raises:
        DataLakeError: See `rehearse`.
    """
    first = options.assembly if options.base is None else options.base
    tell("reading the assembly")
    chosen = _chosen(first, options.environment)
    if options.base is not None:
        chosen = together(chosen, _chosen(options.assembly, options.environment))
    cli = check(chosen.stacks, delivers=bool(options.deliveries))
    with workplace(options.folder, [first, options.assembly]) as place:
        copied = copy(first, place.folder / "assembly")
        tell("starting the emulator")
        with Emulator(options.port, folder=place.folder, temporary=place.temporary) as emulator:
            account, region = chosen.places[0]
            environment = emulator.clients.credentials(account).environment(emulator.endpoint, region)
            work = place.folder / "cdk"
            work.mkdir()
            toolkit = Toolkit(work, environment, tell, cli=cli, guard=place.guard)
            rewritten = list(copied.rewritten)
            yield Stage(options, emulator, chosen, copied, place.folder, place.temporary, toolkit, tell, rewritten=rewritten)


def _chosen(folder: Path, environment: str | None) -> Target:
    assembly = read_assembly(folder)
    if assembly.is_template:
        msg = "got a single template; a rehearsal deploys with the CDK CLI: give the folder that `cdk synth` writes, usually cdk.out"
        raise DataLakeError(msg, code="not_an_assembly", where=str(folder))
    return target(assembly, environment)


def plan(options: Options) -> tuple[Planned, ...]:
    """The steps, in order."""
    from lakecheck.rehearsal.deployment import steps as deployment  # noqa: PLC0415 - they need this module
    from lakecheck.rehearsal.lake import steps as lake  # noqa: PLC0415

    ends = (Planned("destroy", "Destroy what may be destroyed", deployment.destroy, needs=("deploy",)),) if options.destroy else ()
    return (
        Planned("bootstrap", "Bootstrap every account", deployment.bootstrap),
        Planned("deploy", "Deploy with the CDK CLI", deployment.deploy, needs=("bootstrap",)),
        Planned("compare", "Compare templates with what exists", deployment.compare, needs=("deploy",)),
        Planned("pipeline", "Deliver samples and run the pipelines", lake.deliver, needs=("deploy",)),
        Planned("bad-file", "Send bad files through the failure path", lake.deliver_bad, needs=("pipeline",)),
        Planned("read", "Read the results with other clients", lake.read, needs=("pipeline",)),
        Planned("faults", "Run again with faults, kills and events that come twice", lake.endure, needs=("read",)),
        Planned("update", "Deploy a changed version", deployment.update, needs=("deploy",)),
        Planned("again", "Deploy once more, unchanged", deployment.again, needs=("update",)),
        *ends,
    )


def _done(stage: Stage, planned: Sequence[Planned], began: Callable[[str], None], ended: Callable[[Step], None]) -> list[Step]:
    done: dict[str, Step] = {}
    tell, toolkit_tell = stage.tell, stage.toolkit.tell
    for number, one in enumerate(planned, start=1):
        missing = [name for name in one.needs if done[name].outcome is not Outcome.PASSED]
        if missing:
            how = "failed" if done[missing[0]].outcome is Outcome.FAILED else "was left out"
            done[one.name] = Step(name=one.name, title=one.title, outcome=Outcome.SKIPPED, seconds=0.0, reason=f"{missing[0]} {how}")
        else:
            prefix = f"{number}/{len(planned)}"
            began(f"{prefix} {one.title}")
            stage.tell = _numbered(tell, prefix)
            stage.toolkit.tell = _numbered(toolkit_tell, prefix)
            done[one.name] = _one(stage, one)
            _keep_logs(stage)
        ended(done[one.name])
    return list(done.values())


def _numbered(tell: Tell, prefix: str) -> Tell:
    return lambda text: tell(f"{prefix} {text}")


def _one(stage: Stage, planned: Planned) -> Step:
    started = time.monotonic()
    outcome, reason = Outcome.PASSED, ""
    facts: tuple[str, ...] = ()
    try:
        facts = tuple(planned.do(stage))
    except StepSkipped as skipped:
        outcome, reason = Outcome.SKIPPED, str(skipped)
    except StepFailed as failed:
        outcome, reason, facts = Outcome.FAILED, failed.reason, failed.facts
    except DataLakeError as error:
        outcome, reason = Outcome.FAILED, str(error)
    except BrokenPipeError:  # nobody reads any more what goes on
        raise
    except Exception as error:  # noqa: BLE001 - the report is written whatever happens in a step
        outcome, reason = Outcome.FAILED, _unexpected(error)
    seconds = round(time.monotonic() - started, 1)
    return Step(name=planned.name, title=planned.title, outcome=outcome, seconds=seconds, facts=facts, reason=reason)


def _unexpected(error: Exception) -> str:
    """Says what nobody expected, and where it came from."""
    frames = [one for one in traceback.extract_tb(error.__traceback__)[1:] if Path(one.filename).is_relative_to(_HERE)]
    where = f" at {Path(frames[-1].filename).relative_to(_HERE.parent).as_posix()}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{where}: {error}"


def _keep_logs(stage: Stage) -> None:
    """Writes what jobs printed where somebody asked for a folder: a restored emulator forgets it."""
    if stage.options.folder is None:
        return
    with suppress(DataLakeError, OSError):  # the emulator is gone, or the disk is full: the step says so
        for run in stage.emulator.control("executions")["job_runs"]:
            if run["log"]:
                logs = stage.folder / "jobs"
                logs.mkdir(exist_ok=True)
                (logs / f"{run['job']}-{run['id']}.log").write_text(f"{run['status']} {run['error']}\n{run['log']}\n", encoding="utf-8")
