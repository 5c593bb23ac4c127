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
from functools import cache
from typing import TYPE_CHECKING, Any

from lakecheck.checks.base import IGNORED, Acknowledgements, CheckResult, finding_in, templates, tool
from lakecheck.checks.distinct import equal_templates
from lakecheck.progress import quiet
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


def check(assembly: Assembly, *, processes: int = 1, progress: Tell = quiet) -> CheckResult:
    """Lints every template; equal ones (but for their account and the names of exports) only once.

    Args:
        assembly: What to judge.
        processes: At most so many at a time; more than one only where there is enough to do.
        progress: Told what goes on.

    Raises:
        DataLakeError: `check_extra_missing`, if cfn-lint is not installed.
    """
    started = time.perf_counter()
    progress("cfn-lint: loading its rules")
    version = tool("cfnlint.version", "cfn-lint").__version__
    groups = equal_templates(assembly)
    leaders = [group[0] for group in groups]
    matches, seconds = _lint(leaders, processes, progress)
    followers = [stack for group in groups if matches[group[0].file] for stack in group[1:]]
    more_matches, more_seconds = _lint(followers, processes, progress)  # their findings name their own values
    matches |= more_matches
    acknowledgements = Acknowledgements(assembly.acknowledgements)
    linted = len(matches)
    return CheckResult(
        name=NAME,
        title=f"cfn-lint {version}",
        findings=tuple(_findings(assembly.stacks, matches, acknowledgements)),
        detail=templates(assembly) + (f", {linted:,} distinct" if linted < len(assembly.stacks) else ""),
        seconds=time.perf_counter() - started,
        stack_seconds=seconds | more_seconds,
    )


def _lint(stacks: Sequence[StackTemplate], processes: int, progress: Tell) -> tuple[dict[str, list[Match]], dict[str, float]]:
    matches: dict[str, list[Match]] = {}
    seconds: dict[str, float] = {}
    for number, (file, found, spent) in enumerate(_results(stacks, processes), start=1):
        progress(f"cfn-lint {number}/{len(stacks)}")
        matches[file] = found
        seconds[file] = spent
    return matches, seconds


def _results(stacks: Sequence[StackTemplate], processes: int) -> Iterator[tuple[str, list[Match], float]]:
    work = [(stack.file, json.dumps(stack.bare), stack.region or _DEFAULT_REGION) for stack in stacks]
    work.sort(key=lambda job: (-len(job[1]), job[0]))  # the longest first, so that no process ends alone with it
    processes = min(processes, len(work), os.cpu_count() or 1)
    if processes < 2 or sum(len(stack.resources) for stack in stacks) < _PARALLEL_FROM_RESOURCES:  # noqa: PLR2004
        yield from map(_lint_one, work)
        return
    # Forked processes share the rules, which take a second to load; elsewhere each loads its own.
    method = "fork" if sys.platform == "linux" else "spawn"
    _rules()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method)) as pool:
        yield from pool.map(_lint_one, work)


def _lint_one(job: tuple[str, str, str]) -> tuple[str, list[Match], float]:
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
    return file, sorted(found, key=lambda match: (match.path, match.rule, match.message)), time.perf_counter() - started


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
