"""The pipelines stack of one lake account: an ingestion pipeline for each data product, and what its job may do in the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.governance import CatalogPermissions, grant_pipeline
from constructs_lib.pipeline import DomainDashboard, IngestionPipeline, PipelineFoundation, RunQueries
from constructs_lib.pipeline.dependencies import JobDependencies
from lakemodel.config.model import Zone
from lakemodel.contracts.job_spec import job_spec
from lakemodel.naming import pascal_case
from stacks.governance import TABLE_PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from constructs_lib.baseline import LakeAccount
    from constructs_lib.governance import GovernedTable
    from constructs_lib.network import JobNetwork
    from constructs_lib.pipeline import PipelineState
    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import ContractSet
    from stacks.governance import LocationsStack

_WHEELS = "dist/job-5.0.gluewheels.zip"


class PipelinesStack(Stack):
    """One pipeline for each data product, and what they share.

    The jobs' grants are here and not with those of the personas: they need the jobs' roles, and come after the LF-Tags.

    Args:
        contracts: The products of this stack alone (`PlacementLock.by_pipelines_stack`).
        tables: By domain and name of each declared table, that table and its quarantine table.
        dashboards: Whether each domain gets a dashboard of its pipelines; it does when left out.
        network: Where jobs run; in AWS Glue's own network when left out. In one of ours they bring what they install: `make job-wheels`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet,
        zones: LakeStorage,
        state: PipelineState,
        account: LakeAccount,
        locations: LocationsStack,
        tables: Mapping[tuple[str, str], Sequence[GovernedTable]],
        dashboards: bool = True,
        network: JobNetwork | None = None,
        **kwargs: Any,
    ) -> None:
        # without indentation a pipeline takes a quarter less of the 1 MB that a template may have
        super().__init__(scope, construct_id, suppress_template_indentation=True, **kwargs)
        wheels = None if network is None else JobDependencies.from_wheels(self, "Dependencies", _WHEELS)
        self.foundation = PipelineFoundation(self, "Foundation", state=state, network=network, dependencies=wheels)
        self.pipelines = {
            contract.key: IngestionPipeline(
                self,
                f"{pascal_case(contract.domain)}-{pascal_case(contract.product)}",
                contract=contract,
                job_specs={table.name: job_spec(contract, table) for table in contract.tables},
                zones=zones,
                foundation=self.foundation,
            )
            for contract in contracts.contracts
        }
        self.queries = RunQueries(self, "Queries", log_group=self.foundation.log_group)
        self.dashboards = (
            {domain: self._dashboard(domain) for domain in sorted({one.domain for one in contracts.contracts})} if dashboards else {}
        )
        permissions = CatalogPermissions(
            self, "Permissions", settings=account.settings, revoke_iam_allowed_principals=False, parts=TABLE_PARTS
        )
        written = [locations.locations[zone].resource for zone in (Zone.CURATED, Zone.QUARANTINE)]
        for pipeline in self.pipelines.values():
            own = [made for table in pipeline.contract.tables for made in tables[pipeline.contract.domain, table.name]]
            grant_pipeline(permissions, pipeline.job_role, tables=own, locations=written)

    def _dashboard(self, domain: str) -> DomainDashboard:
        own = [pipeline for pipeline in self.pipelines.values() if pipeline.contract.domain == domain]
        return DomainDashboard(self, f"{pascal_case(domain)}Dashboard", pipelines=own)
