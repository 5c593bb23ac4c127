"""Redshift clusters and Serverless namespaces, with the roles that they read the lake as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import Warehouse
from lakecheck.estate.sources import at, attribute, listed, reasons, text
from lakecheck.values import hole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.principals import Principals
    from lakecheck.estate.sources import Sources


def read_warehouses(sources: Sources, principals: Principals) -> Iterator[Warehouse]:
    """Clusters by their ARN, namespaces with the ARNs of their workgroups.

    https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html
    """
    for resource in sources.of("AWS::Redshift::Cluster"):
        head = f"arn:{resource.partition}:redshift:{resource.region}:{resource.account}"
        roles = _roles(sources, resource, principals, "IamRoles", "DefaultIamRoleArn")
        yield Warehouse(arn=f"{head}:cluster:{resource.ref}", account=resource.account, roles=roles, origin=resource.origin)
    workgroups: dict[tuple[str, str], list[str]] = {}
    for resource in sources.of("AWS::RedshiftServerless::Workgroup"):
        name = text(resource.properties.get("NamespaceName"))
        workgroups.setdefault((resource.account, name), []).append(_serverless_arn(resource, "Workgroup"))
    for resource in sources.of("AWS::RedshiftServerless::Namespace"):
        name = text(resource.properties.get("NamespaceName"), resource.ref)
        yield Warehouse(
            arn=_serverless_arn(resource, "Namespace"),
            workgroups=tuple(workgroups.get((resource.account, name), ())),
            account=resource.account,
            roles=_roles(sources, resource, principals, "IamRoles", "DefaultIamRoleArn"),
            origin=resource.origin,
        )


def _serverless_arn(resource: Resource, kind: str) -> str:
    """The ARN of a namespace or a workgroup, which ends in an id that Redshift makes up."""
    made_up = hole(f"id of {resource.origin}", generated=True)
    head = f"arn:{resource.partition}:redshift-serverless:{resource.region}:{resource.account}"
    return attribute(resource, f"{kind}.{kind}Arn", f"{head}:{kind.lower()}/{made_up}")


def _roles(sources: Sources, resource: Resource, principals: Principals, *keys: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for key in keys:
        value: Any = resource.properties.get(key)
        for role in listed(value):
            arn = text(at(role, "RoleArn")) if isinstance(role, dict) else text(role)
            found[principals.role_arn(resource.account, arn)] = None
        for reason in reasons(value):
            sources.tell(f"a role of a warehouse is not known: {reason}", resource.origin)
    return tuple(found)
