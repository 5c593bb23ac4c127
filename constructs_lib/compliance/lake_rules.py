"""lakecheck's rules as a validation plugin: what no compliance pack looks at is judged at synth, over every template of the app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import jsii
from aws_cdk import (
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Stage,
    Validations,
)

from constructs_lib.compliance.access import assembly_of, library_version, unreadable
from constructs_lib.core import misuse
from lakecheck.assembly import read_assembly
from lakecheck.checks.rules import PREFIX, check
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from lakemodel.errors import InvalidInput
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import IPolicyValidationContext

    from lakecheck.findings import Finding
    from lakecheck.rules.base import Rule

RULES_PLUGIN_NAME: Final = PREFIX
"""The plugin's name, so that CDK takes the acknowledgements that `lakecheck run` takes: `lakecheck-rules::query.no_scan_cap`."""


def add_lake_rules(scope: Stage, *, supplement: Path | str | None = None, rules: Sequence[Rule] | None = None) -> None:
    """Lets lakecheck's rules judge every template below `scope` at synth.

    A synth fails on what `lakecheck run` fails on: errors and warnings that nobody acknowledged. What depends on what a template leaves
    open is for `lakecheck run` to tell. A finding is acknowledged next to its resource as `lakecheck-rules::<rule>`.

    Args:
        scope: The App, or one Stage of it.
        supplement: The estate.yaml that says what templates cannot, read when the app is validated; none when left out.
        rules: Which rules; all of lakecheck's own when left out.

    Raises:
        DataLakeError: `rules_scope`, if `scope` is no App or Stage.

    Example:
        >>> from aws_cdk import App
        >>> add_lake_rules(App())
    """
    if not Stage.is_stage(scope):
        msg = f"got a {type(scope).__name__}; rules are added to an App or a Stage: pass Stage.of(construct)"
        raise misuse(scope, msg, code="rules_scope")
    applied = all_rules() if rules is None else rules
    Validations.of(scope).add_plugins(LakeRules(applied, supplement=None if supplement is None else Path(supplement)))


@jsii.implements(IPolicyValidationPlugin)
class LakeRules:
    """Applies rules when CDK validates templates; `add_lake_rules` is the usual way to it.

    Args:
        rules: Which.
        supplement: The estate.yaml; none when left out.
    """

    def __init__(self, rules: Sequence[Rule], *, supplement: Path | None = None) -> None:
        self._rules = rules
        self._supplement = supplement

    @property
    def name(self) -> str:
        """The plugin's name in the report."""
        return RULES_PLUGIN_NAME

    @property
    def version(self) -> str:
        """The library's version."""
        return library_version()

    @property
    def rule_ids(self) -> list[str]:
        """The rules' ids."""
        return [rule.id for rule in self._rules]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Judges the assembly that the templates are in; CDK itself leaves out what is acknowledged."""
        try:
            snapshot = Snapshot(read_assembly(assembly_of(context.template_paths)), supplement=self._supplement)
            found = check(snapshot, self._rules).findings
        except InvalidInput as error:
            return PolicyValidationPluginReport(success=False, violations=[unreadable(error)])
        violations = [_violation(finding) for finding in found if finding.severity is not Severity.NOTE]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


def _violation(finding: Finding) -> PolicyViolation:
    place = PolicyViolatingResource(construct_path=finding.construct_path or finding.stack, locations=[])
    return PolicyViolation(
        rule_name=finding.rule,
        description=finding.message,
        severity=finding.severity.value,
        fix=finding.remedy,
        violating_resources=[place],
    )
