"""Grants and LF-Tag associations of a catalog, collected and rendered as desired state into a few custom resources."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import jsii
from constructs import Construct, IConstruct, IValidation

from constructs_lib.core import misuse
from constructs_lib.governance.conflicts import DeclaredRights, Filter
from constructs_lib.governance.facades import LakeGrants
from constructs_lib.governance.filters import DataCellsFilter, cells_digest, cells_name
from constructs_lib.governance.parts import Part
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_cdk import aws_iam as iam, aws_lambda as lambda_

    from constructs_lib.governance.tags import LfTagExpression, LfTagOntology

_PARTS = 4
_MOST_PARTS = 64
_MOST_ENTRIES = 300
_MOST_BYTES = 100_000  # CloudFormation sends old and new properties together in one event of at most 256 KB


class PermissionsOwner(Protocol):
    """What applies permissions in an account, such as `LakeFormationSettings`.

    Attributes:
        shares: Whether grants to other accounts are possible.
        declared: What is declared in the account: every `CatalogPermissions` of it writes into this one object.
        permissions_function: Brings about what custom resources declare.
        resource: What has to exist before.
    """

    shares: bool
    declared: DeclaredRights
    permissions_function: lambda_.IFunction
    resource: Construct


class CatalogPermissions(Construct):
    """Who may do what in one account's catalog, and which LF-Tags stand on it, as desired state.

    Entries become properties of a few custom resources, in the shape of `AWS::LakeFormation::PrincipalPermissions` and
    `TagAssociation`, so that a reviewer and every checker can read them. The native resources cannot be changed in place, are keyed
    without their permissions and race with each other: editing one can lose the grant. The handler reads, adds what is missing, and
    only then takes away what is no longer declared.

    What is declared here is owned here: a grant that existed before and is declared is revoked when it is no longer. Grants made by
    others are left alone.

    An entry's custom resource follows from its catalog object alone, so that adding one moves no other, and each object has one writer.
    The custom resources are chained: one works at a time.

    Args:
        settings: The account's `LakeFormationSettings`; permissions come after them.
        ontology: The account's LF-Tags; keys and values are checked against them, and come first. Not checked when left out.
        revoke_iam_allowed_principals: Whether databases and tables that are named here lose `IAM_ALLOWED_PRINCIPALS`, after their grants
            were made; yes when left out. New ones never have it, those from before Lake Formation do.
        parts: Over how many custom resources to spread; 4 when left out, room for about 1,000 entries. Choose it once: changing it moves
            entries between resources, and a grant that moves may be missing until the next deployment.

    Raises:
        DataLakeError: `permission_parts`.

    Example:
        >>> permissions = CatalogPermissions(stack, "Permissions", settings=settings)  # doctest: +SKIP
        >>> permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification="public"))  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: PermissionsOwner,
        ontology: LfTagOntology | None = None,
        revoke_iam_allowed_principals: bool | None = None,
        parts: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        parts = _PARTS if parts is None else parts
        if not 1 <= parts <= _MOST_PARTS:
            msg = f"got {parts} parts; allowed are 1 to {_MOST_PARTS}"
            raise misuse(self, msg, code="permission_parts")
        self.grants = LakeGrants(self)
        self._settings = settings
        self._ontology = ontology
        self.revokes_iam_allowed_principals = True if revoke_iam_allowed_principals is None else revoke_iam_allowed_principals
        self._count = parts
        self._parts: dict[int, Part] = {}
        self._declared = settings.declared
        self._path = self.node.path
        self._filters: dict[str, DataCellsFilter] = {}
        if ontology is not None:
            self._declared.tags.know(ontology.values)
        self.node.add_validation(_Sound(self))

    def grant(
        self,
        principal: DataPrincipal | iam.IRole,
        resource: CatalogResource,
        permissions: Iterable[str],
        *,
        grantable: Iterable[str] = (),
        after: IConstruct | None = None,
    ) -> None:
        """Grants permissions. The same principal and resource again adds to them.

        Args:
            principal: Who.
            resource: On what.
            permissions: What, as Lake Formation calls it.
            grantable: Those that the principal may pass on; they are granted as well.
            after: What has to exist first, such as the table's construct; nothing when left out.

        Raises:
            DataLakeError: `unknown_permission` for what cannot be granted on such a resource; `account_not_grantable` for a whole account
                without grant option; `shares_disabled` for an account while the settings do not share; `filter_void` when rights add
                up so that a filter or list of columns of the same principal says nothing; `unknown_tag`.
        """
        principal = DataPrincipal.of(principal)
        passing = frozenset(grantable)
        granted = frozenset(permissions) | passing
        self._check_permissions(principal, resource, granted, passing)
        if resource.expression is not None and not resource.is_foreign:
            if self._ontology is not None:
                for key, values in resource.expression.pairs:
                    self._ontology.check(self, key, values)
            self._declared.add_tag_grant(self._path, principal.identifier, resource.expression, granted if resource.is_of_tables else ())
        self._declared.add_grant(self._path, principal.identifier, resource, granted)
        self._part(resource, after).add_grant(principal, resource, granted, passing)

    def grant_where(
        self,
        principal: DataPrincipal | iam.IRole,
        expression: LfTagExpression,
        permissions: Iterable[str],
        *,
        grantable: Iterable[str] = (),
        catalog_id: str | None = None,
    ) -> None:
        """Grants permissions on every table and column whose LF-Tags satisfy the expression. Raises as `grant` does."""
        self.grant(principal, CatalogResource.tables_where(expression, catalog_id=catalog_id), permissions, grantable=grantable)

    def grant_cells(
        self,
        principal: DataPrincipal | iam.IRole,
        *,
        database: str,
        table: str,
        columns: Iterable[str],
        rows: str,
        grantable: bool = False,
        after: IConstruct | None = None,
    ) -> DataCellsFilter:
        """Grants SELECT on some columns of some rows, through a data cells filter that equal grants share.

        Raises:
            DataLakeError: As `grant`, and `too_many_filters` for more than 100 of one principal on one table.
        """
        principal = DataPrincipal.of(principal)
        covered = tuple(sorted(set(columns)))
        cells = self._cells(database, table, covered, rows, after)
        self._declared.add_filter(self._path, Filter(principal.identifier, database, table, frozenset(covered)))
        self.grant(principal, cells.resource, ["SELECT"], grantable=["SELECT"] if grantable else (), after=cells)
        return cells

    def associate(self, resource: CatalogResource, tags: Mapping[str, str], *, after: IConstruct | None = None) -> None:
        """Puts LF-Tags on a database, a table or columns.

        Args:
            resource: What to tag.
            tags: One value for each key. A column without a value of its own has its table's, a table its database's.
            after: What has to exist first, such as the table's construct; nothing when left out.

        Raises:
            DataLakeError: `tag_conflict` when the resource has another value of the key here; `tag_target` for what takes no tags;
                `unknown_tag`.
        """
        if resource.kind not in {"Database", "Table", "TableWithColumns"} or resource.table == "*":
            msg = f"got LF-Tags for {resource.owner} ({resource.kind}); allowed are databases, tables and columns"
            raise misuse(self, msg, code="tag_target")
        lower = {key.lower(): value.lower() for key, value in tags.items()}
        if self._ontology is not None:
            for key, value in lower.items():
                self._ontology.check(self, key, [value])
        for column in resource.columns or ("",):
            self._declared.tags.add(self._path, resource.database, resource.table, column, lower, checked=self._ontology is not None)
        self._part(resource, after).add_tags(resource, lower)

    def _check_permissions(
        self, principal: DataPrincipal, resource: CatalogResource, granted: frozenset[str], passing: frozenset[str]
    ) -> None:
        unknown = sorted(granted - resource.allowed_permissions)
        if unknown or not granted:
            allowed = ", ".join(sorted(resource.allowed_permissions))
            msg = f"got {', '.join(unknown) or 'no permission'} on {resource.owner} ({resource.kind}); allowed are {allowed}"
            raise misuse(self, msg, code="unknown_permission")
        if principal.passes_on and passing != granted:
            kept = ", ".join(sorted(granted - passing))
            msg = f"got {kept} for account {principal.identifier} without grant option; nobody there could use it: make it grantable"
            raise misuse(self, msg, code="account_not_grantable")
        if principal.passes_on and not self._settings.shares:
            msg = f"got a grant to account {principal.identifier}; the account's LakeFormationSettings has shares=False: take that out"
            raise misuse(self, msg, code="shares_disabled")

    def _cells(self, database: str, table: str, columns: tuple[str, ...], rows: str, after: IConstruct | None) -> DataCellsFilter:
        digest = cells_digest(database, table, columns, rows)
        if digest not in self._filters:
            cells = DataCellsFilter(
                self,
                f"Cells{digest}",
                database_name=database,
                table_name=table,
                filter_name=cells_name(database, table, columns, rows),
                columns=columns,
                rows=rows,
            )
            cells.node.add_dependency(self._settings.resource)
            if after is not None:
                cells.node.add_dependency(after)
            self._filters[digest] = cells
        return self._filters[digest]

    def _part(self, resource: CatalogResource, after: IConstruct | None) -> Part:
        """The custom resource that has this catalog object, made when it is first needed and chained to the others."""
        number = int.from_bytes(hashlib.sha256(resource.owner.encode()).digest()[:4]) % self._count
        if number not in self._parts:
            part = Part(self, number, self._settings, revoke=self.revokes_iam_allowed_principals)
            if self._ontology is not None:
                part.resource.node.add_dependency(self._ontology)
            for other, there in self._parts.items():  # every earlier one, so that the order in which they are made does not show
                later, earlier = (part, there) if other < number else (there, part)
                later.resource.node.add_dependency(earlier.resource)
            self._parts[number] = part
        if after is not None:
            self._parts[number].come_after(after)
        return self._parts[number]

    def problems(self) -> list[str]:
        """What can only be judged when everything has been declared: sizes, and filters that LF-Tags make void."""
        found = list(self._declared.problems(self._path))
        for number, part in sorted(self._parts.items()):
            entries, size = part.size()
            if entries > _MOST_ENTRIES or size > _MOST_BYTES:
                found.append(
                    f"too_many_permissions: part {number} has {entries} entries of {size} bytes; allowed: {_MOST_ENTRIES}, {_MOST_BYTES}; "
                    "use one CatalogPermissions for each domain or catalog stack, or more `parts` in a new one"
                )
        return found


@jsii.implements(IValidation)
class _Sound:
    """Judges the whole of the permissions at synth."""

    def __init__(self, permissions: CatalogPermissions) -> None:
        self._permissions = permissions

    def validate(self) -> list[str]:
        return self._permissions.problems()
