"""All judges of a change: each takes a comparison and names what is at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.data import contents, data_loss, retention
from lakecheck.upgrade.identity import collisions, identity, there_already
from lakecheck.upgrade.lake_formation import lost_access
from lakecheck.upgrade.security import policies, weakening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakecheck.upgrade.model import Comparison, Risk

JUDGES: Final[tuple[Callable[[Comparison], Iterable[Risk]], ...]] = (
    data_loss.risks,
    contents.risks,
    retention.risks,
    lost_access.risks,
    collisions.risks,
    there_already.risks,
    weakening.risks,
    policies.risks,
    identity.risks,
)
"""In the order of the categories. A module with a judge is called after what it looks at, and has its rules in `RULES`."""

RULES: Final[Mapping[str, str]] = {
    **data_loss.RULES,
    **contents.RULES,
    **retention.RULES,
    **lost_access.RULES,
    **collisions.RULES,
    **there_already.RULES,
    **weakening.RULES,
    **policies.RULES,
    **identity.RULES,
}
"""Every rule id with what it finds, in a sentence."""
