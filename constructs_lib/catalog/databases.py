"""Glue databases: one for each domain and governed zone."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aws_cdk import Stack, Token, aws_glue as glue
from constructs import Construct

from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from lakemodel import naming
from lakemodel.config.model import Zone
from lakemodel.contracts.catalog_text import description as fitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_cdk import RemovalPolicy

    from constructs_lib.storage import LakeZone

_NAME = re.compile(r"^[a-z0-9_]{1,255}$")


class LakeDatabase(Construct):
    """The Glue database of a domain in a governed zone.

    It grants nothing to anybody. Whether tables made in it open themselves to `IAM_ALLOWED_PRINCIPALS` is a setting of the account, which
    `governance.LakeFormationSettings` clears; CloudFormation drops an empty list here.

    Args:
        domain: Whose tables it holds.
        zone: Curated, consumption or quarantine.
        location: The zone its tables' objects stand in, which gives the database its location; none when left out.
        database_name: `naming.database_name(domain, zone)` when left out.
        description: The domain and the zone when left out; cut at 2,048 bytes.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `ungoverned_zone`, `catalog_name`, `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: str,
        zone: Zone,
        location: LakeZone | None = None,
        database_name: str | None = None,
        description: str | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if description is None:
            description = f"Tables of domain {domain}, zone {zone.value}"
        self._describe(domain, zone, database_name)
        # The name as text and not as a reference: tables in other stacks then need no export, and templates read as they are deployed.
        self._resource: Construct | None = glue.Database(
            self,
            "Resource",
            database_name=self.database_name,
            description=fitted(description),
            location_uri=None if location is None else f"s3://{location.bucket.bucket_name}/{domain}/",
            removal_policy=checked_removal_policy(self, removal_policy),
        )
        self.database: glue.IDatabase = self._by_name()

    @staticmethod
    def from_database_name(
        scope: Construct, construct_id: str, *, domain: str, zone: Zone, database_name: str | None = None
    ) -> LakeDatabase:
        """A database that exists already in the stack's account and Region; makes no resource. The arguments are those of the class."""
        return _ExistingDatabase(scope, construct_id, domain, zone, database_name)

    def precede(self, dependent: Construct) -> None:
        """Lets CloudFormation make the database before `dependent` and what is below it; nothing happens for an existing one."""
        if self._resource is not None and id(dependent) not in self._dependents:
            dependent.node.add_dependency(self._resource)
            self._dependents[id(dependent)] = dependent

    def precedes(self, dependent: Construct) -> bool:
        """Whether `precede` was called with that very construct, or has nothing to do."""
        return self._resource is None or id(dependent) in self._dependents

    def _describe(self, domain: str, zone: Zone, database_name: str | None) -> None:
        if not zone.is_governed:
            msg = f"got zone {zone.value}; only curated, consumption and quarantine have databases: Lake Formation governs no other"
            raise misuse(self, msg, code="ungoverned_zone")
        self.domain = domain
        self.zone = zone
        self.database_name = naming.database_name(domain, zone) if database_name is None else database_name
        check_name(self, "database", self.database_name)
        self.catalog_id = Stack.of(self).account
        self._dependents: dict[int, Construct] = {}

    def _by_name(self) -> glue.IDatabase:
        arn = Stack.of(self).format_arn(service="glue", resource="database", resource_name=self.database_name)
        return glue.Database.from_database_arn(self, "ByName", arn)


class _ExistingDatabase(LakeDatabase):
    def __init__(self, scope: Construct, construct_id: str, domain: str, zone: Zone, database_name: str | None) -> None:
        Construct.__init__(self, scope, construct_id)
        self._describe(domain, zone, database_name)
        self._resource = None
        self.database = self._by_name()


class DomainDatabases(Construct):
    """The databases of several domains: curated, quarantine, and consumption where the lake has that zone.

    Args:
        domains: Names of the domains; the order does not matter.
        zones: The lake's zones; those that Lake Formation governs get a database for each domain.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domains: Iterable[str],
        zones: Mapping[Zone, LakeZone],
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        made: dict[tuple[str, Zone], LakeDatabase] = {}
        for domain in sorted(set(domains)):
            for zone in Zone:
                if zone.is_governed and zone in zones:
                    name = naming.pascal_case(domain) + zone.value.title()
                    database = LakeDatabase(self, name, domain=domain, zone=zone, location=zones[zone], removal_policy=removal_policy)
                    resource = database.node.find_child("Resource").node.default_child
                    # Replacing a database deletes every grant on it, so its logical id depends on domain and zone, not on the tree above.
                    resource.override_logical_id(f"Database{name}")  # type: ignore[union-attr] # a CfnDatabase
                    made[domain, zone] = database
        self.databases: Mapping[tuple[str, Zone], LakeDatabase] = MappingProxyType(made)


def check_name(scope: Construct, kind: str, name: str, *, of: str = "") -> None:
    """Refuses a catalog name that Glue would fold, or Athena not find; skips one that is not known yet. `of` is the table of a column."""
    if not _NAME.match(name) and not Token.is_unresolved(name):  # the pattern first: asking about a token is a call into Node
        where = f" in table {of}" if of else ""
        msg = f"got {kind} name {name!r}{where}; allowed are 1 to 255 of a-z, 0-9 and _: lakemodel.naming.normalize makes such a name"
        raise misuse(scope, msg, code="catalog_name")
