"""The invariants of access.yaml as a validation plugin: who can read what is judged at synth, over every template of the app.

This module and `lake_rules` are the ones of the library that import lakecheck.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
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

from constructs_lib.core import misuse
from lakecheck.access.check import check_access
from lakecheck.access.invariants.loader import load_rules
from lakecheck.access.invariants.verdicts import State
from lakecheck.assembly.reader import MANIFEST
from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aws_cdk import IPolicyValidationContext

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Counterexample, Judgement, Verdict
    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet

PLUGIN_NAME: Final = "lakecheck"


def add_access_invariants(
    scope: Stage,
    rules: Path | str,
    *,
    supplement: Path | str | None = None,
    lake: LakeConfig | None = None,
    contracts: ContractSet | None = None,
) -> None:
    """Lets the invariants of an access.yaml judge every template below `scope` at synth.

    A synth fails when an invariant is refuted, or cannot be proved. Each counterexample is one violation in the assembly's
    `validation-report.json`, by the invariant's id.

    Args:
        scope: The App, or one Stage of it: the invariants see what is below it and nothing else.
        rules: The access.yaml.
        supplement: The estate.yaml that says what templates cannot, read when the app is validated; none when left out.
        lake: The configuration, instead of the lake.yaml that `rules` names.
        contracts: The contracts, instead of those that `rules` names.

    Raises:
        DataLakeError: `access_scope`, if `scope` is no App or Stage.
        InvalidInput: If `rules` cannot be read, with every reason.

    Example:
        >>> from aws_cdk import App
        >>> add_access_invariants(App(), "config/access.yaml")  # doctest: +SKIP
    """
    if not Stage.is_stage(scope):
        msg = f"got a {type(scope).__name__}; invariants are added to an App or a Stage: pass Stage.of(construct)"
        raise misuse(scope, msg, code="access_scope")
    loaded = load_rules(rules, lake=lake, contracts=contracts)
    Validations.of(scope).add_plugins(AccessInvariants(loaded, supplement=None if supplement is None else Path(supplement)))


@jsii.implements(IPolicyValidationPlugin)
class AccessInvariants:
    """Judges the invariants of an access.yaml when CDK validates templates; `add_access_invariants` is the usual way to it.

    Args:
        rules: The access.yaml with what it names.
        supplement: The estate.yaml; none when left out.
    """

    def __init__(self, rules: LoadedRules, *, supplement: Path | None = None) -> None:
        self._rules = rules
        self._supplement = supplement

    @property
    def name(self) -> str:
        """The plugin's name in the report."""
        return PLUGIN_NAME

    @property
    def version(self) -> str:
        """The library's version."""
        return library_version()

    @property
    def rule_ids(self) -> list[str]:
        """The invariants' ids."""
        return [invariant.id for invariant in self._rules.rules.invariants]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Judges the assembly that the templates are in."""
        try:
            judgement = check_access([assembly_of(context.template_paths)], self._rules, supplement=self._supplement)
        except InvalidInput as error:
            return PolicyValidationPluginReport(success=False, violations=[unreadable(error)])
        violations = [violation for verdict in judgement.verdicts for violation in _violations(verdict, judgement)]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


def library_version() -> str:
    """The installed version; `0.0.0` when the code runs from a folder."""
    try:
        return version("governed-lake")
    except PackageNotFoundError:
        return "0.0.0"


def assembly_of(templates: Sequence[str]) -> Path:
    """The outermost assembly that a template is in."""
    folder = found = Path(templates[0]).parent
    while (folder.parent / MANIFEST).is_file():
        found = folder = folder.parent
    return found


def _violations(verdict: Verdict, judgement: Judgement) -> Iterator[PolicyViolation]:
    if verdict.state is State.PROVED:
        return
    for example in verdict.examples:
        yield PolicyViolation(
            rule_name=verdict.id,
            description=f"{verdict.says} {verdict.state.value.upper()}: {_said(example)}",
            severity="error",
            fix=example.remedy or "Say in the supplement what no template tells.",
            violating_resources=[PolicyViolatingResource(construct_path=_path_of(example), locations=[])],
        )
    if not verdict.examples:
        yield PolicyViolation(
            rule_name=verdict.id,
            description=f"{verdict.says} UNKNOWN: {'; '.join(judgement.not_known)}",
            severity="error",
            fix="Say it in the supplement.",
            violating_resources=[PolicyViolatingResource(construct_path="", locations=[])],
        )


def _said(example: Counterexample) -> str:
    where = f" in {example.environment}" if example.environment else ""
    unknown = f"; not known: {'; '.join(example.reasons)}" if example.reasons else ""
    return f"{example.summary}{where}{unknown}"


def _path_of(example: Counterexample) -> str:
    access = example.access
    origin = access.origin if access is not None else None
    if origin is None and access is not None:
        origin = access.principal.origin
    return origin.construct_path if origin is not None else ""


def unreadable(error: InvalidInput) -> PolicyViolation:
    """What to say of input that could not be judged by."""
    return PolicyViolation(
        rule_name="unreadable",
        description="; ".join(str(finding) for finding in error.findings),
        severity="error",
        fix="Correct what is named.",
        violating_resources=[PolicyViolatingResource(construct_path="", locations=[])],
    )
