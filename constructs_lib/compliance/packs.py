"""cdk-nag's packs as validation plugins. The one module that knows cdk-nag's API; nothing else may import it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from aws_cdk import Stage, Validations

from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKS: Mapping[str, str] = {
    "AwsSolutions": "AwsSolutionsChecks",
    "NIST.800.53.R5": "NIST80053R5Checks",
    "HIPAA.Security": "HIPAASecurityChecks",
    "PCI.DSS.321": "PCIDSS321Checks",
}
"""Each pack by the prefix of its rule ids (`AwsSolutions::AwsSolutions-S1`), with the class that runs it."""


def add_compliance_packs(scope: Stage) -> None:
    """Lets AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS judge every resource below `scope` at synth.

    A violation that no `core.acknowledge` names makes the synth raise; the report lands in the assembly as
    `validation-report.json`, with acknowledged findings and their reasons under `suppressedViolations`.

    Args:
        scope: The App, or one Stage of it. Call it once for a scope: a second call would report everything twice.

    Raises:
        DataLakeError: `check_extra_missing`, if cdk-nag is not installed; `compliance_scope`, if `scope` is no App or Stage.
    """
    if not Stage.is_stage(scope):
        msg = f"got a {type(scope).__name__}; compliance packs are added to an App or a Stage: pass Stage.of(construct)"
        raise misuse(scope, msg, code="compliance_scope")
    cdk_nag = _cdk_nag(scope)
    Validations.of(scope).add_plugins(*(getattr(cdk_nag, class_name)(scope) for class_name in PACKS.values()))


def _cdk_nag(scope: Stage) -> Any:
    try:
        return importlib.import_module("cdk_nag")
    except ModuleNotFoundError as error:
        msg = "cdk-nag is not installed, so no compliance pack can run; install the extra: pip install 'governed-lake[check]'"
        raise misuse(scope, msg, code="check_extra_missing") from error
