"""One custom resource of a `CatalogPermissions`: its share of the grants and LF-Tag associations, rendered when the template is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import jsii
from aws_cdk import CustomResource, Duration, IStableAnyProducer, Lazy, Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import IConstruct

    from constructs_lib.governance.permissions import CatalogPermissions, PermissionsOwner
    from constructs_lib.governance.principals import DataPrincipal
    from constructs_lib.governance.resources import CatalogResource

PERMISSIONS_TYPE = "Custom::LakeFormationPermissions"
"""CloudFormation type of the custom resources that carry grants and LF-Tag associations."""


class Part:
    """One custom resource with its share of the entries."""

    def __init__(self, scope: CatalogPermissions, number: int, settings: PermissionsOwner, *, revoke: bool) -> None:
        self._grants: dict[tuple[str, CatalogResource], tuple[DataPrincipal, set[str], set[str]]] = {}
        self._tags: dict[CatalogResource, dict[str, str]] = {}
        self._opt_ins: dict[tuple[str, CatalogResource], None] = {}
        self._after: dict[int, IConstruct] = {}
        self._resolved: dict[str, str] = {}
        self._entries: _Rendered | None = None
        self.resource = CustomResource(
            scope,
            f"Part{number:02d}",
            resource_type=PERMISSIONS_TYPE,
            service_token=settings.permissions_function.function_arn,
            service_timeout=Duration.minutes(60),  # several deployments may wait for the one writer
            properties={
                "Grants": Lazy.any(_Entries(lambda: self._rendered().grants), omit_empty_array=True),
                "TagAssociations": Lazy.any(_Entries(lambda: self._rendered().tags), omit_empty_array=True),
                "OptIns": Lazy.any(_Entries(lambda: self._rendered().opt_ins), omit_empty_array=True),
                "RevokeIamAllowedPrincipals": "true" if revoke else "false",
            },
        )
        self.resource.node.add_dependency(settings.resource)

    def add_grant(self, principal: DataPrincipal, resource: CatalogResource, granted: Iterable[str], passing: Iterable[str]) -> None:
        """Adds to what the principal may do on the resource."""
        _, permissions, grantable = self._grants.setdefault((principal.identifier, resource), (principal, set(), set()))
        permissions.update(granted)
        grantable.update(passing)
        self._entries = None

    def add_tags(self, resource: CatalogResource, tags: Mapping[str, str]) -> None:
        """Adds to the LF-Tags of the resource."""
        self._tags.setdefault(resource, {}).update(tags)
        self._entries = None

    def add_opt_in(self, principal: DataPrincipal, resource: CatalogResource) -> None:
        """Lets Lake Formation decide about the principal there, where a location is in hybrid access mode."""
        self._opt_ins[principal.identifier, resource] = None
        self._entries = None

    def come_after(self, construct: IConstruct) -> None:
        """Lets CloudFormation make `construct` first."""
        if id(construct) not in self._after:  # asking for its path would cross the language border for each entry
            self._after[id(construct)] = construct  # kept, so that no other takes its id
            self.resource.node.add_dependency(construct)

    def size(self) -> tuple[int, int]:
        """Entries, and bytes but for what references become, for which the limit leaves room."""
        rendered = self._rendered()
        entries = len(rendered.grants) + len(rendered.tags) + len(rendered.opt_ins)
        return entries, len(json.dumps([rendered.grants, rendered.tags, rendered.opt_ins], separators=(",", ":")))

    def _rendered(self) -> _Rendered:
        """All entries, rendered once: they are asked for by the validation, and then by one property after the other."""
        if self._entries is None:
            self._entries = _Rendered(self._rendered_grants(), self._rendered_tags(), self._rendered_opt_ins())
        return self._entries

    def _rendered_grants(self) -> list[dict[str, Any]]:
        entries = []
        for (identifier, resource), (_, permissions, grantable) in self._grants.items():
            entry = {
                "Principal": {"DataLakePrincipalIdentifier": identifier},
                "Resource": resource.render(),
                "Permissions": sorted(permissions),
            }
            if grantable:
                entry["PermissionsWithGrantOption"] = sorted(grantable)
            entries.append((self._stable(resource.body), self._stable(identifier), entry))
        return [entry for _, _, entry in sorted(entries, key=lambda each: each[:2])]

    def _rendered_tags(self) -> list[dict[str, Any]]:
        account = Stack.of(self.resource).account if self._tags else ""
        return [
            {
                "Resource": resource.render(),
                "LFTags": [{"CatalogId": account, "TagKey": key, "TagValues": [tags[key]]} for key in sorted(tags)],
            }
            for resource, tags in sorted(self._tags.items(), key=lambda item: (item[0].kind, item[0].body))
        ]

    def _rendered_opt_ins(self) -> list[dict[str, Any]]:
        entries = [
            (
                self._stable(resource.body),
                self._stable(identifier),
                {"Principal": {"DataLakePrincipalIdentifier": identifier}, "Resource": resource.render()},
            )
            for identifier, resource in self._opt_ins
        ]
        return [entry for _, _, entry in sorted(entries, key=lambda each: each[:2])]

    def _stable(self, text: str) -> str:
        """`text` with references as the template spells them: tokens are numbered in the order of their making."""
        if "${Token[" not in text:  # asking CDK would cross the language border for each entry
            return text
        if text not in self._resolved:
            self._resolved[text] = json.dumps(Stack.of(self.resource).resolve(text))
        return self._resolved[text]


class _Rendered(NamedTuple):
    """The entries of a part, in the shape of the template and in its order."""

    grants: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    opt_ins: list[dict[str, Any]]


@jsii.implements(IStableAnyProducer)
class _Entries:
    """Renders entries when the template is written, after all of them were added."""

    def __init__(self, render: Any) -> None:
        self._render = render

    def produce(self) -> Any:
        return self._render()
