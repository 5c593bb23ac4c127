"""The catalog stacks of one lake account: databases in one, declared tables in as many as the placement lock says. Stateful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.catalog import ContractCatalog, DomainDatabases
from constructs_lib.core import Placeholder, protect_stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import Construct

    from constructs_lib.catalog import LakeDatabase
    from constructs_lib.storage import LakeZone
    from lakemodel.config.model import Zone
    from lakemodel.contracts.model import ContractSet
    from lakemodel.locks.placement import PlacementLock


class DatabasesStack(Stack):
    """The Glue databases of every domain that lives in the lake, also of those that have no product yet."""

    def __init__(
        self, scope: Construct, construct_id: str, *, domains: Iterable[str], zones: Mapping[Zone, LakeZone], **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.databases = DomainDatabases(self, "Databases", domains=domains, zones=zones).databases
        if not self.databases:
            Placeholder(self, "NoDomain")


class CatalogStack(Stack):
    """The declared tables that the placement lock puts into one stack; a placeholder when all that stood there are retired.

    Args:
        contracts: The contracts with the tables of this stack alone (`PlacementLock.by_stack`).
        shard: The stack's number.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet,
        databases: Mapping[tuple[str, Zone], LakeDatabase],
        zones: Mapping[Zone, LakeZone],
        placement: PlacementLock,
        shard: int,
        strictest: str,
        optimizers: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.catalog = ContractCatalog(
            self,
            "Catalog",
            contracts=contracts,
            zones=zones,
            databases=databases,
            placement=placement,
            shard=shard,
            quarantine_classification=strictest,
            optimizers=optimizers,
        )
        if not contracts.contracts:
            Placeholder(self, "NoTable")
