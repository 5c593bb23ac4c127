"""Lake Formation: who may read which columns and rows of which table, what IAM must allow beside it, and grants that give nothing.

`LakeFormation` answers from an estate alone; `accesses` and `dead_grants` put IAM beside it.
https://docs.aws.amazon.com/lake-formation/latest/dg/lake-formation-permissions.html
"""

from __future__ import annotations

from lakecheck.access.lake_formation.assumptions import ASSUMPTIONS
from lakecheck.access.lake_formation.core import LakeFormation
from lakecheck.access.lake_formation.dead import dead_grants
from lakecheck.access.lake_formation.door import accesses
from lakecheck.access.lake_formation.governance import Decides, Governance
from lakecheck.access.lake_formation.locations import Registration
from lakecheck.access.lake_formation.rights import Right

__all__ = [
    "ASSUMPTIONS",
    "Decides",
    "Governance",
    "LakeFormation",
    "Registration",
    "Right",
    "accesses",
    "dead_grants",
]
