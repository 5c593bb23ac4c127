"""What the two sides of the comparison wrote, and whether it is the same lake: a side that builds less would win for nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Grant: TypeAlias = tuple[str, str, tuple[str, ...]]
"""Principal, the resource as JSON, permissions."""

_OWN_CATALOG = "444444444401"


@dataclass(slots=True)
class Written:
    """An assembly.

    Attributes:
        resources: How many resources there are.
        size: Bytes of all templates.
        tables: Properties of the tables, by name.
        grants: Every grant, whether in a resource of its own or among others in a custom resource.
    """

    resources: int = 0
    size: int = 0
    tables: dict[str, Any] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)


def read(folder: Path) -> Written:
    """The templates of an assembly."""
    written = Written()
    for path in folder.glob("*.template.json"):
        text = path.read_text()
        written.size += len(text)
        for resource in json.loads(text).get("Resources", {}).values():
            written.resources += 1
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::Glue::Table":
                    written.tables[properties["Name"]] = properties
                case "AWS::LakeFormation::PrincipalPermissions":
                    written.grants.append(_grant(properties))
                case "Custom::LakeFormationPermissions":
                    written.grants += [_grant(entry) for entry in properties["Grants"]]
    return written


def differences(python: Written, javascript: Written, tables: int) -> list[str]:
    """In what the two are not the lake that both are to be; empty when they are."""
    found = []
    for side, written in (("python", python), ("javascript", javascript)):
        if len(written.tables) != tables:
            found.append(f"the {side} side wrote {len(written.tables)} tables of {tables}")
        if len(written.grants) != 3 * tables or len(set(written.grants)) != len(written.grants):
            found.append(f"the {side} side wrote {len(set(written.grants))} grants of {3 * tables}")
    if not found and python.tables != javascript.tables:
        name = next(name for name, properties in python.tables.items() if properties != javascript.tables.get(name))
        found.append(f"the two sides declare {name} differently")
    if not found and set(python.grants) != set(javascript.grants):
        found.append("the two sides grant different things")
    return found


def _grant(entry: dict[str, Any]) -> Grant:
    named = {key: value for key, value in entry["Resource"]["Table"].items() if (key, value) != ("CatalogId", _OWN_CATALOG)}
    return (
        entry["Principal"]["DataLakePrincipalIdentifier"],
        json.dumps(named, sort_keys=True),
        tuple(sorted(entry["Permissions"])),
    )
