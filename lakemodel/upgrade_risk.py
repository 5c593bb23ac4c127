"""The approval of what a deployment endangers: one rule, one resource, one value."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Protocol

from pydantic import Field, StrictStr, StringConstraints

from lakemodel.approval_base import Approval, Text

RULE: Final = r"^(data_loss|lost_access|collision|security_weakened)\.[a-z0-9_]+$"
STACK: Final = r"^[^*][^*]*$"
PLACE: Final = r"^[^*]*$"


class Endangered(Protocol):
    """What an approval is held against; everything as it is printed."""

    @property
    def rule(self) -> str:
        """Category and kind: `data_loss.replaced`."""

    @property
    def environment(self) -> str:
        """The Stage."""

    @property
    def stack(self) -> str:
        """Construct path of the stack."""

    @property
    def logical_id(self) -> str:
        """The resource; empty when it is about the stack as a whole."""

    @property
    def was(self) -> str:
        """What it was; empty when that says nothing."""

    @property
    def now(self) -> str:
        """What it is to be; empty when that says nothing."""

    @property
    def property(self) -> str:
        """The property; empty when it is about the resource as a whole."""


class UpgradeRisk(Approval):
    """A risk that `lakecheck upgrade` prints, at one resource of one stack, in the environments that are named."""

    kind: Literal["upgrade_risk"]
    """What is approved: what a deployment endangers."""
    rule: Annotated[StrictStr, StringConstraints(pattern=RULE)]
    """The rule that found it, as printed, such as data_loss.replaced; no wildcard."""
    environments: Annotated[list[Text], Field(min_length=1)]
    """The environments it may happen in, as printed."""
    stack: Annotated[StrictStr, StringConstraints(pattern=STACK)]
    """The stack, as printed: its path below the environment, or its whole path; no wildcard."""
    logical_id: Annotated[StrictStr, StringConstraints(pattern=PLACE)] = ""
    """The resource, by its logical id. Not stated: a risk of the stack as a whole."""
    property: Annotated[StrictStr, StringConstraints(pattern=PLACE)] = ""
    """The property, as printed. Not stated: a risk of the resource as a whole."""
    was: StrictStr = ""
    """What it was, as printed. Not stated: the risk is printed without it."""
    now: StrictStr = ""
    """What it is to be, as printed. Not stated: the risk is printed without it."""

    def covers(self, risk: Endangered) -> bool:
        """Whether this very risk was approved: another rule, resource, property or value is another risk."""
        exact = (self.rule, self.logical_id, self.property, self.was, self.now)
        if exact != (risk.rule, risk.logical_id, risk.property, risk.was, risk.now):
            return False
        if risk.environment.lower() not in {name.lower() for name in self.environments}:
            return False
        return self.stack in (risk.stack, stack_below(risk.stack, risk.environment))


def stack_below(stack: str, environment: str) -> str:
    """A stack's path without its environment, so that one approval can be of the same stack in several.

    Example:
        >>> stack_below("Prod/Storage", "Prod")
        'Storage'
        >>> stack_below("Storage", "—")
        'Storage'
    """
    return stack.removeprefix(f"{environment}/")
