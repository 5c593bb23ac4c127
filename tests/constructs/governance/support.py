"""What the governance tests share: settings and permissions in a stack, tables, and what the permissions render."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.governance import PERMISSIONS_TYPE, CatalogPermissions, LakeFormationSettings, LfTagOntology
from tests.support import ACCOUNT, new_stack, resources, template

if TYPE_CHECKING:
    import aws_cdk as cdk

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/DataAdmin"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
PARTNER = "arn:aws:iam::444455556666:role/Partner"


@dataclass(frozen=True)
class Orders:
    """A table that is no construct."""

    database_name: str = "sales"
    table_name: str = "orders"
    column_names: tuple[str, ...] = ("id", "country", "email", "total")


def permissions_in(stack: cdk.Stack, **more: Any) -> CatalogPermissions:
    """Permissions with settings and, unless given, an ontology in the same stack."""
    settings = LakeFormationSettings(stack, "LakeFormation", admins=[ADMIN], shares=more.pop("shares", True))
    if "ontology" not in more:
        more["ontology"] = LfTagOntology(
            stack, "Tags", domains=["sales", "travel"], classifications=["public", "internal", "restricted"], settings=settings
        )
    return CatalogPermissions(stack, "Permissions", settings=settings, **more)


def new_permissions(**more: Any) -> CatalogPermissions:
    """Permissions in a stack and an App of their own."""
    return permissions_in(new_stack(), **more)


def grants(synthesized: dict[str, Any]) -> list[dict[str, Any]]:
    """Every grant in a template."""
    parts = resources(synthesized, PERMISSIONS_TYPE).values()
    return [grant for part in parts for grant in part["Properties"].get("Grants", [])]


def associations(synthesized: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The tags of each tagged thing in a template, by its dotted name."""
    found: dict[str, dict[str, str]] = {}
    for part in resources(synthesized, PERMISSIONS_TYPE).values():
        for entry in part["Properties"].get("TagAssociations", []):
            ((kind, body),) = entry["Resource"].items()
            place = body["Name"] if kind == "Database" else f"{body['DatabaseName']}.{body['Name']}"
            for name in [f"{place}.{column}" for column in body.get("ColumnNames", [])] or [place]:
                for pair in entry["LFTags"]:
                    (value,) = pair["TagValues"]
                    assert pair["TagKey"] not in found.setdefault(name, {}), "one entry for each key of a thing"
                    found[name][pair["TagKey"]] = value
    return found


def synthesized(permissions: CatalogPermissions) -> dict[str, Any]:
    """The template of the permissions' stack."""
    stack: Any = permissions.node.scope
    return template(stack)
