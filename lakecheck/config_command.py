"""`lakecheck config`: judges a lake.yaml alone, and prints the JSON Schemas of what people write by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from lakemodel.findings import Finding

DEFAULT_PATH = Path("config/lake.yaml")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Adds `config` and its own commands to the parser of `lakecheck`."""
    about = "Judges a lake.yaml without building anything, and prints the JSON Schemas of what people write by hand."
    parser = subparsers.add_parser("config", help="judge lake.yaml, or print its schema", description=about)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    validator = commands.add_parser("validate", help="say everything that is wrong with a lake.yaml; exit 0 when nothing is, else 1")
    validator.add_argument("path", type=Path, nargs="?", default=DEFAULT_PATH, help="the file (default: %(default)s)")
    validator.add_argument("--format", choices=["text", "json"], default="text", help="how to say it (default: %(default)s)")
    validator.set_defaults(handler=validate)
    printer = commands.add_parser("schema", help="print the JSON Schema of one of these files, for editors")
    kinds = ["lake", "approvals", "estate", "access", "lakecheck"]
    printer.add_argument("of", nargs="?", choices=kinds, default="lake", help="of which file (default: %(default)s)")
    printer.set_defaults(handler=schema)


def validate(arguments: argparse.Namespace) -> int:
    """Reads one lake.yaml and prints what is wrong with it; returns the exit code."""
    from lakemodel.config.loader import load_config  # noqa: PLC0415 - pydantic takes half a second, `lakecheck --help` needs none of it

    findings: Sequence[Finding] = ()
    summary = ""
    try:
        config = load_config(arguments.path)
        counts = {"environments": len(config.environments), "domains": len(config.domains), "personas": len(config.personas)}
        summary = ", ".join(f"{count} {name}" for name, count in counts.items())
    except InvalidInput as error:
        findings = error.findings
    if arguments.format == "json":
        report = {"file": str(arguments.path), "valid": not findings, "findings": [finding.as_dict() for finding in findings]}
        print(json.dumps(report, indent=2))
    elif findings:
        for finding in findings:
            print(finding)
        print(f"{len(findings)} {'error' if len(findings) == 1 else 'errors'} in {arguments.path}", file=sys.stderr)
    else:
        print(f"{arguments.path}: valid ({summary})")
    return 1 if findings else 0


def schema(arguments: argparse.Namespace) -> int:
    """Prints a JSON Schema."""
    from lakecheck.access.invariants.loader import access_schema_text  # noqa: PLC0415
    from lakecheck.estate.supplement import estate_schema_text  # noqa: PLC0415
    from lakecheck.settings import settings_schema_text  # noqa: PLC0415
    from lakemodel.approvals import approvals_schema_text  # noqa: PLC0415
    from lakemodel.config.schema import config_schema_text  # noqa: PLC0415

    texts = {
        "lake": config_schema_text,
        "approvals": approvals_schema_text,
        "estate": estate_schema_text,
        "access": access_schema_text,
        "lakecheck": settings_schema_text,
    }
    sys.stdout.write(texts[arguments.of]())
    return 0
