"""The personas of one account, their Athena workgroups, and the query stack of a lake account. Stateless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Size, Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.core import Placeholder
from constructs_lib.governance import DataPrincipal
from constructs_lib.query import NamedQuery, QueryWorkgroup, permission_set_pattern
from lakemodel.config.model import RolePrincipal
from lakemodel.naming import database_name, pascal_case, physical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_lib.query import ResultsBucket
    from lakemodel.config.model import Environment, LakeConfig, Persona

_MOST_SESSION_HOURS = 1
_WORKGROUP_NAME_LENGTH = 128
_POLICY_NAME_LENGTH = 128


class Personas(Construct):
    """Every persona of one account, ready to be granted something.

    Args:
        config: The whole configuration.
        environment: The environment the account belongs to.
        account: Its name in lake.yaml.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: LakeConfig, environment: Environment, account: str) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.personas = {name: persona for name, persona in config.personas.items() if persona.account == account}
        accounts = {**environment.lakes, **environment.consumers}
        self.roles = dict(self._make_roles(accounts))
        self.principals: Mapping[str, DataPrincipal] = {
            name: DataPrincipal.from_role(self.roles[name])
            if name in self.roles
            else DataPrincipal.permission_set(persona.principal.permission_set, account_id=accounts[account])  # type: ignore[union-attr] # not a role
            for name, persona in self.personas.items()
        }

    def _make_roles(self, accounts: Mapping[str, str]) -> Iterator[tuple[str, iam.Role]]:
        for name, persona in self.personas.items():
            if isinstance(persona.principal, RolePrincipal):
                yield (
                    name,
                    iam.Role(
                        self,
                        pascal_case(name),
                        role_name=persona.principal.role,
                        description=f"Persona {name} of the lake",
                        assumed_by=iam.AccountPrincipal(accounts[persona.principal.trusted_account]),
                        max_session_duration=Duration.hours(_MOST_SESSION_HOURS),
                    ),
                )

    def add_workgroups(
        self, scope: Construct, *, results: ResultsBucket, catalog_accounts: Sequence[str] = ()
    ) -> dict[str, QueryWorkgroup]:
        """An Athena workgroup for each persona that reads a zone with tables, and a query to begin with for each domain it reads.

        A permission set gets the right to use it by naming the managed policy `lake-<persona>` as a customer managed policy.
        """
        workgroups = {}
        for name, persona in self.personas.items():
            role = self.roles.get(name)
            workgroups[name] = QueryWorkgroup(
                scope,
                f"{pascal_case(name)}Workgroup",
                name=workgroup_name(name),
                results=results,
                members=[] if role is None else [role],
                member_patterns=[] if role is not None else [permission_set_pattern(self, persona.principal.permission_set)],  # type: ignore[union-attr] # not a role
                member_policy_name=physical_name("lake", name, max_length=_POLICY_NAME_LENGTH),
                scan_limit=Size.gibibytes(persona.scan_limit_gib),
                catalog_accounts=catalog_accounts,
                description=f"Queries of persona {name}",
            )
            self._add_queries(scope, name, persona, workgroups[name])
        return workgroups

    def _add_queries(self, scope: Construct, name: str, persona: Persona, workgroup: QueryWorkgroup) -> None:
        for domain in persona.read.domains or self._config.domains:
            database = database_name(domain, persona.read.zones[0])
            NamedQuery(
                scope,
                f"{pascal_case(name)}{pascal_case(domain)}Columns",
                workgroup_name=workgroup.workgroup_name,
                name=f"What {name} sees in {database}",
                database=database,
                query=_VISIBLE_COLUMNS.format(database=database),
                description=f"Tables and columns of {database} that Lake Formation lets {name} see",
            )


def workgroup_name(persona: str) -> str:
    """What a persona's workgroup is called in its account."""
    return physical_name("lake", persona, max_length=_WORKGROUP_NAME_LENGTH)


_VISIBLE_COLUMNS = """SELECT table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema = '{database}'
ORDER BY table_name, ordinal_position
"""


class QueryStack(Stack):
    """The personas that work in a lake account itself, and their workgroups."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: LakeConfig,
        environment: Environment,
        lake: str,
        results: ResultsBucket,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.personas = Personas(self, "Personas", config=config, environment=environment, account=lake)
        self.workgroups = self.personas.add_workgroups(self, results=results)
        if not self.personas.personas:
            Placeholder(self, "NoPersona")
