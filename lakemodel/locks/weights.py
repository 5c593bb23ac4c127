"""How much of a stack a table and a pipeline take, reckoned from their contract before any template is written.

The numbers were read off written templates, those of catalogs with indentation and those of pipelines without, as they are written;
`tests/app/test_scale.py` holds them against the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.model import TableFormat
from lakemodel.limits import Quota, limit
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from lakemodel.contracts.model import DataContract, Table
    from lakemodel.types.model import DataType

SLOTS_PER_STACK: Final = 78
"""How much one catalog stack takes. A slot is at most five resources (table, its quarantine table, three optimizers), so that a full stack
has less than four fifths of CloudFormation's 500, from where on CDK and lakecheck warn."""

BYTES_PER_SLOT: Final = 8_000
"""Template bytes one slot stands for: a full stack has less than two thirds of CloudFormation's 1 MB, so that tables can grow in place."""

PIPELINE_SLOTS_PER_STACK: Final = 72
"""How much one pipelines stack takes. Bytes fill it before resources do."""

BYTES_PER_PIPELINE_SLOT: Final = 10_000
"""Template bytes one of them stands for: a full stack has less than three quarters of 1 MB, so that products can get more tables."""

USUAL_PIPELINE_SLOTS: Final = 7
"""What a product of a few tables takes, and what a place without a number of slots counts for."""

CROWDED: Final = 0.8
"""From which share of a quota on a stack is said to be crowded; CDK and `lakecheck run` warn of the written template from there on too."""

_MOST_DESCRIPTION: Final = limit(Quota.GLUE_COMMENT_BYTES).value
_MOST_TABLE_DESCRIPTION: Final = limit(Quota.GLUE_DESCRIPTION_BYTES).value


@dataclass(frozen=True, slots=True)
class Weight:
    """What something adds to a template."""

    resources: int = 0
    size: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.resources + other.resources, self.size + other.size)

    @property
    def share(self) -> float:
        """How much of a template that is, by whichever of CloudFormation's two quotas is nearer."""
        return max(self.resources / limit(Quota.STACK_RESOURCES).value, self.size / limit(Quota.TEMPLATE_BYTES).value)


EMPTY_CATALOG: Final = Weight(resources=2, size=5_000)
"""A catalog stack before its first table: the optimizers' role."""

EMPTY_PIPELINES: Final = Weight(resources=20, size=12_000)
"""A pipelines stack before its first pipeline: what they share."""


def table_weight(table: Table) -> Weight:
    """A declared table with its quarantine table and, where it is an Iceberg table, its optimizers."""
    size = (
        6_000
        + 8 * len(table.name)
        + 2 * min(_size(table.description), _MOST_TABLE_DESCRIPTION)
        + sum(
            220 + 4 * len(column.name) + 2 * min(_size(column.description), _MOST_DESCRIPTION) + _type_size(column.type)
            for column in table.columns
        )
    )
    return Weight(resources=5 if table.format is TableFormat.ICEBERG else 2, size=size)


def pipeline_weight(contract: DataContract) -> Weight:
    """The pipeline of a product, the grants of its job, and its part of its domain's dashboard: its lines, and half of what frames them."""
    names = len(contract.domain) + len(contract.product)
    tables = sum(500 + 7 * len(table.name) + 4 * len(contract.domain) for table in contract.tables)
    policies = sum(150 + 2 * (len(table.name) + len(contract.domain)) for table in contract.tables) // 5_000
    pipeline = Weight(resources=15 + policies, size=57_000 + 125 * names + tables)
    if contract.schedule is not None:
        pipeline += Weight(size=500)
    return pipeline if contract.freshness_hours is None else pipeline + _freshness_weight(contract)


def _freshness_weight(contract: DataContract) -> Weight:
    """An alarm for each ten tables, which names each of them."""
    alarms = -(-len(contract.tables) // limit(Quota.ALARM_METRICS).value)
    names = len(contract.domain) + len(contract.product)
    return Weight(resources=alarms, size=700 * alarms + sum(240 + names + len(table.name) for table in contract.tables))


def estimate_slots(table: Table) -> int:
    """How much of a catalog stack a table takes; none takes more than a whole stack."""
    return max(1, min(SLOTS_PER_STACK, -(-table_weight(table).size // BYTES_PER_SLOT)))


def estimate_pipeline_slots(contract: DataContract) -> int:
    """How much of a pipelines stack a product's pipeline takes; none takes more than a whole stack."""
    slots = -(-pipeline_weight(contract).size // BYTES_PER_PIPELINE_SLOT)
    return max(USUAL_PIPELINE_SLOTS, min(PIPELINE_SLOTS_PER_STACK, slots))


def _type_size(data_type: DataType) -> int:
    match data_type:
        case Struct(fields=fields):
            return sum(90 + 2 * len(part.name) + _size(part.description) + _type_size(part.type) for part in fields)
        case List(element=element):
            return 90 + _type_size(element)
        case Map(key=key, value=value):
            return 120 + _type_size(key) + _type_size(value)
        case _:
            return 20


def _size(text: str) -> int:
    """Bytes: what is not ASCII takes more than one a character."""
    return len(text) if text.isascii() else len(text.encode())
