"""The pipelines stack of one lake account: an ingestion pipeline for each data product. Stateless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation
from lakemodel.contracts.job_spec import job_spec
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.pipeline import PipelineState
    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import ContractSet


class PipelinesStack(Stack):
    """One pipeline for each data product, and what they share."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet,
        zones: LakeStorage,
        state: PipelineState,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.foundation = PipelineFoundation(self, "Foundation", state=state)
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
