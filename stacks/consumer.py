"""The access stack of one consumer account: its personas, links to the lakes' databases, what personas read through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.core import Placeholder, protect_stack
from constructs_lib.governance import CatalogPermissions, accept_contract_roles, accept_personas
from stacks.query import Personas

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.baseline import LakeAccount
    from constructs_lib.query import ResultsBucket
    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet


class AccessStack(Stack):
    """How the personas of a consumer account read the lakes. Stateful: without its grants they read nothing.

    Args:
        config: The whole configuration.
        contracts: Every data contract: some name personas that read nothing else.
        environment: Key of `environments` in lake.yaml.
        consumer: Key of the environment's `consumers`.
        account: The owner of the account's singletons.
        results: Where the results of queries go.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: LakeConfig,
        contracts: ContractSet,
        environment: str,
        consumer: str,
        account: LakeAccount,
        results: ResultsBucket,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        accounts = config.environments[environment]
        self.personas = Personas(self, "Personas", config=config, environment=accounts, account=consumer)
        self.permissions = CatalogPermissions(self, "Permissions", settings=account.settings)
        principals = self.personas.principals
        self.databases = accept_contract_roles(
            self,
            self.permissions,
            config,
            contracts,
            environment=environment,
            account=consumer,
            principals=principals,
            databases=accept_personas(self, self.permissions, config, environment=environment, account=consumer, principals=principals),
        )
        catalogs = sorted({database.catalog_id for database in self.databases.values()})
        self.workgroups = self.personas.add_workgroups(self, results=results, catalog_accounts=catalogs)
        if not self.personas.personas:
            Placeholder(self, "NoPersona")
