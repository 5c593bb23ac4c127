"""Grants and LF-Tag associations of a catalog, collected and rendered as desired state into a few custom resources."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from aws_cdk import Stack

from constructs_lib.core import misuse
from constructs_lib.governance.parts import Part
from constructs_lib.governance.permissions_base import PermissionsBase, PermissionsOwner
from constructs_lib.governance.principals import DataPrincipal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk import aws_iam as iam
    from constructs import Construct, IConstruct

    from constructs_lib.governance.resources import CatalogResource
    from constructs_lib.governance.tags import LfTagOntology

__all__ = ["CatalogPermissions", "PermissionsOwner"]

_PARTS = 4
_MOST_PARTS = 64
_MOST_ENTRIES = 300
_MOST_BYTES = 100_000  # CloudFormation sends old and new properties together in one event of at most 256 KB


class CatalogPermissions(PermissionsBase):
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
        super().__init__(scope, construct_id, settings=settings, ontology=ontology)
        parts = _PARTS if parts is None else parts
        if not 1 <= parts <= _MOST_PARTS:
            msg = f"got {parts} parts; allowed are 1 to {_MOST_PARTS}"
            raise misuse(self, msg, code="permission_parts")
        self.revokes_iam_allowed_principals = True if revoke_iam_allowed_principals is None else revoke_iam_allowed_principals
        self._count = parts
        self._parts: dict[int, Part] = {}

    def opt_in(self, principal: DataPrincipal | iam.IRole, resource: CatalogResource, *, after: IConstruct | None = None) -> None:
        """Lets Lake Formation decide about a principal where a location is in hybrid access mode: IAM no longer does for it.

        Grant the principal what it needs as well. Everywhere else Lake Formation decides anyway, and no principal has to opt in.

        See https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-workflow.html.

        Args:
            principal: Who.
            resource: A database, a table, or all tables of a database.
            after: What has to exist first, such as the table's construct; nothing when left out.

        Raises:
            DataLakeError: `opt_in_target` for anything else; `declared_twice` when another construct opts the principal in there.
        """
        principal = DataPrincipal.of(principal)
        resource = resource.at_home(self._account)
        if resource.kind not in {"Database", "Table"}:
            msg = f"got an opt-in for {resource.owner} ({resource.kind}); allowed are databases, tables, and all tables of a database"
            raise misuse(self, msg, code="opt_in_target")
        self._declared.add_opt_in(self._path, principal.called(self._account), resource)
        self._part(resource, after).add_opt_in(principal, resource)

    def _part(self, resource: CatalogResource, after: IConstruct | None) -> Part:
        """The custom resource that has this catalog object, made when it is first needed and chained to the others."""
        owner = resource.owner
        if "${Token[" in owner:  # tokens are numbered in the order of their making, which would move entries between custom resources
            owner = json.dumps(Stack.of(self).resolve(owner))
        number = int.from_bytes(hashlib.sha256(owner.encode()).digest()[:4]) % self._count
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

    def problems(self) -> Iterator[str]:
        """What can only be judged when everything has been declared: rights that LF-Tags defeat, and sizes."""
        yield from super().problems()
        for number, part in sorted(self._parts.items()):
            entries, size = part.size()
            if entries > _MOST_ENTRIES or size > _MOST_BYTES:
                yield (
                    f"too_many_permissions: part {number} has {entries} entries of {size} bytes; allowed: {_MOST_ENTRIES}, {_MOST_BYTES}; "
                    "use one CatalogPermissions for each domain or catalog stack, or more `parts` in a new one"
                )

    def _apply_grant(
        self,
        principal: DataPrincipal,
        resource: CatalogResource,
        granted: frozenset[str],
        passing: frozenset[str],
        after: IConstruct | None,
    ) -> None:
        self._part(resource, after).add_grant(principal, resource, granted, passing)

    def _apply_tags(self, resource: CatalogResource, tags: Mapping[str, str], after: IConstruct | None) -> None:
        self._part(resource, after).add_tags(resource, tags)
