"""Permission sets for the personas that have one, and who has them where. In the management account, where Identity Center is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Stack

from constructs_lib.baseline.containment import PermissionSetContainmentRole
from constructs_lib.core import protect_stack
from constructs_lib.organization.identity import PersonaPermissionSet, WorkgroupAccess, instance_arn
from lakemodel.config.model import PermissionSetPrincipal, Response
from lakemodel.naming import pascal_case
from stacks.query import workgroup_name
from stacks.storage import RESULTS_KEY_ALIAS

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.config.model import Persona
    from stacks.organization.plan import OrganizationPlan


class IdentityStack(Stack):
    """A permission set for each persona whose principal is one, assigned to its group in its account of every environment.

    Args:
        instance: The Identity Center instance.
    """

    def __init__(self, scope: Construct, construct_id: str, *, plan: OrganizationPlan, instance: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        if plan.baseline.response is not Response.NONE:
            PermissionSetContainmentRole(
                self, "Containment", security_account=plan.config.organization.security, instance_arn=instance_arn(self, instance)
            )
        self.permission_sets: dict[str, PersonaPermissionSet] = {}
        for name, persona in plan.config.personas.items():
            if not isinstance(persona.principal, PermissionSetPrincipal):
                continue
            made = self.permission_sets[name] = PersonaPermissionSet(
                self,
                pascal_case(name),
                instance=instance,
                name=persona.principal.permission_set,
                access=_access(plan, name, persona),
                session=Duration.hours(persona.principal.session_hours),
                description=f"Persona {name} of the lake",
            )
            if persona.principal.group is not None:
                accounts = {environment: each.accounts[persona.account] for environment, each in plan.config.environments.items()}
                made.assign("Group", group=persona.principal.group, accounts=accounts)


def _access(plan: OrganizationPlan, name: str, persona: Persona) -> list[WorkgroupAccess]:
    found = []
    for environment, settings in plan.config.environments.items():
        stack = f"{pascal_case(environment)}-{pascal_case(persona.account)}Storage"
        found.append(
            WorkgroupAccess(
                account=settings.accounts[persona.account],
                region=settings.region,
                workgroup=workgroup_name(name),
                results_bucket=plan.results_bucket(stack),
                key_alias=RESULTS_KEY_ALIAS,
                catalog_accounts=tuple(settings.lakes.values()) if persona.account in settings.consumers else (),
            )
        )
    return found
