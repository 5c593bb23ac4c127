"""Control Tower's controls on units of a landing zone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Stack, Token, aws_controltower as controltower
from constructs import Construct

from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_lib.organization.structure import AnyUnit

_CATALOGUED = re.compile(r"[0-9a-z]{20,32}")
_OWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,63}")


class ControlTowerControls(Construct):
    """Controls enabled on one unit, one after the other: Control Tower takes few operations at a time and refuses the others.

    Its stack is in the management account, in the landing zone's home Region. The unit has to be registered with Control Tower.

    See https://docs.aws.amazon.com/controltower/latest/controlreference/control-identifiers.html

    Args:
        unit: Where they apply, units and accounts below included.
        controls: Ids: Control Tower's, such as `AWS-GR_RESTRICT_ROOT_USER`, or the control catalogue's, such as
            `5rw4crvgv4tpl9vcfz2mzmwb6`; mandatory controls cannot be named. One that is taken out is disabled.
        parameters: What a control is told, by its id; nothing when left out.

    Attributes:
        resources: The enabled controls, by id.

    Raises:
        DataLakeError: `control_id`, `control_parameters`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        unit: AnyUnit,
        controls: Sequence[str],
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        parameters = {} if parameters is None else parameters
        self._check(controls, parameters)
        self.resources: dict[str, controltower.CfnEnabledControl] = {}
        earlier: controltower.CfnEnabledControl | None = None
        for control in controls:
            resource = controltower.CfnEnabledControl(
                self,
                "".join(part[:1].upper() + part[1:].lower() for part in re.split(r"[^A-Za-z0-9]+", control)),
                control_identifier=self._arn(control),
                target_identifier=unit.unit_arn,
                parameters=_parameters(parameters.get(control, {})),
            )
            if earlier is not None:
                resource.add_resource_dependency(earlier)
            self.resources[control] = earlier = resource

    def _check(self, controls: Sequence[str], parameters: Mapping[str, Any]) -> None:
        for number, control in enumerate(controls):
            if Token.is_unresolved(control) or not _OWN.fullmatch(control) or control in controls[:number]:
                msg = (
                    f"got control {control!r}; allowed is each id once, without its ARN, such as AWS-GR_RESTRICT_ROOT_USER or "
                    "5rw4crvgv4tpl9vcfz2mzmwb6"
                )
                raise misuse(self, msg, code="control_id")
        if left := sorted(set(parameters) - set(controls)):
            msg = f"got parameters for {', '.join(left)}; allowed are those of the controls that are enabled: {', '.join(controls)}"
            raise misuse(self, msg, code="control_parameters")

    def _arn(self, control: str) -> str:
        if _CATALOGUED.fullmatch(control):
            return f"arn:{Aws.PARTITION}:controlcatalog:::control/{control}"
        return f"arn:{Aws.PARTITION}:controltower:{Stack.of(self).region}::control/{control}"


def _parameters(given: Mapping[str, Any]) -> list[controltower.CfnEnabledControl.EnabledControlParameterProperty] | None:
    made = [controltower.CfnEnabledControl.EnabledControlParameterProperty(key=key, value=value) for key, value in given.items()]
    return made or None
