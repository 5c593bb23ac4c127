"""Environments: one stage each, with the stacks of its lake and consumer accounts in an order that `cdk deploy` can follow."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypedDict

from aws_cdk import Environment as AccountAndRegion, Stage

from constructs_lib.baseline import use_boundary
from constructs_lib.core import allow_destroy, data_perimeter
from lakemodel.contracts.model import ContractSet
from lakemodel.naming import pascal_case
from stacks.account import AccountStack
from stacks.catalog import CatalogStack, DatabasesStack
from stacks.consumer import AccessStack
from stacks.floor import FloorStack
from stacks.governance import GrantsStack, LocationsStack, TableGrantsStack
from stacks.network import NetworkStack
from stacks.organization.plan import OrganizationPlan
from stacks.pipelines import PipelinesStack
from stacks.query import QueryStack
from stacks.storage import ConsumerStorageStack, StorageStack

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import Construct

    from constructs_lib.governance import GovernedTable
    from lakemodel.config.model import Environment, LakeConfig
    from lakemodel.locks.placement import PlacementLock


_NOTHING = ContractSet(contracts=())


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
        self.singletons = config.singletons(name)
        self.plan = None if config.organization.baseline is None else OrganizationPlan(config)
        if self.environment.allow_destroy:
            allow_destroy(self)
        data_perimeter(self, organization_id=config.organization.id)
        self.lakes = {
            lake: _LakeStacks(self, lake, contracts=contracts.of_domains(_domains_of(config, lake)), placement=placement)
            for lake in self.environment.lakes
        }
        self.consumers = {consumer: _ConsumerStacks(self, consumer, contracts=contracts) for consumer in self.environment.consumers}

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
        self._stage, self._lake, self._prefix, self._domains = stage, lake, prefix, _domains_of(stage.config, lake)
        # A domain that lake.yaml no longer has may have been this lake's: what its stacks held has to go from AWS.
        self._held = self._domains | (placement.domains - stage.config.domains.keys())
        props = _props(environment, environment.lakes[lake])
        self.floor = FloorStack(stage, f"{prefix}Floor", config=stage.config, environment=environment, **props)
        self.storage = StorageStack(
            stage,
            f"{prefix}Storage",
            contracts=contracts,
            audit_trail=stage.singletons.audit_trail,
            break_glass_role=stage.config.break_glass_role,
            raw_lock_days=environment.raw_lock_days,
            sensitive=stage.plan is not None and stage.plan.baseline.discover_sensitive_data,
            **props,
        )
        zones = self.storage.zones
        self.account = AccountStack(
            stage,
            f"{prefix}Account",
            environment=environment,
            singletons=stage.singletons,
            plan=stage.plan,
            audit=self.storage.audit,
            shares=True,
            data_event_buckets=[*(zone.bucket for zone in zones.zones.values()), self.storage.results.bucket],
            **props,
        )
        _after(self.account, self.storage)
        self.locations = LocationsStack(
            stage,
            f"{prefix}Locations",
            zones=zones.zones,
            domains=stage.config.domains,
            classifications=stage.config.classifications,
            **props,
        )
        _after(self.locations, self.account)
        self.databases = DatabasesStack(stage, f"{prefix}Databases", domains=self._domains, zones=zones.zones, **props)
        _after(self.databases, self.locations)
        self.catalogs = self._make_catalogs(contracts, placement, props)
        self.query = QueryStack(
            stage, f"{prefix}Query", config=stage.config, environment=environment, lake=lake, results=self.storage.results, **props
        )
        self.grants = self._make_grants(contracts, placement, props)
        self.network = (
            NetworkStack(stage, f"{prefix}Network", organization=stage.config.organization, **props)
            if environment.private_network
            else None
        )
        self.pipelines = self._make_pipelines(contracts, placement, props)
        _bound(
            self.floor,
            self.storage,
            self.account,
            self.locations,
            self.databases,
            *self.catalogs.values(),
            self.query,
            *self.grants.values(),
            *([] if self.network is None else [self.network]),
            *self.pipelines.values(),
        )

    def _make_catalogs(self, contracts: ContractSet, placement: PlacementLock, props: _StackProps) -> dict[int, CatalogStack]:
        """Catalog stacks by number, those included that have lost their last table: what they held has to go from AWS."""
        parts = placement.by_stack(contracts)
        catalogs = {
            number: CatalogStack(
                self._stage,
                _numbered(f"{self._prefix}Catalog", number),
                contracts=parts.get(number, _NOTHING),
                databases=self.databases.databases,
                zones=self.storage.zones.zones,
                placement=placement,
                shard=number,
                strictest=self._stage.config.strictest_classification,
                optimizers=self._stage.environment.table_optimizers,
                **props,
            )
            for number in placement.stacks_of(self._held)
        }
        for stack in catalogs.values():
            _after(stack, self.databases)
        return catalogs

    def _make_grants(self, contracts: ContractSet, placement: PlacementLock, props: _StackProps) -> dict[int, Stack]:
        """Grants stacks by the number of their catalog stack. The first is always there: it has what holds for the whole account."""
        parts = placement.by_stack(contracts)
        first = GrantsStack(
            self._stage,
            f"{self._prefix}Grants",
            config=self._stage.config,
            environment=self._stage.name,
            lake=self._lake,
            domains=self._domains,
            contracts=parts.get(1, _NOTHING),
            account=self.account.account_owner,
            locations=self.locations,
            catalog=self.catalogs[1].catalog if 1 in self.catalogs else None,
            principals=self.query.personas.principals,
            **props,
        )
        _after(first, self.databases)
        grants: dict[int, Stack] = {1: first}
        for number, catalog in self.catalogs.items():
            if number not in grants:
                grants[number] = TableGrantsStack(
                    self._stage,
                    _numbered(f"{self._prefix}Grants", number),
                    config=self._stage.config,
                    environment=self._stage.name,
                    lake=self._lake,
                    contracts=parts.get(number, _NOTHING),
                    account=self.account.account_owner,
                    locations=self.locations,
                    catalog=catalog.catalog,
                    principals=self.query.personas.principals,
                    database_permissions=first.permissions,
                    **props,
                )
                _after(grants[number], first)
            _after(grants[number], catalog)
        return grants

    def _make_pipelines(self, contracts: ContractSet, placement: PlacementLock, props: _StackProps) -> dict[int, PipelinesStack]:
        """Pipelines stacks by number, each after the grants of the tables that it writes into."""
        parts = placement.by_pipelines_stack(contracts)
        tables: dict[tuple[str, str], list[GovernedTable]] = defaultdict(list)
        for stack in self.catalogs.values():
            for made in (stack.catalog.tables, stack.catalog.quarantine_tables):
                for name, table in made.items():
                    tables[name].append(table)
        pipelines = {}
        for number in placement.pipelines_stacks_of(self._held):
            part = parts.get(number, _NOTHING)
            pipelines[number] = PipelinesStack(
                self._stage,
                _numbered(f"{self._prefix}Pipelines", number),
                contracts=part,
                zones=self.storage.zones,
                state=self.storage.pipeline_state,
                account=self.account.account_owner,
                locations=self.locations,
                tables=tables,
                network=None if self.network is None else self.network.network,
                **props,
            )
            needed = {1, *(placement.place(contract, table).stack for contract, table in part.tables())}
            _after(pipelines[number], *(self.grants[each] for each in sorted(needed)))
        return pipelines


class _ConsumerStacks:
    """The stacks of one consumer account, after the lakes it reads."""

    def __init__(self, stage: EnvironmentStage, consumer: str, *, contracts: ContractSet) -> None:
        environment, prefix = stage.environment, pascal_case(consumer)
        props = _props(environment, environment.consumers[consumer])
        self.floor = FloorStack(stage, f"{prefix}Floor", config=stage.config, environment=environment, **props)
        self.storage = ConsumerStorageStack(
            stage,
            f"{prefix}Storage",
            audit_trail=stage.singletons.audit_trail,
            break_glass_role=stage.config.break_glass_role,
            **props,
        )
        self.account = AccountStack(
            stage,
            f"{prefix}Account",
            environment=environment,
            singletons=stage.singletons,
            plan=stage.plan,
            audit=self.storage.audit,
            shares=False,
            data_event_buckets=[self.storage.results.bucket],
            **props,
        )
        _after(self.account, self.storage)
        self.access = AccessStack(
            stage,
            f"{prefix}Access",
            config=stage.config,
            contracts=contracts,
            environment=stage.name,
            consumer=consumer,
            account=self.account.account_owner,
            results=self.storage.results,
            **props,
        )
        _after(self.access, *(grants for lake in stage.lakes.values() for grants in lake.grants.values()))
        _bound(self.floor, self.storage, self.account, self.access)


def _numbered(name: str, number: int) -> str:
    """The first has the plain name."""
    return name if number == 1 else f"{name}{number}"


def _bound(floor: FloorStack, *stacks: Stack) -> None:
    """Every role of these stacks has the account's permissions boundary, which is there before it."""
    for stack in stacks:
        use_boundary(stack)
        _after(stack, floor)


def _props(environment: Environment, account: str) -> _StackProps:
    return {"env": AccountAndRegion(account=account, region=environment.region)}


def _domains_of(config: LakeConfig, lake: str) -> set[str]:
    return {name for name, domain in config.domains.items() if domain.lake == lake}


def _after(stack: Stack, *earlier: Stack) -> None:
    for one in earlier:
        stack.add_stack_dependency(one)
