"""What the organisation's stacks have to agree on with the environments: accounts, Regions, names of stacks and roles. Makes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.baseline.archive import ArchiveNames
from constructs_lib.organization.trail import RecordedObjects, bucket_prefixes
from lakemodel.config.model import Owner
from lakemodel.limits import Quota, limit
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.config.model import LakeConfig, OrganizationBaseline

_RANDOM = "-1a2b3c4d5e6f"  # what CloudFormation puts at the end of a bucket's name
_LOGICAL_ID = "AccessLogs12345678"
_NOT_DATA = ("accesslogs", "zonesaccesslogs", "zonesinventory")


@dataclass(frozen=True)
class OrganizationPlan:
    """The organisation as lake.yaml states it.

    Attributes:
        config: The whole configuration; its `organization.baseline` is stated.
    """

    config: LakeConfig

    @property
    def baseline(self) -> OrganizationBaseline:
        """What is made of the organisation."""
        assert self.config.organization.baseline is not None  # noqa: S101 - who makes a plan has asked
        return self.config.organization.baseline

    @cached_property
    def archive(self) -> ArchiveNames:
        """The names by which accounts know the log archive and the trail."""
        organization = self.config.organization
        return ArchiveNames(management=organization.management, log_archive=organization.log_archive, region=self.baseline.region)

    @cached_property
    def shared_accounts(self) -> dict[str, str]:
        """The accounts that all environments share, but the one that manages the organisation, by name."""
        return {"log_archive": self.config.organization.log_archive, "security": self.config.organization.security}

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Every account of lake.yaml that policies apply to: all but the one that manages the organisation."""
        of_environments = (account for each in self.config.environments.values() for account in each.accounts.values())
        return tuple(dict.fromkeys((*self.shared_accounts.values(), *of_environments)))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Every Region of lake.yaml, sorted."""
        environments = self.config.environments.values()
        found = {self.baseline.region, *self.baseline.allowed_regions, *(each.region for each in environments)}
        return tuple(sorted({*found, *(each.recovery_region for each in environments if each.recovery_region is not None)}))

    @property
    def records(self) -> bool:
        """Whether recorders are made in the shared accounts, which deliver to a log archive of ours."""
        return self.baseline.audit_trail is Owner.CREATE and self.baseline.config_recorder is Owner.CREATE

    @cached_property
    def other_regions(self) -> list[str]:
        """The Regions of environments that are not the home Region."""
        return sorted({each.region for each in self.config.environments.values()} - {self.baseline.region})

    def lakes_in(self, region: str) -> list[str]:
        """The accounts with data in that Region."""
        return [account for each in self.config.environments.values() if each.region == region for account in each.lakes.values()]

    @cached_property
    def handler_stacks(self) -> tuple[str, ...]:
        """Names of the stacks in member accounts whose functions set what CloudFormation has no resource for."""
        shared = ("Organization-LogArchive", "Organization-Security*")
        return (*shared, *(f"{stage}-{account}Account" for stage, account in self._stages_and_accounts()))

    @cached_property
    def stacks(self) -> tuple[str, ...]:
        """Names of all stacks of lake.yaml, a `*` at the end standing for the rest."""
        return ("Organization-*", *(f"{pascal_case(name)}-*" for name in self.config.environments))

    @cached_property
    def storage_stacks(self) -> tuple[str, ...]:
        """Names of the stacks with buckets for data and results."""
        return tuple(f"{stage}-{account}Storage" for stage, account in self._stages_and_accounts())

    @cached_property
    def recorded_objects(self) -> RecordedObjects:
        """Every bucket for data or results; not those for access logs and inventories, to which AWS writes all day."""
        but_not = tuple(sorted(f"{stack.lower()}-{kind}" for stack in self.storage_stacks for kind in _NOT_DATA))
        return RecordedObjects(prefixes=bucket_prefixes(self.storage_stacks), but_not=but_not)

    def results_bucket(self, stack: str) -> str:
        """How the results bucket of that storage stack is called, for a policy in another account, with a `*` at its end."""
        whole = f"{stack.lower()}-results"
        if len(f"{stack}-{_LOGICAL_ID}{_RANDOM}") <= limit(Quota.BUCKET_NAME_CHARACTERS).value:
            return f"{whole}*"
        return f"{bucket_prefixes([stack])[0]}*"

    def _stages_and_accounts(self) -> Iterator[tuple[str, str]]:
        for name, environment in self.config.environments.items():
            for account in environment.accounts:
                yield pascal_case(name), pascal_case(account)
