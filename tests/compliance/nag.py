"""Runs the compliance packs over an App and reads their report."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.compliance import add_compliance_packs

if TYPE_CHECKING:
    import aws_cdk as cdk


def report(app: cdk.App) -> dict[str, Any]:
    """The validation report of `app`, synthesized with every pack."""
    add_compliance_packs(app)
    with suppress(RuntimeError):  # a violation makes the synth raise; the report says which
        app.synth()
    loaded: dict[str, Any] = json.loads((Path(app.outdir) / "validation-report.json").read_text())
    return loaded


def findings(validation_report: dict[str, Any]) -> list[str]:
    """Every unacknowledged violation as `path: Pack::Rule`, sorted; empty when the App is clean."""
    return sorted(
        f"{construct['constructPath']}: {plugin['pluginName']}::{violation['ruleName']}"
        for plugin in validation_report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    )


def acknowledged(validation_report: dict[str, Any]) -> dict[str, set[str]]:
    """The acknowledged ids of each construct path."""
    found: dict[str, set[str]] = {}
    for plugin in validation_report["pluginReports"]:
        for violation in plugin.get("suppressedViolations", []):
            for construct in violation["violatingConstructs"]:
                found.setdefault(construct["constructPath"], set()).add(violation["acknowledgedId"])
    return found
