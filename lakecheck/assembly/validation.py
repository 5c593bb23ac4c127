"""Reads `validation-report.json`, in which the validation plugins of a synth (cdk-nag's packs among them) report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.assembly.documents import read_object, refusal
from lakecheck.assembly.metadata import source_of
from lakecheck.assembly.model import PluginReport, ValidationReport, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def read_report(path: Path) -> ValidationReport:
    """The report at `path`; one violation for each construct that the plugin lists.

    Raises:
        Unreadable: If it is no JSON object or has not the shape of a report: it must not pass for an empty one.
    """
    data = read_object(path)
    plugins = data.get("pluginReports")
    if not isinstance(plugins, list) or not all(isinstance(plugin, dict) for plugin in plugins):
        raise refusal(path, "`pluginReports` is not a list of objects", code="assembly.report_invalid")
    return ValidationReport(plugins=tuple(_plugin(path, plugin) for plugin in plugins))


def _plugin(path: Path, plugin: Mapping[str, Any]) -> PluginReport:
    name = plugin.get("pluginName")
    if not isinstance(name, str):
        raise refusal(path, "a plugin's report has no `pluginName`", code="assembly.report_invalid")
    violations = [*_violations(path, plugin, "violations"), *_violations(path, plugin, "suppressedViolations")]
    return PluginReport(name=name, version=str(plugin.get("pluginVersion") or ""), violations=tuple(violations))


def _violations(path: Path, plugin: Mapping[str, Any], key: str) -> Iterator[Violation]:
    entries = plugin.get(key, [])
    if not isinstance(entries, list):
        raise refusal(path, f"`{key}` is not a list", code="assembly.report_invalid")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("ruleName"), str):
            raise refusal(path, f"an entry of `{key}` has no `ruleName`", code="assembly.report_invalid")
        constructs = entry.get("violatingConstructs")
        for construct in constructs if isinstance(constructs, list) and constructs else [{}]:
            yield _violation(entry, construct if isinstance(construct, dict) else {}, acknowledged=key == "suppressedViolations")


def _violation(entry: Mapping[str, Any], construct: Mapping[str, Any], *, acknowledged: bool) -> Violation:
    resource = construct.get("cloudFormationResource")
    traces = construct.get("stackTraces")
    return Violation(
        rule=entry["ruleName"],
        description=str(entry.get("description") or ""),
        severity=str(entry.get("severity") or "error"),
        construct_path=str(construct.get("constructPath") or "").strip("/"),
        logical_id=str(resource.get("logicalId") or "") if isinstance(resource, dict) else "",
        source=next((place for trace in traces if (place := source_of(trace))), "") if isinstance(traces, list) else "",
        acknowledged_rule=str(entry.get("acknowledgedId") or entry["ruleName"]) if acknowledged else None,
        acknowledged_at=str(entry.get("acknowledgedAt") or "").strip("/"),
        reason=str(entry.get("reason") or ""),
    )
