"""Grants and LF-Tag associations as native resources, in few lanes: the alternative without a function of ours."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias
from weakref import WeakKeyDictionary

from aws_cdk import Stack, aws_lakeformation as lakeformation
from constructs import Dependable, DependencyGroup

from constructs_lib.core import misuse
from constructs_lib.governance.permissions_base import PermissionsBase
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import CfnResource, aws_iam as iam
    from constructs import Construct, IConstruct

    from constructs_lib.governance.permissions_base import PermissionsOwner
    from constructs_lib.governance.principals import DataPrincipal
    from constructs_lib.governance.resources import CatalogResource
    from constructs_lib.governance.tags import LfTagOntology

_LANES = 4
_DIGEST_LENGTH = 16
_EARLIER = {"LFTag": 0, "DataLocation": 1, "Database": 2}
_REST = 3

_TYPED = {"LFTag": "lfTag", "LFTagPolicy": "lfTagPolicy"}

_Place: TypeAlias = tuple[int, str, int, str, str]
"""Kind of resource, catalog object, tags before grants, digest, path: an order that no call changes."""


class NativePermissions(PermissionsBase):
    """Grants and LF-Tag associations as `AWS::LakeFormation::PrincipalPermissions` and `AWS::LakeFormation::TagAssociation`.

    The same calls as `CatalogPermissions`, held against the same declarations of the account. Take it where no function may run; otherwise
    `CatalogPermissions` is the better one, because the native resources have limits that nothing in a template can lift:

    - They are create-only. An edit of a grant's permissions or columns, or of a tag's value, makes the new one and then deletes the old.
      They are known by principal and resource without permissions, so that the deletion may revoke what was just granted, or the creation
      fail because it is there already. Take such a grant out in one deployment and bring the other in with the next.
    - A permission set cannot be granted, as the name of its role is not known at synth; nor can the catalog itself.
    - No opt-ins into hybrid access, and `IAM_ALLOWED_PRINCIPALS` stays on what has it: revoke it by hand before.
    - 500 resources to a stack: one for each principal and resource, one for each tagged thing and key.

    CloudFormation makes resources at the same time, which Lake Formation refuses. So they stand in at most four lanes to a stack, each
    waiting for the one before; everything on one catalog object is in one lane. A lane is ordered by what it is about and not by the order
    of the calls, so that one more entry changes nothing but the neighbour that now waits for it.

    See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lakeformation-principalpermissions.html.

    Args:
        settings: The account's `LakeFormationSettings`; permissions come after them.
        ontology: The account's LF-Tags; keys and values are checked against them, and come first. Checked at synth when left out.

    Raises:
        DataLakeError: From its methods what `CatalogPermissions` raises, and `native_impossible` for what these resources cannot do.

    Example:
        >>> permissions = NativePermissions(stack, "Permissions", settings=settings)  # doctest: +SKIP
        >>> permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification="public"))  # doctest: +SKIP
    """

    _alone = True

    def __init__(self, scope: Construct, construct_id: str, *, settings: PermissionsOwner, ontology: LfTagOntology | None = None) -> None:
        super().__init__(scope, construct_id, settings=settings, ontology=ontology)
        self._stack = Stack.of(self)
        self._lanes = _LANES_OF.setdefault(self._stack, [_Lane() for _ in range(_LANES)])
        self._granted: dict[str, tuple[lakeformation.CfnPrincipalPermissions, set[str], set[str]]] = {}
        self._tagged: dict[str, lakeformation.CfnTagAssociation] = {}
        self._resolved: dict[str, str] = {}

    def opt_in(self, principal: DataPrincipal | iam.IRole, resource: CatalogResource) -> NoReturn:  # noqa: ARG002 - the same call
        """There is no native resource for opt-ins.

        Raises:
            DataLakeError: `native_impossible`.
        """
        self._refuse(f"an opt-in on {resource.owner}", "CloudFormation has no resource for it")

    def _apply_grant(
        self,
        principal: DataPrincipal,
        resource: CatalogResource,
        granted: frozenset[str],
        passing: frozenset[str],
        after: IConstruct | None,
    ) -> None:
        self._check_native(principal, resource)
        digest = self._digest(principal.identifier, resource.kind, resource.body)
        if digest not in self._granted:
            made = lakeformation.CfnPrincipalPermissions(
                self,
                f"Grant{digest}",
                principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(
                    data_lake_principal_identifier=principal.identifier
                ),
                resource=self._shape(resource),
                permissions=[],
                permissions_with_grant_option=[],
            )
            self._granted[digest] = (made, set(), set())
            self._line_up(made, resource, (1, digest))
        made, permissions, grantable = self._granted[digest]
        permissions.update(granted)
        grantable.update(passing)
        made.permissions = sorted(permissions)
        made.permissions_with_grant_option = sorted(grantable)
        if after is not None:
            made.node.add_dependency(after)

    def _apply_tags(self, resource: CatalogResource, tags: Mapping[str, str], after: IConstruct | None) -> None:
        for key, value in tags.items():
            digest = self._digest(resource.kind, resource.body, key)
            if digest not in self._tagged:
                pair = lakeformation.CfnTagAssociation.LFTagPairProperty(catalog_id=self._account, tag_key=key, tag_values=[value])
                made = lakeformation.CfnTagAssociation(self, f"Tag{digest}", lf_tags=[pair], resource=self._shape(resource))
                self._tagged[digest] = made
                self._line_up(made, resource, (0, digest))
            if after is not None:
                self._tagged[digest].node.add_dependency(after)

    def _check_native(self, principal: DataPrincipal, resource: CatalogResource) -> None:
        if "?" in principal.identifier or "*" in principal.identifier:
            self._refuse(f"a grant to {principal.identifier}", "the name of a permission set's role is not known at synth")
        if resource.kind == "Catalog":
            self._refuse("a grant on the catalog", "CloudFormation cannot make one")
        most = limit(Quota.LF_NATIVE_EXPRESSION_KEYS)
        if resource.expression is not None and len(resource.expression.pairs) > most.value:
            self._refuse(f"an expression of {len(resource.expression.pairs)} keys", f"allowed are {most}")

    def _refuse(self, what: str, why: str) -> NoReturn:
        msg = f"got {what}; {why}: use CatalogPermissions for it"
        raise misuse(self, msg, code="native_impossible")

    def _shape(self, resource: CatalogResource) -> dict[str, Any]:
        """One kind and no other beside it, not even empty: CloudFormation would count two. Its schema wants the catalog's id throughout."""
        ((kind, body),) = resource.render().items()
        if kind != "DataCellsFilter":
            body = {"CatalogId": self._account, **body}
        if "Expression" in body:
            body["Expression"] = [{_lower(name): value for name, value in pair.items()} for pair in body["Expression"]]
        return {_lower(kind): {_lower(name): value for name, value in body.items()}}

    def _line_up(self, made: CfnResource, resource: CatalogResource, within: tuple[int, str]) -> None:
        made.node.add_dependency(self._settings.resource)
        if self._ontology is not None:
            made.node.add_dependency(self._ontology)
        lane = int.from_bytes(hashlib.sha256(resource.owner.encode()).digest()[:4]) % _LANES
        self._lanes[lane].insert((_EARLIER.get(resource.kind, _REST), resource.owner, *within, made.node.path), made)

    def _digest(self, *parts: str) -> str:
        stable = json.dumps([self._stable(part) for part in parts])
        return hashlib.sha256(stable.encode()).hexdigest()[:_DIGEST_LENGTH]

    def _stable(self, text: str) -> str:
        """`text` with references as the template spells them: tokens are numbered in the order of their making."""
        if "${Token[" not in text:
            return text
        if text not in self._resolved:
            self._resolved[text] = json.dumps(self._stack.resolve(text))
        return self._resolved[text]


class _Lane:
    """Resources of which each waits for the one before, in an order of their own."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._resources: list[CfnResource] = []

    def insert(self, place: _Place, made: CfnResource) -> None:
        """Puts a resource where it belongs. What it waits for is asked when the template is written, as others may come between."""
        index = bisect_left(self._places, place)
        self._places.insert(index, place)
        self._resources.insert(index, made)
        earlier = DependencyGroup()
        Dependable.implement(earlier, _Earlier(self, place))
        made.node.add_dependency(earlier)

    def before(self, place: _Place) -> list[IConstruct]:
        """The resource before this place; none for the first."""
        index = bisect_left(self._places, place)
        return [self._resources[index - 1]] if index else []


class _Earlier(Dependable):
    """Stands for the resource before a place, whichever it is in the end."""

    def __init__(self, lane: _Lane, place: _Place) -> None:
        super().__init__()
        self._lane = lane
        self._place = place

    @property
    def dependency_roots(self) -> list[IConstruct]:
        return self._lane.before(self._place)


_LANES_OF: WeakKeyDictionary[Stack, list[_Lane]] = WeakKeyDictionary()


def _lower(name: str) -> str:
    """A property as CDK's typed resources take it: `LFTagPolicy` is `lfTagPolicy`."""
    return _TYPED.get(name, name[0].lower() + name[1:])
