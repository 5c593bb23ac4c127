"""What of a lake account grows with contracts and configuration, held against the quotas that end it before anything is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakemodel.config.model import Zone
from lakemodel.findings import Finding, Place, Severity
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet
    from lakemodel.locks.placement import PlacementLock

ROLES_PER_PIPELINE: Final = 3
POLICIES_PER_PIPELINE: Final = 5
"""Of one that is started by arrivals or by a schedule, as those of a contract are; by both, it has one role and one policy more."""
_OWN_ROLES: Final = 25
_OWN_POLICIES: Final = 25
_OWN_STACKS: Final = 6
_GOVERNED: Final = sum(zone.is_governed for zone in Zone)
_RAISE: Final = "Ask AWS for more of them in this account before the next deployment, or give some domains to another lake."


def growth_findings(config: LakeConfig, contracts: ContractSet, placement: PlacementLock, *, file: str) -> tuple[Finding, ...]:
    """What is to be said of the lakes' size.

    Args:
        config: The whole configuration.
        contracts: Every contract.
        placement: A place for each of their tables.
        file: How findings name lake.yaml.

    Returns:
        A warning for each quota of a lake account that AWS raises on request and that the lake is above, an error where it is none.
    """
    return tuple(
        finding
        for lake in sorted({domain.lake for domain in config.domains.values()})
        for finding in _of_lake(config, contracts, placement, lake, file)
    ) + tuple(_of_personas(config, file))


def _of_lake(config: LakeConfig, contracts: ContractSet, placement: PlacementLock, lake: str, file: str) -> Iterator[Finding]:
    domains = {name for name, domain in config.domains.items() if domain.lake == lake}
    place = Place(file, None, f"domains of lake {lake}")
    own = contracts.of_domains(domains).contracts
    products = len(own)
    catalogs = len(placement.stacks_of(domains))
    counts = {
        Quota.ACCOUNT_STACKS: (_OWN_STACKS + 2 * catalogs + len(placement.pipelines_stacks_of(domains)), "its tables and pipelines"),
        Quota.EVENT_BUS_RULES: (sum(contract.schedule is None for contract in own), "one for each product without a schedule"),
        Quota.ACCOUNT_GLUE_JOBS: (products, "one for each product"),
        Quota.ACCOUNT_ROLES: (_OWN_ROLES + ROLES_PER_PIPELINE * products + catalogs, f"{ROLES_PER_PIPELINE} for each product"),
        Quota.ACCOUNT_MANAGED_POLICIES: (
            _OWN_POLICIES + POLICIES_PER_PIPELINE * products + catalogs,
            f"{POLICIES_PER_PIPELINE} for each product",
        ),
    }
    for quota, (count, why) in counts.items():
        allowed = limit(quota)
        if count > allowed.value:
            message = f"lake {lake} needs about {count:,} {allowed.unit}, {why}; AWS gives {allowed.value:,} per {allowed.of} unless asked"
            yield Finding(place, f"growth.{quota.value}", message, _RAISE, Severity.WARNING)
    databases, resources = len(domains) * _GOVERNED, limit(Quota.STACK_RESOURCES)
    if databases > resources.value:
        most = resources.value // _GOVERNED
        message = f"lake {lake} has {len(domains):,} domains, and so {databases:,} databases in one stack; allowed are {most} domains"
        yield Finding(place, "growth.domains", message, "Give some domains to another lake.")


def _of_personas(config: LakeConfig, file: str) -> Iterator[Finding]:
    """A persona's domains are values of one key in a tag expression."""
    allowed = limit(Quota.LF_TAG_VALUES_PER_CALL)
    for name, persona in sorted(config.personas.items()):
        named = len(persona.read.domains or ())
        if named > allowed.value:
            message = f"the persona reads {named} domains by name; a grant by LF-Tags takes {allowed.value}"
            remedy = "Leave domains out if it reads all of them; else make a persona of each part."
            yield Finding(Place(file, None, f"personas.{name}.read.domains"), "growth.persona_domains", message, remedy)
