"""The judge of lost access: Lake Formation grants, LF-Tags, filters, locations, shares and links that a deployment takes from somebody.

What BASE states and HEAD does not is compared by meaning, native resources and desired state alike (`lost_grants`, `lost_tags`). What both
state can be lost as well, in ways that no comparison of templates shows (`dying_access`, `revoked_access`). A role that is deleted and made
again under its name is told as uncertain: AWS does not say whether grants to the old one are the new one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.lake_formation import dying_access, lost_grants as grants, lost_tags as tags, revoked_access
from lakecheck.upgrade.lake_formation.dying_access import Dying
from lakecheck.upgrade.lake_formation.revoked_access import Revoking
from lakecheck.upgrade.lake_formation.single_rights import states_of
from lakecheck.upgrade.lake_formation.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.upgrade.model import Comparison, Risk

RULES: Final[Mapping[str, str]] = {**grants.RULES, **tags.RULES, **dying_access.RULES, **revoked_access.RULES}
"""Every rule with what it finds."""


def risks(comparison: Comparison) -> Iterator[Risk]:
    """Every access that deploying HEAD takes from somebody, and what looks like it and is harmless.

    Args:
        comparison: What changes.
    """
    base, head = states_of(comparison)
    teller = Teller(comparison)
    yield from grants.lost_grants(base, head, teller)
    dying = list(Dying(comparison, base, head).risks())
    dead = {(risk.stack, risk.logical_id) for risk in dying if risk.rule == "lost_access.dies_with_filter"}
    yield from (risk for risk in grants.lost_filters(base, head, teller) if (risk.stack, risk.logical_id) not in dead)
    yield from grants.lost_locations(base, head, teller)
    yield from grants.lost_opt_ins(base, head, teller)
    yield from tags.lost_tags(base, head, teller)
    yield from tags.lost_values(base, head, teller)
    yield from dying
    yield from Revoking(comparison, base, head).risks()
