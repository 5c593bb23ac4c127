"""Sizes of policies as a validation plugin: what AWS would refuse in the middle of a deployment is refused at synth."""

from __future__ import annotations

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
from lakecheck.checks.limits import PREFIX, check
from lakecheck.snapshot import Snapshot
from lakemodel.errors import InvalidInput
from lakemodel.findings import Severity
from lakemodel.limits import Quota

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import IPolicyValidationContext

    from lakecheck.findings import Finding

SIZES_PLUGIN_NAME: Final = PREFIX
"""The plugin's name, so that CDK takes the acknowledgements that `lakecheck run` takes: `lakecheck-limits::bucket_policy_bytes`."""


def add_policy_sizes(scope: Stage, *, raised: Mapping[Quota, int] | None = None) -> None:
    """Lets every policy below `scope` be measured at synth, against the quotas of `lakemodel.limits`.

    Managed, inline and trust policies of roles, policies of buckets, keys and queues, permission sets, policies of the organisation and how
    many of them a target has. A synth fails on what is full or too large, with the remedy; what is above 80 % is told.

    Args:
        scope: The App, or one Stage of it.
        raised: Quotas that AWS has raised for the accounts, with their values; none when left out.

    Raises:
        DataLakeError: `sizes_scope`, if `scope` is no App or Stage.

    Example:
        >>> from aws_cdk import App
        >>> add_policy_sizes(App())
    """
    if not Stage.is_stage(scope):
        msg = f"got a {type(scope).__name__}; sizes are counted below an App or a Stage: pass Stage.of(construct)"
        raise misuse(scope, msg, code="sizes_scope")
    Validations.of(scope).add_plugins(PolicySizes(raised=raised))


@jsii.implements(IPolicyValidationPlugin)
class PolicySizes:
    """Measures policies when CDK validates templates; `add_policy_sizes` is the usual way to it.

    Args:
        raised: Quotas that AWS has raised; none when left out.
    """

    def __init__(self, *, raised: Mapping[Quota, int] | None = None) -> None:
        self._raised = {} if raised is None else dict(raised)

    @property
    def name(self) -> str:
        """The plugin's name in the report."""
        return SIZES_PLUGIN_NAME

    @property
    def version(self) -> str:
        """The library's version."""
        return library_version()

    @property
    def rule_ids(self) -> list[str]:
        """The quotas' names."""
        return [quota.value for quota in Quota]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Measures the assembly that the templates are in; CDK itself leaves out what is acknowledged."""
        try:
            snapshot = Snapshot(read_assembly(assembly_of(context.template_paths)))
            found = check(snapshot, raised=self._raised, policies_only=True).findings
        except InvalidInput as error:
            return PolicyValidationPluginReport(success=False, violations=[unreadable(error)])
        full = [finding for finding in found if finding.severity is Severity.ERROR]
        return PolicyValidationPluginReport(success=not full, violations=[_violation(finding) for finding in found])


def _violation(finding: Finding) -> PolicyViolation:
    return PolicyViolation(
        rule_name=finding.rule,
        description=finding.message,
        severity=finding.severity.value,
        fix=finding.remedy,
        violating_resources=[PolicyViolatingResource(construct_path=finding.construct_path or finding.stack, locations=[])],
    )
