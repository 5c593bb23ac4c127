"""cfn-lint on every template, without the Metadata and the configuration files that could silence it.

https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from lakecheck.checks.base import IGNORED, Acknowledgements, CheckResult, finding_in, templates, tool
from lakecheck.checks.distinct import equal_templates
from lakecheck.progress import quiet
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from lakecheck.assembly import Assembly, StackTemplate
    from lakecheck.findings import Finding
    from lakecheck.progress import Tell

NAME = "lint"
PREFIX = "cfn-lint"

_DEFAULT_REGION = "us-east-1"
_PARALLEL_FROM_RESOURCES = 150
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Match:
    """What cfn-lint says, free of its classes so that it travels between processes."""

    rule: str
    severity: str
    message: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Linted:
    """One template's matches; the seconds it took; `time.perf_counter()` at its end, which on one machine all processes share."""

    file: str
    matches: list[Match]
    seconds: float
    ended: float


def check(assembly: Assembly, *, processes: int = 1, progress: Tell = quiet) -> CheckResult:
    """Lints every template, all at once; arguments and errors as of `Linting`."""
    with Linting(assembly, processes=processes, progress=progress) as linting:
        return linting.result()


class Linting:
    """Lints every template; equal ones (but for their account and names) only once. Other processes begin with it at once, where that pays.

    Use it in a `with`, at whose end they stop, and begin it before any library starts threads: on Linux the processes are forks, since
    the rules, which take a second to load, are shared then.

    Args:
        assembly: What to judge.
        processes: At most so many at a time; more than one only where there is enough to do. With one, `result` does it all.
        progress: Told what goes on.

    Raises:
        DataLakeError: `check_extra_missing`, if cfn-lint is not installed.
    """

    def __init__(self, assembly: Assembly, *, processes: int = 1, progress: Tell = quiet) -> None:
        self._started = self._ended = time.perf_counter()
        progress("cfn-lint: loading its rules")
        self._version = tool("cfnlint.version", "cfn-lint").__version__
        self._assembly = assembly
        self._progress = progress
        self._groups = equal_templates(assembly)
        self._pool = _pool([group[0] for group in self._groups], processes)
        self._first = self._begin([group[0] for group in self._groups])

    def __enter__(self) -> Self:
        """Nothing more: the work has begun."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes; what they have not begun stays undone."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def result(self) -> CheckResult:
        """What was found, as soon as all is done."""
        found = self._collect(self._first)
        followers = [stack for group in self._groups if found[group[0].file].matches for stack in group[1:]]
        found |= self._collect(self._begin(followers))  # their findings name their own values
        acknowledgements = Acknowledgements(self._assembly.acknowledgements)
        stacks = self._assembly.stacks
        return CheckResult(
            name=NAME,
            title=f"cfn-lint {self._version}",
            findings=tuple(_findings(stacks, {file: each.matches for file, each in found.items()}, acknowledgements)),
            detail=templates(self._assembly) + (f", {len(found):,} distinct" if len(found) < len(stacks) else ""),
            seconds=self._ended - self._started,
            stack_seconds={file: each.seconds for file, each in found.items()},
        )

    def _begin(self, stacks: Sequence[StackTemplate]) -> list[Callable[[], _Linted]]:
        """What waits for each template's result, or makes it."""
        work = [(stack.file, json.dumps(stack.bare), stack.region or _DEFAULT_REGION) for stack in stacks]
        work.sort(key=lambda job: (-len(job[1]), job[0]))  # the longest first, so that no process ends alone with it
        if self._pool is None:
            return [partial(_lint_one, job) for job in work]
        return [self._pool.submit(_lint_one, job).result for job in work]

    def _collect(self, results: Sequence[Callable[[], _Linted]]) -> dict[str, _Linted]:
        found: dict[str, _Linted] = {}
        for number, result in enumerate(results, start=1):
            one = result()
            self._progress(f"cfn-lint {number}/{len(results)}")
            self._ended = max(self._ended, one.ended)
            found[one.file] = one
        return found


def _pool(stacks: Sequence[StackTemplate], processes: int) -> ProcessPoolExecutor | None:
    processes = min(processes, len(stacks), os.cpu_count() or 1)
    if processes < 2 or sum(len(stack.resources) for stack in stacks) < _PARALLEL_FROM_RESOURCES:  # noqa: PLR2004
        return None
    _rules()
    # Elsewhere than on Linux a fork is not safe, and each process loads its own rules.
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn"))


def _lint_one(job: tuple[str, str, str]) -> _Linted:
    file, text, region = job
    started = time.perf_counter()
    from cfnlint.decode.decode import decode_str  # noqa: PLC0415 - loaded where it is used, see tool()
    from cfnlint.helpers import REGIONS  # noqa: PLC0415
    from cfnlint.runner import run_template_by_data  # noqa: PLC0415

    config = _configuration(region if region in REGIONS else _DEFAULT_REGION)
    matches = list(run_template_by_data(json.loads(text), config, _rules()))
    if matches:
        # Once more with the position of every value, which takes longer to parse: without, cfn-lint takes two findings that say the
        # same of different resources for one.
        decoded, errors = decode_str(text)
        matches = errors or list(run_template_by_data(decoded, config, _rules()))
    found = [Match(each.rule.id, each.rule.severity, each.message, tuple(map(str, getattr(each, "path", None) or ()))) for each in matches]
    ended = time.perf_counter()
    return _Linted(file, sorted(found, key=lambda match: (match.path, match.rule, match.message)), ended - started, ended)


@cache
def _rules() -> Any:
    from cfnlint.runner import Runner  # noqa: PLC0415

    return Runner(_configuration(_DEFAULT_REGION)).rules


def _configuration(region: str) -> Any:
    from cfnlint.config import ConfigMixIn  # noqa: PLC0415

    class OwnConfiguration(ConfigMixIn):  # type: ignore[misc, unused-ignore]
        """Reads no `.cfnlintrc`, neither the project's nor the user's: it could switch rules off."""

        def _find_config(self) -> tuple[str, str]:
            return "", ""

    return OwnConfiguration(regions=[region], ignore_checks=list(IGNORED))


def _findings(stacks: Sequence[StackTemplate], matches: Mapping[str, list[Match]], acknowledgements: Acknowledgements) -> Iterator[Finding]:
    for stack in stacks:
        for match in matches.get(stack.file, ()):
            in_resource = len(match.path) > 1 and match.path[0] == "Resources"
            inside = ".".join(match.path[2:] if in_resource else match.path).removeprefix("Properties.")
            yield finding_in(
                stack,
                match.path[1] if in_resource else "",
                check=NAME,
                rule=match.rule,
                severity=_SEVERITIES.get(match.severity, Severity.NOTE),
                message=f"{inside}: {match.message}" if inside else match.message,
                acknowledgements=acknowledgements,
                prefix=PREFIX,
            )
