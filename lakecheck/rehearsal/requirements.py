"""What a rehearsal of an assembly needs, looked for at the beginning: nobody waits for minutes to hear what is not installed."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.deployment.toolkit import INSTALL_CLI, clean_environment, find_cli
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lakecheck.assembly.model import StackTemplate

INSTALL: Final = "pip install 'governed-lake[rehearsal]'"
_CLI_SECONDS: Final = 60.0
_MAJOR: Final = "2."


@dataclass(frozen=True, slots=True)
class Need:
    """A package that only some assemblies need.

    Attributes:
        module: What is imported.
        why: What needs it.
        is_needed: Whether these resources do; it is also told whether files are delivered.
    """

    module: str
    why: str
    is_needed: Callable[[Sequence[Mapping[str, Any]], bool], bool]


def _runs(kind: str) -> Callable[[Sequence[Mapping[str, Any]], bool], bool]:
    return lambda resources, delivers: delivers and any(one.get("Type") == kind for one in resources)


def _has_functions(resources: Sequence[Mapping[str, Any]], _delivers: bool) -> bool:  # noqa: FBT001 - as the others
    """Python functions: custom resources run them while they are deployed."""
    properties = [one.get("Properties") for one in resources if one.get("Type") == "AWS::Lambda::Function"]
    return any(isinstance(one, dict) and str(one.get("Runtime", "")).startswith("python") for one in properties)


_runs_jobs: Final = _runs("AWS::Glue::Job")
_runs_machines: Final = _runs("AWS::StepFunctions::StateMachine")

NEEDS: Final = (
    Need("awslambdaric", "functions in Python", _has_functions),
    Need("jsonata", "state machines", _runs_machines),
    Need("pyspark", "Glue jobs", _runs_jobs),
    Need("duckdb", "reading the results", _runs_machines),
    Need("pyarrow", "reading the results", _runs_machines),
    Need("pyiceberg", "reading the results", _runs_machines),
    Need("awswrangler", "reading the results", _runs_machines),
)


def check(stacks: Iterable[StackTemplate], *, delivers: bool) -> str:
    """Looks for everything.

    Args:
        stacks: What is deployed.
        delivers: Whether pipelines are to run.

    Returns:
        The CDK CLI.

    Raises:
        DataLakeError: `no_moto`, `wrong_moto`, `not_installed`, `no_java`, `no_cdk`, `wrong_cdk`; each with what to do.
    """
    from lakecheck.rehearsal.emulator.process import check_installed  # noqa: PLC0415 - the emulator's start needs it too

    check_installed()
    resources = [one for stack in stacks for one in stack.resources.values() if isinstance(one, dict)]
    needed = [need for need in NEEDS if need.is_needed(resources, delivers)]
    missing = [need for need in needed if importlib.util.find_spec(need.module) is None]
    if missing:
        told = ", ".join(f"{need.module} (for {need.why})" for need in missing)
        raise DataLakeError(f"this rehearsal needs what is not installed: {told}; install it: {INSTALL}", code="not_installed")
    if any(need.module == "pyspark" for need in needed):
        from lakecheck.rehearsal.spark.runner import environment_of  # noqa: PLC0415 - only jobs need it

        environment_of({}, ())
    cli = find_cli()
    check_cli(cli)
    return cli


def check_cli(cli: str) -> None:
    """Asks the CLI for its version.

    Raises:
        DataLakeError: `no_cdk` if it does not run, `wrong_cdk` for another major version than 2.
    """
    environment = {**clean_environment(), "CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    try:
        done = subprocess.run(  # noqa: S603 - the program that was found
            [cli, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_CLI_SECONDS,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environment,
        )
        told, code = f"{done.stdout}\n{done.stderr}".strip(), done.returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        told, code = str(error), 1
    version = re.search(r"^(\d+\.\d+\S*)", told, re.MULTILINE)
    if code != 0 or version is None:
        msg = f"the CDK CLI {cli} does not run: {told[-500:] or f'exit code {code}'}; it needs Node; install it anew: {INSTALL_CLI}"
        raise DataLakeError(msg, code="no_cdk")
    if not version[1].startswith(_MAJOR):
        msg = f"the CDK CLI {cli} is of version {version[1]}; a rehearsal needs version 2: {INSTALL_CLI}"
        raise DataLakeError(msg, code="wrong_cdk")
