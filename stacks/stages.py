"""Environments: one stage each, with the stacks of its lake and consumer accounts in an order that `cdk deploy` can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from aws_cdk import Environment as AccountAndRegion, Stage

from constructs_lib.core import allow_destroy
from lakemodel.naming import pascal_case
from stacks.account import AccountStack
from stacks.catalog import CatalogStack, DatabasesStack
from stacks.consumer import AccessStack
from stacks.governance import GrantsStack, LocationsStack
from stacks.pipelines import PipelinesStack
from stacks.query import QueryStack
from stacks.storage import ConsumerStorageStack, StorageStack

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import Construct

    from lakemodel.config.model import Environment, LakeConfig
    from lakemodel.contracts.model import ContractSet
    from lakemodel.locks.placement import PlacementLock


class EnvironmentStage(Stage):
    """One environment of the reference: every stack of its lake accounts, then those of its consumer accounts.

    Args:
        name: Key of `environments` in lake.yaml.
        config: The whole configuration.
        contracts: Every data contract; each lake gets those of its domains.
        placement: Where each table lives, with a place for every table of `contracts`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: LakeConfig,
        contracts: ContractSet,
        placement: PlacementLock,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.config = config
        self.environment = config.environments[name]
        if self.environment.allow_destroy:
            allow_destroy(self)
        self.lakes = {
            lake: _LakeStacks(self, lake, contracts=contracts.of_domains(_domains_of(config, lake)), placement=placement)
            for lake in self.environment.lakes
        }
        self.consumers = {consumer: _ConsumerStacks(self, consumer) for consumer in self.environment.consumers}

    @classmethod
    def for_environment(
        cls, scope: Construct, name: str, *, config: LakeConfig, contracts: ContractSet, placement: PlacementLock
    ) -> EnvironmentStage:
        """The stage of that environment, its id made from the name: `prod` becomes `Prod`."""
        return cls(scope, pascal_case(name), name=name, config=config, contracts=contracts, placement=placement)


class _StackProps(TypedDict):
    env: AccountAndRegion


class _LakeStacks:
    """The stacks of one lake account, each after what it needs."""

    def __init__(self, stage: EnvironmentStage, lake: str, *, contracts: ContractSet, placement: PlacementLock) -> None:
        environment, prefix = stage.environment, pascal_case(lake)
        props = _props(environment, environment.lakes[lake])
        self.storage = StorageStack(
            stage,
            f"{prefix}Storage",
            contracts=contracts,
            audit_trail=environment.baseline.audit_trail,
            break_glass_role=stage.config.break_glass_role,
            **props,
        )
        zones = self.storage.zones
        self.account = AccountStack(
            stage,
            f"{prefix}Account",
            environment=environment,
            audit=self.storage.audit,
            data_event_buckets=[*(zone.bucket for zone in zones.zones.values()), self.storage.results.bucket],
            **props,
        )
        domains = _domains_of(stage.config, lake)
        self.locations = LocationsStack(
            stage,
            f"{prefix}Locations",
            zones=zones.zones,
            domains=stage.config.domains,
            classifications=stage.config.classifications,
            **props,
        )
        _after(self.locations, self.account)
        self.databases = DatabasesStack(stage, f"{prefix}Databases", domains=domains, zones=zones.zones, **props)
        _after(self.databases, self.locations)
        self.catalogs = [
            CatalogStack(
                stage,
                f"{prefix}Catalog{'' if shard == 1 else shard}",
                contracts=contracts,
                databases=self.databases.databases,
                zones=zones.zones,
                placement=placement,
                shard=shard,
                strictest=stage.config.strictest_classification,
                optimizers=environment.table_optimizers,
                **props,
            )
            for shard in sorted({placement.place(contract, table).stack for contract, table in contracts.tables()})
        ]
        for stack in self.catalogs:
            _after(stack, self.databases)
        catalogs = [stack.catalog for stack in self.catalogs]
        self.query = QueryStack(
            stage, f"{prefix}Query", config=stage.config, environment=environment, lake=lake, results=self.storage.results, **props
        )
        self.grants = GrantsStack(
            stage,
            f"{prefix}Grants",
            config=stage.config,
            environment=stage.name,
            lake=lake,
            domains=domains,
            contracts=contracts,
            account=self.account.account_owner,
            locations=self.locations,
            catalogs=catalogs,
            principals=self.query.personas.principals,
            **props,
        )
        _after(self.grants, self.databases, *self.catalogs)
        self.pipelines = [
            PipelinesStack(
                stage,
                f"{prefix}Pipelines{'' if number == 1 else number}",
                contracts=contracts.only(
                    {contract.key for contract in contracts.contracts if placement.pipelines_stack(contract) == number}
                ),
                zones=zones,
                state=self.storage.pipeline_state,
                account=self.account.account_owner,
                locations=self.locations,
                catalogs=catalogs,
                **props,
            )
            for number in placement.pipelines_stacks
        ]
        for pipelines in self.pipelines:
            _after(pipelines, self.grants)


class _ConsumerStacks:
    """The stacks of one consumer account, after the lakes it reads."""

    def __init__(self, stage: EnvironmentStage, consumer: str) -> None:
        environment, prefix = stage.environment, pascal_case(consumer)
        props = _props(environment, environment.consumers[consumer])
        self.storage = ConsumerStorageStack(
            stage,
            f"{prefix}Storage",
            audit_trail=environment.baseline.audit_trail,
            break_glass_role=stage.config.break_glass_role,
            **props,
        )
        self.account = AccountStack(
            stage,
            f"{prefix}Account",
            environment=environment,
            audit=self.storage.audit,
            data_event_buckets=[self.storage.results.bucket],
            **props,
        )
        self.access = AccessStack(
            stage,
            f"{prefix}Access",
            config=stage.config,
            environment=stage.name,
            consumer=consumer,
            account=self.account.account_owner,
            results=self.storage.results,
            **props,
        )
        _after(self.access, *(lake.grants for lake in stage.lakes.values()))


def _props(environment: Environment, account: str) -> _StackProps:
    return {"env": AccountAndRegion(account=account, region=environment.region)}


def _domains_of(config: LakeConfig, lake: str) -> set[str]:
    return {name for name, domain in config.domains.items() if domain.lake == lake}


def _after(stack: Stack, *earlier: Stack) -> None:
    for one in earlier:
        stack.add_stack_dependency(one)
