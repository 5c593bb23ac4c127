"""The reference lake: reads lake.yaml and the contracts, builds every environment, ends non-zero when a check fails.

The one place that reads files and the environment at synth. `cdk` runs it, and so does `make synth`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import load_contracts
from lakemodel.errors import DataLakeError
from lakemodel.findings import Severity, errors
from lakemodel.growth import growth_findings
from lakemodel.locks.placement import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakemodel.findings import Finding

ROOT = Path(__file__).resolve().parent
CONFIG = ROOT / "config"
SECONDS_OF_SILENCE = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when the assembly is written and clean, else 1."""
    arguments = parse(argv)
    started = time.monotonic()
    outdir = Path(os.environ.get("CDK_OUTDIR", ROOT / "cdk.out"))
    try:
        remove_assembly(outdir)
        return synthesize(arguments, outdir, started)
    except DataLakeError as error:
        remove_manifests(outdir)
        say(str(error))
        say("nothing was written")
        return 1


def synthesize(arguments: argparse.Namespace, outdir: Path, started: float) -> int:
    """Reads, builds, writes, and says what stands against it."""
    config = load_config(arguments.config, display=os.path.relpath(arguments.config))
    contracts = load_contracts(arguments.contracts, config, display=os.path.relpath(arguments.contracts))
    lakes = {name: domain.lake for name, domain in config.domains.items()}
    placement, placement_findings = resolve(os.path.relpath(arguments.placement), contracts, lakes=lakes)
    growth = growth_findings(config, contracts, placement, file=os.path.relpath(arguments.config))
    report_findings([*contracts.findings, *placement_findings, *growth])
    if errors(growth):
        say("nothing was written")
        return 1
    if contracts.refused and not arguments.keep_going:
        refused = f"{len(contracts.refused)} contract{'s' * (len(contracts.refused) > 1)} refused"
        say(f"{refused}, nothing was written; --keep-going (make: KEEP_GOING=1) synthesizes the others")
        return 1
    say(f"{len(contracts.contracts)} data products, {len(config.environments)} environments")

    with working("starting CDK", started):
        from aws_cdk import App  # noqa: PLC0415 - starting Node takes a second; bad input is refused before

        from constructs_lib.compliance import add_access_invariants, add_compliance_packs, add_policy_sizes  # noqa: PLC0415
        from stacks.organization.stage import OrganizationStage  # noqa: PLC0415
        from stacks.stages import EnvironmentStage  # noqa: PLC0415

    app = App(context=cdk_json_context(), outdir=str(outdir))
    add_compliance_packs(app)
    add_policy_sizes(app)
    if arguments.access.is_file():
        supplement = arguments.access.with_name("estate.yaml")
        add_access_invariants(
            app, arguments.access, supplement=supplement if supplement.is_file() else None, lake=config, contracts=contracts
        )
    if config.organization.baseline is not None:
        with working("building the organisation", started):
            OrganizationStage(app, "Organization", config=config)
        say("built the organisation", started)
    for name in config.environments:
        with working(f"building {name}", started):
            EnvironmentStage.for_environment(app, name, config=config, contracts=contracts, placement=placement)
        say(f"built {name}", started)
    say("synthesizing and validating")
    with working("synthesizing and validating", started):
        failure = write(app)
    say(f"wrote {os.path.relpath(outdir)}", started)
    return verdict(outdir, failure) or int(bool(contracts.refused))


def remove_assembly(outdir: Path) -> None:
    """An assembly is never reused: what was refused just now must not leave an older one to be deployed by mistake.

    Raises:
        DataLakeError: `not_an_assembly`, if there is something else in its place.
    """
    if not outdir.exists():
        return
    if "CDK_OUTDIR" in os.environ:
        remove_manifests(outdir)  # the CLI keeps its locks in there
        return
    if not (outdir / "cdk.out").is_file():
        msg = f"found {os.path.relpath(outdir)}, which is no cloud assembly; only an assembly is replaced: move it away"
        raise DataLakeError(msg, code="not_an_assembly")
    shutil.rmtree(outdir)


def remove_manifests(outdir: Path) -> None:
    """Without its manifests an assembly is none: neither the CLI nor anything else deploys what is left of it."""
    if not (outdir / "cdk.out").is_file():
        return
    for manifest in (outdir / "manifest.json", *outdir.glob("assembly-*/manifest.json")):
        manifest.unlink(missing_ok=True)


def write(app: Any) -> Exception | None:
    """Synthesizes. Outside the CLI a violation raises once everything is written; the report says more than the error."""
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        return error
    return None


def verdict(outdir: Path, failure: Exception | None) -> int:
    """Non-zero when a plugin's report says so: the CLI by itself exits 0 when no stack is selected."""
    if failure is not None and not (outdir / "validation-report.json").is_file():
        remove_manifests(outdir)
        say(str(failure))
        return 1
    report = json.loads((outdir / "validation-report.json").read_text())
    failed = [plugin["pluginName"] for plugin in report["pluginReports"] if plugin["conclusion"] != "success"]
    told_elsewhere = "LAKECHECK" in os.environ  # `lakecheck run --app` reports them itself
    for plugin in [] if told_elsewhere else report["pluginReports"]:
        for violation in plugin["violations"]:
            where = ", ".join(sorted({place["constructPath"] for place in violation["violatingConstructs"]}))
            say(f"{plugin['pluginName']}: {violation['ruleName']}: {violation['description'].split(' - (Control')[0]} at {where}")
    if failed or failure is not None:
        say(f"checks failed: {', '.join(failed) or failure}")
        return 1
    return 0


def cdk_json_context() -> dict[str, Any]:
    """The feature flags of cdk.json: the CLI passes them, a plain `python app.py` would go without."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def report_findings(findings: Sequence[Finding]) -> None:
    """Every finding on stderr, the errors last so that they are seen."""
    order = [Severity.NOTE, Severity.WARNING, Severity.ERROR]
    for finding in sorted(findings, key=lambda finding: (order.index(finding.severity), finding)):
        say(f"{finding.severity}: {finding}")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Arguments first, then the environment (the CDK CLI passes no arguments on), then the reference."""
    parser = argparse.ArgumentParser(description="Synthesizes the reference lake.")
    default_contracts = os.environ.get("LAKE_CONTRACTS", str(CONFIG / "contracts"))
    default_config = os.environ.get("LAKE_CONFIG", str(CONFIG / "lake.yaml"))
    parser.add_argument("--config", type=Path, default=Path(default_config), help="lake.yaml (or LAKE_CONFIG)")
    parser.add_argument("--contracts", type=Path, default=Path(default_contracts), help="folder of data contracts (or LAKE_CONTRACTS)")
    parser.add_argument("--access", type=Path, help="access.yaml, with an estate.yaml beside it; the one beside lake.yaml, if there is one")
    parser.add_argument("--placement", type=Path, default=CONFIG / "placement.lock.json", help="which stack each table has")
    keep_going = os.environ.get("LAKE_KEEP_GOING", "") not in {"", "0", "false"}
    parser.add_argument(
        "--keep-going",
        action="store_true",
        default=keep_going,
        help="leave refused contracts out and still end non-zero (or LAKE_KEEP_GOING=1)",
    )
    arguments = parser.parse_args(argv)
    if arguments.access is None:
        arguments.access = arguments.config.with_name("access.yaml")
    return arguments


@contextmanager
def working(on: str, since: float) -> Iterator[None]:
    """Says now and then what goes on inside: Node works for long without a word."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(SECONDS_OF_SILENCE):
            say(on, since)

    teller = threading.Thread(target=tell, name="app.working", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def say(message: str, since: float | None = None) -> None:
    """Progress and complaints go to stderr; the CDK CLI keeps stdout for itself."""
    print(message if since is None else f"{message} ({time.monotonic() - since:.1f} s)", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
